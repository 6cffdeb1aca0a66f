"""Outcome regressions and propensity scores of each group of comparisons, by passes over the units.

Covariates are centred and scaled first: effects do not depend on it, digits do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from zgzx_research.did.core.conflicts import Adjustment
from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.newton import is_singular, newton, solve_normal
from zgzx_research.did.methods.group_time.passes import Block, Chunk, Passes

TRIM = 0.995  # comparison units at least so likely to be treated take no part (DRDID's default)
CAP = 1 - 1e-6  # of propensity scores
# variance of a logit coefficient (covariates standardised) that means: nothing determines it
SEPARATED = 1e6
HUGE = 1e75  # the product of four is a number
TREATED, COMPARED = 0, 1  # first index of `CrossProducts.square`
TOGETHER = 8  # logits at a time: their arrays stay in the processor's cache

Blocks = Callable[[Chunk, Sequence[ModelGroup], Iterable[int]], list[Block]]
"""Chunk, all groups, numbers of those asked for -> their rows (see `Chunk.blocks`)."""


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
    passes: Passes, groups: Sequence[ModelGroup], *, outcome: bool, propensity: bool
) -> list[Nuisances]:
    """Outcome regression by least squares and propensity score by logit, for each comparison.

    Parameters
    ----------
    outcome, propensity : bool
        Which of the two to fit; the other's coefficients are zero.
    """
    size = passes.scaling.width
    sums = cross_products(passes, groups)
    nothing = np.zeros(size), np.zeros((size, size)), ""
    logits = fit_logits(passes, groups, sums.square) if propensity else [nothing] * len(groups)
    result = []
    for k, (group, (g, g_inverse, g_failed)) in enumerate(zip(groups, logits, strict=True)):
        b, b_inverse, b_failed = np.zeros((size, len(group.comparisons))), nothing[1], ""
        if outcome:
            cross = sums.cross[group.comparisons].T
            b, b_inverse, b_failed = solve_normal(sums.square[COMPARED, k], cross)
        result.append(Nuisances(b, b_inverse, g, g_inverse, b_failed or g_failed))
    return result


@dataclass(frozen=True, slots=True)
class CrossProducts:
    """Sums over the units of each group of comparisons.

    Attributes
    ----------
    square : (2, groups, 1 + covariates, 1 + covariates)
        Σw xx' of the treated, and of the comparison units.
    cross : (comparisons, 1 + covariates)
        Σw x Δy of the comparison units.
    """

    square: np.ndarray
    cross: np.ndarray


def cross_products(passes: Passes, groups: Sequence[ModelGroup]) -> CrossProducts:
    """One pass over all units."""
    count, size = len(groups), passes.scaling.width
    comparisons = 1 + max(group.comparisons.max() for group in groups)
    treats = np.array([group.treated for group in groups])

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        side = np.where(treats == chunk.cohort, TREATED, COMPARED)
        for ks, x, weight in chunk.blocks(groups, range(count)):
            alike = [ks] if len(weight) == 1 else ks[:, None]
            for some, own in zip(alike, weight, strict=True):
                rows = chunk.rows_of(groups[some[0]])
                products = np.dot(x.T * own, rows.T)
                sums.append((0, (side[some], some), products[:, :size]))
                for k in some[side[some] == COMPARED]:
                    cross = groups[k].contrast @ products[:, size:].T
                    sums.append((1, groups[k].comparisons, cross))
        return sums

    return CrossProducts(*passes.totals([(2, count, size, size), (comparisons, size)], kernel))


def fit_logits(
    passes: Passes,
    groups: Sequence[ModelGroup],
    square: np.ndarray,
    blocks: Blocks = Chunk.blocks,
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Coefficients, inverse Hessian and failure of each propensity score.

    Parameters
    ----------
    square : (2, groups, 1 + covariates, 1 + covariates)
        As in `CrossProducts`.
    blocks : Blocks
        Which rows of a chunk take part in which groups.
    """
    sums, start = _logit_sums(passes, groups, blocks), discriminant(square)
    value, hessian, failed = newton(sums, start)
    if (again := failed & (start != 0).any(axis=1)).any():  # too far off to start from
        found = newton(sums, np.zeros_like(start), again)
        for kept, new in zip((value, hessian, failed), found, strict=True):
            kept[again] = new[again]
    result = []
    for k, group in enumerate(hessian):
        inverse = np.zeros_like(group) if failed[k] else linalg.inv(group)
        bad = failed[k] or np.diag(inverse).max() * passes.scaling.weight > SEPARATED
        reason = (
            "a covariate separates treated from comparison units, or is collinear among them"
            if bad
            else ""
        )
        result.append((value[k], inverse, reason))
    return result


def discriminant(square: np.ndarray) -> np.ndarray:
    """(groups, 1 + covariates) logit coefficients as Fisher's discriminant gives them.

    They are the true ones where covariates are normal with one covariance, and near them else: a
    start from which Newton's method needs few passes. 0 where there are none.

    Parameters
    ----------
    square : (2, groups, 1 + covariates, 1 + covariates)
        As in `CrossProducts`.
    """
    weight, total = square[:, :, 0, 0], square[:, :, 0, 1:]
    mean = total / np.where(weight > 0, weight, 1.0)[..., None]
    within = (square[:, :, 1:, 1:] - mean[..., :, None] * total[..., None, :]).sum(axis=0)
    none = is_singular(within) | (weight <= 0).any(axis=0)
    weight = np.where(none, 1.0, weight)
    within[none], mean[:, none] = np.eye(within.shape[1]), 0.0
    gap = (mean[TREATED] - mean[COMPARED]) * weight.sum(axis=0)[:, None]
    slope = np.linalg.solve(within, gap[..., None])[..., 0]
    constant = (
        np.log(weight[TREATED] / weight[COMPARED]) - (mean.sum(axis=0) * slope).sum(axis=1) / 2
    )
    return np.column_stack([constant, slope])


def scores(index: np.ndarray) -> np.ndarray:
    """Propensity scores of linear predictors.

    The exponential is several times as fast as `scipy.special.expit`, and as exact.
    """
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-index)))


def odds_weights(weight: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, int]:
    """(units,) odds weights of comparison units, and how many are trimmed."""
    out = p >= TRIM
    odds = weight * p / (1 - p)
    if not out.any():
        return odds, 0
    return np.where(out, 0.0, odds), int((out & (weight > 0)).sum())


def _logit_sums(
    passes: Passes, groups: Sequence[ModelGroup], blocks: Blocks
) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Coefficients, which groups are active -> deviance, score and Hessian of each."""
    count, size = len(groups), passes.scaling.width
    treats = np.array([group.treated for group in groups])
    upper = np.triu_indices(size)

    def sums(value: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        numbers = np.flatnonzero(active)

        def kernel(chunk: Chunk) -> list[Contribution]:
            found: list[Contribution] = []
            for ks, x, weight in blocks(chunk, groups, numbers):
                products = pair_products(x)
                treated = treats[ks] == chunk.cohort
                for start in range(0, len(ks), TOGETHER):
                    some = slice(start, start + TOGETHER)
                    own = weight[some] if len(weight) > 1 else weight
                    parts = _logit_parts(x, products, own, treated[some], value[ks[some]])
                    found += [(which, ks[some], part) for which, part in enumerate(parts)]
            return found

        shapes = [(count,), (count, size), (count, len(upper[0]))]
        deviance, score, curved = passes.totals(shapes, kernel)
        hessian = np.zeros((count, size, size))
        hessian[:, upper[0], upper[1]] = hessian[:, upper[1], upper[0]] = curved
        return deviance, score, hessian

    return sums


def _logit_parts(
    x: np.ndarray,
    products: np.ndarray,
    weight: np.ndarray,
    treated: np.ndarray,
    value: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, score and Hessian of some logits on the same rows, all treated or all compared.

    Parameters
    ----------
    x : (rows, size)
    products : (pairs, rows)
        Of regressors, above the diagonal and on it.
    weight : (1 or logits, rows)
    treated : (logits,) bool
    value : (logits, size)
        Coefficients.
    """
    total = np.dot(weight, x)
    with np.errstate(over="ignore"):
        odds = np.exp(-value @ x.T)
    odds += 1  # one over the propensity score
    p = 1 / odds
    loss = _weighted_logs(np.minimum(odds, HUGE, out=odds), weight)
    loss += np.where(treated, 0.0, (total * value).sum(axis=1))
    weighted = weight * p
    score = np.where(treated[:, None], total, 0.0) - np.dot(weighted, x)
    weighted *= np.subtract(1, p, out=p)
    return 2 * loss, score, np.dot(weighted, products.T)


def _weighted_logs(odds: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(logits,) Σ w log odds.

    Where weights are equal, of four rows it takes one logarithm, that of their product.
    """
    if len(weight) > 1:
        return np.einsum("kr,kr->k", np.log(odds, out=odds), weight)
    own = weight[0]
    if own.min() < own.max():
        return np.dot(np.log(odds, out=odds), own)
    whole = odds.shape[1] // 4
    first, second, third, fourth = np.split(odds[:, : 4 * whole], 4, axis=1)
    first *= second
    third *= fourth
    first *= third
    logs = np.log(first, out=first).sum(axis=1) + np.log(odds[:, 4 * whole :]).sum(axis=1)
    return np.asarray(own[0] * logs)


def pair_products(x: np.ndarray) -> np.ndarray:
    """(pairs, rows) products of regressors, above the diagonal and on it.

    Parameters
    ----------
    x : (rows, size)
        The first is the constant.
    """
    rows, size = x.shape
    products = np.empty((size * (size + 1) // 2, rows))
    products[:size], place = x.T, size
    for k in range(1, size):
        np.multiply(x.T[k], x.T[k:], out=products[place : place + size - k])
        place += size - k
    return products
