"""A table of counts by group and edition, without cells that are too small to be shown."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.disclosure import hidden_parts


def hide_cells(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Hide small cells, and as many others that none can be worked out from a total.

    Parameters
    ----------
    table : DataFrame
        Counts; a row per group, a column per edition. Totals by row and by column may be known.
    minimum : int
        Smallest count to show; a zero identifies nobody and is shown.

    Returns
    -------
    DataFrame
        The same as Int64, hidden cells missing: the hidden cells of every row, and of every
        column, are two or more and come to `minimum` together.
    """
    hidden = table.gt(0) & table.lt(minimum)
    before = -1
    while int(hidden.to_numpy().sum()) != before:
        before = int(hidden.to_numpy().sum())
        for edition in table.columns:
            hidden[edition] = hidden_parts([*table[edition]], [*hidden[edition]], minimum)
        for group in table.index:
            hidden.loc[group] = hidden_parts([*table.loc[group]], [*hidden.loc[group]], minimum)
    return table.astype("Int64").mask(hidden)


def hide_counts(counts: pd.Series, minimum: int) -> pd.Series:
    """Hide small counts, and as many others that none can be worked out from their total.

    Parameters
    ----------
    counts : Series
        The parts of a known total.
    minimum : int
        Smallest count to show; a zero is shown.

    Returns
    -------
    Series
        The same as Int64, hidden counts missing.
    """
    small = [0 < count < minimum for count in counts]
    hidden = pd.Series(hidden_parts([*counts], small, minimum), index=counts.index)
    return counts.astype("Int64").mask(hidden)
