"""Cohorts too small to tell their own spread: flagged, and in aggregates given the spread of the others.

One unit (or one cluster) has no deviation from its own mean, so sums of squares would call its effect certain. Its mean
varies as the means of other units (clusters) do; that variance is borrowed for every statistic that uses the mean. Its
share then counts as fixed: a share's influence would count the same deviation again.
"""

from __future__ import annotations

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


def size_notes(cohorts: np.ndarray, units: np.ndarray, clusters: np.ndarray) -> list[tuple]:
    """Ledger rows of treated cohorts with one or few units or clusters."""
    notes, treated = [], np.isfinite(cohorts)
    for which, reason in (
        (units == 1, "cohort of one unit: no standard error of its own"),
        ((units > 1) & (clusters == 1), "cohort of one cluster: no standard error of its own"),
        ((clusters > 1) & (clusters < FEW), "cohort of two to four units or clusters: its standard error is rough"),
    ):
        found = treated & which
        if found.any():
            notes.append(("note", reason, 0, int(units[found].sum()), tuple(f"{g:g}" for g in cohorts[found])))
    return notes


def borrowed_covariance(moments: Moments, on_means: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(statistics, statistics) variance that the means of one-unit (one-cluster) cohorts add.

    Parameters
    ----------
    on_means : (statistics, cohorts, periods) weight of each statistic on each mean. clusters : (cohorts,) as above.
    """
    lonely = np.flatnonzero(clusters == 1)
    total = np.zeros((len(on_means), len(on_means)))
    for cohort in lonely:
        needed = moments.observed[moments.cohort == cohort].any(axis=0)
        spread = _common_spread(moments, needed)
        total += on_means[:, cohort] @ spread @ on_means[:, cohort].T
    return total


def _common_spread(moments: Moments, needed: np.ndarray) -> np.ndarray:
    """(periods, periods) covariance within strata of a unit's outcomes, or of a cluster's mean; 0 where unknown.

    From strata observed in all periods `needed`, so that unit effects cancel; from all strata where there is none.
    """
    whole = (moments.observed | ~needed).all(axis=1)
    strata = np.flatnonzero(whole if moments.second[whole].any() else np.ones_like(whole))
    if moments.clusters is None:
        seen = moments.observed[strata, :, None] & moments.observed[strata, None, :]
        products = moments.second[strata].sum(axis=0)
        freedom = (seen * (moments.zeroth * (1 - 1 / moments.units))[strata, None, None]).sum(axis=0)
    else:
        sums = moments.clusters
        stratum = np.repeat(np.arange(len(moments.units)), np.diff(sums.starts))
        rows = np.isin(stratum, strata)
        share = (sums.weight / sums.weight.mean())[rows]  # large clusters tell more of each other than small ones
        seen, mean = moments.observed[stratum[rows]] * 1.0, (sums.total / sums.weight[:, None])[rows]
        lost = max(1 - len(strata) / len(share), 1 / len(share))  # a mean is taken from each stratum
        products, freedom = (share[:, None] * mean).T @ mean, lost * (share[:, None] * seen).T @ seen
    return np.divide(products, freedom, out=np.zeros_like(products), where=freedom > 0)
