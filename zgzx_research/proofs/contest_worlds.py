"""Firms by year and their entries straight from the model, for the proofs of the contest design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import Contest, simulate_contest, simulate_counts
from zgzx_research.simulate.world.patent_rates import nearest_award_year, panel_years
from zgzx_research.simulate.world.staying_hazards import NEVER

OUTCOME = "patents_invention"


@dataclass(frozen=True, slots=True)
class ContestWorld:
    """One world of firms, years and entries.

    Attributes
    ----------
    firm_year : pandas.DataFrame
        firm_id, year, first_award, closed_year, the counts of all types and of inventions (missing
        before founding and after closure), and for inventions mu0 and mu1 (expected without any
        award and as it was) and mu_lost (expected had the firm not won, all other awards the same).
    firm_entries : pandas.DataFrame
        edition, year, firm_id, group_id, category, n_entries, n_finalists, n_winners,
        contest_entries, contest_winners.
    """

    firm_year: pd.DataFrame
    firm_entries: pd.DataFrame


def contest_world(order: Order) -> ContestWorld:
    """Draw a world without files.

    Parameters
    ----------
    order : Order
        The world.

    Returns
    -------
    ContestWorld
        Firms by year and their entries.
    """
    contest = simulate_contest(order)
    rates, counts = simulate_counts(order, contest)
    years = panel_years(order.rules)
    kind = order.rules["patents"]["types"].index(OUTCOME.removeprefix("patents_"))
    closed = contest.firm["closed"].dt.year.to_numpy(dtype=float)
    lives = ~np.isnan(rates.mu0[:, :, kind]) & ~(years > closed[:, None])

    neighbours = _neighbour_factor(order, contest, years)
    values = {
        "patents_all": np.where(lives, counts.sum(axis=2), np.nan),
        OUTCOME: np.where(lives, counts[:, :, kind], np.nan),
        "mu0": rates.mu0[:, :, kind],
        "mu1": rates.mu1[:, :, kind],
        "mu_lost": rates.mu0[:, :, kind] * neighbours,
    }
    firms = len(contest.firm)
    panel = pd.DataFrame(
        {
            "firm_id": np.repeat(contest.firm["firm_id"].to_numpy(), len(years)),
            "year": np.tile(years, firms),
            "first_award": np.repeat(contest.since.first["year"].to_numpy(float), len(years)),
            "closed_year": np.repeat(closed, len(years)),
        }
        | {name: table.ravel() for name, table in values.items()}
    )
    return ContestWorld(panel, firm_entries(contest.entry))


def firm_entries(entry: pd.DataFrame) -> pd.DataFrame:
    """Count the entries of each firm by edition and category.

    Parameters
    ----------
    entry : pandas.DataFrame
        One row per entry, as `simulate_entries` gives it.

    Returns
    -------
    pandas.DataFrame
        See `ContestWorld`.
    """
    rows = entry.assign(
        n_entries=1,
        n_finalists=entry["stage"].eq("决赛").astype(int),
        n_winners=entry["outcome"].eq("获奖").astype(int),
    )
    contest, counts = ["edition", "year", "category"], ["n_entries", "n_finalists", "n_winners"]
    whole = rows.groupby(contest, as_index=False)[["n_entries", "n_winners"]].sum()
    whole = whole.rename(columns={"n_entries": "contest_entries", "n_winners": "contest_winners"})
    table = rows.groupby([*contest, "firm_id"], as_index=False)[counts].sum()
    return table.assign(group_id=table["firm_id"]).merge(whole, on=contest)


def _neighbour_factor(order: Order, contest: Contest, years: np.ndarray) -> np.ndarray:
    """(firms, years) by how much awards of neighbours multiply inventions."""
    won = contest.since.first["year"].fillna(NEVER).to_numpy()
    near = nearest_award_year(contest.firm, won)[:, None] <= years
    return np.exp(order.scale * order.rules["effect"]["patents"]["neighbours"] * near)
