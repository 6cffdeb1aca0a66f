"""Covariate adjustment where the two periods of a comparison are two samples of rows.

Repeated cross-sections.

The estimators of R's DRDID for repeated cross-sections; doubly robust is the locally efficient one
of Sant'Anna & Zhao (2020), eq. 3.2. Rows of the four groups (treated or comparison, s = before or
after) have regressions of their own. With d the treated of both periods, the effect is the
difference over s of mean_d(x'β_Ts - x'β_Cs) + mean_Ts(y - x'β_Ts) - mean_Cs weighted by odds (y -
x'β_Cs). Regressions not asked for are zero; without a propensity score the last mean is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import Comparisons, unit_weights
from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.influence_sums import Sheet, influence_sums
from zgzx_research.did.methods.group_time.model_groups import ModelGroup, model_groups
from zgzx_research.did.methods.group_time.newton import solve_normal
from zgzx_research.did.methods.group_time.nuisances import (
    CAP,
    fit_logits,
    models_of,
    odds_weights,
    scores,
)
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import (
    Block,
    Chunk,
    Passes,
    passes_by_cohort,
)
from zgzx_research.did.methods.group_time.result_parts import AdjustedComparisons
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.errors import ZgzxError

SIGN = (1.0, -1.0)  # of the rows at t, and of those at the base


@dataclass(frozen=True, slots=True)
class CellSums:
    """Sums over the rows of each cohort and period.

    Attributes
    ----------
    square : (cohorts, periods, 1 + covariates, 1 + covariates)
        Σw xx'; the first row is Σw x.
    cross : (cohorts, periods, 1 + covariates)
        Σw x y; the first is Σw y.
    weight : (cohorts,)
        Weights of units.
    """

    square: np.ndarray
    cross: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, slots=True)
class Side:
    """Rows of a comparison at t, or at the base: their regressions and means.

    Attributes
    ----------
    period : int
    fit_c, fit_t : (1 + covariates,)
        Regressions of comparison and of treated rows.
    lin_c, lin_t : (1 + covariates,)
        How influence depends on either.
    mean_gap, mean_own, mean_c : float
        The three means.
    own, odds : float
        Σ_Ts w and Σ_Cs O.
    """

    period: int
    fit_c: np.ndarray
    fit_t: np.ndarray
    lin_c: np.ndarray
    lin_t: np.ndarray
    mean_gap: float
    mean_own: float
    mean_c: float
    own: float
    odds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison.

    Attributes
    ----------
    group : ModelGroup
    sides : tuple[Side, ...]
        At t, and at the base.
    treated : float
        Σ_T w over both.
    logit, by_score : (1 + covariates,)
        Coefficients of the propensity score, and how influence depends on it.
    """

    group: ModelGroup
    sides: tuple[Side, ...]
    treated: float
    logit: np.ndarray
    by_score: np.ndarray

    @property
    def effect(self) -> float:
        """The effect."""
        means = [side.mean_gap + side.mean_own - side.mean_c for side in self.sides]
        return means[0] - means[1]


def adjust(panel: Panel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """All comparisons of repeated cross-sections; a unit seen more than once adds up its rows."""
    if options.base_period == "pooled":
        raise ZgzxError(
            "repeated cross-sections with covariates or weights that change have no pooled base",
            where="estimate_effects",
            remedy="Pass base_period='universal', or gaps='pairwise' to prepare_panel.",
        )
    models, passes = models_of(options.adjustment), passes_by_cohort(panel)
    count = len(comparisons.cohort)
    groups = model_groups(panel, comparisons, complete=False)
    cells = _cell_sums(passes)
    nothing = np.zeros(passes.scaling.width), np.zeros((passes.scaling.width,) * 2), ""
    logits = [nothing] * count
    if models["propensity"]:
        logits = fit_logits(passes, groups, _squares(cells, groups), row_blocks)
    fits = [_regressions(cells, group, **models) for group in groups]
    failed = [logit[2] or fit[-1] for logit, fit in zip(logits, fits, strict=True)]

    good = [j for j in range(count) if not failed[j]]
    odds = _odds_sums(passes, [(groups[j], fits[j], logits[j][0]) for j in good])
    made = [
        compare_samples(cells, groups[j], fits[j], logits[j], [part[k] for part in odds], models)
        for k, j in enumerate(good)
    ]
    effect, trimmed = np.full((1, count), np.nan), np.zeros(count, int)
    effect[0, good], trimmed[good] = [comparison.effect for comparison in made], odds[2]
    sums = influence_sums(
        passes,
        lambda chunk, sheet: influence_rows(chunk, made, models["propensity"], sheet),
        [groups[j] for j in good],
        count,
        1,
    )
    share = comparisons.controls * cells.weight
    share /= share.sum(axis=1, keepdims=True)
    return AdjustedComparisons(effect, share, trimmed, failed, sums, None)


def periods_of(group: ModelGroup) -> tuple[int, int]:
    """The period of the comparison, and its base."""
    return int(group.period[0]), int(np.flatnonzero(group.base[0])[-1])


def rows_at(chunk: Chunk, period: int) -> tuple[np.ndarray, np.ndarray]:
    """Regressors of the rows of a period, and their weights, 0 where there is no row."""
    x, weight = chunk.design(period)
    return x, weight * chunk.seen[:, period]


def row_blocks(chunk: Chunk, groups: Sequence[ModelGroup], numbers: Iterable[int]) -> list[Block]:
    """Rows of each period, and the groups they take part in."""
    by_period: dict[int, list[int]] = {}
    for k in numbers:
        if groups[k].has(chunk.cohort):
            for period in periods_of(groups[k]):
                by_period.setdefault(period, []).append(k)
    found = []
    for period, here in by_period.items():
        x, weight = rows_at(chunk, period)
        found.append((np.array(here), x, weight[None]))
    return found


def _cell_sums(passes: Passes) -> CellSums:
    """One pass over all rows."""
    cohorts, periods = len(passes.panel.cohorts), len(passes.panel.periods)
    width = passes.scaling.width

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = [(2, chunk.cohort, unit_weights(chunk.weights).sum())]
        for period in range(periods):
            x, weight = rows_at(chunk, period)
            weighted = weight[:, None] * x
            sums.append((0, (chunk.cohort, period), np.dot(weighted.T, x)))
            sums.append((1, (chunk.cohort, period), np.dot(chunk.y[:, period], weighted)))
        return sums

    shapes = [(cohorts, periods, width, width), (cohorts, periods, width), (cohorts,)]
    return CellSums(*passes.totals(shapes, kernel))


def _squares(cells: CellSums, groups: Sequence[ModelGroup]) -> np.ndarray:
    """(2, comparisons, 1 + covariates, 1 + covariates) Σw xx' of treated and comparison rows."""
    by_group = []
    for group in groups:
        both = cells.square[:, list(periods_of(group))].sum(axis=1)
        by_group.append(np.stack([both[group.treated], both[group.controls].sum(axis=0)]))
    return np.stack(by_group, axis=1)


Regressions = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray], str]
"""Coefficients of comparison and of treated rows, at t and at the base; their inverses; failure."""


def _regressions(
    cells: CellSums, group: ModelGroup, *, outcome: bool, propensity: bool
) -> Regressions:
    """Regressions of the four groups of rows; those not asked for are zero."""
    width, failed = cells.cross.shape[2], ""
    both: list[tuple[list[np.ndarray], list[np.ndarray]]] = []
    treated = np.arange(len(group.controls)) == group.treated
    for who, wanted in ((group.controls, outcome), (treated, outcome and propensity)):
        coefficients, inverses = [], []
        for period in periods_of(group):
            b, inverse, bad = np.zeros((width, 1)), np.zeros((width, width)), ""
            if wanted:
                gram, cross = (
                    cells.square[who, period].sum(axis=0),
                    cells.cross[who, period].sum(axis=0),
                )
                b, inverse, bad = solve_normal(gram, cross[:, None])
            coefficients.append(b[:, 0])
            inverses.append(inverse)
            failed = failed or bad
        both.append((coefficients, inverses))
    (fit_c, inverse_c), (fit_t, inverse_t) = both
    return fit_c, fit_t, inverse_c, inverse_t, failed


def _odds_sums(
    passes: Passes, models: Sequence[tuple[ModelGroup, Regressions, np.ndarray]]
) -> list[np.ndarray]:
    """(comparisons, 2, 1 + covariates) ΣO x and ΣO x r of comparison rows, and rows trimmed."""
    shape = (len(models), 2, passes.scaling.width)

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for k, (group, fits, logit) in enumerate(models):
            if not group.controls[chunk.cohort]:
                continue
            for side, period in enumerate(periods_of(group)):
                x, weight = rows_at(chunk, period)
                odds, trimmed = odds_weights(weight, np.minimum(scores(x @ logit), CAP))
                ox = odds[:, None] * x
                r = chunk.y[:, period] - x @ fits[0][side]
                sums += [(0, (k, side), ox.sum(axis=0)), (1, (k, side), np.dot(r, ox))]
                sums.append((2, k, trimmed))
        return sums

    return passes.totals([shape, shape, (len(models),)], kernel)


def compare_samples(
    cells: CellSums,
    group: ModelGroup,
    fits: Regressions,
    logit: tuple[np.ndarray, np.ndarray, str],
    odds: list[np.ndarray],
    models: dict[str, bool],
) -> Comparison:
    """Means of a comparison, and how influence depends on what was fitted."""
    fit_c, fit_t, inverse_c, inverse_t, _ = fits
    square = [cells.square[group.treated, period, 0] for period in periods_of(group)]
    treated = square[0][0] + square[1][0]
    x_d = (square[0] + square[1]) / treated
    by_score, sides = np.zeros(len(x_d)), []
    for s, period in enumerate(periods_of(group)):
        own, y = square[s][0], cells.cross[group.treated, period, 0]
        x_own, x_c, mean_c, total = square[s] / own, np.zeros(len(x_d)), 0.0, 0.0
        if models["propensity"]:
            total = odds[0][s, 0]
            x_c, mean_c = odds[0][s] / total, odds[1][s, 0] / total
            by_score += SIGN[s] * (logit[1] @ (odds[1][s] / total - mean_c * x_c))
        sides.append(
            Side(
                period,
                fit_c[s],
                fit_t[s],
                inverse_c[s] @ (x_c - x_d),
                inverse_t[s] @ (x_d - x_own),
                float(x_d @ (fit_t[s] - fit_c[s])),
                float((y - square[s] @ fit_t[s]) / own),
                float(mean_c),
                float(own),
                float(total),
            )
        )
    return Comparison(group, tuple(sides), float(treated), logit[0], by_score)


def influence_rows(
    chunk: Chunk, made: Sequence[Comparison], propensity: bool, sheet: Sheet
) -> None:
    """Write influence of the units of a chunk on each comparison they are in, summed over rows."""
    for comparison in made:
        if not comparison.group.has(chunk.cohort):
            continue
        rows = _treated_rows if comparison.group.treated == chunk.cohort else _compared_rows
        after, before = (
            rows(chunk, comparison, side, sign, propensity)
            for side, sign in zip(comparison.sides, SIGN, strict=True)
        )
        sheet.rows(comparison.group.comparisons)[:] = after + before


def _treated_rows(
    chunk: Chunk, comparison: Comparison, side: Side, sign: float, propensity: bool
) -> np.ndarray:
    """(units,) influence of the treated rows of one side."""
    x, weight = rows_at(chunk, side.period)
    before = comparison.sides[1]
    after = comparison.sides[0]
    slope = (after.fit_t - after.fit_c) - (before.fit_t - before.fit_c)
    gap = x @ slope - (after.mean_gap - before.mean_gap)
    r = chunk.y[:, side.period] - x @ side.fit_t
    own = gap / comparison.treated
    own += sign * ((r - side.mean_own) / side.own + r * (x @ side.lin_t))
    if propensity:
        p = np.minimum(scores(x @ comparison.logit), CAP)
        own -= (1 - p) * (x @ comparison.by_score)
    return np.asarray(weight * own)


def _compared_rows(
    chunk: Chunk, comparison: Comparison, side: Side, sign: float, propensity: bool
) -> np.ndarray:
    """(units,) influence of the comparison rows of one side."""
    x, weight = rows_at(chunk, side.period)
    r = chunk.y[:, side.period] - x @ side.fit_c
    own = sign * weight * r * (x @ side.lin_c)
    if propensity:
        p = np.minimum(scores(x @ comparison.logit), CAP)
        odds, _ = odds_weights(weight, p)
        own += weight * p * (x @ comparison.by_score) - sign * odds * (r - side.mean_c) / side.odds
    return np.asarray(own)
