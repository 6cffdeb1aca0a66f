"""Estimate effects by the study file, and make facts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zgzx_research.did.estimate import estimate_effects, options_of
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.evidence.disclosure import blank_few, mean_is_told, shown_event_times
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import (
    UNIT_FACTORS,
    Fact,
    Facts,
    FactSource,
    effect_facts,
    fact,
    unit_of_effects,
    withheld_fact,
)
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.evidence.grade import grade_rules
from zgzx_research.outcomes import OUTCOMES, outcome_row
from zgzx_research.panels.retention import large_enough
from zgzx_research.pipeline.absolute_facts import absolute_facts
from zgzx_research.pipeline.sentence_facts import Question, sentence_facts
from zgzx_research.pipeline.summaries import Summary
from zgzx_research.robustness.leave_largest_out import leave_largest_out
from zgzx_research.robustness.power import NO_ERROR, NO_SIZE
from zgzx_research.study import Study

COLUMNS = {"unit": "firm_id", "period": "year", "first_treated": "first_award"}
REASONS = {NO_SIZE: "no_size", NO_ERROR: "no_error"}  # why there is no detectable effect
TOO_SMALL = "too few staff in the first year seen"


def sample(study: Study, firm_year: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the rows of the panel of firms on which an outcome is estimated."""
    if outcome_row(outcome).sample == "enough_staff":
        return large_enough(firm_year, study.retention.min_staff)
    return firm_year


def left_out_of_sample(study: Study, firm_year: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return ledger rows (step, reason, rows, units) of the firms not in the sample."""
    columns = ["step", "reason", "rows", "units"]
    if outcome_row(outcome).sample == "all_firms":
        return pd.DataFrame(columns=columns)
    used = sample(study, firm_year, outcome)
    gone = firm_year[~firm_year["firm_id"].isin(used["firm_id"])]
    row = ("units", TOO_SMALL, len(gone), gone["firm_id"].nunique())
    return pd.DataFrame([row], columns=columns)


def options(study: Study, outcome: str, spec: str) -> dict[str, Any]:
    """Return the arguments of `estimate_effects` for an outcome and a specification.

    Options that a method does not take are left out, unless the study file asks for them.

    Parameters
    ----------
    study : Study
        The study file.
    outcome : str
        A row of `outcomes.py`.
    spec : str
        A specification of the study file.

    Returns
    -------
    dict
        Names and values of arguments.
    """
    how = study.estimate.specs[spec]
    wanted: dict[str, Any] = {
        "scale": outcome_row(outcome).scale,
        "base_period": study.estimate.base_period(outcome, spec),
        "controls": how.controls,
        "anticipation": how.anticipation,
        "leave_out": how.leave_out,
        "cohort_correction": how.cohort_correction and not how.covariates,
        "adjustment": how.adjustment,
    }
    takes, asked = options_of(how.method), how.model_fields_set
    kept = {name: value for name, value in wanted.items() if name in takes or name in asked}
    if wanted["scale"] != "difference":
        kept["scale"] = wanted["scale"]  # a method without ratios must refuse a count
    if how.method == "group_time" and how.adjustment == "none":
        del kept["adjustment"]
    return kept if how.method == "group_time" else {"method": how.method, **kept}


def estimate(study: Study, firm_year: pd.DataFrame, outcome: str, spec: str) -> Effects:
    """Estimate the effects of one outcome and specification from the panel of firms."""
    panel = prepared(study, firm_year, outcome, spec)
    return estimate_effects(panel, **options(study, outcome, spec))


def prepared(study: Study, firm_year: pd.DataFrame, outcome: str, spec: str) -> PreparedPanel:
    """Return the panel that one outcome and specification are estimated on."""
    used = sample(study, firm_year, outcome)
    covariates = study.estimate.specs[spec].covariates
    panel = prepare_panel(used, outcome=outcome, covariates=covariates, **COLUMNS)
    return in_memory(panel, "the pages of a report")


def without_largest_facts(
    study: Study, firm_year: pd.DataFrame, outcome: str, spec: str, seed: int
) -> dict[str, Fact]:
    """Make the facts `….without_largest.*`: the headline without the three largest firms.

    Parameters
    ----------
    study, firm_year, outcome, spec
        As in `estimate`.
    seed : int
        Of simultaneous bands.

    Returns
    -------
    dict
        estimate, std_error, ci_low and ci_high; small numbers hidden.
    """
    window, events = study.estimate.event_window, study.estimate.headline_events
    panel, how = prepared(study, firm_year, outcome, spec), options(study, outcome, spec)
    row = headline(leave_largest_out(panel, how, window=events), events, window, seed)
    scale = outcome_row(outcome).scale
    found = effect_facts(outcome, spec, "overall", blank_few(row), scale, share=is_share(outcome))
    prefix = f"{outcome}.{spec}"
    return {
        f"{prefix}.without_largest.{name}": found[f"{prefix}.overall.{name}"]
        for name in ("estimate", "std_error", "ci_low", "ci_high")
    }


def headline(
    effects: Effects, events: tuple[int, int], window: tuple[int, int], seed: int
) -> pd.DataFrame:
    """Return one row: the mean effect over the headline's event times."""
    event = effects.aggregate("event_time", min_event=window[0], max_event=window[1], seed=seed)
    return event.window(*events)


def summary_facts(
    summary: Summary,
    outcome: str,
    spec: str,
    events: tuple[int, int] | None = None,
    asked: Question | None = None,
) -> dict[str, Fact]:
    """Make all facts of one outcome and specification.

    Parameters
    ----------
    summary : Summary
        Frames of the estimation.
    outcome, spec : str
        The first two parts of the names of the facts.
    events : tuple of int, optional
        Event times of the headline; None where it is the mean over all treated periods.
    asked : Question, optional
        What the estimate is held against, as in `sentence_facts`.

    Returns
    -------
    dict
        Key to fact, small numbers hidden.
    """
    frames = {
        "overall": blank_few(summary.overall),
        "headline": blank_few(summary.headline),
        "event_time": shown_event_times(summary.event_time),
    }
    for name in ("overall", "headline"):
        told = mean_is_told(frames[name], frames["event_time"])
        frames[name] = frames[name].assign(base_mean_withheld=told)
    facts: dict[str, Fact] = {}
    share = is_share(outcome)
    for name, frame in frames.items():
        facts |= effect_facts(outcome, spec, name, frame, summary.scale, share=share)
    shown = summary.event_time.query("role == 'post'")["event_time"]
    first, last = events or (int(shown.min()), int(shown.max()))
    prefix = f"{outcome}.{spec}"
    facts[f"{prefix}.headline.first_event"] = fact(first, "count", "design", "estimate")
    facts[f"{prefix}.headline.last_event"] = fact(last, "count", "design", "estimate")
    facts |= _strength_facts(summary, prefix)
    facts |= _few_fact(facts, summary.effective.number, f"{prefix}.headline")
    facts |= frame_facts(f"{prefix}.headline", summary.tests, unit_of_effects(summary.scale, share))
    if events:
        facts |= absolute_facts(facts, f"{prefix}.headline", summary.counterfactual_mean)
    facts |= _pretest_facts(summary, prefix, share=share)
    return facts | sentence_facts(facts, prefix, asked)


def _strength_facts(summary: Summary, prefix: str) -> dict[str, Fact]:
    """Make the facts of how much the headline rests on: effective number, largest, what is seen.

    The share of the three largest is a measure of dominance. It is withheld where so few are
    treated that it tells much about the others.
    """
    effective, treated = summary.effective, int(summary.headline["n_treated"].iloc[0])
    shown = treated > 2 * rules().firms  # the largest three, as many again, and more
    values = {
        "effective_number": (effective.number, "number"),
        "largest_share": (effective.largest_share, "share"),
    }
    facts = {
        f"{prefix}.headline.{name}": fact(value, unit, "estimate", "estimate")
        if shown
        else withheld_fact(unit, "estimate", "estimate")
        for name, (value, unit) in values.items()
    }
    reason = REASONS.get(summary.mde.reason, "")
    facts[f"{prefix}.headline.mde_reason"] = fact(reason, "text", "estimate", "estimate")
    return facts


def _few_fact(facts: Mapping[str, Fact], number: float, key: str) -> dict[str, Fact]:
    """Make the fact of which side is few; "largest" where a few large units decide."""
    few = facts[f"{key}.few"]["value"]
    if few == "" and number < grade_rules().verdict.too_few:
        few = "largest"
    return {f"{key}.few": fact(few, "text", "design", "estimate")}


def _pretest_facts(summary: Summary, prefix: str, *, share: bool) -> dict[str, Fact]:
    """Make the facts of the tests before treatment: together, and in two bins."""
    unit = unit_of_effects(summary.scale, share)
    left_out = int(summary.options.get("leave_out", 0))
    facts = {f"{prefix}.pretest.left_out": fact(left_out, "count", "design", "estimate")}
    for key, test in (("pretest", summary.pretest), ("pretest.two_bins", summary.two_bins)):
        numbers = {
            "statistic": (float(test["statistic"]), "number"),
            "df": (int(test["df"]), "count"),
            "p_value": (float(test["p_value"]), "number"),
            "slope_detectable": (UNIT_FACTORS[unit] * float(test["slope_detectable"]), unit),
        }
        facts |= {
            f"{prefix}.{key}.{name}": fact(value, unit_of_value, "estimate", "estimate")
            for name, (value, unit_of_value) in numbers.items()
        }
    return facts


def is_share(outcome: str) -> bool:
    """Whether an outcome is a share (0..1); outcomes of other panels are plain numbers."""
    return outcome in OUTCOMES and OUTCOMES[outcome].unit == "share"


def headline_spec(study: Study, facts: FactSource, outcome: str) -> str:
    """Return the primary design of an outcome; "main" where the data could not carry it."""
    primary = study.estimate.primary_design(outcome)
    return primary if facts.has(f"{outcome}.{primary}.headline.estimate") else "main"


def kept_pairs(facts: Facts) -> list[tuple[str, str]]:
    """List (outcome, specification) of all kept estimates: shares first, main ones first."""
    ending = ".headline.estimate"
    pairs: Sequence[list[str]] = [
        key.removesuffix(ending).split(".") for key in facts.facts if key.endswith(ending)
    ]
    return sorted(
        ((outcome, spec) for outcome, spec in pairs),
        key=lambda pair: (not is_share(pair[0]), pair[0], pair[1] != "main", pair[1]),
    )
