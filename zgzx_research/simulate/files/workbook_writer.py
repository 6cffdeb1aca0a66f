"""Workbooks of the synthetic world: the same bytes whenever they are written."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from zgzx_research.simulate.world.constants import Rules


def open_workbook(rules: Rules, path: Path) -> xlsxwriter.Workbook:
    """Open a workbook made on the day of the export; texts stay texts."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": datetime.datetime.fromisoformat(rules["time"]["export"])})
    return book


def write_sheet(
    book: xlsxwriter.Workbook,
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence],
    notes: Sequence[str],
) -> int:
    """Write a sheet: a title across all columns, a header, rows, and notes.

    Parameters
    ----------
    book : Workbook
        The open workbook.
    name : str
        The name of the sheet.
    title : str
        The title; empty for none.
    columns : sequence of str
        The header.
    rows : iterable of sequences
        Texts and numbers.
    notes : sequence of str
        Lines below the rows.

    Returns
    -------
    int
        The number of the first row as a clerk counts.
    """
    bold, points = (
        book.add_format({"bold": True, "align": "center"}),
        book.add_format({"num_format": "0.00"}),
    )
    sheet = book.add_worksheet(name)
    header = 1 if title else 0
    if title:
        sheet.merge_range(0, 0, 0, len(columns) - 1, title, bold)
    sheet.write_row(header, 0, columns, bold)
    row = header
    for row, cells in enumerate(rows, start=header + 1):
        for column, cell in enumerate(cells):
            if isinstance(cell, float):
                sheet.write_number(row, column, cell, points)
            elif isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif cell is not None:
                sheet.write_number(row, column, cell)
    sheet.write_column(row + 1, 0, notes)
    return header + 2
