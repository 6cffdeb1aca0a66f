"""What every clean row carries, and identifiers that follow the order of the rows."""

from __future__ import annotations

import pandas as pd

KEY = ["file", "sheet", "row", "part"]


def ranked_ids(letter: str, digits: int, group: pd.Series) -> pd.Series:
    """Identifiers by the order in which the groups first appear; null where the group is missing."""
    rank = pd.Series(pd.factorize(group)[0] + 1, index=group.index)
    return (letter + rank.astype("str").str.zfill(digits)).where(group.notna())
