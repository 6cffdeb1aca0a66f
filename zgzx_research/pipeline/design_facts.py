"""Facts of an outcome's headline by another design, under the names of the main one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.designs.contest import ContestEffects
from zgzx_research.evidence.claims import few_units, reading
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline.absolute_facts import absolute_facts

CONTEST = "contest"
NAMES = {
    "detectable": "mde",
    "n_winners": "n_treated",
    "n_others": "n_comparison",
    "largest_three": "largest_share",
}


def contest_facts(
    outcome: str, found: ContestEffects, other_base: ContestEffects | None = None
) -> dict[str, Fact]:
    """Make the facts ``<outcome>.contest.{headline,pretest,base}.*``.

    Parameters
    ----------
    outcome : str
        A row of `outcomes.py`.
    found : ContestEffects
        From `contest_effects`.
    other_base : ContestEffects, optional
        The same with another base, for the paired difference between the two.

    Returns
    -------
    dict
        Key to fact, small numbers withheld.
    """
    prefix, unit = f"{outcome}.{CONTEST}", outcome_row(outcome).effect_unit
    row = found.to_frame().rename(columns=NAMES)
    facts = frame_facts(f"{prefix}.headline", row, unit)
    facts |= absolute_facts(facts, f"{prefix}.headline", found.counterfactual_mean)
    few = few_units(found.n_winners, found.n_others)
    side = reading(found.ci_low, found.ci_high)
    first, last = (int(event) for event in found.options["window"])  # type: ignore[attr-defined]
    facts |= {
        f"{prefix}.headline.few": fact(few, "text", "design", "estimate"),
        f"{prefix}.headline.reading": fact(side, "text", "estimate", "estimate"),
        f"{prefix}.headline.mde_reason": fact("", "text", "estimate", "estimate"),
        f"{prefix}.headline.first_event": fact(first, "count", "design", "estimate"),
        f"{prefix}.headline.last_event": fact(last, "count", "design", "estimate"),
    }
    test = pd.DataFrame([found.pretest])[["statistic", "df", "p_value"]]
    facts |= frame_facts(f"{prefix}.pretest", test, unit)
    if other_base is not None:
        paired = pd.DataFrame({"z": [paired_z(found, other_base)]})
        facts |= frame_facts(f"{prefix}.base", paired, unit)
    return facts


def paired_z(one: ContestEffects, other: ContestEffects) -> float:
    """Return the difference of two estimates of the same firms in its standard errors.

    With ψ the influence of a firm on each estimate, its variance is Σ (ψ_other - ψ_one)².
    """
    apart = other.influence.sub(one.influence, fill_value=0.0)
    error = float(np.sqrt((apart**2).sum()))
    return (other.estimate - one.estimate) / error if error else float("nan")
