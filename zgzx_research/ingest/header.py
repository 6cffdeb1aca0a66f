"""Where the header stands and which profile it belongs to; what to say when it belongs to none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.profile import NOT_READ, Profile, label, without_unit
from zgzx_research.ingest.sheet import Sheet

SEARCHED_ROWS = 20
MOST_SHOWN = 20  # unknown columns named in a message


@dataclass(frozen=True)
class Header:
    """A reading of the grid rows `first`..`last` (from 0) as the header of `profile`.

    columns : canonical name per grid column; NOT_READ, or None for a blank or unknown label.
    unknown : labels the profile does not know.
    """

    profile: Profile
    first: int
    last: int
    columns: tuple[str | None, ...]
    unknown: tuple[str, ...]

    @property
    def known(self) -> int:
        return sum(name is not None for name in self.columns)

    @property
    def missing(self) -> list[str]:
        return [name for name in self.profile.required if name not in self.columns]

    @property
    def repeated(self) -> list[str]:
        counts = Counter(name for name in self.columns if name not in (None, NOT_READ))
        return [str(name) for name, times in counts.items() if times > 1]

    @property
    def complete(self) -> bool:
        return not (self.missing or self.unknown or self.repeated)


def find_header(sheet: Sheet, file: str, source: str, profiles: Iterable[Profile]) -> Header:
    """The complete header of a profile of this source with the most known labels, else an error naming the closest."""
    readings = sorted(_readings(sheet, list(profiles)), key=lambda read: _distance(read, source))
    complete = [read for read in readings if read.complete and read.profile.source == source]
    if not complete:
        raise _unknown_header(sheet, file, source, readings)
    best = complete[0]
    between = [read for read in complete if (sheet.filled[sheet.filled > read.last] < best.first).any()]
    if between:
        raise two_headers(sheet, file, between[0].last, best.last)
    return best


def two_headers(sheet: Sheet, file: str, first: int, second: int) -> ZgzxError:
    """Rows below the wrong one of two headers would be read under the wrong names."""
    return ZgzxError(
        f"two tables under each other, with different headers in rows {first + 1} and {second + 1}",
        where=place(sheet, file),
        remedy="Give each table a sheet or file of its own.",
    )


def place(sheet: Sheet, file: str) -> str:
    where = f"{file}, sheet {sheet.number}" if sheet.number else file
    return where + (f" (read as {sheet.reading})" if sheet.reading else "")


def _distance(read: Header, source: str) -> tuple[int, bool, int, str]:
    return -read.known, read.profile.source != source, read.last - read.first, read.profile.name


def _readings(sheet: Sheet, profiles: list[Profile]) -> Iterator[Header]:
    levels = max(profile.header_levels for profile in profiles)
    for first in map(int, sheet.filled[:SEARCHED_ROWS]):
        for last in range(first, min(first + levels, sheet.height)):
            choices = _labels(sheet, first, last)
            for profile in profiles:
                if last - first < profile.header_levels:
                    yield _read(choices, profile, first, last)


def _read(labels: list[list[str]], profile: Profile, first: int, last: int) -> Header:
    columns: list[str | None] = []
    unknown = []
    for choices in labels:
        known = (choice for choice in [*choices, *map(without_unit, choices)] if choice in profile.columns)
        found = next((profile.columns[choice] for choice in known), None)
        columns.append(found)
        if found is None and choices:
            unknown.append(choices[-1])
    return Header(profile, first, last, tuple(columns), tuple(unknown))


def _labels(sheet: Sheet, first: int, last: int) -> list[list[str]]:
    """Per column the labels to try: "group/column", column, group; none for a column without any."""
    lower = [label(cell) for cell in sheet.row(last)]
    if first == last:
        return [[text] if text else [] for text in lower]
    upper = [label(cell) for cell in sheet.row(first)]
    for (top, left), (bottom, right) in sheet.merged:
        if top == bottom == first and left < len(upper):
            upper[left : right + 1] = [upper[left]] * (min(right, len(upper) - 1) + 1 - left)
    pairs = zip(upper, lower, strict=True)
    return [list(dict.fromkeys(text for text in (f"{a}/{b}" if a and b else "", b, a) if text)) for a, b in pairs]


def _unknown_header(sheet: Sheet, file: str, source: str, readings: list[Header]) -> ZgzxError:
    best = readings[0]
    where = f"{place(sheet, file)}, row {best.last + 1}"
    name = best.profile.name
    parts = [f"unknown header; the closest known profile is {name}"]
    if best.missing:
        parts.append("missing columns: " + ", ".join(map(best.profile.alias, best.missing)))
    if best.repeated:
        parts.append("columns that stand twice: " + ", ".join(map(best.profile.alias, best.repeated)))
    shown = _printable(best)
    if shown:
        more = f" and {len(shown) - MOST_SHOWN:,} more" if len(shown) > MOST_SHOWN else ""
        parts.append("unknown columns: " + ", ".join(shown[:MOST_SHOWN]) + more)
    remedy = (
        f"Add the header as a line to [columns] of zgzx_research/ingest/profiles/{name}.toml "
        f"({NOT_READ} for a column that is not needed), or add a new profile there."
    )
    if best.known and best.profile.source != source:
        remedy = f"It looks like a {best.profile.source} file in the {source} folder: move it, or else: {remedy}"
    count = len(best.missing) + len(best.unknown) + len(best.repeated)
    return ZgzxError("; ".join(parts), where=where, count=count, remedy=remedy)


def _printable(best: Header) -> list[str]:
    """Unknown labels fit for a message: in a file without a header the first row is a person's, which is not."""
    if best.known < 2:
        return []
    return [text for text in best.unknown if len(text) <= 20 and not re.search(r"\d{6}", text)]
