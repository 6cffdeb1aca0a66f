"""Imputation (Borusyak, Jaravel & Spiess 2024).

MethodResult unit and period effects where nobody is treated, impute the rest.

The fit needs, per stratum, Σw zz' and Σw yz' with z = (1, covariates), and so do the effects. A
unit's influence on an estimate is w [v'(y - fit) - v'τ̄]: v holds the estimate's weights on the
unit's periods, τ̄ the mean effect of its cohort and period, taken off treated outcomes. Without
covariates v is alike within a stratum and `Moments` say it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.conflicts import (
    Adjustment,
    EventWindow,
    Scale,
    adjustment_conflicts,
    ratio_conflicts,
)
from zgzx_research.did.core.method import Conflict, Method, MethodOptions, check_event_window
from zgzx_research.did.core.method_result import EXACT, MeanWeights, MethodResult
from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.core.moments import (
    cohort_means,
    each_stratum,
    influence_covariance,
    mean_weights,
)
from zgzx_research.did.methods.imputation.imputation_plan import (
    covariance_of_single_units,
    labels,
    make_plan,
    row_weights,
)
from zgzx_research.did.methods.imputation.multiplicative_imputation import fit_ratio
from zgzx_research.did.methods.imputation.unit_passes import (
    Part,
    covariance_by_unit,
    passes_by_stratum,
)
from zgzx_research.did.methods.imputation.untreated_regression import (
    imputed_cells,
    lead_tests,
    stratum_sums,
    untreated_regression,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="imputation", as `estimate_effects` explains them."""

    adjustment: Adjustment
    anticipation: int
    leave_out: int
    scale: Scale
    event_window: EventWindow | None
    leave_one_out: bool

    def check_values(self) -> None:
        """Refuse what imputation cannot do, whatever the panel is."""
        check_event_window(self.event_window)
        window, adjusted = self.event_window, self.adjustment != "none"
        if self.adjustment not in ("none", "outcome_regression"):
            _refuse(
                f"imputation knows no adjustment={self.adjustment!r}",
                "Pass 'outcome_regression'.",
            )
        if window is not None and not (window[0] <= -1 and window[1] >= 0):
            _refuse(
                f"event_window={window!r} must reach from -1 or earlier to 0 or later",
                "Pass (first lead, last effect), e.g. event_window=(-3, 5), or None for all.",
            )
        if self.scale == "ratio" and (adjusted or self.leave_one_out):
            _refuse(
                "the ratio scale has no covariates and no leave_one_out", "Pass scale='difference'."
            )

    def conflicts(self, panel: Panel) -> Iterator[Conflict]:
        """Yield what could be wrong between these options and a panel."""
        yield from adjustment_conflicts(panel, self.adjustment)
        yield from ratio_conflicts(panel, self.scale)


def fit(panel: Panel, options: Options) -> MethodResult:
    """Imputation on a Panel."""
    _refuse_changes(panel)
    moments = moments_of(panel)
    notes, window = list[LedgerRow](), options.event_window
    plan = make_plan(panel, moments, options.masked, options.leave_out, window, notes)
    if options.scale == "ratio":
        return fit_ratio(panel, moments, plan, notes)

    adjusted = options.adjustment != "none"
    by_unit = adjusted or options.leave_one_out  # else sums of strata say it all
    passes = passes_by_stratum(panel, moments, adjusted) if by_unit else None
    sums = stratum_sums(moments, passes)
    base = untreated_regression(plan, sums, 0)
    plan, cells = imputed_cells(panel, moments, plan, base, sums, notes)
    plan, leads, factor = lead_tests(panel, moments, plan, sums, notes)
    parts, at_mean = [leads, cells], sums.square[:, 0] / moments.weight[:, None]
    influence = each_stratum(partial(stratum_influence, parts, moments.mean, at_mean))
    if passes is None:
        covariance, by_cluster = influence_covariance(moments, influence)
    else:
        covariance, by_cluster = covariance_by_unit(passes, plan, parts, options.leave_one_out)
    rows, count = labels(panel, moments, plan), len(panel.cohorts)
    on_means = mean_weights(moments, influence, count)
    scale = np.concatenate(
        [np.full(len(leads.estimate), np.sqrt(factor)), np.ones(len(cells.estimate))]
    )
    added = covariance_of_single_units(moments, plan, on_means, rows, notes)

    numbers = JointStatistics(
        "difference",
        np.concatenate([part.estimate for part in parts])[None],
        np.arange(len(scale)),
        row_weights(moments, plan),
        covariance * np.outer(scale, scale) + added,
    )
    kind = "reweighted" if adjusted else EXACT if moments.observed.all() else "pairwise"
    weights = MeanWeights(
        on_means, cohort_means(moments, count), panel.cohorts, panel.periods, kind
    )
    by_cluster = None if by_cluster is None else by_cluster * scale
    return MethodResult(rows, numbers, weights, notes=notes, influence=by_cluster)


def _refuse(what: str, remedy: str) -> None:
    raise ZgzxError(what, where="estimate_effects", remedy=remedy)


def _refuse_changes(panel: Panel) -> None:
    """Refuse covariates or weights that change within units."""
    if panel.covariates_vary:
        _refuse(
            "imputation needs covariates that are constant within units",
            "Take them at one period.",
        )
    if panel.weights_vary:
        _refuse(
            "imputation needs weights that are constant within units",
            "Take the weight of one period.",
        )


def stratum_influence(
    parts: list[Part], mean: np.ndarray, at_mean: np.ndarray, s: int
) -> tuple[np.ndarray, np.ndarray]:
    """Slope and level of a stratum; with covariates, of a unit at its mean."""
    slopes, levels = [], []
    for part in parts:
        slope = np.einsum("q,qkt->kt", at_mean[s], part.slope[s])
        slopes.append(slope)
        levels.append(
            slope @ (mean[s] - at_mean[s] @ part.fitted[s]) - part.slope[s, 0] @ part.mean_effect[s]
        )
    return np.concatenate(slopes), np.concatenate(levels)


METHOD = Method("Imputation (Borusyak, Jaravel & Spiess 2024)", Options, fit, pools_periods=True)
