"""Extended two-way effects (Wooldridge 2021, 2023).

A pooled regression with a dummy for every treated cell.

Cohort effects, period effects, covariates times either, and for every treated cell (cohort g,
period t) coefficients of its own: normal (linear), Poisson or logit. The effect of a cell compares
its fitted outcomes with those it would have had with its cohort's and its period's coefficients
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zgzx_research.did import glm
from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.fit import EXACT, Fit, MeanWeights, Rows
from zgzx_research.did.lent_variance import lending_notes, lent_covariance
from zgzx_research.did.moments import Moments, influence_covariance, panel_moments
from zgzx_research.did.sample import shown_cohorts
from zgzx_research.did.small_cohorts import cohort_sizes, only_unit, size_notes
from zgzx_research.errors import ZgzxError

BASE = ("base", "reference")  # roles of cells without coefficients of their own
FULL = 1 - 1e-12  # a share this close to 1 is 1 up to rounding


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model.

    Attributes
    ----------
    base, own : (cohorts, periods) bool, cells without and with coefficients of their own.
    points : what was fitted. gram : sums Σwy, Σwyz, Σwzz'.
    fit : coefficients. counterfactual : sums at the coefficients of cohort and period alone.
    rank : int, coefficients in all.
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


def fit(panel: Any, options: dict[str, Any]) -> Fit:
    """Extended two-way effects of a PreparedPanel; `options` as in `estimate_effects`."""
    notes: list[tuple] = []
    family = _family(panel, options)
    constant = panel.weights.shape[1] == 1
    moments = panel_moments(
        panel.y,
        panel.cohort,
        panel.weights[:, 0] if constant else np.ones(len(panel.y)),
        panel.cluster,
    )
    points = _points(panel, moments)
    gram = glm.cell_sums(
        points, np.zeros((len(panel.cohorts), len(panel.periods), points.z.shape[1])), glm.linear
    )
    units = _units(moments, len(panel.cohorts))
    role = plan_roles(panel.cohorts, panel.periods, options)
    _cohort_notes(panel, role, moments, notes)
    role = _without_flat_margins(panel, role, gram, units, family, notes)
    role = _determined(panel, role, gram, notes)
    model = fit_model(panel, points, gram, role, family)
    _cell_notes(panel, role, model, units, notes)
    cells = np.nonzero((role != "") & (role != "base"))
    statistics, slopes = _statistics(model, cells, role[cells] == "reference", options["scale"])
    on_means = np.einsum("rctk,ctk->rct", slopes, gram.curvature[..., 0, :])
    single = _single_units(moments, model, units)
    lent = lent_covariance(
        moments, on_means, np.stack([single] * len(on_means)), relative=family == "poisson"
    )
    at = zip(panel.cohorts[cells[0]], panel.periods[cells[1]], strict=True)
    notes += lending_notes(lent, np.array([f"({g:g}, {t})" for g, t in at], dtype=object))
    covariance, df, by_cluster = _covariance(panel, moments, model, slopes, lent, units)
    weight, total = gram.curvature[..., 0, 0], gram.gradient[..., 0]
    numbers = CellStatistics(
        options["scale"], statistics, np.arange(len(cells[0])), weight[cells], covariance
    )
    plain = family == "linear" and options["scale"] == "difference"
    kind = "linearised" if not plain else EXACT if points.z.shape[1] == 1 else "reweighted"
    means = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    weights = MeanWeights(on_means, means, shown_cohorts(panel), panel.periods, kind)
    return Fit(_rows(panel, role, cells, model, units), numbers, weights, df, notes, by_cluster)


def plan_roles(cohorts: np.ndarray, periods: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """(cohorts, periods) str.

    "base" (untreated), "reference", "post", "pre", "left_out" or "" (takes no part).

    Never-treated controls: of a treated cohort only its last period before treatment (and before
    anticipation and left-out periods) is base, its "reference". Not-yet-treated: all such periods
    are.
    """
    masked = options["anticipation"] + options["leave_out"]
    role = np.full((len(cohorts), len(periods)), "", dtype="<U9")
    for c, g in enumerate(cohorts):
        eligible = periods + masked < g
        if np.isinf(g) or not eligible.any():
            role[c] = "base" if np.isinf(g) else ""
            continue
        role[c] = np.where(
            periods >= g, "post", np.where(periods >= g - options["leave_out"], "left_out", "pre")
        )
        if options["controls"] == "never_treated":
            role[c, eligible.nonzero()[0][-1]] = "reference"
        else:
            role[c, eligible] = "base"
    return role


def fit_model(
    panel: Any, points: glm.Points, gram: glm.CellSums, role: np.ndarray, family: str
) -> Model:
    """The fit, and what the cells would have been without coefficients of their own."""
    base, total = np.isin(role, BASE), np.stack([gram.curvature[..., 0, 0], gram.gradient[..., 0]])
    base = base & (total[0] > 0)
    own = (role != "") & ~np.isin(role, BASE) & ~_flat(total[1], total[0], family)
    fitted = glm.fit_two_way(points, base, own, family, total)
    common = np.where((role != "")[..., None], fitted.common, 0.0)
    counterfactual = glm.cell_sums(points, common, glm.FAMILIES[family])
    _, rank = glm.determined(gram.curvature, base)
    steady, left = glm.determined(gram.curvature, base, counterfactual.curvature)
    unsettled = fitted.unsettled | (base & ~steady & (left < rank))
    if unsettled.any():
        raise ZgzxError(
            f"the {family} fit does not settle: for some values of the covariates every outcome is at its bound",
            where="estimate_effects",
            count=int(unsettled.sum()),
            examples=_named(panel, unsettled),
            remedy="Leave out or coarsen covariates, or pass family='linear'.",
        )
    rank += int(glm.inverse(gram.curvature[own])[1].sum())
    return Model(family, base, own, points, gram, fitted, counterfactual, rank)


def _statistics(
    model: Model, cells: tuple[np.ndarray, ...], reference: np.ndarray, scale: str
) -> tuple[np.ndarray, np.ndarray]:
    """(1 or 2, cells) statistics and (statistics, cohorts, periods, k) slopes of their influence values.

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


def _covariance(
    panel: Any,
    moments: Moments,
    model: Model,
    slopes: np.ndarray,
    lent: np.ndarray,
    units: np.ndarray,
) -> tuple[np.ndarray, float, np.ndarray | None]:
    """Clustered covariance and `lent`, with the factor G/(G-1) · (N-1)/(N-K), G-1, and influence summed by cluster."""
    function, coefficients = glm.FAMILIES[model.family], model.coefficients
    used = model.base | model.own
    if _by_stratum(panel):
        mean = function(coefficients[..., 0], np.zeros(used.shape))[1]

        def influence(s: int) -> tuple[np.ndarray, np.ndarray]:
            slope = slopes[:, moments.cohort[s], :, 0] * moments.observed[s]
            return slope, slope @ (moments.mean[s] - mean[moments.cohort[s]])

        covariance, by_cluster = influence_covariance(moments, influence)
    else:
        covariance, by_cluster = glm.influence_by_unit(
            model.points, coefficients, function, slopes, panel.cluster
        )
    covariance = covariance + lent
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


def _single_units(moments: Moments, model: Model, units: np.ndarray) -> np.ndarray:
    """(cohorts, periods) number of the one unit or cluster that a cohort is, or that a cell with coefficients of its
    own observes, 0 where there are several. Such a cell is fitted perfectly."""
    single = np.zeros(units.shape, dtype=np.int64)
    for cohort in np.flatnonzero(((units == 1) & model.own).any(axis=1)):
        observed = moments.observed & (moments.cohort == cohort)[:, None]
        single[cohort] = np.where(model.own[cohort], 1 + only_unit(moments, observed), 0)
    single[single == 1] = 0
    single[cohort_sizes(moments, len(units))[1] == 1] = 1
    return single


def _by_stratum(panel: Any) -> bool:
    """Whether the means of strata say it all.

    No covariates, no weights that change within units.
    """
    return (panel.covariates is None or not panel.covariates.shape[2]) and panel.weights.shape[
        1
    ] == 1


def _points(panel: Any, moments: Moments) -> glm.Points:
    """Strata, or units."""
    if _by_stratum(panel):
        y, cohort = np.where(moments.observed, moments.mean, np.nan), moments.cohort
        weights, z = moments.weight[:, None], np.ones((len(y), 1))
    else:
        y, cohort, weights, z = panel.y, panel.cohort, panel.weights, np.ones((len(panel.y), 1))
        if panel.covariates is not None:
            z = np.hstack([z, _standardised(panel)])
    counts = np.bincount(cohort, minlength=len(panel.cohorts))
    return glm.Points(y, weights, z, np.argsort(cohort, kind="stable"), counts)


def _standardised(panel: Any) -> np.ndarray:
    """(units, k) covariates with mean 0 and variance 1: the same fit, and better conditioned."""
    if panel.covariates.shape[1] > 1:
        raise ZgzxError(
            "extended_two_way needs covariates that are constant within units",
            where="estimate_effects",
            examples=panel.covariate_names,
            remedy="Take each unit's value of an early period: later ones may already carry the effect.",
        )
    x = panel.covariates[:, 0]
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _family(panel: Any, options: dict[str, Any]) -> str:
    """The family asked for, if outcomes and scale go with it."""
    scale = options["scale"]
    family = options["family"] or ("poisson" if scale == "ratio" else "linear")
    if scale == "ratio" and family != "poisson":
        raise ZgzxError(
            f"the ratio scale needs family='poisson', not {family!r}",
            where="estimate_effects",
            remedy="Pass family='poisson' or scale='difference'.",
        )
    low, high = {"linear": (-np.inf, np.inf), "poisson": (0, np.inf), "logit": (0, 1)}[family]
    outside = (panel.y < low) | (panel.y > high)
    if outside.any():
        raise ZgzxError(
            f"family={family!r} needs outcomes {'of zero or more' if family == 'poisson' else 'from 0 to 1'}",
            where=f"column {panel.roles['outcome']!r}",
            count=int(outside.sum()),
            examples=(f"{value:g}" for value in np.unique(panel.y[outside])[:3]),
            remedy="Pass family='linear'.",
        )
    return family


def _flat(total: np.ndarray, weight: np.ndarray, family: str) -> np.ndarray:
    """Where every outcome is at a bound that the family's mean cannot reach."""
    if family == "linear":
        return np.zeros(total.shape, dtype=bool)
    return (total <= 0) | ((family == "logit") & (total >= FULL * weight))


def _units(moments: Moments, cohorts: int) -> np.ndarray:
    """(cohorts, periods) int, units observed."""
    units = np.zeros((cohorts, moments.observed.shape[1]), dtype=np.int64)
    np.add.at(units, moments.cohort, moments.units[:, None] * moments.observed)
    return units


def _label(cohort: float) -> str:
    return "never treated" if np.isinf(cohort) else f"{cohort:g}"


def _named(panel: Any, cells: np.ndarray) -> tuple[str, ...]:
    """The first few of a (cohorts, periods) mask, for the ledger."""
    return tuple(
        f"({_label(panel.cohorts[c])}, {panel.periods[t]})" for c, t in np.argwhere(cells)[:3]
    )


def _cohort_notes(panel: Any, role: np.ndarray, moments: Moments, notes: list[tuple]) -> None:
    """Cohorts without a base period leave.

    Those of one unit have no standard error of their own.
    """
    units, clusters = cohort_sizes(moments, len(panel.cohorts))
    taking_part = (role != "").any(axis=1)
    for c in np.flatnonzero(~taking_part):
        label = (f"{panel.cohorts[c]:g}",)
        notes.append(
            ("cohorts", "no period before treatment to serve as base", 0, int(units[c]), label)
        )
    notes.extend(size_notes(panel.cohorts[taking_part], units[taking_part], clusters[taking_part]))
    if not np.isin(role, ("post", "pre", "left_out")).any():
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="See that first_treated is the right column.",
        )


def _without_flat_margins(
    panel: Any,
    role: np.ndarray,
    gram: glm.CellSums,
    units: np.ndarray,
    family: str,
    notes: list[tuple],
) -> np.ndarray:
    """Roles without the cohorts and periods whose untreated outcomes are all at a bound.

    They have no finite effect.
    """
    weight, total, role = gram.curvature[..., 0, 0], gram.gradient[..., 0], role.copy()
    while True:
        base = np.isin(role, BASE) & (weight > 0)
        flat = [
            base.any(axis=a)
            & _flat((total * base).sum(axis=a), (weight * base).sum(axis=a), family)
            for a in (1, 0)
        ]
        if not (flat[0].any() or flat[1].any()):
            return role
        for name, gone, labels, cells in (
            (
                "cohorts",
                flat[0],
                [_label(g) for g in panel.cohorts],
                flat[0][:, None] & (role != ""),
            ),
            ("periods", flat[1], [str(t) for t in panel.periods], flat[1] & (role != "")),
        ):
            if gone.any():
                shown = tuple(label for label, flag in zip(labels, gone, strict=True) if flag)
                notes.append(
                    (
                        name,
                        "untreated outcomes all 0 (or all 1)",
                        int(units[cells].sum()),
                        0,
                        shown[:3],
                    )
                )
                role[cells] = ""


def _determined(panel: Any, role: np.ndarray, gram: glm.CellSums, notes: list[tuple]) -> np.ndarray:
    """Roles without the cells that the untreated rows say nothing about."""
    base = np.isin(role, BASE) & (gram.curvature[..., 0, 0] > 0)
    linked, _ = glm.determined(gram.curvature[..., :1, :1], base)
    linked &= gram.curvature[..., 0, 0] > 0
    covered, _ = glm.determined(gram.curvature, base)
    asked = (role != "") & (role != "base")
    for gone, reason in (
        (asked & ~linked, "cell without observed treated or comparison units"),
        (asked & linked & ~covered, "cell whose covariates were not seen among its untreated rows"),
    ):
        if gone.any():
            notes.append(("cells", reason, int(gone.sum()), 0, _named(panel, gone)))
    role = np.where(asked & ~(linked & covered), "", role)
    if not np.isin(role, ("post", "pre", "left_out")).any():
        raise ZgzxError(
            "no cohort can be compared: none has untreated rows together with a comparison group",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, lower anticipation or leave_out, or try controls='not_yet_treated'.",
        )
    return role


def _cell_notes(
    panel: Any, role: np.ndarray, model: Model, units: np.ndarray, notes: list[tuple]
) -> None:
    flat = (role != "") & ~np.isin(role, BASE) & ~model.own
    few = model.own & (units <= model.points.z.shape[1]) & (model.points.z.shape[1] > 1)
    for cells, reason in (
        (flat, "treated outcomes of the cell all 0 (or all 1): no spread of its own"),
        (few, "cell of no more units than coefficients: no spread of its own"),
    ):
        if cells.any():
            notes.append(("note", reason, int(units[cells].sum()), 0, _named(panel, cells)))


def _rows(panel: Any, role: np.ndarray, cells: tuple, model: Model, units: np.ndarray) -> Rows:
    """Labels of the cells; the base mean is that of a cohort's base cells."""
    start, now = panel.cohorts[cells[0]], panel.periods[cells[1]].astype(float)
    compared = (units * model.base).sum(axis=0)[cells[1]] - (units * model.base)[cells]
    weight, total = (
        np.where(model.base, part, 0).sum(axis=1)[cells[0]]
        for part in (model.gram.curvature[..., 0, 0], model.gram.gradient[..., 0])
    )
    return Rows(start, now, now - start, role[cells], units[cells], compared, total / weight)
