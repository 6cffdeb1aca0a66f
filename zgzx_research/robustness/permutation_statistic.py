"""The window mean of group-time effects and its t, fast enough to be worked out a thousand times.

A permutation changes who is treated when, and no outcome. So the outcomes at t and at the base are
laid out once, by unit and by (first treated period, event time); a permutation is then two masks
and a few sums over units. Comparisons, bases and statistics are those of method="group_time"
(`plan_comparisons`, `SCALES`), and a test holds estimate and standard error equal to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import plan_comparisons, unit_weights
from zgzx_research.did.core.windows import possible_events
from zgzx_research.did.methods.group_time.scales import SCALES
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class WindowDesign:
    """What no permutation changes. A comparison is a first treated period with an event time.

    Attributes
    ----------
    starts : (starts,) float
        First treated periods that have a base and all event times of the window.
    events : int
        Event times in the window; comparisons = starts × events.
    latest : (comparisons,) float
        Last period that a comparison uses, plus the masked periods: who is treated up to it is
        no comparison unit.
    weight, now, base : (units, comparisons)
        Weight of the unit, and weight times its outcome at t and its mean outcome at the base; 0
        where one of the two is not observed.
    sums : (3, comparisons)
        Sums of weight, now and base over all units.
    own : (units,)
        Weight of the unit in cohort shares.
    last : float
        Last period of the panel: who is treated later is never treated in it.
    masked : int
        Periods before treatment in declared windows.
    scale : str
        "difference" or "ratio".
    only_never : bool
        Whether only units never treated compare.
    corrected : bool
        Whether variances within a cohort of n are times n / (n - 1).
    """

    starts: np.ndarray
    events: int
    latest: np.ndarray
    weight: np.ndarray
    now: np.ndarray
    base: np.ndarray
    sums: np.ndarray
    own: np.ndarray
    last: float
    masked: int
    scale: str
    only_never: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is treated when, and who compares. Units never treated compare in every comparison.

    Attributes
    ----------
    start : (units,) float
        First treated period; infinity = never.
    rows : (rows,) int
        Units that are treated at some time.
    treated, compared : (rows, comparisons) bool
        Comparisons in which these units are treated, or compare.
    """

    start: np.ndarray
    rows: np.ndarray
    treated: np.ndarray
    compared: np.ndarray


@dataclass(frozen=True, slots=True)
class WindowStatistic:
    """The window mean under one assignment.

    Attributes
    ----------
    estimate : float
        Difference, or proportion on the ratio scale; NaN where no cohort can be compared.
    std_error : float
        Of the difference, or of the log ratio.
    t : float
        Studentised: estimate / std_error; on the ratio scale treated total less counterfactual
        total over its standard error, which needs no logarithm of a total that may be zero.
    """

    estimate: float
    std_error: float
    t: float


NOBODY = 1e-12  # share of the weight of all units below which a difference of sums is rounding
NOTHING = WindowStatistic(np.nan, np.nan, np.nan)


def first_treated(panel: PreparedPanel) -> np.ndarray:
    """(units,) first treated period, also where it is after the panel; infinity = never."""
    start = panel.cohorts[panel.cohort]
    return start if panel.late is None else np.minimum(start, panel.late)


def window_design(
    panel: PreparedPanel,
    starts: np.ndarray,
    window: tuple[int, int],
    *,
    controls: str = "never_treated",
    base_period: str = "universal",
    anticipation: int = 0,
    leave_out: int = 0,
    scale: str = "difference",
    cohort_correction: bool = False,
) -> WindowDesign:
    """Lay out the outcomes of a panel for every first treated period that may be drawn.

    Parameters
    ----------
    panel : PreparedPanel
        Without covariates, with weights that are constant within units.
    starts : (starts,) float
        First treated periods that an assignment may give; those after the panel count as never.
    window : (int, int)
        First and last event time, 0 or later.
    controls, base_period, anticipation, leave_out, scale, cohort_correction
        As in `estimate_effects`.

    Raises
    ------
    ZgzxError
        No first treated period has a base and all event times of the window.
    """
    masked = anticipation + leave_out
    cohorts = np.append(np.unique(starts[starts <= panel.periods[-1]]), np.inf)
    plan = plan_comparisons(
        cohorts,
        panel.periods,
        controls="not_yet_treated",
        base_period=base_period,
        anticipation=anticipation,
        leave_out=leave_out,
    )
    event = panel.periods[plan.period] - cohorts[plan.cohort]
    wanted = possible_events(event, panel.periods, *window)
    inside = np.isin(event, wanted)
    counted = np.bincount(plan.cohort[inside], minlength=len(cohorts))
    inside &= counted[plan.cohort] == len(wanted)
    if not len(wanted) or not inside.any():
        raise ZgzxError(
            f"no cohort is seen at every event time from {window[0]} to {window[1]}",
            where="randomisation_inference",
            remedy="Choose a shorter window or wait for later data.",
        )
    plan = plan.take(inside)  # by cohort, then by period
    parts = _outcomes(panel, plan.period, plan.base)
    reach = np.where(plan.base > 0, panel.periods, panel.periods[0]).max(axis=1)
    return WindowDesign(
        cohorts[plan.cohort][:: len(wanted)],
        len(wanted),
        np.maximum(panel.periods[plan.period], reach) + masked,
        *parts,
        np.stack([part.sum(axis=0) for part in parts]),
        unit_weights(panel.weights),
        float(panel.periods[-1]),
        masked,
        scale,
        controls == "never_treated",
        cohort_correction,
    )


def _outcomes(
    panel: PreparedPanel, period: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(units, comparisons) weight, and weight times the outcome at t and the mean at the base."""
    seen = ~np.isnan(panel.y)
    y = np.where(seen, panel.y, 0.0)
    known = seen @ base.T
    before = np.divide(y @ base.T, known, out=np.zeros_like(known), where=known > 0)
    weight = (seen[:, period] & (known > 0)) * unit_weights(panel.weights)[:, None]
    return weight, weight * y[:, period], weight * before


def window_statistic(design: WindowDesign, start: np.ndarray) -> WindowStatistic:
    """Return the window mean when each unit is first treated in `start`.

    Parameters
    ----------
    design : WindowDesign
        Of the panel.
    start : (units,) float
        First treated period; after the panel or infinity = never.
    """
    rows = np.flatnonzero(np.isfinite(start))
    own = start[rows, None]
    earliest = np.maximum(design.latest, design.last if design.only_never else -np.inf)
    comparison_start = np.repeat(design.starts, design.events)
    drawn = Assignment(start, rows, own == comparison_start, own > earliest)
    value, weight = _means(design, drawn)
    usable = (weight > 0).all(axis=1)
    if design.scale == "ratio":
        usable &= (value[:, 2:] > 0).all(axis=1)
    usable = np.repeat(usable.reshape(-1, design.events).all(axis=1), design.events)
    if not usable.any():
        return NOTHING
    value = np.where(usable[:, None], value, 1.0)
    weight = np.where(usable[:, None], weight, 1.0)
    statistics, gradient = SCALES[design.scale](value, weight)
    slopes = np.where(usable[:, None], gradient / weight, 0.0)
    if design.scale == "ratio":
        return _ratio(design, drawn, statistics * usable, slopes, value)
    return _difference(design, drawn, statistics[0], usable, slopes[0], value)


def _means(design: WindowDesign, drawn: Assignment) -> tuple[np.ndarray, np.ndarray]:
    """(comparisons, 4) means and weights of treated and comparison units, each at t and base."""
    parts = [part[drawn.rows] for part in (design.weight, design.now, design.base)]
    treated = np.stack([np.where(drawn.treated, part, 0.0).sum(axis=0) for part in parts])
    outside = np.stack([np.where(drawn.compared, 0.0, part).sum(axis=0) for part in parts])
    compared = design.sums - outside
    weight = np.stack([treated[0], treated[0], compared[0], compared[0]], axis=1)
    weight = np.where(weight > NOBODY * design.sums[0][:, None], weight, 0.0)
    total = np.stack([treated[1], treated[2], compared[1], compared[2]], axis=1)
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0), weight


def _by_unit(
    design: WindowDesign, drawn: Assignment, slopes: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """(units,) Σ over comparisons of slope × weight × deviation from the mean."""
    level = slopes * value

    def side(at: int, inside: np.ndarray | None) -> np.ndarray:
        own = slice(None) if inside is None else drawn.rows
        parts = (design.now[own], design.base[own], design.weight[own])
        by = (slopes[:, at], slopes[:, at + 1], -(level[:, at] + level[:, at + 1]))
        if inside is None:
            return sum(part @ slope for part, slope in zip(parts, by, strict=True))
        terms = sum(part * slope for part, slope in zip(parts, by, strict=True))
        return np.where(inside, terms, 0.0).sum(axis=1)

    influence = side(2, None)
    influence[drawn.rows] = side(0, drawn.treated) + side(2, drawn.compared)
    return influence


def _spread(design: WindowDesign, start: np.ndarray, influence: np.ndarray) -> float:
    """Return the standard error from influence values."""
    if not design.corrected:
        return float(np.sqrt(influence @ influence))
    cohort = np.where(start - design.masked > design.last, np.inf, start)
    _, code, size = np.unique(cohort, return_inverse=True, return_counts=True)
    return float(np.sqrt((influence**2) @ (size / np.maximum(size - 1, 1))[code]))


def _ratio(
    design: WindowDesign,
    drawn: Assignment,
    totals: np.ndarray,
    slopes: np.ndarray,
    value: np.ndarray,
) -> WindowStatistic:
    """Treated total against counterfactual total."""
    n, d = totals.sum(axis=1)
    if d <= 0:
        return NOTHING
    parts = [_by_unit(design, drawn, slopes[k], value) for k in (0, 1)]
    gap = _spread(design, drawn.start, parts[0] - parts[1])
    log_error = _spread(design, drawn.start, parts[0] / n - parts[1] / d) if n > 0 else np.nan
    t = (n - d) / gap if gap > 0 else np.nan
    return WindowStatistic(float(n / d - 1), log_error, float(t))


def _difference(
    design: WindowDesign,
    drawn: Assignment,
    effects: np.ndarray,
    usable: np.ndarray,
    slopes: np.ndarray,
    value: np.ndarray,
) -> WindowStatistic:
    """Mean over event times of the share-weighted mean over cohorts; shares are estimates too."""
    kept = usable.reshape(-1, design.events)[:, 0]
    mean = np.where(kept, effects.reshape(-1, design.events).mean(axis=1), 0.0)
    place = np.minimum(np.searchsorted(design.starts, drawn.start), len(kept) - 1)
    inside = (design.starts[place] == drawn.start) & kept[place]
    size = np.bincount(place[inside], design.own[inside], minlength=len(kept))
    share = size / size.sum()
    estimate = float(share @ mean)
    by_comparison = np.repeat(share, design.events)[:, None] / design.events
    influence = _by_unit(design, drawn, slopes * by_comparison, value)
    several = np.bincount(place[inside], minlength=len(kept)) > 1
    counted = inside & several[place]
    influence = influence + counted * design.own * (mean[place] - estimate) / size.sum()
    error = _spread(design, drawn.start, influence)
    return WindowStatistic(estimate, error, estimate / error if error > 0 else np.nan)


def check_design(panel: PreparedPanel, where: str) -> None:
    """Refuse panels that the fast statistic is not for.

    Raises
    ------
    ZgzxError
        Covariates, clusters, weights that change within units, repeated cross-sections.
    """
    for wrong, what in (
        (panel.covariates is not None, "covariates"),
        (panel.cluster is not None, "clusters"),
        (panel.weights.shape[1] > 1, "weights that change within a unit"),
        (panel.gaps == "cross_section", "repeated cross-sections"),
    ):
        if wrong:
            raise ZgzxError(
                f"this check re-estimates the effect many times and takes no {what}",
                where=where,
                remedy="Prepare the panel without them, with gaps='pairwise' or 'balance'.",
            )
