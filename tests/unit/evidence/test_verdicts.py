from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from zgzx_research.evidence.grade import grade
from zgzx_research.evidence.verdicts import (
    VERDICTS,
    Finding,
    adjusted_p_values,
    claim_verdicts,
)
from zgzx_research.report.wording import word

FAMILY = ("patents_up", "retention_up", "career")
PASSED = {"pretest": 0.5, "base_sensitivity": 0.2}
FOUND = Finding(
    estimate=12.0,
    p_value=0.001,
    equivalence_low=6.0,
    equivalence_high=18.0,
    claimed_effect=10.0,
    claimed_sign=1,
    effective_treated=120.0,
    grade=grade(PASSED),
)


def verdict(**changed: object) -> str:
    """Return the verdict on the first claim of the family when the estimate is changed so."""
    one = dataclasses.replace(FOUND, **changed)  # type: ignore[arg-type]
    return claim_verdicts({"patents_up": one}, FAMILY)["patents_up"]


@pytest.mark.slow
@pytest.mark.slow
def test_found_in_the_claimed_direction_with_every_check_passed() -> None:
    assert verdict() == "supported"
    assert verdict(estimate=-12.0, claimed_sign=-1) == "supported"


@pytest.mark.slow
@pytest.mark.slow
def test_found_in_the_other_direction() -> None:
    assert verdict(claimed_sign=-1) == "contradicted"
    assert verdict(estimate=-12.0) == "contradicted"


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    "failed", [{"pretest": 0.01}, {"negative_controls": 0.01}, {"base_sensitivity": 2.5}]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_failed_check_leaves_an_association(failed: dict[str, float], sign: int) -> None:
    assert verdict(grade=grade(PASSED | failed), claimed_sign=sign) == "associated"


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("measures", "level", "said"),
    [
        ({}, "moderate", ("supported", "contradicted")),
        ({"linkage": 0.1}, "low", ("indication", "opposite_indication")),
        ({"linkage": 0.1, "sign_flips": 0.9}, "very_low", ("indication", "opposite_indication")),
    ],
)
def test_a_finding_below_a_moderate_grade_is_an_indication(
    measures: dict[str, float], level: str, said: tuple[str, str]
) -> None:
    graded = grade(PASSED | measures)
    assert graded.level == level
    assert (verdict(grade=graded), verdict(grade=graded, claimed_sign=-1)) == said


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-9.0, 9.9, "no_effect_of_interest"),
        (-9.0, 10.0, "indistinguishable"),
        (-11.0, 3.0, "indistinguishable"),
        (-30.0, math.inf, "indistinguishable"),
        (math.nan, 3.0, "indistinguishable"),
    ],
)
def test_not_found(low: float, high: float, said: str) -> None:
    assert verdict(p_value=0.4, equivalence_low=low, equivalence_high=high) == said


@pytest.mark.slow
@pytest.mark.slow
def test_too_few_and_unknown_have_no_verdict() -> None:
    assert verdict(effective_treated=9.9) == "too_few"
    assert verdict(effective_treated=math.nan) == "too_few"
    assert verdict(p_value=math.nan) == "not_estimable"


@pytest.mark.slow
@pytest.mark.slow
def test_the_family_is_tested_together() -> None:
    # alone .02 would do; the first of three planned tests must be below .05 / 3
    assert verdict(p_value=0.02) == "indistinguishable"
    assert verdict(p_value=0.0166) == "supported"


@pytest.mark.slow
@pytest.mark.slow
def test_an_estimate_outside_the_family_is_exploratory() -> None:
    found = claim_verdicts({"spillover": FOUND, "patents_up": FOUND}, FAMILY)
    assert found == {"spillover": "exploratory", "patents_up": "supported"}


@pytest.mark.slow
@pytest.mark.slow
def test_p_values_are_adjusted_for_all_planned_tests() -> None:
    adjusted = adjusted_p_values({"a": 0.01, "b": 0.04, "c": 0.03, "d": math.nan}, tests=4)
    assert adjusted["a"] == pytest.approx(0.04)
    assert adjusted["c"] == pytest.approx(0.09)
    assert adjusted["b"] == pytest.approx(0.09)  # 2 x .04 = .08, and never below the one before
    assert math.isnan(adjusted["d"])


@pytest.mark.slow
def test_false_findings_of_the_whole_family_stay_at_five_percent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gc.collect", lambda *_: 0)  # statsmodels collects garbage in each call
    generator = np.random.default_rng(20261126)
    p_values = generator.uniform(size=(1000, 3))
    wrong = 0
    for row in p_values:
        findings = {
            name: dataclasses.replace(FOUND, p_value=p) for name, p in zip(FAMILY, row, strict=True)
        }
        wrong += "supported" in claim_verdicts(findings, FAMILY).values()
    assert wrong / 1000 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_every_verdict_has_words() -> None:
    for name in VERDICTS:
        assert word(f"verdict.{name}", "zh") != word(f"verdict.{name}", "en")
