"""Workbooks through python-calamine: text of every cell, merged ranges, sheet visibility."""

from __future__ import annotations

import datetime
from pathlib import Path

import python_calamine as calamine

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.sheet import Sheet

EXTENSIONS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

# Excel keeps 15 significant digits: a longer number has lost its last ones, so it is written in scientific form
# (9.9E+17) and can be told from text that was typed in full.
LARGEST_EXACT = 1e15


def read_workbook(path: Path, file: str) -> list[Sheet]:
    """All sheets of a workbook, hidden ones too; `file` names the file in messages."""
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        sheets = [_read_sheet(book, entry) for entry in book.sheets_metadata]
    except calamine.PasswordError as error:
        raise ZgzxError("the workbook is protected by a password", where=file, remedy="Save it without one.") from error
    except calamine.CalamineError as error:
        raise ZgzxError(
            "not a readable workbook (damaged, or another format under this extension)",
            where=file,
            remedy="Open it in Excel or WPS and save it as .xlsx, or export it as .csv.",
        ) from error
    return [sheet for sheet in sheets if sheet is not None]


def _read_sheet(book: calamine.CalamineWorkbook, entry: calamine.SheetMetadata) -> Sheet | None:
    if entry.typ != calamine.SheetTypeEnum.WorkSheet:
        return None  # chart and macro sheets hold no rows
    sheet = book.get_sheet_by_name(entry.name)
    cells = [[cell_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    hidden = entry.visible != calamine.SheetVisibleEnum.Visible
    return Sheet(entry.name, cells, hidden, tuple(sheet.merged_cell_ranges or ()))


def cell_text(value: object) -> str:
    """The text a clerk would have typed: 3.0 is "3", a date is ISO, a number beyond 15 digits is scientific."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= LARGEST_EXACT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return str(value).strip()


def fill_down(sheet: Sheet) -> list[list[str]]:
    """Cells with the value of every vertically merged range written into each of its rows (first column only).

    A range that only runs across columns is a title or section row and stays as it is.
    """
    if not sheet.merged:
        return sheet.cells
    cells = [list(row) for row in sheet.cells]
    for (top, left), (bottom, _) in sheet.merged:
        for row in range(top + 1, min(bottom, len(cells) - 1) + 1):
            if any(sheet.cells[row]):
                cells[row][left] = cells[top][left]
    return cells
