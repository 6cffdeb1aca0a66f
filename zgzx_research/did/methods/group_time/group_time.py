"""Group-time effects: plan the comparisons, take means or adjust for covariates, join them up.

Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
"""

from __future__ import annotations

from zgzx_research.did.core.comparisons import comparison_means, plan_comparisons, unit_weights
from zgzx_research.did.core.method import Method
from zgzx_research.did.core.method_result import MethodResult
from zgzx_research.did.core.moments import panel_moments
from zgzx_research.did.methods.group_time.adjusted import adjusted_effects
from zgzx_research.did.methods.group_time.from_means import effects_from_means
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.usable import (
    cohort_notes,
    note_partial_bases,
    note_unknown_bases,
    usable_comparisons,
)
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import covariates_known, with_late_cohorts

__all__ = ["METHOD", "Options", "fit"]


def fit(panel: PreparedPanel, options: Options) -> MethodResult:
    """Group-time effects of a PreparedPanel; `options` as in `estimate_effects`."""
    plan = plan_comparisons(
        panel.cohorts,
        panel.periods,
        controls=options.controls,
        base_period=options.base_period,
        anticipation=options.anticipation,
        leave_out=options.leave_out,
        until=panel.until,
    )
    known = covariates_known(panel)
    moments = panel_moments(
        panel.y, panel.cohort, unit_weights(panel.weights), panel.cluster, known
    )
    notes = cohort_notes(panel, plan, moments)
    if known is not None:
        note_unknown_bases(panel, plan, known, notes)
    note_partial_bases(panel, plan, moments, notes)
    means = comparison_means(moments, plan, panel.gaps)
    comparisons = plan.take(usable_comparisons(panel, plan, means, options.scale, notes))
    means = comparison_means(moments, comparisons, panel.gaps)
    if options.adjustment == "none" and panel.weights.shape[1] == 1:
        return effects_from_means(panel, moments, comparisons, options, notes)
    return adjusted_effects(panel, moments, comparisons, options, notes)


METHOD = Method(
    "Group-time effects (Callaway & Sant'Anna 2021)", Options, fit, select=with_late_cohorts
)
