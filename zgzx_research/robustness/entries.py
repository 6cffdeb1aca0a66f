"""Entries to a contest: one row per entry, with its stratum and whether it was awarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.permutation_statistic import first_treated

WHERE = "randomisation_inference"
COLUMNS = ("unit", "year", "awarded")


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of the units of a panel.

    Attributes
    ----------
    unit : (entries,) int
        Place in the panel.
    year : (entries,) float
        Year of the final: the first treated period if this is the unit's first award.
    stratum : (entries,) int
        Code of the contest within which awards are exchanged.
    awarded : (entries,) bool
    units : int
        Units of the panel.
    """

    unit: np.ndarray
    year: np.ndarray
    stratum: np.ndarray
    awarded: np.ndarray
    units: int

    def first_award(self, awarded: np.ndarray) -> np.ndarray:
        """(units,) year of the first award when these entries are awarded; infinity = never."""
        start = np.full(self.units, np.inf)
        np.minimum.at(start, self.unit[awarded], self.year[awarded])
        return start


def entries_of_panel(panel: PreparedPanel, entries: pd.DataFrame, within: Sequence[str]) -> Entries:
    """Read a table of entries, and hold it against the first treated periods of the panel.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    entries : DataFrame
        Columns unit, year, awarded, and those of `within`.
    within : sequence of str
        Columns whose combinations are the strata.

    Raises
    ------
    ZgzxError
        A missing column or value, no entry of a unit in the panel, or units whose first award in
        the entries is not their first treated period.
    """
    _check_columns(entries, within)
    place = pd.Index(np.arange(len(panel.y)) if panel.units is None else panel.units)
    unit = place.get_indexer(entries["unit"])
    known = unit >= 0
    if not known.any():
        raise ZgzxError(
            "no entry is of a unit in the panel",
            where=WHERE,
            count=len(entries),
            remedy="The column unit must hold the names in panel.units.",
        )
    used = entries[known]
    found = Entries(
        unit[known],
        used["year"].to_numpy(float),
        used.groupby(list(within), sort=True).ngroup().to_numpy(),
        used["awarded"].to_numpy(bool),
        len(panel.y),
    )
    _refuse_contradictions(panel, found)
    return found


def _check_columns(entries: pd.DataFrame, within: Sequence[str]) -> None:
    wanted = [*COLUMNS, *within]
    missing = [name for name in wanted if name not in entries.columns]
    if missing:
        raise ZgzxError(
            "the entries lack a column",
            where=WHERE,
            count=len(missing),
            examples=missing,
            remedy=f"Name the columns {', '.join(wanted)}.",
        )
    empty = entries[wanted].isna().any(axis=1)
    if empty.any():
        raise ZgzxError(
            "entries without unit, year, result or stratum",
            where=WHERE,
            count=int(empty.sum()),
            remedy="Complete them or leave them out.",
        )


def _refuse_contradictions(panel: PreparedPanel, entries: Entries) -> None:
    last = panel.periods[-1]
    listed, kept = entries.first_award(entries.awarded), first_treated(panel)
    differ = np.where(listed > last, np.inf, listed) != np.where(kept > last, np.inf, kept)
    if differ.any():
        years = np.unique(np.minimum(listed, kept)[differ])
        raise ZgzxError(
            "the first award in the entries is not the first treated period of the panel",
            where=WHERE,
            count=int(differ.sum()),
            examples=(f"first award {year:g}" for year in years),
            remedy="List every entry of these units, or leave the units out of the panel.",
        )
