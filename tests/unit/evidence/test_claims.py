from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import LEVELS, grade, read_claims, verdict

PUBLISHED = Path(__file__).parents[3] / "data" / "published"
GOOD = {"effective_treated": 360.0, "pretest_p": 0.4, "linked_share": 0.95}


@pytest.mark.parametrize(
    ("low", "high", "sign", "said"),
    [
        (0.1, 0.3, 1, "supported"),
        (-0.3, -0.1, 1, "contradicted"),
        (-0.1, 0.3, 1, "indistinguishable"),
        (0.0, 0.3, 1, "indistinguishable"),
        (-0.3, -0.1, -1, "supported"),
        (0.1, 0.3, -1, "contradicted"),
        (math.nan, 0.3, 1, "not_estimable"),
    ],
)
def test_verdicts(low: float, high: float, sign: int, said: str) -> None:
    assert verdict(low, high, sign) == said


@pytest.mark.parametrize(
    ("changed", "level", "changes"),
    [
        ({}, "moderate", [0, 0, 0]),
        ({"effective_treated": 39.9}, "low", [-1, 0, 0]),
        ({"effective_treated": 40.0}, "moderate", [0, 0, 0]),
        ({"pretest_p": 0.049}, "low", [0, -1, 0]),
        ({"pretest_p": math.nan}, "low", [0, -1, 0]),
        ({"linked_share": 0.849}, "low", [0, 0, -1]),
        ({"linked_share": None}, "moderate", [0, 0]),
        ({"effective_treated": 3.0, "pretest_p": 0.001}, "very_low", [-1, -1, 0]),
        # nothing lies below the lowest level
        (
            {"effective_treated": 3.0, "pretest_p": 0.001, "linked_share": 0.1},
            "very_low",
            [-1, -1, 0],
        ),
        ({"mde": 34.0, "claimed_effect": 10.0}, "low", [0, 0, 0, -1]),
        ({"mde": 10.0, "claimed_effect": 10.0}, "moderate", [0, 0, 0, 0]),
        ({"mde": math.nan, "claimed_effect": 10.0}, "low", [0, 0, 0, -1]),
        ({"mde": 34.0}, "moderate", [0, 0, 0]),
        # the cap is no further step down
        ({"pretest_p": 0.01, "mde": 34.0, "claimed_effect": 10.0}, "low", [0, -1, 0, 0]),
    ],
)
def test_grades(changed: dict, level: str, changes: list[int]) -> None:
    graded = grade(**(GOOD | changed))
    assert graded.level == level
    assert [step.change for step in graded.steps] == changes
    assert LEVELS.index(graded.start) + sum(changes) == LEVELS.index(level)


def test_before_after_starts_at_the_bottom() -> None:
    assert grade(design="before_after", effective_treated=1.0).level == "very_low"
    with pytest.raises(ZgzxError, match="design 'x'"):
        grade(design="x")


def test_the_claims_ledger_holds_every_claim_of_the_programme() -> None:
    claims = read_claims(PUBLISHED / "claims.csv")
    causal = ["patents_up", "retention_up", "winners_patent", "spillover"]
    others = ["skill_share_up", "savings", "spread_experts", "career", "chain_upgrade"]
    assert {claim.id for claim in claims} == {*causal, *others}
    assert [claim.id for claim in claims if claim.testable == "causal"] == causal
    assert {claim.outcome for claim in claims} == {"", "patents_invention", "retention"}
    assert all(
        claim.zh and claim.en and claim.estimand_zh and claim.estimand_en and claim.source
        for claim in claims
    )


def test_a_broken_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("id,zh\n1,x\n", encoding="utf-8")
    with pytest.raises(ZgzxError, match="other columns"):
        read_claims(path)
    text = (PUBLISHED / "claims.csv").read_text(encoding="utf-8").replace(",causal,", ",certain,")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ZgzxError, match="`testable` is unknown"):
        read_claims(path)


def test_programme_facts_have_value_unit_date_and_source() -> None:
    with (PUBLISHED / "programme_facts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(
        all(row[name] for name in ("fact", "value", "unit", "date", "source")) for row in rows
    )
    assert len({row["fact"] for row in rows}) == len(rows)
    values = {row["fact"]: row["value"] for row in rows}
    assert (values["editions"], values["high_skill_share_2024"]) == ("12", "38")
