"""The official claims, and what an interval says by itself."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.errors import ZgzxError

CLAIM_COLUMNS = (
    "id",
    "zh",
    "en",
    "testable",
    "estimand_zh",
    "estimand_en",
    "outcome",
    "family",
    "sign",
    "claimed_effect",
    "source",
)
FAMILIES = ("primary", "exploratory", "")
TESTABLE = ("causal", "descriptive", "case", "not_attributable")

# Units on either side from which on a difference may be called hard to put down to chance. With
# fewer, a normal interval is too short: with twenty by 7 % (the t quantile is 2.09, not 1.96), with
# ten by 15 %.
ENOUGH_UNITS = 20


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
        Outcome whose facts answer the claim: a row of `outcomes.py`, or the first two parts of the
        facts of another design, e.g. "stay_24.persons"; empty when nothing is estimated.
    family : str
        One of `FAMILIES`: claims of the primary family are tested together and get a verdict.
    sign : int
        1 for a claimed rise, -1 for a claimed fall.
    claimed_effect : float
        Size of the claimed effect where the study file and `outcomes.py` do not say it; NaN.
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
    family: str
    sign: int
    claimed_effect: float
    source: str


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
        claims = tuple(_claim(row) for row in reader)
    for name, known in (("testable", TESTABLE), ("family", FAMILIES)):
        wrong = [claim.id for claim in claims if getattr(claim, name) not in known]
        if wrong:
            raise ZgzxError(
                f"`{name}` is unknown",
                where=path.name,
                count=len(wrong),
                examples=wrong,
                remedy=f"Write one of {', '.join(text or 'nothing' for text in known)}.",
            )
    return claims


def _claim(row: Mapping[str, str]) -> Claim:
    """Make a claim from a line of the file."""
    numbers = {
        "sign": int(row["sign"] or 1),
        "claimed_effect": float(row["claimed_effect"] or "nan"),
    }
    return Claim(**{**row, **numbers})  # type: ignore[arg-type]


def reading(ci_low: float, ci_high: float) -> str:
    """Say on which side of zero a 95 % interval lies; this is not a verdict on a claim.

    Parameters
    ----------
    ci_low, ci_high : float
        The interval; NaN where there is none.

    Returns
    -------
    str
        "above", "below", "indistinguishable" (from zero), or "not_estimable" without an interval.
    """
    if math.isnan(ci_low) or math.isnan(ci_high):
        return "not_estimable"
    if ci_low > 0:
        return "above"
    return "below" if ci_high < 0 else "indistinguishable"


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
