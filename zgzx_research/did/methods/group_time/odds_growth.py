"""Counterfactual totals from the growth of comparison units, weighted by their odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.nuisances import (
    CAP,
    cross_products,
    fit_logits,
    odds_weights,
    scores,
)
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
    square, failed = cross_products(passes, groups).square, [""] * comparisons
    logits = fit_logits(passes, groups, square)
    for group, logit in zip(groups, logits, strict=True):
        for j in group.comparisons:
            failed[j] = logit[2]
    good = [k for k, logit in enumerate(logits) if not logit[2]]
    some = [groups[k] for k in good]
    totals = _totals(passes, some, [logits[k][0] for k in good], comparisons)
    return [
        _growth(totals, i, groups[k], logits[k][0], logits[k][1]) for i, k in enumerate(good)
    ], failed


def _totals(
    passes: Passes, groups: list[ModelGroup], logits: list[np.ndarray], comparisons: int
) -> list[np.ndarray]:
    """One pass over all units.

    Of the treated Σw (groups,), Σw y_t and Σw y_b (comparisons,); of the comparison units ΣO x y_t
    and ΣO x y_b (comparisons, 1 + covariates), ΣO (groups, cohorts) and units trimmed (groups,).
    """

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for k, group in enumerate(groups):
            if not group.has(chunk.cohort):
                continue
            (x, weight), (now, base) = chunk.sample(group), chunk.outcomes(group)
            if group.treated == chunk.cohort:
                sums += [(0, k, weight.sum()), (1, group.comparisons, np.dot(weight, now))]
                sums.append((2, group.comparisons, np.dot(weight, base)))
                continue
            odds, trimmed = odds_weights(weight, np.minimum(scores(x @ logits[k]), CAP))
            ox = odds[:, None] * x
            sums += [
                (3, group.comparisons, np.dot(now.T, ox)),
                (4, group.comparisons, np.dot(base.T, ox)),
            ]
            sums += [(5, (k, chunk.cohort), odds.sum()), (6, k, trimmed)]
        return sums

    count, by_comparison = len(groups), (comparisons, passes.scaling.width)
    shapes = [(count,), (comparisons,), (comparisons,), by_comparison, by_comparison]
    shapes += [(count, len(passes.panel.cohorts)), (count,)]
    return passes.totals(shapes, kernel)


def _growth(
    totals: list[np.ndarray], k: int, group: ModelGroup, logit: np.ndarray, inverse: np.ndarray
) -> OddsGrowth:
    """What the sums of a group come to."""
    here = group.comparisons
    w, compared, trimmed = (totals[which][k] for which in (0, 5, 6))
    total, start, now, base = (totals[which][here] for which in (1, 2, 3, 4))
    below = base[:, 0]
    growth = now[:, 0] / below
    slope = (now - growth[:, None] * base).T * (start / below)
    return OddsGrowth(
        group,
        float(w),
        total,
        start * growth,
        compared,
        int(trimmed),
        logit,
        start,
        below,
        growth,
        inverse @ slope,
    )
