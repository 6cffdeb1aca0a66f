from __future__ import annotations

import math

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.grade import grade, grade_rules
from zgzx_research.report.wording import word

GOOD = {
    "effective_treated": 360.0,
    "pretest": 0.4,
    "pretest_two_bins": 0.3,
    "pretest_power": 6.0,
    "base_sensitivity": 0.5,
    "negative_controls": 0.5,
    "sign_flips": 0.1,
    "breakdown": 0.8,
    "linkage": 0.95,
    "detectable": 9.0,
}
LEVELS = grade_rules().levels


def changes(changed: dict[str, float | None], claimed: float | None = 10.0) -> dict[str, int]:
    """Rule to its change of the grade, where there is one."""
    graded = grade(GOOD | changed, claimed_effect=claimed)
    assert LEVELS.index(graded.start) + sum(step.change for step in graded.steps) == LEVELS.index(
        graded.level
    )
    return {step.rule: step.change for step in graded.steps if step.change}


def test_every_rule_met_leaves_the_level_of_the_design() -> None:
    graded = grade(GOOD, claimed_effect=10.0)
    assert graded.level == graded.start == "moderate"
    assert [step.rule for step in graded.steps] == list(GOOD)
    assert all(step.met for step in graded.steps)


@pytest.mark.parametrize(
    ("rule", "kept", "missed"),
    [
        ("effective_treated", 40.0, 39.9),
        ("pretest", 0.05, 0.049),
        ("pretest_two_bins", 0.05, 0.0),
        ("pretest_power", 10.0, 10.1),
        ("base_sensitivity", 1.96, 1.97),
        ("negative_controls", 0.05, 0.04),
        ("sign_flips", 0.2, 0.21),
        ("breakdown", 0.5, 0.49),
        ("linkage", 0.85, 0.849),
        ("detectable", 10.0, 34.0),
    ],
)
def test_each_rule_at_its_limit_beyond_it_and_unknown(
    rule: str, kept: float, missed: float
) -> None:
    assert changes({rule: kept}) == {}
    assert changes({rule: missed}) == {rule: -1}
    assert changes({rule: math.nan}) == {rule: -1}
    assert changes({rule: None}) == {}


def test_nothing_lies_below_the_lowest_level() -> None:
    many = {"effective_treated": 3.0, "pretest": 0.001, "linkage": 0.1, "detectable": 34.0}
    assert changes(many) == {"effective_treated": -1, "pretest": -1}


def test_the_cap_is_no_further_step_down() -> None:
    assert changes({"pretest": 0.01, "detectable": 34.0}) == {"pretest": -1}


def test_rules_about_the_claimed_effect_apply_only_where_one_is_claimed() -> None:
    assert changes({"detectable": 34.0, "pretest_power": 99.0}, claimed=None) == {}


def test_before_after_starts_at_the_bottom() -> None:
    assert grade({"effective_treated": 1.0}, design="before_after").level == "very_low"


@pytest.mark.parametrize(
    ("measures", "design", "message"),
    [({}, "x", "design 'x'"), ({"pre_test": 0.1}, "did", "measure 'pre_test'.*pretest")],
)
def test_unknown_names_are_refused(measures: dict, design: str, message: str) -> None:
    with pytest.raises(ZgzxError, match=message):
        grade(measures, design=design)


def test_every_rule_has_words_and_gates_are_rules() -> None:
    rules = grade_rules()
    names = [rule.name for rule in rules.rules]
    assert set(rules.verdict.gates) <= set(names)
    for name in names:
        assert word(f"grade_rule.{name}", "zh") != word(f"grade_rule.{name}", "en")
