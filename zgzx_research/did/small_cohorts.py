"""Cohorts too small to tell their own spread: flagged, and in aggregates given the spread of the others.

One unit (or one cluster) has no deviation from its own mean, so sums of squares would call its effect certain. Its mean
varies as the means of other units (clusters) do; that variance is borrowed for every statistic that uses the mean. Its
share then counts as fixed: a share's influence would count the same deviation again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zgzx_research.did.moments import Moments

FEW = 5  # below so many units or clusters a cohort's own standard error is rough


def cohort_sizes(moments: Moments, cohorts: int) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts,) units and clusters of each cohort; units where no clusters were given."""
    units = np.bincount(moments.cohort, moments.units, minlength=cohorts).astype(np.int64)
    if moments.clusters is None:
        return units, units
    owner = np.repeat(moments.cohort, np.diff(moments.clusters.starts))
    pairs = np.unique(owner * moments.clusters.count + moments.clusters.cluster)
    return units, np.bincount(pairs // moments.clusters.count, minlength=cohorts)


def with_freedom_lost(moments: Moments, cohorts: int) -> Moments:
    """Moments whose spread within each cohort of n units (clusters) is n / (n - 1) times as large.

    Influence values are taken about the cohort's own mean, so with n units their products fall short by 1 / n: with
    eleven cohorts of ten, 95 % intervals cover 93.5 %. One unit has no spread to correct; its is borrowed.
    """
    units, clusters = cohort_sizes(moments, cohorts)
    size = units if moments.clusters is None else clusters
    factor = (size / np.maximum(size - 1, 1))[moments.cohort]
    spread = {
        "zeroth": moments.zeroth * factor,
        "first": moments.first * factor[:, None],
        "second": moments.second * factor[:, None, None],
    }
    if moments.clusters is None:
        return replace(moments, **spread)
    sums = moments.clusters
    root = np.sqrt(np.repeat(factor, np.diff(sums.starts)))
    sums = replace(sums, weight=sums.weight * root, total=sums.total * root[:, None])
    return replace(moments, **spread, clusters=sums)


def treated_freedom(moments: Moments, cohorts: np.ndarray) -> float:
    """Degrees of freedom of t and F quantiles: treated units (clusters) less one per cohort, and at least one."""
    size = cohort_sizes(moments, len(cohorts))[1]
    return float(max((size - 1)[np.isfinite(cohorts) & (size > 0)].sum(), 1))


def size_notes(cohorts: np.ndarray, units: np.ndarray, clusters: np.ndarray) -> list[tuple]:
    """Ledger rows of cohorts, the never treated among them, with one or few units or clusters."""
    notes = []
    for which, reason in (
        (units == 1, "cohort of one unit: no standard error of its own"),
        ((units > 1) & (clusters == 1), "cohort of one cluster: no standard error of its own"),
        ((clusters > 1) & (clusters < FEW), "cohort of two to four units or clusters: its standard error is rough"),
    ):
        if which.any():
            shown = tuple(f"{g:g}" if np.isfinite(g) else "never treated" for g in cohorts[which])
            notes.append(("note", reason, 0, int(units[which].sum()), shown))
    return notes


def borrowed_covariance(
    moments: Moments, on_means: np.ndarray, lonely: np.ndarray, *, relative: bool = False
) -> np.ndarray:
    """(statistics, statistics) variance that means of one unit (one cluster) add.

    Parameters
    ----------
    on_means : (statistics, cohorts, periods) weight of each statistic on each mean.
    lonely : (statistics, cohorts) bool, whether for this statistic the cohort's mean rests on one unit or cluster.
    relative : counts: spread grows with the mean, so it is lent in proportion to it.
    """
    level = _levels(moments) if relative else np.ones(len(moments.units))
    total = np.zeros((len(on_means), len(on_means)))
    for cohort in np.flatnonzero(lonely.any(axis=0)):
        mine = moments.cohort == cohort
        own = on_means[:, cohort] * lonely[:, cohort, None] * np.average(level[mine], weights=moments.weight[mine])
        total += own @ _common_spread(moments, level, moments.observed[mine].any(axis=0)) @ own.T
    return total


def _levels(moments: Moments) -> np.ndarray:
    """(strata,) mean outcome over the observed periods."""
    return (moments.mean * moments.observed).sum(axis=1) / moments.observed.sum(axis=1)


def _common_spread(moments: Moments, level: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """(periods, periods) covariance within strata of a unit's outcomes, or of a cluster's mean; 0 where unknown.

    In units of the strata's `level`. From strata observed in all periods `needed`, so that unit effects cancel; from
    all strata where there is none.
    """
    whole = (moments.observed | ~needed).all(axis=1) & (level > 0)
    strata = np.flatnonzero(whole if moments.second[whole].any() else level > 0)
    if moments.clusters is None:
        seen = moments.observed[strata, :, None] & moments.observed[strata, None, :]
        products = (moments.second[strata] / level[strata, None, None] ** 2).sum(axis=0)
        freedom = (seen * (moments.zeroth * (1 - 1 / moments.units))[strata, None, None]).sum(axis=0)
    else:
        sums = moments.clusters
        stratum = np.repeat(np.arange(len(moments.units)), np.diff(sums.starts))
        rows = np.isin(stratum, strata)
        share = (sums.weight / sums.weight.mean())[rows]  # large clusters tell more of each other than small ones
        seen, mean = moments.observed[stratum[rows]] * 1.0, (sums.total / (sums.weight * level[stratum])[:, None])[rows]
        lost = max(1 - len(strata) / len(share), 1 / len(share))  # a mean is taken from each stratum
        products, freedom = (share[:, None] * mean).T @ mean, lost * (share[:, None] * seen).T @ seen
    return np.divide(products, freedom, out=np.zeros_like(products), where=freedom > 0)
