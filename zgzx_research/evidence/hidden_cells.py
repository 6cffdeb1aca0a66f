"""The parts of a known total, without those that are too small to be shown."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.disclosure import hidden_parts


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
