"""How many winning firms stand in the headline of each outcome, by its design."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zgzx_research.designs.contest import contest_effects
from zgzx_research.designs.precision_weights import precision_weights
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline import estimates
from zgzx_research.study import Study


@dataclass(frozen=True, slots=True)
class HeadlineCount:
    """Winning firms of one outcome.

    Attributes
    ----------
    firms : frozenset of str
        Firms of the panel that the design may use.
    last_year : int
        Last year in which the outcome is known; firms need years after the award.
    treated : int
        Winning firms in the headline; 0 where the data cannot carry it.
    """

    firms: frozenset[str]
    last_year: int
    treated: int


def headline_count(
    study: Study, firm_year: pd.DataFrame, firm_entries: pd.DataFrame, outcome: str
) -> HeadlineCount:
    """Count the winning firms in the headline of an outcome.

    The design is the primary one of the study file; the main specification takes its place where
    the data cannot carry it, as on the pages that estimate.

    Parameters
    ----------
    study : Study
        The study file.
    firm_year, firm_entries : pandas.DataFrame
        The panel of firms, and their entries by contest.
    outcome : str
        A row of `outcomes.py`.

    Returns
    -------
    HeadlineCount
        Firms, last year, and how many are in the headline.
    """
    design = study.estimate.primary_design(outcome)
    asked = {"contest": _contest, "precision": _precision}
    if design in asked:
        try:
            return asked[design](study, firm_year, firm_entries, outcome)
        except ZgzxError:
            pass
    try:
        return _main(study, firm_year, outcome)
    except ZgzxError:
        return _counted(estimates.sample(study, firm_year, outcome), outcome, 0)


def _main(study: Study, firm_year: pd.DataFrame, outcome: str) -> HeadlineCount:
    effects = estimates.estimate(study, firm_year, outcome, "main")
    sample = estimates.sample(study, firm_year, outcome)
    return _counted(sample, outcome, _treated(study, effects))


def _precision(
    study: Study, firm_year: pd.DataFrame, firm_entries: pd.DataFrame, outcome: str
) -> HeadlineCount:
    options = estimates.options(study, outcome, "main")
    weights = precision_weights(firm_year, share=outcome, leave_out=options.get("leave_out", 0))
    weighted = firm_year.assign(weight=weights.weight).dropna(subset="weight")
    panel = prepare_panel(weighted, outcome=outcome, weights="weight", **estimates.COLUMNS)
    effects = estimate_effects(panel, **{**options, "base_period": "pooled"})
    return _counted(firm_year, outcome, _treated(study, effects))


def _contest(
    study: Study, firm_year: pd.DataFrame, firm_entries: pd.DataFrame, outcome: str
) -> HeadlineCount:
    complete = firm_year[firm_year[f"{outcome}_complete"].fillna(False).astype(bool)]
    found = contest_effects(
        complete,
        firm_entries,
        outcome=outcome,
        scale=outcome_row(outcome).scale,
        window=study.estimate.headline_events,
    )
    return _counted(complete, outcome, found.n_winners)


def _treated(study: Study, effects: Effects) -> int:
    events, window = study.estimate.headline_events, study.estimate.event_window
    row = estimates.headline(effects, events, window, study.study.seed)
    return int(row["n_treated"].iloc[0])


def _counted(panel: pd.DataFrame, outcome: str, treated: int) -> HeadlineCount:
    known = panel.loc[panel[outcome].notna(), "year"]
    last = int(known.max()) if len(known) else int(panel["year"].min())
    return HeadlineCount(frozenset(panel["firm_id"].unique()), last, treated)
