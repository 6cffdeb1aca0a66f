"""Summaries of cells: values and their derivatives by (statistics, cohort shares).

On the difference scale a summary is the share-weighted mean of its cells, so shares are estimates
too and enter the variance (as in R's did). On the ratio scale it is log(ΣN / ΣD): "so much more
than without".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.inference import ratio_interval, wald_test

LARGE = 2**16  # numbers of a matrix from which on its zeros are worth skipping


@dataclass(frozen=True, slots=True)
class JointStatistics:
    """What the aggregates need: numbers only.

    Attributes
    ----------
    scale : str
        "difference" or "ratio".
    statistics : (1 or 2, cells)
        Differences, or treated and counterfactual totals.
    cohort : (cells,)
        Index into `shares`.
    shares : (shares,)
        Weight of each cohort, or of each cell.
    covariance : numpy.ndarray
        Joint covariance of (statistics, shares); of the statistics only where shares count as
        fixed. NaN where it is not known (see `single_unit_cohorts`): so is the covariance of
        whatever uses it.
    cohorts : (shares,) float
        The first treated period behind each share; None where shares are of cells.
    null_covariance : (cells, cells)
        Covariance of the departures (differences, or treated less counterfactual totals) with the
        hypothesis of no departure imposed, in cells before treatment and zero elsewhere; None where
        a method has none (see `score_test`).
    """

    scale: str
    statistics: np.ndarray
    cohort: np.ndarray
    shares: np.ndarray
    covariance: np.ndarray
    cohorts: np.ndarray | None = None
    null_covariance: np.ndarray | None = None

    @property
    def departures(self) -> np.ndarray:
        """(cells,) differences, or treated less counterfactual totals."""
        return (
            self.statistics[0]
            if self.scale == "difference"
            else -np.diff(self.statistics, axis=0)[0]
        )

    def spread(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Covariance of two sets of derivatives by (statistics, shares).

        Fixed shares add nothing.
        """
        used = len(self.covariance)
        left, right = left[..., :used], right[..., :used]
        unknown = np.isnan(self.covariance)
        if not unknown.any():
            return _times(right, _times(left, self.covariance).T).T
        spread = left @ np.where(unknown, 0.0, self.covariance) @ right.T
        return np.where((left != 0) * 1.0 @ unknown @ (right != 0).T > 0, np.nan, spread)

    def variances(self, rows: np.ndarray) -> np.ndarray:
        """(rows,) variances of derivatives by (statistics, shares), as `spread` has them."""
        rows, unknown = rows[:, : len(self.covariance)], np.isnan(self.covariance)
        known = np.where(unknown, 0.0, self.covariance) if unknown.any() else self.covariance
        variances = np.einsum("rn,rn->r", _times(rows, known), rows)
        if unknown.any():
            touched = (rows != 0) * 1.0
            variances[np.einsum("rn,rn->r", touched @ unknown, touched) > 0] = np.nan
        return np.asarray(np.maximum(variances, 0))


def _times(few: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the product with a matrix of which most numbers are zero, where it is large."""
    if few.size < LARGE or np.count_nonzero(few) * 16 > few.size:
        return few @ matrix
    from scipy.sparse import csr_array  # seldom needed, and slow to import

    return np.asarray(csr_array(few) @ matrix)


@dataclass(frozen=True, slots=True)
class AggregatedValues:
    """Estimates (log ratios on the ratio scale) with their derivative by (statistics, shares).

    Attributes
    ----------
    value : (rows,)
    gradient : (rows, statistics + cohorts)
    totals : (2, rows)
        Treated and counterfactual totals on the ratio scale; None on the difference scale.
    by_totals : (2, rows, statistics + cohorts)
        Their derivatives.
    """

    value: np.ndarray
    gradient: np.ndarray
    totals: np.ndarray | None = None
    by_totals: np.ndarray | None = None

    def covariance(self, cells: JointStatistics) -> np.ndarray:
        """(rows, rows) covariance by the delta method."""
        return cells.spread(self.gradient, self.gradient)

    def spread(self, cells: JointStatistics) -> np.ndarray:
        """(rows,) variances; on the ratio scale (2, 2, rows) covariance of the two totals."""
        if self.by_totals is None:
            return cells.variances(self.gradient)
        return _by_row(self.by_totals, cells)

    def bounds(
        self, cells: JointStatistics, critical: float, spread: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) ends of the interval with this quantile, as effects (ratio - 1).

        Parameters
        ----------
        spread : numpy.ndarray, optional
            As `spread` gives it, where it is known already.
        """
        spread = self.spread(cells) if spread is None else spread
        if self.totals is None:
            half = critical * np.sqrt(spread)
            return self.value - half, self.value + half
        low, high = ratio_interval(self.totals[0], self.totals[1], spread, critical)
        return low - 1, high - 1

    def detectable(
        self, cells: JointStatistics, factor: float, spread: np.ndarray | None = None
    ) -> np.ndarray:
        """(rows,) smallest true effect that `factor` standard errors make visible.

        On the ratio scale the standard error depends on the effect itself. With the treated total's
        coefficient of variation held, the smallest r with r D - D >= factor · sd(r D - D) is the
        upper end of a Fieller interval.
        """
        covariance = self.spread(cells) if spread is None else spread
        if self.totals is None:
            return factor * np.sqrt(covariance)
        treated, counterfactual = self.totals
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = counterfactual / treated
            v_n, v_nd, v_d = covariance[0, 0] * scale**2, covariance[0, 1] * scale, covariance[1, 1]
        at_one = np.stack([np.stack([v_d, v_nd]), np.stack([v_nd, v_n])])
        return ratio_interval(counterfactual, counterfactual, at_one, factor)[1] - 1

    def departures(
        self, cells: JointStatistics, rows: np.ndarray, form: str = "wald"
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Departures of the chosen rows from zero, their covariance, and what they make of cells.

        A departure is a difference, or on the ratio scale the treated less the counterfactual
        total; rows in which nobody has anything are left out.

        Parameters
        ----------
        rows : (rows,) bool
        form : str, default "wald"
            Or "score": the covariance with no departure imposed (`null_covariance`).

        Returns
        -------
        value : (chosen,)
        covariance : (chosen, chosen)
        on_cells : (chosen, cells)
            Weight of each cell's departure in them.
        """
        if self.totals is None or self.by_totals is None:
            value, gradient = self.value[rows], self.gradient[rows]
            on_cells = gradient[:, : cells.statistics.shape[1]]
        else:
            rows = rows & (self.totals != 0).any(axis=0)
            value = self.totals[0, rows] - self.totals[1, rows]
            gradient = self.by_totals[0, rows] - self.by_totals[1, rows]
            on_cells = gradient[:, : cells.statistics.shape[1]]
        if form == "wald" or cells.null_covariance is None:
            return value, cells.spread(gradient, gradient), on_cells
        spread = _times(on_cells, _times(on_cells, cells.null_covariance).T).T
        return value, spread, on_cells

    def test_zero(
        self, cells: JointStatistics, rows: np.ndarray, freedom: float = np.inf
    ) -> dict[str, float | int | str]:
        """Joint Wald test that the chosen rows are zero, as in R's did.

        Of differences, or of treated minus counterfactual totals.
        """
        value, covariance, _ = self.departures(cells, rows)
        return wald_test(value, covariance, freedom)


def _by_row(by_totals: np.ndarray, cells: JointStatistics) -> np.ndarray:
    """(2, 2, rows) covariance of the two totals of each row."""
    parts, unknown = by_totals[..., : len(cells.covariance)], np.isnan(cells.covariance)
    known = np.where(unknown, 0.0, cells.covariance) if unknown.any() else cells.covariance
    products = np.stack([_times(part, known) for part in parts])
    spread = np.einsum("irn,jrn->ijr", products, parts)
    if unknown.any():
        touched = (parts != 0) * 1.0
        spread[np.einsum("irn,jrn->ijr", touched @ unknown, touched) > 0] = np.nan
    return spread


def over_cells(cells: JointStatistics, sets: np.ndarray) -> AggregatedValues:
    """One summary per row of `sets`, a (rows, cells) mask."""
    sets = np.asarray(sets, dtype=float)
    return _ratios(cells, sets) if cells.scale == "ratio" else _share_weighted(cells, sets)


def _share_weighted(cells: JointStatistics, sets: np.ndarray) -> AggregatedValues:
    weight = sets * cells.shares[cells.cohort]
    total = weight.sum(axis=1, keepdims=True)
    weight = weight / total
    value = weight @ cells.statistics[0]
    by_share = sets * (cells.statistics[0] - value[:, None]) / total
    member = (cells.cohort[:, None] == np.arange(len(cells.shares))).astype(float)
    return AggregatedValues(value, np.hstack([weight, _times(by_share, member)]))


def _ratios(cells: JointStatistics, sets: np.ndarray) -> AggregatedValues:
    treated, counterfactual = (sets @ cells.statistics.T).T
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(counterfactual > 0, np.log(treated / counterfactual), np.nan)
        by_treated, by_counterfactual = (
            np.where(total > 0, sign / total, np.nan)[:, None] * sets
            for sign, total in ((1, treated), (-1, counterfactual))
        )
    none, rest = np.zeros_like(sets), np.zeros((len(sets), len(cells.shares)))
    by_totals = np.stack([np.hstack([sets, none, rest]), np.hstack([none, sets, rest])])
    gradient = np.hstack([by_treated, by_counterfactual, rest])
    return AggregatedValues(value, gradient, np.stack([treated, counterfactual]), by_totals)


def plain_mean(rows: AggregatedValues) -> AggregatedValues:
    """Return the mean of several summaries, e.g. over event times."""
    return AggregatedValues(
        rows.value.mean(keepdims=True), rows.gradient.mean(axis=0, keepdims=True)
    )


def over_cohorts(
    cells: JointStatistics, rows: AggregatedValues, cohorts: np.ndarray
) -> AggregatedValues:
    """Share-weighted mean of one summary per cohort; the shares' own uncertainty enters."""
    total = cells.shares[cohorts].sum()
    weight = cells.shares[cohorts] / total
    value = weight @ rows.value
    gradient = weight @ rows.gradient
    gradient[cells.statistics.size + cohorts] += (rows.value - value) / total
    return AggregatedValues(np.array([value]), gradient[None])
