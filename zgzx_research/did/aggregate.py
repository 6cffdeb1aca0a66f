"""Summaries of cells: values and their derivatives by (statistics, cohort shares).

On the difference scale a summary is the share-weighted mean of its cells, so shares are estimates too and enter the
variance (as in R's did). On the ratio scale it is log(ΣN / ΣD): "so much more than without".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class CellStatistics:
    """What the aggregates need: numbers only.

    Attributes
    ----------
    scale : "difference" or "ratio".
    statistics : (1 or 2, cells) differences, or treated and counterfactual totals.
    cohort : (cells,) index into `shares`.
    shares : (cohorts,) weight of each cohort.
    covariance : joint covariance of (statistics, shares).
    """

    scale: str
    statistics: np.ndarray
    cohort: np.ndarray
    shares: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True, slots=True)
class Summary:
    """Estimates (log ratios on the ratio scale) with their derivative by (statistics, shares)."""

    value: np.ndarray
    gradient: np.ndarray

    def covariance(self, cells: CellStatistics) -> np.ndarray:
        """(rows, rows) covariance by the delta method."""
        return self.gradient @ cells.covariance @ self.gradient.T


def over_cells(cells: CellStatistics, sets: np.ndarray) -> Summary:
    """One summary per row of `sets`, a (rows, cells) mask."""
    sets = np.asarray(sets, dtype=float)
    return _ratios(cells, sets) if cells.scale == "ratio" else _share_weighted(cells, sets)


def _share_weighted(cells: CellStatistics, sets: np.ndarray) -> Summary:
    weight = sets * cells.shares[cells.cohort]
    total = weight.sum(axis=1, keepdims=True)
    weight = weight / total
    value = weight @ cells.statistics[0]
    by_share = sets * (cells.statistics[0] - value[:, None]) / total
    member = (cells.cohort[:, None] == np.arange(len(cells.shares))).astype(float)
    return Summary(value, np.hstack([weight, by_share @ member]))


def _ratios(cells: CellStatistics, sets: np.ndarray) -> Summary:
    treated, counterfactual = (sets @ cells.statistics.T).T
    with np.errstate(divide="ignore"):
        value = np.log(treated / counterfactual)
        by_treated = np.where(treated > 0, 1 / treated, np.nan)[:, None] * sets
    by_counterfactual = -sets / counterfactual[:, None]
    return Summary(value, np.hstack([by_treated, by_counterfactual, np.zeros((len(sets), len(cells.shares)))]))


def plain_mean(rows: Summary) -> Summary:
    """The mean of several summaries, e.g. over event times."""
    return Summary(rows.value.mean(keepdims=True), rows.gradient.mean(axis=0, keepdims=True))


def over_cohorts(cells: CellStatistics, rows: Summary, cohorts: np.ndarray) -> Summary:
    """Share-weighted mean of one summary per cohort; the shares' own uncertainty enters."""
    total = cells.shares[cohorts].sum()
    weight = cells.shares[cohorts] / total
    value = weight @ rows.value
    gradient = weight @ rows.gradient
    gradient[cells.statistics.size + cohorts] += (rows.value - value) / total
    return Summary(np.array([value]), gradient[None])
