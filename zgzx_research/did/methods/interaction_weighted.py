"""The interaction-weighted estimator: every cohort has an effect of its own in every period.

Sun, L. & Abraham, S. (2021), Journal of Econometrics 225(2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from zgzx_research.did.core.method import Method, MethodOptions
from zgzx_research.did.core.method_result import EstimateRows, MethodResult
from zgzx_research.did.core.regression import observed_units, regress
from zgzx_research.did.core.small_cohorts import size_notes
from zgzx_research.did.core.strata import strata_of
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
from zgzx_research.did.panel.panel_in_parts import Panel, PanelInParts
from zgzx_research.did.panel.parts import changed
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.did.panel.sample import in_periods, some_units, with_numbered_clusters
from zgzx_research.errors import ZgzxError

P = TypeVar("P", PreparedPanel, PanelInParts, Panel)


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="interaction_weighted", as `estimate_effects` explains them."""

    anticipation: int
    leave_out: int


@dataclass(frozen=True, slots=True)
class CohortPeriodDesign:
    """A column for every cohort and period but the cohort's base.

    Attributes
    ----------
    cohort, period, base : (cells,) int
        Indices; a cell that is its own base has no column.
    columns : (cohorts, periods, cells that are not their base)
    """

    cohort: np.ndarray
    period: np.ndarray
    base: np.ndarray
    columns: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """(cells,) bool, those with a column."""
        return self.period != self.base


def fit(panel: Panel, options: Options) -> MethodResult:
    """Effects by cohort and period of a PreparedPanel."""
    masked, notes = options.masked, single_period_notes(panel)
    used = comparable(panel, masked, notes)
    cells = cohort_period_design(used, masked, notes)
    return regress_cells(panel, used, cells, options.leave_out, notes)


def regress_cells(
    panel: Panel,
    used: Panel,
    cells: CohortPeriodDesign,
    leave_out: int,
    notes: list[LedgerRow],
) -> MethodResult:
    """Return the regression behind `interaction_weighted`.

    `used` is what `comparable` made of the panel.
    """
    before = (cells.period < cells.base)[cells.free]
    result = regress(used, [cells.columns], [before])
    own = cells.columns.shape[2]
    note_dropped_covariates(panel, result.kept[own:], notes)
    keep = np.ones(len(cells.cohort), dtype=bool)
    keep[cells.free] = result.kept[:own]
    if not keep[cells.free].any():
        raise nothing_to_compare(panel)
    start, now = used.cohorts[cells.cohort], used.periods[cells.period].astype(float)
    if not keep.all():
        pairs = zip(start[~keep], now[~keep], strict=True)
        examples = tuple(f"({g:g}, {t:g})" for g, t in pairs)[:3]
        notes.append(
            (
                "cells",
                "cell without observed treated or comparison units",
                int((~keep).sum()),
                0,
                examples,
            )
        )
    pick = np.zeros((len(keep), len(result.coefficients)))
    pick[cells.free, np.arange(own)] = 1.0
    units = observed_units(used)
    rows = EstimateRows(
        start,
        now,
        now - start,
        event_roles(now - start, ~cells.free, leave_out),
        units[cells.cohort, cells.period],
        units[np.isinf(used.cohorts)].sum(axis=0)[cells.period],
        result.sums.mean[cells.cohort, cells.base],
        treated_clusters(used, list(zip(cells.cohort, cells.period, strict=True))),
    )
    shares = result.sums.weight[cells.cohort, cells.period]
    single_unit = np.tile(cohort_and_cluster_sizes(used)[1] == 1, (len(keep), 1))
    single_unit[np.arange(len(keep)), cells.cohort] |= treated_groups(rows) == 1
    return regression_result(panel, used, rows, pick, result, shares, keep, single_unit, notes)


def comparable(panel: P, masked: int, notes: list[LedgerRow]) -> P:
    """Return the panel without cohorts that have no base and periods that have no comparison.

    With nobody never treated, the comparison is the last cohort, and the panel ends where its
    treatment or mask begins.
    """
    named = panel.cohorts
    if not np.isinf(panel.cohorts).any():
        last, early = panel.cohorts[-1], panel.periods + masked < panel.cohorts[-1]
        rows, units = strata_of(panel).seen_in(~early)
        reason = (
            "nobody is never treated: the last cohort is the comparison, "
            "and periods from its treatment on leave"
        )
        notes.append(("rows", reason, rows, units, (f"{last:g}",)))
        panel = changed(panel, partial(_until_the_last_cohort, early=early))
    compared = observed_units(panel)[np.isinf(panel.cohorts)].sum(axis=0) > 0
    if not compared.all():
        rows, units = strata_of(panel).seen_in(~compared)
        examples = tuple(str(t) for t in panel.periods[~compared][:3])
        reason = "period in which no comparison unit is observed"
        notes.append(("rows", reason, rows, units, examples))
        panel = changed(panel, partial(in_periods, kept=compared))
    based = np.isinf(panel.cohorts) | (panel.periods[0] + masked < panel.cohorts)
    sizes, clusters = cohort_and_cluster_sizes(panel)
    for c in np.flatnonzero(~based):
        reason = "no period before treatment to serve as base"
        notes.append(("cohorts", reason, 0, int(sizes[c]), (f"{panel.cohorts[c]:g}",)))
    notes += size_notes(named, np.where(based, sizes, 0), np.where(based, clusters, 0))
    strata = strata_of(panel)
    if (based[strata.cohort] & strata.observed.any(axis=1)).all():
        return panel
    return with_numbered_clusters(changed(panel, partial(_with_base, based=based)))


def _until_the_last_cohort(panel: PreparedPanel, *, early: np.ndarray) -> PreparedPanel:
    """Return the panel in the periods in which its last cohort is untreated."""
    return in_periods(replace(panel, cohorts=np.append(panel.cohorts[:-1], np.inf)), early)


def _with_base(panel: PreparedPanel, *, based: np.ndarray) -> PreparedPanel:
    """Return the observed units of the cohorts that have a base."""
    return some_units(panel, based[panel.cohort] & ~np.isnan(panel.y).all(axis=1))


def cohort_period_design(panel: Panel, masked: int, notes: list[LedgerRow]) -> CohortPeriodDesign:
    """Return the observed cells of every treated cohort.

    The base is its last observed period before treatment and mask.
    """
    units, rows = observed_units(panel), []
    for c in np.flatnonzero(np.isfinite(panel.cohorts) & (units.sum(axis=1) > 0)):
        seen = np.flatnonzero(units[c])
        before = seen[panel.periods[seen] + masked < panel.cohorts[c]]
        if len(before):
            rows += [(c, t, before[-1]) for t in seen]
        else:
            notes.append(
                (
                    "cohorts",
                    "no period before treatment to serve as base",
                    0,
                    int(units[c].max()),
                    (f"{panel.cohorts[c]:g}",),
                )
            )
    if not rows:
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="interaction_weighted",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, or lower anticipation or leave_out.",
        )
    cohort, period, base = np.array(rows).T
    columns = np.zeros((*units.shape, int((period != base).sum())))
    columns[cohort[period != base], period[period != base], np.arange(columns.shape[2])] = 1.0
    return CohortPeriodDesign(cohort, period, base, columns)


METHOD = Method(
    "Interaction-weighted event study (Sun & Abraham 2021)", Options, fit, pools_periods=True
)
