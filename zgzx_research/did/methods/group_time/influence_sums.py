"""Sums over units, or clusters, of products of influence values, and the covariances they give.

Besides the influence values of the statistics, a pass sums products with the treated units' own
weights and with the weights of whole cohorts. Influence on cohort shares, and influence about zero
instead of about a cohort's mean (see `score_test`), are linear in these: one pass is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from zgzx_research.did.core.comparisons import unit_weights
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.passes import Chunk, Passes


@dataclass(frozen=True, slots=True)
class Sheet:
    """Influence values of the units of a chunk, of the columns that they have some in.

    They are written where they stay: to copy them costs as much as to find them.

    Attributes
    ----------
    values : (columns, units)
        Filled from above.
    columns : list[numpy.ndarray]
        Numbers of the columns filled so far.
    """

    values: np.ndarray
    columns: list[np.ndarray] = field(default_factory=list)

    def rows(self, columns: np.ndarray) -> np.ndarray:
        """(columns, units) place for the values of some more columns."""
        start = sum(map(len, self.columns))
        self.columns.append(columns)
        return self.values[start : start + len(columns)]


Kernel = Callable[[Chunk, Sheet], None]
"""Writes the influence values of a chunk; all other columns are zero."""


@dataclass(frozen=True, slots=True)
class InfluenceSums:
    """Sums of products of the columns: statistics, own weights, weights of cohorts.

    Attributes
    ----------
    gram : (columns, columns)
    by_cluster : (clusters, columns), optional
        Influence values summed by cluster, where there are clusters.
    statistics : int
        How many columns are statistics.
    own : (comparisons,) int
        Column of the weights of the treated units of each comparison.
    cohorts : (cohorts,) int
        Columns of the weights of cohorts.
    """

    gram: np.ndarray
    by_cluster: np.ndarray | None
    statistics: int
    own: np.ndarray
    cohorts: np.ndarray

    def covariance(self, by_cohort: np.ndarray) -> np.ndarray:
        """Covariance of the statistics and the shares.

        Parameters
        ----------
        by_cohort : (cohorts, cohorts)
            Influence of a unit of each cohort on each share, per unit of weight.
        """
        last, count = self.statistics, self.statistics + len(by_cohort)
        joint = np.zeros((count, count))
        joint[:last, :last] = self.gram[:last, :last]
        joint[:last, last:] = self.gram[:last, self.cohorts] @ by_cohort
        joint[last:, :last] = joint[:last, last:].T
        joint[last:, last:] = (
            by_cohort.T @ self.gram[np.ix_(self.cohorts, self.cohorts)] @ by_cohort
        )
        return joint

    def about_zero(self, per_weight: np.ndarray, tested: np.ndarray) -> np.ndarray:
        """(comparisons, comparisons) covariance of tested departures about zero, 0 for the others.

        A departure is a difference, or a treated total less the counterfactual one.

        Parameters
        ----------
        per_weight : (comparisons,)
            Departures, per unit of weight of the treated.
        tested : (comparisons,) bool
        """
        count = len(tested)
        rows, own = np.flatnonzero(tested), self.own[tested]
        once = np.ones(len(rows))
        columns = [(rows, once), (own, per_weight[tested])]
        if self.statistics > count:
            columns.append((count + rows, -once))
        null = np.zeros((count, count))
        null[np.ix_(rows, rows)] = sum(
            self.gram[np.ix_(one, other)] * np.outer(a, b)
            for one, a in columns
            for other, b in columns
        )
        return null


def share_influence(weight: np.ndarray, shares: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(cohorts, cohorts) influence of a unit of each cohort on each share, per unit of weight.

    Parameters
    ----------
    weight, shares, drawn : (cohorts,)
        Weight in all, share, and whether a cohort's size counts as drawn.
    """
    return drawn[:, None] * (np.eye(len(shares)) - shares) / weight[shares > 0].sum()


def own_columns(groups: Sequence[ModelGroup], complete: bool) -> tuple[np.ndarray, int]:
    """(groups,) number of the treated units' weights among those that differ, and how many do."""
    keys = [(g.treated, g.at) if complete else (k, 0) for k, g in enumerate(groups)]
    number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys], dtype=int), len(number)


def influence_sums(
    passes: Passes, kernel: Kernel, groups: Sequence[ModelGroup], comparisons: int, totals: int
) -> InfluenceSums:
    """One pass over all units with their influence values.

    Parameters
    ----------
    kernel : Kernel
        Columns are those of the `totals` x `comparisons` statistics.
    groups : Sequence[ModelGroup]
        The comparisons that have influence values.
    """
    statistics, complete = totals * comparisons, passes.scaling.complete
    number, count = own_columns(groups, complete)
    first = statistics + count
    size = first + len(passes.panel.cohorts)

    def columns(chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        here = sum(len(group.comparisons) for group in groups if group.has(chunk.cohort))
        sheet = Sheet(np.empty((totals * here + count + 1, len(chunk.rows))))
        kernel(chunk, sheet)
        treated = [k for k, group in enumerate(groups) if group.treated == chunk.cohort]
        own, at = np.unique(number[treated], return_index=True)
        for column, k in zip(own, at, strict=True):
            sheet.rows(np.array([statistics + column]))[:] = chunk.sample(groups[treated[k]])[1]
        sheet.rows(np.array([first + chunk.cohort]))[:] = unit_weights(chunk.weights)
        used = np.concatenate(sheet.columns)
        return used, sheet.values[: len(used)].T

    own = np.zeros(comparisons, dtype=int)
    for k, group in enumerate(groups):
        own[group.comparisons] = statistics + number[k]
    cohorts = np.arange(first, size)
    return InfluenceSums(*passes.products(columns, size), statistics, own, cohorts)
