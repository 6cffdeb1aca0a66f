"""The official claims as rows: what their tables and their plot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import FactSource, is_withheld
from zgzx_research.report.number_format import effect_digits, format_number, format_value
from zgzx_research.report.wording import entries, from_data, word


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim with an estimate, in the unit of the effect; None where a number is missing.

    Attributes
    ----------
    claim : Claim
        The claim.
    unit : str
        "percent", "percentage_point" or "number".
    estimate, std_error, ci_low, ci_high : float or None
        Estimate, standard error and 95 % interval.
    claimed : float or None
        The effect that is claimed, with its sign.
    ruled_out_below, ruled_out_above : float or None
        What the interval rules out where no effect was found.
    verdict, grade, finding, design : str
        Facts ``claim.<id>.*`` of these names.
    withheld : bool
        Whether the estimate may not be shown.
    """

    claim: Claim
    unit: str
    estimate: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    claimed: float | None
    ruled_out_below: float | None
    ruled_out_above: float | None
    verdict: str
    grade: str
    finding: str
    design: str
    withheld: bool = False

    @property
    def primary(self) -> bool:
        """Whether the claim belongs to the primary family."""
        return self.claim.family == "primary"

    @property
    def digits(self) -> int:
        """Digits after the point of the estimate and its interval."""
        return effect_digits(self.unit, [self.std_error], [self.estimate])

    def name(self, language: str, family: str = "claim") -> str:
        """Return the claim's name in a family of words, or its whole text without one."""
        key = f"{family}.{self.claim.id}"
        if key in entries():
            return word(key, language)
        return from_data(self.claim.zh if language == "zh" else self.claim.en)

    def number(self, value: float | None, language: str, *, bare: bool = False) -> str:
        """Write an effect with its sign and unit; bare: without a unit in words."""
        if self.withheld:
            return word("withheld", language)
        text = format_value(value, self.unit, self.digits, language, signed=True, bare=bare)
        own = f"claim_unit.{self.claim.id}"
        named = self.unit == "number" and own in entries() and value is not None and not bare
        return text + word(own, language) if named else text

    def end(self, value: float | None) -> str:
        """Write one end of the interval, without the unit."""
        return format_number(value, self.digits, signed=True)


def claim_rows(facts: FactSource, claims: Sequence[Claim]) -> list[ClaimRow]:
    """Make a row of each claim with an estimate.

    Parameters
    ----------
    facts : FactSource
        Facts ``claim.<id>.*``.
    claims : sequence of Claim
        The claims, in the order of the rows.

    Returns
    -------
    list of ClaimRow
        Rows of the claims that have an estimate.
    """
    return [_row(facts, claim) for claim in claims if facts.has(f"claim.{claim.id}.estimate")]


def _row(facts: FactSource, claim: Claim) -> ClaimRow:
    """Read the facts of one claim."""

    def value(name: str, otherwise: Any = None) -> Any:
        key = f"claim.{claim.id}.{name}"
        return facts.record(key)["value"] if facts.has(key) else otherwise

    estimate = facts.record(f"claim.{claim.id}.estimate")
    claimed = value("claimed_effect")
    return ClaimRow(
        claim=claim,
        unit=estimate["unit"],
        estimate=estimate["value"],
        std_error=value("std_error"),
        ci_low=value("ci_low"),
        ci_high=value("ci_high"),
        claimed=None if claimed is None else claim.sign * claimed,
        ruled_out_below=value("ruled_out_below"),
        ruled_out_above=value("ruled_out_above"),
        verdict=value("verdict", ""),
        grade=value("grade", ""),
        finding=value("finding", ""),
        design=value("design", ""),
        withheld=is_withheld(estimate),
    )
