"""Records that are not whole: cut by a line break or the end of the file, or struck through."""

from __future__ import annotations

import numpy as np

from zgzx_research.ingest.header import Header
from zgzx_research.ingest.profile import NOT_READ
from zgzx_research.ingest.sheet import Sheet


def broken_rows(sheet: Sheet, header: Header, data: np.ndarray) -> np.ndarray:
    """Mark the rows of a delimited file that are parts of one record or end too early.

    A line break in a cell without quotes cuts a record into rows which together have one cell more
    than it for each break. A row that ends before its necessary columns is broken too; one that
    only lacks blank cells at its end is whole: spreadsheets leave those out.

    Returns
    -------
    numpy.ndarray
        (records,) bool.
    """
    broken = np.zeros(len(data), dtype=bool)
    if not sheet.short:
        return broken
    place_of = {int(row): number for number, row in enumerate(data)}
    width = max(place for place, name in enumerate(header.columns) if name is not None) + 1
    needed = max(header.columns.index(name) for name in header.profile.required) + 1
    short = {row: count for row, count in sheet.short.items() if row in place_of and count < width}
    last = int(sheet.filled[-1])
    for row, count in short.items():
        if count < needed or (row == last and sheet.cut_off):
            broken[place_of[row]] = True
        broken[[place_of[part] for part in _parts_of_one(short, row, width)]] = True
        if count == 1 and row != last and row - 1 in place_of and row - 1 not in short:
            broken[place_of[row - 1]] = True  # the break stands in the last cell of the row above
    return broken


def _parts_of_one(short: dict[int, int], row: int, width: int) -> list[int]:
    """Return the short rows from `row` on that together make one record; none where they do not."""
    cells, last = short[row], row
    while cells < width + last - row and last + 1 in short:
        last += 1
        cells += short[last]
    return list(range(row, last + 1)) if last > row and cells == width + last - row else []


def struck_rows(
    sheet: Sheet, header: Header, data: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows whose necessary cells are all struck through, and struck cells of other rows."""
    rows = np.zeros(len(data), dtype=bool)
    if not sheet.struck:
        return rows, {}
    place_of = {int(row): number for number, row in enumerate(data)}
    cells: dict[str, np.ndarray] = {}
    for row, column in sheet.struck:
        name = header.columns[column] if column < len(header.columns) else None
        if row in place_of and name not in (None, NOT_READ):
            cells.setdefault(str(name), np.zeros(len(data), dtype=bool))[place_of[row]] = True
    place = {name: column for column, name in enumerate(header.columns)}
    struck, filled = np.zeros((2, len(data)), dtype=np.int32)
    for name in header.profile.required:
        struck += cells.get(name, rows)
        if place[name] in sheet.columns:
            filled += sheet.columns[place[name]].at(data).filled
    rows = (struck > 0) & (struck >= filled)
    return rows, {name: hit & ~rows for name, hit in cells.items() if (hit & ~rows).any()}
