"""Proportional effects adjusted for covariates.

What the treated would have, were they to grow as like units did.

With S the treated total at the base, the counterfactual total D is
- outcome regression: Σ_T w y_b exp(x'(β_t - β_b)), β the Poisson regressions of y_t and of y_b
among comparison units (`poisson_growth`);
- inverse probability: S · Σ_C O y_t / Σ_C O y_b with odds weights O (`odds_growth`).
Both are the plain ratio estimator where covariates do not matter. Wooldridge (2023); Sant'Anna &
Zhao (2020).
"""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.comparisons import Comparisons
from zgzx_research.did.methods.group_time.influence_sums import Sheet, influence_sums
from zgzx_research.did.methods.group_time.model_groups import model_groups
from zgzx_research.did.methods.group_time.odds_growth import growth_by_odds
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import Chunk, passes_by_cohort
from zgzx_research.did.methods.group_time.poisson_growth import growth_by_poisson
from zgzx_research.did.methods.group_time.result_parts import AdjustedComparisons
from zgzx_research.did.panel.panel_in_parts import Panel


def adjust(panel: Panel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """Treated and counterfactual totals of all comparisons; cohort sizes count as fixed."""
    passes = passes_by_cohort(panel)
    count, cohorts = len(comparisons.cohort), len(panel.cohorts)
    groups = model_groups(panel, comparisons, passes.scaling.complete)
    by_odds = options.adjustment == "inverse_probability"
    made, failed = (growth_by_odds if by_odds else growth_by_poisson)(passes, groups, count)

    statistics, share = np.full((2, count), np.nan), np.zeros((count, cohorts))
    trimmed, per_weight = np.zeros(count, int), np.zeros(count)
    for growth in made:
        here = growth.group.comparisons
        statistics[:, here] = growth.total, growth.without
        share[here] = growth.compared / max(growth.compared.sum(), 1e-300)
        trimmed[here] = growth.trimmed
        per_weight[here] = (growth.total - growth.without) / growth.weight

    def kernel(chunk: Chunk, sheet: Sheet) -> None:
        for growth in made:
            if not growth.group.has(chunk.cohort):
                continue
            here = growth.group.comparisons
            sheet.rows(count + here)[:] = growth.influence(chunk).T
            if growth.group.treated == chunk.cohort:
                _, weight = chunk.sample(growth.group)
                now, _ = chunk.outcomes(growth.group)
                own = weight[:, None] * (now - growth.total / growth.weight)
                sheet.rows(here)[:] = own.T

    sums = influence_sums(passes, kernel, [growth.group for growth in made], count, 2)
    return AdjustedComparisons(statistics, share, trimmed, failed, sums, per_weight)
