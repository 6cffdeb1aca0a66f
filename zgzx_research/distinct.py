"""Rows that repeat each other, told apart once: all rooms' tables are long, what they say is short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


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
