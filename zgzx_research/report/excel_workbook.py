"""Tables as one Excel workbook: text stays text, equal bytes each time.

The first sheet lists the others, the second says what was run, the third what every column means.
"""

from __future__ import annotations

import io
import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.report.number_format import MISSING
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import display_width, word
from zgzx_research.report.workbook_words import Column, column, unit_word, words
from zgzx_research.report.zip_archives import EPOCH

WIDTHS = (6, 48)  # narrowest and widest column, in characters
LANDSCAPE_FROM = 7  # columns
FILTER_FROM = 12  # rows
SMALLEST, LARGEST = 1e-3, 1e15  # sizes between them are written without a power of ten
SHOWN_FROM = 0.05  # smaller ones would read 0.0 with one digit
NEVER_FORMULAS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
BRAND = {"bold": True, "font_color": "#1F4E79"}
HEAD = {**BRAND, "text_wrap": True, "valign": "bottom", "top": 2, "bottom": 1}
CELL = {"valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"}
MUTED = {"font_color": "#5B6774", "valign": "top"}
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "mark": {"bold": True, "font_color": "#8A3B12", "bg_color": "#FDF0E3"},
    "title": {**BRAND, "font_size": 13},
    "head": HEAD,
    "head_number": {**HEAD, "align": "right"},
    "text": {**CELL, "text_wrap": True},
    "link": {**CELL, "font_color": "#1F4E79", "underline": 1},
    "absent": {**CELL, "font_color": "#5B6774", "align": "right"},
    "integer": {**CELL, "num_format": "0"},
    "decimal": {**CELL, "num_format": "#,##0.0##"},
    "below_one": {**CELL, "num_format": "0.0#####"},
    "power": {**CELL, "num_format": "0.00#E+0"},
    "date": {**CELL, "num_format": "yyyy-mm-dd"},
    "percent": {**CELL, "num_format": "#,##0.0"},
    "percentage_point": {**CELL, "num_format": "#,##0.0"},
    "share": {**CELL, "num_format": "0.0%"},
    "count": {**CELL, "num_format": "#,##0"},
    "year": {**CELL, "num_format": "0"},
    "note": MUTED,
}
BY_UNIT = ("percent", "percentage_point", "share", "count", "year")  # units with a format


class Absent(Enum):
    """Why a cell has no value."""

    HIDDEN = "hidden"  # it may not be shown
    NONE = "none"  # there is none


@dataclass(frozen=True)
class Amount:
    """A number with a unit of its own, in a column of several units."""

    value: float
    unit: str


@dataclass(frozen=True)
class SheetLink:
    """A cell that leads to a sheet."""

    name: str


@dataclass(frozen=True)
class SheetTable:
    """One sheet.

    Attributes
    ----------
    name : str
        On the sheet's tab, at most 31 characters.
    title : str
        Above the table.
    columns : tuple of Column or str
        Headings; a mere text has neither meaning nor unit.
    rows : tuple of tuple
        One tuple per row, each as long as `columns`; cells are text, numbers, dates, `Amount`,
        `SheetLink`, `Absent`, or None for a cell without use.
    notes : tuple of str, default ()
        Sentences for below the table.
    """

    name: str
    title: str
    columns: tuple[Column | str, ...]
    rows: tuple[tuple[object, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def heads(self) -> tuple[Column, ...]:
        """The columns, all of them as such."""
        return tuple(one if isinstance(one, Column) else Column(one) for one in self.columns)


def write_workbook(
    tables: Sequence[SheetTable],
    out: Path,
    *,
    language: str,
    synthetic: bool,
    stamp: Mapping[str, str],
) -> Path:
    """Write contents, stamp and dictionary, then the tables, one sheet each.

    Parameters
    ----------
    tables : Sequence of SheetTable
        The sheets.
    out : Path
        The file.
    language : str
        "zh" or "en", of the sheets added here.
    synthetic : bool
        Whether every sheet carries the mark of synthetic data.
    stamp : Mapping
        What makes the run repeatable, name -> value.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ZgzxError
        A sheet name that Excel refuses or that occurs twice, or a row that is not as long as the
        columns.
    """
    sheets = _with_guide(tables, stamp, language)
    _check(sheets)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **NEVER_FORMULAS}) as book:
        created = datetime.fromtimestamp(EPOCH, UTC).replace(tzinfo=None)
        book.set_properties({"created": created, "title": tables[0].title if tables else ""})
        formats = {name: book.add_format(dict(properties)) for name, properties in FORMATS.items()}
        mark = label("synthetic", language) * synthetic
        for table in sheets:
            _write_sheet(book.add_worksheet(table.name), table, formats, mark, language)
    return write_whole(out, buffer.getvalue())


def _with_guide(
    tables: Sequence[SheetTable], stamp: Mapping[str, str], language: str
) -> list[SheetTable]:
    """Put contents, stamp and dictionary before the tables."""

    def sheet(key: str, keys: Sequence[str], rows: Iterable[tuple[object, ...]]) -> SheetTable:
        columns = tuple(column(name, language) for name in keys)
        name, title = (words(family, key, language) for family in ("sheet", "title"))
        return SheetTable(name, title, columns, tuple(rows))

    notes = tuple(words("note", key, language) for key in ("hidden", "none", "ratio"))
    about = replace(sheet("about", ("item", "content"), stamp.items()), notes=notes)
    meanings = (
        (table.name, head.name, head.meaning, unit_word(head.unit, language))
        for table in tables
        for head in table.heads
    )
    dictionary = sheet("dictionary", ("sheet_link", "column", "meaning", "unit"), meanings)
    listed = [about, dictionary, *tables]
    rows = ((SheetLink(one.name), one.title, len(one.rows)) for one in listed)
    return [sheet("contents", ("sheet_link", "holds", "size"), rows), *listed]


def _check(sheets: Sequence[SheetTable]) -> None:
    for table in sheets:
        if not 0 < len(table.name) <= 31 or re.search(r"[\[\]:*?/\\]|^'|'$", table.name):
            raise ZgzxError(
                f"Excel refuses the sheet name {table.name!r}",
                remedy="At most 31 characters, none of [ ] : * ? / \\.",
            )
        wrong = [
            number for number, row in enumerate(table.rows, 1) if len(row) != len(table.columns)
        ]
        if wrong:
            raise ZgzxError(
                "rows are not as long as the columns",
                where=table.name,
                count=len(wrong),
                examples=wrong,
            )
    names = [table.name.lower() for table in sheets]
    if len(set(names)) < len(names):
        raise ZgzxError(
            "a sheet name occurs twice", examples=sorted({n for n in names if names.count(n) > 1})
        )


def _write_sheet(
    sheet: Worksheet,
    table: SheetTable,
    formats: Mapping[str, Any],
    mark: str,
    language: str,
) -> None:
    top = 0
    if mark:
        for at in range(len(table.columns)):
            sheet.write_blank(0, at, None, formats["mark"])
        sheet.write_string(0, 0, mark, formats["mark"])
        sheet.set_header(f"&C&B{mark}")
        top = 1
    sheet.set_footer("&L&A&R&P / &N")
    sheet.write_string(top, 0, table.title, formats["title"])
    head = top + 1
    for at, one in enumerate(table.heads):
        cells = [_shown(row[at], language) for row in table.rows]
        numeric = any(_is_number(cell) or isinstance(cell, Amount) for cell in cells)
        sheet.write_string(head, at, one.name, formats["head_number" if numeric else "head"])
        sheet.set_column(at, at, _column_width(one.name, cells))
        for row, cell in enumerate(cells, start=head + 1):
            _write_cell(sheet, row, at, cell, formats, one.unit)
    for row, text in enumerate(table.notes, start=head + len(table.rows) + 2):
        sheet.write_string(row, 0, text, formats["note"])
    if len(table.rows) >= FILTER_FROM:
        sheet.autofilter(head, 0, head + len(table.rows), len(table.columns) - 1)
    sheet.freeze_panes(head + 1, 1)
    sheet.repeat_rows(head)
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    if len(table.columns) >= LANDSCAPE_FROM:
        sheet.set_landscape()


class _Note(str):
    """What stands in a cell without a value."""


def _shown(cell: Any, language: str) -> Any:
    """Write in words why a cell has no value."""
    if isinstance(cell, Absent):
        return _Note(word("withheld", language) if cell is Absent.HIDDEN else MISSING)
    return cell


def _write_cell(
    sheet: Worksheet, row: int, at: int, cell: Any, formats: Mapping[str, Any], unit: str
) -> None:
    if isinstance(cell, SheetLink):
        place = f"internal:'{cell.name}'!A1"
        sheet.write_url(row, at, place, formats["link"], string=cell.name)
    elif isinstance(cell, _Note):
        sheet.write_string(row, at, str(cell), formats["absent"])
    elif isinstance(cell, Amount):
        sheet.write_number(row, at, cell.value, formats[_format_of(cell.value, cell.unit)])
    elif pd.isna(cell):
        sheet.write_blank(row, at, None, formats["text"])
    elif isinstance(cell, date):
        sheet.write_datetime(row, at, cell, formats["date"])
    elif not _is_number(cell):
        # write_string whatever it begins with: "=1+1" in a firm's name must never become a formula
        sheet.write_string(row, at, str(cell), formats["text"])
    else:
        value = int(cell) if isinstance(cell, numbers.Integral) else float(cell)
        sheet.write_number(row, at, value, formats[_format_of(value, unit)])


def _format_of(value: float, unit: str = "") -> str:
    """Choose the format of a unit, or else the one that shows significant digits.

    0.0000003 reads 3.00E-7, not 0.0.
    """
    size = abs(value)
    counted = unit in ("count", "year", "share") or not size or size >= SHOWN_FROM
    if unit in BY_UNIT and counted and size < LARGEST:
        return unit
    if isinstance(value, int):
        return "integer"
    if size and not SMALLEST <= size < LARGEST:
        return "power"
    return "below_one" if 0 < size < 1 else "decimal"


def _is_number(cell: object) -> bool:
    return isinstance(cell, numbers.Real) and not isinstance(cell, bool) and math.isfinite(cell)


def _column_width(heading: str, cells: Iterable[object]) -> int:
    widest = max(display_width(_text(cell)) for cell in [heading, *cells])
    return min(max(widest + 2, WIDTHS[0]), WIDTHS[1])


def _text(cell: object) -> str:
    """Return a cell as text, about as long as it is shown."""
    if isinstance(cell, SheetLink):
        return cell.name
    if isinstance(cell, Amount):
        return f"{cell.value:,.3f}"
    if isinstance(cell, float):
        return f"{cell:,.3f}"
    return "" if cell is None else str(cell)
