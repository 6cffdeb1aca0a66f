"""Covariate adjustment where the two periods of a comparison are two samples of rows.

Repeated cross-sections.

The estimators of R's DRDID for repeated cross-sections; doubly robust is the locally efficient one
of Sant'Anna & Zhao (2020), eq. 3.2. Rows of the four groups (treated or comparison, s = before or
after) have regressions of their own. With d the treated of both periods, the effect is the
difference over s of mean_d(x'β_Ts - x'β_Cs) + mean_Ts(y - x'β_Ts) - mean_Cs weighted by odds (y -
x'β_Cs). Regressions not asked for are zero; without a propensity score the last mean is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from zgzx_research.did.core.comparisons import Comparisons, unit_weights
from zgzx_research.did.methods.group_time.newton import solve_normal
from zgzx_research.did.methods.group_time.nuisances import CAP, TRIM, fit_logits, models_of
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import (
    AdjustedComparisons,
    ModelGroup,
    UnitArrays,
    gram_by_cluster,
    model_groups,
    share_influence,
    start_pass,
)
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Stack:
    """The rows of group cell, those at t (after) and those at the base, group below the other.

    Attributes
    ----------
    unit : (rows,) int
    x : (rows, 1 + covariates)
    weight, y : (rows,)
    treated, after : (rows,) bool
    """

    unit: np.ndarray
    x: np.ndarray
    weight: np.ndarray
    y: np.ndarray
    treated: np.ndarray
    after: np.ndarray


def stack_rows(panel: PreparedPanel, group: ModelGroup) -> Stack:
    """Every row of the comparison's units at t and at the base."""
    member = group.controls | (np.arange(len(group.controls)) == group.treated)
    base = int(np.flatnonzero(group.base[0])[-1])
    parts = []
    for period in (int(group.period[0]), base):
        unit = np.flatnonzero(member[panel.cohort] & ~np.isnan(panel.y[:, period]))
        columns = np.ones((len(unit), 1))
        if panel.covariates is not None:
            values = panel.covariates
            columns = np.hstack([columns, values[unit, period if values.shape[1] > 1 else 0]])
        weight = panel.weights[unit, period if panel.weights.shape[1] > 1 else 0]
        parts.append((unit, columns, weight, panel.y[unit, period]))
    unit, x, weight, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    centre = np.append(0.0, x[:, 1:].mean(axis=0))
    after = np.arange(len(unit)) < len(parts[0][0])
    return Stack(unit, (x - centre) / scale, weight, y, panel.cohort[unit] == group.treated, after)


def adjust(panel: PreparedPanel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """All comparisons of repeated cross-sections; a unit seen more than once adds up its rows."""
    if options.base_period == "pooled":
        raise ZgzxError(
            "repeated cross-sections with covariates or weights that change have no pooled base",
            where="estimate_effects",
            remedy="Pass base_period='universal', or gaps='pairwise' to prepare_panel.",
        )
    models = models_of(options.adjustment)
    count, cohorts = len(comparisons.cohort), len(panel.cohorts)
    made = [
        cross_section_effect(panel, group, **models)
        for group in model_groups(panel, comparisons, complete=False)
    ]
    values = np.stack([influence for _, influence, _, _ in made], axis=1)
    own = unit_weights(panel.weights)[:, None] * (panel.cohort[:, None] == np.arange(cohorts))
    share = comparisons.controls * own.sum(axis=0)

    def covariance(shares: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        of_shares = share_influence(panel, shares, drawn)

        def kernel(cohort: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.arange(count + cohorts), np.hstack([values[rows], of_shares(cohort, rows)])

        return gram_by_cluster(start_pass(panel), kernel, count + cohorts)

    return AdjustedComparisons(
        np.array([[effect for effect, *_ in made]]),
        share / share.sum(axis=1, keepdims=True),
        np.array([trimmed for _, _, trimmed, _ in made]),
        [failed for *_, failed in made],
        covariance,
    )


def cross_section_effect(
    panel: PreparedPanel, group: ModelGroup, *, outcome: bool, propensity: bool
) -> tuple[float, np.ndarray, int, str]:
    """Effect of one comparison, (units,) influence, rows trimmed, and the failure or ""."""
    rows = stack_rows(panel, group)
    influence, failed, trimmed, effect = np.zeros(len(rows.y)), "", 0, 0.0
    odds, score, inverse = np.zeros(len(rows.y)), rows.x * 0, np.zeros((rows.x.shape[1],) * 2)
    if propensity:
        odds, score, inverse, trimmed, failed = odds_weights(rows.x, rows.weight, rows.treated)
    for after, sign in ((True, 1.0), (False, -1.0)):
        side = rows.after == after
        fitted_c, lin_c, bad_c = _regression(rows, side & ~rows.treated, outcome)
        fitted_t, lin_t, bad_t = _regression(rows, side & rows.treated, outcome and propensity)
        failed = failed or bad_c or bad_t
        if failed:
            return np.nan, np.zeros(len(panel.y)), trimmed, failed
        d, own = rows.treated * rows.weight, rows.treated * side * rows.weight
        gap = fitted_t - fitted_c
        mean_gap, mean_own = d @ gap / d.sum(), own @ (rows.y - fitted_t) / own.sum()
        influence += sign * (
            d * (gap - mean_gap) / d.sum() + own * (rows.y - fitted_t - mean_own) / own.sum()
        )
        x_d, x_own, x_c = d @ rows.x / d.sum(), own @ rows.x / own.sum(), np.zeros(rows.x.shape[1])
        effect += sign * (mean_gap + mean_own)
        if propensity:
            o = odds * side
            r = rows.y - fitted_c
            mean_c, x_c = o @ r / o.sum(), o @ rows.x / o.sum()
            slope = (o * (r - mean_c)) @ rows.x / o.sum()
            influence -= sign * (o * (r - mean_c) / o.sum() + score @ (inverse @ slope))
            effect -= sign * mean_c
        influence += sign * (lin_c @ (x_c - x_d) + lin_t @ (x_d - x_own))
    return float(effect), np.bincount(rows.unit, influence, minlength=len(panel.y)), trimmed, failed


def _regression(rows: Stack, part: np.ndarray, wanted: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Fitted values of all rows, influence of each row on the coefficients, and why it failed."""
    if not wanted:
        return np.zeros(len(rows.y)), np.zeros_like(rows.x), ""
    weighted = np.where(part, rows.weight, 0.0)[:, None] * rows.x
    coefficient, inverse, failed = solve_normal(weighted.T @ rows.x, (weighted.T @ rows.y)[:, None])
    fitted = rows.x @ coefficient[:, 0]
    return fitted, weighted * (rows.y - fitted)[:, None] @ inverse, failed


def odds_weights(
    x: np.ndarray, weight: np.ndarray, treated: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, str]:
    """Odds weights, score and inverse Hessian of the logit, rows trimmed, failure.

    Parameters
    ----------
    x : (rows, 1 + covariates)
        With intercept, standardised.
    weight : (rows,)
    treated : (rows,) bool
    """
    pooled = UnitArrays(
        y=np.zeros((len(x), 1)),
        cohort=treated.astype(np.int64),
        cohorts=np.arange(2.0),
        weights=weight[:, None],
        covariates=x[:, None, 1:],
    )
    group = ModelGroup(
        1, np.array([True, False]), 0, np.zeros(1, int), np.zeros(1, int), np.ones((1, 1))
    )
    ((coefficient, inverse, failed),) = fit_logits(start_pass(pooled, standardise=False), [group])
    p = np.minimum(special.expit(x @ coefficient), CAP)
    out = ~treated & (p >= TRIM) & (weight > 0)
    odds = np.where(treated | out, 0.0, weight * p / (1 - p))
    return odds, (weight * (treated - p))[:, None] * x, inverse, int(out.sum()), failed
