"""One sheet under its header: the rows with canonical names, and everything beside them accounted for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.furniture import foot_table, kinds_of_rows
from zgzx_research.ingest.header import Header, find_header, place
from zgzx_research.ingest.package import cell_name
from zgzx_research.ingest.profile import NOT_READ, Profile
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.workbook import fill_down


@dataclass(frozen=True)
class RawTable:
    """One sheet of one raw file: text only, nothing judged. It holds personal data and never leaves memory.

    Attributes
    ----------
    file : path relative to the raw folder, with forward slashes.
    sheet : sheet name, "" for a delimited file.
    profile : the layout it was read by.
    rows : str columns with canonical names (missing = null), `row` (int, the clerk's row number), `section` (text of
        the section row above), `surplus` (int, filled cells outside the header's columns). Columns of the title and of
        the foot table stand in every row they are about.
    furniture : (row, kind) of title, header, section, note, total, foot, note_sheet and hidden_sheet rows.
    rows_in : non-blank rows = len(rows) + len(furniture).
    title : text of the rows above the header.
    foot : rows of the foot table (`row` and its canonical columns), empty where the layout has none.
    """

    file: str
    sheet: str
    profile: Profile
    rows: pd.DataFrame
    furniture: list[tuple[int, str]]
    rows_in: int
    title: str
    foot: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_table(sheet: Sheet, file: str, source: str, profiles: list[Profile]) -> RawTable:
    """The sheet by the profile of this source that knows its header.

    Raises
    ------
    ZgzxError : an unknown header, two tables under each other, formulas without a stored result.
    """
    notes = [profile.note_sheets for profile in profiles if profile.source == source and profile.note_sheets]
    if sheet.hidden:
        return _set_aside(sheet, file, source, "hidden_sheet")
    if any(pattern.search(sheet.name) for pattern in notes):
        return _set_aside(sheet, file, source, "note_sheet")
    header = find_header(sheet, file, source, profiles)
    kinds = kinds_of_rows(sheet, header, file)
    _refuse_uncomputed(sheet, header, kinds, file)
    title = " ".join(text for row in sheet.filled[sheet.filled < header.first] for text in sheet.row(int(row)) if text)
    foot = foot_table(sheet, kinds, header.profile.foot)
    rows = _explained(_records(sheet, header, kinds, title), foot, header.profile)
    aside = kinds[kinds.notna()]
    furniture = [(int(row) + 1, str(kind)) for row, kind in aside.items()]
    return RawTable(file, sheet.name, header.profile, rows, furniture, len(kinds), title, foot)


def _set_aside(sheet: Sheet, file: str, source: str, kind: str) -> RawTable:
    furniture = [(int(row) + 1, kind) for row in sheet.filled]
    rows = pd.DataFrame({"row": pd.Series(dtype="int64")})
    return RawTable(file, sheet.name, Profile(kind, source), rows, furniture, len(furniture), "", rows)


def _refuse_uncomputed(sheet: Sheet, header: Header, kinds: pd.Series, file: str) -> None:
    """A formula whose result was never stored reads as a blank cell: its value would vanish."""
    read = {column for column, name in enumerate(header.columns) if name not in (None, NOT_READ)}
    records = set(kinds.index[kinds.isna()]) if sheet.uncomputed else set()
    lost = sorted(cell for cell in sheet.uncomputed if cell[1] in read and cell[0] in records)
    if lost:
        raise ZgzxError(
            "formulas without a stored result", where=place(sheet, file), count=len(lost),
            examples=[cell_name(*cell) for cell in lost], remedy="Open the file in Excel or WPS and save it again.",
        )  # fmt: skip


def _records(sheet: Sheet, header: Header, kinds: pd.Series, title: str) -> pd.DataFrame:
    grid = fill_down(sheet)
    data = kinds.index[kinds.isna()].to_numpy()
    unbroken = len(data) and data[-1] - data[0] == len(data) - 1  # then the rows are a slice, and no text is copied
    records = slice(data[0], data[-1] + 1) if unbroken else data
    rows = pd.DataFrame({"row": data.astype("int64") + 1})
    position = {name: column for column, name in enumerate(header.columns) if name not in (None, NOT_READ)}
    for name in header.profile.canonical:
        column = position.get(name)
        text = grid[column].iloc[records] if column in grid else pd.Series("", index=data, dtype="str")
        rows[name] = text.mask(text == "").reset_index(drop=True)
    for name, values in _title_values(sheet, header.profile, kinds, title).items():
        rows[name] = rows[name].fillna(values.loc[data].reset_index(drop=True))
    section = _run_down({row: "".join(sheet.row(row)) for row in _rows_of(kinds, "section")}, kinds.index, None)
    rows["section"] = section.loc[data].reset_index(drop=True)
    known = {column for column, name in enumerate(header.columns) if name is not None}
    surplus = np.zeros(len(data), dtype="int64")
    for column in set(grid) - known:
        surplus += (grid[column].iloc[records] != "").to_numpy()
    return rows.assign(surplus=surplus)


def _title_values(sheet: Sheet, profile: Profile, kinds: pd.Series, title: str) -> dict[str, pd.Series]:
    """Per canonical column of the title its text for every filled row.

    A title below the header starts anew (another person's page: nothing of the first must be left); a section row
    changes only what it names.
    """
    pages = {row: text for row, text in _page_titles(sheet, kinds).items() if _names_any(profile, text)}
    parts = {row: " ".join(filter(None, sheet.row(row))) for row in _rows_of(kinds, "section")}
    values = {}
    for name in profile.title:
        changes = {row: _found(profile, name, [text, sheet.name]) for row, text in pages.items()}
        changes |= {row: text for row, line in parts.items() if (text := _found(profile, name, [line]))}
        values[name] = _run_down(changes, kinds.index, _found(profile, name, [title, sheet.name]))
    return values


def _page_titles(sheet: Sheet, kinds: pd.Series) -> dict[int, str]:
    """Title rows below the first header, those that follow each other joined: row -> text."""
    found: dict[int, str] = {}
    begin = None
    for row in _rows_of(kinds, "title"):
        if row < int((kinds == "header").idxmax()):
            continue
        before = kinds.index.get_loc(row) - 1
        begin = begin if begin is not None and kinds.iloc[before] == "title" else row
        found[begin] = " ".join(filter(None, [found.get(begin, ""), *sheet.row(row)]))
    return found


def _rows_of(kinds: pd.Series, kind: str) -> list[int]:
    return [int(row) for row in kinds.index[kinds == kind]]


def _names_any(profile: Profile, text: str) -> bool:
    return any(_found(profile, name, [text]) for name in profile.title)


def _found(profile: Profile, name: str, texts: Iterable[str]) -> str | None:
    for text in texts:
        found = profile.title[name].search(unicodedata.normalize("NFKC", text))
        if found and found[1].strip():
            return found[1].strip()
    return None


def _run_down(changes: dict[int, str | None], index: pd.Index, start: str | None) -> pd.Series:
    """`start`, and from each changed row on that row's text; null where it is None."""
    texts = np.array([start, *(changes[row] for row in sorted(changes))], dtype="object")
    return pd.Series(texts[np.searchsorted(sorted(changes), index, side="right")], index=index, dtype="str")


def _explained(rows: pd.DataFrame, foot: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Rows with what the foot table says about their key; a key it gives two texts for stays unexplained."""
    if profile.foot is None:
        return rows
    key = profile.foot.key
    for name in profile.foot.canonical:
        if name != key:
            pairs = foot[[key, name]].dropna().drop_duplicates()
            pairs = pairs[~pairs[key].duplicated(keep=False)].set_index(key)[name]
            rows[name] = rows[name].fillna(rows[key].map(pairs).astype("str"))
    return rows
