"""The table of the official claims: one row each, with its estimate, certainty and verdict."""

from __future__ import annotations

from collections.abc import Sequence

from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import FactSource
from zgzx_research.report.number_format import MISSING, effect_digits, format_value
from zgzx_research.report.tables.effect_tables import format_interval
from zgzx_research.report.tables.markdown_table import Table, column_words, make_table
from zgzx_research.report.wording import word

COLUMNS = ("claim", "estimate_with_unit", "interval", "claimed", "grade", "verdict")


def claims_table(facts: FactSource, claims: Sequence[Claim], language: str) -> Table:
    """Show what is found about each claim.

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
        A claim without an estimate says why there is none.
    """
    body = [_row(facts, claim, language) for claim in claims]
    caption = word("table.claims", language)
    return make_table("claims", caption, column_words(COLUMNS, language), "lrrrll", body)


def _row(facts: FactSource, claim: Claim, language: str) -> list[str]:
    """Write one claim."""
    key, text = f"claim.{claim.id}", claim.zh if language == "zh" else claim.en
    if not facts.has(f"{key}.estimate"):
        return [text, *[MISSING] * 4, word(f"testable.{claim.testable}", language)]

    found = {
        name: facts.record(f"{key}.{name}")
        for name in ("estimate", "ci_low", "ci_high", "std_error", "claimed_effect", "verdict")
    }
    value = {name: record["value"] for name, record in found.items()}
    unit = found["estimate"]["unit"]
    digits = effect_digits(unit, [value["std_error"]], [value["estimate"]])
    return [
        text,
        format_value(value["estimate"], unit, digits, language, signed=True),
        format_interval(value["ci_low"], value["ci_high"], digits),
        format_value(value["claimed_effect"], unit, None, language, signed=True)
        if value["claimed_effect"] is not None
        else MISSING,
        word(f"grade.{facts.record(f'{key}.grade')['value']}", language),
        word(f"verdict.{value['verdict']}", language),
    ]
