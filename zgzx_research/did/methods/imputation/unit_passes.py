"""Passes over units, where covariates or leave-one-out errors need more than sums of strata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from zgzx_research.did.core.moments import observation_strata
from zgzx_research.did.methods.imputation.imputation_plan import Plan
from zgzx_research.did.panel.chunks import chunk_bounds, in_chunks
from zgzx_research.did.panel.prepared_panel import PreparedPanel

T = TypeVar("T")


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


def over_units(
    panel: PreparedPanel, kernel: Callable[[int, np.ndarray, np.ndarray], T]
) -> list[tuple[int, np.ndarray, T]]:
    """Results of a kernel for chunks of units of one stratum.

    Parameters
    ----------
    kernel : Callable[[int, numpy.ndarray, numpy.ndarray], T]
        Stratum, units, their outcomes (0 where unobserved) -> result.

    Returns
    -------
    list[tuple[int, numpy.ndarray, T]]
        Stratum, units, result of each chunk.
    """
    seen = ~np.isnan(panel.y)
    member, _ = observation_strata(panel.cohort, seen)
    order = np.argsort(member, kind="stable")

    def one(piece: tuple[int, int, int]) -> tuple[int, np.ndarray, T]:
        stratum, start, stop = piece
        unit = order[start:stop]
        return stratum, unit, kernel(stratum, unit, np.where(seen[unit], panel.y[unit], 0.0))

    return list(in_chunks(one, chunk_bounds(np.bincount(member))))


def covariance_by_unit(
    panel: PreparedPanel, plan: Plan, parts: list[Part], z: np.ndarray, leave_one_out: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """(rows, rows) covariance by a pass over the units, and (clusters, rows) influence."""
    others = means_of_others(panel, plan, parts[-1], z) if leave_one_out else None

    def kernel(s: int, unit: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows = []
        for part in parts:
            value = np.einsum(
                "nq,qkt,nt->nk", z[unit], part.slope[s], y - z[unit] @ part.fitted[s], optimize=True
            )
            centre = (
                part.mean_effect[s] if others is None else others[unit] * (part.mean_effect[s] != 0)
            )
            rows.append(value - centre @ part.slope[s, 0].T)
        influence = panel.weights[unit] * np.concatenate(rows, axis=1)
        return influence if panel.cluster is not None else influence.T @ influence

    size = sum(len(part.estimate) for part in parts)
    if panel.cluster is None:
        return sum(
            (result for _, _, result in over_units(panel, kernel)), np.zeros((size, size))
        ), None
    by_cluster = np.zeros((int(panel.cluster.max()) + 1, size))
    for _, unit, influence in over_units(panel, kernel):
        np.add.at(by_cluster, panel.cluster[unit], influence)
    return by_cluster.T @ by_cluster, by_cluster


def means_of_others(panel: PreparedPanel, plan: Plan, cells: Part, z: np.ndarray) -> np.ndarray:
    """(units, periods) mean effect of the cohort and period without the unit's own cluster.

    The cell's if it is fallback.

    Units count by their squared weights, as in the mean effect itself.
    """
    treated = np.zeros(plan.untreated.shape, dtype=bool)
    for period, member in zip(plan.period, plan.member, strict=True):
        treated[member, period] = True

    def kernel(s: int, unit: np.ndarray, y: np.ndarray) -> np.ndarray:
        away = y - z[unit] @ cells.fitted[s]
        effect = away - (away @ plan.own[s])[:, None]
        weight = panel.weights[unit] ** 2 * treated[s]
        return np.stack([weight * effect, weight, treated[s] & (weight > 0)])

    sums = np.zeros((3, *panel.y.shape))
    fallback = np.zeros(panel.y.shape)
    for stratum, unit, result in over_units(panel, kernel):
        sums[:, unit] = result
        fallback[unit] = cells.mean_effect[stratum]
    everyone = np.stack(
        [[np.bincount(panel.cohort, column) for column in part.T] for part in sums]
    ).swapaxes(1, 2)
    if panel.cluster is not None:
        own = panel.cluster * len(panel.cohorts) + panel.cohort
        group = np.unique(own, return_inverse=True)[1]
        sums = np.stack(
            [np.stack([np.bincount(group, c)[group] for c in part.T], axis=1) for part in sums]
        )
    total, weight, others = everyone[:, panel.cohort] - sums
    return np.divide(total, weight, out=fallback, where=(others > 0) & (weight > 0))
