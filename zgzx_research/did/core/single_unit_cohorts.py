"""The variance of a mean that rests on one unit (one cluster), taken from other cohorts.

One unit has no deviation from its own mean, so sums of squares would call the mean certain.
Estimates use changes of the unit between periods, so its variance is that of the same changes among
other units. With D(t, s) the variance of y_t - y_s among the units of one cohort that see both
periods, pooled over cohorts, and weights a and b of two estimates on the periods, each summing to
zero, their covariance is -½ Σ a_t b_s D(t, s). Effects of units cancel in every D, whatever gaps
the panel has. Weights that do not sum to zero (totals on the ratio scale, repeated cross-sections)
use the variance of levels too. Where a D that is needed is not known, neither is the covariance: it
is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.moments import Moments, cohort_means
from zgzx_research.did.panel.prepared_panel import LedgerRow

NOTHING = 1e-12  # a weight this small beside the largest of its estimate is rounding
BALANCED = 1e-9  # weights that sum to less than this share of their absolute sum, sum to zero
INDEFINITE = 1e-10  # smallest eigenvalue of a correlation matrix that counts as negative


@dataclass(frozen=True, slots=True)
class Spread:
    """Sums of squares within cohorts.

    Of changes between two periods off the diagonal, of levels on it.

    Attributes
    ----------
    square : (cohorts, periods, periods)
        About the cohort's mean, over the units (clusters) that see both periods.
    freedom : (cohorts, periods, periods)
        What to divide their sum by; 0 where fewer than two units (clusters) do.
    level : (cohorts, periods)
        Mean outcome, NaN where nobody is observed.
    """

    square: np.ndarray
    freedom: np.ndarray
    level: np.ndarray


def single_unit_covariance(
    moments: Moments,
    on_means: np.ndarray,
    single: np.ndarray,
    *,
    relative: bool = False,
    samples: bool = False,
) -> np.ndarray:
    """(estimates, estimates) covariance that means of one unit (cluster) add.

    NaN where nothing is known of it.

    Parameters
    ----------
    on_means : (estimates, cohorts, periods)
        Weight of each estimate on each mean.
    single : (estimates, cohorts) or (estimates, cohorts, periods) int
        0 where the mean has several units (clusters); else the number of the one it rests on, which
        need only tell apart the single units of one cohort.
    relative : bool, default False
        Counts: spread grows with the mean, so it is taken in proportion to it.
    samples : bool, default False
        Periods that no unit sees both of are independent samples (repeated cross-sections), not
        unknown.
    """
    total = np.zeros((len(on_means), len(on_means)))
    if not single.any():
        return total
    size = np.abs(on_means)
    on_means = np.where(size > NOTHING * size.max(axis=(1, 2), keepdims=True), on_means, 0.0)
    spread = _spread(moments, on_means.shape[1])
    single = single if single.ndim == 3 else single[:, :, None]
    for cohort in map(int, np.flatnonzero(single.any(axis=(0, 2)))):
        variance = _variance(spread, cohort, relative)
        for number in np.unique(single[:, cohort][single[:, cohort] != 0]):
            weight = on_means[:, cohort] * (single[:, cohort] == number)
            used = np.flatnonzero(weight.any(axis=1))
            if len(used):
                total[np.ix_(used, used)] += _covariance(weight[used], variance, samples)
    return total


def single_unit_notes(covariance: np.ndarray, labels: np.ndarray) -> list[LedgerRow]:
    """Ledger rows on the estimates without a standard error, for no other unit shows a spread.

    Parameters
    ----------
    covariance : (estimates, estimates)
        From `single_unit_covariance`, where totals are given all treated totals come first.
    labels : (rows,) text
        Of each cell or event time.
    """
    unknown = np.isnan(covariance)
    own = np.diag(unknown).reshape(-1, len(labels)).any(axis=0)
    both = unknown.any(axis=0).reshape(-1, len(labels)).any(axis=0) & ~own
    notes = []
    for which, reason in (
        (
            own,
            "rests on one unit, and no two others of a cohort see the same periods: "
            "no standard error",
        ),
        (
            both,
            "rests on one unit as others do, and no two units see the periods of both: "
            "no joint standard error",
        ),
    ):
        if which.any():
            notes.append(("note", reason, 0, int(which.sum()), tuple(labels[which][:3])))
    return notes


def _variance(spread: Spread, cohort: int, relative: bool) -> np.ndarray:
    """(periods, periods) variance of a unit of this cohort: of changes, diagonal: levels."""
    scale = np.ones(len(spread.level))
    if relative:
        shared = ~np.isnan(spread.level) & ~np.isnan(spread.level[cohort])
        own, other = (
            np.nan_to_num(spread.level[cohort]) @ shared.T,
            (np.nan_to_num(spread.level) * shared).sum(axis=1),
        )
        scale = np.divide(own, other, out=np.zeros_like(own), where=other > 0)
    square, freedom = (
        np.tensordot(scale**2, spread.square, 1),
        spread.freedom[scale > 0].sum(axis=0),
    )
    return np.divide(square, freedom, out=np.full_like(square, np.nan), where=freedom > 0)


def _covariance(weight: np.ndarray, variance: np.ndarray, samples: bool) -> np.ndarray:
    """(estimates, estimates) from their (estimates, periods) weights on one unit's outcomes."""
    periods = np.flatnonzero(weight.any(axis=0))
    weight, variance = weight[:, periods], variance[np.ix_(periods, periods)]
    level, change = np.diag(variance).copy(), variance.copy()
    np.fill_diagonal(change, 0.0)
    if samples:
        change = np.where(np.isnan(change), level[:, None] + level, change)
    balanced = (np.abs(weight.sum(axis=1)) <= BALANCED * np.abs(weight).sum(axis=1)).all()
    products = -change / 2 if balanced else (level[:, None] + level - change) / 2
    missing, products = np.isnan(products), np.nan_to_num(products)
    if (
        balanced
    ):  # adds nothing to weights that sum to zero, and shows whether the changes fit together
        products = products - products.mean(axis=0)
        products = products - products.mean(axis=1, keepdims=True)
    covariance = weight @ products @ weight.T
    roots = np.linalg.eigvalsh(products)
    if not missing.any() and roots[0] >= -INDEFINITE * max(roots[-1], 0.0):
        return covariance
    used = (weight != 0) * 1.0
    covariance = np.where(used @ missing @ used.T > 0, np.nan, covariance)
    return _definite(
        covariance, INDEFINITE * np.einsum("at,ts,as->a", abs(weight), abs(products), abs(weight))
    )


def _definite(covariance: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """Return the covariance with smaller correlations where they contradict each other.

    They may, for they come from different units.

    Variances stay as they are; one below zero by more than its `rounding` is unknown.
    """
    variance = np.diag(covariance)
    bad = ~(variance >= -rounding)
    covariance = np.where(bad | bad[:, None], np.nan, covariance)
    root = np.sqrt(np.where(bad | (variance <= 0), 1.0, variance))
    correlation = np.nan_to_num(covariance) / np.outer(root, root)
    np.fill_diagonal(correlation, 1.0)
    smallest = np.linalg.eigvalsh(correlation)[0]
    if smallest >= -INDEFINITE * len(correlation):
        return covariance
    return covariance / np.where(np.eye(len(covariance)) > 0, 1.0, 1 - smallest)


def _spread(moments: Moments, cohorts: int) -> Spread:
    """Return sums of squares of every pair of periods, of units or of the means of clusters."""
    periods = moments.observed.shape[1]
    square, freedom = np.zeros((2, cohorts, periods, periods))
    one = _of_units if moments.clusters is None else _of_clusters
    for t in range(periods):
        square[:, t], freedom[:, t] = one(moments, cohorts, t)
    return Spread(square, freedom, cohort_means(moments, cohorts))


def _of_units(moments: Moments, cohorts: int, t: int) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts, periods) sums of squares and freedom of the changes from each period to t.

    Of levels for t itself.
    """
    seen = moments.observed & moments.observed[:, [t]]
    other = (np.arange(seen.shape[1]) != t) * 1.0
    own = np.diagonal(moments.second, axis1=1, axis2=2)
    within = own[:, [t]] + other * (own - 2 * moments.second[:, t])
    first = moments.first[:, [t]] - other * moments.first
    change = moments.mean[:, [t]] - other * moments.mean
    twice = moments.zeroth[:, None] * seen
    away = change - _centre(change, moments.weight[:, None] * seen, moments.cohort, cohorts)
    square = np.where(seen, within + 2 * away * first + twice * away**2, 0.0)
    units = _by_group(moments.units[:, None] * seen, moments.cohort, cohorts)
    return (
        _by_group(square, moments.cohort, cohorts),
        _by_group(twice, moments.cohort, cohorts) * (1 - 1 / np.maximum(units, 1)),
    )


def _of_clusters(moments: Moments, cohorts: int, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of the clusters' mean changes.

    Large clusters tell more of each other than small ones.
    """
    sums = moments.clusters
    assert sums is not None
    stratum = np.repeat(np.arange(len(moments.units)), np.diff(sums.starts))
    code = moments.cohort[stratum] * sums.count + sums.cluster
    groups, group = np.unique(code, return_inverse=True)
    seen = (moments.observed & moments.observed[:, [t]])[stratum]
    other = (np.arange(seen.shape[1]) != t) * 1.0
    change = (moments.mean[:, [t]] - other * moments.mean)[stratum]
    total = np.where(
        seen, sums.total[:, [t]] - other * sums.total + sums.weight[:, None] * change, 0.0
    )
    weight, total = (
        _by_group(part, group, len(groups)) for part in (sums.weight[:, None] * seen, total)
    )
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    cohort = groups // sums.count
    away = mean - _centre(mean, weight, cohort, cohorts)
    whole, squared, count = (
        _by_group(part, cohort, cohorts) for part in (weight, weight**2, (weight > 0) * 1.0)
    )
    lost = np.divide(squared, whole, out=np.zeros_like(whole), where=whole > 0)
    return _by_group(weight * away**2, cohort, cohorts), np.where(count > 1, whole - lost, 0.0)


def _centre(value: np.ndarray, weight: np.ndarray, cohort: np.ndarray, cohorts: int) -> np.ndarray:
    """(rows, columns) weighted mean of each row's cohort."""
    total, sums = _by_group(weight, cohort, cohorts), _by_group(weight * value, cohort, cohorts)
    return np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)[cohort]


def _by_group(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """(count, columns) sums of rows by their group."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, group, values)
    return sums
