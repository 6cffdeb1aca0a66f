"""The pooled regression with coefficients of its own for every treated cell, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zgzx_research.did.core.moments import Moments, each_stratum, influence_covariance
from zgzx_research.did.core.scaling import find_scaling
from zgzx_research.did.core.small_cohorts import cohort_sizes, only_unit
from zgzx_research.did.core.unit_passes import cohort_of, start_passes
from zgzx_research.did.methods.extended_two_way import glm
from zgzx_research.did.methods.extended_two_way.cell_roles import BASE, at_bound, first_cells
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model.

    Attributes
    ----------
    base, own : (cohorts, periods) bool
        Cells without and with coefficients of their own.
    points : glm.Points
        What was fitted.
    gram : glm.CellSums
        Sums Σwy, Σwyz, Σwzz'.
    fit : glm.TwoWay
        Coefficients.
    counterfactual : glm.CellSums
        Sums at the coefficients of cohort and period only.
    rank : int
        Coefficients in all.
    """

    family: str
    base: np.ndarray
    own: np.ndarray
    points: glm.Points
    gram: glm.CellSums
    fit: glm.TwoWay
    counterfactual: glm.CellSums
    rank: int

    @property
    def coefficients(self) -> np.ndarray:
        """(cohorts, periods, k) behind the fitted outcomes."""
        return np.where(self.base[..., None], self.fit.common, self.fit.own)


def fit_model(
    panel: Panel, points: glm.Points, gram: glm.CellSums, role: np.ndarray, family: str
) -> Model:
    """Return the fit, and what the cells would have been without coefficients of their own."""
    base, total = np.isin(role, BASE), np.stack([gram.curvature[..., 0, 0], gram.gradient[..., 0]])
    base = base & (total[0] > 0)
    own = (role != "") & ~np.isin(role, BASE) & ~at_bound(total[1], total[0], family)
    fitted = glm.fit_two_way(points, base, own, family, total)
    common = np.where((role != "")[..., None], fitted.common, 0.0)
    counterfactual = glm.cell_sums(points, common, glm.FAMILIES[family])
    _, rank = glm.determined(gram.curvature, base)
    steady, left = glm.determined(gram.curvature, base, counterfactual.curvature)
    unsettled = fitted.unsettled | (base & ~steady & (left < rank))
    if unsettled.any():
        raise ZgzxError(
            f"the {family} fit does not settle: "
            "for some values of the covariates every outcome is at its bound",
            where="estimate_effects",
            count=int(unsettled.sum()),
            examples=first_cells(panel, unsettled),
            remedy="Leave out or coarsen covariates, or pass family='linear'.",
        )
    rank += int(glm.inverse(gram.curvature[own])[1].sum())
    return Model(family, base, own, points, gram, fitted, counterfactual, rank)


def cell_statistics(
    model: Model, cells: tuple[np.ndarray, ...], reference: np.ndarray, scale: str
) -> tuple[np.ndarray, np.ndarray]:
    """(1 or 2, cells) statistics, and slopes of their influence values.

    The slopes are (statistics, cohorts, periods, k).

    Treated totals are outcomes themselves, for links are canonical; the sample is held fixed, so
    they vary by residuals only. A reference cell is its own counterfactual.
    """
    without = glm.counterfactual_slopes(model.counterfactual, model.base, (cells[0], cells[1]))
    treated = np.zeros_like(without)
    number = np.arange(len(reference))
    treated[number, cells[0], cells[1], 0] = model.own[cells]
    treated[reference] = without[reference]
    gap = np.where(reference, 0.0, model.counterfactual.gradient[..., 0][cells])
    if scale == "difference":
        weight = model.gram.curvature[..., 0, 0][cells]
        return (gap / weight)[None], (treated - without) / weight[:, None, None, None]
    total = model.gram.gradient[..., 0][cells]
    return np.stack([total, total - gap]), np.concatenate([treated, without])


def clustered_covariance(
    panel: Panel,
    moments: Moments,
    model: Model,
    slopes: np.ndarray,
    single_unit_part: np.ndarray,
    units: np.ndarray,
) -> tuple[np.ndarray, float, np.ndarray | None]:
    """Return the clustered covariance, its degrees of freedom, and influence summed by cluster.

    The factor is G/(G-1) · (N-1)/(N-K), also on `single_unit_part`; the degrees of freedom are G-1.
    """
    function, coefficients = glm.FAMILIES[model.family], model.coefficients
    used = model.base | model.own
    if _by_stratum(panel):
        mean = function(coefficients[..., 0], np.zeros(used.shape))[1]

        @each_stratum
        def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
            slope = slopes[:, moments.cohort[s], :, 0] * moments.observed[s]
            return slope, slope @ (moments.mean[s] - mean[moments.cohort[s]])

        covariance, by_cluster = influence_covariance(moments, influence)
    else:
        covariance, by_cluster = glm.influence_by_unit(model.points, coefficients, function, slopes)
    covariance = covariance + single_unit_part
    takes_part = (moments.observed & used[moments.cohort]).any(axis=1)
    groups = int(moments.units[takes_part].sum())
    if (sums := moments.clusters) is not None:
        stratum = np.repeat(np.arange(len(takes_part)), np.diff(sums.starts))
        groups = len(np.unique(sums.cluster[takes_part[stratum]]))
    rows = int(units[used].sum())
    # as many coefficients as rows, or one cluster: nothing is left over to measure spread with
    known = groups > 1 and rows > model.rank
    factor = groups / (groups - 1) * (rows - 1) / (rows - model.rank) if known else 0.0
    by_cluster = None if by_cluster is None else by_cluster * np.sqrt(factor)
    return covariance * factor, max(groups - 1.0, 1.0), by_cluster


def single_unit_cells(moments: Moments, model: Model, units: np.ndarray) -> np.ndarray:
    """(cohorts, periods) number of the only unit or cluster of a cohort, 0 where there are several.

    Or the only one that a cell with coefficients of its own observes. Such a cell is fitted
    perfectly.
    """
    single = np.zeros(units.shape, dtype=np.int64)
    for cohort in np.flatnonzero(((units == 1) & model.own).any(axis=1)):
        observed = moments.observed & (moments.cohort == cohort)[:, None]
        single[cohort] = np.where(model.own[cohort], 1 + only_unit(moments, observed), 0)
    single[single == 1] = 0
    single[cohort_sizes(moments, len(units))[1] == 1] = 1
    return single


def _by_stratum(panel: Panel) -> bool:
    """Whether the means of strata say it all.

    No covariates, no weights that change within units.
    """
    return not panel.has_covariates and not panel.weights_vary


def fit_points(panel: Panel, moments: Moments) -> glm.Points:
    """Strata, or units."""
    if panel.covariates_vary:
        raise ZgzxError(
            "extended_two_way needs covariates that are constant within units",
            where="estimate_effects",
            examples=panel.covariate_names,
            remedy="Take each unit's value of an early period: "
            "later ones may already carry the effect.",
        )
    points = _panel_of_strata(panel, moments) if _by_stratum(panel) else panel
    return glm.Points(start_passes(points, cohort_of), find_scaling(points))


def _panel_of_strata(panel: Panel, moments: Moments) -> PreparedPanel:
    """Return a panel in which each stratum is a unit, with its means and its weight."""
    return replace(
        panel if isinstance(panel, PreparedPanel) else panel.header,
        y=np.where(moments.observed, moments.mean, np.nan),
        cohort=moments.cohort,
        weights=moments.weight[:, None],
        cluster=None,
        covariates=None,
        late=None,
        units=None,
    )


def observed_units_by_cell(moments: Moments, cohorts: int) -> np.ndarray:
    """(cohorts, periods) int, units observed."""
    units = np.zeros((cohorts, moments.observed.shape[1]), dtype=np.int64)
    np.add.at(units, moments.cohort, moments.units[:, None] * moments.observed)
    return units


def cell_notes(
    panel: Panel, role: np.ndarray, model: Model, units: np.ndarray, notes: list[LedgerRow]
) -> None:
    """Note the cells whose own spread the fit cannot measure."""
    flat = (role != "") & ~np.isin(role, BASE) & ~model.own
    width = model.points.width
    few = model.own & (units <= width) & (width > 1)
    for cells, reason in (
        (flat, "treated outcomes of the cell all 0 (or all 1): no spread of its own"),
        (few, "cell of no more units than coefficients: no spread of its own"),
    ):
        if cells.any():
            notes.append(("note", reason, int(units[cells].sum()), 0, first_cells(panel, cells)))
