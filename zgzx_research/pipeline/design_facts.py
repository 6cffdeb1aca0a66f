"""Facts of an outcome's headline by another design, under the names of the main one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.designs.contest import ContestEffects
from zgzx_research.evidence.claims import few_units, reading
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.evidence.sentence_readings import paired_reading
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline.absolute_facts import absolute_facts
from zgzx_research.pipeline.sentence_facts import Question, sentence_facts
from zgzx_research.robustness.summaries import two_sided_p

CONTEST = "contest"
NAMES = {
    "detectable": "mde",
    "n_winners": "n_treated",
    "n_others": "n_comparison",
    "largest_three": "largest_share",
}


def contest_facts(
    outcome: str,
    found: ContestEffects,
    other_base: ContestEffects | None = None,
    asked: Question | None = None,
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
    asked : Question, optional
        What the estimate is held against, as in `sentence_facts`.

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
    reason = "no_size" if np.isinf(found.detectable) else ""
    side = reading(found.ci_low, found.ci_high)
    first, last = (int(event) for event in found.options["window"])  # type: ignore[attr-defined]
    facts |= {
        f"{prefix}.headline.few": fact(few, "text", "design", "estimate"),
        f"{prefix}.headline.reading": fact(side, "text", "estimate", "estimate"),
        f"{prefix}.headline.mde_reason": fact(reason, "text", "estimate", "estimate"),
        f"{prefix}.headline.first_event": fact(first, "count", "design", "estimate"),
        f"{prefix}.headline.last_event": fact(last, "count", "design", "estimate"),
    }
    test = pd.DataFrame([found.pretest])[["statistic", "df", "p_value"]]
    facts |= frame_facts(f"{prefix}.pretest", test, unit)
    if other_base is not None:
        facts |= _base_facts(f"{prefix}.base", paired_z(found, other_base), unit)
    return facts | sentence_facts(facts, prefix, asked)


def _base_facts(prefix: str, z: float, unit: str) -> dict[str, Fact]:
    """Make the facts of the difference between two bases.

    Here the main estimate has the year before in its base and the other has not, so the words are
    about the main one: "lower" where the estimate without that year is above it.
    """
    p_value = two_sided_p(z)
    word = paired_reading(-z, p_value)
    numbers = pd.DataFrame({"z": [z], "p_value": [p_value]})
    return {
        **frame_facts(prefix, numbers, unit),
        f"{prefix}.reading": fact(word, "text", "estimate", "estimate"),
    }


def paired_z(one: ContestEffects, other: ContestEffects) -> float:
    """Return the difference of two estimates of the same firms in its standard errors.

    With ψ the influence of a firm on each estimate, its variance is Σ (ψ_other - ψ_one)².
    """
    apart = other.influence.sub(one.influence, fill_value=0.0)
    error = float(np.sqrt((apart**2).sum()))
    return (other.estimate - one.estimate) / error if error else float("nan")
