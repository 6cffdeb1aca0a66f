"""Extended two-way effects (Wooldridge 2021, 2023).

A pooled regression with a dummy for every treated cell.

Cohort effects, period effects, covariates times either, and for every treated cell (cohort g,
period t) coefficients of its own: normal (linear), Poisson or logit. The effect of a cell compares
its fitted outcomes with those it would have had with its cohort's and its period's coefficients
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.conflicts import (
    Controls,
    Scale,
    controls_conflicts,
    outcomes_outside,
    ratio_adjustment_conflict,
    ratio_conflicts,
)
from zgzx_research.did.core.method import Conflict, Method, MethodOptions
from zgzx_research.did.core.method_result import EXACT, EstimateRows, MeanWeights, MethodResult
from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.core.moments import Moments
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.methods.extended_two_way import glm
from zgzx_research.did.methods.extended_two_way.cell_model import (
    Model,
    cell_notes,
    cell_statistics,
    clustered_covariance,
    fit_model,
    fit_points,
    observed_units_by_cell,
    single_unit_cells,
)
from zgzx_research.did.methods.extended_two_way.cell_roles import (
    cohort_notes,
    determined_cells,
    plan_roles,
    without_flat_margins,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.sample import shown_cohorts, used_rows, with_late_cohorts
from zgzx_research.errors import ZgzxError

Family = Literal["linear", "poisson", "logit"]
BOUNDS = {"linear": "that are numbers", "poisson": "of zero or more", "logit": "from 0 to 1"}


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="extended_two_way", as `estimate_effects` explains them."""

    controls: Controls
    anticipation: int
    leave_out: int
    scale: Scale
    family: Family | None

    def conflicts(self, panel: Panel) -> Iterator[Conflict]:
        """Yield what could be wrong between these options and a panel."""
        yield from controls_conflicts(panel, self.controls)
        yield ratio_adjustment_conflict(panel, self.scale)
        yield from ratio_conflicts(panel, self.scale)


def fit(panel: Panel, options: Options) -> MethodResult:
    """Fit extended two-way effects of a Panel."""
    notes: list[LedgerRow] = []
    family, count = chosen_family(panel, options), len(panel.cohorts)
    moments = moments_of(panel, weighted=not panel.weights_vary)
    points = fit_points(panel, moments)
    flat = np.zeros((count, len(panel.periods), points.width))
    gram = glm.cell_sums(points, flat, glm.linear)
    units = observed_units_by_cell(moments, count)

    role = plan_roles(
        panel.cohorts,
        panel.periods,
        controls=options.controls,
        masked=options.masked,
        leave_out=options.leave_out,
    )
    cohort_notes(panel, role, moments, notes)
    role = without_flat_margins(panel, role, gram, units, family, notes)
    role = determined_cells(panel, role, gram, notes)
    model = fit_model(panel, points, gram, role, family)
    cell_notes(panel, role, model, units, notes)
    return _result(panel, moments, model, role, units, options.scale, notes)


def _result(
    panel: Panel,
    moments: Moments,
    model: Model,
    role: np.ndarray,
    units: np.ndarray,
    scale: Scale,
    notes: list[LedgerRow],
) -> MethodResult:
    """Effects of the cells, their covariance, and their weights on means."""
    cells = np.nonzero((role != "") & (role != "base"))
    reference = role[cells] == "reference"
    statistics, slopes = cell_statistics(model, cells, reference, scale)
    gram = model.gram
    on_means = np.einsum("rctk,ctk->rct", slopes, gram.curvature[..., 0, :])
    single = np.stack([single_unit_cells(moments, model, units)] * len(on_means))
    relative = model.family == "poisson"
    added = single_unit_covariance(moments, on_means, single, relative=relative)
    at = zip(panel.cohorts[cells[0]], panel.periods[cells[1]], strict=True)
    notes += single_unit_notes(added, np.array([f"({g:g}, {t:g})" for g, t in at], dtype=object))

    covariance, df, by_cluster = clustered_covariance(panel, moments, model, slopes, added, units)
    weight, total = gram.curvature[..., 0, 0], gram.gradient[..., 0]
    shares, number = weight[cells], np.arange(len(cells[0]))
    numbers = JointStatistics(scale, statistics, number, shares, covariance)
    plain = model.family == "linear" and scale == "difference"
    covariates = model.points.width > 1
    kind = "linearised" if not plain else "reweighted" if covariates else EXACT
    means = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    weights = MeanWeights(on_means, means, shown_cohorts(panel), panel.periods, kind)
    rows = _rows(panel, role, cells, model, units)
    return MethodResult(rows, numbers, weights, df, notes, by_cluster)


def select(panel: Panel, masked: int) -> tuple[Panel, list[LedgerRow]]:
    """Return what the regression uses of a panel.

    Its effects are of cohorts, not of units, so a cohort that leaves early needs one of its own.
    """
    panel, _ = with_late_cohorts(panel, masked)
    return used_rows(panel, masked)


def chosen_family(panel: Panel, options: Options) -> str:
    """Return the family asked for, if outcomes and scale go with it."""
    scale = options.scale
    family = options.family or ("poisson" if scale == "ratio" else "linear")
    if scale == "ratio" and family != "poisson":
        raise ZgzxError(
            f"the ratio scale needs family='poisson', not {family!r}",
            where="estimate_effects",
            remedy="Pass family='poisson' or scale='difference'.",
        )
    low, high = {"linear": (-np.inf, np.inf), "poisson": (0, np.inf), "logit": (0, 1)}[family]
    outside, least = outcomes_outside(panel, low, high)
    if outside:
        raise ZgzxError(
            f"family={family!r} needs outcomes {BOUNDS[family]}",
            where=f"column {panel.roles['outcome']!r}",
            count=outside,
            examples=(f"{value:g}" for value in least),
            remedy="Pass family='linear'.",
        )
    return family


def _rows(
    panel: Panel,
    role: np.ndarray,
    cells: tuple[np.ndarray, ...],
    model: Model,
    units: np.ndarray,
) -> EstimateRows:
    """Labels of the cells; the base mean is that of a cohort's base cells."""
    start, now = panel.cohorts[cells[0]], panel.periods[cells[1]].astype(float)
    compared = (units * model.base).sum(axis=0)[cells[1]] - (units * model.base)[cells]
    weight, total = (
        np.where(model.base, part, 0).sum(axis=1)[cells[0]]
        for part in (model.gram.curvature[..., 0, 0], model.gram.gradient[..., 0])
    )
    return EstimateRows(
        start, now, now - start, role[cells], units[cells], compared, total / weight
    )


METHOD = Method(
    "Extended two-way fixed effects (Wooldridge 2021)",
    Options,
    fit,
    select=select,
    absorbs_units=False,
    pools_periods=True,
)
