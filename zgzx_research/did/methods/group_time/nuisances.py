"""Outcome regressions and propensity scores of each group of comparisons, by passes over the units.

Covariates are centred and scaled first: effects do not depend on it, digits do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from zgzx_research.did.core.conflicts import Adjustment
from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.newton import newton, solve_normal
from zgzx_research.did.methods.group_time.passes import Block, Chunk, Passes

TRIM = 0.995  # comparison units at least so likely to be treated take no part (DRDID's default)
CAP = 1 - 1e-6  # of propensity scores
# variance of a logit coefficient (covariates standardised) that means: nothing determines it
SEPARATED = 1e6
HUGE = 1e300
TOGETHER = 8  # logits at a time: their arrays stay in the processor's cache
SUBSAMPLE = 16  # one unit of so many gives the first Newton steps their start

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
    fits = _outcome_regressions(passes, groups) if outcome else None
    logits = fit_logits(passes, groups) if propensity else None
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
    passes: Passes, groups: Sequence[ModelGroup]
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    size, comparisons = passes.scaling.width, 1 + max(g.comparisons.max() for g in groups)

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for k, group in enumerate(groups):
            if group.controls[chunk.cohort]:
                x, weight = chunk.sample(group)
                weighted = weight[:, None] * x
                sums.append((0, k, weighted.T @ x))
                sums.append((1, group.comparisons, chunk.changes(group).T @ weighted))
        return sums

    gram, cross = passes.totals([(len(groups), size, size), (comparisons, size)], kernel)
    return [solve_normal(gram[k], cross[group.comparisons].T) for k, group in enumerate(groups)]


def fit_logits(
    passes: Passes, groups: Sequence[ModelGroup], blocks: Blocks = Chunk.blocks
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Coefficients, inverse Hessian and failure of each propensity score.

    Parameters
    ----------
    blocks : Blocks
        Which rows of a chunk take part in which groups.
    """
    start = np.zeros((len(groups), passes.scaling.width))
    ordered = passes.units.ordered
    if ordered is not None and len(ordered.pieces) > 2 * SUBSAMPLE:
        few = replace(passes, units=replace(passes.units, ordered=ordered.sample(SUBSAMPLE)))
        trial, _, failed = newton(_logit_sums(few, groups, blocks), start)
        start = np.where(failed[:, None], start, trial)
    value, hessian, failed = newton(_logit_sums(passes, groups, blocks), start)
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
                products = x.T[upper[0]] * x.T[upper[1]]
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
    total = weight @ x
    with np.errstate(over="ignore"):
        odds = np.exp(-(value @ x.T))
    odds += 1  # one over the propensity score
    p = 1 / odds
    loss = (weight * np.log(np.minimum(odds, HUGE, out=odds), out=odds)).sum(axis=1)
    loss += np.where(treated, 0.0, (total * value).sum(axis=1))
    weighted = weight * p
    score = treated[:, None] * total - weighted @ x
    weighted *= 1 - p
    return 2 * loss, score, weighted @ products.T
