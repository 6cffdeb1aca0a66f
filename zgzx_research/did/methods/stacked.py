"""Stacked difference-in-differences with the weights of Wing, Freedman & Hollingsworth (2024).

Every cohort with a full event window makes one stack: itself and its clean controls. The weighted
regression of the outcome on treatment, event time and their products, over all stacks, is
saturated: it compares two means per event time, so its influence is linear in a unit's outcomes and
follows from `Moments`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.conflicts import Controls, EventWindow, controls_conflicts
from zgzx_research.did.core.method import Conflict, Method, MethodOptions, check_event_window
from zgzx_research.did.core.method_result import EXACT, EstimateRows, MeanWeights, MethodResult
from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.core.moments import (
    Influence,
    Moments,
    cohort_means,
    each_stratum,
    influence_covariance,
    mean_weights,
)
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.core.small_cohorts import clusters_within, cohort_sizes, size_notes
from zgzx_research.did.core.windows import period_step
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Stacks:
    """Which strata stand in which stack.

    Attributes
    ----------
    cohort : (stacks,) int
        Index of the treated cohort.
    periods : (stacks, event times) int
        Index of the period behind each event time.
    treated, control : (stacks, strata) bool
        Only strata observed over the whole window.
    """

    cohort: np.ndarray
    periods: np.ndarray
    treated: np.ndarray
    control: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="stacked", as `estimate_effects` explains them."""

    controls: Controls
    event_window: EventWindow | None
    anticipation: int
    leave_out: int

    def check_values(self) -> None:
        """Refuse what is no event window."""
        check_event_window(self.event_window)

    def conflicts(self, panel: Panel) -> Iterator[Conflict]:
        """Yield what could be wrong between these options and a panel."""
        yield from controls_conflicts(panel, self.controls)
        yield (
            period_step(panel.periods) > 1,
            "stacked estimation needs event times that are one apart, "
            "and the periods are several apart",
            "Prepare the panel with clock='observed', or use method='imputation' or 'group_time'.",
        )


def fit(panel: Panel, options: Options) -> MethodResult:
    """Effects by event time of a Panel, over the event window asked for."""
    masked, count = options.masked, len(panel.cohorts)
    first, last = _window(panel, options.event_window, masked)
    _refuse_covariates(panel)
    moments = moments_of(panel)
    events, notes = np.arange(first, last + 1), list[LedgerRow]()
    stacks = make_stacks(panel, moments, events, masked, options.controls, notes)

    reference = int(np.flatnonzero(events == -1 - masked)[0])
    statistics, influence = _effects(moments, stacks, reference)
    _, about_zero = _effects(moments, stacks, reference, about_zero=True)
    before = (events < -1 - masked) * 1.0
    null = influence_covariance(moments, about_zero)[0] * np.outer(before, before)
    factor, df = _sample_factor(moments, stacks)
    covariance, by_cluster = influence_covariance(moments, influence)
    on_means = mean_weights(moments, influence, count)
    single = np.broadcast_to(_single_unit_cohorts(moments, stacks, count), (len(events), count))
    added = single_unit_covariance(moments, on_means, single)
    notes += single_unit_notes(added, events.astype(str).astype(object))
    notes += size_notes(panel.cohorts, *cohort_sizes(moments, count))

    numbers = JointStatistics(
        "difference",
        statistics[None],
        np.arange(len(events)),
        np.ones(len(events)),
        covariance * factor + added,
        null_covariance=null,
    )
    kind, means = EXACT if is_complete(panel) else "pairwise", cohort_means(moments, count)
    weights = MeanWeights(on_means, means, panel.cohorts, panel.periods, kind)
    rows = _rows(moments, stacks, events, masked, options.leave_out)
    by_cluster = None if by_cluster is None else by_cluster * np.sqrt(factor)
    return MethodResult(rows, numbers, weights, df, notes, by_cluster)


def _refuse_covariates(panel: Panel) -> None:
    if panel.has_covariates or panel.weights_vary:
        raise ZgzxError(
            "stacked estimation takes neither covariates nor weights that change within a unit",
            where="stacked",
            remedy="Prepare the panel without them, or use method='interaction_weighted'.",
        )


def _window(panel: Panel, window: tuple[int, int] | None, masked: int) -> tuple[int, int]:
    """Check the event window and return it."""
    starts = panel.cohorts[np.isfinite(panel.cohorts)]
    if not len(starts):
        raise ZgzxError(
            "no unit is treated",
            where="stacked",
            remedy="See that first_treated is the right column.",
        )
    widest = (int(panel.periods[0] - starts[0]), int(panel.periods[-1] - starts[-1]))
    possible = widest[0] <= -1 - masked and widest[1] >= 0
    advice = (
        f"{widest} keeps every cohort" if possible else f"{(-1 - masked, 0)} keeps most cohorts"
    )
    if window is None:
        raise ZgzxError(
            "stacked estimation needs the event window its stacks cover",
            where="event_window",
            remedy=f"Pass event_window=(first, last): {advice}, wider ones drop some.",
        )
    first, last = window
    if not first <= -1 - masked or not last >= 0:
        raise ZgzxError(
            f"event_window={window!r} must reach from {-1 - masked} or earlier to 0 or later",
            where="stacked",
            remedy=f"{advice}.",
        )
    return first, last


def make_stacks(
    panel: Panel,
    moments: Moments,
    events: np.ndarray,
    masked: int,
    controls: str,
    notes: list[LedgerRow],
) -> Stacks:
    """One stack per cohort whose window lies in the panel and that has clean controls.

    The others go to the notes.
    """
    rows, gaps = [], 0
    outside, incomplete = list[np.int64](), list[np.int64]()
    for c in np.flatnonzero(np.isfinite(panel.cohorts)):
        wanted = panel.cohorts[c] + events
        if not np.isin(wanted, panel.periods).all():
            outside.append(np.int64(c))
            continue
        at = np.searchsorted(panel.periods, wanted)
        clean = np.isinf(panel.cohorts)
        if controls == "not_yet_treated":
            clean = clean | (panel.cohorts > wanted[-1] + masked)
        complete, own = moments.observed[:, at].all(axis=1), moments.cohort == c
        gaps += int(moments.units[(own | clean[moments.cohort]) & ~complete].sum())
        treated, control = own & complete, clean[moments.cohort] & complete
        if treated.any() and control.any():
            rows.append((c, at, treated, control))
        else:
            incomplete.append(np.int64(c))
    _note_cohorts(panel, moments, outside, "event window reaches outside the panel", notes)
    reason = "no treated or no clean control unit is observed over the whole event window"
    _note_cohorts(panel, moments, incomplete, reason, notes)
    if gaps:
        reason = "unit and stack left out: not observed over the whole event window"
        notes.append(("note", reason, 0, gaps, ()))
    if not rows:
        raise ZgzxError(
            "no cohort has a full event window together with clean controls",
            where="stacked",
            count=len(outside) + len(incomplete),
            examples=(f"{g:g}" for g in panel.cohorts[[*outside, *incomplete]][:3]),
            remedy="Choose a shorter event_window, or controls='not_yet_treated'.",
        )
    return Stacks(*(np.array(column) for column in zip(*rows, strict=True)))


def _note_cohorts(
    panel: Panel,
    moments: Moments,
    cohorts: list[np.int64],
    reason: str,
    notes: list[LedgerRow],
) -> None:
    if cohorts:
        units = int(cohort_sizes(moments, len(panel.cohorts))[0][cohorts].sum())
        notes.append(
            ("cohorts", reason, 0, units, tuple(f"{g:g}" for g in panel.cohorts[cohorts][:3]))
        )


def _effects(
    moments: Moments, stacks: Stacks, reference: int, *, about_zero: bool = False
) -> tuple[np.ndarray, Influence]:
    """(event times,) differences of the two means, each less its reference, and their influence.

    A control of stack a carries Q_a = (W_a treated / W treated) / (W_a control / W control), which
    gives the controls of all stacks the cohorts' shares among the treated. With `about_zero` the
    influence of the treated is about the change of the controls of their stack, see `score_test`.
    """
    treated, control = stacks.treated @ moments.weight, stacks.control @ moments.weight  # (stacks,)
    share = treated / treated.sum()
    # (stacks, strata): a row's weight in the regression over the total weight of its group
    own, other = stacks.treated / treated.sum(), stacks.control * (share / control)[:, None]
    values = moments.mean.T[stacks.periods]  # (stacks, event times, strata)
    means = np.stack(
        [np.einsum("as,aes->e", part * moments.weight, values) for part in (own, other)]
    )
    change = means - means[:, [reference]]
    count, load = stacks.periods.shape[1], own - other
    compared = np.einsum("as,aes->ae", stacks.control * moments.weight, values) / control[:, None]
    compared = compared - compared[:, [reference]]

    @each_stratum
    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        slope, level = np.zeros((count, moments.observed.shape[1])), np.zeros(count)
        for a in np.flatnonzero(load[:, s]):
            at, group = stacks.periods[a], change[0 if own[a, s] else 1]
            group = compared[a] if about_zero and own[a, s] else group
            slope[np.arange(count), at] += load[a, s]
            slope[:, at[reference]] -= load[a, s]
            level += load[a, s] * (values[a, :, s] - values[a, reference, s] - group)
        return slope, level

    return change[0] - change[1], influence


def _sample_factor(moments: Moments, stacks: Stacks) -> tuple[float, float]:
    """(N-1)/(N-K) · G/(G-1) over the rows of all stacks, K two per event time; and G - 1."""
    clusters = int(
        clusters_within(moments, np.atleast_2d((stacks.treated | stacks.control).any(axis=0)))[0]
    )
    rows = int(((stacks.treated | stacks.control) @ moments.units).sum()) * stacks.periods.shape[1]
    parameters = 2 * stacks.periods.shape[1]
    if clusters < 2 or rows <= parameters:
        raise ZgzxError(
            "too few clusters or rows for a standard error",
            where="stacked",
            examples=(f"{clusters} clusters", f"{rows} rows", f"{parameters} parameters"),
            remedy="Choose a shorter event_window.",
        )
    return (rows - 1) / (rows - parameters) * clusters / (clusters - 1), clusters - 1.0


def _single_unit_cohorts(moments: Moments, stacks: Stacks, cohorts: int) -> np.ndarray:
    """(cohorts,) bool: where all treated, or all controls, are one unit or cluster.

    Fitted perfectly.
    """
    single_unit = np.zeros(cohorts, dtype=bool)
    for strata in (stacks.treated.any(axis=0), stacks.control.any(axis=0)):
        if int(clusters_within(moments, np.atleast_2d(strata))[0]) == 1:
            single_unit[moments.cohort[strata]] = True
    return single_unit


def _rows(
    moments: Moments, stacks: Stacks, events: np.ndarray, masked: int, leave_out: int
) -> EstimateRows:
    """Labels, one row per event time."""
    missing, ones = np.full(len(events), np.nan), np.ones(len(events), dtype=np.int64)
    role = np.where(events >= 0, "post", np.where(events >= -leave_out, "left_out", "pre"))
    role = np.where(events == -1 - masked, "reference", role)
    treated = stacks.treated * moments.weight
    at_base = stacks.periods[:, events == -1 - masked][:, 0]
    base = (treated * moments.mean.T[at_base]).sum() / treated.sum()
    own, compared = stacks.treated.any(axis=0), stacks.control.any(axis=0)
    return EstimateRows(
        missing,
        missing,
        events.astype(float),
        role,
        ones * moments.units[own].sum(),
        ones * moments.units[compared].sum(),
        base * ones,
        ones * int(clusters_within(moments, np.atleast_2d(own))[0]),
    )


METHOD = Method("Weighted stacked regression (Wing, Freedman & Hollingsworth 2024)", Options, fit)
