"""When the final of each edition (届次) was held."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd


@cache
def _published() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("edition_calendar.csv"))


def published_calendar() -> pd.DataFrame:
    """Return the published calendar of the editions (data/published/edition_calendar.csv).

    Returns
    -------
    pandas.DataFrame
        edition, year, final_date (ISO), status, source: a row per edition.
    """
    return _published().copy()


def edition_months(calendar: pd.DataFrame | None) -> pd.Series:
    """Month of the final (Int64 YYYYMM) by edition; December of `year` where no month is known.

    Parameters
    ----------
    calendar : pandas.DataFrame or None
        edition, year, final_date; None for the published one. Editions that it lacks have no month.
    """
    calendar = published_calendar() if calendar is None else calendar
    text = calendar["final_date"].astype("str").str.extract(r"^(\d{4})-(\d{2})")
    month = pd.to_numeric(text[0]).astype("Int64") * 100 + pd.to_numeric(text[1]).astype("Int64")
    month = month.fillna(calendar["year"].astype("Int64") * 100 + 12)
    return pd.Series(month.to_numpy(), index=calendar["edition"]).groupby(level=0).first()
