"""Tables as one Excel workbook: text stays text, equal bytes each time."""

from __future__ import annotations

import io
import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import display_width
from zgzx_research.report.zip_archives import EPOCH

WIDTHS = (6, 48)  # narrowest and widest column, in characters
LANDSCAPE_FROM = 7  # columns
SMALLEST, LARGEST = 1e-3, 1e15  # sizes between them are written without a power of ten
NEVER_FORMULAS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "mark": {"bold": True, "font_color": "#8A3B12", "bg_color": "#FDF0E3"},
    "title": {"bold": True, "font_size": 13, "font_color": "#1F4E79"},
    "head": {
        "bold": True,
        "font_color": "#1F4E79",
        "text_wrap": True,
        "valign": "bottom",
        "top": 2,
        "bottom": 1,
    },
    "head_number": {
        "bold": True,
        "font_color": "#1F4E79",
        "text_wrap": True,
        "valign": "bottom",
        "top": 2,
        "bottom": 1,
        "align": "right",
    },
    "text": {"text_wrap": True, "valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"},
    "integer": {"num_format": "0", "valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"},
    "decimal": {"num_format": "#,##0.0##", "valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"},
    "below_one": {
        "num_format": "0.0#####",
        "valign": "top",
        "bottom": 4,
        "bottom_color": "#CFD7DF",
    },
    "power": {"num_format": "0.00#E+0", "valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"},
    "date": {"num_format": "yyyy-mm-dd", "valign": "top", "bottom": 4, "bottom_color": "#CFD7DF"},
    "note": {"font_color": "#5B6774", "valign": "top"},
}


@dataclass(frozen=True)
class SheetTable:
    """One sheet.

    Attributes
    ----------
    name : str
        On the sheet's tab, at most 31 characters.
    title : str
        Above the table.
    columns : tuple of str
        Headings.
    rows : tuple of tuple
        One tuple per row, each as long as `columns`; cells are text, numbers, dates or None.
    notes : tuple of str, default ()
        Lines below the table.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    notes: tuple[str, ...] = ()


def write_workbook(
    tables: Sequence[SheetTable],
    out: Path,
    *,
    language: str,
    synthetic: bool,
    stamp: Mapping[str, str],
) -> Path:
    """Write the tables, one sheet each, and a last sheet with the stamp.

    Parameters
    ----------
    tables : Sequence of SheetTable
        The sheets.
    out : Path
        The file.
    language : str
        "zh" or "en", of the last sheet.
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
    entries = SheetTable(
        label("note_sheet", language), label("stamp", language), ("", ""), tuple(stamp.items())
    )
    sheets = [*tables, entries]
    _check(sheets)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **NEVER_FORMULAS}) as book:
        created = datetime.fromtimestamp(EPOCH, UTC).replace(tzinfo=None)
        book.set_properties({"created": created, "title": tables[0].title if tables else ""})
        formats = {name: book.add_format(dict(properties)) for name, properties in FORMATS.items()}
        for table in sheets:
            _write_sheet(
                book.add_worksheet(table.name),
                table,
                formats,
                label("synthetic", language) * synthetic,
            )
    return write_whole(out, buffer.getvalue())


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
    sheet: Worksheet, table: SheetTable, formats: Mapping[str, Any], mark: str
) -> None:
    top = 0
    if mark:
        for column in range(len(table.columns)):
            sheet.write_blank(0, column, None, formats["mark"])
        sheet.write_string(0, 0, mark, formats["mark"])
        sheet.set_header(f"&C&B{mark}")
        top = 1
    sheet.set_footer("&L&A&R&P / &N")
    sheet.write_string(top, 0, table.title, formats["title"])
    head = top + 1
    for column, text in enumerate(table.columns):
        cells = [row[column] for row in table.rows]
        numeric = any(_is_number(cell) for cell in cells)
        sheet.write_string(head, column, text, formats["head_number" if numeric else "head"])
        sheet.set_column(column, column, _column_width(text, cells))
        for row, cell in enumerate(cells, start=head + 1):
            _write_cell(sheet, row, column, cell, formats)
    for row, text in enumerate(table.notes, start=head + len(table.rows) + 2):
        sheet.write_string(row, 0, text, formats["note"])
    sheet.freeze_panes(head + 1, 1)
    sheet.repeat_rows(head)
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    if len(table.columns) >= LANDSCAPE_FROM:
        sheet.set_landscape()


def _write_cell(
    sheet: Worksheet, row: int, column: int, cell: Any, formats: Mapping[str, Any]
) -> None:
    if pd.isna(cell):
        sheet.write_blank(row, column, None, formats["text"])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, formats["date"])
    elif not _is_number(cell):
        # write_string whatever it begins with: "=1+1" in a firm's name must never become a formula
        sheet.write_string(row, column, str(cell), formats["text"])
    elif isinstance(cell, numbers.Integral):
        sheet.write_number(row, column, int(cell), formats["integer"])
    else:
        sheet.write_number(row, column, float(cell), formats[_format_of(abs(float(cell)))])


def _format_of(size: float) -> str:
    """Choose the format that shows significant digits: 0.0000003 as 3.00E-7, not as 0.0."""
    if size and not SMALLEST <= size < LARGEST:
        return "power"
    return "below_one" if 0 < size < 1 else "decimal"


def _is_number(cell: object) -> bool:
    return isinstance(cell, numbers.Real) and not isinstance(cell, bool) and math.isfinite(cell)


def _column_width(heading: str, cells: Iterable[object]) -> int:
    widest = max(display_width("" if cell is None else str(cell)) for cell in [heading, *cells])
    return min(max(widest + 2, WIDTHS[0]), WIDTHS[1])
