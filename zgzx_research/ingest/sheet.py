"""The one shape in which workbooks and delimited files arrive: a grid of stripped text."""

from __future__ import annotations

from dataclasses import dataclass, field

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a whole delimited file.

    Attributes
    ----------
    name : sheet name, "" for a delimited file.
    cells : rows of stripped text; index 0 is the clerk's row 1; blank rows are kept so that numbers stay right.
    hidden : True for a hidden sheet.
    merged : merged ranges as ((top, left), (bottom, right)), counted from 0.
    reading : how the bytes were read (the encoding), for messages.
    """

    name: str
    cells: list[list[str]]
    hidden: bool = False
    merged: tuple[Range, ...] = field(default=())
    reading: str = ""

    def filled_rows(self) -> int:
        """Rows with at least one non-blank cell."""
        return sum(any(row) for row in self.cells)
