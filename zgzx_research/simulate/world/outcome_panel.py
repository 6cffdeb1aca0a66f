"""Firm-year panels straight from the model, without files and dirt, for proofs and tutorials."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import (
    Contest,
    simulate_contest,
    simulate_counts,
    simulate_staying,
)
from zgzx_research.simulate.world.patent_rates import panel_years
from zgzx_research.simulate.world.truth import retention_years, spell_table

PATENT_PREFIX = "patents_"


def outcome_panel(order: Order, outcome: str) -> pd.DataFrame:
    """Draw a panel with one row per firm and year.

    Parameters
    ----------
    order : Order
        The world.
    outcome : str
        "patents_invention", "patents_utility_model" or "patents_design": filings of a year, whether
        published by the day of the export or not, missing before founding, 0 after closure.
        "retention": the share of the staff at the end of last year who are with the legal group at
        the end of this one, with their number in `staff`.

    Returns
    -------
    DataFrame
        firm_id, year, first_award, first_category, closed_year, size, the outcome, mu0, mu1
        (expected without and with the awards).
    """
    return _retention(order) if outcome == "retention" else _patents(order, outcome)


def _patents(order: Order, outcome: str) -> pd.DataFrame:
    contest = simulate_contest(order)
    rates, count = simulate_counts(order, contest)
    kind = order.rules["patents"]["types"].index(outcome.removeprefix(PATENT_PREFIX))
    mu0, mu1, observed = (values[:, :, kind].ravel() for values in (rates.mu0, rates.mu1, count))
    panel = _firm_years(order, contest)
    return panel.assign(
        **{outcome: np.where(np.isnan(mu0), np.nan, observed), "mu0": mu0, "mu1": mu1}
    )


def _retention(order: Order) -> pd.DataFrame:
    contest = simulate_contest(order)
    labour = simulate_staying(order, contest)
    spell = spell_table(contest.firm, labour)
    table = retention_years(order.rules, contest.firm, contest.events, labour, spell)
    table = table.drop(columns="outcome").rename(columns={"observed": "retention"})
    return _firm_years(order, contest).merge(table, on=["firm_id", "year"], validate="one_to_one")


def _firm_years(order: Order, contest: Contest) -> pd.DataFrame:
    """Return every firm in every panel year, with its first award."""
    firm, first, years = contest.firm, contest.since.first, panel_years(order.rules)
    per_firm = {
        "firm_id": firm["firm_id"],
        "first_award": first["year"].astype(float),
        "first_category": first["category"],
        "closed_year": firm["closed"].dt.year,
        "size": firm["size"],
    }
    repeated = {
        name: np.repeat(np.asarray(values), len(years)) for name, values in per_firm.items()
    }
    return pd.DataFrame(repeated | {"year": np.tile(years, len(firm))})
