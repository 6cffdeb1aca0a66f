"""Repeated rows are told apart once."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.distinct import as_categories, distinct_rows, is_in, without_unused

TEXT = st.sampled_from(["a", "b", "ab", "", None])


def test_rows_are_numbered_as_they_first_appear_and_missing_is_a_value() -> None:
    table = pd.DataFrame(
        {"x": ["b", None, "b", None, "a"], "y": ["", "", "", None, "b"]}, dtype="str"
    )
    code, first = distinct_rows(table, ["x", "y"])
    assert code.tolist() == [0, 1, 0, 2, 3]
    assert first.tolist() == [0, 1, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["str", "category"])
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=30))
def test_two_rows_have_one_number_if_they_say_the_same(kind: str, rows: list[tuple]) -> None:
    table = pd.DataFrame(rows, columns=["x", "y", "z"], dtype="str").astype(kind)
    code, first = distinct_rows(table, ["x", "y", "z"])
    numbers: dict[tuple, int] = {}
    assert code.tolist() == [numbers.setdefault(row, len(numbers)) for row in rows]
    assert [rows[place] for place in first] == list(numbers)


def test_categories_say_what_the_texts_say() -> None:
    values = pd.Series(["x", None, "y", "x"], dtype="str")
    code = pd.Series([3, 1, 2, 0]).to_numpy()
    spread = as_categories(values, code, pd.RangeIndex(4))
    assert spread.astype("str").fillna("-").tolist() == ["x", "-", "y", "x"]
    assert spread.cat.categories.tolist() == ["x", "y"]


@given(column=st.lists(TEXT, max_size=20), texts=st.lists(TEXT, max_size=8))
def test_a_text_stands_among_others_or_not(
    column: list[str | None], texts: list[str | None]
) -> None:
    index = pd.RangeIndex(5, 5 + len(column))
    found = is_in(pd.Series(column, index, dtype="str"), pd.Series(texts, dtype="str"))
    assert found.tolist() == [text is not None and text in texts for text in column]
    assert found.index.equals(index)


@given(rows=st.lists(TEXT, max_size=20), kept=st.sets(st.integers(0, 19)))
def test_no_category_is_left_that_no_row_holds(rows: list[str | None], kept: set[int]) -> None:
    column = pd.Series(rows, dtype="str").astype("category")
    some = column[column.index.isin(list(kept))]
    tidy = without_unused(some)
    assert tidy.astype("str").equals(some.astype("str"))
    assert set(tidy.cat.categories) == set(tidy.dropna())
