"""Tables of single facts: size of the panel, arithmetic of the grade, stamp of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zgzx_research.evidence.facts import FactSource, is_withheld
from zgzx_research.report.number_format import format_detectable, format_value
from zgzx_research.report.tables.markdown_table import Table, column_words, make_table
from zgzx_research.report.wording import entries, word, word_or_code

# digits after the point of measures that are plain numbers; others have their unit's own
RULE_DIGITS = {"pretest": 3, "pretest_two_bins": 3, "negative_controls": 3, "linkage": 1}
NUMBER_DIGITS = 1


def panel_table(facts: FactSource, names: Sequence[str], language: str) -> Table:
    """Show the facts ``panel.<name>``, one row each.

    Parameters
    ----------
    facts : FactSource
        The facts of a study.
    names : Sequence of str
        Which of them; they are shown in the order of `wording.toml`.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    ordered = sorted(names, key=_place_in_wording("panel"))
    body = [
        [
            word(f"panel.{name}", language),
            _fact_text(facts.record(f"panel.{name}"), None, language),
        ]
        for name in ordered
    ]
    columns = column_words(("item", "value"), language)
    return make_table("panel", word("table.panel", language), columns, "lr", body)


def _place_in_wording(family: str) -> Callable[[str], int]:
    """Make a sort key: known names as in `wording.toml`, then the others as they come."""
    known = {key: place for place, key in enumerate(entries())}
    return lambda name: known.get(f"{family}.{name}", len(known))


def _fact_text(record: Mapping[str, Any], digits: int | None, language: str) -> str:
    if is_withheld(record):
        return word("withheld", language)
    return format_value(record["value"], record["unit"], digits, language)


def grade_table(
    facts: FactSource, outcome: str, spec: str, rules: Sequence[str], language: str
) -> Table:
    """Show how a grade was reached: start, each rule with measure and limit, final level.

    Parameters
    ----------
    facts : FactSource
        The facts of a study.
    outcome, spec : str
        Outcome and specification of the grade.
    rules : Sequence of str
        Names of the rules applied, in order (``.grade_rule.<rule>.*`` are facts).
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    prefix = f"{outcome}.{spec}.grade"
    start, level = (
        word(f"grade.{facts.record(key)['value']}", language) for key in (f"{prefix}_start", prefix)
    )

    body = [[word("grade_rule.start", language), "", "", start]]
    for rule in rules:
        value, limit, change = (
            facts.record(f"{prefix}_rule.{rule}.{name}") for name in ("value", "limit", "change")
        )
        steps = -change["value"]
        digits = RULE_DIGITS.get(rule, NUMBER_DIGITS if value["unit"] == "number" else None)
        line = [
            word(f"grade_rule.{rule}", language),
            _measured(facts, (outcome, spec), rule, digits, language),
            _fact_text(limit, digits, language),
            word("grade_rule.down", language, steps=steps)
            if steps
            else word("grade_rule.kept", language),
        ]
        body.append(line)
    body.append([word("grade_rule.final", language), "", "", level])

    claim = outcome == "claim"  # then the second part is the claim
    label = word_or_code("claim" if claim else "outcome", spec if claim else outcome, language)
    columns = column_words(("rule", "measured", "limit", "effect_on_grade"), language)
    return make_table("grade", word("table.grade", language, outcome=label), columns, "lrrl", body)


def _measured(
    facts: FactSource, names: tuple[str, str], rule: str, digits: int | None, language: str
) -> str:
    """Write the measure of a rule; a detectable effect beside the interval it belongs to."""
    prefix = ".".join(names)
    record = facts.record(f"{prefix}.grade_rule.{rule}.value")
    numbers = prefix if names[0] == "claim" else f"{prefix}.headline"
    ends = [f"{numbers}.{end}" for end in ("ci_low", "ci_high")]
    if rule != "detectable" or is_withheld(record) or not all(map(facts.has, ends)):
        return _fact_text(record, digits, language)
    low, high = (facts.record(end)["value"] for end in ends)
    return format_detectable(record["value"], (low, high), record["unit"], digits, language)


def stamp_table(stamp: Mapping[str, object], language: str) -> Table:
    """Show version, digests, seed and whatever else makes a run repeatable.

    Parameters
    ----------
    stamp : Mapping
        Name -> value; a name without words is shown itself.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    body = [
        [word_or_code("stamp", key, language), format_value(stamp[key], "text", language=language)]
        for key in sorted(stamp, key=_place_in_wording("stamp"))
    ]
    columns = column_words(("item", "value"), language)
    return make_table("stamp", word("table.stamp", language), columns, "ll", body)
