"""Counterfactual totals from Poisson regressions of the outcomes at t and at the base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from zgzx_research.did.core.unit_passes import Contribution
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.newton import newton
from zgzx_research.did.methods.group_time.nuisances import pair_products
from zgzx_research.did.methods.group_time.passes import Chunk, Passes

FAILED = "no Poisson regression of the comparison units on these covariates"


@dataclass(frozen=True, slots=True)
class PoissonGrowth:
    """What a group of comparisons comes to.

    Attributes
    ----------
    group : ModelGroup
    weight : float
        Σ_T w.
    total, without : (comparisons here,)
        Treated and counterfactual totals.
    compared : (cohorts,)
        Σw of each comparison cohort.
    trimmed : int
        None is.
    now, base : (1 + covariates, comparisons here)
        Coefficients of the regressions of y_t and of y_b.
    by_now, by_base : (1 + covariates, comparisons here)
        How influence depends on either.
    """

    group: ModelGroup
    weight: float
    total: np.ndarray
    without: np.ndarray
    compared: np.ndarray
    trimmed: int
    now: np.ndarray
    base: np.ndarray
    by_now: np.ndarray
    by_base: np.ndarray

    def influence(self, chunk: Chunk) -> np.ndarray:
        """(units, comparisons here) influence of a chunk on the counterfactual totals."""
        x, weight = chunk.sample(self.group)
        now, base = chunk.outcomes(self.group)
        if self.group.treated == chunk.cohort:
            expected = base * np.exp(x @ (self.now - self.base)) - self.without / self.weight
            return np.asarray(weight[:, None] * expected)
        on_now = (now - np.exp(x @ self.now)) * (x @ self.by_now)
        on_base = (base - np.exp(x @ self.base)) * (x @ self.by_base)
        return np.asarray(weight[:, None] * (on_now - on_base))


def growth_by_poisson(
    passes: Passes, groups: Sequence[ModelGroup], comparisons: int
) -> tuple[list[PoissonGrowth], list[str]]:
    """Return what the groups come to, and why each comparison fails, or ""."""
    value, hessian, bad = fit_poisson(passes, groups, comparisons)
    failed, good = [""] * comparisons, []
    for group in groups:
        if bad[group.comparisons].any() or bad[comparisons + group.comparisons].any():
            for j in group.comparisons:
                failed[j] = FAILED
        else:
            good.append(group)
    totals = _totals(passes, good, value.reshape(2, comparisons, -1))
    return [_growth(totals, k, group, value, hessian) for k, group in enumerate(good)], failed


def _totals(passes: Passes, groups: list[ModelGroup], value: np.ndarray) -> list[np.ndarray]:
    """One pass over all units.

    Of the treated Σw (groups,), Σw y_t (comparisons,) and Σw y_b exp(x'(β_t - β_b)) x (comparisons,
    1 + covariates); of the comparison units Σw (groups, cohorts).

    Parameters
    ----------
    value : (2, comparisons, 1 + covariates)
        β_t and β_b.
    """

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for k, group in enumerate(groups):
            if not group.has(chunk.cohort):
                continue
            (x, weight), here = chunk.sample(group), group.comparisons
            if group.treated == chunk.cohort:
                now, base = chunk.outcomes(group)
                grown = np.exp(x @ (value[0, here] - value[1, here]).T)
                expected = np.dot((weight[:, None] * base * grown).T, x)
                sums += [(0, k, weight.sum()), (1, here, np.dot(weight, now)), (2, here, expected)]
            else:
                sums.append((3, (k, chunk.cohort), weight.sum()))
        return sums

    count, (_, comparisons, width) = len(groups), value.shape
    cohorts = len(passes.panel.cohorts)
    shapes = [(count,), (comparisons,), (comparisons, width), (count, cohorts)]
    return passes.totals(shapes, kernel)


def _growth(
    totals: list[np.ndarray], k: int, group: ModelGroup, value: np.ndarray, hessian: np.ndarray
) -> PoissonGrowth:
    """What the sums of a group come to."""
    here, there = group.comparisons, len(value) // 2 + group.comparisons
    expected = totals[2][here]
    by_now, by_base = (
        np.linalg.solve(hessian[rows], expected[:, :, None])[:, :, 0].T for rows in (here, there)
    )
    return PoissonGrowth(
        group,
        float(totals[0][k]),
        totals[1][here],
        expected[:, 0],
        totals[3][k],
        0,
        value[here].T,
        value[there].T,
        by_now,
        by_base,
    )


def fit_poisson(
    passes: Passes, groups: Sequence[ModelGroup], comparisons: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poisson regressions of the comparison units of each comparison, at t, then at the base.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
        Coefficients, Hessians, and whether each regression failed.
    """

    def kernel(chunk: Chunk) -> list[Contribution]:
        sums: list[Contribution] = []
        for group in groups:
            if group.controls[chunk.cohort]:
                _, weight = chunk.sample(group)
                here = np.concatenate([group.comparisons, comparisons + group.comparisons])
                sums.append((0, here, np.dot(weight, np.hstack(chunk.outcomes(group)))))
                sums.append((1, here, np.full(len(here), weight.sum())))
        return sums

    total, weight = passes.totals([(2 * comparisons,), (2 * comparisons,)], kernel)
    mean = total / weight
    # in units of its mean an outcome is fitted alike, whatever its own unit is
    size = np.where(mean > 0, mean, 1.0)
    start = np.zeros((2 * comparisons, passes.scaling.width))
    with np.errstate(divide="ignore"):
        start[:, 0] = np.log(mean / size)
    value, hessian, bad = newton(_poisson_sums(passes, groups, size), start)
    value[:, 0] += np.log(size)
    return value, hessian * size[:, None, None], bad


def _poisson_sums(
    passes: Passes, groups: Sequence[ModelGroup], size: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Coefficients, which are active -> deviance, score and Hessian of each regression."""
    count, width = len(size), passes.scaling.width
    upper = np.triu_indices(width)

    def sums(value: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        def kernel(chunk: Chunk) -> list[Contribution]:
            found: list[Contribution] = []
            for group in groups:
                here = np.concatenate([group.comparisons, count // 2 + group.comparisons])
                moving = active[here]
                if not group.controls[chunk.cohort] or not moving.any():
                    continue
                (x, weight), here = chunk.sample(group), here[moving]
                y = np.hstack(chunk.outcomes(group))[:, moving] / size[here]
                index = x @ value[here].T
                with np.errstate(over="ignore"):
                    mean = np.exp(index)
                loss = mean - y - y * index + special.xlogy(y, y)
                found.append((0, here, 2 * np.dot(weight, loss)))
                found.append((1, here, np.dot((weight[:, None] * (y - mean)).T, x)))
                found.append((2, here, np.dot((weight[:, None] * mean).T, pair_products(x).T)))
            return found

        shapes = [(count,), (count, width), (count, len(upper[0]))]
        deviance, score, curved = passes.totals(shapes, kernel)
        hessian = np.zeros((count, width, width))
        hessian[:, upper[0], upper[1]] = hessian[:, upper[1], upper[0]] = curved
        return deviance, score, hessian

    return sums
