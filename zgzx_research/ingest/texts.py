"""Columns of text in which a text that repeats is held once.

Files are long, what they say is short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest

import numpy as np
import pandas as pd
import pyarrow as pa

CODE = np.int32
Coded = tuple[np.ndarray, Sequence[str | None]]  # places in a list of texts


@dataclass(frozen=True)
class Texts:
    """A column of stripped text.

    Attributes
    ----------
    codes : numpy.ndarray
        (rows,) int32, which of `texts` a cell holds; 0 is a blank cell.
    texts : list of str
        The texts, "" first, each of them once.
    """

    codes: np.ndarray
    texts: list[str]

    @classmethod
    def of(cls, codes: np.ndarray, texts: Iterable[str | None]) -> Texts:
        """Return the texts at `codes`; they may repeat, and None is blank."""
        known = {"": 0}
        number = np.array([known.setdefault(text or "", len(known)) for text in texts], dtype=CODE)
        return cls(number[codes], list(known))

    @classmethod
    def blank(cls, rows: int) -> Texts:
        """So many blank cells."""
        return cls(np.zeros(rows, dtype=CODE), [""])

    @property
    def filled(self) -> np.ndarray:
        """(rows,) whether a cell is not blank."""
        return self.codes > 0

    @cached_property
    def beginnings(self) -> dict[str, list[int]]:
        """First character -> the numbers of the texts that begin with it; blank is none of them.

        A column of names or numbers has 100,000 texts and some hundred first characters: a test of
        the first character need not read every text.
        """
        found: dict[str, list[int]] = {}
        for number, first in enumerate(text[:1] for text in self.texts):
            if first in found:
                found[first].append(number)
            else:
                found[first] = [number]
        found.pop("", None)
        return found

    def beginning(self, test: Callable[[str], object]) -> Iterable[tuple[int, str]]:
        """Yield number and text of the texts whose first character passes a test."""
        for first, numbers in self.beginnings.items():
            if test(first):
                yield from ((number, self.texts[number]) for number in numbers)

    def at(self, rows: np.ndarray | slice) -> Texts:
        """Return the cells of some rows."""
        return Texts(self.codes[rows], self.texts)

    def holds(self, test: Callable[[str], object]) -> np.ndarray:
        """(rows,) whether the text of a cell passes a test."""
        return np.array([bool(test(text)) for text in self.texts])[self.codes]

    def or_else(self, others: Texts) -> Texts:
        """Return the cells, and where one is blank that of `others`."""
        codes = np.where(self.filled, self.codes, others.codes + CODE(len(self.texts)))
        return Texts.of(codes, [*self.texts, *others.texts])

    def with_cell(self, row: int, text: str) -> Texts:
        """Return the same column with another text in one row."""
        return self.with_cells({row: text})

    def with_cells(self, cells: Mapping[int, str]) -> Texts:
        """Return the same column with other texts in some rows."""
        codes = self.codes.copy()
        codes[list(cells)] = np.arange(len(self.texts), len(self.texts) + len(cells), dtype=CODE)
        return Texts.of(codes, [*self.texts, *cells.values()])

    def below(self, others: Sequence[Texts]) -> Texts:
        """Put the column and others one below the other."""
        if not others:
            return self
        parts = [self, *others]
        before = np.cumsum([0, *(len(part.texts) for part in parts)])
        codes = np.concatenate(
            [part.codes + shift for part, shift in zip(parts, before, strict=False)]
        )
        return Texts.of(codes, chain.from_iterable(part.texts for part in parts))

    def series(self) -> pd.Series:
        """Return the cells as str; blank ones are missing."""
        return pd.Series(
            pd.array([None, *self.texts[1:]], dtype="str").take(self.codes), copy=False
        )


class Columns:
    """Columns in the making, block by block of rows; a block may be narrower than the others."""

    def __init__(self) -> None:
        self.height = 0
        self._known: list[dict[str, int]] = []
        self._parts: list[list[np.ndarray]] = []

    def add_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows of any length; short ones are filled with blanks."""
        every = np.arange(len(rows))
        self._add([(every, cells) for cells in zip_longest(*rows, fillvalue="")], len(rows))

    def add_table(self, table: pa.Table) -> None:
        """Add a table whose columns are dictionaries of text."""
        columns = [
            pa.chunked_array(column.unify_dictionaries()).combine_chunks()
            for column in table.columns
        ]
        texts = [column.dictionary.to_numpy(zero_copy_only=False).tolist() for column in columns]
        codes = [column.indices.to_numpy() for column in columns]
        self._add(list(zip(codes, texts, strict=True)), len(table))

    def _add(self, columns: Sequence[Coded], height: int) -> None:
        for place in range(max(len(columns), len(self._known))):
            if place == len(self._known):
                self._known.append({"": 0})
                self._parts.append([np.zeros(self.height, dtype=CODE)])
            codes, texts = (
                columns[place] if place < len(columns) else (np.zeros(height, dtype=CODE), [""])
            )
            known = self._known[place]
            number = np.array(
                [known.setdefault((text or "").strip(), len(known)) for text in texts], dtype=CODE
            )
            self._parts[place].append(number[codes])
        self.height += height

    def filled(self, order: np.ndarray | slice = slice(None)) -> dict[int, Texts]:
        """Return the columns that are not blank, by position; rows in `order` if given."""
        both = zip(self._known, self._parts, strict=True)
        return {
            place: Texts(np.concatenate(parts)[order], list(known))
            for place, (known, parts) in enumerate(both)
            if len(known) > 1
        }
