"""Fixed-length intervals under smoothness: the linear estimator with the shortest interval.

Rambachan & Roth (2023), section 4.1, after Donoho (1994) and Armstrong & Kolesár (2018). The
estimator extrapolates the trend before treatment with weights w on those estimates. In the
coordinates x_k = Σ_{t<-k} w_t (-t - k) its largest bias is M (constant + Σ_{k≥1} |x_k|), and x_0 is
fixed because a linear trend must cancel. So the best estimator lies on the path of a lasso.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.honest_bounds.event_path import EventPath
from zgzx_research.robustness.honest_bounds.hull import hull, ratios_about

PENALTIES = 26  # on the path of the lasso, from all x zero to a millionth of that, and zero
SMALLEST_PENALTY = 1e-6
SWEEPS = 2_000  # of coordinate descent at most
CONVERGED = 1e-10  # of the largest coordinate: change in a sweep
PENALTY_DIGITS = 1e-3  # of log penalty: the length is flat at its minimum


@dataclass(frozen=True, slots=True)
class LinearEstimator:
    """A linear combination of the departures.

    Attributes
    ----------
    contrast : (rows,)
        Weights on the estimates of an event path.
    bias : float
        The largest bias for the bound M that it was made for.
    """

    contrast: np.ndarray
    bias: float

    def half_length(self, covariance: np.ndarray, level: float) -> float:
        """Half the length of its interval, whose coverage is at least `level`."""
        sd = float(np.sqrt(self.contrast @ covariance @ self.contrast))
        return sd * folded_quantile(self.bias / sd, level)


def fixed_length_interval(path: EventPath, bound: float, level: float) -> tuple[float, float]:
    """Ends of the shortest interval of fixed length.

    On the ratio scale the set of effects whose departure is not larger than noise and bias allow
    (Fieller's idea), with the weights that are best at the estimate.

    Parameters
    ----------
    path : EventPath
        Estimates, without gaps before the base.
    bound : float
        M.
    level : float
        Coverage.

    Returns
    -------
    low, high : float
        Infinite (ratios: -1 and infinity) where the farthest effects are not left out.

    Raises
    ------
    ZgzxError
        Event times before the base have gaps.
    """
    departure, covariance = path.departures(np.array([path.estimate]))
    best = shortest(path, covariance[0], bound, level)
    center = float(best.contrast @ departure[0])
    if not path.is_ratio:
        half = best.half_length(covariance[0], level)
        return path.estimate + center - half, path.estimate + center + half

    def accepted(effect: np.ndarray) -> np.ndarray:
        departure, covariance = path.departures(effect)
        half = np.array([best.half_length(spread, level) for spread in covariance])
        return np.asarray(np.abs(departure @ best.contrast) <= half)

    return hull(accepted, ratios_about(path, center))


def shortest(
    path: EventPath, covariance: np.ndarray, bound: float, level: float
) -> LinearEstimator:
    """Linear estimator whose interval is shortest for the bound M.

    Parameters
    ----------
    path : EventPath
        Estimates.
    covariance : (rows, rows)
        Of the departures.
    bound : float
        M.
    level : float
        Coverage of the interval.

    Returns
    -------
    LinearEstimator
        Its contrast and its largest bias.
    """
    start, directions = _coordinates(path)
    curvature = directions @ covariance @ directions.T
    tilt = directions @ covariance @ start
    constant = _bias_after(path)

    def estimator(x: np.ndarray) -> LinearEstimator:
        bias = bound * (constant + np.abs(x).sum())
        return LinearEstimator(start + x @ directions, bias)

    if not len(directions):
        return estimator(np.zeros(0))
    if bound == 0:
        return estimator(-np.linalg.lstsq(curvature, tilt)[0])

    def length_at(x: np.ndarray) -> float:
        return estimator(x).half_length(covariance, level)

    return estimator(_best_on_path(curvature, tilt, length_at))


def _best_on_path(
    curvature: np.ndarray, tilt: np.ndarray, length_at: Callable[[np.ndarray], float]
) -> np.ndarray:
    """Return the point of the lasso path with the shortest interval."""
    largest = float(np.log(np.abs(tilt).max()))
    logs = largest + np.linspace(0, np.log(SMALLEST_PENALTY), PENALTIES)
    points = [np.zeros(len(tilt))]
    for log_penalty in logs[1:]:
        points.append(lasso(curvature, tilt, float(np.exp(log_penalty)), points[-1]))
    best = int(np.argmin([length_at(x) for x in points]))

    def between(log_penalty: float) -> np.ndarray:
        return lasso(curvature, tilt, float(np.exp(log_penalty)), points[best])

    chosen = optimize.minimize_scalar(
        lambda log_penalty: length_at(between(log_penalty)),
        bounds=(logs[min(best + 1, PENALTIES - 1)], logs[max(best - 1, 0)]),
        method="bounded",
        options={"xatol": PENALTY_DIGITS},
    )
    return min(points[best], between(float(chosen.x)), key=length_at)


def lasso(curvature: np.ndarray, tilt: np.ndarray, penalty: float, start: np.ndarray) -> np.ndarray:
    """Minimise x'Hx / 2 + b'x + penalty Σ|x| by coordinate descent."""
    x = start.copy()
    for _ in range(SWEEPS):
        before = x.copy()
        for k in range(len(x)):
            pull = curvature[k, k] * x[k] - tilt[k] - curvature[k] @ x
            x[k] = np.sign(pull) * max(abs(pull) - penalty, 0.0) / curvature[k, k]
        if np.abs(x - before).max() <= CONVERGED * np.abs(x).max():
            break
    return x


def folded_quantile(bias: float, level: float) -> float:
    """Quantile of |N(bias, 1)|."""
    bias = abs(bias)
    start = max(float(special.ndtri(level)), 0.0)

    def short(x: float) -> float:  # bias + x is the quantile
        return float(special.ndtr(x) - special.ndtr(-2 * bias - x)) - level

    upper = float(special.ndtri((1 + level) / 2)) + 1e-9
    return bias + float(optimize.brentq(short, start - 1e-9, upper, xtol=1e-13))


def _coordinates(path: EventPath) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) estimator with x = 0, and (coordinates, rows) what each x_k adds to it."""
    base = int(np.flatnonzero(path.times == 0)[0])
    if (np.diff(path.times[: base + 1]) != 1).any():
        missing = sorted(set(range(int(path.times[0]), 0)) - set(path.times.tolist()))
        raise ZgzxError(
            "the fixed-length interval needs every event time before the base",
            where="honest_bounds",
            count=len(missing),
            examples=[f"{-t} steps before the base" for t in missing],
            remedy="Pass method='hybrid', or a later first event time.",
        )
    steps = np.arange(1, base + 1)
    bend = np.zeros((base, base + 1))  # row: steps before the base; column: x_0, x_1, ...
    for t in steps:
        for k, weight in ((t - 1, 1.0), (t, -2.0), (t + 1, 1.0)):
            if k < base:
                bend[t - 1, k] = weight
    on_before = np.zeros((base + 1, len(path.times)))
    on_before[:, base - steps] = bend.T
    on_before[:, base] = -bend.sum(axis=0)
    first = float(path.weights @ path.times)
    start = path.weights + first * on_before[0]
    start[base] -= path.weights.sum()
    return start, on_before[1:base]


def _bias_after(path: EventPath) -> float:
    """Σ_{k≥0} |Σ_{t>k} l_t (t - k)|: what bends after the base make of the target."""
    k = np.arange(int(path.times[-1]))
    return float(np.abs(np.maximum(path.times - k[:, None], 0) @ path.weights).sum())
