"""What to do next: from what the data lack, and from the rules that hold the grade down."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.evidence.facts import Fact, FactSource, fact
from zgzx_research.evidence.grade import Grade, Step, grade_rules

NOTHING_LACKS = "repeat"  # the step where nothing is missing and every rule is met


@dataclass(frozen=True, slots=True)
class NextStep:
    """One row of next_steps.toml.

    Attributes
    ----------
    name : str
        Its words are ``next_step.<name>``.
    absent : tuple of str
        Facts ``absent.<name>`` of which one is enough to name the step.
    rules : tuple of str
        Rules of the grade of which one that is not met is enough.
    """

    name: str
    absent: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@functools.cache
def known_steps() -> tuple[NextStep, ...]:
    """Read next_steps.toml."""
    text = Path(__file__).with_name("next_steps.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["step"]
    return tuple(
        NextStep(row["name"], tuple(row.get("absent", ())), tuple(row.get("rules", ())))
        for row in rows
    )


def next_step_facts(facts: FactSource, grades: Mapping[str, Grade]) -> dict[str, Fact]:
    """Make the facts ``next.steps`` and ``next.<step>.claims``.

    Parameters
    ----------
    facts : FactSource
        Facts of all pages, for ``absent.*``.
    grades : mapping
        Primary claim to the grade of its estimate.

    Returns
    -------
    dict
        The names of the steps, separated by blanks: first what is missing, then what would raise
        the grades by most levels; and for each of the latter the claims whose rule is not met.
    """
    missing = [
        step.name
        for step in known_steps()
        if any(facts.has(f"absent.{name}") for name in step.absent)
    ]
    open_rules = {step: _claims_of(step, grades) for step in known_steps() if step.rules}
    needed = [step for step, claims in open_rules.items() if claims]
    needed.sort(key=lambda step: -_levels_gained(step.rules, grades))
    names = [*missing, *(step.name for step in needed)] or [NOTHING_LACKS]

    found = {"next.steps": fact(" ".join(names), "text", "verdict", "estimate")}
    for step in needed:
        claims = " ".join(open_rules[step])
        found[f"next.{step.name}.claims"] = fact(claims, "text", "verdict", "estimate")
    return found


def _claims_of(step: NextStep, grades: Mapping[str, Grade]) -> list[str]:
    """List the claims for which a rule of a step is not met."""
    return [
        claim
        for claim, one in grades.items()
        if any(rule.rule in step.rules and not rule.met for rule in one.steps)
    ]


def _levels_gained(rules: Collection[str], grades: Mapping[str, Grade]) -> int:
    """Count the levels by which all grades together would rise if these rules were met."""
    levels = grade_rules().levels
    return sum(
        _level(one, [step for step in one.steps if step.rule not in rules])
        - levels.index(one.level)
        for one in grades.values()
    )


def _level(one: Grade, steps: Collection[Step]) -> int:
    """Return the place of the level that only some rules of a grade lead to."""
    levels, rules = grade_rules().levels, {rule.name: rule for rule in grade_rules().rules}
    place = levels.index(one.start)
    for step in steps:
        rule = rules[step.rule]
        if step.met:
            continue
        place = min(place, levels.index(rule.cap)) if rule.cap else max(0, place - rule.down)
    return place
