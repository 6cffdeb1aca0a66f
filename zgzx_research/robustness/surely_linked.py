"""Firms whose award is surely theirs: linked by a code, the full name or a person's decision."""

from __future__ import annotations

import pandas as pd

from zgzx_research.errors import ZgzxError

SURE = 0.95  # score of a full name; codes and accepted decisions have 1 (link.link_firms.STEPS)


def surely_linked(
    table: pd.DataFrame,
    *,
    unit: str = "firm_id",
    score: str = "award_link_score",
    min_score: float = SURE,
) -> pd.Series:
    """Which units stay when only sure links of awards count.

    Parameters
    ----------
    table : DataFrame
        One or more rows per unit.
    unit, score : str
        Columns; the score says how the award was linked, missing = no award.
    min_score : float, default 0.95
        Smallest score that counts as sure.

    Returns
    -------
    pandas.Series
        bool by unit, a level of the axis "units" of `specification_curve`. Units without an award
        stay; units whose award was linked less surely do not, for they may be winners or not.

    Raises
    ------
    ZgzxError
        A column that is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"firm_id": [1, 2, 3], "award_link_score": [0.95, 0.9, None]})
    >>> surely_linked(table).tolist()
    [True, False, True]
    """
    missing = [name for name in (unit, score) if name not in table.columns]
    if missing:
        raise ZgzxError(
            "the table lacks a column",
            where="surely_linked",
            count=len(missing),
            examples=missing,
            remedy="Name columns of the panel of firms.",
        )
    known = table.groupby(unit)[score].max()
    return known.isna() | known.ge(min_score)
