"""Extended two-way effects against R's etwfe.

Every coefficient, every aggregate, linear and Poisson.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from golden import load, numbers, same, table

from zgzx_research.did.core.moments import panel_moments
from zgzx_research.did.core.unit_passes import cohort_of, start_passes
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods.extended_two_way import cell_model, glm
from zgzx_research.did.methods.extended_two_way.cell_roles import plan_roles
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects

SPECS = list(load("etwfe")["specs"])
KINDS = {"simple": "overall", "group": "cohort", "calendar": "calendar", "event": "event_time"}
UNITS, ROWS = 500, 2500


def panel(spec: str) -> PreparedPanel:
    """mpdta; the Poisson models are of employment itself."""
    data = table("mpdta")
    data["y"] = np.exp(data["lemp"]) if spec.startswith("pois") else data["lemp"]
    roles = {"outcome": "y", "unit": "countyreal", "period": "year", "first_treated": "first"}
    return prepare_panel(data, **roles, covariates=("lpop",) if "lpop" in spec else ())


def asked(spec: str) -> dict[str, str]:
    controls = "never_treated" if "never" in spec else "not_yet_treated"
    return {"controls": controls, "family": "poisson" if spec.startswith("pois") else "linear"}


def effects(spec: str, **more: str) -> Effects:
    return estimate_effects(panel(spec), method="extended_two_way", **asked(spec), **more)


def error_factor(spec: str) -> float:
    """With unit effects (ivar) 12 coefficients count, 7 effects and 5 periods.

    With cohort effects 15.
    """
    return np.sqrt((ROWS - 15) / (ROWS - 12)) if spec.endswith("ivar") else 1.0


@pytest.mark.parametrize("spec", SPECS)
def test_aggregates(spec: str) -> None:
    ours, theirs = effects(spec), load("etwfe")["specs"][spec]
    for kind, estimand in KINDS.items():
        frame, stored = ours.aggregate(estimand).to_frame(), theirs[kind]
        label = {
            "group": ("cohort", "first.treat"),
            "calendar": ("period", "year"),
            "event": ("event_time", "event"),
        }
        if kind in label:
            assert frame[label[kind][0]].tolist() == list(stored[label[kind][1]])
        named = {"file": "etwfe", "spec": spec}
        same(frame["estimate"], stored["estimate"], 1e-8, **named, quantity=f"{kind} estimate")
        tolerance = 1e-4 if spec.startswith("pois") else 1e-6
        errors = frame["std_error"] * error_factor(spec)
        same(errors, stored["std.error"], tolerance, **named, quantity=f"{kind} std_error")


@pytest.mark.parametrize("spec", [name for name in SPECS if name.startswith("ols") or "x0" in name])
def test_cells_are_the_coefficients_of_the_treated_dummies(spec: str) -> None:
    """Linear: the effect of a cell, as covariates are demeaned by cohort.

    Poisson: its log ratio.
    """
    ours = effects(spec, scale="ratio" if spec.startswith("pois") else "difference")
    cells = ours.cells.assign(value=ours.estimates, variance=np.diag(ours.covariance))
    cells = cells[cells["role"] != "reference"].assign(
        error=lambda c: np.sqrt(c["variance"]) * error_factor(spec)
    )
    theirs = load("etwfe")["specs"][spec]
    stored = {}
    for name, value, error in zip(theirs["coef_names"], theirs["coef"], theirs["se"], strict=True):
        if found := re.fullmatch(r"\.Dtreat:first\.treat::(\d+):year::(\d+)", name):
            stored[int(found[1]), int(found[2])] = (value, error)
    assert list(stored) == list(zip(cells["cohort"], cells["period"], strict=True))
    expected = pd.DataFrame(stored).T
    same(cells["value"], expected[0], 1e-8, file="etwfe", spec=spec, quantity="coef")
    same(cells["error"], expected[1], 1e-4 if spec.startswith("pois") else 1e-6)


def coefficients(spec: str) -> tuple[dict[str, float], dict[str, float]]:
    """All coefficients under etwfe's names with their standard errors, from the fit's own parts.

    A cell's coefficients C are on (1, standardised lpop). etwfe's are differences of them: cohort
    and period effects against the never treated and 2003, and treated cells against A + B at the
    cohort's mean of lpop.
    """
    data, options = panel(spec), asked(spec)
    family = options["family"]
    function = glm.FAMILIES[family]
    moments = panel_moments(data.y, data.cohort, data.weights[:, 0])
    points = cell_model.fit_points(data, moments)
    if data.covariates is None:  # units, so that influence_by_unit is what is tested
        points = glm.Points(start_passes(data, cohort_of), points.scaling)
    k = points.width
    gram = glm.cell_sums(points, np.zeros((4, 5, k)), glm.linear)
    roles = plan_roles(
        data.cohorts, data.periods, controls=options["controls"], masked=0, leave_out=0
    )
    model = cell_model.fit_model(data, points, gram, roles, family)
    whole = glm.inverse(glm.base_normal_equations(model.counterfactual.curvature, model.base))[0]
    whole = whole.reshape(9, k, 9, k)
    fitted = glm.cell_sums(points, model.coefficients, function)
    x = np.zeros(UNITS) if data.covariates is None else data.covariates[:, 0, 0]
    scale = (
        np.array([[1.0, -x.mean() / x.std()], [0.0, 1 / x.std()]])[:k, :k] if k > 1 else np.eye(1)
    )

    def common(c: int, t: int) -> tuple[np.ndarray, np.ndarray]:
        by_effect = whole[c] + whole[4 + t]
        slopes = by_effect[:, :4, None] + by_effect[:, None, 4:]
        return scale @ model.fit.common[c, t], np.einsum(
            "ij,jctk->ictk", scale, slopes * model.base[..., None]
        )

    def own(c: int, t: int) -> tuple[np.ndarray, np.ndarray]:
        slopes = np.zeros((k, 4, 5, k))
        slopes[:, c, t] = np.linalg.inv(fitted.curvature[c, t])
        return scale @ model.fit.own[c, t], np.einsum("ij,jctk->ictk", scale, slopes)

    def apart(one: tuple, other: tuple) -> tuple:
        return one[0] - other[0], one[1] - other[1]

    named = {"(Intercept)": common(3, 0)}
    named |= {
        f"first.treat::{g:g}": apart(common(c, 0), common(3, 0))
        for c, g in enumerate(data.cohorts[:3])
    }
    named |= {
        f"year::{t}": apart(common(3, p), common(3, 0)) for p, t in enumerate(data.periods) if p
    }
    for c, t in zip(*np.nonzero(model.own), strict=True):
        value, slopes = apart(own(c, t), common(c, t))
        at_mean = np.eye(k)
        at_mean[0, 1:] = x[data.cohort == c].mean()
        name = f".Dtreat:first.treat::{data.cohorts[c]:g}:year::{data.periods[t]}"
        named[name] = (at_mean @ value, np.einsum("ij,jctk->ictk", at_mean, slopes))
    stacked = np.concatenate([slopes for _, slopes in named.values()])
    assert model.rank == k * (8 + model.own.sum())
    factor = UNITS / (UNITS - 1) * (ROWS - 1) / (ROWS - model.rank)
    variance = glm.influence_by_unit(points, model.coefficients, function, stacked)[0] * factor
    labels = []
    for name in named:
        slope = (
            "lpop"
            if name == "(Intercept)"
            else f"{name}:lpop_dm"
            if "Dtreat" in name
            else f"{name}:lpop"
        )
        labels += [name, slope][:k]
    values = np.concatenate([value for value, _ in named.values()])
    errors = np.sqrt(np.diag(variance))
    return dict(zip(labels, values, strict=True)), dict(zip(labels, errors, strict=True))


@pytest.mark.parametrize("spec", [name for name in SPECS if not name.endswith("ivar")])
def test_every_coefficient(spec: str) -> None:
    values, errors = coefficients(spec)
    theirs = load("etwfe")["specs"][spec]
    assert set(theirs["coef_names"]) <= set(values)
    poisson = spec.startswith("pois")
    if poisson:  # cohort and period effects are absorbed in the linear models
        assert set(theirs["coef_names"]) == set(values)
    named = {"file": "etwfe", "spec": spec}
    same(
        [values[name] for name in theirs["coef_names"]],
        theirs["coef"],
        1e-8,
        **named,
        quantity="coef",
    )
    same([errors[name] for name in theirs["coef_names"]], theirs["se"], 1e-4 if poisson else 1e-6)


@pytest.mark.parametrize("spec", [name for name in SPECS if name.startswith("pois")])
def test_score_is_zero(spec: str) -> None:
    """R stops Poisson fits at a relative change of 1e-8 in the deviance.

    Ours solve the equations to rounding.
    """
    data, options = panel(spec), asked(spec)
    points = cell_model.fit_points(data, panel_moments(data.y, data.cohort, data.weights[:, 0]))
    gram = glm.cell_sums(points, np.zeros((4, 5, points.width)), glm.linear)
    roles = plan_roles(
        data.cohorts, data.periods, controls=options["controls"], masked=0, leave_out=0
    )
    model = cell_model.fit_model(data, points, gram, roles, "poisson")
    score = glm.cell_sums(points, model.coefficients, glm.poisson).gradient
    base = np.where(model.base[..., None], score, 0)
    total = np.abs(gram.gradient[..., 0]).sum()
    assert np.abs(base.sum(axis=0)).max() < 1e-12 * total
    assert np.abs(base.sum(axis=1)).max() < 1e-12 * total
    assert np.abs(score[model.own]).max() < 1e-12 * total


def test_ratio_aggregate_is_total_against_total() -> None:
    """etwfe's mean difference, as a share of the mean without treatment."""
    spec = "pois_x0_notyet"
    row = effects(spec, scale="ratio").aggregate("overall").to_frame().iloc[0]
    data = panel(spec)
    treated = np.nanmean(data.y[data.cohorts[data.cohort][:, None] <= data.periods])
    difference = numbers(load("etwfe")["specs"][spec]["simple"]["estimate"])[0]
    assert row["estimate"] == pytest.approx(difference / (treated - difference), rel=1e-8)
