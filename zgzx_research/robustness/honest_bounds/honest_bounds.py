"""Intervals that allow trends to differ: `honest_bounds`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from zgzx_research.did.core.inference import t_quantile
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.frames import check_numbers
from zgzx_research.robustness.honest_bounds.confidence_set import confidence_set
from zgzx_research.robustness.honest_bounds.event_path import EventPath, checked
from zgzx_research.robustness.honest_bounds.fixed_length import fixed_length_interval
from zgzx_research.robustness.honest_bounds.our_events import (
    Reported,
    has_pooled_base,
    path_of_event,
    reported,
)
from zgzx_research.robustness.honest_bounds.raw_estimates import raw_path, refuse
from zgzx_research.robustness.honest_bounds.restrictions import (
    Restriction,
    increments,
    levels,
    pair,
    smoothness,
)
from zgzx_research.robustness.honest_bounds.result import (
    IN_PROPORTION,
    WORDS,
    HonestBounds,
    Target,
)

METHODS = {  # the first is the default
    "relative_magnitude": ("hybrid", "conditional"),
    "smoothness": ("fixed_length", "hybrid", "conditional"),
}
DEPARTURES = ("increments", "levels")
DOUBLINGS = 30  # of M in the search for the breakdown value; beyond, it counts as infinite
BREAKDOWN_DIGITS = 1e-3  # of the breakdown value


@dataclass(frozen=True, slots=True)
class Plan:
    """Which interval to compute.

    Attributes
    ----------
    restriction, departures, method : str
        As in `HonestBounds`.
    level : float
        Coverage.
    """

    restriction: str
    departures: str
    method: str
    level: float

    def restrict(self, path: EventPath) -> Restriction:
        """Return the restriction on this path."""
        kinds = {"increments": increments, "levels": levels, "": smoothness}
        return kinds[self.departures](path)

    def interval(self, path: EventPath, bound: float) -> tuple[float, float]:
        """Ends of the interval for the bound M."""
        if self.method == "fixed_length":
            low, high = fixed_length_interval(path, bound, self.level)
        else:
            size, hybrid = 1 - self.level, self.method == "hybrid"
            low, high = confidence_set(path, self.restrict(path), bound, size, hybrid=hybrid)
        return (max(low, -1.0) if path.is_ratio else low), high


def honest_bounds(
    event: Aggregate | None = None,
    *,
    estimates: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    event_times: Sequence[int] | None = None,
    base_time: int = -1,
    restriction: str = "relative_magnitude",
    target: Target = (1, 3),
    bounds: Sequence[float] = (0.5, 1, 1.5, 2),
    method: str | None = None,
    departures: str | None = None,
    level: float = 0.95,
) -> HonestBounds:
    """Intervals that stay valid if trends differ by no more than a bound M allows.

    Parameters
    ----------
    event : Aggregate, optional
        ``effects.aggregate("event_time")`` of any method with a common base.
    estimates, covariance : array_like, optional
        (rows,) and (rows, rows): an event study from any package, instead of `event`.
    event_times : sequence of int, optional
        (rows,) Event time of each of these estimates.
    base_time : int, default -1
        The event time at which they are zero by construction. Event times between it and 0 take no
        part but count as steps of the clock.
    restriction : str, default "relative_magnitude"
        M limits departures after treatment in multiples of the largest before it; or "smoothness":
        the change of slope, in units of the outcome (ratios: proportions) per period.
    target : (int, int), int or "average", default (1, 3)
        The mean over a window of event times, one event time, or the mean of all from 0.
    bounds : sequence of float
        M.
    method : str, optional
        "hybrid" (C-LF; default for relative magnitudes), "conditional", or for smoothness
        "fixed_length" (FLCI, its default).
    departures : str, optional
        For relative magnitudes, what is limited: "increments" from period to period (Rambachan &
        Roth) or "levels" about the base. Default: levels for a pooled base, otherwise increments.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    HonestBounds
        Intervals, what M means, the original interval and the breakdown value.

    Raises
    ------
    ZgzxError
        Unknown arguments; a varying base or none in common; no estimate before the base or of the
        target; an unknown or not positive semi-definite covariance.

    Notes
    -----
    Rambachan & Roth (2023), *Review of Economic Studies* 90(5), 2555-2591: sections 2.4.1
    (relative magnitudes), 2.4.2 (smoothness), 3 (hybrid) and 4 (fixed length). No random draws.

    Examples
    --------
    >>> import numpy as np, zgzx_research as zr
    >>> found = zr.honest_bounds(
    ...     estimates=[0.1, 1.0, 1.2], covariance=0.01 * np.eye(3), event_times=[-2, 0, 1],
    ...     target=0, bounds=[0, 1],
    ... )
    >>> found.to_frame().round(2)
       bound  ci_low  ci_high
    0    0.0    0.80     1.20
    1    1.0    0.66     1.34
    """
    bounds_asked = _check_bounds(bounds)
    check_numbers(level, 0)
    target = _check_target(target)
    pooled = event is not None and has_pooled_base(_aggregate(event))
    plan = _plan(restriction, method, departures, level, pooled=pooled)
    if event is not None:
        if any(given is not None for given in (estimates, covariance, event_times)):
            refuse("event and estimates are two choices", "Pass one of them.")
        path = path_of_event(event, target, level, about_base=plan.departures == "levels")
        original = reported(event, target, level)
    else:
        path = raw_path(estimates, covariance, event_times, base_time, target)
        half = t_quantile(level) * np.sqrt(path.weights @ path.covariance @ path.weights)
        original = Reported(path.estimate - float(half), path.estimate + float(half))

    path = checked(path)
    ends = [plan.interval(path, bound) for bound in bounds_asked]
    words = WORDS[plan.departures or plan.restriction] + IN_PROPORTION * path.is_ratio
    return HonestBounds(
        path.estimate,
        original.low,
        original.high,
        bounds=bounds_asked,
        ci_low=tuple(low for low, _ in ends),
        ci_high=tuple(high for _, high in ends),
        breakdown=_breakdown(plan, path),
        restriction_in_words=words,
        restriction=plan.restriction,
        departures=plan.departures,
        method=plan.method,
        target=target,
        scale="ratio" if path.is_ratio else "difference",
        level=level,
        n_treated=original.n_treated,
        n_comparison=original.n_comparison,
    )


def _plan(
    restriction: str, method: str | None, departures: str | None, level: float, *, pooled: bool
) -> Plan:
    """Fill in what is not given, and refuse what does not go together."""
    if restriction not in METHODS:
        refuse(f"restriction={restriction!r} is unknown", f"Choose one of {', '.join(METHODS)}.")
    allowed = METHODS[restriction]
    if method is not None and method not in allowed:
        remedy = f"With {restriction} choose one of {', '.join(allowed)}."
        refuse(f"method={method!r} is not offered", remedy)
    relative = restriction == "relative_magnitude"
    if departures is not None and (not relative or departures not in DEPARTURES):
        remedy = f"Choose one of {', '.join(DEPARTURES)}, for relative magnitudes only."
        refuse(f"departures={departures!r} is not offered with {restriction}", remedy)
    usual = ("levels" if pooled else "increments") if relative else ""
    return Plan(restriction, departures or usual, method or allowed[0], level)


def _breakdown(plan: Plan, path: EventPath) -> float:
    """Largest M at which the interval excludes zero, by root search; 0 if none does."""
    low, high = plan.interval(path, 0.0)
    if low <= 0 <= high:
        return 0.0
    above = low > 0
    scale = abs(low if above else high)

    def distance(bound: float) -> float:
        ends = plan.interval(path, bound)
        end = ends[0] if above else -ends[1]
        return max(end, -scale)  # an infinite end is far enough away

    one = pair(path, plan.restrict(path), 1.0, np.array([path.estimate]))
    largest = float(one.reach * np.abs(one.v).max())
    bound = scale / largest if largest > 0 else 1.0
    for _ in range(DOUBLINGS):
        if distance(bound) <= 0:
            break
        bound *= 2
    else:
        return float("inf")
    digits = BREAKDOWN_DIGITS * bound
    return float(optimize.brentq(distance, 0.0, bound, xtol=digits, rtol=BREAKDOWN_DIGITS))


def _aggregate(event: Aggregate) -> Aggregate:
    if not isinstance(event, Aggregate):
        refuse(
            f"event is a {type(event).__name__}, not an event study",
            "Pass effects.aggregate('event_time'), or estimates, covariance and event_times.",
        )
    return event


def _check_bounds(bounds: Sequence[float]) -> tuple[float, ...]:
    values = np.asarray(bounds, dtype=float)
    wrong = [b for b in values.ravel() if not (np.isfinite(b) and b >= 0)]
    if values.ndim != 1 or not len(values) or wrong:
        refuse("bounds are not numbers from 0 on", "Pass e.g. bounds=(0.5, 1, 2).", wrong)
    return tuple(float(b) for b in values)


def _check_target(target: Target) -> Target:
    if isinstance(target, str) and target == "average":
        return target
    numbers = target if isinstance(target, tuple | list) else (target,)
    whole = all(isinstance(e, int | np.integer) and not isinstance(e, bool) for e in numbers)
    if not whole or len(numbers) not in (1, 2):
        remedy = "Pass an event time, a window such as (1, 3), or 'average'."
        refuse(f"target={target!r} is unknown", remedy)
    if isinstance(target, tuple | list):
        return int(target[0]), int(target[1])
    return int(target)
