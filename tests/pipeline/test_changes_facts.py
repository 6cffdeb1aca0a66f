"""From levels to facts: rounded so that the printed parts add up."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.evidence.changes import LEVELS
from zgzx_research.evidence.claims import read_claims
from zgzx_research.pipeline.changes import _rounded as rounded
from zgzx_research.pipeline.changes_facts import changes_facts, changes_frame
from zgzx_research.pipeline.steps.changes import NOTHING
from zgzx_research.report.number_format import format_number

CLAIMS = read_claims(Path(__file__).parents[2] / "data/published/claims.csv")


def level(estimate: float | None, reason: str = "", error: float = 4.0) -> dict[str, Any]:
    if estimate is None:
        return {**dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high")), "reason": reason}
    ends = {"ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    return rounded({"estimate": estimate, "std_error": error, **ends, "reason": reason}, 1)


def comparison(*levels: dict[str, Any], claim: str = "patents_up") -> dict[str, Any]:
    found = {
        "from": "patents_invention.contest",
        "reported_from": "patents_invention.main",
        "unit": "percent",
        "digits": 1,
        "levels": dict(zip(LEVELS, levels, strict=True)),
    }
    return {"since": "year2025", "published_on": "2026-04-02", "claims": {claim: found}}


def facts_of(changes: dict[str, Any]) -> dict[str, Any]:
    facts = changes_facts(changes, changes_frame(changes, CLAIMS))
    return {key: one["value"] for key, one in facts.items()}


def test_facts_by_hand() -> None:
    facts = facts_of(comparison(level(10.0), level(12.04), level(11.0), level(15.0)))
    key = "changes.patents_up"
    assert facts["changes.since"] == "year2025"
    assert facts[f"{key}.reported.estimate"] == 10.0
    assert facts[f"{key}.reported.ci_low"] == 2.0
    assert facts[f"{key}.reported.difference"] is None
    assert facts[f"{key}.method.difference"] == 2.0  # 12.04 is shown as 12.0
    assert facts[f"{key}.data.difference"] == -1.0
    assert facts[f"{key}.edition.difference"] == 4.0
    assert facts[f"{key}.now.estimate"] == facts[f"{key}.edition.estimate"] == 15.0
    assert facts[f"{key}.total.difference"] == 5.0
    assert facts[f"{key}.small"] is False  # 5 against a standard error of 4
    assert facts[f"{key}.reported_from"] == "patents_invention.main"


def test_a_step_that_cannot_be_computed_says_so_and_is_joined() -> None:
    missing = level(None, "no_old_data")
    facts = facts_of(comparison(level(10.0), missing, level(11.0), level(13.0)))
    key = "changes.patents_up"
    assert facts[f"{key}.method.reason"] == "no_old_data"
    assert facts[f"{key}.method.difference"] is None
    assert facts[f"{key}.data.joined"] == "method_data"
    assert facts[f"{key}.data.difference"] == 1.0
    assert facts[f"{key}.edition.joined"] == "edition"
    assert facts[f"{key}.small"] is True


def test_without_an_estimate_of_today_there_is_no_total() -> None:
    facts = facts_of(comparison(level(10.0), level(9.0), level(9.0), level(None, "refused")))
    assert facts["changes.patents_up.total.difference"] is None
    assert facts["changes.patents_up.small"] is False


def test_without_an_earlier_study_there_are_two_facts() -> None:
    assert facts_of(NOTHING) == {"changes.since": "", "changes.published_on": ""}


def test_claims_stand_in_the_order_of_the_ledger() -> None:
    one = comparison(level(1.0), level(1.0), level(1.0), level(1.0), claim="retention_up")
    one["claims"]["patents_up"] = one["claims"]["retention_up"]
    assert changes_frame(one, CLAIMS)["claim"].unique().tolist() == ["patents_up", "retention_up"]


ESTIMATE = st.one_of(st.none(), st.floats(-500, 500))


@pytest.mark.slow
@given(st.tuples(ESTIMATE, ESTIMATE, ESTIMATE, ESTIMATE))
def test_what_is_printed_adds_up(values: tuple[float | None, ...]) -> None:
    changes = comparison(*(level(value, "" if value is not None else "few") for value in values))
    frame = changes_frame(changes, CLAIMS)
    known = frame.dropna(subset="estimate")
    printed = [printed_number(one) for one in frame["difference"].dropna()]
    if len(known) > 1:
        ends = [printed_number(known["estimate"].iloc[place]) for place in (-1, 0)]
        assert math.fsum(printed) == pytest.approx(ends[0] - ends[1], abs=1e-9)
    else:
        assert not printed


def printed_number(value: float) -> float:
    return float(format_number(value, 1).replace("−", "-").replace(",", ""))
