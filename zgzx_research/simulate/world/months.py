"""Calendar months as whole numbers: year x 12 + month - 1."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd

Months = TypeVar("Months", int, np.ndarray, pd.Series)


def month_of_day(day: str) -> int:
    """Return the month of a day written as 2025-12-31."""
    year, month, _ = map(int, day.split("-"))
    return year * 12 + month - 1


def month_of_date(dates: pd.Series) -> pd.Series:
    """Return the months of dates."""
    return dates.dt.year * 12 + dates.dt.month - 1


def month_number(year_month: Months) -> Months:
    """Return the months of numbers written as YYYYMM."""
    return year_month // 100 * 12 + year_month % 100 - 1


def year_month(month: Months) -> Months:
    """Return months written as YYYYMM."""
    return month // 12 * 100 + month % 12 + 1
