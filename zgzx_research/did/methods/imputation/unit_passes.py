"""Passes over units, where covariates or leave-one-out errors need more than sums of strata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.did.core.moments import Moments, observation_strata
from zgzx_research.did.core.scaling import Scaling, find_scaling, without_covariates
from zgzx_research.did.core.unit_passes import (
    ByCluster,
    Contribution,
    UnitChunk,
    UnitPasses,
    start_passes,
)
from zgzx_research.did.methods.imputation.imputation_plan import Plan
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the result.

    A unit's influence is w [Σ_z z slope (y - Σ_z z fitted) - slope_0 τ̄].

    Attributes
    ----------
    estimate : (rows,)
    slope : (strata, z, rows, periods)
    fitted : (strata, z, periods)
    mean_effect : (strata, periods)
        τ̄, 0 where nobody is treated.
    """

    estimate: np.ndarray
    slope: np.ndarray
    fitted: np.ndarray
    mean_effect: np.ndarray


@dataclass(frozen=True, slots=True)
class StratumPasses:
    """Passes over units by stratum.

    Attributes
    ----------
    units : UnitPasses
        The groups are strata, with the numbers they have in `Moments`.
    scaling : Scaling
        Of the covariates.
    """

    units: UnitPasses
    scaling: Scaling


def passes_by_stratum(panel: Panel, moments: Moments, adjusted: bool) -> StratumPasses:
    """Prepare passes over a panel.

    Parameters
    ----------
    adjusted : bool
        Whether the covariates of the panel are used.
    """
    pattern = np.hstack([moments.cohort[:, None], np.packbits(moments.observed, axis=1)])
    number = {row.tobytes(): s for s, row in enumerate(pattern.astype(np.int64))}
    units = start_passes(panel, partial(stratum_of, number=number))
    scaling = find_scaling(panel)
    return StratumPasses(units, scaling if adjusted else without_covariates(scaling))


def stratum_of(panel: PreparedPanel, *, number: dict[bytes, int]) -> np.ndarray:
    """(units,) int, stratum of each unit.

    Parameters
    ----------
    number : dict[bytes, int]
        Number of the stratum of each cohort and pattern of observed periods.
    """
    seen = ~np.isnan(panel.y)
    member, first = observation_strata(panel.cohort, seen)
    pattern = np.hstack([panel.cohort[first][:, None], np.packbits(seen[first], axis=1)])
    own = [number[row.tobytes()] for row in pattern.astype(np.int64)]
    return np.array(own, dtype=np.int64)[member]


def regressors_and_outcomes(chunk: UnitChunk, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """(units, z) one and the covariates, (units, periods) outcomes, 0 where unobserved."""
    return scaling.design(chunk.panel, chunk.rows), np.nan_to_num(chunk.y, copy=False)


def covariance_by_unit(
    passes: StratumPasses, plan: Plan, parts: list[Part], leave_one_out: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """(rows, rows) covariance by a pass over the units, and (clusters, rows) influence."""
    centre = others_effects(passes, plan, parts[-1]) if leave_one_out else None
    scaling, size = passes.scaling, sum(len(part.estimate) for part in parts)

    def kernel(chunk: UnitChunk) -> tuple[np.ndarray, np.ndarray]:
        s, (z, y) = chunk.group, regressors_and_outcomes(chunk, scaling)
        others = None if centre is None else centre(chunk, z, y)
        rows = []
        for part in parts:
            value = np.einsum(
                "nq,qkt,nt->nk", z, part.slope[s], y - z @ part.fitted[s], optimize=True
            )
            own = part.mean_effect[s]
            rows.append(
                value - (own if others is None else others * (own != 0)) @ part.slope[s, 0].T
            )
        return np.arange(size), chunk.weights * np.concatenate(rows, axis=1)

    return passes.units.products(kernel, size)


Others = Callable[[UnitChunk, np.ndarray, np.ndarray], np.ndarray]
"""Chunk, its regressors and outcomes -> (units, periods) mean effects without the own cluster."""


def others_effects(passes: StratumPasses, plan: Plan, cells: Part) -> Others:
    """Mean effects of the cohort and period without the unit's own cluster, or the cell's.

    Units count by their squared weights, as in the mean effect itself.
    """
    treated = np.zeros(plan.untreated.shape, dtype=bool)
    for period, member in zip(plan.period, plan.member, strict=True):
        treated[member, period] = True
    panel, scaling = passes.units.panel, passes.scaling
    cohorts, periods = len(panel.cohorts), len(panel.periods)

    def of_units(chunk: UnitChunk, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(3, units, periods) weighted effects, their weights, and whether there is one."""
        s, away = chunk.group, y - z @ cells.fitted[chunk.group]
        effect = away - (away @ plan.own[s])[:, None]
        weight = chunk.weights**2 * treated[s]
        return np.stack([weight * effect, weight, treated[s] & (weight > 0)])

    def by_cohort(chunk: UnitChunk) -> list[Contribution]:
        sums = of_units(chunk, *regressors_and_outcomes(chunk, scaling))
        return [(0, chunk.panel.cohort[chunk.rows[0]], sums.sum(axis=1))]

    (everyone,) = passes.units.totals([(cohorts, 3, periods)], by_cohort)
    own = _own_clusters(passes, of_units) if panel.has_clusters else None

    def centre(chunk: UnitChunk, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        cohort = chunk.panel.cohort[chunk.rows[0]]
        sums = of_units(chunk, z, y)
        if own is not None and chunk.panel.cluster is not None:
            place = np.searchsorted(own[0], chunk.panel.cluster[chunk.rows])
            sums = own[1].reshape(-1, cohorts, 3, periods)[place, cohort].swapaxes(0, 1)
        total, weight, others = everyone[cohort][:, None] - sums
        fallback = np.broadcast_to(cells.mean_effect[chunk.group], total.shape).copy()
        return np.divide(total, weight, out=fallback, where=(others > 0) & (weight > 0))

    return centre


def _own_clusters(
    passes: StratumPasses, of_units: Callable[[UnitChunk, np.ndarray, np.ndarray], np.ndarray]
) -> ByCluster:
    """Sums of each cluster, by its units' cohorts: (clusters, cohorts x 3 x periods)."""
    panel, scaling = passes.units.panel, passes.scaling
    width = 3 * len(panel.periods)

    def kernel(chunk: UnitChunk) -> tuple[np.ndarray, np.ndarray]:
        first = chunk.panel.cohort[chunk.rows[0]] * width
        sums = of_units(chunk, *regressors_and_outcomes(chunk, scaling)).swapaxes(0, 1)
        return first + np.arange(width), sums.reshape(len(chunk.rows), width)

    return passes.units.by_cluster(kernel, len(panel.cohorts) * width)
