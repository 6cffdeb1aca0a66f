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

from zgzx_research.did.core.moments import BLOCK, Influence, Moments


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
    if weights.shape[1] == 1:
        return weights[:, 0]
    first = (~np.isnan(weights)).argmax(axis=1)
    return weights[np.arange(len(weights)), first]


def last_bases(comparisons: Comparisons) -> np.ndarray:
    """(comparisons,) index of the last base period: covariates are taken from it."""
    return comparisons.base.shape[1] - 1 - (comparisons.base > 0)[:, ::-1].argmax(axis=1)


def stratum_bases(moments: Moments, comparisons: Comparisons, strata: slice) -> np.ndarray:
    """(strata, comparisons, periods) base weights over the periods each stratum is observed in.

    They are 0 where it has none of them, or no covariates in the last.
    """
    base = comparisons.base * moments.observed[strata, None]
    if moments.known is not None:
        base *= moments.known[strata][:, last_bases(comparisons)][:, :, None]
    total = base.sum(axis=2, keepdims=True)
    return np.divide(base, total, out=base, where=total > 0)


def comparison_means(moments: Moments, comparisons: Comparisons, gaps: str) -> ComparisonMeans:
    """Means and total weights of every cell (weight 0 where nobody is observed)."""
    strata, count = len(moments.units), len(comparisons.cohort)
    mask = np.zeros((strata, count, 4), dtype=bool)
    sums, weight = np.zeros((2, count, 4))
    units = np.zeros((count, 2), dtype=np.int64)
    size = max(1, BLOCK // max(1, comparisons.base.size))
    for start in range(0, strata, size):
        some = slice(start, min(start + size, strata))
        base = stratum_bases(moments, comparisons, some)
        mask[some] = _uses(moments, comparisons, some, base, gaps)
        own = moments.weight[some, None, None] * mask[some]
        weight += own.sum(axis=0)
        units += np.tensordot(moments.units[some], mask[some][:, :, [0, 2]] * 1, 1)
        sums += (own * _values(moments.mean[some], comparisons, base)).sum(axis=0)
    value = np.divide(sums, weight, out=np.full_like(sums, np.nan), where=weight > 0)
    return ComparisonMeans(value, weight, mask, units)


def _uses(
    moments: Moments, comparisons: Comparisons, strata: slice, base: np.ndarray, gaps: str
) -> np.ndarray:
    """(strata, comparisons, 4) bool, the means that use each stratum."""
    at_t = moments.observed[strata][:, comparisons.period]
    at_base = base.any(axis=2)
    if gaps != "cross_section":
        at_t = at_base = at_t & at_base
    cohort = moments.cohort[strata]
    treated, compared = comparisons.cohort == cohort[:, None], comparisons.controls[:, cohort].T
    return np.stack([treated & at_t, treated & at_base, compared & at_t, compared & at_base], 2)


def _values(mean: np.ndarray, comparisons: Comparisons, base: np.ndarray) -> np.ndarray:
    """(strata, comparisons, 4) what the means of strata give for t and for the base."""
    at_base = (base @ mean[:, :, None])[:, :, 0]
    return np.stack([mean[:, comparisons.period], at_base] * 2, axis=2)


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

    parts, count, periods = (len(gradient), *comparisons.base.shape)

    def influence(strata: slice) -> tuple[np.ndarray, np.ndarray]:
        cohort, base = moments.cohort[strata], stratum_bases(moments, comparisons, strata)
        mask = means.mask[strata]
        per_weight = gradient / np.where(means.weight > 0, means.weight, 1.0)
        scaled = np.where(mask[:, None], per_weight, 0.0)  # (strata, statistics per cell, cells, 4)
        deviation = np.where(mask, _values(moments.mean[strata], comparisons, base), 0.0)
        deviation -= np.where(mask, means.value, 0.0)
        slope = np.zeros((len(cohort), parts * count + len(shares), periods))
        by_cell = slope[:, : parts * count].reshape(len(cohort), parts, count, periods)
        np.multiply((scaled[..., 1] + scaled[..., 3])[..., None], base[:, None], out=by_cell)
        by_cell[:, :, rows, comparisons.period] += scaled[..., 0] + scaled[..., 2]
        share = ((np.arange(len(shares)) == cohort[:, None]) - shares) * drawn[cohort][:, None]
        share = share / total if drawn.any() else share
        level = (scaled * deviation[:, None]).sum(axis=3).reshape(len(cohort), -1)
        return slope, np.hstack([level, share])

    return influence
