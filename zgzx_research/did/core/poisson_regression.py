"""Poisson regression with unit and period effects , from sums.

Given its total Y, a unit's outcomes are multinomial with shares p_t = exp(x_t θ) / Σ exp(x_u θ), so
unit effects never have to be estimated (Hausman, Hall & Griliches 1984). With regressors that are
alike within a stratum the likelihood needs the stratum's sums only, and a unit's score X'(y - p Y)
is linear in its outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.moments import Moments
from zgzx_research.did.panel.collinear import independent
from zgzx_research.errors import ZgzxError

STEPS = 100  # Newton needs about six
STRIDE = 5.0  # longest step
INFINITE = 40.0  # log ratio (of 10^17) that only runs on to infinity
# an estimate that moves by more than this with what a fit leaves undetermined is undetermined too
UNDETERMINED = 1e-8


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """A Poisson regression with unit effects.

    Attributes
    ----------
    coefficient : (regressors,)
        0 for those not kept.
    kept : (regressors,) bool
        Not a combination of earlier ones.
    bread, gram : (regressors, regressors)
        An inverse, and minus the second derivative that it inverts.
    share : (strata, periods)
        p, a unit's expected share of its total in each period; 0 where not used.
    slope : (strata, regressors, periods)
        Influence of a unit's outcomes on the coefficients.
    """

    coefficient: np.ndarray
    kept: np.ndarray
    bread: np.ndarray
    gram: np.ndarray
    share: np.ndarray
    slope: np.ndarray


def inverse_of(gram: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the inverse over the kept regressors, 0 elsewhere."""
    inverse = np.zeros_like(gram)
    inverse[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return inverse


def poisson_regression(moments: Moments, design: np.ndarray, used: np.ndarray) -> PoissonFit:
    """Fit by Newton's method; the likelihood is concave.

    Parameters
    ----------
    design : (strata, periods, regressors)
    used : (strata, periods) bool
        Observations that take part.

    Raises
    ------
    ZgzxError
        No finite solution.
    """
    total = moments.weight[:, None] * moments.mean * used
    sums = total.sum(axis=1)
    kept = independent(_score(design, used, total, np.zeros(design.shape[2]))[2])
    coefficient = _maximum(design, used, total, kept)
    share = _shares(design, used, coefficient)
    # X'(I - p 1'): what a unit's outcomes do to its score
    centred = np.where(
        used[..., None], design - np.einsum("stk,st->sk", design, share)[:, None], 0.0
    )
    gram = np.einsum("stk,st,stl->kl", centred, sums[:, None] * share, centred)
    bread = _poisson_inverse(gram, kept)
    return PoissonFit(
        coefficient, kept, bread, gram, share, np.einsum("kl,stl->skt", bread, centred)
    )


def _maximum(
    design: np.ndarray, used: np.ndarray, total: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """(regressors,) where the likelihood is largest."""
    coefficient, value = np.zeros(design.shape[2]), -np.inf
    score, gram = _score(design, used, total, coefficient)[1:]
    step = _stride(gram, kept, score)
    for _ in range(STEPS):
        if np.abs(step).max(initial=0) <= 1e-13 * (1 + np.abs(coefficient).max(initial=0)):
            break
        new, score, gram = _score(design, used, total, coefficient + step)
        # halve steps that lead down, but never for a change that is only rounding
        if not new >= value - 1e-12 * abs(value):
            step = step / 2
            continue
        coefficient, value = coefficient + step, new
        if np.abs(coefficient).max() > INFINITE:
            break
        step = _stride(gram, kept, score)
    if np.abs(step).max(initial=0) > 1e-8:
        raise _no_solution()
    return coefficient


def _no_solution() -> ZgzxError:
    return ZgzxError(
        "the Poisson regression has no finite solution",
        where="poisson_regression",
        remedy="Some periods or event times hold too few outcomes above zero: "
        "use longer periods, fewer event times, or scale='difference'.",
    )


def _poisson_inverse(gram: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """`inverse_of` a second derivative, which on the way to infinity loses its rank."""
    try:
        return inverse_of(gram, kept)
    except np.linalg.LinAlgError:
        raise _no_solution() from None


def _stride(gram: np.ndarray, kept: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Newton's step, shortened where it is long."""
    step = _poisson_inverse(gram, kept) @ score
    return step * min(1.0, STRIDE / np.abs(step).max(initial=STRIDE))


def _shares(design: np.ndarray, used: np.ndarray, coefficient: np.ndarray) -> np.ndarray:
    index = np.where(used, design @ coefficient, -np.inf)
    top = index.max(axis=1, keepdims=True, initial=-np.inf)
    raised = np.exp(index - np.where(np.isfinite(top), top, 0.0))
    below = raised.sum(axis=1, keepdims=True)
    return np.divide(raised, below, out=np.zeros_like(raised), where=below > 0)


def _score(
    design: np.ndarray, used: np.ndarray, total: np.ndarray, coefficient: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, its gradient, and minus its second derivative."""
    share = _shares(design, used, coefficient)
    sums = total.sum(axis=1)
    with np.errstate(divide="ignore"):
        value = float((total[total > 0] * np.log(share[total > 0])).sum())
    mean = np.einsum("stk,st->sk", design, share)
    score = np.einsum("stk,st->k", design, total - sums[:, None] * share)
    square = np.einsum("stk,st,stl->kl", design, sums[:, None] * share, design)
    return value, score, square - np.einsum("sk,s,sl->kl", mean, sums, mean)


def separated(moments: Moments, dummies: np.ndarray, used: np.ndarray) -> np.ndarray:
    """(dummies,) bool, those without outcomes above zero where they are 1, or where they are 0.

    Only the strata in which a dummy is 1 somewhere count.

    Parameters
    ----------
    dummies : (strata, periods, dummies)
        Of 0 and 1.
    used : (strata, periods) bool
    """
    total = (moments.weight[:, None] * moments.mean * used)[..., None]
    on = dummies * used[..., None]
    off = (used[..., None] - on) * on.any(axis=1, keepdims=True)
    return ((total * on).sum(axis=(0, 1)) <= 0) | ((total * off).sum(axis=(0, 1)) <= 0)
