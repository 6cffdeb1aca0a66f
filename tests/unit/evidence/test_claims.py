from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims, reading

PUBLISHED = Path(__file__).parents[3] / "data" / "published"


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [
        (0.1, 0.3, "above"),
        (-0.3, -0.1, "below"),
        (-0.1, 0.3, "indistinguishable"),
        (0.0, 0.3, "indistinguishable"),
        (math.nan, 0.3, "not_estimable"),
    ],
)
def test_on_which_side_of_zero_an_interval_lies(low: float, high: float, side: str) -> None:
    assert reading(low, high) == side


def test_the_claims_ledger_holds_every_claim_of_the_programme() -> None:
    claims = read_claims(PUBLISHED / "claims.csv")
    causal = ["patents_up", "retention_up", "winners_patent", "spillover", "career"]
    others = ["skill_share_up", "savings", "spread_experts", "chain_upgrade"]
    assert {claim.id for claim in claims} == {*causal, *others}
    assert [claim.id for claim in claims if claim.testable == "causal"] == causal
    family = {claim.outcome for claim in claims if claim.family == "primary"}
    assert family == {"patents_invention", "retention", "stay_24.persons"}
    assert all(claim.sign == 1 for claim in claims)
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
    text = text.replace(",certain,", ",causal,").replace(",primary,", ",first,")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"`family` is unknown.*3"):
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
