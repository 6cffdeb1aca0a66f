"""Firm-year panels straight from the model, without files and dirt: what proofs and tutorials start from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Order
from zgzx_research.simulate.patents import panel_years
from zgzx_research.simulate.world import simulate_contest, simulate_counts

PATENTS = "patents_"


def outcome_panel(order: Order, outcome: str) -> pd.DataFrame:
    """One row per firm and year with the outcome, its expectations mu0 and mu1, and the firm's first award."""
    return patent_panel(order, outcome)


def patent_panel(order: Order, outcome: str) -> pd.DataFrame:
    """One row per firm and year: firm_id year first_award first_category closed_year size outcome mu0 mu1.

    Parameters
    ----------
    outcome : "patents_invention", "patents_utility_model" or "patents_design". Counts are of all filings of a year,
        whether published by the day of the export or not; missing before founding, 0 after closure.
    """
    contest = simulate_contest(order)
    rates, count = simulate_counts(order, contest)
    kind = order.rules["patents"]["types"].index(outcome.removeprefix(PATENTS))
    years, firm, first = panel_years(order.rules), contest.firm, contest.since.first
    mu0, mu1 = rates.mu0[:, :, kind].ravel(), rates.mu1[:, :, kind].ravel()
    per_firm = {
        "firm_id": firm["firm_id"], "first_award": first["year"].astype(float), "first_category": first["category"],
        "closed_year": firm["closed"].dt.year, "size": firm["size"],
    }  # fmt: skip
    repeated = {name: np.repeat(np.asarray(values), len(years)) for name, values in per_firm.items()}
    observed = np.where(np.isnan(mu0), np.nan, count[:, :, kind].ravel())
    return pd.DataFrame(repeated | {"year": np.tile(years, len(firm)), outcome: observed, "mu0": mu0, "mu1": mu1})
