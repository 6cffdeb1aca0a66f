"""Texts and rows that repeat are read once: tables are long, what they say is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Distinct = TypeVar("Distinct", pd.Series, pd.DataFrame)


def by_distinct(column: pd.Series, build: Callable[[pd.Series], Distinct]) -> Distinct:
    """`build` of the distinct texts of a column (a series or frame, a row per text), handed back to every row.

    Missing texts are missing in the result; its index is the column's.
    """
    codes, texts = pd.factorize(column)
    built = build(pd.Series(texts, dtype="str"))
    built.index = pd.RangeIndex(len(texts))
    return built.reindex(codes).set_axis(column.index, axis=0)


def holds(column: pd.Series, test: Callable[[str], object]) -> pd.Series:
    """Whether each text passes a test (bool); a missing one does not."""
    return on_unique(column, lambda text: bool(test(text)), "boolean").fillna(False).astype("bool")


def on_unique(column: pd.Series, function: Callable[[str], Any], dtype: str = "object") -> pd.Series:
    """`function` of every distinct text, as `dtype`; missing stays missing."""
    return by_distinct(column, lambda texts: pd.Series([*map(function, texts.tolist())], dtype="object").astype(dtype))


def distinct_rows(table: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) number of the combination of values a row has, and (combinations,) position of the first row of each.

    Combinations are numbered as they first appear; a missing value is a value.
    """
    code = np.zeros(len(table), dtype=np.int64)
    for column in columns:
        own, values = pd.factorize(table[column])
        code = pd.factorize(code * (len(values) + 1) + own + 1)[0].astype(np.int64, copy=False)
    first = np.flatnonzero(~pd.Series(code).duplicated().to_numpy())
    return code, first


def as_categories(values: pd.Series, rows: np.ndarray, index: pd.Index) -> pd.Series:
    """values[rows] as a categorical on `index`: a long column costs four bytes a row, whatever its texts."""
    own, texts = pd.factorize(values)
    return pd.Series(pd.Categorical.from_codes(own[rows], texts), index=index)
