"""Counts that an earlier edition of a report published, and what counts of today tell beside them.

Whoever has both editions can subtract. So a count that has changed by few is a small group, and one
that was left blank may be unchanged. What is left blank for that reason: see
docs/methodology/disclosure.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

TOTAL = "total"  # the row and the column of totals


@dataclass(frozen=True)
class EarlierCounts:
    """What an earlier edition showed.

    Attributes
    ----------
    counts : Mapping
        Name of a fact to the count that was shown; None where it was blank.
    tables : Mapping
        Name of a table or figure to its counts as they were shown, missing where blank.
    """

    counts: Mapping[str, int | None] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def tells(self, name: str, now: int, minimum: int) -> bool:
        """Whether a count of today tells too much: it changed by few, or it was blank.

        Parameters
        ----------
        name : str
            Name of the fact.
        now : int
            The count of today.
        minimum : int
            Smallest change that may be known.
        """
        if name not in self.counts or now == 0:
            return False
        then = self.counts[name]
        return then is None or 0 < abs(now - then) < minimum

    def told_parts(self, name: str, now: Mapping[str, int], whole: str, minimum: int) -> list[str]:
        """List the counts of a whole and its parts that tell too much, alone or by what is beside.

        Parameters
        ----------
        name : str
            First parts of the names of the facts, ``<name>.<count>``.
        now : Mapping
            Counts of today; one is the whole, the others are parts of it.
        whole : str
            Which one it is.
        minimum : int
            Smallest change that may be known.
        """
        told = [one for one in now if self.tells(f"{name}.{one}", now[one], minimum)]
        then = self.counts.get(f"{name}.{whole}")
        for part in (one for one in now if one not in (whole, *told)):
            was = self.counts.get(f"{name}.{part}")
            if then is None or was is None:
                continue
            beside = abs((now[whole] - now[part]) - (then - was))
            told += [part] * (0 < beside < minimum)
        return told

    def knows(self, name: str, now: int) -> bool:
        """Whether a count of today was shown and has not changed, so that it hides no other."""
        return self.counts.get(name) == now


NOTHING = EarlierCounts()  # no earlier edition


def against_before(
    table: pd.DataFrame, before: pd.DataFrame | None, minimum: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mark counts that tell too much beside those of an earlier edition, and those it tells.

    Parameters
    ----------
    table : DataFrame
        Counts of today.
    before : DataFrame, optional
        Counts that the earlier edition showed, missing where blank.
    minimum : int
        Smallest change that may be known.

    Returns
    -------
    array of bool, shape of the table
        Whether the count changed by few, or was blank: its history may be unchanged.
    array of bool, shape of the table
        Whether the count was shown and has not changed.
    """
    told, known = np.zeros((2, *table.shape), dtype=bool)
    if before is None:
        return told, known
    then = before.reindex(index=table.index, columns=table.columns).to_numpy(
        dtype=float, na_value=np.nan
    )
    in_both = np.outer(table.index.isin(before.index), table.columns.isin(before.columns))
    now = table.to_numpy()
    change = np.abs(now - then)
    small = (change > 0) & (change < minimum)
    told = in_both & (now > 0) & (small | np.isnan(then))
    return told, in_both & (change == 0)
