"""The tables of the official claims: those with an estimate, and those that can be described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import FactSource, is_withheld
from zgzx_research.report.number_format import format_number, format_value
from zgzx_research.report.tables.claim_rows import ClaimRow, claim_rows
from zgzx_research.report.tables.markdown_table import Table, column_words, make_table
from zgzx_research.report.wording import entries, from_data, word, word_or_code

TESTED = ("claim_and_design", "verdict", "estimate_and_interval", "grade")
DESCRIBED = ("claim", "would_answer", "can_be_said")
# claim without an estimate -> sentence -> the facts it takes up; it is said where all are known
NUMBERS = {
    "skill_share_up": {
        "numbers": {
            "district": "skill_share.district_change",
            "city": "skill_share.city_change",
            "difference": "skill_share.difference",
        },
    },
    "savings": {
        "cost": {"cost": "value.cost_per_winner"},
        "invention": {
            "needed": "value.invention.break_even",
            "position": "value.invention.position",
        },
        "retained_employee": {
            "needed": "value.retained_employee.break_even",
            "position": "value.retained_employee.position",
        },
    },
}


def claims_table(facts: FactSource, claims: Sequence[Claim], language: str) -> Table:
    """Show the claims with an estimate: design, estimate, certainty, verdict, what is ruled out.

    Parameters
    ----------
    facts : FactSource
        Facts ``claim.<id>.*``.
    claims : sequence of Claim
        The claims, in the order of the rows.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        A row for each claim with an estimate.
    """
    body = [_tested(row, language) for row in claim_rows(facts, claims)]
    caption = word("table.claims", language)
    return make_table("claims", caption, column_words(TESTED, language), "llll", body)


def described_claims_table(facts: FactSource, claims: Sequence[Claim], language: str) -> Table:
    """Show the claims without an estimate: what would answer them, and what can be said now.

    Parameters
    ----------
    facts : FactSource
        All facts.
    claims : sequence of Claim
        The claims, in the order of the rows.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        A row for each claim without an estimate.
    """
    others = [claim for claim in claims if not facts.has(f"claim.{claim.id}.estimate")]
    body = [_described(facts, claim, language) for claim in others]
    caption = word("table.claims_described", language)
    return make_table("claims_described", caption, column_words(DESCRIBED, language), "lll", body)


def _tested(row: ClaimRow, language: str) -> list[str]:
    """Write one claim with an estimate."""
    claim = from_data(row.claim.zh if language == "zh" else row.claim.en)
    design = word_or_code("claim_design", row.design, language)
    estimate = f"{row.number(row.estimate, language)} {_interval(row)}".strip()
    if row.claimed is not None:
        claimed = row.number(row.claimed, language)
        estimate = word("claim_finding.claimed", language, estimate=estimate, claimed=claimed)
    return [
        word("claim_finding.claim_and_design", language, claim=claim, design=design),
        verdict_words(row, language),
        estimate,
        word(f"grade_marks.{row.grade}", language),
    ]


def _interval(row: ClaimRow) -> str:
    """Write the interval of a claim; nothing where there is none."""
    if row.withheld or (row.ci_low is None and row.ci_high is None):
        return ""
    return f"[{row.end(row.ci_low)}, {row.end(row.ci_high)}]"


def verdict_words(row: ClaimRow, language: str) -> str:
    """Write the verdict, what is behind it, and what is ruled out."""
    parts = [word(f"verdict.{row.verdict}", language)]
    if row.verdict == "exploratory":
        side = "below" if (row.estimate or 0) < 0 else "above"
        parts.append(
            word(f"claim_finding.{side if row.finding == 'found' else row.finding}", language)
        )
    elif row.finding == "alone":
        parts.append(word("claim_finding.alone", language))
    if row.finding in ("alone", "none"):
        parts.append(_ruled_out(row, language))
    return word("claim_finding.separator", language).join(parts)


def _ruled_out(row: ClaimRow, language: str) -> str:
    """Write what the interval rules out."""
    low, high = row.ruled_out_below, row.ruled_out_above
    both = low is not None and high is not None
    kind = (
        "both" if both else "above" if high is not None else "below" if low is not None else "none"
    )
    texts = {
        "low": row.number(low, language),
        "high": row.number(high, language, bare=both),
    }
    return word(f"claim_range.{kind}", language, **texts)


def _described(facts: FactSource, claim: Claim, language: str) -> list[str]:
    """Write one claim without an estimate."""
    zh = language == "zh"
    text, estimand = (claim.zh, claim.estimand_zh) if zh else (claim.en, claim.estimand_en)
    kind = word(f"testable.{claim.testable}", language)
    joined = word(
        "claim_finding.joined", language, verdict=kind, more=_said(facts, claim, language)
    )
    return [from_data(text), from_data(estimand), joined]


def _said(facts: FactSource, claim: Claim, language: str) -> str:
    """Write what can be said of a claim without an estimate, with its numbers where they exist."""
    if claim.testable == "causal":
        return word("claim_described.no_estimate", language)
    start = f"claim_described.{claim.id}"
    said = [
        word(f"{start}.{name}", language, **_texts(facts, wanted, language))
        for name, wanted in NUMBERS.get(claim.id, {}).items()
        if all(facts.has(key) and _is_known(facts.record(key)) for key in wanted.values())
    ]
    if f"{start}.words" in entries() and not (said and f"{start}.numbers" in entries()):
        said.insert(0, word(f"{start}.words", language))
    gap = "" if language == "zh" else " "
    return gap.join(said) or word("claim_described.not_known", language)


def _is_known(record: Mapping[str, Any]) -> bool:
    """Whether a fact has a value that may be shown."""
    return record["value"] not in (None, "") and not is_withheld(record)


def _texts(facts: FactSource, wanted: Mapping[str, str], language: str) -> dict[str, str]:
    """Write the facts that a sentence takes up; where an effect lies has words of its own."""
    texts = {}
    for name, key in wanted.items():
        value, unit = facts.record(key)["value"], str(facts.record(key)["unit"])
        if name == "position":
            texts[name] = word(f"claim_position.{value}", language)
        elif unit in ("yuan", "percent"):
            texts[name] = format_value(value, unit, None, language, signed=unit == "percent")
        else:
            texts[name] = format_number(value, 1, signed=True)
    return texts
