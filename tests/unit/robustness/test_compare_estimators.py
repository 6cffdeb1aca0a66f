"""Six estimators side by side: equal where they must be, refusals as rows, estimands in words."""

from __future__ import annotations

import numpy as np
import pytest
from small_panels import panel_of, rows

import zgzx_research as zr
from zgzx_research.did.methods import METHODS
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.compare_estimators import ORDER, estimand_words


def test_all_six_are_the_same_with_two_groups_and_two_periods() -> None:
    table = rows(0, 20, (2, np.nan), years=2, effect=1.0)
    found = zr.compare_estimators(panel_of(table), target=0)
    wide = table.pivot(index="firm", columns="year", values="y")
    change, start = wide[2] - wide[1], table.groupby("firm")["start"].first()
    expected = change[start.notna()].mean() - change[start.isna()].mean()
    assert found.frame["method"].tolist() == list(ORDER)
    np.testing.assert_allclose(found.frame["estimate"], expected, rtol=1e-10)
    assert found.bacon is not None and found.bacon["estimate"].item() == pytest.approx(expected)
    assert set(found.effects) == set(METHODS)
    weights = zr.comparison_weights(found.effects["group_time"])
    assert weights["contribution"].sum() == pytest.approx(expected)


def test_refusals_are_rows_with_a_reason() -> None:
    table = rows(1, 60, counts=True, missing=0.05)
    found = zr.compare_estimators(panel_of(table), target=(0, 1), scale="ratio", leave_out=1)
    reason = found.frame.set_index("method")["reason"]
    assert reason["group_time"] == reason["imputation"] == reason["extended_two_way"] == ""
    for method in ("stacked", "interaction_weighted", "two_way_fixed_effects"):
        assert reason[method] == "this method has no option scale"
    assert found.frame["estimate"].notna().sum() == 3
    assert found.bacon is None and "every unit in every period" in found.bacon_reason


def test_options_that_a_method_does_without_are_said() -> None:
    found = zr.compare_estimators(panel_of(rows()), target=(0, 1), base_period="pooled")
    not_used = found.frame.set_index("method")["not_used"]
    assert not_used["group_time"] == "" and not_used["imputation"] == "base_period"
    assert found.frame["reason"].eq("").all()


def test_every_method_has_its_estimand_in_both_languages() -> None:
    panel = panel_of(rows())
    late = panel_of(rows()[lambda t: (t["firm"] != "F001") | (t["year"] > 2)])
    for method in METHODS:
        words = estimand_words(method, panel)
        assert words["estimand_zh"] and words["estimand_en"]
        assert words["caution_en"] == ""
    assert "enter the panel late" in estimand_words("imputation", late)["caution_en"]
    assert estimand_words("group_time", late)["caution_zh"] == ""


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ZgzxError, match="no such option"):
        zr.compare_estimators(panel_of(rows()), donut=1)
    with pytest.raises(ZgzxError, match="method='magic'"):
        zr.compare_estimators(panel_of(rows()), methods=["magic"])
