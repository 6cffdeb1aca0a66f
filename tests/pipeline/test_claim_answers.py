"""What was found about a claim, and what is ruled out, from invented estimates."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.grade import grade
from zgzx_research.evidence.verdicts import Finding
from zgzx_research.pipeline.claim_answers import Answer, answer_facts, count_facts

CLAIMS = read_claims(Path(__file__).parents[2] / "data/published/claims.csv")
FINDING = Finding(
    estimate=5.0,
    p_value=0.4,
    equivalence_low=-3.0,
    equivalence_high=13.0,
    claimed_effect=10.0,
    claimed_sign=1,
    effective_treated=90.0,
    grade=grade(
        {"effective_treated": 20.0, "linkage": 0.9, "detectable": 14.0}, claimed_effect=10.0
    ),
)


def answer(
    verdict: str, low: float | None, high: float | None, number: int = 0, **changed: float
) -> dict[str, object]:
    """Facts of the answer to a claim, without its name."""
    claim = CLAIMS[number]
    finding = replace(FINDING, **changed)
    found = answer_facts(Answer(claim, "main", finding, verdict, 0.2, low, high, "percent"))
    return {key.removeprefix(f"claim.{claim.id}."): one["value"] for key, one in found.items()}


@pytest.mark.parametrize(
    ("verdict", "p_value", "found"),
    [
        ("supported", 0.001, "found"),
        ("indication", 0.001, "found"),
        ("opposite_indication", 0.001, "found"),
        ("associated", 0.001, "found"),
        ("contradicted", 0.001, "found"),
        ("indistinguishable", 0.4, "none"),
        ("indistinguishable", 0.03, "alone"),
        ("no_effect_of_interest", 0.4, "none"),
        ("no_effect_of_interest", 0.03, "alone"),
        ("too_few", 0.001, "too_few"),
        ("not_estimable", math.nan, "not_estimable"),
    ],
)
def test_what_was_found(verdict: str, p_value: float, found: str) -> None:
    assert answer(verdict, -3.0, 13.0, p_value=p_value)["finding"] == found


def test_an_exploratory_claim_goes_by_its_interval() -> None:
    exploratory = next(k for k, one in enumerate(CLAIMS) if one.family == "exploratory")
    ends = {(1.0, 9.0): "found", (-9.0, -1.0): "found", (-1.0, 9.0): "none", (0.5, None): "found"}
    for (low, high), found in ends.items():
        facts = answer("exploratory", low, high, exploratory)
        assert facts["finding"] == found
        assert "p_adjusted" not in facts  # it is not tested with the others
    assert answer("exploratory", None, None, exploratory)["finding"] == "not_estimable"


@pytest.mark.parametrize(
    ("low", "high", "below", "above"),
    [
        (-3.0, 13.0, -3.0, 13.0),
        (0.1, 13.0, None, 13.0),
        (-9.0, -0.1, -9.0, None),
        (-3.0, None, -3.0, None),
    ],
)
def test_only_what_the_interval_leaves_out_beyond_zero_is_ruled_out(
    low: float, high: float | None, below: float | None, above: float | None
) -> None:
    facts = answer("indistinguishable", low, high)
    assert facts.get("ruled_out_below") == below
    assert facts.get("ruled_out_above") == above


@pytest.mark.parametrize(
    "verdict", ["supported", "indication", "associated", "contradicted", "too_few"]
)
def test_nothing_is_ruled_out_beside_a_found_effect(verdict: str) -> None:
    assert not [name for name in answer(verdict, 1.0, 9.0) if name.startswith("ruled_out")]


def test_side_direction_and_limits() -> None:
    up, down = answer("supported", 1.0, 9.0), answer("contradicted", -9.0, -1.0, estimate=-5.0)
    assert (up["side"], up["against"]) == ("up", False)
    assert (down["side"], down["against"]) == ("down", True)
    # an effect that was not found has no direction against the claim
    assert answer("indistinguishable", -9.0, 1.0, estimate=-5.0)["against"] is False
    assert up["limits"] == "effective_treated detectable"


def test_counts_over_all_claims() -> None:
    verdicts = {"patents_up": "supported", "career": "indication", "spillover": "exploratory"}
    found = {name: {"verdict": one, "against": False} for name, one in verdicts.items()}
    facts = {key: one["value"] for key, one in count_facts(CLAIMS, found).items()}
    assert facts == {
        "claims.supported": 1,
        "claims.signs": 1,
        "claims.contradicted": 0,
        "claims.opposite_signs": 0,
        "claims.not_found": 0,
        "claims.unanswered": 1,  # retention_up has no estimate
        "claims.all": 9,
        "claims.primary": 3,
        "claims.primary_ids": "patents_up career",
        "claims.exploratory_ids": "spillover",
    }


@pytest.mark.parametrize(
    ("verdict", "against", "counted"),
    [
        ("associated", False, "signs"),
        ("associated", True, "opposite_signs"),
        ("indication", False, "signs"),
        ("opposite_indication", True, "opposite_signs"),
        ("contradicted", True, "contradicted"),
    ],
)
def test_signs_of_the_opposite_are_not_counted_as_signs(
    verdict: str, against: bool, counted: str
) -> None:
    facts = count_facts(CLAIMS, {"career": {"verdict": verdict, "against": against}})
    ones = {key for key, one in facts.items() if one["value"] == 1}
    assert ones == {f"claims.{counted}"}
