"""Summary of one estimation for pages and facts: overall, headline, event times, cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from zgzx_research.did.core.concentration import EffectiveNumber
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.robustness.power import (
    MinimumDetectableEffect,
    minimum_detectable_effect,
)
from zgzx_research.robustness.summaries import summary_row

EQUIVALENCE = 0.9  # level whose interval holds two one-sided tests at 5 %


@dataclass(frozen=True)
class Summary:
    """Frames of one estimation, as `Aggregate.to_frame` gives them.

    Attributes
    ----------
    overall, headline : DataFrame
        One row each.
    event : Aggregate
        The event study over the event times shown.
    event_time : DataFrame
        Its frame, a row per event time.
    cohort : DataFrame or None
        A row per cohort; None for a method without effects by cohort.
    effective : EffectiveNumber
        How few treated units the headline rests on.
    mde : MinimumDetectableEffect
        Of the headline.
    counterfactual_mean : float
        Mean outcome of the treated in the headline's window without treatment, per unit and
        period; NaN on the difference scale.
    tests : DataFrame
        One row: p_value of the test that the headline is zero, and its 90 % interval,
        equivalence_low and equivalence_high.
    pretest, two_bins : dict
        statistic, df, p_value, note, form, slope_detectable of the joint test before treatment, and
        of the test of two bins.
    ledger : DataFrame
        step, reason, rows, units of what was left out.
    options : dict
        Arguments of the estimation.
    """

    overall: pd.DataFrame
    headline: pd.DataFrame
    event: Aggregate
    event_time: pd.DataFrame
    cohort: pd.DataFrame | None
    effective: EffectiveNumber
    mde: MinimumDetectableEffect
    counterfactual_mean: float
    tests: pd.DataFrame
    pretest: dict[str, Any]
    two_bins: dict[str, Any]
    ledger: pd.DataFrame
    options: dict[str, Any]

    @property
    def scale(self) -> str:
        """Scale of the effects: "difference" or "ratio"."""
        return self.options.get("scale", "difference")


def summarise(
    effects: Effects,
    window: tuple[int | None, int | None],
    seed: int,
    events: tuple[int, int] | None = None,
) -> Summary:
    """Summarise effects for pages and facts.

    Parameters
    ----------
    effects : Effects
        From `estimate_effects`.
    window : tuple
        First and last event time shown; None for no limit.
    seed : int
        Seed of the draws behind simultaneous intervals.
    events : tuple of int, optional
        Event times of the headline; None for the mean over all treated periods.

    Returns
    -------
    Summary
        Frames of the estimation.
    """
    event = effects.aggregate("event_time", min_event=window[0], max_event=window[1], seed=seed)
    whole = effects.aggregate("overall", seed=seed)
    overall = whole.to_frame()
    return Summary(
        overall=overall,
        headline=overall if events is None else event.window(*events),
        event=event,
        event_time=event.to_frame(),
        cohort=_by_cohort(effects, seed),
        effective=event.effective_number(events) if events else whole.effective_number(),
        mde=minimum_detectable_effect(event if events else whole, events),
        counterfactual_mean=(event if events else whole).counterfactual_mean(events),
        tests=_tests(effects, event, events),
        pretest=event.pretest(),
        two_bins=event.pretest(two_bins=True),
        ledger=effects.ledger[["step", "reason", "rows", "units"]],
        options=effects.options,
    )


def _by_cohort(effects: Effects, seed: int) -> pd.DataFrame | None:
    """Return effects by cohort; None for a method without them."""
    shown = effects.cells["role"].isin(("post", "static"))
    if effects.cells.loc[shown, "cohort"].isna().any():
        return None
    return effects.aggregate("cohort", seed=seed).to_frame()


def _tests(effects: Effects, event: Aggregate, events: tuple[int, int] | None) -> pd.DataFrame:
    """Return p value and 90 % interval of the headline."""
    row = summary_row(effects, events or "overall")
    whole = effects.aggregate("event_time" if events else "overall", level=EQUIVALENCE)
    narrow = (whole.window(*events) if events else whole.to_frame()).iloc[0]
    values = {"p_value": row["p_value"]}
    values |= {"equivalence_low": narrow["ci_low"], "equivalence_high": narrow["ci_high"]}
    return pd.DataFrame([values])
