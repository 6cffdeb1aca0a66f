"""PPML with unit and period effects against fixest's fepois, and against pyfixest."""

from __future__ import annotations

import re

import numpy as np
import pytest
from golden import load, same, table

from zgzx_research.designs.ppml import ppml, ppml_with_covariates
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel

DESIGNS = {
    "sim1000_fepois_es_tight": "event_time",
    "sim1000_fepois_d_tight": "static",
    "sim1000_fepois_sunab": "cohort_event",
    "sim1000_fepois_cohortFE": "static",
    "sim1000_fepois_zeros": "event_time",
}
SPECS = list(DESIGNS)


def panel(name: str, **options: list[str]) -> PreparedPanel:
    data = table("sim_1000_zeros" if name.endswith("zeros") else "sim_1000")
    data["first"] = data["g"].where(data["g"] > 0)
    return prepare_panel(
        data, outcome="cnt", unit="id", period="t", first_treated="first", **options
    )


@pytest.mark.parametrize("name", [name for name in SPECS if name != "sim1000_fepois_sunab"])
def test_fepois(name: str) -> None:
    spec, ours = load("fixest")["specs"][name], ppml(panel(name), DESIGNS[name])
    labels = (
        [f"rel::{e:.0f}" for e in ours.cells["event_time"]]
        if DESIGNS[name] == "event_time"
        else ["d"]
    )
    assert labels == spec["names"]
    # K counts cohort effects in a regression on them; unit effects lie within clusters and do not
    # count
    rows, own = spec["nobs"], len(labels) + spec["fixef_sizes"]["t"]
    factor = np.sqrt((rows - own) / (rows - spec["dof_K"]))
    same(ours.estimates, spec["coef"], 1e-8, file="fixest", spec=name, quantity="coef")
    error = np.sqrt(np.diag(ours.covariance)) * factor
    same(error, spec["se"], 1e-6, file="fixest", spec=name, quantity="se")
    assert ours.df == spec["df_t"]


def test_fepois_by_cohort_and_event_time() -> None:
    name = "sim1000_fepois_sunab"
    spec, ours = load("fixest")["specs"][name], ppml(panel(name), "cohort_event")
    noagg = spec["noagg"]
    found = [tuple(map(int, re.findall(r"-?\d+", label))) for label in noagg["names"]]
    at = [
        found.index((int(e), int(g)))
        for e, g in zip(ours.cells["event_time"], ours.cells["cohort"], strict=True)
    ]
    assert sorted(at) == list(range(len(found)))
    pairs = [
        (
            ours.estimates,
            np.sqrt(np.diag(ours.covariance)),
            np.array(noagg["coef"])[at],
            np.array(noagg["se"])[at],
        )
    ]
    event, overall = ours.aggregate("event_time").to_frame(), ours.aggregate("overall").overall
    cohort = ours.aggregate("cohort").to_frame()
    for frame, theirs in ((event, spec), (overall, spec["agg_att"]), (cohort, spec["agg_cohort"])):
        pairs.append((frame["estimate"], frame["std_error"], theirs["coef"], theirs["se"]))
    for estimate, error, coef, se in pairs:
        same(estimate, coef, 1e-8, file="fixest", spec=name, quantity="coef")
        same(error, se, 1e-6, file="fixest", spec=name, quantity="se")


def test_units_without_counts_are_counted_as_fixest_does() -> None:
    ours = ppml(panel("sim1000_fepois_zeros"))
    note = ours.ledger[ours.ledger["reason"].str.startswith("unit without any outcome")].iloc[0]
    assert (note["units"], note["rows"]) == (
        30,
        load("fixest")["specs"]["sim1000_fepois_zeros"]["obs_removed"],
    )


@pytest.mark.parametrize("design", ["event_time", "static"])
def test_pyfixest_without_covariates_is_the_same_estimator(design: str) -> None:
    zeros = panel("sim1000_fepois_zeros")
    ours, frame = ppml(zeros, design), ppml_with_covariates(zeros, design)
    own = ours.to_frame()
    same(own["estimate"], frame["estimate"], 1e-8)
    same(own["std_error"], frame["std_error"], 1e-8)
    same(own["ci_low"], frame["ci_low"], 1e-8)
    assert frame["left_out"].iloc[0] == 300
