"""What may be assumed about trends, as moments that a hypothesis about the effect must satisfy.

Every restriction used here says |p_k| <= M g_k v for some linear functions p_k of the departures
after treatment. v is one such function of those before treatment, or 1. With the effects after
treatment free but for the target, only these combinations can reject (the vertices of the dual
linear program of Andrews, Roth & Pakes 2023): T+ and T-, the two sides of the target, and P_k, the
sum of the two sides of one restriction. All are functions of the bivariate normal (y, v).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.robustness.honest_bounds.event_path import EventPath

SMALLEST_SD = 1e-8  # of the target's: a restriction whose departure has no noise is divided by it


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction as contrasts of an event path.

    Attributes
    ----------
    after : (restrictions, rows)
        p_k as contrasts of the departures.
    size : (restrictions,)
        g_k: how many steps of the clock a restriction spans.
    load : (restrictions,)
        Weight of each p_k in y, the target's departure.
    before : (departures, rows)
        Departures before treatment, whose largest is v; empty where v is 1.
    """

    after: np.ndarray
    size: np.ndarray
    load: np.ndarray
    before: np.ndarray


@dataclass(frozen=True, slots=True)
class Pair:
    """The target's departure y and one departure v before treatment, for several hypotheses.

    Attributes
    ----------
    y, v : (departures, effects)
        Values; each departure before treatment stands here twice, with either sign.
    var_y, var_v, cov : (departures, effects)
        Their covariance.
    s_plus, s_minus : (departures, effects)
        Divisors of T+ and T-.
    reach : float
        c = M Σ |load| g: y may be as large as c v.
    slack : (departures, effects, restrictions)
        P_k = -slack v.
    """

    y: np.ndarray
    v: np.ndarray
    var_y: np.ndarray
    var_v: np.ndarray
    cov: np.ndarray
    s_plus: np.ndarray
    s_minus: np.ndarray
    reach: float
    slack: np.ndarray


def increments(path: EventPath) -> Restriction:
    """Relative magnitudes: step by step of the clock (Rambachan & Roth 2023, section 2.4.1).

    A step that spans left-out times counts as several. Before treatment the change between two
    estimates is divided by the steps between them.
    """
    base = int(np.flatnonzero(path.times == 0)[0])
    steps = np.diff(np.eye(len(path.times)), axis=0)
    spans = np.diff(path.times).astype(float)
    after = steps[base:]
    # weights of the target as weights of the steps: Σ_t l_t (p_1 + … + p_t)
    load = np.cumsum(path.weights[base + 1 :][::-1])[::-1]
    return Restriction(after, spans[base:], load, steps[:base] / spans[:base, None])


def levels(path: EventPath) -> Restriction:
    """Relative magnitudes about the base: the target against each single earlier time."""
    before = np.eye(len(path.times))[path.times < 0]
    return Restriction(path.weights[None, :], np.ones(1), np.ones(1), before)


def smoothness(path: EventPath) -> Restriction:
    """Second differences of the trend of at most M a step (Rambachan & Roth 2023, section 2.4.2).

    Left-out times after the base are departures without estimate: their weight is 0.
    """
    base = int(np.flatnonzero(path.times == 0)[0])
    last = int(path.times[-1])
    gap = float(-path.times[base - 1])
    # column j is time j, from the base on; row k bends at time k
    bend = np.eye(last, last + 1, 1) - 2 * np.eye(last, last + 1) + np.eye(last, last + 1, -1)
    bend[0, 0] = -1 - 1 / gap
    after = np.zeros((last, len(path.times)))
    after[:, base:] = bend[:, path.times[base:]]
    after[0, base - 1] = 1 / gap
    weights = np.zeros(last)
    weights[path.times[base + 1 :] - 1] = path.weights[base + 1 :]
    load = np.linalg.solve(bend[:, 1:].T, weights)
    size = np.ones(last)
    size[0] = (1 + gap) / 2  # the slope before is a mean over `gap` steps
    return Restriction(after, size, load, np.zeros((0, len(path.times))))


def pair(path: EventPath, restriction: Restriction, bound: float, effect: np.ndarray) -> Pair:
    """Moments of the hypotheses `effect` under a restriction with the bound M.

    Parameters
    ----------
    path : EventPath
        Estimates.
    restriction : Restriction
        From `increments`, `levels` or `smoothness`.
    bound : float
        M.
    effect : (effects,)
        Hypotheses about the target.

    Returns
    -------
    Pair
        One row for each departure before treatment and sign; one row where v is 1.
    """
    departure, covariance = path.departures(effect)
    contrasts = np.vstack([restriction.after, restriction.before])
    value = departure @ contrasts.T  # (effects, contrasts)
    spread = contrasts @ covariance @ contrasts.T
    count = len(restriction.load)

    load = restriction.load
    y = value[:, :count] @ load
    var_y = np.einsum("k,ekl,l->e", load, spread[:, :count, :count], load)
    own = np.diagonal(spread, axis1=1, axis2=2)[:, :count]
    v, var_v, cov_y, cov_p = _before(value, spread, load)

    allowed = bound * restriction.size
    middle = own + allowed**2 * var_v[..., None]
    smallest = SMALLEST_SD * np.sqrt(var_y)[None, :, None]
    sd_plus, sd_minus = (
        np.maximum(np.sqrt(np.maximum(middle + side * 2 * allowed * cov_p, 0)), smallest)
        for side in (-1, 1)
    )
    positive, negative = np.maximum(load, 0), np.maximum(-load, 0)
    return Pair(
        y=np.broadcast_to(y, v.shape),
        v=v,
        var_y=np.broadcast_to(var_y, var_v.shape),
        var_v=var_v,
        cov=cov_y,
        s_plus=sd_plus @ positive + sd_minus @ negative,
        s_minus=sd_plus @ negative + sd_minus @ positive,
        reach=float(np.abs(load) @ allowed),
        slack=2 * allowed / (sd_plus + sd_minus),
    )


def _before(
    value: np.ndarray, spread: np.ndarray, load: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """v with either sign, its variance, and its covariances with y and with every p_k.

    Shapes (departures, effects), the last (departures, effects, restrictions).
    """
    count = len(load)
    if value.shape[1] == count:
        none = np.zeros((1, len(spread)))
        return np.ones((1, len(value))), none, none, np.zeros((1, len(spread), count))
    v = value[:, count:].T
    var_v = np.diagonal(spread, axis1=1, axis2=2)[:, count:].T
    cov_p = spread[:, :count, count:].transpose(2, 0, 1)
    cov_y = cov_p @ load
    both = [np.concatenate([part, -part]) for part in (v, cov_y, cov_p)]
    return both[0], np.concatenate([var_v, var_v]), both[1], both[2]
