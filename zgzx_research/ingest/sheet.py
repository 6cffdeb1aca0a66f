"""The one shape in which workbooks and delimited files arrive: columns of stripped text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zgzx_research.ingest.texts import Texts

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a whole delimited file.

    Attributes
    ----------
    name : str
        Sheet name, "" for a delimited file; it may be a person's and stays in memory.
    columns : dict of int to Texts
        Position -> stripped text; index 0 is the clerk's row 1, and blank rows are kept so that
        numbers stay right. Blank columns are left out.
    height : int
        Number of rows, blank ones included.
    hidden : bool
        True for a hidden sheet.
    merged : tuple[Range, ...]
        Merged ranges as ((top, left), (bottom, right)), counted from 0.
    reading : str
        How the bytes were read (the encoding), for messages.
    uncomputed : frozenset[tuple[int, int]]
        (row, column) of cells whose formula has no stored result, counted from 0.
    struck : frozenset[tuple[int, int]]
        (row, column) of cells whose text is struck through, counted from 0.
    short : dict of int to int
        Rows of a delimited file with fewer cells than the others: row -> number of cells.
    cut_off : bool
        The last line of a delimited file has no line end.
    number : str
        Place in the workbook from 1, hidden sheets included; "" for a delimited file.
    """

    name: str
    columns: dict[int, Texts]
    height: int
    hidden: bool = False
    merged: tuple[Range, ...] = field(default=())
    reading: str = ""
    uncomputed: frozenset[tuple[int, int]] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()
    short: dict[int, int] = field(default_factory=dict)
    cut_off: bool = False
    number: str = ""

    @cached_property
    def counts(self) -> np.ndarray:
        """Number of filled cells per row, int32."""
        total = np.zeros(self.height, dtype=np.int32)
        for column in self.columns.values():
            total += column.filled
        return total

    @cached_property
    def filled(self) -> np.ndarray:
        """Positions of the rows with at least one filled cell."""
        return np.flatnonzero(self.counts)

    @property
    def cells(self) -> list[list[str]]:
        """All rows as lists; for small sheets."""
        return [self.row(index) for index in range(self.height)]

    @property
    def width(self) -> int:
        """Number of columns up to the last filled one."""
        return max(self.columns, default=-1) + 1

    def row(self, index: int) -> list[str]:
        """All cells of one row, blank ones included."""
        cells = [""] * self.width
        for place, column in self.columns.items():
            cells[place] = column.texts[column.codes[index]]
        return cells
