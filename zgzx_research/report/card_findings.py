"""What the card of a study says: for each claim a verdict, its estimate and its grade."""

from __future__ import annotations

import re

from zgzx_research.evidence.facts import Facts
from zgzx_research.report.number_format import effect_digits, format_value
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import entries, word, word_or_code

VERDICT = re.compile(r"claim\.(\w+)\.verdict")
EXPLORATORY = "exploratory"  # claims that get no verdict of their own


def card_findings(facts: Facts, language: str) -> list[dict[str, str]]:
    """Return the findings of a study in words and numbers.

    Parameters
    ----------
    facts : Facts
        `claim.<id>.{verdict,estimate,ci_low,ci_high,grade}`.
    language : str
        "zh" or "en".

    Returns
    -------
    list of dict
        "claim", "verdict", "number" and "grade" of each claim with a verdict.
    """
    names = [match[1] for match in map(VERDICT.fullmatch, facts.facts) if match]
    verdicts = {name: facts.get(f"claim.{name}.verdict") for name in names}
    shown = [name for name in names if verdicts[name] != EXPLORATORY]
    return [_finding(facts, name, language) for name in sorted(shown, key=_place)]


def _place(name: str) -> tuple[int, str]:
    """Return the place of a claim: as in wording.toml, others after them by name."""
    known = [key for key in entries() if key.startswith("claim.")]
    key = f"claim.{name}"
    return (known.index(key) if key in known else len(known), name)


def _finding(facts: Facts, name: str, language: str) -> dict[str, str]:
    """Return the texts of one finding."""
    claim = f"claim.{name}"
    level = facts.get(f"{claim}.grade") if facts.has(f"{claim}.grade") else None
    grade = word(f"grade.{level}", language) if level else ""
    return {
        "claim": word_or_code("claim", name, language),
        "verdict": word(f"verdict.{facts.get(f'{claim}.verdict')}", language),
        "number": _number(facts, claim, language),
        "grade": label("card_grade", language, grade=grade) if grade else "",
    }


def _number(facts: Facts, claim: str, language: str) -> str:
    """Write estimate and interval; empty where the estimate may not be shown."""
    records = [facts.record(f"{claim}.{name}") for name in ("estimate", "ci_low", "ci_high")]
    if any(one["value"] is None for one in records):
        return ""
    values = [float(one["value"]) for one in records]
    digits = effect_digits(records[0]["unit"], [(values[2] - values[1]) / 2], values)
    estimate, low, high = (
        format_value(one["value"], one["unit"], digits, language, signed=True, bare=bare)
        for one, bare in zip(records, (False, True, True), strict=True)
    )
    return label("card_number", language, estimate=estimate, low=low, high=high)
