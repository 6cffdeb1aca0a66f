"""What is known of a firm before anything happens to it: covariates of the firm panel."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from zgzx_research.engine import DUCKDB, Engine
from zgzx_research.panels.patent_counts import count_filings, utility_share

# filing subsidies ended in June 2021: the share of utility models is taken before that year
REFORM = 2021
COLUMNS = [
    "firm_id",
    "size",
    "industry_section",
    "industry2",
    "street",
    "street_code",
    "hitech",
    "founded_year",
    "patents_before",
    "utility_share",
]


def firm_covariates(
    firm: pd.DataFrame,
    filings: pd.DataFrame,
    *,
    before: int,
    years: int = 3,
    reform: int = REFORM,
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Make the fixed characteristics of each firm.

    Parameters
    ----------
    firm : pandas.DataFrame
        Link table.
    filings : pandas.DataFrame
        From `patent_counts.filings_of_firms`, of the original applicants.
    before : int
        First year that is no longer "before".
    years : int
        How many years before it are counted.
    engine : Engine, optional
        What counts.

    Returns
    -------
    pandas.DataFrame
        COLUMNS, a row per firm of the firm table. patents_before: applications a year in those
        years, of the years since the firm's founding; missing when it was founded later.
        utility_share: `patent_counts.utility_share` before the reform, missing without any filing.
    """
    counts, unreformed = (
        count_filings(filings, dt.date(year - 1, 12, 31), engine=engine)
        for year in (before, reform)
    )
    recent = counts[counts["year"].ge(before - years)].groupby("firm_id")["patents_all"].sum()
    share = utility_share(unreformed).set_index("firm_id")["utility_share"]
    founded = firm["founded"].dt.year.astype("Int64")
    alive = (before - founded).clip(upper=years).fillna(years).astype("int64")
    filed = firm["firm_id"].map(recent).fillna(0.0)
    about = firm[[column for column in COLUMNS if column in firm]]
    return about.assign(
        founded_year=founded,
        patents_before=(filed / alive.where(alive.gt(0))).astype("float64"),
        utility_share=firm["firm_id"].map(share).astype("float64"),
    )[COLUMNS]
