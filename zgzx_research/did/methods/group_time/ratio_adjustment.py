"""Proportional effects adjusted for covariates.

What the treated would have, were they to grow as like units did.

With S the treated total at the base, the counterfactual total D is
- outcome regression: Σ_T w y_b exp(x'(β_t - β_b)), β the Poisson regressions of y_t and of y_b
among comparison units;
- inverse probability: S · Σ_C O y_t / Σ_C O y_b with odds weights O.
Both are the plain ratio estimator where covariates do not matter. Wooldridge (2023); Sant'Anna &
Zhao (2020).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import special

from zgzx_research.did.core.comparisons import Comparisons
from zgzx_research.did.methods.group_time.cross_section import odds_weights
from zgzx_research.did.methods.group_time.newton import newton
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import (
    AdjustedComparisons,
    Pass,
    gram_by_cluster,
    model_groups,
    start_pass,
)
from zgzx_research.did.panel.prepared_panel import PreparedPanel

Counterfactual = tuple[np.ndarray, np.ndarray, np.ndarray, int, str]
"""Totals (comparisons,), influence (units, comparisons), comparison weights, trimmed, failure."""


def adjust(panel: PreparedPanel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """Treated and counterfactual totals of all comparisons; cohort sizes count as fixed."""
    units = start_pass(panel)
    count, cohorts = len(comparisons.cohort), len(panel.cohorts)
    statistics, share = np.full((2, count), np.nan), np.zeros((count, cohorts))
    uncentred = np.zeros((len(panel.y), count))  # what takes the treated from their mean to zero
    values, trimmed, failed = (
        np.zeros((len(panel.y), 2 * count)),
        np.zeros(count, int),
        [""] * count,
    )
    by_group = _by_odds if options.adjustment == "inverse_probability" else _by_growth
    for group in model_groups(panel, comparisons, units.complete):
        rows = np.flatnonzero(group.controls[panel.cohort] | (panel.cohort == group.treated))
        chunk = units.chunk(rows)
        (x, weight), (now, base) = chunk.design(group), chunk.outcomes(group)
        treated = panel.cohort[rows] == group.treated
        without, influence, compared, out, reason = by_group(x, weight, now, base, treated)
        own = np.where(treated, weight, 0.0)
        statistics[:, group.comparisons] = own @ now, without
        by_mean = own[:, None] * (now - own @ now / own.sum())
        values[np.ix_(rows, np.concatenate([group.comparisons, count + group.comparisons]))] = (
            np.hstack([by_mean, influence])
        )
        uncentred[np.ix_(rows, group.comparisons)] = np.outer(own / own.sum(), own @ now - without)
        share[group.comparisons] = np.bincount(
            panel.cohort[rows], compared, minlength=cohorts
        ) / max(compared.sum(), 1e-300)
        trimmed[group.comparisons] = out
        for j in group.comparisons:
            failed[j] = reason
    values[:, np.tile([bool(reason) for reason in failed], 2)] = 0.0

    def covariance(shares: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        everything = np.arange(2 * count)
        return gram_by_cluster(
            units, lambda _, rows: (everything, values[rows]), 2 * count + len(shares)
        )

    null = partial(_null_covariance, units, values[:, :count] - values[:, count:] + uncentred)
    return AdjustedComparisons(statistics, share, trimmed, failed, covariance, null)


def _null_covariance(units: Pass, departures: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """(comparisons, comparisons) covariance about zero of the tested ones, see `score_test`."""
    count, departures = len(tested), departures * tested
    everything = np.arange(count)
    return gram_by_cluster(units, lambda _, rows: (everything, departures[rows]), count)[0]


def _by_odds(
    x: np.ndarray, weight: np.ndarray, now: np.ndarray, base: np.ndarray, treated: np.ndarray
) -> Counterfactual:
    """Counterfactual totals from the growth of comparison units, weighted by their odds."""
    odds, score, inverse, trimmed, failed = odds_weights(x, weight, treated)
    own = np.where(treated, weight, 0.0)
    start, below = own @ base, odds @ base
    growth = odds @ now / below
    change = odds[:, None] * (now - growth * base)
    influence = own[:, None] * (base - start / own.sum()) * growth
    influence += start / below * (change + score @ (inverse @ (x.T @ change)))
    return start * growth, influence, odds, trimmed, failed


def _by_growth(
    x: np.ndarray, weight: np.ndarray, now: np.ndarray, base: np.ndarray, treated: np.ndarray
) -> Counterfactual:
    """As `_by_odds`, from Poisson regressions of the outcomes at t and at the base."""
    own, other = np.where(treated, weight, 0.0), np.where(treated, 0.0, weight)
    y = np.hstack([now, base])
    mean = other @ y / other.sum()
    size = np.where(
        mean > 0, mean, 1.0
    )  # in units of its mean an outcome is fitted alike, whatever its own unit is
    start = np.zeros((y.shape[1], x.shape[1]))
    with np.errstate(divide="ignore"):
        start[:, 0] = np.log(mean / size)
    value, hessian, bad = newton(partial(_poisson_sums, x, other, y / size), start)
    value[:, 0], hessian = value[:, 0] + np.log(size), hessian * size[:, None, None]
    if bad.any():
        reason = "no Poisson regression of the comparison units on these covariates"
        return np.full(now.shape[1], np.nan), np.zeros_like(now), other, 0, reason
    comparisons = now.shape[1]
    expected = own[:, None] * base * np.exp(x @ (value[:comparisons] - value[comparisons:]).T)
    without = expected.sum(axis=0)
    residual = other[:, None] * (y - np.exp(x @ value.T))
    slope = np.linalg.solve(hessian, np.tile(expected.T @ x, (2, 1))[:, :, None])[:, :, 0]
    on_growth = residual * (x @ slope.T)
    influence = (
        expected
        - np.outer(own, without / own.sum())
        + on_growth[:, :comparisons]
        - on_growth[:, comparisons:]
    )
    return without, influence, other, 0, ""


def _poisson_sums(
    x: np.ndarray, weight: np.ndarray, y: np.ndarray, value: np.ndarray, active: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, score and Hessian of the Poisson regression of each active column of y."""
    deviance, score = np.zeros(len(value)), np.zeros_like(value)
    hessian = np.zeros((*value.shape, value.shape[1]))
    index = x @ value[active].T
    with np.errstate(over="ignore"):
        mean = np.exp(index)
    own = y[:, active]
    deviance[active] = 2 * (weight @ (mean - own - own * index + special.xlogy(own, own)))
    score[active] = (weight[:, None] * (own - mean)).T @ x
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    hessian[active] = ((weight[:, None] * mean).T @ products).reshape(-1, *hessian.shape[1:])
    return deviance, score, hessian
