"""Passes over the units of a panel: chunks with regressors, and sums of influence values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import Comparisons, last_bases, unit_weights
from zgzx_research.did.panel.chunks import chunk_bounds, in_chunks
from zgzx_research.did.panel.prepared_panel import PreparedPanel

ENOUGH = 50_000  # units to take centre and scale from


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """Cells with group treated cohort, group comparison group and group period of covariates.

    Attributes
    ----------
    treated : int
        Index of the cohort.
    controls : (cohorts,) bool
    at : int
        period index of covariates and weights.
    comparisons : (comparisons here,) int
    period : (comparisons here,) int
    base : (comparisons here, periods)
        base weights.
    """

    treated: int
    controls: np.ndarray
    at: int
    comparisons: np.ndarray
    period: np.ndarray
    base: np.ndarray


@dataclass(frozen=True, slots=True)
class UnitArrays:
    """The arrays of a panel that a pass reads, where units are put together for one comparison.

    Attributes
    ----------
    y, weights, covariates, cohort, cohorts, cluster : numpy.ndarray
        As in PreparedPanel.
    """

    y: np.ndarray
    cohort: np.ndarray
    cohorts: np.ndarray
    weights: np.ndarray
    covariates: np.ndarray | None
    cluster: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """The units in the order of their cohorts, in chunks, with standardised covariates.

    Attributes
    ----------
    pieces : (cohort, start, stop)
        Into `order`.
    order : (units,) int
    centre, scale : (covariates,)
        Of the standardisation.
    complete : bool
        Every outcome and weight is observed.
    lacking : bool
        Some covariates are not known.
    """

    panel: PreparedPanel | UnitArrays
    order: np.ndarray
    pieces: list[tuple[int, int, int]]
    centre: np.ndarray
    scale: np.ndarray
    complete: bool
    lacking: bool = False

    def chunk(self, units: np.ndarray) -> Chunk:
        """Return some units, loaded once for all groups they take part in."""
        return Chunk(self, units, {}, [])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Units of one chunk: their indices.

    Regressors by period and outcomes are read when first asked for.
    """

    units: Pass
    rows: np.ndarray
    loaded: dict[int, tuple[np.ndarray, np.ndarray]]
    read: list[np.ndarray]

    @property
    def y(self) -> np.ndarray:
        """(units, periods) outcomes."""
        if not self.read:
            self.read.append(self.units.panel.y[self.rows])
        return self.read[0]

    def design(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """(units, 1 + covariates) intercept and standardised covariates.

        (units,) weights, 0 outside the sample.
        """
        if group.at not in self.loaded:
            self.loaded[group.at] = self._load(group.at)
        x, weight = self.loaded[group.at]
        if self.units.complete:
            return x, weight
        seen = ~np.isnan(self.y)
        inside = seen[:, group.period[0]] & (seen & (group.base[0] > 0)).any(axis=1)
        return x, np.where(inside, weight, 0.0)

    def _load(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        panel, centre = self.units.panel, self.units.centre
        x = np.ones((len(self.rows), 1 + len(centre)))
        if panel.covariates is not None:
            values = panel.covariates[self.rows, at if panel.covariates.shape[1] > 1 else 0]
            x[:, 1:] = (values - centre) / self.units.scale
        weight = panel.weights[self.rows, at if panel.weights.shape[1] > 1 else 0]
        # without covariates a unit is in no comparison that takes them from this period
        if self.units.lacking:
            weight = np.where(np.isnan(x).any(axis=1), 0.0, weight)
        keep = self.units.complete and not self.units.lacking
        return (x, weight) if keep else (np.nan_to_num(x, copy=False), weight)

    def outcomes(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """(units, comparisons) outcomes at t, and means over the base periods a unit is seen in."""
        if self.units.complete:
            return self.y[:, group.period], self.y @ group.base.T
        seen = ~np.isnan(self.y)
        filled = np.where(seen, self.y, 0.0)
        share = seen @ group.base.T
        base = np.divide(filled @ group.base.T, share, out=np.zeros_like(share), where=share > 0)
        return filled[:, group.period], base

    def changes(self, group: ModelGroup) -> np.ndarray:
        """(units, comparisons) outcomes at t less those at the base."""
        if self.units.complete:
            contrast = -group.base
            contrast[np.arange(len(contrast)), group.period] += 1
            return self.y @ contrast.T
        now, base = self.outcomes(group)
        return now - base


@dataclass(frozen=True, slots=True)
class AdjustedComparisons:
    """Cells after adjustment, in the order of the plan.

    Attributes
    ----------
    statistics : (1 or 2, comparisons)
        As in JointStatistics.
    cohort_share : (comparisons, cohorts)
        Of what treated meet.
    trimmed : (comparisons,) int
        Comparison units trimmed.
    failed : (comparisons,)
        Why a cell cannot be made, or "".
    covariance : Callable
        Cohort shares, which of them are drawn -> covariance of (statistics, shares), influence by
        cluster.
    null_covariance : Callable
        (comparisons,) bool, which are tested -> (comparisons, comparisons) covariance of their
        departures about zero, see `score_test`; None where there is none.
    """

    statistics: np.ndarray
    cohort_share: np.ndarray
    trimmed: np.ndarray
    failed: list[str]
    covariance: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray | None]]
    null_covariance: Callable[[np.ndarray], np.ndarray] | None = None


def gram_by_cluster(
    units: Pass, kernel: Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]], size: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """(size, size) sum over units, or over clusters, of products of influence values.

    Where there are clusters, also the (clusters, size) sums themselves.

    Parameters
    ----------
    kernel : Callable
        Cohort, units -> columns (used,) and influence values (units, used); all other columns are
        zero.
    """
    cluster = units.panel.cluster

    def chunk(piece: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = units.order[piece[1] : piece[2]]
        used, values = kernel(piece[0], rows)
        if cluster is None:
            return used, used, values.T @ values
        ids, member = np.unique(cluster[rows], return_inverse=True)
        sums = np.zeros((len(ids), values.shape[1]))
        np.add.at(sums, member, values)
        return ids, used, sums

    total = np.zeros((size if cluster is None else int(cluster.max()) + 1, size))
    for rows, used, part in in_chunks(chunk, units.pieces):
        total[np.ix_(rows, used)] += part
    return (total, None) if cluster is None else (total.T @ total, total)


def share_influence(
    panel: PreparedPanel, shares: np.ndarray, drawn: np.ndarray
) -> Callable[[int, np.ndarray], np.ndarray]:
    """Cohort, its units -> (units, cohorts) influence on the cohort shares.

    Parameters
    ----------
    shares, drawn : (cohorts,)
        shares, and whether a cohort's size counts as drawn.
    """
    weight = unit_weights(panel.weights)
    total = weight[shares[panel.cohort] > 0].sum()

    def influence(cohort: int, rows: np.ndarray) -> np.ndarray:
        if not drawn[cohort]:
            return np.zeros((len(rows), len(shares)))
        return np.outer(weight[rows] / total, (np.arange(len(shares)) == cohort) - shares)

    return influence


def start_pass(panel: PreparedPanel | UnitArrays, *, standardise: bool = True) -> Pass:
    """Order and cut the units; centre and scale of covariates come from some of them."""
    order = np.argsort(panel.cohort.astype(np.int16), kind="stable")
    pieces = chunk_bounds(np.bincount(panel.cohort, minlength=len(panel.cohorts)))
    centre, scale = np.zeros(0), np.zeros(0)
    if panel.covariates is not None:
        # near the mean is near enough
        some = panel.covariates[:: max(1, len(panel.covariates) // ENOUGH)]
        flat = some.reshape(-1, some.shape[2])
        centre = np.nanmean(flat, axis=0) if standardise else np.zeros(flat.shape[1])
        scale = np.nanstd(flat, axis=0) if standardise else np.ones(flat.shape[1])
    complete = not (np.isnan(panel.y).any() or np.isnan(panel.weights).any())
    lacking = panel.covariates is not None and bool(np.isnan(panel.covariates.min()))
    return Pass(panel, order, pieces, centre, np.where(scale > 0, scale, 1.0), complete, lacking)


def model_groups(
    panel: PreparedPanel, comparisons: Comparisons, complete: bool
) -> list[ModelGroup]:
    """Group comparisons that share cohort, comparison group and covariates.

    And, in panels with gaps, their sample.
    """
    constant = panel.weights.shape[1] == 1 and (
        panel.covariates is None or panel.covariates.shape[1] == 1
    )
    latest_base = last_bases(comparisons)
    source = (
        latest_base
        if panel.covariates_at == "base"
        else np.minimum(comparisons.period, latest_base)
    )
    source = np.zeros_like(source) if constant else source
    groups: dict[tuple[int, bytes, int, int], list[int]] = {}
    for j, (cohort, mask) in enumerate(zip(comparisons.cohort, comparisons.controls, strict=True)):
        groups.setdefault((cohort, mask.tobytes(), source[j], -1 if complete else j), []).append(j)
    return [
        ModelGroup(
            int(g),
            comparisons.controls[rows[0]],
            int(at),
            np.array(rows),
            comparisons.period[rows],
            comparisons.base[rows],
        )
        for (g, _, at, _), rows in groups.items()
    ]
