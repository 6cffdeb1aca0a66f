"""The estimate that answers a claim, from any three panels, by the settings of a study.

The same functions with the same arguments as on the pages, so that a panel of an earlier year, or a
panel cut to earlier years, is estimated as the report of today would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from zgzx_research.designs.contest import contest_effects
from zgzx_research.designs.precision_weights import precision_weights
from zgzx_research.designs.winners_and_finalists import winners_and_finalists
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import OUTCOMES, outcome_row
from zgzx_research.pipeline import estimates
from zgzx_research.study import Study

STAY = "stay_"  # claims about persons: stay_24.persons
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]
ADJUSTED = ("tenure_months",)  # of persons, as on the page about them


@dataclass(frozen=True)
class Panels:
    """The panels of a study.

    Attributes
    ----------
    firm_year, firm_entries, worker_final : DataFrame
        A row per firm and year; per firm and contest; per person and edition.
    """

    firm_year: pd.DataFrame
    firm_entries: pd.DataFrame
    worker_final: pd.DataFrame


def claim_estimate(study: Study, panels: Panels, prefix: str) -> pd.DataFrame:
    """Estimate what answers a claim.

    Parameters
    ----------
    study : Study
        Settings of the estimation.
    panels : Panels
        The data.
    prefix : str
        The first two parts of the names of the claim's facts: outcome and design, e.g.
        "patents_invention.contest", or "stay_24.persons".

    Returns
    -------
    DataFrame
        One row: estimate, std_error, ci_low, ci_high (proportions, or shares), n_treated and
        n_comparison.

    Raises
    ------
    ZgzxError
        The data cannot carry the design; or no such claim estimate is known.
    """
    outcome, design = prefix.split(".")
    if outcome.startswith(STAY):
        return _stay(panels, f"retention_{outcome.removeprefix(STAY)}_group", design)
    if outcome not in OUTCOMES or design not in DESIGNS:
        known = ", ".join([*DESIGNS, f"{STAY}24.persons"])
        raise ZgzxError(f"no estimate {prefix!r}", where="changes", remedy=f"Known: {known}.")
    return DESIGNS[design](study, panels, outcome)


def unit_of(prefix: str) -> str:
    """Return the unit of the facts of an estimate that answers a claim."""
    outcome = prefix.split(".")[0]
    return outcome_row(outcome).effect_unit if outcome in OUTCOMES else "percentage_point"


def complete_years(firm_year: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the rows of years of which all patents are published; all rows of other outcomes."""
    complete = f"{outcome}_complete"
    if complete not in firm_year:
        return firm_year
    return firm_year[firm_year[complete].fillna(False).astype(bool)]


def _main(study: Study, panels: Panels, outcome: str) -> pd.DataFrame:
    """Return the mean over the headline's years, as `page.keep` keeps it."""
    return _headline(study, estimates.estimate(study, panels.firm_year, outcome, "main"))


def _contest(study: Study, panels: Panels, outcome: str) -> pd.DataFrame:
    """Return the effect of winning among the entrants of an edition."""
    found = contest_effects(
        complete_years(panels.firm_year, outcome),
        panels.firm_entries,
        outcome=outcome,
        scale=outcome_row(outcome).scale,
        window=study.estimate.headline_events,
    )
    counts = {"n_winners": "n_treated", "n_others": "n_comparison"}
    return found.to_frame().rename(columns=counts)[[*NUMBERS, *counts.values()]]


def _precision(study: Study, panels: Panels, outcome: str) -> pd.DataFrame:
    """Return the headline of all firms, weighted by what their staff can say."""
    how = estimates.options(study, outcome, "main")
    weights = precision_weights(
        panels.firm_year, share=outcome, leave_out=how.get("leave_out", 0)
    ).weight
    weighted = panels.firm_year.assign(weight=weights).dropna(subset="weight")
    panel = prepare_panel(weighted, outcome=outcome, weights="weight", **estimates.COLUMNS)
    return _headline(study, estimate_effects(panel, **{**how, "base_period": "pooled"}))


def _headline(study: Study, effects: estimates.Effects) -> pd.DataFrame:
    """Return the mean effect over the headline's event times."""
    how = study.estimate
    row = estimates.headline(effects, how.headline_events, how.event_window, study.study.seed)
    return row[[*NUMBERS, "n_treated", "n_comparison"]].reset_index(drop=True)


def _stay(panels: Panels, column: str, weighting: str) -> pd.DataFrame:
    """Return winners less other finalists; the design refuses too few by itself."""
    found = winners_and_finalists(panels.worker_final, column, covariates=ADJUSTED)
    frame = found.to_frame()
    row = frame[frame["weighting"].eq(weighting)].reset_index(drop=True)
    persons = found.arms.set_index("arm")["persons"]
    return row[NUMBERS].assign(n_treated=persons["winner"], n_comparison=persons["finalist"])


DESIGNS: Mapping[str, Callable[[Study, Panels, str], pd.DataFrame]] = {
    "main": _main,
    "contest": _contest,
    "precision": _precision,
}
