"""From a panel to effects and from effects to facts.

The part that studies and `zgzx analyse` share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.evidence.claims import grade
from zgzx_research.evidence.disclosure import blank_few, enough_firms
from zgzx_research.evidence.facts import Fact, effect_facts, fact, grade_facts
from zgzx_research.pipeline.summaries import Summary, summarise


def estimate(
    table: pd.DataFrame,
    roles: dict[str, str],
    options: dict[str, Any],
    left_out: tuple | None = None,
) -> Effects:
    """Effects of one outcome and specification; `roles` names the columns as `prepare_panel` does.

    `left_out` is a row for the ledger on what the caller left out of `table` beforehand.
    """
    panel = prepare_panel(table, **roles)
    if left_out is not None:
        before = pd.DataFrame([left_out], columns=panel.ledger.columns)
        panel = replace(
            panel,
            ledger=pd.concat([before, panel.ledger], ignore_index=True)
            if len(panel.ledger)
            else before,
        )
    return estimate_effects(panel, **options)


def event_study(effects: Effects, window: tuple[int, int], seed: int) -> Aggregate:
    """The event study over the event times shown."""
    return effects.aggregate("event_time", min_event=window[0], max_event=window[1], seed=seed)


def headline(
    effects: Effects, events: tuple[int, int] | None, window: tuple[int, int], seed: int
) -> pd.DataFrame:
    """One row: the mean over the headline's event times.

    When none are set, the overall effect on the treated.
    """
    if events is None:
        return effects.aggregate("overall", seed=seed).to_frame()
    return event_study(effects, window, seed).window(*events)


def estimate_facts(
    effects: Effects,
    outcome: str,
    spec: str,
    *,
    events: tuple[int, int] | None,
    window: tuple[int, int],
    seed: int,
) -> dict[str, Fact]:
    """All facts of one outcome and specification."""
    return summary_facts(summarise(effects, window, seed, events), outcome, spec, events)


def summary_facts(
    summary: Summary, outcome: str, spec: str, events: tuple[int, int] | None = None
) -> dict[str, Fact]:
    """All facts of one outcome and specification, from what was summarised of it."""
    scale = summary.options.get("scale", "difference")
    frames = {
        "overall": blank_few(summary.overall),
        "headline": blank_few(summary.headline),
        "event_time": enough_firms(summary.event_time),
    }
    facts: dict[str, Fact] = {}
    for name, frame in frames.items():
        facts |= effect_facts(outcome, spec, name, frame, scale)
    shown = summary.event_time.query("role == 'post'")["event_time"]
    first, last = events or (int(shown.min()), int(shown.max()))
    prefix = f"{outcome}.{spec}"
    facts[f"{prefix}.headline.first_event"] = fact(first, "count", "design", "estimate")
    facts[f"{prefix}.headline.last_event"] = fact(last, "count", "design", "estimate")
    test = summary.pretest
    facts[f"{prefix}.pretest.statistic"] = fact(
        float(test["statistic"]), "number", "estimate", "estimate"
    )
    facts[f"{prefix}.pretest.df"] = fact(int(test["df"]), "count", "estimate", "estimate")
    facts[f"{prefix}.pretest.p_value"] = fact(
        float(test["p_value"]), "number", "estimate", "estimate"
    )
    return facts


def graded(
    facts: dict[str, Fact],
    outcome: str,
    spec: str,
    *,
    claimed: Mapping[str, float],
    linked_share: float | None,
    withheld: Collection[str] = (),
) -> dict[str, Fact]:
    """Grade facts of one outcome and specification, from its own facts and the design's.

    claimed : unit -> size of the effect claimed; an effect in another unit is held against no
        claim.
    withheld : rules whose measure may not be shown.
    """
    prefix = f"{outcome}.{spec}"
    detectable = facts[f"{prefix}.headline.mde"]
    test = facts[f"{prefix}.pretest.p_value"]["value"]
    nan, size = float("nan"), claimed.get(detectable["unit"])
    treated = facts[f"{prefix}.headline.n_treated"]["value"]
    few = [] if treated is not None else ["effective_treated"]
    result = grade(
        effective_treated=nan if treated is None else float(treated),
        pretest_p=nan if test is None else test,
        linked_share=linked_share,
        mde=(nan if detectable["value"] is None else detectable["value"])
        if size is not None
        else None,
        claimed_effect=size,
    )
    return grade_facts(outcome, spec, result, detectable["unit"], withheld=[*withheld, *few])
