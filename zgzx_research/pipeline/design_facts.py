"""Facts of an outcome's headline by another design, under the names of the main one."""

from __future__ import annotations

import pandas as pd

from zgzx_research.designs.contest import ContestEffects
from zgzx_research.evidence.claims import few_units, reading
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.outcomes import outcome_row

CONTEST = "contest"
NAMES = {
    "detectable": "mde",
    "n_winners": "n_treated",
    "n_others": "n_comparison",
    "largest_three": "largest_share",
}


def contest_facts(outcome: str, found: ContestEffects) -> dict[str, Fact]:
    """Make the facts ``<outcome>.contest.{headline,pretest}.*``.

    Parameters
    ----------
    outcome : str
        A row of `outcomes.py`.
    found : ContestEffects
        From `contest_effects`.

    Returns
    -------
    dict
        Key to fact, small numbers withheld.
    """
    prefix, unit = f"{outcome}.{CONTEST}", outcome_row(outcome).effect_unit
    row = found.to_frame().rename(columns=NAMES)
    facts = frame_facts(f"{prefix}.headline", row, unit)
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
    return facts | frame_facts(f"{prefix}.pretest", test, unit)
