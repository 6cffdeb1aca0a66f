"""Outcome regressions and propensity scores of each group of comparisons, by passes over the units.

Covariates are centred and scaled first: effects do not depend on it, digits do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg, special

from zgzx_research.did.core.conflicts import Adjustment
from zgzx_research.did.methods.group_time.newton import newton, solve_normal
from zgzx_research.did.methods.group_time.passes import ModelGroup, Pass
from zgzx_research.did.panel.chunks import in_chunks

TRIM = 0.995  # comparison units at least so likely to be treated take no part (DRDID's default)
CAP = 1 - 1e-6  # of propensity scores
# variance of a logit coefficient (covariates standardised) that means: nothing determines it
SEPARATED = 1e6
TINY = 1e-300
SUBSAMPLE = 16  # one chunk of so many gives the first Newton steps their start


@dataclass(frozen=True, slots=True)
class Nuisances:
    """Fitted models of one group of comparisons, with covariates standardised.

    Attributes
    ----------
    outcome : (covariates, comparisons here)
        Coefficients of the outcome's change among comparison units, 0 when not used.
    outcome_inverse : (covariates, covariates)
        Inverse of their weighted cross products.
    propensity : (covariates,)
        Logit coefficients.
    propensity_inverse : numpy.ndarray
        Inverse Hessian.
    failed : str
        Why the comparison cannot be made, or "".
    fitted, score : numpy.ndarray, optional
        Of cross-fitted learners instead: (units, comparisons here) predicted changes, (units,)
        propensity scores.
    """

    outcome: np.ndarray
    outcome_inverse: np.ndarray
    propensity: np.ndarray
    propensity_inverse: np.ndarray
    failed: str = ""
    fitted: np.ndarray | None = None
    score: np.ndarray | None = None


def models_of(adjustment: Adjustment) -> dict[str, bool]:
    """Whether an adjustment uses an outcome regression and a propensity score.

    "none" is a regression on a constant.
    """
    return {
        "outcome": adjustment in ("none", "doubly_robust", "outcome_regression"),
        "propensity": adjustment in ("doubly_robust", "inverse_probability"),
    }


def fit_nuisances(
    units: Pass, groups: Sequence[ModelGroup], *, outcome: bool, propensity: bool
) -> list[Nuisances]:
    """Outcome regression by least squares and propensity score by logit, for each comparison.

    Parameters
    ----------
    outcome, propensity : bool
        Which of the two to fit; the other's coefficients are zero.
    """
    size = 1 + len(units.centre)
    fits = _outcome_regressions(units, groups) if outcome else None
    logits = fit_logits(units, groups) if propensity else None
    result = []
    for k, group in enumerate(groups):
        nothing = (np.zeros((size, len(group.comparisons))), np.zeros((size, size)), "")
        b, b_inverse, b_failed = fits[k] if fits else nothing
        g, g_inverse, g_failed = (
            logits[k] if logits else (np.zeros(size), np.zeros((size, size)), "")
        )
        result.append(Nuisances(b, b_inverse, g, g_inverse, b_failed or g_failed))
    return result


def _outcome_regressions(
    units: Pass, groups: Sequence[ModelGroup]
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    size = 1 + len(units.centre)
    gram = [np.zeros((size, size)) for _ in groups]
    cross = [np.zeros((size, len(group.comparisons))) for group in groups]

    def kernel(piece: tuple[int, int, int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums = []
        for k, group in enumerate(groups):
            if group.controls[cohort]:
                x, weight = chunk.design(group)
                weighted = weight[:, None] * x
                sums.append((k, weighted.T @ x, weighted.T @ chunk.changes(group)))
        return sums

    for part in in_chunks(kernel, units.pieces):
        for k, xx, xy in part:
            gram[k] += xx
            cross[k] += xy
    return [solve_normal(xx, xy) for xx, xy in zip(gram, cross, strict=True)]


def fit_logits(
    units: Pass, groups: Sequence[ModelGroup]
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Coefficients, inverse Hessian and failure of each propensity score."""
    start = np.zeros((len(groups), 1 + len(units.centre)))
    if len(units.pieces) > 2 * SUBSAMPLE:
        few = units.pieces[::SUBSAMPLE]
        trial, _, failed = newton(partial(_logit_sums, units, few, groups), start)
        start = np.where(failed[:, None], start, trial)
    value, hessian, failed = newton(partial(_logit_sums, units, units.pieces, groups), start)
    typical = np.nanmean(units.panel.weights)
    result = []
    for k, group in enumerate(hessian):
        inverse = np.zeros_like(group) if failed[k] else linalg.inv(group)
        bad = failed[k] or np.diag(inverse).max() * typical > SEPARATED
        reason = (
            "a covariate separates treated from comparison units, or is collinear among them"
            if bad
            else ""
        )
        result.append((value[k], inverse, reason))
    return result


def _logit_sums(
    units: Pass,
    pieces: list[tuple[int, int, int]],
    groups: Sequence[ModelGroup],
    value: np.ndarray,
    active: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, score and Hessian of each active logit."""
    deviance, score = np.zeros(len(value)), np.zeros_like(value)
    hessian = np.zeros((*value.shape, value.shape[1]))

    def kernel(piece: tuple[int, int, int]) -> list[tuple[int, float, np.ndarray, np.ndarray]]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums = []
        for k, group in enumerate(groups):
            treated = group.treated == cohort
            if active[k] and (treated or group.controls[cohort]):
                x, weight = chunk.design(group)
                index = x @ value[k]
                p = special.expit(index)
                loss = (0.0 if treated else index) - np.log(np.maximum(p, TINY))
                curved = (weight * p * (1 - p))[:, None] * x
                sums.append((k, 2 * (weight @ loss), (weight * (treated - p)) @ x, curved.T @ x))
        return sums

    for part in in_chunks(kernel, pieces):
        for k, loss, slope, curved in part:
            deviance[k] += loss
            score[k] += slope
            hessian[k] += curved
    return deviance, score, hessian
