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
from zgzx_research.did.panel.sample import of_units
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class WindowDesign:
    """What no permutation changes. Cells are (first treated period, event time), in this order.

    Attributes
    ----------
    starts : (starts,) float
        First treated periods that have a base and all event times of the window.
    events : int
        Event times in the window; cells = starts × events.
    latest : (cells,) float
        Last period that a cell uses, plus the masked periods: who is treated up to it does not
        compare.
    now, base : (units, cells)
        Outcome at t and mean outcome at the base; 0 where one of the two is not observed.
    weight : (units, cells)
        Weight of the unit; 0 where one of the two is not observed.
    own : (units,)
        Weight of the unit in cohort shares.
    last : float
        Last period of the panel: who is treated later is never treated in it.
    scale : str
    only_never : bool
        Whether only units never treated compare.
    corrected : bool
        Whether variances within a cohort of n are times n / (n - 1).
    """

    starts: np.ndarray
    events: int
    latest: np.ndarray
    now: np.ndarray
    base: np.ndarray
    weight: np.ndarray
    own: np.ndarray
    last: float
    scale: str
    only_never: bool
    corrected: bool

    def of_units(self, kept: np.ndarray) -> WindowDesign:
        """Return the design of some of the units (mask or indices)."""
        parts = (self.now[kept], self.base[kept], self.weight[kept], self.own[kept])
        return WindowDesign(
            self.starts,
            self.events,
            self.latest,
            *parts,
            self.last,
            self.scale,
            self.only_never,
            self.corrected,
        )


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
    now, base, weight = _outcomes(panel, plan.period, plan.base)
    reach = np.where(plan.base > 0, panel.periods, panel.periods[0]).max(axis=1)
    return WindowDesign(
        cohorts[plan.cohort][:: len(wanted)],
        len(wanted),
        np.maximum(panel.periods[plan.period], reach) + masked,
        now,
        base,
        weight,
        unit_weights(panel.weights),
        float(panel.periods[-1]),
        scale,
        controls == "never_treated",
        cohort_correction,
    )


def _outcomes(
    panel: PreparedPanel, period: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(units, cells) outcome at t, mean over the base periods observed, and weight of the pair."""
    seen = ~np.isnan(panel.y)
    y = np.where(seen, panel.y, 0.0)
    known = seen @ base.T
    before = np.divide(y @ base.T, known, out=np.zeros_like(known), where=known > 0)
    both = seen[:, period] & (known > 0)
    weight = both * unit_weights(panel.weights)[:, None]
    return np.where(both, y[:, period], 0.0), np.where(both, before, 0.0), weight


def window_statistic(design: WindowDesign, start: np.ndarray) -> WindowStatistic:
    """Return the window mean when each unit is first treated in `start`.

    Parameters
    ----------
    design : WindowDesign
        Of the panel.
    start : (units,) float
        First treated period; after the panel or infinity = never.
    """
    cell_start = np.repeat(design.starts, design.events)
    treated = np.where(start[:, None] == cell_start, design.weight, 0.0)
    later = start[:, None] > np.maximum(design.latest, design.last if design.only_never else 0.0)
    compared = np.where(later, design.weight, 0.0)
    value, weight = _means(design, treated, compared)
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
        return _ratio(design, start, statistics * usable, slopes, value, treated, compared)
    return _difference(design, start, statistics[0], usable, slopes[0], value, treated, compared)


def _means(
    design: WindowDesign, treated: np.ndarray, compared: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(cells, 4) means and weights: treated at t, at the base, comparison at t, at the base."""
    pairs = [(side, y) for side in (treated, compared) for y in (design.now, design.base)]
    total = np.stack([np.einsum("uc,uc->c", side, y) for side, y in pairs], axis=1)
    weight = np.stack([treated.sum(axis=0), compared.sum(axis=0)], axis=1).repeat(2, axis=1)
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0), weight


def _by_unit(
    design: WindowDesign,
    slopes: np.ndarray,
    value: np.ndarray,
    treated: np.ndarray,
    compared: np.ndarray,
) -> np.ndarray:
    """(units,) Σ over cells of slope × weight × deviation from the mean."""
    level = slopes * value
    own = np.zeros(len(treated))
    for side, at in ((treated, 0), (compared, 2)):
        own += np.einsum("uc,uc,c->u", side, design.now, slopes[:, at])
        own += np.einsum("uc,uc,c->u", side, design.base, slopes[:, at + 1])
        own -= side @ (level[:, at] + level[:, at + 1])
    return own


def _spread(design: WindowDesign, start: np.ndarray, influence: np.ndarray) -> float:
    """Return the standard error from influence values."""
    if not design.corrected:
        return float(np.sqrt(influence @ influence))
    _, code, size = np.unique(
        np.where(start > design.last, np.inf, start), return_inverse=True, return_counts=True
    )
    return float(np.sqrt((influence**2) @ (size / np.maximum(size - 1, 1))[code]))


def _ratio(
    design: WindowDesign,
    start: np.ndarray,
    totals: np.ndarray,
    slopes: np.ndarray,
    value: np.ndarray,
    treated: np.ndarray,
    compared: np.ndarray,
) -> WindowStatistic:
    n, d = totals.sum(axis=1)
    parts = [_by_unit(design, slopes[k], value, treated, compared) for k in (0, 1)]
    gap = _spread(design, start, parts[0] - parts[1])
    log_error = _spread(design, start, parts[0] / n - parts[1] / d) if n > 0 else np.nan
    t = (n - d) / gap if gap > 0 else np.nan
    return WindowStatistic(float(n / d - 1), log_error, float(t)) if d > 0 else NOTHING


def _difference(
    design: WindowDesign,
    start: np.ndarray,
    cells: np.ndarray,
    usable: np.ndarray,
    slopes: np.ndarray,
    value: np.ndarray,
    treated: np.ndarray,
    compared: np.ndarray,
) -> WindowStatistic:
    """Mean over event times of the share-weighted mean over cohorts; shares are estimates too."""
    kept = usable.reshape(-1, design.events)[:, 0]
    mean = np.where(kept, cells.reshape(-1, design.events).mean(axis=1), 0.0)
    place = np.minimum(np.searchsorted(design.starts, start), len(kept) - 1)
    inside = (design.starts[place] == start) & kept[place]
    size = np.bincount(place[inside], design.own[inside], minlength=len(kept))
    share = size / size.sum()
    estimate = float(share @ mean)
    by_cell = np.repeat(share, design.events)[:, None] / design.events
    influence = _by_unit(design, slopes * by_cell, value, treated, compared)
    several = np.bincount(place[inside], minlength=len(kept)) > 1
    drawn = inside & several[place]
    influence = influence + drawn * design.own * (mean[place] - estimate) / size.sum()
    error = _spread(design, start, influence)
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


def without_unit(design: WindowDesign, panel: PreparedPanel, unit: int) -> WindowStatistic:
    """Return the window mean without one unit."""
    kept = np.arange(len(panel.y)) != unit
    return window_statistic(design.of_units(kept), first_treated(of_units(panel, kept)))
