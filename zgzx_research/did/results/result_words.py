"""Words for methods, options and roles, and the sample behind a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zgzx_research.did.methods import METHODS

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate
    from zgzx_research.did.results.effects import Effects

OPTION_WORDS: dict[tuple[str, Any], str] = {
    ("scale", "difference"): "differences",
    ("scale", "ratio"): "ratios (0.12 = 12% more than without)",
    ("adjustment", "none"): "no covariates",
    ("adjustment", "doubly_robust"): "doubly robust in covariates",
    ("adjustment", "outcome_regression"): "outcome regression on covariates",
    ("adjustment", "inverse_probability"): "inverse probability weights",
    ("controls", "never_treated"): "compared with the never treated",
    ("controls", "not_yet_treated"): "compared with those not yet treated",
    ("base_period", "universal"): "base: the last period before treatment",
    ("base_period", "varying"): "base: the period before",
    ("base_period", "pooled"): "base: the mean of all periods before treatment",
    ("leave_one_out", True): "standard errors leaving one unit out",
}
NUMBER_WORDS = {
    "anticipation": "periods of anticipation: {}",
    "leave_out": "periods before treatment left out: {}",
    "event_window": "event times {}",
    "folds": "{} folds",
    "seed": "seed {}",
}
SHOWN_ELSEWHERE = (  # in other lines of the summary
    "method",
    "outcome",
    "first_period",
    "last_period",
    "first_label",
    "last_label",
    "step_unit",
    "step_count",
)
ROLE_WORDS = {
    "reference": "base",
    "pre": "before",
    "mixed": "before",
    "post": "after",
    "left_out": "left out",
}
ESTIMAND_WORDS = {
    "group_time": "cell",
    "overall": "summary",
    "cohort": "cohort",
    "event_time": "event time",
    "calendar": "period",
}
OVERALL_WORDS = {  # what R's did calls by the same name
    "overall": "mean over treated units and periods",
    "cohort": "mean over cohorts, by size",
    "event_time": "plain mean over event times from 0",
    "calendar": "plain mean over periods",
}


def effects_of(result: Effects | Aggregate) -> Effects:
    """Return the effects behind a result."""
    return result.effects if hasattr(result, "effects") else result


def method_title(effects: Effects) -> str:
    """Return the method as results name it."""
    method = str(effects.options["method"])
    if method in METHODS:
        return METHODS[method].title
    return method.replace("_", " ").capitalize()


def options_text(options: dict[str, Any]) -> str:
    """Return the options in words, without those that are switched off."""
    words = []
    learned = options.get("outcome_model") or options.get("propensity_model")
    for name, value in options.items():
        if name in SHOWN_ELSEWHERE or (name in ("folds", "seed") and not learned):
            continue
        if isinstance(value, str | bool) and (name, value) in OPTION_WORDS:
            words.append(OPTION_WORDS[name, value])
        elif value:
            words.append(NUMBER_WORDS.get(name, name.replace("_", " ") + ": {}").format(value))
    return "; ".join(words)


def step_text(options: dict[str, Any]) -> str:
    """Return the step of the clock, and the first and the last period as the table writes them."""
    unit, count = options.get("step_unit", "period"), options.get("step_count", 1)
    first, last = options.get("first_label", ""), options.get("last_label", "")
    text = "" if first in ("", str(options["first_period"])) else f": {first} to {last}"
    if (unit, count) == ("period", 1):
        return text
    return f"{text}; step: {unit if count == 1 else f'{count} {unit}s'}"


def treated_units(effects: Effects, count: str = "n_treated") -> int:
    """Units in the cohorts that have estimates.

    Where estimates belong to no cohort, the most behind one of them.
    """
    by_cohort = effects.cells.groupby("cohort")[count].max()
    return int(by_cohort.sum() if len(by_cohort) else effects.cells[count].max())


def treated_clusters(effects: Effects) -> int | None:
    """Treated clusters; None where every unit is its own cluster."""
    same = effects.cells["n_clusters"].equals(effects.cells["n_treated"])
    return None if same else treated_units(effects, "n_clusters")


def comparison_units(effects: Effects) -> int:
    """Return the most comparison units behind one estimate."""
    return int(effects.cells["n_comparison"].max())
