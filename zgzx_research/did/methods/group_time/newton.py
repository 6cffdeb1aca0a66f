"""Newton's method for several likelihoods at once, and normal equations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

NEWTON_STEPS = 50
SMALL_STEP = 1e-3  # largest last step that is trusted
SETTLED = 1e-7  # step of Newton's method after which no other is taken
ROUNDING = 1e-12  # relative; a perfect fit has a deviance of zero, of which only rounding is seen
CONVERGED = 1e-14  # relative change of the deviance
# smallest eigenvalue of a correlation matrix of regressors that counts as more than rounding
SINGULAR = 1e-11


def newton(
    sums: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]],
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's method for several likelihoods at once.

    Steps are halved where the deviance would rise.

    Parameters
    ----------
    sums : (problems, size)
        Coefficients and (problems,) which are still moving -> deviance, score, Hessian of each.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
        Coefficients, Hessians, and (problems,) bool whether each failed: no maximum, or a Hessian
        without full rank.
    """
    value, best, deviance = start.copy(), start.copy(), np.full(len(start), np.inf)
    step, hessian = np.zeros_like(start), np.zeros((*start.shape, start.shape[1]))
    active, failed = np.ones(len(start), bool), np.zeros(len(start), bool)
    for _ in range(NEWTON_STEPS):
        now, score, curved = sums(value, active)
        worse = active & ~(now <= deviance + ROUNDING * (np.abs(deviance) + 0.1))
        moved = active & ~worse
        done = moved & (deviance - now <= CONVERGED * (np.abs(now) + 0.1))
        for k in np.flatnonzero(moved):
            failed[k] |= is_singular(curved[k])
        best[moved], deviance[moved], hessian[moved] = value[moved], now[moved], curved[moved]
        for k in np.flatnonzero(done & ~failed):
            best[k] += _last_step(curved[k], score[k])
        active &= ~(done | failed)
        if not active.any():
            return best, hessian, failed
        step[worse] /= 2
        for k in np.flatnonzero(active & ~worse):
            step[k] = linalg.solve(hessian[k], score[k], assume_a="pos")
            if np.abs(step[k]).max() < SETTLED:  # the next step would be its square
                best[k], active[k] = best[k] + step[k], False
        if not active.any():
            return best, hessian, failed
        value = np.where(active[:, None], best + step, best)
    return best, hessian, failed | active


def _last_step(hessian: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The step from where the deviance no longer falls; 0 if it is not small.

    The deviance is flat at its minimum: where it has settled to 1e-14, coefficients are still off
    by 1e-7. One more step of Newton's method squares this error.
    """
    step = linalg.solve(hessian, score, assume_a="pos")
    return step if np.abs(step).max() < SMALL_STEP else np.zeros_like(step)


def solve_normal(gram: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Solve normal equations: coefficients, inverse, and why they have no solution, or ""."""
    if is_singular(gram):
        return (
            np.zeros_like(cross),
            np.zeros_like(gram),
            "covariates are collinear among the comparison units",
        )
    inverse = linalg.inv(gram)
    return linalg.solve(gram, cross, assume_a="pos"), inverse, ""


def is_singular(gram: np.ndarray) -> bool:
    """Whether a matrix of cross products lacks a direction, whatever its columns' scales."""
    scale = np.sqrt(np.diag(gram))
    if not (np.isfinite(gram).all() and (scale > 0).all()):
        return True
    return bool(np.linalg.eigvalsh(gram / np.outer(scale, scale))[0] < SINGULAR)
