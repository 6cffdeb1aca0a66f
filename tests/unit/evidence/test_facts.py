from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, effect_facts, fact, grade_facts
from zgzx_research.evidence.grade import grade

ROW = {
    "event_time": 1,
    "estimate": 0.12,
    "std_error": 0.056,
    "ci_low": 0.01,
    "ci_high": 0.24,
    "band_low": -0.02,
    "band_high": 0.3,
    "n_treated": 360,
    "n_comparison": 5000,
    "base_mean": 0.8,
    "role": "post",
    "mde": 0.15,
}


def frame(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame([ROW | row for row in rows])


def test_ratio_effects_become_percent() -> None:
    facts = effect_facts("patents_all", "main", "headline", frame({}), "ratio")
    assert facts["patents_all.main.headline.estimate"] == {
        "value": 12.0,
        "unit": "percent",
        "kind": "estimate",
        "stage": "estimate",
    }
    assert facts["patents_all.main.headline.mde"]["value"] == 15.0
    assert facts["patents_all.main.headline.base_mean"] == fact(
        0.8, "number", "estimate", "estimate"
    )
    assert facts["patents_all.main.headline.n_treated"]["value"] == 360
    assert facts["patents_all.main.headline.reading"]["value"] == "above"


def test_differences_of_shares_become_percentage_points_others_stay() -> None:
    share = effect_facts("retention", "main", "overall", frame({}), "difference", share=True)
    assert share["retention.main.overall.estimate"]["unit"] == "percentage_point"
    assert share["retention.main.overall.ci_high"]["value"] == 24.0
    assert share["retention.main.overall.base_mean"] == fact(0.8, "share", "estimate", "estimate")
    plain = effect_facts("outcome", "main", "overall", frame({}), "difference")
    assert plain["outcome.main.overall.estimate"] == fact(0.12, "number", "estimate", "estimate")
    assert plain["outcome.main.overall.mde"]["value"] == 0.15


def test_event_times_carry_their_sign() -> None:
    rows = frame({"event_time": -3}, {"event_time": 0}, {"event_time": 12})
    keys = effect_facts("a", "s", "event_time", rows.astype({"event_time": "Int64"}), "ratio")
    assert {key.split(".")[3] for key in keys} == {"e-3", "e+0", "e+12"}
    assert "a.s.event_time.e-3.estimate" in keys


def test_what_cannot_be_estimated_is_null() -> None:
    bounds = ("std_error", "ci_low", "ci_high", "band_low", "band_high", "mde")
    facts = effect_facts("a", "s", "overall", frame(dict.fromkeys(bounds, math.nan)), "ratio")
    assert facts["a.s.overall.mde"]["value"] is None
    assert facts["a.s.overall.ci_low"]["value"] is None
    assert facts["a.s.overall.reading"]["value"] == "not_estimable"
    json.dumps(facts, allow_nan=False)


def test_one_row_is_meant() -> None:
    with pytest.raises(ZgzxError, match="2 rows"):
        effect_facts("a", "s", "headline", frame({}, {}), "ratio")


def test_values_are_plain_rounded_and_never_minus_zero() -> None:
    assert str(fact(-0.0, "number", "data", "clean")["value"]) == "0.0"
    assert fact(-0.039951275155177005, "number", "data", "clean")["value"] == -0.0399512751552
    assert type(fact(np.int64(3), "count", "data", "clean")["value"]) is int
    assert type(fact(np.float64(0.1234567891), "number", "data", "clean")["value"]) is float
    assert fact(np.float64(0.12345678912345), "number", "data", "clean")["value"] == 0.123456789123
    assert fact(pd.NA, "number", "data", "clean")["value"] is None


@pytest.mark.parametrize(
    "wrong", [("pct", "data", "clean"), ("count", "x", "clean"), ("count", "data", "x")]
)
def test_unknown_units_kinds_and_stages_are_refused(wrong: tuple[str, str, str]) -> None:
    with pytest.raises(ZgzxError, match="is unknown"):
        fact(1, *wrong)


def test_a_missing_key_names_the_nearest() -> None:
    facts = Facts({"data.roster.files": fact(3, "count", "data", "clean")})
    assert facts.get("data.roster.files") == 3
    with pytest.raises(ZgzxError, match=r"nearest key is data\.roster\.files"):
        facts.get("data.roster.file")
    with pytest.raises(ZgzxError, match="run the study"):
        Facts({}).get("a")


def test_saved_facts_come_back_sorted_and_nothing_else_is_left(tmp_path: Path) -> None:
    records = {name: fact(1.5, "number", "data", "clean") for name in ("b", "a")}
    path = tmp_path / "facts.json"
    Facts(records).save(path)
    assert Facts.load(path).facts == records
    assert list(json.loads(path.read_text(encoding="utf-8"))["facts"]) == ["a", "b"]
    assert [file.name for file in tmp_path.iterdir()] == ["facts.json"]


def test_facts_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('{"version": 99, "facts": {}}', encoding="utf-8")
    with pytest.raises(ZgzxError, match="version 99"):
        Facts.load(path)


def test_grade_facts_hold_each_step() -> None:
    measures = {"effective_treated": 20.0, "pretest": 0.5, "detectable": 34.0}
    graded = grade(measures, claimed_effect=10.0)
    facts = grade_facts("a", "s", graded, "percent")
    assert facts["a.s.grade"]["value"] == "low"
    assert facts["a.s.grade_rule.effective_treated.change"]["value"] == -1
    assert facts["a.s.grade_rule.detectable.limit"] == fact(10.0, "percent", "verdict", "estimate")
    assert "a.s.grade_rule.linkage.value" not in facts
