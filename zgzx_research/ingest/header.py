"""Where the header stands and which profile it belongs to; what to say when it belongs to none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.marks import column_name
from zgzx_research.ingest.profile import NOT_READ, Profile, label
from zgzx_research.ingest.remedies import SEARCHED_ROWS, remedy
from zgzx_research.ingest.sheet import Sheet

MOST_SHOWN = 20  # unknown columns named in a message
LONGEST_SHOWN = 120  # characters of one of them
_CURRENCIES = "元人民币|人民币元|人民币|元|美元|港元|港币|欧元|日元|USD|HKD|EUR|RMB|CNY"
_UNIT = rf"(?:人民币)?(?:[十百千]?[亿万]|[百千])?(?:{_CURRENCIES})?"
# 注册资本(万元), 注册资本(单位:万元), 注册资本/万元, 注册资本万元
_WITH_UNIT = re.compile(
    rf"(?P<name>.+?)(?:[(\[【](?:金额)?(?:单位:?)?(?=[^)])(?P<inside>{_UNIT})[)\]】]|[:/_\-](?=.)(?P<behind>{_UNIT})|(?P<joined>(?:[十百千]?[亿万]|[百千])元))"
)
_TITLE_UNIT = re.compile(rf"单位\s*[:：]\s*(?P<unit>(?=\S){_UNIT})(?=[\s)）\]】]|$)")
_PLAIN_UNITS = frozenset(
    {"元", "人民币", "人民币元", "元人民币"}
)  # a number in them is the number itself


@dataclass(frozen=True)
class Header:
    """A reading of the grid rows `first` to `last` (from 0) as the header of `profile`.

    Attributes
    ----------
    profile : Profile
        The layout by which the labels are read.
    first : int
        First row of the header.
    last : int
        Last row of the header.
    columns : tuple[str or None, ...]
        Canonical name per grid column; NOT_READ, or None for a blank or unknown label.
    unknown : tuple[tuple[int, str], ...]
        Grid column and label of those the profile does not know.
    units : dict of str to str
        Canonical column of amounts -> the unit in its label.
    """

    profile: Profile
    first: int
    last: int
    columns: tuple[str | None, ...]
    unknown: tuple[tuple[int, str], ...]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """Number of known labels."""
        return sum(name is not None for name in self.columns)

    @property
    def missing(self) -> list[str]:
        """Required columns without a label."""
        return [name for name in self.profile.required if name not in self.columns]

    @property
    def repeated(self) -> list[str]:
        """Canonical columns with several labels."""
        counts = Counter(name for name in self.columns if name not in (None, NOT_READ))
        return [str(name) for name, times in counts.items() if times > 1]

    @property
    def complete(self) -> bool:
        """Whether every label is known and every required column there, once."""
        return not (self.missing or self.unknown or self.repeated)


def find_header(sheet: Sheet, file: str, source: str, profiles: Iterable[Profile]) -> Header:
    """Find the complete header with the most known labels among the profiles of a source.

    Raises
    ------
    ZgzxError
        No complete header, with the closest profile; two headers under each other.
    """
    known = list(profiles)
    own = [profile for profile in known if profile.source == source]
    by_distance = partial(_distance, source=source)
    complete = sorted((read for read in _readings(sheet, own) if read.complete), key=by_distance)
    if not complete:  # only a message asks what the profiles of other sources make of the sheet
        raise _unknown_header(
            sheet, file, source, sorted(_readings(sheet, known), key=by_distance), known
        )
    best = complete[0]
    between = [
        read for read in complete if (sheet.filled[sheet.filled > read.last] < best.first).any()
    ]
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
    """Name file, sheet and encoding for a message."""
    where = f"{file}, sheet {sheet.number}" if sheet.number else file
    return where + (f" (read as {sheet.reading})" if sheet.reading else "")


def _distance(read: Header, source: str) -> tuple[int, bool, int, str]:
    return -read.known, read.profile.source != source, read.last - read.first, read.profile.name


def _readings(sheet: Sheet, profiles: list[Profile]) -> Iterator[Header]:
    levels = max((profile.header_levels for profile in profiles), default=0)
    for first in map(int, sheet.filled[:SEARCHED_ROWS]):
        for last in range(first, min(first + levels, sheet.height)):
            choices = _labels(sheet, first, last)
            priced = {
                place
                for place, texts in enumerate(choices)
                if any(_unit(text)[1] for text in texts)
            }
            for profile in profiles:
                if last - first < profile.header_levels:
                    yield _read(choices, priced, profile, first, last)


def _read(
    labels: list[list[str]], priced: set[int], profile: Profile, first: int, last: int
) -> Header:
    """Read the labels by one profile; `priced` are the columns with a unit in their label."""
    columns: list[str | None] = []
    unknown: list[tuple[int, str]] = []
    units: dict[str, str] = {}
    for place, choices in enumerate(labels):
        found = next((choice for choice in choices if choice in profile.columns), None)
        name = profile.columns[found] if found else None
        if name is None and place in priced:
            name = _without_unit(choices, profile)
        columns.append(name)
        if name is None and choices:
            unknown.append((place, choices[-1]))
        if place in priced and name in profile.amount_columns:
            unit = next(filter(None, (_unit(choice)[1] for choice in choices)), "")
            units |= {name: unit} if unit else {}
    return Header(profile, first, last, tuple(columns), tuple(unknown), units)


def _without_unit(choices: list[str], profile: Profile) -> str | None:
    """Return the canonical column of a label with a unit.

    A unit that changes the number only where it is used.
    """
    for name, unit in map(_unit, choices):
        found = profile.columns.get(name) if unit else None
        if found is not None and (
            found in profile.amount_columns or found == NOT_READ or unit in _PLAIN_UNITS
        ):
            return found
    return None


@cache
def _unit(text: str) -> tuple[str, str]:
    """Return a label and the unit in it, "" where there is none."""
    found = _WITH_UNIT.fullmatch(text)
    unit = next(filter(None, found.groups()[1:]), "") if found else ""
    return (found["name"], unit) if found and unit else (text, "")


def title_unit(title: str) -> str:
    """Return the unit of money that the rows above a header name: 金额单位：万元."""
    found = _TITLE_UNIT.search(title)
    return found["unit"] if found else ""


def _labels(sheet: Sheet, first: int, last: int) -> list[list[str]]:
    """Per column the labels to try: "group/column", column, group.

    None for a column without any.
    """
    lower = [label(cell) for cell in sheet.row(last)]
    if first == last:
        return [[text] if text else [] for text in lower]
    upper = [label(cell) for cell in sheet.row(first)]
    for (top, left), (bottom, right) in sheet.merged:
        if top == bottom == first and left < len(upper):
            upper[left : right + 1] = [upper[left]] * (min(right, len(upper) - 1) + 1 - left)
    pairs = zip(upper, lower, strict=True)
    return [
        list(dict.fromkeys(text for text in (f"{a}/{b}" if a and b else "", b, a) if text))
        for a, b in pairs
    ]


def _unknown_header(
    sheet: Sheet, file: str, source: str, readings: list[Header], profiles: list[Profile]
) -> ZgzxError:
    best = readings[0]
    parts = [f"unknown header; the closest known profile is {best.profile.name}"]
    if best.missing:
        parts.append("missing columns: " + ", ".join(map(best.profile.alias, best.missing)))
    if best.repeated:
        parts.append(
            "columns that stand twice: " + ", ".join(map(best.profile.alias, best.repeated))
        )
    if (
        best.unknown and best.known >= 2
    ):  # without a header the first row is a person's, and is not shown
        shown = [shown_label(column, text) for column, text in best.unknown[:MOST_SHOWN]]
        more = (
            f" and {len(best.unknown) - MOST_SHOWN:,} more"
            if len(best.unknown) > MOST_SHOWN
            else ""
        )
        parts.append("unknown columns: " + ", ".join(shown) + more)
    return ZgzxError(
        "; ".join(parts),
        where=f"{place(sheet, file)}, row {best.last + 1}",
        count=len(best.missing) + len(best.unknown) + len(best.repeated),
        remedy=remedy(sheet, best, source, profiles),
    )


def shown_label(column: int, text: str) -> str:
    """Return a label for a message.

    Cut where it is very long, digits that may be a person's number hidden.
    """
    safe = re.sub(r"\d{6,}", "•••", text)
    if len(safe) > LONGEST_SHOWN:
        safe = safe[:LONGEST_SHOWN] + "…"
    return safe if safe == text else f"{safe} (column {column_name(column)})"
