"""Grade and verdict of claims from facts of pages that were made by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline.claim_facts import claim_facts, numbers_of
from zgzx_research.study import Study, load_study

ROOT = Path(__file__).parents[2]
CLAIMS = read_claims(ROOT / "data/published/claims.csv")
LINKED = (0.95, True)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(ROOT, "demo")


def estimate_facts(prefix: str, unit: str, **changed: float) -> dict:
    """Return facts of an estimate of 12 with a p value of .001."""
    headline = {"estimate": 12.0, "std_error": 3.0, "ci_low": 6.0, "ci_high": 18.0, "mde": 8.0}
    headline |= {"p_value": 0.001, "effective_number": 90.0}
    headline |= {"equivalence_low": 7.0, "equivalence_high": 17.0}
    units = {"p_value": "number", "effective_number": "number"}
    facts = {
        f"{numbers_of(prefix)}.{name}": fact(value, units.get(name, unit), "estimate", "estimate")
        for name, value in headline.items()
    }
    others = {"pretest.p_value": 0.4, "pretest.two_bins.p_value": 0.3}
    others |= {"pretest.slope_detectable": 1.0, "base.z": -0.5}
    others |= {"sensitivity.breakdown": 0.9}
    for name, value in others.items():
        facts[f"{prefix}.{name}"] = fact(value, "number", "estimate", "estimate")
    curve = f"{prefix.split('.')[0]}.main.curve.sign_flips"
    facts[curve] = fact(0.0, "share", "estimate", "estimate")
    for name, value in changed.items():
        key = f"{prefix}.{name.replace('__', '.')}"
        key = curve if name == "curve__sign_flips" else key
        facts[key] = fact(value, facts[key]["unit"], "estimate", "estimate")
    return facts


def found(study: Study, **changed: float) -> dict:
    prefix = "patents_invention.contest"
    facts = estimate_facts(prefix, "percent", **changed)
    return claim_facts(study, Facts(facts), CLAIMS, LINKED)


@pytest.mark.slow
@pytest.mark.slow
def test_only_claims_with_an_estimate_have_facts(study: Study) -> None:
    facts = found(study)
    assert {key.split(".")[1] for key in facts if key.startswith("claim.")} == {"patents_up"}
    assert facts["claims.primary_ids"]["value"] == "patents_up"
    assert facts["claims.unanswered"]["value"] == 2
    assert facts["claim.patents_up.verdict"]["value"] == "supported"
    assert facts["claim.patents_up.grade"]["value"] == "moderate"
    assert facts["claim.patents_up.estimate"]["value"] == 12.0
    assert facts["claim.patents_up.claimed_effect"]["value"] == 10.0


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "verdict", "rule"),
    [
        ({"pretest__p_value": 0.01}, "associated", "pretest"),
        ({"base__z": -2.5}, "associated", "base_sensitivity"),
        ({"headline__mde": 40.0}, "supported", ""),  # found: the rule does not lower it
        ({"headline__effective_number": 9.0}, "too_few", "effective_treated"),
        ({"headline__estimate": -12.0}, "contradicted", ""),
        ({"headline__p_value": 0.03}, "indistinguishable", ""),
        # significant alone is not found, so the rule for what was not found applies
        ({"headline__p_value": 0.03, "headline__mde": 40.0}, "indistinguishable", "detectable"),
        ({"headline__p_value": math.nan}, "not_estimable", ""),
        ({"curve__sign_flips": 0.5}, "indication", "sign_flips"),
        ({"sensitivity__breakdown": 0.1}, "indication", "breakdown"),
        ({"pretest__slope_detectable": 3.0}, "indication", "pretest_power"),
    ],
)
def test_each_measure_reaches_its_rule(
    study: Study, changed: dict[str, float], verdict: str, rule: str
) -> None:
    facts = found(study, **changed)
    assert facts["claim.patents_up.verdict"]["value"] == verdict
    start = "claim.patents_up.grade_rule."
    lowered = {
        key.split(".")[3]
        for key, one in facts.items()
        if key.startswith(start) and key.endswith(".change") and one["value"] < 0
    }
    assert lowered == ({rule} if rule else set())


@pytest.mark.slow
@pytest.mark.slow
def test_the_breakdown_is_asked_of_findings_only(study: Study) -> None:
    facts = found(study, headline__p_value=0.4, sensitivity__breakdown=0.0)
    assert "claim.patents_up.grade_rule.breakdown.value" not in facts


@pytest.mark.slow
@pytest.mark.slow
def test_a_negative_control_that_moves_leaves_an_association(study: Study) -> None:
    facts = estimate_facts("patents_invention.contest", "percent")
    facts["controls.talent_on_inventions.p_adjusted"] = fact(0.01, "number", "estimate", "estimate")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    assert result["claim.patents_up.verdict"]["value"] == "associated"
    facts = estimate_facts("retention.precision", "percentage_point")
    facts["controls.talent_on_inventions.p_adjusted"] = fact(0.01, "number", "estimate", "estimate")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    assert "claim.retention_up.grade_rule.negative_controls.value" not in result


@pytest.mark.slow
@pytest.mark.slow
def test_a_claim_is_held_against_an_effect_in_its_own_unit(study: Study) -> None:
    facts = estimate_facts("patents_invention.contest", "number", headline__mde=40.0)
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    assert "claim.patents_up.grade_rule.detectable.limit" not in result
    assert result["claim.patents_up.claimed_effect"]["value"] is None


@pytest.mark.slow
@pytest.mark.slow
def test_where_the_primary_design_was_refused_the_main_one_answers(study: Study) -> None:
    facts = estimate_facts("patents_invention.main", "percent")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    assert result["claim.patents_up.from"]["value"] == "patents_invention.main"


@pytest.mark.parametrize(
    ("p_values", "met"),
    [((math.nan, 0.6), True), ((0.6, math.nan), True), ((math.nan,) * 2, False)],
)
def test_negative_controls_that_could_not_be_estimated(
    study: Study, p_values: tuple[float, float], met: bool
) -> None:
    facts = estimate_facts("patents_invention.contest", "percent")
    for name, p in zip(("talent_on_inventions", "inventions_before_award"), p_values, strict=True):
        facts[f"controls.{name}.p_adjusted"] = fact(p, "number", "estimate", "estimate")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    rule = result["claim.patents_up.grade_rule.negative_controls.change"]
    assert (rule["value"] == 0) == met


def test_the_answer_names_design_limits_and_next_steps(study: Study) -> None:
    prefix = "patents_invention.contest"
    facts = estimate_facts(
        prefix, "percent", headline__p_value=0.03, headline__effective_number=30.0
    )
    facts[f"{prefix}.headline.absolute"] = fact(0.15, "number", "estimate", "estimate")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    values = {key: one["value"] for key, one in result.items()}
    assert values["claim.patents_up.design"] == "contest"
    assert values["claim.patents_up.absolute"] == 0.15
    # p = .03 alone; three claims were planned, so .09 together
    assert values["claim.patents_up.p_adjusted"] == pytest.approx(0.09)
    assert values["claim.patents_up.finding"] == "alone"
    assert values["claim.patents_up.ruled_out_above"] == 18.0
    assert "claim.patents_up.ruled_out_below" not in values  # the interval begins at 6
    assert values["claim.patents_up.limits"] == "effective_treated"
    assert values["next.steps"] == "more_editions"
    assert values["next.more_editions.claims"] == "patents_up"


def test_an_estimate_outside_the_family_is_exploratory(study: Study) -> None:
    facts = estimate_facts("colleagues.firms", "percentage_point")
    result = claim_facts(study, Facts(facts), CLAIMS, LINKED)
    assert result["claim.spillover.verdict"]["value"] == "exploratory"
