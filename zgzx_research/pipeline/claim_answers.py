"""Facts about the answer to a claim: what was found, what is ruled out, what limits the grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zgzx_research.evidence import verdicts
from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.evidence.grade import grade_rules
from zgzx_research.evidence.verdicts import Finding

FOUND, ALONE, NOT_FOUND = "found", "alone", "none"
# verdict of a primary claim -> what was found; the two without a found effect also ask "alone"
FINDINGS = {
    verdicts.SUPPORTED: FOUND,
    verdicts.INDICATION: FOUND,
    verdicts.OPPOSITE_INDICATION: FOUND,
    verdicts.ASSOCIATED: FOUND,
    verdicts.CONTRADICTED: FOUND,
    verdicts.NO_EFFECT: NOT_FOUND,
    verdicts.INDISTINGUISHABLE: NOT_FOUND,
    verdicts.TOO_FEW: verdicts.TOO_FEW,
    verdicts.NOT_ESTIMABLE: verdicts.NOT_ESTIMABLE,
}
OPPOSITE_ASSOCIATED = f"opposite_{verdicts.ASSOCIATED}"  # found in the other direction
# what the sentence over all primary claims counts -> the answers that count
COUNTED = {
    "supported": (verdicts.SUPPORTED,),
    "signs": (verdicts.INDICATION, verdicts.ASSOCIATED),
    "contradicted": (verdicts.CONTRADICTED,),
    "opposite_signs": (verdicts.OPPOSITE_INDICATION, OPPOSITE_ASSOCIATED),
    "not_found": (verdicts.NO_EFFECT, verdicts.INDISTINGUISHABLE),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about one claim.

    Attributes
    ----------
    claim : Claim
        The claim.
    design : str
        First part of the words of its design, e.g. "contest" or "stay_24".
    finding : Finding
        Its estimate, graded.
    verdict : str
        One of `verdicts.VERDICTS`.
    p_adjusted : float
        Of Holm's method over the primary family; NaN for other claims.
    ci_low, ci_high : float or None
        95 % interval; None where it has no such end.
    unit : str
        Unit of the effect.
    """

    claim: Claim
    design: str
    finding: Finding
    verdict: str
    p_adjusted: float
    ci_low: float | None
    ci_high: float | None
    unit: str

    @property
    def found(self) -> str:
        """Return "found", "alone" (but not with the others), "none", "too_few" or so."""
        low, high = self.ci_low, self.ci_high
        away = (low is not None and low > 0) or (high is not None and high < 0)
        if self.verdict == verdicts.EXPLORATORY:
            if low is None and high is None:
                return verdicts.NOT_ESTIMABLE
            return FOUND if away else NOT_FOUND
        known = FINDINGS[self.verdict]
        alone = self.finding.p_value < grade_rules().verdict.level
        return ALONE if known == NOT_FOUND and alone else known

    @property
    def against(self) -> bool:
        """Whether an effect was found in the direction opposite to the claim."""
        return self.found == FOUND and self.finding.estimate * self.finding.claimed_sign < 0

    @property
    def limits(self) -> list[str]:
        """Return the rules of the grade that are not met."""
        return [step.rule for step in self.finding.grade.steps if not step.met]


def answer_facts(answer: Answer) -> dict[str, Fact]:
    """Make the facts ``claim.<id>.{design,family,finding,side,against,ruled_out_above,…}``.

    Parameters
    ----------
    answer : Answer
        What is known about the claim.

    Returns
    -------
    dict
        Key to fact. Effects are ruled out only where none was found: above the upper end of the
        interval if that is not below zero, and below the lower end if that is not above zero.
    """
    key, claim = f"claim.{answer.claim.id}", answer.claim
    side = "down" if answer.finding.estimate < 0 else "up"
    texts = {
        "verdict": answer.verdict,
        "design": answer.design,
        "family": claim.family,
        "finding": answer.found,
        "side": side,
        "against": answer.against,
        "limits": " ".join(answer.limits),
    }
    facts = {
        f"{key}.{name}": fact(text, "text", "verdict", "estimate") for name, text in texts.items()
    }
    if claim.family == "primary":
        facts[f"{key}.p_adjusted"] = fact(answer.p_adjusted, "number", "estimate", "estimate")
    if answer.found in (ALONE, NOT_FOUND):
        low, high = answer.ci_low, answer.ci_high
        ends = {
            "ruled_out_below": low if low is not None and low <= 0 else None,
            "ruled_out_above": high if high is not None and high >= 0 else None,
        }
        facts |= {
            f"{key}.{name}": fact(end, answer.unit, "estimate", "estimate")
            for name, end in ends.items()
            if end is not None
        }
    return facts


def count_facts(claims: Iterable[Claim], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Fact]:
    """Make the facts ``claims.*``: which claims are primary, and how many have which answer.

    Parameters
    ----------
    claims : iterable of Claim
        The claims ledger.
    found : mapping
        Claim to its facts ``{verdict,against}``, for claims with an estimate.

    Returns
    -------
    dict
        ``claims.primary`` counts all primary claims; ``claims.primary_ids`` and
        ``claims.exploratory_ids`` list those with an estimate, in the order of the ledger.
    """
    asked = list(claims)
    primary = [claim.id for claim in asked if claim.family == "primary"]
    given = [_direction(**found[name]) for name in primary if name in found]
    counts = {name: sum(map(words.__contains__, given)) for name, words in COUNTED.items()}
    counts |= {"all": len(asked), "primary": len(primary)}
    counts["unanswered"] = len(primary) - sum(counts[name] for name in COUNTED)
    facts = {
        f"claims.{name}": fact(n, "count", "verdict", "estimate") for name, n in counts.items()
    }
    for family in ("primary", "exploratory"):
        ids = [claim.id for claim in asked if claim.family == family and claim.id in found]
        facts[f"claims.{family}_ids"] = fact(" ".join(ids), "text", "verdict", "estimate")
    return facts


def _direction(verdict: str, against: bool) -> str:
    """Return the verdict, with its direction where its word does not tell it."""
    opposite = against and verdict == verdicts.ASSOCIATED
    return OPPOSITE_ASSOCIATED if opposite else verdict
