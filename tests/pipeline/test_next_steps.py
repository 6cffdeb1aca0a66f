"""Next steps follow from what a run lacks and from the rules that hold the grades down."""

from __future__ import annotations

import pytest

from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.evidence.grade import grade, grade_rules
from zgzx_research.pipeline.next_steps import known_steps, next_step_facts
from zgzx_research.report.wording import entries

# measures that meet every rule, with a claimed effect of 10
MET: dict[str, float | None] = {
    "effective_treated": 90.0,
    "pretest": 0.4,
    "pretest_two_bins": 0.4,
    "pretest_power": 5.0,
    "base_sensitivity": 0.3,
    "negative_controls": 0.6,
    "sign_flips": 0.0,
    "breakdown": 1.0,
    "linkage": 0.97,
    "detectable": 8.0,
}


def steps(absent: str = "", **claims: dict[str, float]) -> dict[str, str]:
    """Facts of the next steps, without their first part; each claim changes some measures."""
    facts = {f"absent.{name}": fact(True, "text", "design", "study") for name in absent.split()}
    grades = {
        name: grade({**MET, **changed}, claimed_effect=10.0) for name, changed in claims.items()
    }
    found = next_step_facts(Facts(facts), grades)
    return {key.removeprefix("next."): one["value"] for key, one in found.items()}


def test_every_rule_of_the_grade_has_a_step_and_every_step_its_words() -> None:
    ruled = [rule for step in known_steps() for rule in step.rules]
    assert sorted(ruled) == sorted(rule.name for rule in grade_rules().rules)
    names = [step.name for step in known_steps()] + ["repeat"]
    assert [name for name in names if f"next_step.{name}.lead" not in entries()] == []
    assert [rule for rule in ruled if f"grade_limit.{rule}" not in entries()] == []


def test_where_nothing_lacks_the_step_is_to_do_it_again() -> None:
    assert steps(a={}) == {"steps": "repeat"}


@pytest.mark.parametrize(
    ("absent", "step"),
    [
        ("scores", "scores"),
        ("finals", "scores"),
        ("patents", "patents"),
        ("employment", "employment"),
        ("earlier_editions", "rosters"),
        ("later_editions", "rosters"),
        ("programmes", "programmes"),
        ("preliminaries", "preliminaries"),
    ],
)
def test_what_is_missing_is_asked_for_and_nothing_else(absent: str, step: str) -> None:
    assert steps(absent, a={}) == {"steps": step}


def test_data_that_the_study_does_not_ask_for_are_not_missing() -> None:
    assert steps("patents_not_asked employment_not_asked", a={}) == {"steps": "repeat"}


def test_what_raises_the_grades_most_comes_first() -> None:
    # linkage holds three claims down by a level each, the negative controls one
    low = {"linkage": 0.5}
    both = low | {"negative_controls": 0.01}
    assert steps(a=low, b=low, c=both) == {
        "steps": "links other_causes",
        "links.claims": "a b c",
        "other_causes.claims": "c",
    }
    one = {"negative_controls": 0.01}
    assert steps(a=both, b=one, c=one)["steps"] == "other_causes links"


def test_a_rule_that_lowers_nothing_any_more_is_still_named() -> None:
    # moderate, low, very low by two rules; the cap at low changes nothing beside them
    found = steps(a={"linkage": 0.5, "sign_flips": 0.6, "detectable": 50.0})
    assert found["steps"] == "one_number links more_editions"
    # either of the two alone leaves the grade at low, so the order of the file decides
    assert steps(a={"detectable": 50.0, "linkage": 0.5})["steps"] == "more_editions links"


def test_what_is_missing_comes_before_what_is_weak() -> None:
    assert steps("scores", a={"linkage": 0.5})["steps"] == "scores links"
