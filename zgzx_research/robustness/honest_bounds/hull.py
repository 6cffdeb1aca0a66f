"""The smallest interval that holds all effects which a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zgzx_research.robustness.honest_bounds.event_path import EventPath

POINTS = 121  # effects on the first grid
HALVINGS = 24  # of the grid's step at each end
LOG_REACH = 7.0  # ratios: the grid covers factors exp(±7) = 1100 about its center
DENSER = 5.0  # sinh scale of that grid: steps of .8 % at the center
LARGEST_DEPARTURE = 0.95  # of the counterfactual, in the search for that center


def hull(
    accepted: Callable[[np.ndarray], np.ndarray], effect_at: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """Ends of the hull of the accepted effects: a grid, then bisection at both ends.

    Parameters
    ----------
    accepted : callable
        (effects,) -> (effects,) bool. The effect at place 0 counts as accepted.
    effect_at : callable
        (places,) between -1 and 1 -> (effects,), increasing.

    Returns
    -------
    low, high : float
        -inf and inf where the first or last effect of the grid is accepted.
    """
    place = np.linspace(-1, 1, POINTS)
    inside = np.flatnonzero(accepted(effect_at(place)) | (np.arange(POINTS) == POINTS // 2))
    open_low, open_high = inside[0] == 0, inside[-1] == POINTS - 1
    step = place[1] - place[0]
    into = place[inside[[0, -1]]]
    out = into + step * np.array([-1.0, 1.0])
    for _ in range(HALVINGS):
        middle = (into + out) / 2
        within = accepted(effect_at(middle))
        into, out = np.where(within, middle, into), np.where(within, out, middle)
    low, high = effect_at(into)
    return -np.inf if open_low else float(low), np.inf if open_high else float(high)


def ratios_about(path: EventPath, departure: float) -> Callable[[np.ndarray], np.ndarray]:
    """Effects at places in [-1, 1]: factors about the ratio whose departure is zero, less 1.

    Parameters
    ----------
    path : EventPath
        On the ratio scale.
    departure : float
        That of the target at the path's own estimate: what the restriction extrapolates.
    """
    target = np.flatnonzero(path.weights > 0)
    noise = np.sqrt(path.covariance[np.ix_(target, target)].sum())
    treated = max(path.values[0, target].sum(), noise)  # nobody treated has anything: a start
    center = treated / path.values[1, target].sum() / (1 - min(departure, LARGEST_DEPARTURE))

    def effect_at(place: np.ndarray) -> np.ndarray:
        log_factor = LOG_REACH * np.sinh(DENSER * place) / np.sinh(DENSER)
        return np.asarray(center * np.exp(log_factor) - 1)

    return effect_at
