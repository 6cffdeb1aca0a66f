"""Numbers of treated units beside those of an earlier report.

If 71 firms were treated in last year's estimate and 72 are in today's, 72 times the mean at the
base less 71 times the earlier one is the outcome of the firm that came. So a number that changed by
few is blank, and the mean at the base with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.earlier_counts import EarlierCounts
from zgzx_research.evidence.facts import Fact, withheld_fact

TREATED = "n_treated"
FROM_MEAN = (
    "base_mean",
    "counterfactual_mean",
    "absolute",
    "absolute_error",
    "absolute_low",
    "absolute_high",
    "absolute_mde",
)


def told_event_times(event_time: pd.DataFrame, before: EarlierCounts, prefix: str) -> pd.DataFrame:
    """Mark the event times whose number of treated units tells too much (column told).

    Parameters
    ----------
    event_time : DataFrame
        Columns event_time, n_treated, and any others.
    before : EarlierCounts
        What the earlier report showed.
    prefix : str
        "<outcome>.<spec>", the first parts of the names of the facts.
    """
    least = rules().firms
    told = [
        before.tells(f"{prefix}.event_time.e{int(time):+d}.{TREATED}", int(number), least)
        for time, number in zip(event_time["event_time"], event_time[TREATED], strict=True)
    ]
    return event_time.assign(told=told) if any(told) else event_time


def withhold_told(facts: Mapping[str, Fact], before: EarlierCounts) -> dict[str, Fact]:
    """Return the facts of estimates that must be withheld: the number, and what the mean tells.

    Parameters
    ----------
    facts : Mapping
        Facts of an estimation.
    before : EarlierCounts
        What the earlier report showed.
    """
    found: dict[str, Fact] = {}
    for key, record in facts.items():
        stem, _, name = key.rpartition(".")
        now = record["value"]
        if name != TREATED or now is None or not before.tells(key, now, rules().firms):
            continue
        for also in (TREATED, *FROM_MEAN):
            one = f"{stem}.{also}"
            if one in facts:
                found[one] = withheld_fact(facts[one]["unit"], "estimate", "estimate")
    return found
