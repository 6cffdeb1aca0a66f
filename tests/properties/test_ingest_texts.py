"""Columns that hold each text once say what plain lists of text would say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.ingest.texts import Columns, Texts

TEXT = st.sampled_from(["", "甲", "乙", "甲乙", "x"])
CELLS = st.lists(TEXT, max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=12)


def column(cells: list[str]) -> Texts:
    return Texts.of(np.arange(len(cells)), cells)


def cells(texts: Texts) -> list[str]:
    """Its cells, after a look at what every column must be."""
    assert texts.texts[0] == ""
    assert len(set(texts.texts)) == len(texts.texts)
    assert texts.codes.dtype == np.int32
    return [texts.texts[code] for code in texts.codes]


@given(CELLS)
def test_a_column_gives_its_cells_back(wanted: list[str]) -> None:
    texts = column(wanted)
    assert cells(texts) == wanted
    assert texts.filled.tolist() == [bool(text) for text in wanted]
    assert [None if pd.isna(text) else text for text in texts.series()] == [
        text or None for text in wanted
    ]
    assert texts.holds(lambda text: "甲" in text).tolist() == ["甲" in text for text in wanted]
    assert cells(texts.at(np.arange(len(wanted))[::-1])) == wanted[::-1]


@given(PAIRS)
def test_a_blank_cell_takes_that_of_the_other_column(pairs: list[tuple[str, str]]) -> None:
    first, second = (column([pair[place] for pair in pairs]) for place in (0, 1))
    assert cells(first.or_else(second)) == [one or other for one, other in pairs]


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_columns_stand_one_below_the_other(parts: list[list[str]]) -> None:
    first, *others = map(column, parts)
    assert cells(first.below(others)) == [text for part in parts for text in part]


@given(st.lists(TEXT, min_size=1, max_size=12), st.integers(0, 11), TEXT)
def test_one_cell_is_changed_in_a_copy(wanted: list[str], row: int, text: str) -> None:
    texts, row = column(wanted), row % len(wanted)
    assert cells(texts.with_cell(row, text)) == [*wanted[:row], text, *wanted[row + 1 :]]
    assert cells(texts) == wanted


@given(
    st.lists(st.lists(st.lists(TEXT, max_size=4), min_size=1, max_size=5), max_size=4),
    st.booleans(),
)
def test_blocks_of_any_width_make_one_grid(blocks: list[list[list[str]]], as_table: bool) -> None:
    columns = Columns()
    for rows in blocks:
        width = max(map(len, rows))
        padded = [[*row, *[" "] * (width - len(row))] for row in rows]
        if as_table and width:
            dictionary = pa.dictionary(pa.int32(), pa.large_string())
            columns.add_table(
                pa.table(
                    [pa.array(part, dictionary) for part in zip(*padded, strict=True)],
                    [*map(str, range(width))],
                )
            )
        else:
            columns.add_rows(rows)
    wanted = [row for rows in blocks for row in rows]
    grid = columns.filled()
    assert columns.height == len(wanted)
    for place in range(4):
        texts = [row[place] if place < len(row) else "" for row in wanted]
        assert (place in grid) == any(texts)
        if place in grid:
            assert cells(grid[place]) == texts
