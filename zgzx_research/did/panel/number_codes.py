"""Whole numbers that code dates, so that they are not evenly spaced where the calendar is.

201512 and 201601 are one month apart and 89 as numbers. What is recognised here is refused, with
the call that makes dates of it; what stays within one year, or is evenly spaced as it stands, is
counted as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.panel.clock import YEARS, month_edges, trading_days
from zgzx_research.did.panel.time_columns import EPOCH
from zgzx_research.errors import ZgzxError

TEXT = '.astype("Int64").astype("string")'
ORIGINS = (
    ("1899-12-30", "days as Excel counts them"),
    ("1970-01-01", "days since 1970"),
    ("1960-01-01", "days since 1960"),
)
OUR_TIME = ("1975-01-01", "2050-01-01")  # days outside are counted from another origin
# units in which computers count from 1970, for dates from 1973 to 2103
SINCE_1970 = (
    ("s", 1, "seconds"),
    ("ms", 10**3, "milliseconds"),
    ("us", 10**6, "microseconds"),
    ("ns", 10**9, "nanoseconds"),
)
CENTURY_GAP = 40  # years between the two ends of a two-digit year that passes 99


@dataclass(frozen=True, slots=True)
class Coding:
    """A way to code a date as a whole number.

    Attributes
    ----------
    name : str
        What the numbers are.
    fits : Callable[[numpy.ndarray], bool]
        Whether all of some distinct rising numbers are so coded and not evenly spaced.
    call : str
        The call that makes dates or evenly spaced numbers, with {column} for the column.
    disordered : bool
        The numbers do not even rise with time, so that they cannot be counted as observed.
    """

    name: str
    fits: Callable[[np.ndarray], bool]
    call: str
    disordered: bool = False


def _parts(
    base: int, most: tuple[int, int], years: tuple[int, int] = YEARS
) -> Callable[[np.ndarray], bool]:
    """Year times `base` plus a part: whether all are, over more than one year.

    `most` bounds the largest part seen.
    """

    def fits(values: np.ndarray) -> bool:
        year, part = values // base, values % base
        inside = (years[0] <= year) & (year <= years[1]) & (part >= 1)
        return bool(inside.all() and most[0] <= part.max() <= most[1] and year[0] < year[-1])

    return fits


def _year_pairs(base: int) -> Callable[[np.ndarray], bool]:
    """201516 or 20152016: a year and the one after."""

    def fits(values: np.ndarray) -> bool:
        year, second = values // base, values % base
        inside = (YEARS[0] <= year) & (year <= YEARS[1])
        return bool((inside & (second == (year + 1) % base)).all() and len(values) > 1)

    return fits


def _days_of_the_calendar(values: np.ndarray) -> bool:
    """YYYYMMDD over more than one month."""
    if (
        not ((values > YEARS[0] * 10**4) & (values < (YEARS[1] + 1) * 10**4)).all()
        or values[0] // 100 == values[-1] // 100
    ):
        return False
    return bool(
        pd.to_datetime(pd.Series(values).astype(str), format="%Y%m%d", errors="coerce")
        .notna()
        .all()
    )


def _years_and_months(values: np.ndarray) -> bool:
    """YYMM: December is followed by January 89 later."""
    part, apart = values % 100, np.diff(values)
    inside = ((part >= 1) & (part <= 12) & (values < 10**4) & (values > 100)).all()
    return bool(
        inside and ((part[:-1] == 12) & (apart == 89)).any() and (apart[part[:-1] != 12] < 12).all()
    )


def _blocks(values: np.ndarray) -> bool:
    """11, 12, 13, 14, 21, 22, ...: a block and a part of it, where each block starts again at 1."""
    if YEARS[0] <= values[0] and values[-1] <= YEARS[1]:
        return False
    for base in (10, 100, 1000):
        part, apart = values % base, np.diff(values)
        again = (part[:-1] == part.max()) & (part[1:] == 1) & (apart == base - part.max() + 1)
        if (
            again.any()
            and part.max() > 1
            and ((apart == 1) | again).all()
            and part.max() < base - 1
            and (part > 0).all()
        ):
            return True
    return False


def _two_digit_years(values: np.ndarray) -> bool:
    apart = np.diff(values)
    inside = values[0] >= 0 and values[-1] <= 99 and values[-1] >= 50 and values[0] < 50
    return bool(
        inside
        and len(values) > 1
        and apart.max() >= CENTURY_GAP
        and np.sort(apart)[:-1].max(initial=0) < 10
    )


def _since_1970(unit: int) -> Callable[[np.ndarray], bool]:
    def fits(values: np.ndarray) -> bool:
        inside = (values >= 10**8 * unit) & (values <= 4.2e9 * unit)
        return bool(inside.all() and len(values) > 1 and np.diff(values).min() >= 60 * unit)

    return fits


def _counted_days(origin: str) -> Callable[[np.ndarray], bool]:
    """Days since an origin that are even on the calendar but not as numbers.

    Months, quarters, years, working days.
    """

    def fits(values: np.ndarray) -> bool:
        if len(values) < 3 or len(set(np.diff(values))) == 1:
            return False
        days = values + _day_number(origin)
        if days[0] < _day_number(OUR_TIME[0]) or days[-1] > _day_number(OUR_TIME[1]):
            return False
        return month_edges(days) or trading_days(days)

    return fits


def _day_number(day: str) -> float:
    return float(np.datetime64(day, "D").astype(np.int64) + EPOCH)


def _month_lengths(values: np.ndarray) -> bool:
    """0, 31, 59, 90: days of months, quarters or years from any start."""
    apart = np.diff(values)
    if len(values) < 3 or len(set(apart)) == 1:
        return False
    bands = ((28, 31), (89, 92), (181, 184), (365, 366))
    return any(bool(((low <= apart) & (apart <= high)).all()) for low, high in bands)


def _mixed(values: np.ndarray) -> bool:
    """Years beside months or dates that start with a year."""
    year = (YEARS[0] <= values) & (values <= YEARS[1])
    longer = np.zeros(len(values), dtype=bool)
    for base in (10, 100, 10**4):
        longer |= (YEARS[0] <= values // base) & (values // base <= YEARS[1])
    kinds = [
        year,
        *(longer & (np.floor(np.log10(np.maximum(values, 1))) == size) for size in (4, 5, 7)),
    ]
    return sum(bool(kind.any()) for kind in kinds) > 1 and bool(np.any(kinds, axis=0).all())


DATES_CALL = f'pandas.to_datetime(table["{{column}}"]{TEXT}, format="{{format}}")'
YEAR_CODINGS = (  # each number holds its year
    Coding("two years, as school years are written", _year_pairs(100), 'table["{column}"] // 100'),
    Coding(
        "two years, as school years are written", _year_pairs(10**4), 'table["{column}"] // 10000'
    ),
    Coding("months as YYYYMM", _parts(100, (1, 12)), DATES_CALL.replace("{format}", "%Y%m")),
    Coding(
        "weeks as YYYYWW",
        _parts(100, (13, 53)),
        f'pandas.to_datetime(table["{{column}}"]{TEXT} + "1", format="%G%V%u")',
    ),
    Coding("dates as YYYYMMDD", _days_of_the_calendar, DATES_CALL.replace("{format}", "%Y%m%d")),
    Coding("days as YYYYDDD", _parts(1000, (1, 366)), DATES_CALL.replace("{format}", "%Y%j")),
    Coding(
        "half-years as YYYYH",
        _parts(10, (1, 2)),
        f'table["{{column}}"]{TEXT}.str.replace(r"(.)$", r"H\\1", regex=True)',
    ),
    Coding(
        "thirds of a year",
        _parts(10, (3, 3)),
        '3 * (table["{column}"] // 10) + table["{column}"] % 10',
    ),
    Coding(
        "quarters as YYYYQ",
        _parts(10, (4, 4)),
        f'table["{{column}}"]{TEXT}.str.replace(r"(.)$", r"Q\\1", regex=True)',
    ),
    Coding(
        "sixths of a year",
        _parts(10, (5, 6)),
        '6 * (table["{column}"] // 10) + table["{column}"] % 10',
    ),
)
OTHER_CODINGS = (
    Coding(
        "years of two digits",
        _two_digit_years,
        'table["{column}"] + 1900 + 100 * (table["{column}"] < 50)',
        True,
    ),
    Coding("years beside longer codes", _mixed, "the same code in every row", True),
    Coding(
        "months as YYMM",
        _years_and_months,
        f'pandas.to_datetime(table["{{column}}"]{TEXT}.str.zfill(4), format="%y%m")',
    ),
    *(
        Coding(
            f"{name} since 1970",
            _since_1970(size),
            f'pandas.to_datetime(table["{{column}}"], unit="{unit}")',
        )
        for unit, size, name in SINCE_1970
    ),
    *(
        Coding(
            name,
            _counted_days(origin),
            f'pandas.to_datetime(table["{{column}}"], unit="D", origin="{origin}")',
        )
        for origin, name in ORIGINS
    ),
    Coding("days of calendar months", _month_lengths, "dates"),
    Coding("a block and a part of it", _blocks, "dates"),
)


def refuse_coded_dates(
    periods: np.ndarray, start: np.ndarray, columns: tuple[str, str], clock: str
) -> None:
    """Whole numbers that code dates are an error that names the call.

    Parameters
    ----------
    periods : (periods,)
        Observed, rising.
    start : numpy.ndarray
        First treated periods, NaN where never.
    columns : tuple[str, str]
        Names of the two columns.
    """
    near = start[np.isfinite(start)].astype(np.int64)
    values = np.union1d(periods, near) if len(near) else periods
    coding = _coding(values, YEAR_CODINGS, clock) or _coding(periods, OTHER_CODINGS, clock)
    if coding is None:
        return
    calls = [coding.call.format(column=column) for column in columns]
    made = f"Write {coding.call}" if calls[0] == calls[1] else f"Pass {calls[0]} and {calls[1]}"
    observed = (
        "" if coding.disordered else ", or clock='observed' to count the observed periods 1, 2, 3"
    )
    raise ZgzxError(
        f"the periods seem to be {coding.name}, which are not evenly spaced as numbers",
        where=f"column {columns[0]!r}",
        count=None,
        examples=_around_the_jump(values),
        remedy=f"{made}{observed}.",
    )


def _coding(values: np.ndarray, codings: tuple[Coding, ...], clock: str) -> Coding | None:
    usable = (one for one in codings if clock == "calendar" or one.disordered)
    return next((one for one in usable if one.fits(values)), None)


def _around_the_jump(values: np.ndarray) -> list[str]:
    """Return the two values between which most is missing."""
    if len(values) < 2:
        return [str(values[0])]
    at = int(np.diff(values).argmax())
    return [f"{values[at]} and then {values[at + 1]}"]


def refuse_parts(period: np.ndarray, rows: int, column: str) -> None:
    """Periods with parts of a year behind the point.

    Quarters and months have a call that counts them.
    """
    broken = period - np.floor(period) != 0
    parts = np.unique(np.round(period - np.floor(period), 6))
    calls = [
        f'({times} * table["{column}"]).round()'
        for times in (2, 4, 12)
        if len(parts) > 1
        and (np.abs(np.round(parts * times) - parts * times) < 0.02 * times / 12).all()
    ]
    if len(parts) > 1 and np.isin(np.round(100 * parts, 4), np.arange(1, 13)).all():
        calls = [f'pandas.to_datetime(table["{column}"].map("{{:.2f}}".format), format="%Y.%m")']
    call = f" For parts of a year, call {calls[0]}." if calls else ""
    raise ZgzxError(
        "periods must be whole numbers",
        where=f"column {column!r}",
        count=rows,
        examples=period[broken][:3],
        remedy=f"Number the periods 1, 2, 3, or pass dates.{call}",
    )
