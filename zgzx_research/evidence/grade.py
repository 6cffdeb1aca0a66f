"""Grade the certainty of evidence by the written rules of grade.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from zgzx_research.errors import ZgzxError

CLAIMED = "claimed_effect"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of grade.toml.

    Attributes
    ----------
    name : str
        Name of the rule and of its measure.
    unit : str
        "number", "share", "p_value", or "effect": the unit of the effects.
    reason : str
        Why the rule stands.
    at_least, at_most : float or str, optional
        Limit of the measure; "claimed_effect" is the effect that is claimed.
    down : int
        Levels by which the grade goes down when the rule is not met.
    cap : str
        Highest level that is left when the rule is not met.
    """

    name: str
    unit: str
    reason: str
    at_least: float | str | None = None
    at_most: float | str | None = None
    down: int = 0
    cap: str = ""

    def limit(self, claimed_effect: float | None) -> float | None:
        """Return the limit; None where it is the claimed effect and nothing is claimed."""
        limit = self.at_most if self.at_least is None else self.at_least
        return claimed_effect if limit == CLAIMED else limit  # type: ignore[return-value]

    def is_met(self, value: float, limit: float) -> bool:
        """Whether a measure keeps the limit; NaN does not."""
        return value <= limit if self.at_least is None else value >= limit


@dataclass(frozen=True, slots=True)
class VerdictRules:
    """Limits of the verdicts on claims (`verdicts.py`).

    Attributes
    ----------
    level : float
        Size of all tests of the primary family together.
    too_few : float
        Effective number of treated units below which there is no verdict.
    firm_from : str
        Lowest level of certainty at which a found effect supports or contradicts a claim; below it
        the effect is an indication only.
    gates : tuple of str
        Rules that must be met before a found effect is called one of the programme.
    """

    level: float
    too_few: float
    firm_from: str
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules.

    Attributes
    ----------
    levels : tuple of str
        Levels of certainty, the lowest first.
    start : mapping
        Design to its level before any rule.
    rules : tuple of Rule
        The rules, in their order.
    verdict : VerdictRules
        Limits of the verdicts.
    """

    levels: tuple[str, ...]
    start: Mapping[str, str]
    rules: tuple[Rule, ...]
    verdict: VerdictRules


@dataclass(frozen=True, slots=True)
class Step:
    """One rule with its arithmetic.

    Attributes
    ----------
    rule : str
        Name of the rule.
    unit : str
        Unit of the measure, as in `Rule`.
    value : float
        The measure.
    limit : float
        What the measure is compared with.
    met : bool
        Whether the rule is met.
    change : int
        Levels by which the grade changes: 0 or less.
    """

    rule: str
    unit: str
    value: float
    limit: float
    met: bool
    change: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Level of certainty, and every rule that led to it.

    Attributes
    ----------
    level : str
        One of the levels.
    start : str
        Level of the design before any rule.
    steps : tuple of Step
        The rules applied, in order.
    """

    level: str
    start: str
    steps: tuple[Step, ...]


@functools.cache
def grade_rules() -> Rules:
    """Read the rules of grade.toml."""
    text = files("zgzx_research.evidence").joinpath("grade.toml").read_text("utf-8")
    data = tomllib.loads(text)
    rules = tuple(Rule(**row) for row in data["rule"])
    limits = data["verdict"]
    verdict = VerdictRules(**{**limits, "gates": tuple(limits["gates"])})
    return Rules(tuple(data["levels"]), data["start"], rules, verdict)


def grade(
    measures: Mapping[str, float | None],
    *,
    claimed_effect: float | None = None,
    design: str = "did",
) -> Grade:
    """Grade the certainty of the evidence by the rules of grade.toml.

    Parameters
    ----------
    measures : mapping of str to float or None
        Measure of each rule. A rule that is not named, or whose measure is None, does not apply;
        NaN says that it applies and could not be computed, and is not met.
    claimed_effect : float, optional
        Effect that is claimed, in the unit of the effects; rules about it apply only where one is.
    design : str, default "did"
        A design under ``[start]``.

    Returns
    -------
    Grade
        The level and every rule applied.

    Raises
    ------
    ZgzxError
        Unknown design or measure.
    """
    known = grade_rules()
    _refuse_unknown("design", [design], known.start)
    _refuse_unknown("measure", measures, [rule.name for rule in known.rules])

    position, steps = known.levels.index(known.start[design]), []
    for rule in known.rules:
        value, limit = measures.get(rule.name), rule.limit(claimed_effect)
        if value is None or limit is None:
            continue
        met = rule.is_met(value, limit)
        change = 0 if met else _change(rule, position, known.levels)
        position += change
        steps.append(Step(rule.name, rule.unit, value, limit, met, change))
    return Grade(known.levels[position], known.start[design], tuple(steps))


def _change(rule: Rule, position: int, levels: tuple[str, ...]) -> int:
    """Return by how many levels a rule that is not met changes the grade."""
    if rule.cap:
        return min(0, levels.index(rule.cap) - position)
    return -min(rule.down, position)


def _refuse_unknown(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that grade.toml does not have."""
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ZgzxError(
            f"{what} {unknown[0]!r} is unknown",
            where="grade",
            remedy=f"One of {', '.join(known)}.",
        )
