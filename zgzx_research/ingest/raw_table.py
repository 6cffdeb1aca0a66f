"""One sheet under its header.

The rows with canonical names, and everything beside them accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.cut_rows import broken_rows, struck_rows
from zgzx_research.ingest.header import Header, find_header, place, title_unit
from zgzx_research.ingest.marks import cell_name
from zgzx_research.ingest.non_data_rows import foot_table, kinds_of_rows, rows_of
from zgzx_research.ingest.profile import NOT_READ, Profile
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.spreadsheet import fill_down
from zgzx_research.ingest.texts import Texts

Records = tuple[
    dict[str, Texts], np.ndarray, np.ndarray
]  # cells, grid rows, filled cells outside the columns
LONGEST_TITLES = 5_000  # of a whole title
LONGEST_TITLE = 500  # characters of a cell that are searched for the columns of a title
_BARE_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
NOTE_SHEET = "note_sheet"
NOWHERE = -1  # position of a column that the sheet does not have


@dataclass(frozen=True, repr=False)
class RawTable:
    """One sheet of one raw file: text only, nothing judged.

    It holds personal data and never leaves memory.

    Attributes
    ----------
    file : str
        Source and number of the file (see `ingest.file_numbers`).
    sheet : str
        Number of the sheet in the workbook, "" for a delimited file.
    profile : Profile
        The layout it was read by.
    cells : dict of str to Texts
        Canonical name -> text of every record, and `section`, the text of the section row
        above. Columns of the title and of the foot table stand in every row they are about.
    numbers : numpy.ndarray
        (records,) the clerk's row number.
    surplus : numpy.ndarray
        (records,) filled cells outside the header's columns.
    non_data_rows : list of tuple[int, str]
        (row, kind) of the non-data rows: title, header, section, note, total, foot, note_sheet,
        hidden_sheet.
    rows_in : int
        Non-blank rows = len(rows) + len(non_data_rows).
    left_out : tuple[tuple[str, ...], ...]
        Text of the cells of each of the rows in `non_data_rows`.
    title : str
        Text of the rows above the header.
    foot : pandas.DataFrame
        Rows of the foot table (`row` and its canonical columns), empty where the layout has
        none.
    units : dict of str to str
        Canonical column of amounts -> the unit its header names, which bare numbers have got.
    broken : numpy.ndarray
        (records,) rows of a delimited file that a line break or its end has cut.
    struck : numpy.ndarray
        (records,) rows that are struck through as a whole.
    struck_cells : dict of str to numpy.ndarray
        Canonical column -> (records,) cells that are struck through in other rows.
    corrected : dict of int to list of str
        Positions of the records a clerk corrected, with the columns, of those he dropped and of
        those he decided to keep.
    dropped : frozenset[int]
        Positions of the records a clerk corrected, with the columns, of those he dropped and of
        those he decided to keep.
    kept : frozenset[int]
        Positions of the records a clerk corrected, with the columns, of those he dropped and of
        those he decided to keep.
    file_name : str
        As the agency wrote them (the path relative to the raw folder); personal text.
    sheet_name : str
        As the agency wrote them (the path relative to the raw folder); personal text.
    delivered : int
        Which delivery the table belongs to (see `cleaning.deliveries`), 0 where it is unknown.
    """

    file: str
    sheet: str
    profile: Profile
    cells: dict[str, Texts]
    numbers: np.ndarray
    surplus: np.ndarray
    non_data_rows: list[tuple[int, str]]
    rows_in: int
    title: str
    foot: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: tuple[tuple[str, ...], ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    broken: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    struck: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    struck_cells: dict[str, np.ndarray] = field(default_factory=dict)
    corrected: dict[int, list[str]] = field(default_factory=dict)
    dropped: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    file_name: str = ""
    sheet_name: str = ""
    delivered: int = 0

    def __repr__(self) -> str:
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        return (
            f"RawTable({self.file}{sheet}: {len(self.numbers):,} rows, "
            f"{len(self.non_data_rows):,} non-data rows, profile {self.profile.name})"
        )

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The records as a table.

        `row`, a str column per canonical name (missing = null), `section`, `surplus`.
        """
        texts = {name: cells.series() for name, cells in self.cells.items()}
        return pd.DataFrame({"row": self.numbers, **texts, "surplus": self.surplus})

    def without(self, rows: np.ndarray, kind: str) -> RawTable:
        """Return the table with some records among the non-data rows instead."""
        kept = ~rows
        numbers = self.numbers[rows].tolist()
        texts = self.rows.loc[rows, list(self.cells)]
        added = [
            tuple(text for text in row if isinstance(text, str))
            for row in texts.itertuples(index=False)
        ]
        both = sorted(
            [
                *zip(self.non_data_rows, self.left_out, strict=True),
                *zip([(n, kind) for n in numbers], added, strict=True),
            ]
        )
        return replace(
            self,
            cells={name: cells.at(kept) for name, cells in self.cells.items()},
            numbers=self.numbers[kept],
            surplus=self.surplus[kept],
            non_data_rows=[place for place, _ in both],
            left_out=tuple(text for _, text in both),
            broken=self.broken[kept],
            struck=self.struck[kept],
            struck_cells={name: hit[kept] for name, hit in self.struck_cells.items()},
        )


def read_table(sheet: Sheet, file: str, source: str, profiles: list[Profile]) -> RawTable:
    """Read a sheet by the profile of this source that knows its header.

    Raises
    ------
    ZgzxError
        An unknown header, two tables under each other, formulas without a stored result.
    """
    own = [profile for profile in profiles if profile.source == source]
    notes = [profile.note_sheets for profile in own if profile.note_sheets]
    if sheet.hidden:
        return _set_aside(sheet, file, source, "hidden_sheet")
    named_so = any(pattern.search(sheet.name) for pattern in notes)
    try:
        header = find_header(sheet, file, source, profiles)
    except ZgzxError:
        if not named_so:
            raise
        return _set_aside(sheet, file, source, NOTE_SHEET)
    labels = {text for profile in own for text in profile.columns}
    kinds = kinds_of_rows(sheet, header, labels, file)
    _refuse_uncomputed(sheet, header, kinds, file)
    title = _title(sheet, header)
    foot = foot_table(sheet, kinds, header.profile.foot)
    cells, data, surplus = _records(sheet, header, kinds, title, foot)
    unit = title_unit(title)
    units = (dict.fromkeys(header.profile.amount_columns, unit) if unit else {}) | header.units
    struck, cells_struck = struck_rows(sheet, header, data)
    return RawTable(
        file,
        sheet.number,
        header.profile,
        cells | {name: with_unit(cells[name], unit) for name, unit in units.items()},
        data + 1,
        surplus,
        [(row + 1, kinds[row]) for row in sorted(kinds)],
        len(sheet.filled),
        title,
        foot,
        left_out=_texts_of(sheet, sorted(kinds)),
        units=units,
        broken=broken_rows(sheet, header, data),
        struck=struck,
        struck_cells=cells_struck,
        sheet_name=sheet.name,
    )


def _title(sheet: Sheet, header: Header) -> str:
    above = (sheet.row(int(row)) for row in sheet.filled[sheet.filled < header.first])
    return " ".join(text[:LONGEST_TITLE] for row in above for text in row if text)


def with_unit(cells: Texts, unit: str) -> Texts:
    """Return the cells with the unit of their header behind every bare number."""
    if not unit:
        return cells
    return Texts.of(
        cells.codes, [text + unit if _BARE_NUMBER.fullmatch(text) else text for text in cells.texts]
    )


def _texts_of(sheet: Sheet, rows: Iterable[int]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(filter(None, sheet.row(int(row)))) for row in rows)


def _set_aside(sheet: Sheet, file: str, source: str, kind: str) -> RawTable:
    non_data_rows = [(int(row) + 1, kind) for row in sheet.filled]
    none = np.zeros(0, dtype="int64")
    return RawTable(
        file,
        sheet.number,
        Profile(kind, source),
        {},
        none,
        none,
        non_data_rows,
        len(non_data_rows),
        "",
        left_out=_texts_of(sheet, sheet.filled),
        sheet_name=sheet.name,
    )


def _refuse_uncomputed(sheet: Sheet, header: Header, kinds: dict[int, str], file: str) -> None:
    """Refuse formulas without a stored result: they read as blank cells, so values are lost."""
    read = {column for column, name in enumerate(header.columns) if name not in (None, NOT_READ)}
    records = set(sheet.filled.tolist()).difference(kinds) if sheet.uncomputed else set()
    lost = sorted(cell for cell in sheet.uncomputed if cell[1] in read and cell[0] in records)
    if lost:
        raise ZgzxError(
            "formulas without a stored result",
            where=place(sheet, file),
            count=len(lost),
            examples=[cell_name(*cell) for cell in lost],
            remedy="Open the file in Excel or WPS and save it again.",
        )


def _records(
    sheet: Sheet, header: Header, kinds: dict[int, str], title: str, foot: pd.DataFrame
) -> Records:
    is_record = np.ones(sheet.height, dtype=bool)
    is_record[list(kinds)] = False
    data = sheet.filled[is_record[sheet.filled]]
    columns, blank = fill_down(sheet), Texts.blank(sheet.height)
    place_of = {
        name: column for column, name in enumerate(header.columns) if name not in (None, NOT_READ)
    }
    cells = {
        name: columns.get(place_of.get(name, NOWHERE), blank).at(data)
        for name in header.profile.canonical
    }
    for name, values in _title_values(sheet, header.profile, data, kinds, title).items():
        cells[name] = cells[name].or_else(values)
    _explain(cells, foot, header.profile)
    cells["section"] = _run_down(
        {row: "".join(sheet.row(row)) for row in rows_of(kinds, "section")}, data, None
    )
    known = {column for column, name in enumerate(header.columns) if name is not None}
    surplus = np.zeros(len(data), dtype="int64")
    for column in set(columns) - known:
        surplus += columns[column].at(data).filled
    return cells, data, surplus


def _title_values(
    sheet: Sheet, profile: Profile, data: np.ndarray, kinds: dict[int, str], title: str
) -> dict[str, Texts]:
    """Per canonical column of the title its text for every record.

    A title below the header starts anew (another person's page: nothing of the first must be left);
    a section row changes only what it names.
    """
    pages = {
        row: text for row, text in _page_titles(sheet, kinds).items() if _names_any(profile, text)
    }
    parts = {row: " ".join(filter(None, sheet.row(row))) for row in rows_of(kinds, "section")}
    values = {}
    for name in profile.title:
        changes = {row: _found(profile, name, [text, sheet.name]) for row, text in pages.items()}
        changes |= {
            row: text for row, line in parts.items() if (text := _found(profile, name, [line]))
        }
        values[name] = _run_down(changes, data, _found(profile, name, [title, sheet.name]))
    return values


def _page_titles(sheet: Sheet, kinds: dict[int, str]) -> dict[int, str]:
    """Title rows below the first header, those that follow each other joined: row -> text."""
    found: dict[int, str] = {}
    begin = None
    top = rows_of(kinds, "header")[0]
    for row in rows_of(kinds, "title"):
        if row < top:
            continue
        before = int(sheet.filled[np.searchsorted(sheet.filled, row) - 1])
        begin = begin if begin is not None and kinds.get(before) == "title" else row
        found[begin] = " ".join(filter(None, [found.get(begin, ""), *sheet.row(row)]))
    return found


def _names_any(profile: Profile, text: str) -> bool:
    return any(_found(profile, name, [text]) for name in profile.title)


def _found(profile: Profile, name: str, texts: Iterable[str]) -> str | None:
    for text in texts:
        found = profile.title[name].search(unicodedata.normalize("NFKC", text[:LONGEST_TITLES]))
        if found and found[1].strip():
            return found[1].strip()
    return None


def _run_down(changes: dict[int, str | None], data: np.ndarray, start: str | None) -> Texts:
    """`start`, and from each changed row on that row's text; blank where it is None."""
    texts = [start, *(changes[row] for row in sorted(changes))]
    return Texts.of(np.searchsorted(sorted(changes), data, side="right"), texts)


def _explain(cells: dict[str, Texts], foot: pd.DataFrame, profile: Profile) -> None:
    """Fill in what the foot table says about the key of a row.

    A key it gives two texts for stays unexplained.
    """
    if profile.foot is None:
        return
    key = profile.foot.key
    for name in profile.foot.canonical:
        if name != key:
            pairs = foot[[key, name]].dropna().drop_duplicates()
            explained = pairs[~pairs[key].duplicated(keep=False)].set_index(key)[name].to_dict()
            cells[name] = cells[name].or_else(
                Texts.of(cells[key].codes, map(explained.get, cells[key].texts))
            )
