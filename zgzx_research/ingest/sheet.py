"""The one shape in which workbooks and delimited files arrive: a grid of stripped text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

ROWS_AT_A_TIME = 64  # rows taken out of the grid together, for `Sheet.row`

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a whole delimited file.

    Attributes
    ----------
    name : sheet name, "" for a delimited file.
    grid : stripped text (dtype str, "" = blank). Index 0 is the clerk's row 1, and blank rows are kept so that numbers
        stay right; a column's label is its position, and blank columns are left out.
    hidden : True for a hidden sheet.
    merged : merged ranges as ((top, left), (bottom, right)), counted from 0.
    reading : how the bytes were read (the encoding), for messages.
    uncomputed : (row, column) of cells whose formula has no stored result, counted from 0.
    """

    name: str
    grid: pd.DataFrame
    hidden: bool = False
    merged: tuple[Range, ...] = field(default=())
    reading: str = ""
    uncomputed: frozenset[tuple[int, int]] = frozenset()

    @cached_property
    def counts(self) -> np.ndarray:
        """Number of filled cells per row, int32."""
        total = np.zeros(len(self.grid), dtype=np.int32)
        for column in self.grid:
            total += (self.grid[column] != "").to_numpy()
        return total

    @cached_property
    def filled(self) -> np.ndarray:
        """Positions of the rows with at least one filled cell."""
        return np.flatnonzero(self.counts)

    def filled_rows(self) -> int:
        """Number of rows with at least one filled cell."""
        return len(self.filled)

    @property
    def cells(self) -> list[list[str]]:
        """All rows as lists; for small sheets."""
        return [self.row(index) for index in range(len(self.grid))]

    @property
    def width(self) -> int:
        return int(self.grid.columns[-1]) + 1 if self.grid.shape[1] else 0

    def row(self, index: int) -> list[str]:
        """All cells of one row, blank ones included."""
        block = index // ROWS_AT_A_TIME
        if block not in self._blocks:
            part = self.grid.iloc[block * ROWS_AT_A_TIME : (block + 1) * ROWS_AT_A_TIME]
            cells = np.full((len(part), self.width), "", dtype=object)
            cells[:, part.columns] = part.to_numpy()
            self._blocks[block] = cells.tolist()
        return list(self._blocks[block][index % ROWS_AT_A_TIME])

    @cached_property
    def _blocks(self) -> dict[int, list[list[str]]]:
        return {}


def to_table(rows: Iterable[Sequence[str]]) -> pa.Table:
    """Rows of any length as a table of text; short rows are filled with ""."""
    columns = [pa.array(column, pa.large_string()) for column in zip_longest(*rows, fillvalue="")]
    return pa.table(columns, names=[str(place) for place in range(len(columns))])


def stack(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables one below the other; columns that one does not have are ""."""
    names = max((table.column_names for table in tables), key=len)
    return pa.concat_tables([_widened(table, names) for table in tables])


def _widened(table: pa.Table, names: list[str]) -> pa.Table:
    missing = len(names) - table.num_columns
    blank = pa.repeat(pa.scalar("", pa.large_string()), len(table))
    return pa.table([*table.columns, *[blank] * missing], names=names) if missing else table


def to_grid(table: pa.Table) -> pd.DataFrame:
    """The grid of a `Sheet`: blanks trimmed, blank columns left out."""
    rows, columns, rest = len(table), {}, table.columns
    del table  # so that each column goes when its text is made
    for place in range(len(rest)):
        text = pc.utf8_trim_whitespace(rest[place])
        rest[place] = None
        if pc.any(pc.not_equal(text, "")).as_py():
            columns[place] = text
    grid = pa.table(list(columns.values()), names=[str(place) for place in columns]).to_pandas()
    grid.columns = pd.Index(list(columns), dtype="int64")
    return grid if columns else pd.DataFrame(index=range(rows), columns=grid.columns)
