"""Counterfactual totals from the growth of comparison units, weighted by their odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.nuisances import CAP, fit_logits, odds_weights, scores
from zgzx_research.did.methods.group_time.passes import Chunk, Passes


@dataclass(frozen=True, slots=True)
class OddsGrowth:
    """What a group of comparisons comes to.

    Attributes
    ----------
    group : ModelGroup
    weight : float
        Σ_T w.
    total, without : (comparisons here,)
        Treated and counterfactual totals.
    compared : (cohorts,)
        ΣO of each comparison cohort.
    trimmed : int
        Comparison units trimmed.
    logit : (1 + covariates,)
        Coefficients of the propensity score.
    start, below, growth : (comparisons here,)
        Σ_T w y_b, Σ_C O y_b, and Σ_C O y_t over the latter.
    by_score : (1 + covariates, comparisons here)
        How influence depends on the propensity score.
    """

    group: ModelGroup
    weight: float
    total: np.ndarray
    without: np.ndarray
    compared: np.ndarray
    trimmed: int
    logit: np.ndarray
    start: np.ndarray
    below: np.ndarray
    growth: np.ndarray
    by_score: np.ndarray

    def influence(self, chunk: Chunk) -> np.ndarray:
        """(units, comparisons here) influence of a chunk on the counterfactual totals."""
        x, weight = chunk.sample(self.group)
        now, base = chunk.outcomes(self.group)
        p = np.minimum(scores(x @ self.logit), CAP)
        by_score = x @ self.by_score
        if self.group.treated == chunk.cohort:
            own = weight[:, None] * (base - self.start / self.weight) * self.growth
            return np.asarray(own + (weight * (1 - p))[:, None] * by_score)
        odds, _ = odds_weights(weight, p)
        change = odds[:, None] * (now - self.growth * base)
        return np.asarray(self.start / self.below * change - (weight * p)[:, None] * by_score)


def growth_by_odds(
    passes: Passes, groups: Sequence[ModelGroup], comparisons: int
) -> tuple[list[OddsGrowth], list[str]]:
    """Return what the groups come to, and why each comparison fails, or ""."""
    logits, failed = fit_logits(passes, groups), [""] * comparisons
    for group, logit in zip(groups, logits, strict=True):
        for j in group.comparisons:
            failed[j] = logit[2]
    good = [k for k, logit in enumerate(logits) if not logit[2]]
    count, width = len(good), passes.scaling.width

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for i, k in enumerate(good):
            group = groups[k]
            if not group.has(chunk.cohort):
                continue
            (x, weight), (now, base) = chunk.sample(group), chunk.outcomes(group)
            if group.treated == chunk.cohort:
                sums += [(0, i, weight.sum()), (1, group.comparisons, weight @ now)]
                sums.append((2, group.comparisons, weight @ base))
                continue
            odds, trimmed = odds_weights(weight, np.minimum(scores(x @ logits[k][0]), CAP))
            ox = odds[:, None] * x
            sums += [(3, group.comparisons, now.T @ ox), (4, group.comparisons, base.T @ ox)]
            sums += [(5, (i, chunk.cohort), odds.sum()), (6, i, np.array(trimmed))]
        return sums

    by_comparison = (comparisons, width)
    shapes = [(count,), (comparisons,), (comparisons,), by_comparison, by_comparison]
    shapes += [(count, len(passes.panel.cohorts)), (count,)]
    w, total, start, now, base, compared, trimmed = passes.totals(shapes, kernel)
    made = []
    for i, k in enumerate(good):
        here = groups[k].comparisons
        below = base[here, 0]
        growth = now[here, 0] / below
        slope = (now[here] - growth[:, None] * base[here]).T * (start[here] / below)
        made.append(
            OddsGrowth(
                groups[k],
                float(w[i]),
                total[here],
                start[here] * growth,
                compared[i],
                int(trimmed[i]),
                logits[k][0],
                start[here],
                below,
                growth,
                logits[k][1] @ slope,
            )
        )
    return made, failed
