"""Pooled generalised linear models with cohort and period effects, fitted from sums by cell.

A row's linear predictor is z'C, where z is (1, covariates) and C belongs to its cell, that is its
cohort and period. Base cells share coefficients, C = A_cohort + B_period; every other cell that is
fitted has coefficients of its own, as in a model with one dummy, and one dummy times each
covariate, per cell. Links are canonical, so a row's score is w (y - mean) z, and a fit needs no
more than Σ w (y - mean) z and Σ w (d mean / d predictor) zz' by cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from zgzx_research.did.core.scaling import Scaling
from zgzx_research.did.core.unit_passes import Contribution, UnitChunk, UnitPasses

STEPS = 60  # a sound fit takes under 10; a separated one moves by 1 for ever
SETTLED = 1e-8  # a Newton step this small leaves an error of its square
NEGLIGIBLE = 1e-10  # gain in the objective, relative to Σ wy, that a cell of its own need not chase
COLLINEAR = 1e-10  # relative size below which an eigenvalue of Σ zz' counts as zero
UNREACHED = 1e-12  # share of a cell's rows that undetermined coefficients may touch by rounding

Family = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Predictor, outcome -> minus the log likelihood, the mean, and its derivative by the predictor."""


def linear(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the normal family with the identity link."""
    return 0.5 * (y - eta) ** 2, eta, np.ones_like(eta)


def poisson(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poisson quasi-likelihood, log link."""
    mean = np.exp(eta)
    return mean - y * eta, mean, mean


def logit(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bernoulli quasi-likelihood, logistic link."""
    mean = special.expit(eta)
    return np.logaddexp(0, eta) - y * eta, mean, mean * (1 - mean)


FAMILIES: dict[str, Family] = {"linear": linear, "poisson": poisson, "logit": logit}
LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": np.asarray,
    "poisson": np.log,
    "logit": special.logit,
}


@dataclass(frozen=True, slots=True)
class Points:
    """What is fitted: units, or the means of strata where there are no covariates.

    Attributes
    ----------
    passes : UnitPasses
        Over them, by cohort.
    scaling : Scaling
        Of the covariates: the same fit, and better conditioned.
    """

    passes: UnitPasses
    scaling: Scaling

    @property
    def width(self) -> int:
        """Length of z: the constant and the covariates."""
        return self.scaling.width


def rows_of(chunk: UnitChunk, scaling: Scaling) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z, outcome and weight of some points, both 0 where unobserved."""
    y = chunk.y
    seen = ~np.isnan(y)
    z = scaling.design(chunk.panel, chunk.rows)
    return z, np.where(seen, y, 0.0), np.where(seen, chunk.weights, 0.0)


@dataclass(frozen=True, slots=True)
class CellSums:
    """Sums by cohort and period.

    Attributes
    ----------
    objective : (cohorts, periods)
    gradient : (cohorts, periods, k)
        Σ w (y - mean) z.
    curvature : (cohorts, periods, k, k)
        Σ w (d mean / d predictor) zz'.
    """

    objective: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray

    def where(self, cells: np.ndarray, other: CellSums) -> CellSums:
        """Return these sums in `cells`, the other's elsewhere."""
        return CellSums(
            np.where(cells, self.objective, other.objective),
            np.where(cells[..., None], self.gradient, other.gradient),
            np.where(cells[..., None, None], self.curvature, other.curvature),
        )


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A fit.

    Attributes
    ----------
    common : (cohorts, periods, k)
        A_cohort + B_period, for base cells and what others would have been without coefficients of
        their own.
    own : (cohorts, periods, k)
        Coefficients of the cells that have them, 0 elsewhere.
    unsettled : (cohorts, periods) bool
        Cells whose coefficients never came to rest.
    """

    common: np.ndarray
    own: np.ndarray
    unsettled: np.ndarray


def cell_sums(points: Points, coefficients: np.ndarray, family: Family) -> CellSums:
    """One pass over the points with these (cohorts, periods, k) coefficients."""
    shape, scaling = coefficients.shape, points.scaling

    def kernel(chunk: UnitChunk) -> list[Contribution]:
        z, y, weight = rows_of(chunk, scaling)
        pairs = (z[:, :, None] * z[:, None, :]).reshape(len(z), -1)
        with np.errstate(over="ignore", invalid="ignore"):  # a step too far is taken back
            objective, mean, slope = family(z @ coefficients[chunk.group].T, y)
            curvature = np.dot((weight * slope).T, pairs).reshape(*shape[1:], shape[2])
            return [
                (0, chunk.group, (weight * objective).sum(axis=0)),
                (1, chunk.group, np.dot((weight * (y - mean)).T, z)),
                (2, chunk.group, curvature),
            ]

    return CellSums(*points.passes.totals([shape[:2], shape, (*shape, shape[2])], kernel))


def inverse(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a generalised inverse of normal equations, which directions are determined, and these.

    Scaled by the diagonal, so neither units nor group sizes matter.

    Parameters
    ----------
    matrix : (..., n, n)
        Normal equations.

    Returns
    -------
    inverse : (..., n, n)
    known : (..., n) bool
        The directions that are determined.
    vectors : (..., n, n)
        The directions in columns.
    """
    scale = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(matrix / (scale[..., :, None] * scale[..., None, :]))
    known = values > COLLINEAR * np.maximum(values[..., -1:], 0)
    vectors = vectors / scale[..., :, None]
    weight = np.divide(1.0, values, out=np.zeros_like(values), where=known)
    return (vectors * weight[..., None, :]) @ vectors.swapaxes(-1, -2), known, vectors


def base_normal_equations(curvature: np.ndarray, base: np.ndarray) -> np.ndarray:
    """(n, n) for the coefficients A of cohorts, then B of periods; n = (cohorts + periods) k."""
    cohorts, periods, k = curvature.shape[:3]
    blocks = np.where(base[..., None, None], curvature, 0.0)
    matrix = np.zeros((cohorts + periods, k, cohorts + periods, k))
    c, t = np.arange(cohorts), cohorts + np.arange(periods)
    matrix[c, :, c, :] = blocks.sum(axis=1)
    matrix[t, :, t, :] = blocks.sum(axis=0)
    matrix[:cohorts, :, cohorts:, :] = blocks.transpose(0, 2, 1, 3)
    matrix[cohorts:, :, :cohorts, :] = blocks.transpose(1, 2, 0, 3)
    return matrix.reshape((cohorts + periods) * k, -1)


def determined(
    gram: np.ndarray, base: np.ndarray, curvature: np.ndarray | None = None
) -> tuple[np.ndarray, int]:
    """(cohorts, periods) cells whose A + B the base cells determine, and the number determined.

    Parameters
    ----------
    gram : (cohorts, periods, k, k)
        Σ w zz'.
    curvature : numpy.ndarray, optional
        The same at a fit, where rows whose mean reaches its bound say nothing; without it, what the
        design can determine.
    """
    cohorts, _, k, _ = gram.shape
    _, known, vectors = inverse(
        base_normal_equations(gram if curvature is None else curvature, base)
    )
    free = vectors[:, ~known]
    free = (free / np.abs(free).max(axis=0, initial=0)).reshape(-1, k, free.shape[1])
    change = (
        free[:cohorts, None] + free[None, cohorts:]
    )  # of A + B, (cohorts, periods, k, directions)
    touched = np.einsum("ctkf,ctkl,ctlf->ctf", change, gram, change).max(axis=2, initial=0)
    return touched <= UNREACHED * gram[..., 0, 0], int(known.sum())


def fit_two_way(
    points: Points, base: np.ndarray, own: np.ndarray, family: str, total: np.ndarray
) -> TwoWay:
    """Newton's method, with halved steps where the objective would rise.

    Parameters
    ----------
    base, own : (cohorts, periods) bool
        The two kinds of cells.
    total : (2, cohorts, periods)
        Σ w and Σ wy; a base cohort's and an own cell's mean must have a link.
    """
    function = FAMILIES[family]
    common, apart = _start(base, own, family, total, points.width)
    sums = cell_sums(points, np.where(base[..., None], common, apart), function)
    factor = np.ones((*base.shape, 1))
    for _ in range(STEPS):
        by_effect, by_cell = _newton_steps(sums, base, own)
        step = np.where(base[..., None], by_effect, by_cell)
        at = np.where(base[..., None], common, apart)
        gain = (step * sums.gradient).sum(axis=2) > NEGLIGIBLE * np.abs(total[1])
        moving = (np.abs(step).max(axis=2) > SETTLED * (1 + np.abs(at).max())) & (base | gain)
        if not moving.any():
            return TwoWay(common + by_effect, apart + by_cell, moving)
        trial = cell_sums(points, at + factor * step, function)
        before, after = _objective(sums, base), _objective(trial, base)
        better = after <= before + 1e-12 * np.abs(before)
        common = common + factor.max(initial=0, where=base[..., None]) * by_effect * better.all(
            where=base
        )
        apart = apart + factor * by_cell * better[..., None]
        sums = trial.where(better, sums)
        factor = np.where(better[..., None], 1.0, factor / 2)
    return TwoWay(common, apart, moving)


def _start(
    base: np.ndarray, own: np.ndarray, family: str, total: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return intercepts at the link of the mean of a cohort's base cells, and of each own cell.

    No slopes.
    """
    weight, outcome = np.where(base, total, 0.0).sum(axis=2)
    common, apart = np.zeros((2, *base.shape, k))
    common[weight > 0, :, 0] = LINKS[family](outcome[weight > 0] / weight[weight > 0])[:, None]
    apart[own, 0] = LINKS[family](total[1, own] / total[0, own])
    return common, apart


def _objective(sums: CellSums, base: np.ndarray) -> np.ndarray:
    """(cohorts, periods) what a step must lower.

    The sum of all base cells in these, its own elsewhere.
    """
    return np.where(base, sums.objective.sum(where=base), sums.objective)


def _newton_steps(
    sums: CellSums, base: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts, periods, k) changes of A + B, and of the coefficients of own cells."""
    gradient = np.where(base[..., None], sums.gradient, 0.0)
    stacked = np.concatenate([gradient.sum(axis=1), gradient.sum(axis=0)])
    effects = (inverse(base_normal_equations(sums.curvature, base))[0] @ stacked.ravel()).reshape(
        stacked.shape
    )
    by_cell = np.zeros_like(gradient)
    by_cell[own] = np.einsum("ckl,cl->ck", inverse(sums.curvature[own])[0], sums.gradient[own])
    return effects[: len(base), None] + effects[None, len(base) :], by_cell


def counterfactual_slopes(
    counterfactual: CellSums, base: np.ndarray, rows: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """(rows, cohorts, periods, k) slopes of the influence on counterfactual sums.

    Σ w (y - mean) slopes'z over base rows is the influence on Σ w mean.

    Parameters
    ----------
    counterfactual : CellSums
        Sums at A + B everywhere.
    rows : tuple[numpy.ndarray, numpy.ndarray]
        Cohort and period of each cell asked for.
    """
    cohorts, periods, k = counterfactual.gradient.shape
    whole = inverse(base_normal_equations(counterfactual.curvature, base))[0].reshape(
        cohorts + periods, k, -1
    )
    toward = counterfactual.curvature[rows][:, 0]  # d Σ w mean / d (A + B), (rows, k)
    effects = np.einsum("rk,rkn->rn", toward, whole[rows[0]] + whole[cohorts + rows[1]])
    effects = effects.reshape(len(toward), cohorts + periods, k)
    slopes = effects[:, :cohorts, None] + effects[:, None, cohorts:]
    return np.where(base[..., None], slopes, 0.0)


def influence_by_unit(
    points: Points, coefficients: np.ndarray, family: Family, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """(rows, rows) sum over units, or clusters, of the products of their influence values.

    These are Σ w (y - mean) slopes'z. Where there are clusters, also the (clusters, rows) sums by
    cluster.

    Parameters
    ----------
    coefficients : (cohorts, periods, k)
        Of the fit.
    slopes : (rows, cohorts, periods, k)
    """
    flat = slopes.transpose(1, 2, 3, 0).reshape(len(coefficients), -1, len(slopes))
    every, scaling = np.arange(len(slopes)), points.scaling

    def kernel(chunk: UnitChunk) -> tuple[np.ndarray, np.ndarray]:
        z, y, weight = rows_of(chunk, scaling)
        score = weight * (y - family(z @ coefficients[chunk.group].T, y)[1])
        by_cell = (score[:, :, None] * z[:, None, :]).reshape(len(z), -1)
        return every, by_cell @ flat[chunk.group]

    return points.passes.products(kernel, len(slopes))
