"""Group-time effects: plan the comparisons, take means or adjust for covariates, join them up.

Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
"""

from __future__ import annotations

from zgzx_research.did.core.comparisons import comparison_means, plan_comparisons
from zgzx_research.did.core.method import Method
from zgzx_research.did.core.method_result import MethodResult
from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.methods.group_time.adjusted import adjusted_effects
from zgzx_research.did.methods.group_time.from_means import effects_from_means
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.usable import (
    cohort_notes,
    note_partial_bases,
    note_unknown_bases,
    usable_comparisons,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.sample import with_late_cohorts

__all__ = ["METHOD", "Options", "fit"]


def fit(panel: Panel, options: Options) -> MethodResult:
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
    moments = moments_of(panel, by_covariates=True)
    notes = cohort_notes(panel, plan, moments)
    note_unknown_bases(panel, plan, moments, notes)
    note_partial_bases(panel, plan, moments, notes)
    means = comparison_means(moments, plan, panel.gaps)
    comparisons = plan.take(usable_comparisons(panel, plan, means, options.scale, notes))
    means = comparison_means(moments, comparisons, panel.gaps)
    if options.adjustment == "none" and not panel.weights_vary:
        return effects_from_means(panel, moments, comparisons, options, notes)
    return adjusted_effects(panel, moments, comparisons, options, notes)


METHOD = Method(
    "Group-time effects (Callaway & Sant'Anna 2021)", Options, fit, select=with_late_cohorts
)
