"""How observed periods are counted.

Which step they are apart, and in which of them a first date is treated.

Periods are counted on the calendar: a step is a number of months (a year, a half-year, a quarter),
of weeks, days or seconds, and a period that nobody is observed in is a gap. Dates that are not
evenly spaced are refused; they can be counted as observed, 1, 2, 3. Plain whole numbers count
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zgzx_research.did.panel.time_columns import EPOCH, TimeKind, time_text
from zgzx_research.did.panel.time_texts import DAY
from zgzx_research.errors import ZgzxError

CLOCKS = ("calendar", "observed")
WEEK = 7 * DAY
YEARS = (1900, 2100)  # whole numbers between these are years
# of a step: dates of yearly surveys need not fall on the same day, but within a quarter of the year
WOBBLE = 0.25
MONTH_STEPS = (12, 6, 4, 3, 2, 1)  # months: steps that divide the year
UNIT_WORDS = {
    12: "year",
    6: "half-year",
    3: "quarter",
}  # months -> name; other numbers are counted in months
SECONDS = ((WEEK, "week"), (DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Clock:
    """The numbers of the observed periods, and how a first date is counted among them.

    Attributes
    ----------
    numbers : (periods,) int
        Rising.
    ends : (periods,)
        The last instant that still belongs to each observation: a unit is treated at an observation
        if its first date is not after this.
    unit, count : str
        The step: the observed periods lie `count` of these units apart, or a multiple.
    months, length : int
        Of one number, in months or (where months are 0) in seconds; both 0 where numbers count
        themselves.
    written : (periods,)
        As they were read; seconds where `dated`.
    """

    numbers: np.ndarray
    ends: np.ndarray
    unit: str
    count: int
    months: int
    length: int
    written: np.ndarray
    dated: bool

    @property
    def step(self) -> str:
        """The step in words: "year", "2 years", "4 months"."""
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"

    @property
    def counted_step(self) -> str:
        """The step in words with its number: "1 year", "2 years"."""
        return f"1 {self.unit}" if self.count == 1 else self.step

    def labels(self) -> tuple[str, ...]:
        """Return what the table calls each period."""
        return tuple(time_text(value, self.dated) for value in self.written)

    def count_starts(self, start: np.ndarray) -> np.ndarray:
        """(units,) number of the first treated period of each; NaN stays.

        It is the first observation that is not before the start. Where periods before that one are
        unobserved, the start is counted back from it by whole steps.
        """
        if self.unit != "observed period" and not self.months and not self.length:
            return start
        row, distinct = pd.factorize(start)
        return np.append(self._count(distinct), np.nan)[row]

    def _count(self, start: np.ndarray) -> np.ndarray:
        if not self.months and not self.length:
            return np.searchsorted(self.ends, start) + 1.0
        at = np.searchsorted(self.ends, start)
        near = np.minimum(at, len(self.ends) - 1)
        counted = self.numbers[near] - self._steps_between(start, self.ends[near])
        within = (start >= self.written[near]) & (at < len(self.ends))  # of a span of several years
        counted = np.where(within, self.numbers[near], counted)
        before = np.where(at > 0, self.numbers[np.maximum(at, 1) - 1] + 1, -np.inf)
        after = np.where(at < len(self.ends), self.numbers[near], np.inf)
        return np.clip(counted, before, after)

    def _steps_between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whole steps from each start to each end, negative where the start is later."""
        if not self.months:
            return np.floor((end - start) / self.length)
        month, into = months_and_rest(start)
        end_month, end_into = months_and_rest(end)
        end_into = np.where(
            months_and_rest(end + DAY)[0] > end_month, np.inf, end_into
        )  # the last day, however long the month
        return np.floor((end_month - month - (into > end_into)) / self.months)


def read_clock(periods: np.ndarray, kind: TimeKind, clock: str, column: str) -> Clock:
    """How the observed periods are counted.

    Parameters
    ----------
    periods : (periods,)
        What was read, rising: whole numbers, or seconds where `kind.dated`.
    clock : str
        "calendar", or "observed", which counts the observed periods 1, 2, 3.

    Raises
    ------
    ZgzxError
        Dates that are not evenly spaced, on the calendar.
    """
    values = periods.astype(float)
    if clock == "observed":
        found = _dated(values, kind) if kind.dated else None
        ends = found.ends if isinstance(found, Clock) else _span_ends(values, kind)
        return Clock(
            np.arange(1, len(values) + 1), ends, "observed period", 1, 0, 0, values, kind.dated
        )
    if not kind.dated:
        unit = (
            "year" if len(values) and YEARS[0] <= values[0] and values[-1] <= YEARS[1] else "period"
        )
        return Clock(periods, values, unit, _divisor(values), 0, 0, values, False)
    found = _dated(values, kind)
    if isinstance(found, Clock):
        return replace(found, written=values)
    raise ZgzxError(
        f"the dates are not evenly spaced{found}",
        where=f"column {column!r}",
        examples=(time_text(value, True) for value in values[:3]),
        remedy="Pass clock='observed' to count the observed periods 1, 2, 3, "
        "or write the even step each date stands for, e.g. its year.",
    )


def _dated(values: np.ndarray, kind: TimeKind) -> Clock | str:
    """Return the clock of dates, or what hinders one."""
    into = np.mod(values, DAY)
    if (into >= DAY - 1).all():  # the last second of a day stands for the day
        values = values - into
        into = 0 * into
    days = np.floor(values / DAY)
    if len(np.unique(days)) < len(days):
        return _in_seconds(values, kind)
    ends = _span_ends(values, kind)
    last_day = np.floor(ends / DAY)
    month = months_and_rest((last_day if kind.span and kind.span[0] == "months" else days) * DAY)[0]
    step = _about_months(days, (12,)) or exact_months(month, days)
    weeks = 0 if step else _exact_days(days, weeks=True)
    step = step or (0 if weeks else _about_months(days, MONTH_STEPS))
    if step:
        size = 12 if step % 12 == 0 else step
        return _by_months(values, days, last_day, ends, month, size, step // size)
    apart = weeks or _exact_days(days, weeks=False)
    if apart == 1 and trading_days(days):
        return ": weekends are missing throughout"
    return _by_days(values, days, ends, kind, apart) if apart else ""


def months_and_rest(seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Months since the year 0, and seconds into the month."""
    days = np.floor(seconds / DAY)
    dates = (days - EPOCH).astype(np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    into = (dates - months.astype("datetime64[D]")).astype(np.int64) * DAY + (seconds - days * DAY)
    return months.astype(np.int64) + 12 * 1970, into


def _month_start(months: np.ndarray) -> np.ndarray:
    """Return the first second of each month."""
    dates = (months - 12 * 1970).astype(np.int64).astype("datetime64[M]").astype("datetime64[D]")
    return (dates.astype(np.int64) + EPOCH).astype(float) * DAY


def _divisor(values: np.ndarray) -> int:
    """Return the step of which all distances are multiples; 1 for a single value."""
    return int(np.gcd.reduce(np.diff(values).astype(np.int64))) if len(values) > 1 else 1


def _usual(values: np.ndarray) -> bool:
    """Whether the largest common step is also the most frequent distance.

    Then the others are gaps.
    """
    apart, often = np.unique(np.diff(values), return_counts=True)
    return len(values) < 2 or bool(apart[0] == _divisor(values) and often[0] == often.max())


def exact_months(month: np.ndarray, days: np.ndarray) -> int:
    """Return the step in months where dates fall on one day of the month, or its last."""
    if len(np.unique(month)) < len(month):
        return 0
    start = _month_start(months_and_rest(days * DAY)[0]) / DAY
    length = _month_start(months_and_rest(days * DAY)[0] + 1) / DAY - start
    day = days - start + 1
    if not ((day == day.max()) | (day == length)).all():
        return 0
    step = _divisor(month) if len(month) > 1 else 12
    return step if step % 12 == 0 or _usual(month) else 0


def _about_months(days: np.ndarray, sizes: tuple[int, ...]) -> int:
    """Return the coarsest step that keeps dates apart, each about equally far into it."""
    month = months_and_rest(days * DAY)[0]
    for size in sizes:
        number = month // size
        begin, end = _month_start(number * size), _month_start((number + 1) * size)
        share = (days * DAY - begin) / (end - begin)
        if len(np.unique(number)) == len(number) and share.max() - share.min() <= WOBBLE:
            step = _divisor(number)
            if size == 12 or (step == 1 and _usual(number)):
                return size * step
    return 0


def _exact_days(days: np.ndarray, *, weeks: bool) -> int:
    """Return the step in days (of whole weeks) where dates are evenly spaced, else 0."""
    step = _divisor(days)
    return step if len(days) > 1 and _usual(days) and (step % 7 == 0 or not weeks) else 0


def month_edges(days: np.ndarray) -> bool:
    """Whether all dates, evenly spaced in months, are the first day of a month, or all the last."""
    months = [months_and_rest((days + more) * DAY) for more in (0, 1)]
    edge = any(bool((into == 0).all()) for _, into in months)
    return edge and exact_months(months[0][0], days) > 0


def trading_days(days: np.ndarray) -> bool:
    """Whether most days from Monday to Friday are there, and no other."""
    weekday = np.mod(days - 1, 7)  # day 1 of the year 1 was a Monday
    dates = (days[[0, -1]] - EPOCH).astype(np.int64).astype("datetime64[D]")
    working = np.busday_count(dates[0], dates[1] + 1)
    weekends = days[-1] - days[0] + 1 > working + 1
    return bool((weekday < 5).all() and weekends and len(days) >= working / 2)


def _span_ends(values: np.ndarray, kind: TimeKind) -> np.ndarray:
    """Return the last second of what each value stands for: a month, week, day, or itself."""
    if kind.span is None:
        return values + (DAY - 1) if (np.mod(values, DAY) == 0).all() else values
    if kind.span[0] == "months":
        return _month_start(months_and_rest(values)[0] + kind.span[1]) - 1
    return values + kind.span[1] - 1


def _by_months(
    values: np.ndarray,
    days: np.ndarray,
    last_day: np.ndarray,
    ends: np.ndarray,
    month: np.ndarray,
    size: int,
    count: int,
) -> Clock:
    """Return steps of `size` months; dates at the start or the end of them stand for all of it."""
    number = month // size
    begin, end = _month_start(number * size), _month_start((number + 1) * size)
    if size in MONTH_STEPS and (_at_start(days, begin / DAY) or _at_end(last_day, end / DAY)):
        ends = end - 1
    unit, times = (UNIT_WORDS[size], 1) if size in UNIT_WORDS else ("month", size)
    return Clock(number, ends, unit, times * count, size, 0, values, True)


def _at_start(days: np.ndarray, begin: np.ndarray) -> bool:
    """Whether no working day lies between the start of each step and its date."""
    return bool(((days >= begin) & (_working_day(days, -1) < begin)).all())


def _at_end(days: np.ndarray, end: np.ndarray) -> bool:
    """Whether no working day lies between each date and the end of its step."""
    return bool(((days < end) & (_working_day(days, 1) >= end)).all())


def _working_day(days: np.ndarray, away: int) -> np.ndarray:
    """Return the next working day before (-1) or after (1) each day."""
    dates = (days - EPOCH).astype(np.int64).astype("datetime64[D]")
    near = (
        np.busday_offset(dates, 0, roll="forward")
        if away < 0
        else np.busday_offset(dates, 0, roll="backward")
    )
    return np.busday_offset(near, away).astype(np.int64) + EPOCH


def _by_days(
    values: np.ndarray, days: np.ndarray, ends: np.ndarray, kind: TimeKind, step: int
) -> Clock:
    """Return steps of weeks or days; Mondays stand for their week."""
    size = step if step % 7 else 7 * (step // 7)
    number = np.floor((days - 1) / size) if step % 7 == 0 else np.floor(days / size)
    if step == 7 and kind.span is None and (np.mod(days - 1, 7) == 0).all():
        ends = (days + 7) * DAY - 1
    unit, count = ("week", step // 7) if step % 7 == 0 else ("day", step)
    return Clock(number.astype(np.int64), ends, unit, count, 0, size * DAY, values, True)


def _in_seconds(values: np.ndarray, kind: TimeKind) -> Clock | str:
    """Several observations within a day.

    Steps of hours, minutes or seconds, each of which stands for itself.
    """
    step = _divisor(values)
    if not _usual(values):
        return " within the day"
    size, unit = next((size, unit) for size, unit in SECONDS if step % size == 0)
    whole = DAY % step == 0 and (np.mod(values, step) == 0).all()
    ends = values + step - 1 if whole else _span_ends(values, kind)
    number = np.floor(values / step).astype(np.int64)
    return Clock(number, ends, unit, step // size, 0, step, values, True)
