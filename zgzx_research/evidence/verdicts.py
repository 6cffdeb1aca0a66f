"""The verdict on each claim, from the one estimate that the study names for it.

The claims of the primary family are tested together, at 5 % for all of them (Holm, 1979). An
estimate of another claim is exploratory: it is shown, and has no verdict. So no table of many
outcomes, specifications or years can say "supported" by chance.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from zgzx_research.evidence.grade import Grade, VerdictRules, grade_rules
from zgzx_research.robustness.multiple_testing import holm

NOT_ESTIMABLE = "not_estimable"
TOO_FEW = "too_few"
SUPPORTED, CONTRADICTED = "supported", "contradicted"
# found, by evidence too uncertain for the two above: in the claimed direction, and in the other
INDICATION, OPPOSITE_INDICATION = "indication", "opposite_indication"
ASSOCIATED = "associated"  # found, but a check says that the cause is not established
NO_EFFECT = "no_effect_of_interest"
INDISTINGUISHABLE = "indistinguishable"
EXPLORATORY = "exploratory"
VERDICTS = (
    SUPPORTED,
    INDICATION,
    OPPOSITE_INDICATION,
    ASSOCIATED,
    CONTRADICTED,
    NO_EFFECT,
    INDISTINGUISHABLE,
    EXPLORATORY,
    TOO_FEW,
    NOT_ESTIMABLE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The one estimate that answers a claim.

    Attributes
    ----------
    estimate : float
        Estimated effect.
    p_value : float
        Of the test that there is no effect, two-sided.
    equivalence_low, equivalence_high : float
        90 % interval, in the unit of the effect: two one-sided tests at 5 %.
    claimed_effect : float
        Size of the claimed effect, above zero.
    claimed_sign : int
        1 for a claimed rise, -1 for a claimed fall.
    effective_treated : float
        Kish's effective number of treated units.
    grade : Grade
        The rules applied to the estimate.
    """

    estimate: float
    p_value: float
    equivalence_low: float
    equivalence_high: float
    claimed_effect: float
    claimed_sign: int
    effective_treated: float
    grade: Grade


def claim_verdicts(findings: Mapping[str, Finding], family: Collection[str]) -> dict[str, str]:
    """Return the verdict on each claim.

    Parameters
    ----------
    findings : mapping of str to Finding
        Claim to its estimate.
    family : collection of str
        Claims of the primary family; each is tested, also where its estimate is missing.

    Returns
    -------
    dict
        Claim to one of `VERDICTS`.
    """
    tested = {name: one.p_value for name, one in findings.items() if name in family}
    adjusted = adjusted_p_values(tested, len(family))
    return {
        name: _verdict(one, adjusted[name]) if name in family else EXPLORATORY
        for name, one in findings.items()
    }


def adjusted_p_values(p_values: Mapping[str, float], tests: int) -> dict[str, float]:
    """Adjust p values for several tests by Holm's method.

    Parameters
    ----------
    p_values : mapping of str to float
        The p values; NaN where a test could not be made.
    tests : int
        Number of tests that were planned. One that could not be made counts as one.

    Returns
    -------
    dict
        Adjusted p values; NaN stays.
    """
    known = {name: p for name, p in p_values.items() if not math.isnan(p)}
    if not known:
        return dict(p_values)
    planned = [*known.values(), *[1.0] * (tests - len(known))]
    adjusted = holm(planned)["p_adjusted"].tolist()
    return {**p_values, **dict(zip(known, adjusted, strict=False))}


def _verdict(one: Finding, p_value: float) -> str:
    """Return the verdict on a claim of the primary family."""
    rules = grade_rules().verdict
    if math.isnan(p_value) or math.isnan(one.estimate):
        return NOT_ESTIMABLE
    if not one.effective_treated >= rules.too_few:
        return TOO_FEW
    if p_value < rules.level:
        return _found(one, rules)
    inside = max(-one.equivalence_low, one.equivalence_high) < one.claimed_effect
    return NO_EFFECT if inside else INDISTINGUISHABLE


def _found(one: Finding, rules: VerdictRules) -> str:
    """Return the verdict on an effect that is hard to put down to chance.

    How firm it is follows the grade, as the verb of the sentence does. The detectable effect takes
    no part: it says what a design could have seen, and here something was seen.
    """
    failed = any(step.rule in rules.gates and not step.met for step in one.grade.steps)
    if failed:
        return ASSOCIATED
    levels = grade_rules().levels
    firm = levels.index(one.grade.level) >= levels.index(rules.firm_from)
    if one.estimate * one.claimed_sign < 0:
        return CONTRADICTED if firm else OPPOSITE_INDICATION
    return SUPPORTED if firm else INDICATION
