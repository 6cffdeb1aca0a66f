"""Event studies, static coefficients and interaction-weighted effects against R's fixest."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from golden import load, same, table

from zgzx_research.did.core.regression import regress
from zgzx_research.did.estimate import estimate_effects, unit_influence
from zgzx_research.did.methods import interaction_weighted, two_way
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects

STUDIES = {"stagg_es": "stagg", "mpdta_es": "mpdta", "sim1000_feols_es": "sim_1000"}
STATIC: dict[str, tuple[str, dict[str, Any]]] = {
    "stagg_twfe": ("stagg", {}),
    "castle_twfe": ("castle", {}),
    "castle_twfe_popw": ("castle", {"weights": "popwt"}),
    "mpdta_twfe": ("mpdta", {}),
    "stagg_twfe_x1_twoway": ("stagg", {"covariates": ["x1"]}),
}
INTERACTED: dict[str, tuple[str, dict[str, Any]]] = {
    "stagg_sunab": ("stagg", {}),
    "castle_sunab": ("castle", {}),
    "castle_sunab_popw": ("castle", {"weights": "popwt"}),
    "mpdta_sunab": ("mpdta", {}),
    "stagg_sunab_x1": ("stagg", {"covariates": ["x1"]}),
}
SPECS = [*STUDIES, *STATIC, *INTERACTED, "stagg_sunab_refF"]
ROLES = {
    "stagg": ("base_stagg", "y", "id", "year"),
    "castle": ("castle", "l_homicide", "sid", "year"),
    "mpdta": ("mpdta", "lemp", "countyreal", "year"),
    "sim_1000": ("sim_1000", "y", "id", "t"),
}


def panel(name: str, **roles: Any) -> PreparedPanel:
    file, outcome, unit, period = ROLES[name]
    data = table(file)
    if name == "stagg":
        data["first"] = data["year_treated"].where(data["year_treated"] < 1000)
    elif name == "castle":
        data = data[[outcome, unit, period, "popwt"]].assign(first=data["effyear"])
    elif name == "sim_1000":
        data["first"] = data["g"].where(data["g"] > 0)
    return prepare_panel(
        data, outcome=outcome, unit=unit, period=period, first_treated="first", **roles
    )


def values(summary: Aggregate) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors but for references.

    From the covariance, for cohorts of one unit print none.
    """
    used = (summary.labels["role"] != "reference").to_numpy()
    return summary.rows.value[used], np.sqrt(
        np.diag(summary.rows.covariance(summary.effects.numbers))
    )[used]


@pytest.mark.parametrize("name", STUDIES)
def test_event_study(name: str) -> None:
    spec, effects = (
        load("fixest")["specs"][name],
        estimate_effects(panel(STUDIES[name]), method="two_way_fixed_effects"),
    )
    used = effects.cells["role"].isin(["pre", "post"]).to_numpy()
    same(effects.estimates[used], spec["coef"], 1e-8)
    same(np.sqrt(np.diag(effects.covariance))[used], spec["se"], 1e-6)
    by_event = effects.aggregate("event_time").to_frame().query("role != 'reference'")
    same(by_event["std_error"], spec["se"], 1e-6)
    assert effects.df == spec["df_t"]
    assert int(used.sum()) == spec["dof_K"] - len(effects.weights.periods)


@pytest.mark.parametrize("name", STATIC)
def test_static(name: str) -> None:
    data, roles = STATIC[name]
    spec, effects = (
        load("fixest")["specs"][name],
        estimate_effects(panel(data, **roles), method="two_way_fixed_effects"),
    )
    row = effects.to_frame().query("role == 'static'")
    same(row["estimate"], spec["coef"][-1:], 1e-8)
    same(row["std_error"], spec["se"][-1:], 1e-6, file="fixest", spec=name, quantity="se")
    same([effects.df], [spec["df_t"]], 0, file="fixest", spec=name, quantity="df_t")


def test_the_coefficient_of_a_covariate() -> None:
    data = panel("stagg", covariates=["x1"])
    for name, design in (
        ("stagg_twfe_x1_twoway", two_way.static_design(data, 0)),
        ("stagg_sunab_x1", interaction_weighted.cohort_period_design(data, 0, []).columns),
    ):
        spec, result = load("fixest")["specs"][name], regress(data, [design])
        same(result.coefficients[-1:], spec["coef"][:1], 1e-8)
        same(
            np.sqrt(result.covariance[-1:, -1]),
            spec["se"][:1],
            1e-6,
            file="fixest",
            spec=name,
            quantity="se",
        )


def from_influence(ours: Effects, panel: PreparedPanel, **options: Any) -> Effects:
    """With the covariance from influence alone, as in R.

    No spread is taken from others for cohorts of one unit.
    """
    values = unit_influence(panel, **options)[1]
    return replace(ours, numbers=replace(ours.numbers, covariance=values.T @ values))


def compare_interacted(effects: Effects, spec: dict) -> None:
    """Event times, overall, cohorts and every cell.

    A covariate's own coefficient comes first in fixest's.
    """
    first = spec["names"].index(next(n for n in spec["names"] if "::" in n))
    pairs = {"event_time": spec, "overall": spec["agg_att"], "cohort": spec["agg_cohort"]}
    for estimand, theirs in pairs.items():
        estimate, error = values(effects.aggregate(estimand))
        same(estimate, theirs["coef"][first:], 1e-8)
        same(error, theirs["se"][first:], 1e-6)
    cells = effects.cells.assign(
        estimate=effects.estimates, error=np.sqrt(np.diag(effects.covariance))
    )
    by_name = cells.set_index(["event_time", "cohort"])
    names = [
        re.fullmatch(r"\w+::(-?\d+):cohort::(\d+)", name) for name in spec["noagg"]["names"][first:]
    ]
    ours = by_name.loc[[(int(m[1]), int(m[2])) for m in names if m]]
    same(ours["estimate"], spec["noagg"]["coef"][first:], 1e-8)
    same(ours["error"], spec["noagg"]["se"][first:], 1e-6)
    assert len(ours) == (cells["role"] != "reference").sum()
    assert effects.df == spec["df_t"]


@pytest.mark.parametrize("name", INTERACTED)
def test_interaction_weighted(name: str) -> None:
    data, roles = INTERACTED[name]
    prepared = panel(data, **roles)
    effects = estimate_effects(prepared, method="interaction_weighted")
    if data == "castle":  # one of its cohorts is one unit
        effects = from_influence(effects, prepared, method="interaction_weighted")
    compare_interacted(effects, load("fixest")["specs"][name])


def test_interaction_weighted_with_a_second_reference() -> None:
    """fixest's ref.p = .F leaves out the first event time too, e = -9.

    A cell of the last cohort has no column.
    """
    data = panel("stagg")
    cells = interaction_weighted.cohort_period_design(data, 0, [])
    keep = data.periods[cells.period] - data.cohorts[cells.cohort] != -9
    cells = interaction_weighted.CohortPeriodDesign(
        cells.cohort[keep],
        cells.period[keep],
        cells.base[keep],
        cells.columns[..., keep[cells.free]],
    )
    result = interaction_weighted.regress_cells(data, data, cells, 0, [])
    span = {"first_period": 1, "last_period": 10}
    effects = Effects.from_result(result, data.ledger, span)
    compare_interacted(effects, load("fixest")["specs"]["stagg_sunab_refF"])


def test_a_cohort_of_one_unit_prints_no_standard_error() -> None:
    effects = estimate_effects(panel("castle"), method="interaction_weighted")
    alone = effects.cells["n_treated"] == 1
    assert effects.to_frame().loc[alone, "std_error"].isna().all()
    assert (effects.ledger["reason"] == "cohort of one unit: no standard error of its own").any()
