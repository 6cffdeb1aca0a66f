"""Covariates that are text or categories.

Whole numbers for the levels, then one column of zeros and ones per level.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

MOST_LEVELS = 100  # more columns than these describe single units, not kinds of units
MOST_NUMBERS = (
    20  # text with more different numbers than these is a measure, not a code of categories
)
DROPPED = "text covariate: one column per level, held against the level named"


def level_codes(column: pd.Series, name: str) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """(rows,) level of each row from 0, NaN where missing, and the levels in order.

    None for numbers.

    Levels come in the order of the categories, of text in the order of the alphabet, and are those
    of the whole table, so that every comparison uses the same columns.

    Raises
    ------
    ZgzxError
        Text that holds numbers, or so many levels that they name single units.
    """
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    if not categories and not _is_text(column):
        return None
    if categories:
        codes, levels = (
            column.cat.codes.to_numpy().astype(float),
            [str(level) for level in column.cat.categories],
        )
        codes[codes < 0] = np.nan
    else:
        codes, levels = _text_codes(column, name)
    used = np.unique(codes[~np.isnan(codes)])
    if len(used) > MOST_LEVELS:
        raise ZgzxError(
            f"the covariate has {len(used)} levels",
            where=f"column {name!r}",
            examples=levels[:3],
            remedy=f"Group them into {MOST_LEVELS} or fewer, or leave the covariate out.",
        )
    return codes, tuple(levels)


def _is_text(column: pd.Series) -> bool:
    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
    return kind == "string" or (
        pd.api.types.is_string_dtype(column.dtype) and column.dtype != object
    )


def _text_codes(column: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    text = column.str.strip()
    codes, levels = pd.factorize(text.mask(text == ""), sort=True)
    numbers = pd.to_numeric(pd.Series(np.asarray(levels, dtype=object)), errors="coerce").to_numpy(
        float
    )
    whole = np.floor(numbers) == numbers
    if (
        len(levels)
        and not np.isnan(numbers).any()
        and (len(levels) > MOST_NUMBERS or not whole.all())
    ):
        raise ZgzxError(
            f"column {name!r} holds numbers as text",
            where="prepare_panel",
            examples=levels[:3],
            remedy=f'Call pandas.to_numeric(table["{name}"]).',
        )
    return np.where(codes < 0, np.nan, codes), [str(level) for level in levels]


def level_column(codes: np.ndarray, level: float) -> np.ndarray:
    """Zeros and ones: whether a code is this level; NaN where it is missing."""
    return np.where(np.isnan(codes), np.nan, codes == level)
