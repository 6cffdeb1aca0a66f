"""Least squares with unit and period effects and regressors that are alike within a cohort.

y_it = α_i + λ_t + z_ct'γ + x_it'β + error. With a unit's weights w, zero where it is not observed,
Ω = diag(w) - ww'/Σw takes out its weighted mean, so least squares needs per cohort only ΣΩ and
ΣΩ(y, x), and Σ(y, x)'Ω(y, x). Where weights are constant within units and there is no x, these
follow from `Moments`; else from a pass over the units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import linalg

from zgzx_research.did.core.moment_passes import add_moments, moments_of, numbered
from zgzx_research.did.core.moments import (
    Influence,
    Moments,
    cohort_means,
    each_stratum,
    influence_covariance,
    panel_moments,
)
from zgzx_research.did.core.sample_factor import cluster_count, sample_factor
from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.core.unit_passes import (
    Contribution,
    UnitChunk,
    cohort_of,
    order_units,
    start_passes,
)
from zgzx_research.did.panel.collinear import independent
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel

# a covariate's deviation from its unit's mean, relative to it, that is rounding and not variation
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class NormalSums:
    """What least squares needs, v = (y, x) being the outcome and the covariates.

    Attributes
    ----------
    gram : (cohorts, periods, periods)
        ΣΩ.
    cross : (cohorts, periods, 1 + covariates)
        ΣΩv.
    inner : (1 + covariates, 1 + covariates)
        Σv'Ωv; not needed, and zero, without covariates.
    weight, mean : (cohorts, periods)
        Σw, and mean outcome, NaN where nobody is observed.
    """

    gram: np.ndarray
    cross: np.ndarray
    inner: np.ndarray
    weight: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True, slots=True)
class Solution:
    """Least squares of one design; columns are period effects, the design's own, covariates.

    Attributes
    ----------
    design : (cohorts, periods, columns without covariates)
    inverse : (columns, columns)
        Of the normal equations.
    coefficients, kept : (columns,)
        0 and False where a column is a combination of those before it.
    """

    design: np.ndarray
    inverse: np.ndarray
    coefficients: np.ndarray
    kept: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        """(cohorts, periods) fit without unit effects and covariates."""
        return self.design @ self.coefficients[: self.design.shape[2]]


@dataclass(frozen=True, slots=True)
class Regressions:
    """One or more designs on the same panel.

    Rows are all their columns but the period effects, design by design.

    Attributes
    ----------
    coefficients, kept : (rows,)
        a design's covariates follow its own columns.
    covariance : (rows, rows)
        Joint, clustered, with each design's factor (N-1)/(N-K) · G/(G-1).
    weights : (rows, cohorts, periods)
        On the cohort × period means.
    sums : NormalSums
        Of the panel.
    df : float
        G - 1.
    influence : (clusters, rows)
        Summed by cluster, where the panel has clusters.
    null_covariance : (rows, rows)
        As `covariance`, from residuals that hold the tested coefficients, without factor (see
        `score_test`); None where nothing is tested.
    """

    coefficients: np.ndarray
    kept: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray
    sums: NormalSums
    df: float
    influence: np.ndarray | None
    null_covariance: np.ndarray | None = None


def is_plain(panel: Panel) -> bool:
    """Whether `Moments` say all there is to know: no covariates, weights constant within units."""
    return not panel.has_covariates and not panel.weights_vary


def observed_units(panel: Panel) -> np.ndarray:
    """(cohorts, periods) units observed."""
    return strata_of(panel).observed_units(len(panel.cohorts))


def regress(
    panel: Panel, designs: Sequence[np.ndarray], tested: Sequence[np.ndarray] = ()
) -> Regressions:
    """Regress the outcome on unit effects, period effects, each design and the covariates.

    Parameters
    ----------
    designs : (cohorts, periods, columns)
        Each.
    tested : (columns,) bool
        For each design, the columns whose coefficients a pre-test is about.

    Raises
    ------
    ZgzxError
        Fewer than two clusters, or not more rows than parameters.
    """
    plain = moments_of(panel) if is_plain(panel) else None
    sums = _sums_of_units(panel) if plain is None else sums_of_moments(plain, len(panel.cohorts))
    solutions = [solve(sums, design) for design in designs]
    moments, influence = _moments_and_influence(panel, plain, solutions)
    scale = np.sqrt(
        np.repeat(
            [sample_factor(panel, one) for one in solutions], [len(s.kept) for s in solutions]
        )
    )
    covariance, by_cluster = influence_covariance(moments, influence)
    rows = np.concatenate([np.arange(len(one.kept)) >= len(panel.periods) - 1 for one in solutions])
    return Regressions(
        np.concatenate([one.coefficients for one in solutions])[rows],
        np.concatenate([one.kept for one in solutions])[rows],
        (covariance * np.outer(scale, scale))[np.ix_(rows, rows)],
        np.concatenate([_mean_weights(sums, one) for one in solutions])[rows],
        sums,
        cluster_count(panel) - 1.0,
        None if by_cluster is None else (by_cluster * scale)[:, rows],
        _null_covariance(panel, plain, solutions, tested)[np.ix_(rows, rows)] if tested else None,
    )


def _moments_and_influence(
    panel: Panel, plain: Moments | None, solutions: list[Solution]
) -> tuple[Moments, Influence]:
    """Moments of the outcome (`plain`) or of the scores, and the influence of all columns."""
    if plain is not None:
        return plain, _outcome_influence(plain, solutions)
    kernel = partial(_score_moments, solutions=solutions)
    moments = numbered(over_parts(panel, kernel, add_moments))
    return moments, _score_influence(moments, solutions, len(panel.periods))


def _null_covariance(
    panel: Panel,
    plain: Moments | None,
    solutions: list[Solution],
    tested: Sequence[np.ndarray],
) -> np.ndarray:
    """(columns, columns) covariance from residuals that hold the tested coefficients.

    Where nothing differs before treatment these are zero, so the residuals have mean zero with
    them, too.
    """
    without = []
    for one, columns in zip(solutions, tested, strict=True):
        own = one.design.shape[2] - len(columns) + np.flatnonzero(columns)
        coefficients = one.coefficients.copy()
        coefficients[own] = 0.0
        without.append(replace(one, coefficients=coefficients))
    return influence_covariance(*_moments_and_influence(panel, plain, without))[0]


def sums_of_moments(moments: Moments, cohorts: int) -> NormalSums:
    """Return the sums of a panel without covariates, from its moments."""
    periods = moments.observed.shape[1]
    gram, cross = np.zeros((cohorts, periods, periods)), np.zeros((cohorts, periods, 1))
    weight = np.zeros((cohorts, periods))
    for s, c in enumerate(moments.cohort):
        seen = moments.observed[s]
        omega = moments.weight[s] * (np.diag(seen * 1.0) - np.outer(seen, seen) / seen.sum())
        # about the stratum's own mean, so that no digits are lost
        level = moments.mean[s][seen].mean()
        gram[c] += omega
        cross[c, :, 0] += omega @ (moments.mean[s] - level * seen)
        weight[c] += moments.weight[s] * seen
    return NormalSums(gram, cross, np.zeros((1, 1)), weight, cohort_means(moments, cohorts))


def solve(sums: NormalSums, design: np.ndarray) -> Solution:
    """Least squares with these regressors behind the period effects.

    The first period's is in the unit effects.
    """
    cohorts, periods, _ = sums.cross.shape
    effects = np.broadcast_to(np.eye(periods)[:, 1:], (cohorts, periods, periods - 1))
    design = np.concatenate([effects, design], axis=2)
    normal = np.block(
        [
            [_within(design, sums.gram @ design), _within(design, sums.cross[..., 1:])],
            [_within(sums.cross[..., 1:], design), sums.inner[1:, 1:]],
        ]
    )
    right = np.concatenate([_within(design, sums.cross[..., :1])[:, 0], sums.inner[1:, 0]])
    raw = np.concatenate([np.einsum("ct,ctk->k", sums.weight, design**2), np.diag(sums.inner)[1:]])
    kept = independent(normal, raw)
    inverse = np.zeros_like(normal)
    size = 1 / np.sqrt(np.diag(normal)[kept])
    part = (
        linalg.inv(normal[np.ix_(kept, kept)] * np.outer(size, size))
        if kept.any()
        else np.zeros((0, 0))
    )
    inverse[np.ix_(kept, kept)] = part * np.outer(size, size)
    return Solution(design, inverse, inverse @ right, kept)


def _within(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(left columns, right columns) sum of products over cohorts and periods."""
    return np.einsum("ctk,ctl->kl", left, right, optimize=True)


def _mean_weights(sums: NormalSums, one: Solution) -> np.ndarray:
    """(columns, cohorts, periods) weight of each coefficient on each mean.

    The inverse times Σ(z, x)'Ω.
    """
    own = one.design.shape[2]
    by_design = np.einsum(
        "rk,ctk->rct", one.inverse[:, :own], sums.gram @ one.design, optimize=True
    )
    return by_design + np.einsum(
        "rk,ctk->rct", one.inverse[:, own:], sums.cross[..., 1:], optimize=True
    )


def _outcome_influence(moments: Moments, solutions: list[Solution]) -> Influence:
    """Influence of all columns of all designs, period effects included, from the outcome."""
    maps = np.concatenate([one.inverse @ one.design.swapaxes(1, 2) for one in solutions], axis=1)
    fitted = np.stack([one.fitted for one in solutions], axis=1)
    block = np.repeat(np.arange(len(solutions)), [len(one.kept) for one in solutions])

    @each_stratum
    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        cohort, seen = moments.cohort[s], moments.observed[s]
        slope = (maps[cohort] - maps[cohort][:, seen].mean(axis=1, keepdims=True)) * seen
        away = moments.mean[s] - fitted[cohort]
        away = away - away[:, seen].mean(axis=1, keepdims=True)
        return slope, (slope * away[block]).sum(axis=1)

    return influence


def _score_influence(moments: Moments, solutions: list[Solution], periods: int) -> Influence:
    """Return the same on moments of the scores (see `_score_moments`): one block per design."""
    rows, width = sum(len(one.kept) for one in solutions), moments.mean.shape[1] // len(solutions)
    slopes = np.zeros((len(solutions[0].design), rows, moments.mean.shape[1]))
    row = 0
    for block, one in enumerate(solutions):
        own, part = one.design.shape[2], slopes[:, row : (row := row + len(one.kept))]
        left = block * width
        part[..., left : left + periods] = one.inverse[:, :own] @ one.design.swapaxes(1, 2)
        part[..., left + periods : left + width] = one.inverse[:, own:]

    @each_stratum
    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        slope = slopes[moments.cohort[s]]
        return slope, slope @ moments.mean[s]

    return influence


def weighted_deviations(chunk: UnitChunk) -> tuple[np.ndarray, np.ndarray]:
    """(units, periods) weights, 0 where unobserved, and (units, periods, 1 + covariates) v.

    v is (y, x) less the unit's weighted mean.
    """
    y, panel = chunk.y, chunk.panel
    seen = ~np.isnan(y)
    weight = np.where(seen, chunk.weights, 0.0)
    values = y[..., None]
    if panel.covariates is not None:
        covariates = panel.covariates[chunk.rows]
        extra = np.broadcast_to(covariates, (*seen.shape, covariates.shape[2]))
        values = np.concatenate([values, extra], axis=2)
    values = np.where(seen[..., None], values, 0.0)
    total = weight.sum(axis=1)[:, None, None]
    mean = (weight[..., None] * values).sum(axis=1, keepdims=True) / total
    away = np.where(seen[..., None], values - mean, 0.0)
    still = np.abs(away) <= ROUNDING * np.abs(mean)
    still[..., 0] = False  # not of the outcome: there the size of unit effects is free
    away[still] = 0.0
    return weight, away


def _sums_of_units(panel: Panel) -> NormalSums:
    """Return the sums of any panel, by a pass over its units."""
    cohorts, periods = len(panel.cohorts), len(panel.periods)
    width = 1 + _covariate_count(panel)

    def kernel(chunk: UnitChunk) -> list[Contribution]:
        c, (weight, away) = chunk.group, weighted_deviations(chunk)
        total = weight.sum(axis=0)
        omega = np.diag(total) - (weight / weight.sum(axis=1, keepdims=True)).T @ weight
        weighted = weight[..., None] * away
        outcome = np.where(weight > 0, chunk.y, 0.0)
        return [
            (0, c, omega),
            (1, c, weighted.sum(axis=0)),
            (2, ..., np.einsum("ntk,ntl->kl", weighted, away, optimize=True)),
            (3, c, total),
            (4, c, (weight * outcome).sum(axis=0)),
        ]

    by_cohort = (cohorts, periods)
    shapes = [(*by_cohort, periods), (*by_cohort, width), (width, width), by_cohort, by_cohort]
    gram, cross, inner, total, outcome = start_passes(panel, cohort_of).totals(shapes, kernel)
    mean = np.divide(outcome, total, out=np.full_like(outcome, np.nan), where=total > 0)
    return NormalSums(gram, cross, inner, total, mean)


def _covariate_count(panel: Panel) -> int:
    header = panel if isinstance(panel, PreparedPanel) else panel.header
    return 0 if header.covariates is None else header.covariates.shape[2]


def _score_moments(panel: PreparedPanel, *, solutions: list[Solution]) -> Moments:
    """Moments of the scores of some units, designs × (periods + covariates) numbers each.

    Per design: q, the weighted residual, and x'q. A unit's score is Z'q for the columns of the
    design, x'q for the covariates.
    """
    width = len(panel.periods) + _covariate_count(panel)
    scores = np.empty((len(panel.y), len(solutions), width))

    def kernel(chunk: UnitChunk) -> None:
        weight, away = weighted_deviations(chunk)
        for block, one in enumerate(solutions):
            slopes = one.coefficients[one.design.shape[2] :]
            residual = away[..., 0] - away[..., 1:] @ slopes - one.fitted[chunk.group]
            residual -= (weight * residual).sum(axis=1, keepdims=True) / weight.sum(
                axis=1, keepdims=True
            )
            score = weight * residual
            by_covariate = np.einsum("ntk,nt->nk", away[..., 1:], score)
            scores[chunk.rows, block] = np.hstack([score, by_covariate])

    for _ in order_units(panel, panel.cohort).results(kernel):
        pass  # the scores are written where they belong
    flat = scores.reshape(len(scores), -1)
    return panel_moments(flat, panel.cohort, np.ones(len(scores)), panel.cluster)
