"""How many winning firms stand in the headline of each outcome, by its design."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import estimates
from zgzx_research.pipeline.claim_estimates import Panels, claim_estimate, complete_years
from zgzx_research.study import Study

MAIN = "main"


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
    panels = Panels(firm_year, firm_entries, pd.DataFrame())
    for design in dict.fromkeys((study.estimate.primary_design(outcome), MAIN)):
        try:
            row = claim_estimate(study, panels, f"{outcome}.{design}")
        except ZgzxError:
            continue
        return _counted(_used(study, firm_year, outcome, design), outcome, row["n_treated"].iloc[0])
    return _counted(_used(study, firm_year, outcome, MAIN), outcome, 0)


def _used(study: Study, firm_year: pd.DataFrame, outcome: str, design: str) -> pd.DataFrame:
    """Return the rows of the panel that a design may use."""
    if design == "contest":
        return complete_years(firm_year, outcome)
    return firm_year if design == "precision" else estimates.sample(study, firm_year, outcome)


def _counted(panel: pd.DataFrame, outcome: str, treated: int) -> HeadlineCount:
    known = panel.loc[panel[outcome].notna(), "year"]
    last = int(known.max()) if len(known) else int(panel["year"].min())
    return HeadlineCount(frozenset(panel["firm_id"].unique()), last, int(treated))
