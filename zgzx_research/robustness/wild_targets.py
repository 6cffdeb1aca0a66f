"""What the wild bootstrap is about: a coefficient, or a weighted mean of coefficients."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.windows import possible_events
from zgzx_research.did.methods.interaction_weighted import cohort_period_design
from zgzx_research.did.methods.two_way import event_design, static_design
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.summaries import check_target

WHERE = "wild_cluster_bootstrap"
Events = tuple[int, int] | None
"""First and last event time; None = the static coefficient, or the overall effect."""


def chosen_events(event_time: int | None, window: tuple[int, int] | None) -> Events:
    """Return the event times that the user asks for.

    Raises
    ------
    ZgzxError
        Both an event time and a window, or what is neither.
    """
    if event_time is not None and window is not None:
        raise ZgzxError(
            "event_time and window are two choices", where=WHERE, remedy="Pass one of them."
        )
    chosen = window if event_time is None else event_time
    return None if chosen is None else check_target(chosen)


def wild_target(
    panel: PreparedPanel, method: str, events: Events, masked: int, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the design, and the weights on its columns that make the estimate.

    Parameters
    ----------
    panel : PreparedPanel
        The part that the method uses.
    method : str
        "two_way_fixed_effects" or "interaction_weighted".
    events : (int, int) or None
        First and last event time.
    masked : int
        Periods before treatment in declared windows.
    weight : (cohorts, periods)
        Weight of the observations of each cohort and period.

    Raises
    ------
    ZgzxError
        No estimate at one of the event times.
    """
    if method == "two_way_fixed_effects":
        times, references, design = event_design(
            panel, masked, []
        )  # an error where no period is left to serve as base
        if events is None:
            design = static_design(panel, masked)
            return design, np.eye(design.shape[2])[0]
        free = times[~np.isin(times, references)].astype(float)
        cohort, size = np.zeros(len(free), dtype=np.int64), np.ones(len(free))
    else:
        cells = cohort_period_design(panel, masked, [])
        cohort, period, design = cells.cohort[cells.free], cells.period[cells.free], cells.columns
        free = panel.periods[period] - panel.cohorts[cohort]
        size = weight[cohort, period]
        if events is None:
            events, chosen = (0, 0), size * (free >= 0)
            return design, _normalised(chosen, free, events)
    return design, _normalised(_window_weights(panel, cohort, free, size, events), free, events)


def _window_weights(
    panel: PreparedPanel,
    cohort: np.ndarray,
    free: np.ndarray,
    size: np.ndarray,
    events: tuple[int, int],
) -> np.ndarray:
    """(columns,) equal weight to each event time; within it, cohorts by their size.

    Only cohorts with an estimate at every event time take part.
    """
    wanted = possible_events(free, panel.periods, *events)
    inside = np.isin(free, wanted)
    complete = np.bincount(cohort[inside], minlength=cohort.max() + 1) == len(wanted)
    inside &= complete[cohort]
    total = np.array([size[inside & (free == e)].sum() for e in free])
    return np.divide(size * inside, total, out=np.zeros_like(size), where=total > 0)


def _normalised(chosen: np.ndarray, free: np.ndarray, events: tuple[int, int]) -> np.ndarray:
    if chosen.any():
        return chosen / chosen.sum()
    one = events[0] == events[1]
    raise ZgzxError(
        f"event_time={events[0]} has no estimate"
        if one
        else f"no cohort has an estimate at every event time from {events[0]} to {events[1]}",
        where=WHERE,
        examples=(f"{e:g}" for e in np.unique(free)),
        remedy="Choose one of the event times estimated.",
    )
