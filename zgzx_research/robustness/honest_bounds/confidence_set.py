"""Conditional and hybrid tests of a hypothesis, and the hull of all that are not rejected.

Andrews, Roth & Pakes (2023, *Review of Economic Studies* 90): the largest statistic is compared
with the quantile of its distribution given which one is the largest (conditional test). The hybrid
test first rejects if it is above the critical value of the least favourable case, at a tenth of
the level, and conditions on not having done so.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from zgzx_research.robustness.honest_bounds.event_path import EventPath
from zgzx_research.robustness.honest_bounds.hull import hull, ratios_about
from zgzx_research.robustness.honest_bounds.restrictions import Pair, Restriction, pair

FIRST_STAGE = 0.1  # part of the size that the hybrid test spends first; Andrews et al. 2023
NODES = 80  # of Gauss-Legendre; with 3 secants critical values are right to 1e-5
TAIL = 8.0  # standard deviations: the normal integral beyond is below 1e-15
SECANTS = 3  # steps to a critical value between its bounds
REACH = 6.0  # standard errors of the target that the search goes beyond what M allows
SAME = 1e-9  # two statistics whose regression coefficient differs from 1 by less move together


def confidence_set(
    path: EventPath, restriction: Restriction, bound: float, size: float, *, hybrid: bool
) -> tuple[float, float]:
    """Ends of the set of effects that are not rejected.

    Parameters
    ----------
    path : EventPath
        Estimates.
    restriction : Restriction
        What is assumed.
    bound : float
        M.
    size : float
        Of the test, e.g. .05.
    hybrid : bool
        Whether the least favourable critical value is used first.

    Returns
    -------
    low, high : float
        Infinite (ratios: -1 and infinity) where the farthest effects are not rejected.
    """
    first_size = FIRST_STAGE * size
    at_estimate = pair(path, restriction, bound, np.array([path.estimate]))
    fixed = hybrid and not path.is_ratio  # differences: one critical value for all effects
    critical = least_favourable(at_estimate, first_size) if fixed else None

    def accepted(effect: np.ndarray) -> np.ndarray:
        moments = pair(path, restriction, bound, effect)
        own = hybrid and path.is_ratio
        at = least_favourable(moments, first_size) if own else critical
        return np.asarray(~rejected(moments, size, at).all(axis=0))

    center = float(at_estimate.y[0, 0])
    if path.is_ratio:
        return hull(accepted, ratios_about(path, center))
    allowed = at_estimate.reach * (np.abs(at_estimate.v) + 4 * np.sqrt(at_estimate.var_v)).max()
    reach = REACH * float(np.sqrt(at_estimate.var_y[0, 0])) + float(allowed)
    return hull(accepted, lambda place: path.estimate + center + reach * place)


def rejected(moments: Pair, size: float, critical: np.ndarray | None = None) -> np.ndarray:
    """(departures, effects) bool: whether each hypothesis is rejected.

    Parameters
    ----------
    moments : Pair
        Of the hypotheses.
    size : float
        Of the test.
    critical : (departures, effects), optional
        Of the first stage of the hybrid test; without it the test is the conditional one.
    """
    eta, sd, low, high = largest_statistic(moments)
    first = np.zeros(eta.shape, dtype=bool)
    if critical is not None:
        first = eta > critical
        high = np.minimum(high, critical)
        size = size * (1 - FIRST_STAGE) / (1 - FIRST_STAGE * size)
    with np.errstate(divide="ignore", invalid="ignore"):
        quantile = truncated_quantile(low / sd, high / sd, size)
        conditional = np.where(sd > 0, eta / sd > np.maximum(quantile, 0), eta > 0)
    return np.asarray(first | conditional)


def largest_statistic(
    moments: Pair,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the largest statistic, its standard error, and where it stays the largest.

    Given which statistic it is, and what does not correlate with it, it is a normal variable
    between two limits.

    Returns
    -------
    eta, sd, low, high : (departures, effects)
        Value, standard error and both limits.
    """
    on_y, on_v = _statistics(moments)
    value = on_y * moments.y[..., None] + on_v * moments.v[..., None]
    largest = value.argmax(axis=-1)[..., None]
    eta = np.take_along_axis(value, largest, -1)
    top_y, top_v = (
        np.take_along_axis(np.broadcast_to(part, value.shape), largest, -1) for part in (on_y, on_v)
    )
    with_y = top_y * moments.var_y[..., None] + top_v * moments.cov[..., None]
    with_v = top_y * moments.cov[..., None] + top_v * moments.var_v[..., None]
    variance = np.maximum(top_y * with_y + top_v * with_v, 0)
    cov = on_y * with_y + on_v * with_v

    slope = np.divide(cov, variance, out=np.zeros_like(value), where=variance > 0)
    rest = 1 - slope
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = (value - slope * eta) / rest
    low = np.where(rest > SAME, limit, -np.inf).max(axis=-1)
    high = np.where(rest < -SAME, limit, np.inf).min(axis=-1)
    return eta[..., 0], np.sqrt(variance[..., 0]), low, high


def _statistics(moments: Pair) -> tuple[np.ndarray, np.ndarray]:
    """(departures, effects, statistics) coefficients of T+, T- and every P_k on y and on v."""
    plus, minus = 1 / moments.s_plus[..., None], 1 / moments.s_minus[..., None]
    on_y = np.concatenate([plus, -minus, 0 * moments.slack], axis=-1)
    reach = moments.reach
    on_v = np.concatenate([-reach * plus, -reach * minus, -moments.slack], axis=-1)
    return on_y, on_v


def truncated_quantile(low: np.ndarray, high: np.ndarray, size: float) -> np.ndarray:
    """(1 - size) quantile of a standard normal between two limits, by upper tails in logs."""
    above_high = np.log1p(-size) + special.log_ndtr(-high)
    above_low = np.log(size) + special.log_ndtr(-low)
    return np.asarray(-special.ndtri_exp(np.logaddexp(above_high, above_low)))


def least_favourable(moments: Pair, size: float) -> np.ndarray:
    """(departures, effects) 1 - size quantile of the largest statistic when all have mean zero.

    Found between the quantile of the largest single statistic and Bonferroni's bound by secants
    on the logarithm of the tail, which is almost a line there.
    """
    on_y, on_v = _statistics(moments)
    variance = (
        on_y**2 * moments.var_y[..., None]
        + 2 * on_y * on_v * moments.cov[..., None]
        + on_v**2 * moments.var_v[..., None]
    )
    sd = np.sqrt(np.maximum(variance, 0).max(axis=-1))
    low, high = (-special.ndtri(size / parts) * sd for parts in (1, 3))
    aim = np.log(size)
    at_low, at_high = (_log_tail(moments, x) - aim for x in (low, high))
    for _ in range(SECANTS):
        span = at_low - at_high
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(span > 0, low + (high - low) * at_low / span, high)
        at_x = _log_tail(moments, x) - aim
        low, at_low = np.where(at_x > 0, x, low), np.where(at_x > 0, at_x, at_low)
        high, at_high = np.where(at_x > 0, high, x), np.where(at_x > 0, at_high, at_x)
    return x


def _log_tail(moments: Pair, x: np.ndarray) -> np.ndarray:
    """(departures, effects) log P(largest statistic > x), by one integral over v."""
    sd_v = np.sqrt(moments.var_v)
    slope = np.divide(moments.cov, moments.var_v, out=np.zeros_like(sd_v), where=sd_v > 0)
    rest = np.maximum(moments.var_y - slope * moments.cov, SAME * moments.var_y)
    rest = np.sqrt(rest)[..., None]
    largest = moments.slack.max(axis=-1) * sd_v
    start = np.full_like(sd_v, -TAIL)  # below it some P_k is above x
    np.divide(-x, largest, out=start, where=largest > 0)
    start = np.maximum(start, -TAIL)

    points, weights = _nodes()
    half = (TAIL - start)[..., None] / 2
    u = start[..., None] + half * (points + 1)
    v, reach = u * sd_v[..., None], moments.reach
    upper = (x * moments.s_plus)[..., None] + (reach - slope[..., None]) * v
    lower = -(x * moments.s_minus)[..., None] - (reach + slope[..., None]) * v
    outside = special.ndtr(-upper / rest) + special.ndtr(lower / rest)
    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    tail = special.ndtr(start) + (half * weights * density * outside).sum(axis=-1)
    return np.asarray(np.log(np.clip(tail, 1e-300, 1)))


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss-Legendre on [-1, 1]."""
    return np.polynomial.legendre.leggauss(NODES)
