"""Group-time effects against R's did and etwfe, specification by specification."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.effects import Effects
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.prepare import PreparedPanel, prepare_panel

HERE = Path(__file__).parent
SPECS = json.loads((HERE / "did_mpdta.json").read_text(encoding="utf-8"))["specs"]
VARIANTS = json.loads((HERE / "did_mpdta_variants.json").read_text(encoding="utf-8"))["specs"]
PLAIN = [name for name in SPECS if "|1|" in name]
WEIGHTED = [name for name in VARIANTS if name.startswith("weights_pop|") and name.endswith("|1")]
CONTROLS = {"nevertreated": "never_treated", "notyettreated": "not_yet_treated"}
KINDS = {"overall": "simple", "cohort": "group", "event_time": "dynamic", "calendar": "calendar"}


def panel(file: Path, **options: str) -> PreparedPanel:
    table = pd.read_csv(file)
    table["first"] = table["first.treat"].where(table["first.treat"] > 0)
    roles = {"outcome": "lemp", "unit": "countyreal", "period": "year", "first_treated": "first"}
    return prepare_panel(table, **(roles | options))


@pytest.fixture(scope="module")
def mpdta() -> PreparedPanel:
    return panel(HERE.parents[1] / "data/examples/mpdta.csv")


def same(ours: object, theirs: object, tolerance: float) -> None:
    expected = np.array([np.nan if x is None else x for x in np.ravel(np.array(theirs, dtype=object))], dtype=float)
    # R reports the base cell as exactly 0, which no relative tolerance can hold
    np.testing.assert_allclose(np.asarray(ours, dtype=float), expected, rtol=tolerance, atol=1e-14)


def compare(effects: Effects, spec: dict) -> None:
    theirs = pd.DataFrame({"cohort": spec["group"], "period": spec["t"], "att": spec["att"], "se": spec["se"]})
    both = effects.to_frame().merge(theirs, on=["cohort", "period"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    same(both["estimate"], both["att"], 1e-8)
    same(both["std_error"], both["se"].astype(float), 1e-6)
    for ours, kind in KINDS.items():
        reference, event = spec["aggte"][kind], effects.aggregate(ours)
        same(event.overall["estimate"], reference["overall_att"], 1e-8)
        same(event.overall["std_error"], reference["overall_se"], 1e-6)
        if ours != "overall":
            same(event.to_frame()["estimate"], reference["att_egt"], 1e-8)
            same(event.to_frame()["std_error"], reference["se_egt"], 1e-6)


def test_all_specs_without_covariates_are_compared() -> None:
    assert len(PLAIN) == 24
    assert len(WEIGHTED) == 6


@pytest.mark.parametrize("name", PLAIN)
def test_did_without_covariates(name: str, mpdta: PreparedPanel) -> None:
    spec = SPECS[name]
    effects = estimate_effects(
        mpdta,
        controls=CONTROLS[spec["args"]["control_group"]],
        base_period=spec["args"]["base_period"],
        anticipation=spec["args"]["anticipation"],
    )
    compare(effects, spec)
    pretest = effects.pretest()
    same([pretest["statistic"]], spec["W"], 1e-8)
    assert abs(pretest["p_value"] - np.ravel(spec["Wpval"])[0]) <= 1e-5


@pytest.mark.parametrize("name", WEIGHTED)
def test_did_with_constant_weights(name: str) -> None:
    weighted = panel(HERE / "mpdta_aug.csv", weights="pop")
    controls = CONTROLS[VARIANTS[name]["args"]["control_group"]]
    compare(estimate_effects(weighted, controls=controls, base_period="varying"), VARIANTS[name])


def test_ratio_scale_is_the_poisson_etwfe() -> None:
    """Never-treated controls, base g-1: log(1 + ratio) is the coefficient of the saturated Poisson model.

    etwfe adds the factor G/(G-1) · (N-1)/(N-K) to the variance: 500 clusters, 2,500 rows, 20 coefficients.
    """
    table = pd.read_csv(HERE.parents[1] / "data/examples/mpdta.csv")
    table["first"] = table["first.treat"].where(table["first.treat"] > 0)
    table["employment"] = np.exp(table["lemp"])
    data = prepare_panel(table, outcome="employment", unit="countyreal", period="year", first_treated="first")
    effects = estimate_effects(data, scale="ratio")
    error = np.sqrt(np.diag(effects.covariance) * 500 / 499 * 2499 / 2480)
    ours = effects.cells.assign(log_ratio=effects.estimates, error=error).set_index(["cohort", "period"])
    reference = json.loads((HERE / "etwfe.json").read_text(encoding="utf-8"))["specs"]["pois_x0_never"]
    compared = 0
    for name, coefficient, se in zip(reference["coef_names"], reference["coef"], reference["se"], strict=True):
        if cell := re.fullmatch(r"\.Dtreat:first\.treat::(\d+):year::(\d+)", name):
            row = ours.loc[(int(cell[1]), int(cell[2]))]
            np.testing.assert_allclose([row["log_ratio"], row["error"]], [coefficient, se], rtol=1e-4)
            compared += 1
    assert compared == 12
