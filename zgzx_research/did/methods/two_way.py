"""Two-way fixed effects: the event study and its static coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.method import Method, MethodOptions
from zgzx_research.did.core.method_result import EstimateRows, MethodResult
from zgzx_research.did.core.regression import NormalSums, observed_units, regress
from zgzx_research.did.core.small_cohorts import size_notes
from zgzx_research.did.methods.regression_result import (
    cohort_and_cluster_sizes,
    event_roles,
    note_dropped_covariates,
    nothing_to_compare,
    regression_result,
    single_period_notes,
    treated_clusters,
    treated_groups,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="two_way_fixed_effects", as `estimate_effects` explains them."""

    anticipation: int
    leave_out: int


def fit(panel: Panel, options: Options) -> MethodResult:
    """Event study and static coefficient of a Panel, with their joint covariance."""
    masked, notes = options.masked, single_period_notes(panel)
    events, references, study = event_design(panel, masked, notes)
    static = static_design(panel, masked)
    before = events[~np.isin(events, references)] < -masked
    result = regress(panel, [study, static], [before, np.zeros(static.shape[2], dtype=bool)])
    own, covariates = study.shape[2], len(panel.covariate_names)
    at = own + covariates  # where the static design begins
    note_dropped_covariates(panel, result.kept[own:at], notes)
    if not result.kept[at]:
        raise nothing_to_compare(panel)
    free = np.flatnonzero(~np.isin(events, references))
    lost = events[free[~result.kept[:own]]]
    if len(lost):
        reason = "event time that unit and period effects and the others make up"
        notes.append(("cells", reason, len(lost), 0, tuple(f"{e:g}" for e in lost[:3])))
    pick = np.zeros((len(events) + 1, len(result.coefficients)))
    pick[free, np.arange(own)] = pick[-1, at] = 1.0
    rows = _event_rows(panel, events, references, options, result.sums)
    notes += size_notes(panel.cohorts, *cohort_and_cluster_sizes(panel))
    keep = ~np.isin(np.append(events, np.nan), lost)
    return regression_result(
        panel,
        panel,
        rows,
        pick,
        result,
        np.ones(len(pick)),
        keep,
        _single_unit_events(panel, events, rows),
        notes,
    )


def event_design(
    panel: Panel, masked: int, notes: list[LedgerRow]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(events,) event times, (1 or 2,) references, and (cohorts, periods, others) columns."""
    event = _event_times(panel)
    events = np.unique(event[np.isfinite(event) & (observed_units(panel) > 0)])
    before = events[events < -masked]
    if not len(before):
        raise ZgzxError(
            "no unit is treated after a period that could serve as reference",
            where="two_way_fixed_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, or lower anticipation or leave_out.",
        )
    references = before[-1:]
    if not np.isinf(panel.cohorts).any() and before[0] < before[-1]:
        references = before[[0, -1]]
        reason = "nobody is never treated: the earliest event time is a second reference"
        notes.append(("note", reason, 0, 0, (f"{before[0]:g}",)))
    free = events[~np.isin(events, references)]
    return events, references, (event[..., None] == free) * 1.0


def static_design(panel: Panel, masked: int) -> np.ndarray:
    """(cohorts, periods, 1 + masked) treated, and a column for each masked event time."""
    event = _event_times(panel)
    return (
        np.concatenate(
            [event[..., None] >= 0, event[..., None] == -np.arange(1, masked + 1)], axis=2
        )
        * 1.0
    )


def _single_unit_events(panel: Panel, events: np.ndarray, rows: EstimateRows) -> np.ndarray:
    """(rows, cohorts) bool: event times that one unit (cluster) makes up.

    Others keep its distance from the others.

    Where only one cohort is treated, one unit never treated is fitted perfectly too.
    """
    event, treated = _event_times(panel), np.isfinite(panel.cohorts)
    touched = np.vstack([(event == e).any(axis=1) for e in events] + [treated])
    single_unit = touched & (treated_groups(rows) == 1)[:, None]
    return single_unit | (
        ~treated & (cohort_and_cluster_sizes(panel)[1] == 1) & (treated.sum() == 1)
    )


def _event_times(panel: Panel) -> np.ndarray:
    """(cohorts, periods) periods since treatment, minus infinity for the never treated."""
    return panel.periods - panel.cohorts[:, None]


def _event_rows(
    panel: Panel,
    events: np.ndarray,
    references: np.ndarray,
    options: Options,
    sums: NormalSums,
) -> EstimateRows:
    """Labels of the event times and, last, of the static coefficient."""
    units, event = observed_units(panel), _event_times(panel)
    sizes = cohort_and_cluster_sizes(panel)[0]
    never = np.isinf(panel.cohorts)
    at_base = (event == references[-1]) & (sums.weight > 0)
    base = np.where(at_base, sums.mean, 0.0).sum(axis=1)  # (cohorts,)
    member = np.concatenate([event == events[:, None, None], event[None] >= 0])
    weight = (member * sums.weight).sum(axis=2) * at_base.any(axis=1)
    with np.errstate(invalid="ignore"):
        base_mean = weight @ base / weight.sum(axis=1)
    missing, treated = np.full(len(member), np.nan), (member[:-1] * units).sum(axis=(1, 2))
    return EstimateRows(
        missing,
        missing,
        np.append(events, np.nan),
        np.append(event_roles(events, np.isin(events, references), options.leave_out), "static"),
        np.append(treated, sizes[~never].sum()),
        np.full(len(member), sizes[never].sum()),
        base_mean,
        treated_clusters(panel, [np.nonzero(part) for part in member]),
    )


METHOD = Method("Two-way fixed effects (the naive comparison)", Options, fit, pools_periods=True)
