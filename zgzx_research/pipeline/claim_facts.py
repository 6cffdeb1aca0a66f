"""Grade and verdict of each official claim, from the facts that the pages keep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Fact, Facts, fact, grade_facts, is_withheld
from zgzx_research.evidence.grade import grade, grade_rules
from zgzx_research.evidence.sentence_readings import side_of_zero
from zgzx_research.evidence.verdicts import Finding, adjusted_p_values, claim_verdicts
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline.claim_answers import Answer, answer_facts, count_facts
from zgzx_research.pipeline.estimates import headline_spec
from zgzx_research.pipeline.next_steps import next_step_facts
from zgzx_research.pipeline.questions import years_to_window
from zgzx_research.robustness.negative_controls import declared_controls
from zgzx_research.study import Study

# rule -> fact of the estimate that is its measure
MEASURED = {
    "pretest": "pretest.p_value",
    "pretest_two_bins": "pretest.two_bins.p_value",
    "base_sensitivity": "base.z",
}
SHOWN = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "mde", "effective_number")
WORDS = ("detection",)
ABSOLUTE = ("absolute", "absolute_error", "absolute_low", "absolute_high", "counterfactual_mean")


def claim_facts(
    study: Study, facts: Facts, claims: Iterable[Claim], linkage: tuple[float, bool]
) -> dict[str, Fact]:
    """Make the facts ``claim.<id>.{estimate,…,grade,verdict,…}``, ``claims.*`` and ``next.*``.

    Parameters
    ----------
    study : Study
        The study file: the design of each outcome's headline, and the claimed effects.
    facts : Facts
        Facts of all pages.
    claims : iterable of Claim
        The claims ledger.
    linkage : tuple of float and bool
        Share of linked award records, and whether it may be shown.

    Returns
    -------
    dict
        Key to fact; ``claim.<id>.*`` for claims whose estimate the study has.
    """
    asked = list(claims)
    prefixes = {claim.id: estimate_of(claim, study, facts) for claim in asked}
    answered = [
        claim
        for claim in asked
        if prefixes[claim.id] and facts.has(f"{numbers_of(prefixes[claim.id])}.estimate")
    ]
    family = [claim.id for claim in asked if claim.family == "primary"]
    adjusted = _adjusted(answered, prefixes, facts, len(family))
    found: dict[str, Fact] = {}
    findings: dict[str, Finding] = {}
    for claim in answered:
        prefix = prefixes[claim.id]
        seen = _is_found(facts, numbers_of(prefix), adjusted.get(claim.id))
        findings[claim.id] = _finding(claim, prefix, study, facts, linkage, found=seen)
        found |= _shown(claim.id, prefix, facts, findings[claim.id], linkage)
    verdicts = claim_verdicts(findings, family)
    found |= _answers(answered, findings, verdicts, adjusted, found)
    answers = {
        name: {word: found[f"claim.{name}.{word}"]["value"] for word in ("verdict", "against")}
        for name in findings
    }
    found |= count_facts(asked, answers)
    grades = {name: one.grade for name, one in findings.items() if name in family}
    return found | next_step_facts(facts, grades)


def _adjusted(
    claims: Iterable[Claim], prefixes: Mapping[str, str], facts: Facts, planned: int
) -> dict[str, float]:
    """Return the p value of each primary claim, adjusted for all that were planned."""
    tested = {
        claim.id: _number(facts, f"{numbers_of(prefixes[claim.id])}.p_value")
        for claim in claims
        if claim.family == "primary"
    }
    return adjusted_p_values(tested, planned)


def _answers(
    claims: Iterable[Claim],
    findings: Mapping[str, Finding],
    verdicts: Mapping[str, str],
    adjusted: Mapping[str, float],
    shown: Mapping[str, Fact],
) -> dict[str, Fact]:
    """Make the facts of verdicts and answers; `shown` holds the facts of the estimates."""
    found: dict[str, Fact] = {}
    for claim in claims:
        key = f"claim.{claim.id}"
        first, _, second = str(shown[f"{key}.from"]["value"]).partition(".")
        low, high = (
            shown[f"{key}.{end}"]["value"] if f"{key}.{end}" in shown else None
            for end in ("ci_low", "ci_high")
        )
        answer = Answer(
            claim=claim,
            design=second if first in OUTCOMES else first,
            finding=findings[claim.id],
            verdict=verdicts[claim.id],
            p_adjusted=adjusted.get(claim.id, math.nan),
            ci_low=low,
            ci_high=high,
            unit=shown[f"{key}.estimate"]["unit"],
        )
        found |= answer_facts(answer)
    return found


def estimate_of(claim: Claim, study: Study, facts: Facts) -> str:
    """Return the first two parts of the facts of the estimate that answers a claim; "" for none.

    Where the data could not carry an outcome's primary design, it is the specification "main".
    """
    if claim.outcome not in OUTCOMES:
        return claim.outcome
    return f"{claim.outcome}.{headline_spec(study, facts, claim.outcome)}"


def numbers_of(prefix: str) -> str:
    """Return the first parts of the names of an estimate's own numbers."""
    return f"{prefix}.headline" if prefix.split(".")[0] in OUTCOMES else prefix


def _is_found(facts: Facts, numbers: str, p_adjusted: float | None) -> bool:
    """Whether an effect was found, by the test that also gives the verdict.

    A primary claim is tested with the others of its family; any other goes by its interval.
    """
    if p_adjusted is not None:
        return p_adjusted < grade_rules().verdict.level
    low, high = (_number(facts, f"{numbers}.{end}") for end in ("ci_low", "ci_high"))
    return side_of_zero(low, high) in ("above", "below")


def _finding(
    claim: Claim,
    prefix: str,
    study: Study,
    facts: Facts,
    linkage: tuple[float, bool],
    *,
    found: bool,
) -> Finding:
    """Gather the estimate of a claim and grade it."""
    number = _numbers(facts, numbers_of(prefix))
    claimed = _claimed(claim, study, facts.record(f"{numbers_of(prefix)}.estimate")["unit"])
    measures = _measures(claim, prefix, study, facts) | {
        "effective_treated": number["effective_number"],
    }
    if found:
        measures |= _of_finding(prefix, facts)
    else:
        measures["detectable"] = number["mde"]
    return Finding(
        estimate=number["estimate"],
        p_value=number["p_value"],
        equivalence_low=number["equivalence_low"],
        equivalence_high=number["equivalence_high"],
        claimed_effect=claimed,
        claimed_sign=claim.sign,
        effective_treated=number["effective_number"],
        grade=grade(
            {**measures, "linkage": linkage[0]},
            claimed_effect=None if math.isnan(claimed) else claimed,
        ),
    )


def _claimed(claim: Claim, study: Study, unit: str) -> float:
    """Return the claimed effect; NaN where it is in another unit than the estimate."""
    if claim.outcome not in OUTCOMES:
        return claim.claimed_effect
    same = unit == OUTCOMES[claim.outcome].effect_unit
    return study.estimate.claimed_effect(claim.outcome) if same else math.nan


def _measures(claim: Claim, prefix: str, study: Study, facts: Facts) -> dict[str, float | None]:
    """Return the measure of each rule that the study has; a rule without one does not apply."""
    found: dict[str, float | None] = {
        rule: abs(_number(facts, f"{prefix}.{name}"))
        for rule, name in MEASURED.items()
        if facts.has(f"{prefix}.{name}")
    }
    flips = f"{claim.outcome}.main.curve.sign_flips"  # the curve is about the outcome
    if facts.has(flips):
        found["sign_flips"] = _number(facts, flips)
    slope = f"{prefix}.pretest.slope_detectable"
    if facts.has(slope):
        found["pretest_power"] = abs(_number(facts, slope)) * years_to_window(study)
    controls = _controls(claim, facts)
    if controls:  # one that could not be estimated says nothing; if none could, nor do they all
        known = [p for p in controls if not math.isnan(p)]
        found["negative_controls"] = min(known, default=math.nan)
    return found


def _of_finding(prefix: str, facts: Facts) -> dict[str, float | None]:
    """Return the measure of the rule that is asked of a found effect only."""
    breakdown = f"{prefix}.sensitivity.breakdown"
    return {"breakdown": _number(facts, breakdown)} if facts.has(breakdown) else {}


def _controls(claim: Claim, facts: Facts) -> list[float]:
    """Return adjusted p values of the negative controls whose outcome is of the claim's unit."""
    if claim.outcome not in OUTCOMES:
        return []
    unit = OUTCOMES[claim.outcome].unit
    keys = [
        f"controls.{control.name}.p_adjusted"
        for control in declared_controls()
        if OUTCOMES[control.outcome].unit == unit
    ]
    return [_number(facts, key) for key in keys if facts.has(key)]


def _shown(
    name: str, prefix: str, facts: Facts, one: Finding, linkage: tuple[float, bool]
) -> dict[str, Fact]:
    """Return the facts of a claim that its page shows."""
    numbers = numbers_of(prefix)
    shown = {
        f"claim.{name}.{key}": dict(facts.record(f"{numbers}.{key}"))
        for key in (*SHOWN, *WORDS, *ABSOLUTE)
        if facts.has(f"{numbers}.{key}")
    }
    unit = facts.record(f"{numbers}.estimate")["unit"]
    number = f"{numbers}.effective_number"
    few = facts.has(number) and is_withheld(facts.record(number))
    hidden = [*([] if linkage[1] else ["linkage"]), *(["effective_treated"] if few else [])]
    shown[f"claim.{name}.claimed_effect"] = fact(one.claimed_effect, unit, "design", "study")
    shown[f"claim.{name}.from"] = fact(prefix, "text", "design", "study")
    return shown | grade_facts("claim", name, one.grade, unit, withheld=hidden)


def _numbers(facts: Facts, prefix: str) -> Mapping[str, float]:
    """Return numbers of an estimate; NaN where there is none."""
    names = (*SHOWN, "equivalence_low", "equivalence_high")
    return {name: _number(facts, f"{prefix}.{name}") for name in names}


def _number(facts: Facts, key: str) -> float:
    """Return a number; NaN where it is missing or unknown."""
    value = facts.get(key) if facts.has(key) else None
    return math.nan if value is None else float(value)
