"""Texts and rows that repeat are read once: tables are long, what they say is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Distinct = TypeVar("Distinct", pd.Series, pd.DataFrame)


def by_distinct(column: pd.Series, build: Callable[[pd.Series], Distinct]) -> Distinct:
    """Apply `build` to the distinct texts of a column and give every row its result.

    Parameters
    ----------
    column : pandas.Series
        Texts; missing ones are missing in the result.
    build : Callable[[pandas.Series], Distinct]
        Callable Series of distinct texts -> series or frame with a row per text.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        On the index of the column.
    """
    codes, texts = pd.factorize(column)
    built = build(pd.Series(texts, dtype="str"))
    if isinstance(built, pd.DataFrame):
        return pd.DataFrame(
            {name: built[name].array.take(codes, allow_fill=True) for name in built},
            index=column.index,
        )
    return pd.Series(built.array.take(codes, allow_fill=True), index=column.index, copy=False)


def holds(column: pd.Series, test: Callable[[str], object]) -> pd.Series:
    """Whether each text passes a test (bool); a missing one does not."""
    return on_unique(column, lambda text: bool(test(text)), "boolean").fillna(False).astype("bool")


def on_unique(
    column: pd.Series, function: Callable[[str], Any], dtype: str = "object"
) -> pd.Series:
    """Apply `function` to every distinct text, as `dtype`; missing stays missing."""
    return on_texts(column, lambda texts: [*map(function, texts)], dtype)


def on_texts(
    column: pd.Series, function: Callable[[list[str]], Sequence[Any]], dtype: str = "object"
) -> pd.Series:
    """Apply a function of all distinct texts at once, as `dtype`; missing stays missing."""
    return by_distinct(
        column, lambda texts: pd.Series(function(texts.tolist()), dtype="object").astype(dtype)
    )


def is_in(column: pd.Series, texts: pd.Series) -> pd.Series:
    """Whether a text of `column` is one of `texts`; a missing one is not.

    Each distinct text is compared once, where pandas would compare every row.
    """
    code, known = pd.factorize(pd.concat([texts, column]))
    wanted = np.zeros(len(known) + 1, dtype=bool)  # the last is a missing text
    wanted[code[: len(texts)]] = True
    wanted[-1] = False
    return pd.Series(wanted[code[len(texts) :]], index=column.index)


def distinct_rows(table: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give each combination of values in some columns a number.

    Combinations are numbered as they first appear; a missing value is a value.

    Returns
    -------
    tuple of numpy.ndarray
        (rows,) the number of each row's combination, and (combinations,) the position of the first
        row of each.
    """
    code, size = np.zeros(len(table), dtype=np.int64), 1
    for column in columns:
        own, count = _numbered(table[column])
        if size * (count + 1) > np.iinfo(np.int64).max:
            code, known = pd.factorize(code)
            size = len(known)
        code = code * np.int64(count + 1) + own + 1
        size *= count + 1
    code = pd.factorize(code)[0].astype(np.int64, copy=False)
    first = np.flatnonzero(~pd.Series(code).duplicated().to_numpy())
    return code, first


def _numbered(column: pd.Series) -> tuple[np.ndarray, int]:
    """A number for each value, -1 where it is missing, and how many numbers there may be."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), len(column.cat.categories)
    own, values = pd.factorize(column)
    return own, len(values)


def without_unused(column: pd.Series) -> pd.Series:
    """Return a categorical without the categories no row holds."""
    codes, texts = column.cat.codes.to_numpy(), column.cat.categories
    used = np.bincount(codes[codes >= 0], minlength=len(texts)) > 0
    if used.all():
        return column
    number = np.append(np.cumsum(used) - 1, -1)  # the last is that of a missing cell
    return pd.Series(
        pd.Categorical.from_codes(number[codes], texts[used], validate=False), index=column.index
    )


def as_categories(values: pd.Series, rows: np.ndarray, index: pd.Index) -> pd.Series:
    """values[rows] as a categorical on `index`.

    A long column costs four bytes a row, whatever its texts.
    """
    own, texts = pd.factorize(values)
    return pd.Series(pd.Categorical.from_codes(own[rows], texts), index=index)
