"""Facts that decide which sentence a page says about an estimate: `evidence/sentence_readings.py`.

The numbers are those that the page has kept; this adds one word for each question a sentence asks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.evidence import sentence_readings as readings
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.evidence.grade import grade_rules
from zgzx_research.pipeline.refused import Refused
from zgzx_research.robustness.base_sensitivity import PairedDifference
from zgzx_research.robustness.specification_curve import SpecificationCurve

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Question:
    """What an estimate is held against.

    Attributes
    ----------
    role : str
        "primary", "exploratory" or "single": see `sentence_readings.finding`.
    claimed : float
        Claimed effect in the unit of the effects; NaN where nothing is claimed.
    family : int
        Number of primary claims.
    years : float
        Years from the last year of the base to the middle of the headline's window.
    """

    role: str = "single"
    claimed: float = NAN
    family: int = 1
    years: float = NAN


def sentence_facts(
    facts: Mapping[str, Fact], prefix: str, asked: Question | None = None
) -> dict[str, Fact]:
    """Make the facts that choose the sentences about one estimate.

    Parameters
    ----------
    facts : mapping
        Facts ``<prefix>.{headline,pretest}.*`` of the estimate.
    prefix : str
        First two parts of the names: outcome and specification.
    asked : Question, optional
        What it is held against; default a single question without a claim.

    Returns
    -------
    dict
        ``<prefix>.headline.{role,side,finding,detection,claimed_effect,claimed_reading}`` and
        ``<prefix>.pretest.{reading,carried,power}``.
    """
    asked = asked or Question()
    headline, pretest = f"{prefix}.headline", f"{prefix}.pretest"
    unit = facts[f"{headline}.estimate"]["unit"]
    low, high, p_value = (
        _number(facts, f"{headline}.{name}") for name in ("ci_low", "ci_high", "p_value")
    )
    side = readings.side_of_zero(low, high)
    words = {
        f"{headline}.role": asked.role,
        f"{headline}.side": side,
        f"{headline}.finding": readings.finding(side, asked.role, p_value, asked.family),
        f"{headline}.detection": readings.detection(
            side,
            _number(facts, f"{headline}.estimate"),
            p_value,
            high,
            _detectable(facts, headline),
        ),
        f"{headline}.claimed_reading": readings.claimed_reading(low, high, asked.claimed),
        f"{pretest}.reading": readings.pretest_reading(
            _number(facts, f"{pretest}.p_value"), _number(facts, f"{pretest}.df")
        ),
    }
    carried = asked.years * abs(_number(facts, f"{pretest}.slope_detectable"))
    words[f"{pretest}.power"] = readings.pretest_power(carried, asked.claimed)
    numbers = {f"{headline}.claimed_effect": asked.claimed, f"{pretest}.carried": carried}
    return {
        **{key: fact(word, "text", "estimate", "estimate") for key, word in words.items()},
        **{key: fact(value, unit, "design", "estimate") for key, value in numbers.items()},
    }


def compared_facts(
    prefix: str, unit: str, found: PairedDifference | SpecificationCurve | Refused
) -> dict[str, Fact]:
    """Make the facts of a paired difference or of a specification curve."""
    if isinstance(found, SpecificationCurve):
        return curve_facts(prefix, unit, found.summary())
    return paired_facts(prefix, unit, found)


def paired_facts(prefix: str, unit: str, found: PairedDifference | Refused) -> dict[str, Fact]:
    """Make the facts ``<prefix>.{estimate,ci_low,ci_high,z,p_value,reading}`` of two estimates.

    Parameters
    ----------
    prefix : str
        First parts of the names, e.g. "patents_invention.main.base".
    unit : str
        Unit of the effects.
    found : PairedDifference or Refused
        The other estimate less the main one; of a refusal nothing is kept.

    Returns
    -------
    dict
        Key to fact. On the ratio scale the estimate is the ratio of the two, less one.
    """
    if isinstance(found, Refused):
        return {}
    row = found.to_frame()
    ends = {"estimate": found.difference, "ci_low": found.ci_low, "ci_high": found.ci_high}
    values = {
        name: float(np.expm1(value)) if found.scale == "log_ratio" else value
        for name, value in ends.items()
    }
    numbers = pd.DataFrame([values | {name: row[name].iloc[0] for name in ("z", "p_value")}])
    word = readings.paired_reading(found.difference, found.p_value)
    return {
        **frame_facts(prefix, numbers, unit),
        f"{prefix}.reading": fact(word, "text", "estimate", "estimate"),
    }


def curve_facts(prefix: str, unit: str, summary: pd.DataFrame) -> dict[str, Fact]:
    """Make the facts ``<prefix>.{specifications,lowest,…,sign_flips,limit,reading}`` of a curve.

    Parameters
    ----------
    prefix : str
        First parts of the names, e.g. "patents_invention.main.curve".
    unit : str
        Unit of the effects.
    summary : DataFrame
        One row, from `SpecificationCurve.summary`.

    Returns
    -------
    dict
        Key to fact; `limit` is that of the written rule on the grade.
    """
    limit = next(float(one.at_most or 0) for one in grade_rules().rules if one.name == "sign_flips")
    word = readings.sign_reading(float(summary["sign_flips"].iloc[0]), limit)
    return {
        **frame_facts(prefix, summary, unit),
        f"{prefix}.limit": fact(limit, "share", "design", "estimate"),
        f"{prefix}.reading": fact(word, "text", "estimate", "estimate"),
    }


def _detectable(facts: Mapping[str, Fact], headline: str) -> float:
    """Return the minimum detectable effect: infinite where no effect of any size is found."""
    no_size = facts[f"{headline}.mde_reason"]["value"] == "no_size"
    return math.inf if no_size else _number(facts, f"{headline}.mde")


def _number(facts: Mapping[str, Fact], key: str) -> float:
    """Return a number; NaN where it is missing or unknown."""
    value = facts[key]["value"] if key in facts else None
    return NAN if value is None else float(value)
