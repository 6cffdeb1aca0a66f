"""The comparisons behind group-time effects.

For each cohort g and period t: four means, and their difference in differences.

The effect in a cell (a cohort in a period) is made from the means of the outcome at t and at the
base, in cohort g and in its comparison group (Callaway & Sant'Anna 2021, eq. 2.4 and 2.5 without
covariates). Every mean is a weighted sum of stratum means, so the influence of a unit is linear in
its outcomes and all covariances come from `Moments` only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.moments import Influence, Moments


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The comparisons to make, one row each.

    Attributes
    ----------
    cohort, period : (comparisons,) int
        Indices.
    base : (comparisons, periods)
        Weights on the base periods, rows sum to 1.
    controls : (comparisons, cohorts) bool
    role : (comparisons,)
        "post", "pre", "reference" (the base itself) or "left_out".
    """

    cohort: np.ndarray
    period: np.ndarray
    base: np.ndarray
    controls: np.ndarray
    role: np.ndarray

    def take(self, rows: np.ndarray) -> Comparisons:
        """Return the comparisons in `rows` (mask or indices)."""
        return Comparisons(
            self.cohort[rows],
            self.period[rows],
            self.base[rows],
            self.controls[rows],
            self.role[rows],
        )


@dataclass(frozen=True, slots=True)
class ComparisonMeans:
    """The four means of each cell.

    The last axis is (treated t, treated base, comparison t, comparison base).

    Attributes
    ----------
    value, weight : (comparisons, 4)
        Mean and total weight behind it.
    mask : (strata, comparisons, 4) bool
        The strata a mean uses.
    units : (comparisons, 2)
        units of the cohort and of its comparison.
    """

    value: np.ndarray
    weight: np.ndarray
    mask: np.ndarray
    units: np.ndarray


def plan_comparisons(
    cohorts: np.ndarray,
    periods: np.ndarray,
    *,
    controls: str,
    base_period: str,
    anticipation: int,
    leave_out: int,
    until: np.ndarray | None = None,
) -> Comparisons:
    """Every (cohort, period) with its base and comparison.

    A cohort without a base period has no cell.

    Parameters
    ----------
    cohorts : (cohorts,) float
        First treated period, infinity = never.
    periods : (periods,) int
    leave_out : int
        Masks as anticipation does; its event times are "left_out" rather than "pre". A varying base
        inside the masked times is the last period before them.
    until : (cohorts,) float, optional
        When cohorts never treated in the panel are treated after it: they compare until the mask.
    """
    masked = anticipation + leave_out
    compares = (
        np.isinf(cohorts) if controls == "never_treated" else np.ones(len(cohorts), dtype=bool)
    )
    first = cohorts if until is None else np.minimum(cohorts, until)
    rows = []
    for c, g in enumerate(cohorts):
        eligible = np.flatnonzero(periods + masked < g)
        if np.isinf(g) or not len(eligible):
            continue
        for t, now in enumerate(periods):
            base = _base(t, now + masked < g, eligible, base_period)
            if not len(base):
                continue
            latest = max(now, periods[base[-1]])
            usable = compares & (first > latest + masked) & (np.arange(len(cohorts)) != c)
            row = np.zeros(len(periods))
            row[base] = 1 / len(base)
            rows.append((c, t, row, usable, _role(now, g, leave_out, row[t] == 1)))
    if not rows:
        empty = np.zeros((0, len(periods)))
        return Comparisons(
            np.zeros(0, int),
            np.zeros(0, int),
            empty,
            np.zeros((0, len(cohorts)), bool),
            np.zeros(0, str),
        )
    return Comparisons(*(np.array(column) for column in zip(*rows, strict=True)))


def _base(t: int, before: bool, eligible: np.ndarray, base_period: str) -> np.ndarray:
    """Return indices of the base periods.

    The last eligible, all eligible, or (varying, before any mask) the one before t.
    """
    if base_period == "pooled":
        return eligible
    if base_period == "varying" and before:
        return np.array([t - 1]) if t else np.zeros(0, int)
    return eligible[-1:]


def _role(now: int, g: float, leave_out: int, is_base: bool) -> str:
    if now >= g:
        return "post"
    if is_base:
        return "reference"
    return "left_out" if now >= g - leave_out else "pre"


def unit_weights(weights: np.ndarray) -> np.ndarray:
    """(units,) weight of each unit in cohort shares: that of the first period it is observed in.

    Parameters
    ----------
    weights : (units, 1)
        Or (units, periods) with NaN where unobserved.
    """
    first = (~np.isnan(weights)).argmax(axis=1)
    return weights[np.arange(len(weights)), first]


def last_bases(comparisons: Comparisons) -> np.ndarray:
    """(comparisons,) index of the last base period: covariates are taken from it."""
    return comparisons.base.shape[1] - 1 - (comparisons.base > 0)[:, ::-1].argmax(axis=1)


def stratum_bases(moments: Moments, comparisons: Comparisons, stratum: int) -> np.ndarray:
    """(comparisons, periods) base weights over the periods that this stratum is observed in.

    They are 0 where it has none of them, or no covariates in the last.
    """
    base = comparisons.base * moments.observed[stratum]
    if moments.known is not None:
        base = base * moments.known[stratum][last_bases(comparisons)][:, None]
    total = base.sum(axis=1, keepdims=True)
    return np.divide(base, total, out=np.zeros_like(base), where=total > 0)


def comparison_means(moments: Moments, comparisons: Comparisons, gaps: str) -> ComparisonMeans:
    """Means and total weights of every cell (weight 0 where nobody is observed)."""
    strata, count = len(moments.units), len(comparisons.cohort)
    mask = np.zeros((strata, count, 4), dtype=bool)
    sums, weight, units = (
        np.zeros((count, 4)),
        np.zeros((count, 4)),
        np.zeros((count, 2), dtype=np.int64),
    )
    for s in range(strata):
        base = stratum_bases(moments, comparisons, s)
        at_t, at_base = moments.observed[s][comparisons.period], base.any(axis=1)
        if gaps != "cross_section":
            at_t = at_base = at_t & at_base
        treated, compared = (
            comparisons.cohort == moments.cohort[s],
            comparisons.controls[:, moments.cohort[s]],
        )
        mask[s] = np.column_stack(
            [treated & at_t, treated & at_base, compared & at_t, compared & at_base]
        )
        weight += moments.weight[s] * mask[s]
        units += moments.units[s] * mask[s][:, [0, 2]]
        sums += moments.weight[s] * mask[s] * _values(moments.mean[s], comparisons, base)
    value = np.divide(sums, weight, out=np.full_like(sums, np.nan), where=weight > 0)
    return ComparisonMeans(value, weight, mask, units)


def _values(mean: np.ndarray, comparisons: Comparisons, base: np.ndarray) -> np.ndarray:
    """(comparisons, 4) what a stratum's means give for t and for the base."""
    pair = np.column_stack([mean[comparisons.period], base @ mean])
    return np.hstack([pair, pair])


def comparison_influence(
    moments: Moments,
    comparisons: Comparisons,
    means: ComparisonMeans,
    gradient: np.ndarray,
    shares: np.ndarray,
    drawn: np.ndarray,
) -> Influence:
    """Influence of the statistics of all comparisons and of the cohort shares, in this order.

    Parameters
    ----------
    gradient : (statistics per cell, comparisons, 4)
        Derivative of each statistic by the four means.
    shares : (cohorts,)
        Weight of each cohort in the total, 0 for cohorts not in use.
    drawn : (cohorts,) bool
        Cohorts whose size counts as drawn; the others' units do not move the shares.
    """
    total = moments.weight[shares[moments.cohort] > 0].sum()
    rows = np.arange(len(comparisons.cohort))

    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        cohort, base = moments.cohort[s], stratum_bases(moments, comparisons, s)
        scaled = np.divide(gradient, means.weight, out=np.zeros_like(gradient), where=means.mask[s])
        deviation = np.where(
            means.mask[s], _values(moments.mean[s], comparisons, base) - means.value, 0.0
        )
        slope = (scaled[..., 1] + scaled[..., 3])[..., None] * base
        slope[:, rows, comparisons.period] += scaled[..., 0] + scaled[..., 2]
        flat = np.vstack([slope.reshape(-1, base.shape[1]), np.zeros((len(shares), base.shape[1]))])
        share = (
            ((np.arange(len(shares)) == cohort) * 1.0 - shares) / total
            if drawn[cohort]
            else 0 * shares
        )
        return flat, np.concatenate([(scaled * deviation).sum(axis=2).ravel(), share])

    return influence
