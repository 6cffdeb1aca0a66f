"""How many units of each cohort are observed in which periods, and in which clusters they are.

A stratum is a cohort with one pattern of observed periods. Whatever a method counts (units of a
cohort, observations, clusters behind a cell) follows from its strata.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.moments import DENSE, observation_strata
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete, once
from zgzx_research.did.panel.prepared_panel import PreparedPanel


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of a panel, in the order of their cohorts and patterns.

    Attributes
    ----------
    cohort : (strata,) int
        Index of the cohort.
    observed : (strata, periods) bool
    units : (strata,) int
    clusters : (pairs, 2) int, optional
        Stratum and cluster, once for each cluster that has units in the stratum; None where units
        are independent.
    """

    cohort: np.ndarray
    observed: np.ndarray
    units: np.ndarray
    clusters: np.ndarray | None

    def __add__(self, other: Strata) -> Strata:
        cohort = np.concatenate([self.cohort, other.cohort])
        observed = np.concatenate([self.observed, other.observed])
        group, first = same_strata(cohort, observed)
        units = np.zeros(len(first), dtype=np.int64)
        np.add.at(units, group, np.concatenate([self.units, other.units]))
        pairs = None
        if self.clusters is not None and other.clusters is not None:
            stratum = np.concatenate([self.clusters[:, 0], other.clusters[:, 0] + len(self.units)])
            cluster = np.concatenate([self.clusters[:, 1], other.clusters[:, 1]])
            pairs = _distinct_pairs(group[stratum], cluster)
        return Strata(cohort[first], observed[first], units, pairs)

    @property
    def rows(self) -> int:
        """Observations."""
        return int(self.units @ self.observed.sum(axis=1))

    @property
    def cluster_count(self) -> int:
        """Clusters, or units where these are independent."""
        if self.clusters is None:
            return int(self.units.sum())
        return len(_distinct(self.clusters[:, 1]))

    def observed_units(self, cohorts: int) -> np.ndarray:
        """(cohorts, periods) units observed."""
        units = np.zeros((cohorts, self.observed.shape[1]), dtype=np.int64)
        np.add.at(units, self.cohort, self.units[:, None] * self.observed)
        return units

    def sizes(self, cohorts: int) -> tuple[np.ndarray, np.ndarray]:
        """(cohorts,) units and clusters of each cohort; units where no clusters were given."""
        units = np.zeros(cohorts, dtype=np.int64)
        np.add.at(units, self.cohort, self.units)
        if self.clusters is None:
            return units, units
        pairs = _distinct_pairs(self.cohort[self.clusters[:, 0]], self.clusters[:, 1])
        return units, np.bincount(pairs[:, 0], minlength=cohorts)

    def seen_in(self, periods: np.ndarray) -> tuple[int, int]:
        """Observations in some periods (mask), and units that have any."""
        seen = self.observed[:, periods]
        return int(self.units @ seen.sum(axis=1)), int(self.units[seen.any(axis=1)].sum())


def strata_of(panel: Panel) -> Strata:
    """Return the strata of a panel."""
    return once(panel, _strata, Strata.__add__)


def same_strata(cohort: np.ndarray, pattern: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) group of each row with one cohort and pattern, and the first row of each group.

    Groups are in the order in which `observation_strata` has its strata.
    """
    keys = np.column_stack([cohort, np.packbits(pattern, axis=1)]).astype(np.int64)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return group.ravel(), first


def _strata(panel: PreparedPanel) -> Strata:
    if len(panel.y) and is_complete(panel):
        return _complete_strata(panel)
    seen = ~np.isnan(panel.y)
    member, first = observation_strata(panel.cohort, seen)
    pairs = None if panel.cluster is None else _distinct_pairs(member, panel.cluster)
    return Strata(
        panel.cohort[first], seen[first], np.bincount(member, minlength=len(first)), pairs
    )


def _complete_strata(panel: PreparedPanel) -> Strata:
    """Return the same where every unit is observed in every period: strata are cohorts."""
    counts = np.bincount(panel.cohort)
    used = np.flatnonzero(counts)
    pairs = None
    if panel.cluster is not None:
        pairs = _distinct_pairs((np.cumsum(counts > 0) - 1)[panel.cohort], panel.cluster)
    observed = np.ones((len(used), panel.y.shape[1]), dtype=bool)
    return Strata(used, observed, counts[used], pairs)


def _distinct(code: np.ndarray) -> np.ndarray:
    """Distinct whole numbers in rising order; by counting, or by sorting where far apart."""
    if code.max(initial=0) > DENSE * len(code):
        return np.unique(code)
    there = np.zeros(code.max(initial=-1) + 1, dtype=bool)
    there[code] = True
    return np.flatnonzero(there)


def _distinct_pairs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(pairs, 2) int, distinct pairs in rising order."""
    width = int(other.max(initial=0)) + 1
    return np.column_stack(np.divmod(_distinct(one.astype(np.int64) * width + other), width))
