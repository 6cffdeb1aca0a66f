"""The specification curve: every row is the direct estimate, panels are shared, axes compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_panels import ROLES, by_firm, panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness import specification_curve as module
from zgzx_research.robustness.specification_curve import SpecificationCurve

AXES = {
    "base_period": ["pooled", "universal"],
    "leave_out": [1, 0],
    "target": [(0, 1), (1, 1)],
    "last_period": [None, 7],
    "gaps": ["pairwise", "balance"],
}


@pytest.mark.slow
def test_every_row_is_the_direct_estimate_and_panels_are_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = rows(0, 60, effect=1.0, missing=0.03)
    large = by_firm(table, "size") == "large"
    calls = {"prepare": 0, "estimate": 0}

    def counting(name: str, function: object) -> object:
        def call(*given: object, **named: object) -> object:
            calls[name] += 1
            return function(*given, **named)

        return call

    monkeypatch.setattr(module, "prepare_panel", counting("prepare", module.prepare_panel))
    monkeypatch.setattr(module, "estimate_effects", counting("estimate", module.estimate_effects))
    axes = AXES | {"units": {"all": None, "large": large}}
    curve = zr.specification_curve(table, axes, roles=ROLES)
    assert len(curve.frame) == 64
    assert calls == {"prepare": 8, "estimate": 32}
    for row in curve.frame.sample(12, random_state=0).itertuples():
        part = table if row.last_period == "none" else table[table["year"] <= 7]
        panel = panel_of(table, gaps=row.gaps)
        if row.units == "large" or row.last_period != "none":
            kept = part[part["firm"].isin(panel.units)]
            kept = kept[kept["firm"].map(large)] if row.units == "large" else kept
            late = row.last_period != "none" and row.gaps == "pairwise"
            panel = panel_of(kept, gaps="pairwise" if late else row.gaps)
        effects = zr.estimate_effects(
            panel, base_period=row.base_period, leave_out=int(row.leave_out)
        )
        first, last = map(int, row.target.split(", "))
        expected = effects.aggregate("event_time").window(first, last).iloc[0]
        assert row.estimate == pytest.approx(expected["estimate"], rel=1e-9)
        assert row.std_error == pytest.approx(expected["std_error"], rel=1e-9)


def test_axes_by_hand() -> None:
    frame = pd.DataFrame(
        [
            ("a", 1, 1.0, 0.01),
            ("a", 2, -1.0, 0.20),
            ("b", 1, 1.5, 0.03),
            ("b", 2, -0.5, 0.01),
        ],
        columns=["base", "donut", "estimate", "p_value"],
    ).assign(scale="difference", outcome="y", reason="")
    curve = SpecificationCurve(frame, ("base", "donut"))
    effects = curve.axis_effects().set_index("axis")
    assert effects.index.tolist() == ["donut", "base"]
    assert effects["mean_change"].tolist() == [2.0, 0.5]
    assert effects["sign_flips"].tolist() == [1.0, 0.0]
    assert effects["significance_flips"].tolist() == [0.5, 0.5]
    summary = curve.summary().iloc[0]
    assert summary[["lowest", "median", "highest", "main"]].tolist() == [-1.0, 0.25, 1.5, 1.0]
    assert (summary["sign_flips"], summary["significant"]) == (0.5, 0.75)
    scales = frame.assign(scale=["difference", "difference", "ratio", "ratio"])
    mixed = SpecificationCurve(scales, ("base", "donut")).axis_effects().set_index("axis")
    assert np.isnan(mixed.loc["base", "mean_change"]) and mixed.loc["base", "sign_flips"] == 0


def test_levels_that_set_several_things_and_rows_that_cannot_be_estimated() -> None:
    table = rows(1, 60)
    adjusted = {
        "none": {"covariates": (), "adjustment": "none"},
        "doubly robust": {"covariates": ("w",), "adjustment": "doubly_robust"},
        "impossible": {"covariates": ("w",), "adjustment": "none"},
    }
    curve = zr.specification_curve(table, {"adjusted": adjusted}, roles=ROLES, target=(0, 1))
    assert curve.frame["adjusted"].tolist() == list(adjusted)
    assert curve.frame["estimate"].isna().tolist() == [False, False, True]
    assert "adjustment='none' does not use them" in curve.frame["reason"][2]
    assert curve.summary()["refused"].item() == 1


def test_refusals() -> None:
    table = rows()
    panel = panel_of(table)
    for data, axes, roles, message in (
        (panel, {"gaps": ["balance"]}, None, "no such choice.*gaps"),
        (panel, {}, None, "specifications"),
        (panel, {"leave_out": []}, None, "needs levels"),
        (panel, {"leave_out": [1, 1]}, None, "different names"),
        (panel, {"leave_out": range(40), "anticipation": range(40)}, None, "1,600 specifications"),
        (table, {"leave_out": [1]}, None, "roles are for a table"),
        (panel, {"leave_out": [1]}, ROLES, "roles are for a table"),
    ):
        with pytest.raises(ZgzxError, match=message):
            zr.specification_curve(data, axes, roles=roles)
