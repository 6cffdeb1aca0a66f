"""Text that names a period: which spelling a whole column uses, and the first day of each period.

One spelling is read per column. A column that fits two spellings, or needs two, is an error that
says what to call.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from zgzx_research.errors import ZgzxError

DAY = 86400  # seconds
MISSING = {
    "",
    "nan",
    "nat",
    "<na>",
    "none",
    "null",
    "na",
    "n/a",
}  # what exports write for an empty cell
CHINESE_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_NAME = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
YEAR = r"(?P<year>\d{4})"
CLOCK_TIME = (
    r"(?:[t ]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)? ?(?P<zone>z|utc|[+-]\d{2}:?\d{2})?)?"
)


Fits = dict[str, tuple[float, tuple[str, int] | None, str | None]]
"""Spelling -> value, span and time zone of a text."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a period.

    Attributes
    ----------
    name : str
        What it writes.
    pattern : re.Pattern[str]
        Of the whole text, after normalisation.
    start : Callable[[dict[str, str]], float]
        Groups of the match -> number, or first second since the first of January of the year 1.
    span : ("months" or "seconds", how many)
        a text stands for; None for numbers and instants.
    """

    name: str
    pattern: re.Pattern[str]
    start: Callable[[dict[str, str]], float]
    span: tuple[str, int] | None = None


def seconds(day: date, more: int = 0) -> float:
    """Seconds since the first of January of the year 1, which is day 1 as in `date.toordinal`."""
    return float(day.toordinal() * DAY + more)


def _day(found: dict[str, str]) -> float:
    month = found.get("month") or str(MONTHS.index(found["name"]) + 1)
    hours, minutes, rest = [*map(int, (found.get("time") or "0:0:0").split(":")), 0][:3]
    return seconds(
        date(int(found["year"]), int(month), int(found.get("day") or 1)),
        3600 * hours + 60 * minutes + rest,
    )


def _part(months: int) -> Callable[[dict[str, str]], float]:
    """Return the first day of the n-th part of a year."""

    def start(found: dict[str, str]) -> float:
        part = CHINESE_DIGITS.get(found["part"]) or int(found["part"])
        return seconds(date(int(found["year"]), months * (part - 1) + 1, 1))

    return start


def _week(found: dict[str, str]) -> float:
    return seconds(
        date.fromisocalendar(int(found["year"]), int(found["week"]), int(found.get("weekday") or 1))
    )


def _school_year(found: dict[str, str]) -> float:
    year, second = int(found["year"]), int(found["second"])
    if second not in (year + 1, (year + 1) % 100):
        raise ValueError("not the year after")
    return float(year)


def _number(found: dict[str, str]) -> float:
    return float(found["number"])


def _spelling(
    name: str,
    pattern: str,
    start: Callable[[dict[str, str]], float],
    span: tuple[str, int] | None = None,
) -> Spelling:
    return Spelling(name, re.compile(pattern), start, span)


SPELLINGS = (
    _spelling(
        "number",
        r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?)(?:年度?)?",
        _number,
    ),
    _spelling("school year", YEAR + r" ?[-/–—] ?(?P<second>\d{4}|\d{2})(?:学年)?", _school_year),
    _spelling("day", YEAR + r"[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + CLOCK_TIME, _day),
    _spelling("day", YEAR + r"年(?P<month>\d{1,2})月(?P<day>\d{1,2})日?", _day),
    _spelling("day", r"(?P<day>\d{1,2})[- ]?" + MONTH_NAME + r"[-, ]*" + YEAR, _day),
    _spelling("day", MONTH_NAME + r" (?P<day>\d{1,2}), ?" + YEAR, _day),
    _spelling("month", YEAR + r" ?[-/] ?(?P<month>\d{1,2})", _day, ("months", 1)),
    _spelling("month", YEAR + r"(?:年|-?m)(?P<month>\d{1,2})月?(?:份)?", _day, ("months", 1)),
    _spelling("month", MONTH_NAME + r"[-, ]*" + YEAR, _day, ("months", 1)),
    _spelling("month", YEAR + r"[- ]?" + MONTH_NAME, _day, ("months", 1)),
    _spelling("quarter", YEAR + r"[-/_ ]?q(?P<part>[1-4])", _part(3), ("months", 3)),
    _spelling("quarter", r"q(?P<part>[1-4])[-/_, ]*" + YEAR, _part(3), ("months", 3)),
    _spelling("quarter", YEAR + r"年?第?(?P<part>[1-4一二三四])季度?", _part(3), ("months", 3)),
    _spelling("half-year", YEAR + r"[-/_ ]?[hs](?P<part>[12])", _part(6), ("months", 6)),
    _spelling("half-year", YEAR + r"年?(?P<part>[上下])半年", _part(6), ("months", 6)),
    _spelling("week", YEAR + r"[-_ ]?w(?P<week>\d{1,2})", _week, ("seconds", 7 * DAY)),
    _spelling("day", YEAR + r"-?w(?P<week>\d{2})-?(?P<weekday>[1-7])", _week),
)
DAY_FIRST = re.compile(r"(?P<first>\d{1,2})([-/.])(?P<second>\d{1,2})\2\d{4}")
WEEK_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")  # as pandas writes a week


@dataclass(frozen=True, slots=True)
class Texts:
    """What a column of text says.

    Attributes
    ----------
    values : (texts,)
        Numbers or seconds, NaN where missing, minus infinity where a text names no period.
    spelling : str
        The one that was found, "" where nothing was read.
    dated : bool
        The values are seconds.
    zone : str, optional
        The time zone written behind each, or None.
    codes : tuple[str, ...]
        The texts that name no period.
    """

    values: np.ndarray
    spelling: str
    dated: bool
    span: tuple[str, int] | None
    zone: str | None
    codes: tuple[str, ...]


def normalised(text: object) -> str:
    """Full width, blanks and capitals made alike."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(text))).strip().lower()


def read_texts(texts: Sequence[object], column: str, hint: str = "") -> Texts:
    """Return the periods that distinct texts name, all in one spelling.

    Parameters
    ----------
    hint : str, default ""
        The spelling of the periods, which settles a column of first treated periods that fits two.

    Raises
    ------
    ZgzxError
        Two spellings in one column, or one that can be read in two ways.
    """
    clean = [normalised(text) for text in texts]
    fits = [{} if text in MISSING else _fits(text) for text in clean]
    found = [fit for fit in fits if fit]
    names = set.intersection(*map(set, found)) if found else set()
    codes = tuple(
        str(raw)
        for raw, text, fit in zip(texts, clean, fits, strict=True)
        if not fit and text not in MISSING
    )
    if codes:
        _refuse_day_first(clean, codes, column)
    name = _one_spelling(
        names, found, [raw for raw, fit in zip(texts, fits, strict=True) if fit], column, hint
    )
    values = [
        np.nan if text in MISSING else fit[name][0] if name in fit else -np.inf
        for text, fit in zip(clean, fits, strict=True)
    ]
    zones = {fit[name][2] for fit in found}
    if len(zones) > 1:
        raise ZgzxError(
            f"column {column!r} holds more than one time zone",
            where="prepare_panel",
            examples=sorted(zone or "none" for zone in zones),
            remedy=f'Call pandas.to_datetime(table["{column}"], utc=True)'
            '.dt.tz_convert("Asia/Shanghai"), with the zone of the place, '
            "for every column of dates.",
        )
    span = next((fit[name][1] for fit in found), None)
    dated = name not in ("", "number", "school year")
    return Texts(np.array(values, dtype=float), name, dated, span, next(iter(zones), None), codes)


def _one_spelling(
    names: set[str], found: Sequence[Fits], raw: Sequence[object], column: str, hint: str
) -> str:
    """Return the one spelling of all texts that were read; "" where there are none."""
    if found and not names:
        shown = {next(iter(fit)): str(text) for text, fit in zip(raw, found, strict=True)}
        raise ZgzxError(
            f"column {column!r} is written in two ways",
            where="prepare_panel",
            examples=(f"{text} ({name})" for name, text in shown.items()),
            remedy="Write all of it in one way.",
        )
    if len(names) > 1 and hint not in names:
        raise ZgzxError(
            f"column {column!r} may mean {' or '.join(sorted(names))}",
            where="prepare_panel",
            examples=raw,
            remedy=f'For months call pandas.to_datetime(table["{column}"], format="%Y-%m"); '
            f'for school years write the first year: table["{column}"].str[:4].',
        )
    return hint if hint in names else next(iter(names), "")


def _fits(text: str) -> Fits:
    """Spelling -> value, span and time zone of one text."""
    fits: Fits = {}
    if ends := WEEK_RANGE.fullmatch(text):
        first, last = (datetime.strptime(end, "%Y-%m-%d").date() for end in ends.groups())
        return {
            "range of days": (
                seconds(first),
                ("seconds", ((last - first) + timedelta(1)).days * DAY),
                None,
            )
        }
    for spelling in SPELLINGS:
        if match := spelling.pattern.fullmatch(text):
            groups = {name: found for name, found in match.groupdict().items() if found is not None}
            try:
                start = spelling.start(groups)
            except ValueError:  # a month 13, a 30th of February
                continue
            fits.setdefault(spelling.name, (start, spelling.span, groups.get("zone")))
    return fits


def _refuse_day_first(clean: Sequence[str], codes: Sequence[str], column: str) -> None:
    """Days, months and years in an order that only the user knows."""
    found = [match for text in clean if (match := DAY_FIRST.fullmatch(text))]
    if not found:
        return
    sign = found[0].group(2)
    orders = [
        f'format="{sign.join(order)}"'
        for order, place in ((("%d", "%m", "%Y"), "second"), (("%m", "%d", "%Y"), "first"))
        if all(1 <= int(match[place]) <= 12 for match in found)
    ]
    calls = " or ".join(f'pandas.to_datetime(table["{column}"], {order})' for order in orders)
    raise ZgzxError(
        f"column {column!r} may have the day or the month first",
        where="prepare_panel",
        examples=codes,
        remedy=f"Call {calls}.",
    )
