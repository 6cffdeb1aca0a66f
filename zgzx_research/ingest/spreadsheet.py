"""Workbooks through python-calamine: text of every cell, merged ranges, sheet visibility."""

from __future__ import annotations

import datetime
from itertools import islice
from pathlib import Path

import numpy as np
import python_calamine as calamine

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.marks import Cell, Marks
from zgzx_research.ingest.package import check_package, damaged, protected
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Columns, Texts

EXTENSIONS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")

# Excel keeps 15 significant digits: a longer number has lost its last ones, so it is written in
# scientific form (9.9E+17) and differs from text that was typed in full.
LARGEST_EXACT = 1e15
ROWS = 5_000  # rows held as Python lists at a time
# A sheet that is full to the last row .xls or .xlsx has was most likely cut off by the program that
# exported it.
ROW_LIMITS = (65_536, 1_048_576)


def read_workbook(path: Path, file: str) -> list[Sheet]:
    """Read all sheets of a workbook, hidden ones too, whatever its extension.

    Parameters
    ----------
    path : Path
        The workbook.
    file : str
        Its number, for messages.

    Returns
    -------
    list of Sheet
        One per worksheet.

    Raises
    ------
    ZgzxError
        A password, damage, a workbook too large or a sheet too wide to be read, a sheet full to its
        last row.
    """
    marks = check_package(path, file)
    try:
        with path.open("rb") as handle:
            book = calamine.CalamineWorkbook.from_filelike(handle)
        sheets = [
            _read_sheet(book, entry, marks.get(entry.name, Marks()), str(number))
            for number, entry in enumerate(book.sheets_metadata, start=1)
        ]
    except calamine.PasswordError as error:
        raise protected(file) from error
    except calamine.CalamineError as error:
        raise damaged(file) from error
    return [_not_full(sheet, file) for sheet in sheets if sheet is not None]


def _read_sheet(
    book: calamine.CalamineWorkbook, entry: calamine.SheetMetadata, marks: Marks, number: str
) -> Sheet | None:
    if entry.typ != calamine.SheetTypeEnum.WorkSheet:
        return None  # chart and macro sheets hold no rows
    sheet = book.get_sheet_by_name(entry.name)
    columns = Columns()
    rows = (
        sheet.iter_rows()
    )  # in blocks: a list of all cells would take twice the memory of the sheet
    while block := [[*map(cell_text, row)] for row in islice(rows, ROWS)]:
        columns.add_rows(block)
    # iter_rows leaves out blank columns on the left, to_python(skip_empty_area=False) does not
    left = sheet.start[1] if sheet.start else 0
    found = {place + left: texts for place, texts in columns.filled().items()}
    height = max([columns.height, *(row + 1 for row, _ in marks.errors)])
    return Sheet(
        entry.name,
        _with_errors(found, height, marks.errors),
        height,
        hidden=entry.visible != calamine.SheetVisibleEnum.Visible,
        merged=tuple(sheet.merged_cell_ranges or ()),
        uncomputed=frozenset(marks.uncomputed),
        struck=frozenset(marks.struck),
        number=number,
    )


def _with_errors(
    columns: dict[int, Texts], height: int, errors: dict[Cell, str]
) -> dict[int, Texts]:
    """Put back the text of error values, for which calamine gives a blank or zero."""
    if not errors:
        return columns
    columns = {
        place: texts.below([Texts.blank(height - len(texts.codes))])
        for place, texts in columns.items()
    }
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in errors.items():
        by_column.setdefault(column, {})[row] = text
    for column, cells in by_column.items():
        columns[column] = columns.get(column, Texts.blank(height)).with_cells(cells)
    return columns


def _not_full(sheet: Sheet, file: str) -> Sheet:
    if len(sheet.filled) and sheet.filled[-1] + 1 in ROW_LIMITS:
        raise ZgzxError(
            f"the sheet is full to its last row ({sheet.height:,}): what came after it is missing",
            where=f"{file}, sheet {sheet.number}",
            remedy="Ask for the table in parts of at most 60,000 rows, or as .csv.",
        )
    return sheet


def cell_text(value: object) -> str:
    """Return the text a clerk would have typed.

    3.0 is "3", a date is ISO, a number beyond 15 digits is scientific.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if abs(value) >= LARGEST_EXACT:
            return f"{value:.14E}"
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return str(value).strip()


def fill_down(sheet: Sheet) -> dict[int, Texts]:
    """Fill the value of every vertically merged range into each of its filled rows.

    First column of the range only. A range that only runs across columns is a title or section row
    and stays as it is.
    """
    tall: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, _) in sheet.merged:
        if bottom > top and left in sheet.columns:
            tall.setdefault(left, []).append((top, bottom))
    columns = dict(sheet.columns)
    for place, ranges in tall.items():
        codes = columns[place].codes.copy()
        for top, bottom in ranges:
            first, last = np.searchsorted(sheet.filled, (top + 1, bottom + 1))
            codes[sheet.filled[first:last]] = codes[top]
        columns[place] = Texts(codes, columns[place].texts)
    return columns
