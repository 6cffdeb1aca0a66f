"""What the file of a workbook says of its cells beyond their text, and how far its sheets reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from zgzx_research.errors import ZgzxError

Cell = tuple[int, int]  # row and column, counted from 0

# Every cell up to the last takes memory, filled or not: a stray cell in column XFD makes 16,384
# columns.
MOST_CELLS = 50_000_000
# Up to here a sheet may be as empty as it likes; a larger table is filled to a quarter, or it is
# none.
MOST_SPARSE_CELLS = 8_000_000
LEAST_FILLED = 0.25


@dataclass
class Marks:
    """Marks of one sheet.

    Attributes
    ----------
    errors : dict of Cell to str
        Cells that hold an error value, with its text (#N/A).
    uncomputed : set[Cell]
        Cells whose formula has no stored result.
    struck : set[Cell]
        Cells whose whole text is struck through.
    rows : int
        How far the sheet reaches.
    columns : int
        How far the sheet reaches.
    filled : int
        Number of cells that are written in the file.
    """

    errors: dict[Cell, str] = field(default_factory=dict)
    uncomputed: set[Cell] = field(default_factory=set)
    struck: set[Cell] = field(default_factory=set)
    rows: int = 0
    columns: int = 0
    filled: int = 0

    def reach(self, rows: int, columns: int) -> None:
        """Extend the reach of the sheet to at least so many rows and columns."""
        self.rows, self.columns = max(self.rows, rows), max(self.columns, columns)


def check_reach(marks: Marks, file: str, sheet: int) -> None:
    """Refuse a sheet that would take more memory than any table.

    Raises
    ------
    ZgzxError
        More than MOST_CELLS cells, or more than MOST_SPARSE_CELLS of which hardly any is
        filled.
    """
    cells = marks.rows * marks.columns
    sparse = cells > MOST_SPARSE_CELLS and marks.filled < LEAST_FILLED * cells
    if cells > MOST_CELLS or sparse:
        raise ZgzxError(
            f"the sheet reaches to {cell_name(marks.rows - 1, marks.columns - 1)}, "
            "far beyond any table",
            where=f"{file}, sheet {sheet}",
            count=cells,
            remedy="Delete the columns and rows beside the table, or save only the table as .csv.",
        )


def cell_name(row: int, column: int) -> str:
    """A1 for (0, 0)."""
    return f"{column_name(column)}{row + 1}"


def column_name(column: int) -> str:
    """Return the letters of a column: A for 0, XFD for 16,383."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
