"""The official claims, the verdict on each, and the grade of the evidence by written rules."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.errors import ZgzxError

CLAIM_COLUMNS = ("id", "zh", "en", "testable", "estimand_zh", "estimand_en", "outcome", "source")
TESTABLE = ("causal", "descriptive", "case", "not_attributable")

LEVELS = ("very_low", "low", "moderate", "high")
# level of a design before any rule is applied, after the Maryland scale
START = {"did": "moderate", "rank_discontinuity": "moderate", "before_after": "very_low"}
CAP = "low"  # at most, when the design could not have seen an effect of the claimed size

# Units on either side from which on a difference may be called hard to put down to chance. With
# fewer, a normal interval is too short: with twenty by 7 % (the t quantile is 2.09, not 1.96), with
# ten by 15 %.
ENOUGH_UNITS = 20

# Rule, limit: the grade goes down one step when the measure is below its limit, or asked for and
# unknown.
LIMITS = {
    # Kish's effective number of treated units; normal approximations are poor below
    "effective_treated": 40.0,
    "pretest": 0.05,  # p value of the joint test that nothing differs before treatment
    "linkage": 0.85,  # share of records linked to a unit
}


# Effective treated units below which an interval is given, but no verdict on it: with so few, one
# firm's luck decides (docs/methodology/effective_number.md).
NO_VERDICT = 10.0
TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the claims ledger.

    Attributes
    ----------
    id : str
        Short name.
    zh, en : str
        The claim in Chinese and in English.
    testable : str
        One of `TESTABLE`: what kind of evidence could answer it.
    estimand_zh, estimand_en : str
        What would have to be estimated.
    outcome : str
        Outcome whose facts answer the claim; empty when nothing is estimated.
    source : str
        Where the claim was published.
    """

    id: str
    zh: str
    en: str
    testable: str
    estimand_zh: str
    estimand_en: str
    outcome: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One rule with its arithmetic.

    Attributes
    ----------
    rule : str
        Name of the rule.
    value : float
        The measure.
    limit : float
        What the measure is compared with.
    change : int
        Levels by which the grade changes: 0 or less.
    """

    rule: str
    value: float
    limit: float
    change: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Level of certainty, and every rule that led to it.

    Attributes
    ----------
    level : str
        One of `LEVELS`.
    start : str
        Level of the design before any rule.
    steps : tuple of Step
        The rules applied, in order.
    """

    level: str
    start: str
    steps: tuple[Step, ...]


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Read the claims ledger.

    Parameters
    ----------
    path : Path
        CSV file with the columns `CLAIM_COLUMNS`.

    Returns
    -------
    tuple of Claim
        The claims, in the order of the file.

    Raises
    ------
    ZgzxError
        Other columns, or an unknown word in `testable`.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != CLAIM_COLUMNS:
            remedy = f"The columns are {', '.join(CLAIM_COLUMNS)}."
            raise ZgzxError("the claims ledger has other columns", where=path.name, remedy=remedy)
        claims = tuple(Claim(**row) for row in reader)
    wrong = [claim.id for claim in claims if claim.testable not in TESTABLE]
    if wrong:
        remedy = f"Write one of {', '.join(TESTABLE)}."
        raise ZgzxError(
            "`testable` is unknown",
            where=path.name,
            count=len(wrong),
            examples=wrong,
            remedy=remedy,
        )
    return claims


def verdict(ci_low: float, ci_high: float, claimed_sign: int = 1) -> str:
    """Say what a 95 % interval means for a claim.

    Parameters
    ----------
    ci_low, ci_high : float
        The interval; NaN where there is none.
    claimed_sign : int, default 1
        1 for a claimed rise, -1 for a claimed fall.

    Returns
    -------
    str
        "supported", "contradicted", "indistinguishable" (from zero), or "not_estimable" when there
        is no interval.
    """
    if math.isnan(ci_low) or math.isnan(ci_high):
        return "not_estimable"
    low, high = (ci_low, ci_high) if claimed_sign > 0 else (-ci_high, -ci_low)
    if low > 0:
        return "supported"
    return "contradicted" if high < 0 else "indistinguishable"


def with_enough(found: str, effective_treated: float) -> str:
    """Return a verdict, or "too_few" where fewer than `NO_VERDICT` effective units are behind it.

    Parameters
    ----------
    found : str
        From `verdict`.
    effective_treated : float
        Kish's effective number of treated units; NaN where it is not known.

    Returns
    -------
    str
        "too_few" in place of any verdict but "not_estimable".
    """
    return TOO_FEW if found != "not_estimable" and effective_treated < NO_VERDICT else found


def few_units(n_treated: float, n_comparison: float) -> str:
    """Which side of a comparison has fewer units than ENOUGH_UNITS.

    Parameters
    ----------
    n_treated, n_comparison : float
        Numbers of units; NaN counts as few.

    Returns
    -------
    str
        "", "treated", "comparison" or "both".
    """
    treated, comparison = (not n >= ENOUGH_UNITS for n in (n_treated, n_comparison))
    if treated and comparison:
        return "both"
    return "treated" if treated else "comparison" if comparison else ""


def grade(
    *,
    design: str = "did",
    effective_treated: float | None = None,
    pretest_p: float | None = None,
    linked_share: float | None = None,
    mde: float | None = None,
    claimed_effect: float | None = None,
) -> Grade:
    """Grade the certainty of the evidence by written rules.

    The start is given by the design; each rule that fails costs one level; then the cap applies.

    Parameters
    ----------
    design : str, default "did"
        One of `START`.
    effective_treated, pretest_p, linked_share : float, optional
        Measures of the rules in `LIMITS`: None when the rule does not apply, NaN (which fails) when
        it applies but could not be computed.
    mde, claimed_effect : float, optional
        Minimum detectable and claimed effect in one unit; the cap applies when both are given.

    Returns
    -------
    Grade
        The level and every rule applied.

    Raises
    ------
    ZgzxError
        Unknown design.
    """
    if design not in START:
        raise ZgzxError(
            f"design {design!r} is unknown", where="grade", remedy=f"One of {', '.join(START)}."
        )
    measures = {
        "effective_treated": effective_treated,
        "pretest": pretest_p,
        "linkage": linked_share,
    }

    steps, position = [], LEVELS.index(START[design])
    for rule, limit in LIMITS.items():
        value = measures[rule]
        if value is None:
            continue
        change = -1 if not value >= limit and position > 0 else 0
        position += change
        steps.append(Step(rule, value, limit, change))

    if mde is not None and claimed_effect is not None:
        above = not mde <= claimed_effect
        change = min(0, LEVELS.index(CAP) - position) if above else 0
        position += change
        steps.append(Step("detectable", mde, claimed_effect, change))
    return Grade(LEVELS[position], START[design], tuple(steps))
