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
    wanted: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's method for several likelihoods at once.

    Steps are halved where the deviance would rise.

    Parameters
    ----------
    sums : (problems, size)
        Coefficients and (problems,) which are still moving -> deviance, score, Hessian of each.
    wanted : (problems,) bool, optional
        Which to solve; all by default.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
        Coefficients, Hessians, and (problems,) bool whether each failed: no maximum, or a Hessian
        without full rank.
    """
    value, best, deviance = start.copy(), start.copy(), np.full(len(start), np.inf)
    step, hessian = np.zeros_like(start), np.zeros((*start.shape, start.shape[1]))
    failed = np.zeros(len(start), bool)
    active = ~failed if wanted is None else wanted.copy()
    for _ in range(NEWTON_STEPS):
        now, score, curved = sums(value, active)
        worse = active & ~(now <= deviance + ROUNDING * (np.abs(deviance) + 0.1))
        moved = active & ~worse
        done = moved & (deviance - now <= CONVERGED * (np.abs(now) + 0.1))
        failed[moved] |= is_singular(curved[moved])
        best[moved], deviance[moved], hessian[moved] = value[moved], now[moved], curved[moved]
        last, going = done & ~failed, moved & ~(done | failed)
        best[last] += _last_steps(curved[last], score[last])
        step[worse] /= 2
        step[going] = _steps(curved[going], score[going])
        # the next step would be the square of this one
        near = going & (np.abs(step).max(axis=1) < SETTLED)
        best[near] += step[near]
        active &= ~(done | failed | near)
        if not active.any():
            return best, hessian, failed
        value = np.where(active[:, None], best + step, best)
    return best, hessian, failed | active


def _steps(hessian: np.ndarray, score: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.solve(hessian, score[..., None])[..., 0])


def _last_steps(hessian: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The steps from where the deviance no longer falls; 0 where one is not small.

    The deviance is flat at its minimum: where it has settled to 1e-14, coefficients are still off
    by 1e-7. One more step of Newton's method squares this error.
    """
    step = _steps(hessian, score)
    return np.where(np.abs(step).max(axis=1, keepdims=True) < SMALL_STEP, step, 0.0)


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


def is_singular(gram: np.ndarray) -> np.ndarray:
    """Whether matrices of cross products lack a direction, whatever their columns' scales.

    Parameters
    ----------
    gram : (..., size, size)
    """
    scale = np.sqrt(np.maximum(np.diagonal(gram, axis1=-2, axis2=-1), 0.0))
    broken = ~np.isfinite(gram).all(axis=(-2, -1)) | ~(scale > 0).all(axis=-1)
    scale = np.where(broken[..., None], 1.0, scale)
    correlation = gram / (scale[..., :, None] * scale[..., None, :])
    correlation[broken] = 0.0
    return np.asarray(
        broken | (np.linalg.eigvalsh(correlation).min(axis=-1, initial=1.0) < SINGULAR)
    )
