"""Least squares with unit and period effects and regressors that are alike within a cohort.

y_it = α_i + λ_t + z_ct'γ + x_it'β + error. With a unit's weights w, zero where it is not observed,
Ω = diag(w) - ww'/Σw takes out its weighted mean, so least squares needs per cohort only ΣΩ and
ΣΩ(y, x), and Σ(y, x)'Ω(y, x). Where weights are constant within units and there is no x, these
follow from `Moments`; else from a pass over the units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy import linalg

from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.core.moments import (
    Influence,
    Moments,
    cohort_means,
    influence_covariance,
    panel_moments,
)
from zgzx_research.did.core.sample_factor import cluster_count, sample_factor
from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.panel.chunks import chunk_bounds, in_chunks
from zgzx_research.did.panel.collinear import independent
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import in_memory
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


UnitSums = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of a chunk of units: ΣΩ, ΣΩv, Σv'Ωv, and Σw with Σwy."""

T = TypeVar("T")


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
    if plain is None:
        sums = _sums_of_units(in_memory(panel, "covariates and weights that change"))
    else:
        sums = sums_of_moments(plain, len(panel.cohorts))
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
    whole = in_memory(panel, "covariates and weights that change")
    scores = _scores(whole, solutions)
    moments = panel_moments(scores, whole.cohort, np.ones(len(scores)), whole.cluster)
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

    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        cohort, seen = moments.cohort[s], moments.observed[s]
        slope = (maps[cohort] - maps[cohort][:, seen].mean(axis=1, keepdims=True)) * seen
        away = moments.mean[s] - fitted[cohort]
        away = away - away[:, seen].mean(axis=1, keepdims=True)
        return slope, (slope * away[block]).sum(axis=1)

    return influence


def _score_influence(moments: Moments, solutions: list[Solution], periods: int) -> Influence:
    """Return the same on moments of the units' scores (see `_scores`): one block per design."""
    rows, width = sum(len(one.kept) for one in solutions), moments.mean.shape[1] // len(solutions)
    slopes = np.zeros((len(solutions[0].design), rows, moments.mean.shape[1]))
    row = 0
    for block, one in enumerate(solutions):
        own, part = one.design.shape[2], slopes[:, row : (row := row + len(one.kept))]
        left = block * width
        part[..., left : left + periods] = one.inverse[:, :own] @ one.design.swapaxes(1, 2)
        part[..., left + periods : left + width] = one.inverse[:, own:]

    def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
        slope = slopes[moments.cohort[s]]
        return slope, slope @ moments.mean[s]

    return influence


def _over_units(
    panel: PreparedPanel, kernel: Callable[[int, np.ndarray, np.ndarray, np.ndarray], T]
) -> list[tuple[int, np.ndarray, T]]:
    """(cohort, units, result) of a kernel of cohort, units, weights and v.

    v is (y, x) less the unit's weighted mean.
    """
    order = np.argsort(panel.cohort, kind="stable")
    pieces = chunk_bounds(np.bincount(panel.cohort, minlength=len(panel.cohorts)))

    def one(piece: tuple[int, int, int]) -> tuple[int, np.ndarray, T]:
        cohort, start, stop = piece
        unit = order[start:stop]
        seen = ~np.isnan(panel.y[unit])
        weight = np.where(seen, panel.weights[unit], 0.0)
        values = panel.y[unit][..., None]
        if panel.covariates is not None:
            extra = np.broadcast_to(
                panel.covariates[unit], (*seen.shape, panel.covariates.shape[2])
            )
            values = np.concatenate([values, extra], axis=2)
        values = np.where(seen[..., None], values, 0.0)
        mean = (weight[..., None] * values).sum(axis=1, keepdims=True) / weight.sum(axis=1)[
            :, None, None
        ]
        away = np.where(seen[..., None], values - mean, 0.0)
        still = np.abs(away) <= ROUNDING * np.abs(mean)
        away[still & (np.arange(away.shape[2]) > 0)] = (
            0.0  # not of the outcome: there the size of unit effects is free
        )
        return cohort, unit, kernel(cohort, unit, weight, away)

    return list(in_chunks(one, pieces))


def _sums_of_units(panel: PreparedPanel) -> NormalSums:
    """Return the sums of any panel, by a pass over its units."""
    width = 1 + (0 if panel.covariates is None else panel.covariates.shape[2])
    cohorts, periods = len(panel.cohorts), len(panel.periods)
    gram, cross = np.zeros((cohorts, periods, periods)), np.zeros((cohorts, periods, width))
    inner, total = np.zeros((width, width)), np.zeros((2, cohorts, periods))

    def kernel(_: int, unit: np.ndarray, weight: np.ndarray, away: np.ndarray) -> UnitSums:
        omega = (
            np.diag(weight.sum(axis=0)) - (weight / weight.sum(axis=1, keepdims=True)).T @ weight
        )
        weighted = weight[..., None] * away
        outcome = np.where(weight > 0, panel.y[unit], 0.0)
        both = np.stack([weight.sum(axis=0), (weight * outcome).sum(axis=0)])
        return (
            omega,
            weighted.sum(axis=0),
            np.einsum("ntk,ntl->kl", weighted, away, optimize=True),
            both,
        )

    for cohort, _, (omega, first, second, both) in _over_units(panel, kernel):
        gram[cohort] += omega
        cross[cohort] += first
        inner += second
        total[:, cohort] += both
    mean = np.divide(total[1], total[0], out=np.full_like(total[1], np.nan), where=total[0] > 0)
    return NormalSums(gram, cross, inner, total[0], mean)


def _scores(panel: PreparedPanel, solutions: list[Solution]) -> np.ndarray:
    """(units, designs × (periods + covariates)) per design: q, the weighted residual, and x'q.

    A unit's score is Z'q for the columns of the design, x'q for the covariates.
    """
    covariates = 0 if panel.covariates is None else panel.covariates.shape[2]
    scores = np.empty((len(panel.y), len(solutions), len(panel.periods) + covariates))

    def kernel(cohort: int, unit: np.ndarray, weight: np.ndarray, away: np.ndarray) -> None:
        for block, one in enumerate(solutions):
            slopes = one.coefficients[one.design.shape[2] :]
            residual = away[..., 0] - away[..., 1:] @ slopes - one.fitted[cohort]
            residual -= (weight * residual).sum(axis=1, keepdims=True) / weight.sum(
                axis=1, keepdims=True
            )
            score = weight * residual
            scores[unit, block] = np.hstack([score, np.einsum("ntk,nt->nk", away[..., 1:], score)])

    _over_units(panel, kernel)
    return scores.reshape(len(scores), -1)
