"""Group-time effects adjusted for covariates.

Doubly robust, outcome regression, inverse probability weighting.

Sant'Anna & Zhao (2020), the Hájek-normalised estimators of R's DRDID. With r = Δy - x'β (β = 0
without an outcome regression) and odds weights O = w p / (1 - p) (none without a propensity score),
a cell's effect is Σ_T w r / Σ_T w - Σ_C O r / Σ_C O. Influence values carry what estimating β and
the propensity score adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import Comparisons
from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.influence_sums import Sheet, influence_sums
from zgzx_research.did.methods.group_time.learners import assign_folds, cross_fit
from zgzx_research.did.methods.group_time.model_groups import ModelGroup, model_groups
from zgzx_research.did.methods.group_time.nuisances import (
    CAP,
    Nuisances,
    fit_nuisances,
    models_of,
    odds_weights,
    scores,
)
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import Chunk, Passes, passes_by_cohort
from zgzx_research.did.methods.group_time.result_parts import AdjustedComparisons
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import in_memory


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a group of comparisons comes to.

    Attributes
    ----------
    effect : (comparisons here,)
    weight : tuple[float, float]
        Σ_T w and Σ_C O.
    by_outcome : (1 + covariates,)
        How influence depends on the fitted outcome regression.
    on_treated, on_compared : (comparisons here, parts)
        What makes influence values of a unit out of the parts that `write_influence` lists.
    cohort_share : (cohorts,)
        Share of each cohort in what the treated are compared with.
    trimmed : int
        Comparison units left out for a propensity score of TRIM or more.
    """

    effect: np.ndarray
    weight: tuple[float, float]
    by_outcome: np.ndarray
    on_treated: np.ndarray
    on_compared: np.ndarray
    cohort_share: np.ndarray
    trimmed: int


def fitted_rows(chunk: Chunk, group: ModelGroup, fit: Nuisances) -> np.ndarray:
    """Regressors with responses below (see `Chunk.rows_of`), of which `contrast_of` makes changes.

    Predictions of a learner are taken off the changes here. Those of a regression are linear in the
    regressors: they are taken off sums, or in one product with the regressors.
    """
    if fit.fitted is None:
        return chunk.rows_of(group)
    left = chunk.changes(group) - fit.fitted[chunk.rows]
    return np.vstack([chunk.sample(group)[0].T, left.T])


def contrast_of(group: ModelGroup, fit: Nuisances) -> np.ndarray:
    """(comparisons here, responses) what makes changes of responses; a learner's are changes."""
    return group.contrast if fit.fitted is None else np.eye(len(group.comparisons))


def scores_of(chunk: Chunk, x: np.ndarray, fit: Nuisances) -> np.ndarray:
    """(units,) propensity scores."""
    return (
        np.minimum(scores(x @ fit.propensity), CAP) if fit.score is None else fit.score[chunk.rows]
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the units of all groups of comparisons.

    Attributes
    ----------
    wx : (groups, 1 + covariates)
        Of the treated, Σw x; the first is Σw.
    wy : (comparisons,)
        Σw Δy.
    odds_xx : (groups, 1 + covariates, 1 + covariates)
        Of the comparison units, ΣO xx'; the first row is ΣO x.
    odds_xy : (comparisons, 1 + covariates)
        ΣO x Δy.
    trimmed : (groups,)
        Comparison units left out for a propensity score of TRIM or more.
    by_cohort : (groups, cohorts, 2 + covariates)
        ΣO and Σw x of each comparison cohort.
    """

    wx: np.ndarray
    wy: np.ndarray
    odds_xx: np.ndarray
    odds_xy: np.ndarray
    trimmed: np.ndarray
    by_cohort: np.ndarray


def sum_units(
    passes: Passes, groups: Sequence[ModelGroup], fits: Sequence[Nuisances], comparisons: int
) -> Totals:
    """One pass over all units."""
    count, width = len(groups), passes.scaling.width

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for k, (group, fit) in enumerate(zip(groups, fits, strict=True)):
            if not group.has(chunk.cohort):
                continue
            (x, weight), rows = chunk.sample(group), fitted_rows(chunk, group, fit)
            contrast = contrast_of(group, fit)
            if group.treated == chunk.cohort:
                total = np.dot(rows, weight)
                sums += [(0, k, total[:width]), (1, group.comparisons, contrast @ total[width:])]
                continue
            odds, trimmed = odds_weights(weight, scores_of(chunk, x, fit))
            products = np.dot(x.T * odds, rows.T)
            by_cohort = np.append(products[0, 0], np.dot(weight, x))
            sums += [
                (2, k, products[:, :width]),
                (4, k, trimmed),
                (5, (k, chunk.cohort), by_cohort),
            ]
            sums.append((3, group.comparisons, contrast @ products[:, width:].T))
        return sums

    shapes = [
        (count, width),
        (comparisons,),
        (count, width, width),
        (comparisons, width),
        (count,),
        (count, len(passes.panel.cohorts), 1 + width),
    ]
    return Totals(*passes.totals(shapes, kernel))


def adjust_groups(
    passes: Passes,
    groups: Sequence[ModelGroup],
    fits: Sequence[Nuisances],
    comparisons: int,
    *,
    outcome: bool,
    propensity: bool,
) -> list[Adjusted]:
    """Effects of all groups of comparisons in one pass."""
    totals = sum_units(passes, groups, fits, comparisons)
    return [
        _adjusted(totals, k, group, fit, outcome, propensity)
        for k, (group, fit) in enumerate(zip(groups, fits, strict=True))
    ]


def _adjusted(
    totals: Totals, k: int, group: ModelGroup, fit: Nuisances, outcome: bool, propensity: bool
) -> Adjusted:
    """Effects of a group from the sums, and how influence depends on the fitted models."""
    wx, odds_xx, here = totals.wx[k], totals.odds_xx[k], group.comparisons
    odds_x, odds_xr = odds_xx[0], totals.odds_xy[here].T - odds_xx @ fit.outcome
    w, odds = wx[0], odds_x[0]
    treated = (totals.wy[here] - wx @ fit.outcome) / w
    compared = odds_xr[0] / odds if propensity else np.zeros_like(treated)
    by_propensity, by_outcome = np.zeros_like(fit.outcome), np.zeros(len(fit.outcome))
    share = np.zeros(len(group.controls))
    by_cohort = totals.by_cohort[k]
    if propensity:
        share += by_cohort[:, 0] / odds
        away = (odds_xr - np.outer(odds_x, compared)) / odds
        by_propensity = fit.propensity_inverse @ away
    if outcome:
        gap = wx / w - (odds_x / odds if propensity else 0.0)
        by_outcome = fit.outcome_inverse @ gap
        share += by_cohort[:, 1:] @ by_outcome
    changes = -fit.outcome.T, contrast_of(group, fit)
    on_compared = np.column_stack([*changes, by_propensity.T, compared])
    on_treated = on_compared.copy()
    on_treated[:, 0] -= treated
    return Adjusted(
        treated - compared,
        (float(w), float(odds) if propensity else 0.0),
        by_outcome,
        on_treated,
        on_compared,
        share,
        int(totals.trimmed[k]),
    )


def write_influence(
    chunk: Chunk, group: ModelGroup, fit: Nuisances, result: Adjusted, sheet: Sheet
) -> None:
    """Write influence values of the units of a chunk that take part in a group.

    They are linear in three parts: regressors and responses (of which come the r), regressors once
    more (of which comes what the propensity score depends on), and the odds weight.
    """
    (x, weight), rows = chunk.sample(group), fitted_rows(chunk, group, fit)
    p, (w, odds), last = scores_of(chunk, x, fit), result.weight, len(rows) + x.shape[1]
    parts = np.empty((last + 1, len(p)))
    if group.treated == chunk.cohort:
        made_by, own, model, parts[last] = result.on_treated, weight / w, weight * (p - 1), 0.0
    else:
        kept = odds_weights(weight, p)[0] / odds if odds > 0 else np.zeros(len(p))
        own = -(weight * (x @ result.by_outcome) + kept)
        made_by, model, parts[last] = result.on_compared, weight * p, kept
    np.multiply(rows, own, out=parts[: len(rows)])
    np.multiply(x.T, model, out=parts[len(rows) : last])
    np.dot(made_by, parts, out=sheet.rows(group.comparisons))


def adjust(panel: Panel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """All comparisons of a panel: units are compared with themselves at the base."""
    models, passes = models_of(options.adjustment), passes_by_cohort(panel)
    groups = model_groups(panel, comparisons, passes.scaling.complete)
    fits = _fit_models(passes, groups, options)
    count, cohorts = len(comparisons.cohort), len(panel.cohorts)
    failed = [""] * count
    for group, fit in zip(groups, fits, strict=True):
        for j in group.comparisons:
            failed[j] = fit.failed
    made = [(group, fit) for group, fit in zip(groups, fits, strict=True) if not fit.failed]
    groups, fits = [group for group, _ in made], [fit for _, fit in made]
    results = adjust_groups(passes, groups, fits, count, **models)

    effect, share = np.full((1, count), np.nan), np.zeros((count, cohorts))
    trimmed, per_weight = np.zeros(count, int), np.zeros(count)
    for group, result in zip(groups, results, strict=True):
        here = group.comparisons
        effect[0, here], share[here] = result.effect, result.cohort_share
        trimmed[here], per_weight[here] = result.trimmed, result.effect / result.weight[0]

    def kernel(chunk: Chunk, sheet: Sheet) -> None:
        for group, fit, result in zip(groups, fits, results, strict=True):
            if group.has(chunk.cohort):
                write_influence(chunk, group, fit, result, sheet)

    sums = influence_sums(passes, kernel, groups, count, 1)
    return AdjustedComparisons(effect, share, trimmed, failed, sums, per_weight)


def _fit_models(passes: Passes, groups: Sequence[ModelGroup], options: Options) -> list[Nuisances]:
    """Learners where they were passed, else least squares and logit."""
    if options.outcome_model is None or options.propensity_model is None:
        return fit_nuisances(passes, groups, **models_of(options.adjustment))
    panel = in_memory(passes.panel, "learners")
    fold = assign_folds(panel, options.folds, options.seed)
    models = options.outcome_model, options.propensity_model
    return cross_fit(panel, passes.scaling, groups, *models, fold)
