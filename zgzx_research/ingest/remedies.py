"""What to do about a header that no profile knows: it depends on what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from zgzx_research.ingest.profile import NOT_READ, Profile, label
from zgzx_research.ingest.sheet import Sheet

if TYPE_CHECKING:
    from zgzx_research.ingest.header import Header

SEARCHED_ROWS = 20  # filled rows from the top among which a header is found
LONGEST_LABEL = 20  # characters of a text that may be a label in a row further down
LEAST_LABELS = 3
# read in one encoding, written in another
_MISREAD = (
    ("latin-1", "utf-8"),
    ("cp1252", "utf-8"),
    ("gb18030", "utf-8"),
    ("latin-1", "gb18030"),
    ("cp1252", "gb18030"),
    ("big5", "gb18030"),
    ("gb18030", "big5"),
    ("shift-jis", "gb18030"),
)
_LOST = re.compile("\ufffd|锟斤拷|\\?{3,}")
_SEPARATORS = r"\s{2,}|[~^#&$!:：，；、]"


def remedy(sheet: Sheet, best: Header, source: str, profiles: list[Profile]) -> str:
    """Return the remedy that fits, in one or two sentences."""
    known = {text for profile in profiles for text in profile.columns}
    top = [text for row in sheet.filled[:SEARCHED_ROWS] for text in sheet.row(int(row)) if text]
    if encoding := _misread(top, known):
        return f"The text was damaged on its way ({encoding}): export the file again as UTF-8."
    if separator := _separator(top, known):
        return (
            f"The columns are separated by {separator}: export the file again with commas or tabs."
        )
    if best.known < LEAST_LABELS and (deep := _deep_header(sheet, known)) is not None:
        return (
            f"Row {deep + 1} resembles a header, but only the first {SEARCHED_ROWS} filled rows "
            "are searched: delete the rows above it."
        )
    end = " If the sheet holds no records, delete it or name it 说明." if sheet.name else ""
    if best.known < 2:
        return (
            "Put a row of column names above the records, "
            f"or move the file elsewhere if it is no {source} file; "
            f"docs/profiles.md says how to make a new layout known.{end}"
        )
    if best.profile.source != source:
        return (
            f"This seems to be a {best.profile.source} file in the {source} folder: move it; "
            f"or else: {_new_lines(best)}{end}"
        )
    if best.repeated and not (best.missing or best.unknown):
        return f"Delete one of the two columns, or give it a name that the profile knows.{end}"
    if best.missing and not best.unknown:
        return (
            f"Ask for the missing columns, or add a profile without them (docs/profiles.md).{end}"
        )
    return _new_lines(best) + end


def _new_lines(best: Header) -> str:
    return (
        "Add the header as a line to [columns] of "
        f"zgzx_research/ingest/profiles/{best.profile.name}.toml "
        f"({NOT_READ} for a column that is not needed), or add a new profile there "
        "(docs/profiles.md)."
    )


def _misread(texts: list[str], known: set[str]) -> str | None:
    """Find the encodings in which known labels were written and wrongly read."""
    for read, written in _MISREAD:
        if any(label(text) in known for text in _again(texts, read, written)):
            return f"{written} read as {read}"
    return (
        "characters that cannot be brought back"
        if sum(bool(_LOST.search(text)) for text in texts) >= 2
        else None
    )


def _again(texts: Iterable[str], read: str, written: str) -> Iterator[str]:
    for text in texts:
        try:
            if not text.isascii():
                yield text.encode(read).decode(written)
        except UnicodeError:
            continue


def _separator(texts: list[str], known: set[str]) -> str | None:
    """Return the sign between labels that all stand in one cell."""
    for text in texts:
        parts = [part for part in re.split(_SEPARATORS, text) if part.strip()]
        if sum(label(part) in known for part in parts) >= LEAST_LABELS:
            sign = re.search(_SEPARATORS, text.strip())
            return f'"{sign[0]}"' if sign and sign[0].strip() else "blanks"
    return None


def _deep_header(sheet: Sheet, known: set[str]) -> int | None:
    """Return the first row below those searched with several known labels."""
    count = np.zeros(sheet.height, dtype=np.int32)
    for texts in sheet.columns.values():
        hit = [
            number
            for number, text in enumerate(texts.texts)
            if 0 < len(text) <= LONGEST_LABEL and label(text) in known
        ]
        count += np.isin(texts.codes, hit)
    rows = np.flatnonzero(count >= LEAST_LABELS)
    return int(rows[0]) if len(rows) else None
