"""Group-time effects without covariates, from the four means of each comparison."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.comparisons import Comparisons, comparison_influence, comparison_means
from zgzx_research.did.core.method_result import EXACT, MethodResult
from zgzx_research.did.core.moments import (
    Moments,
    cluster_influence,
    covariance_by_stratum,
    mean_weights,
)
from zgzx_research.did.core.score_test import score_covariance
from zgzx_research.did.core.small_cohorts import treated_freedom, with_freedom_lost
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.result_parts import (
    cohort_shares,
    comparison_rows,
    drawn_cohorts,
    single_unit_part,
    weights_on_means,
)
from zgzx_research.did.methods.group_time.scales import SCALES
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow


def effects_from_means(
    panel: Panel,
    moments: Moments,
    comparisons: Comparisons,
    options: Options,
    notes: list[LedgerRow],
) -> MethodResult:
    """Everything from the four means of each comparison."""
    scale, count = options.scale, len(panel.cohorts)
    means = comparison_means(moments, comparisons, panel.gaps)
    used, cohort = np.unique(comparisons.cohort, return_inverse=True)
    shares = cohort_shares(panel.cohorts, used, moments)
    statistics, gradient = SCALES[scale](means.value, means.weight)

    drawn = drawn_cohorts(panel, moments, shares)
    influence = comparison_influence(moments, comparisons, means, gradient, shares, drawn)
    keep = np.concatenate([np.arange(statistics.size), statistics.size + used])
    on_means = mean_weights(moments, influence, count)[: statistics.size]

    spread, df = moments, np.inf
    if options.cohort_correction:
        spread, df = with_freedom_lost(moments, count), treated_freedom(moments, panel.cohorts)
    joint = covariance_by_stratum(spread, influence)
    joint = joint[np.ix_(keep, keep)]
    joint[: statistics.size, : statistics.size] += single_unit_part(
        panel, moments, comparisons, means, on_means, scale, notes
    )

    def by_cluster() -> np.ndarray:
        return cluster_influence(spread, influence)[:, : statistics.size]

    by_rows = panel.gaps == "cross_section"
    null = (
        None if by_rows else score_covariance(moments, comparisons, means, (statistics, gradient))
    )
    one_base = by_rows and comparisons.base.max(axis=1).min() == 1
    plain = moments.observed.all() or one_base
    kind = "linearised" if scale == "ratio" else EXACT if plain else "pairwise"
    return MethodResult(
        comparison_rows(panel, moments, comparisons, means),
        JointStatistics(scale, statistics, cohort, shares[used], joint, panel.cohorts[used], null),
        weights_on_means(panel, moments, on_means, kind),
        df=df,
        notes=notes,
        influence=None if moments.clusters is None else by_cluster,
    )
