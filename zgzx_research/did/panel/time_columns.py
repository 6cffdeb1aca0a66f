"""Columns of periods and of first treated periods as numbers, whatever they are typed as.

Plain numbers stay numbers. Dates, timestamps, pandas periods and text that names them become
seconds, so that days and hours are read by the same rules; what a value stands for (an instant, a
day, a month) goes with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.read_table import numbers, refuse_booleans
from zgzx_research.did.panel.time_texts import DAY, Texts, read_texts
from zgzx_research.errors import ZgzxError

EPOCH = 719163  # days from 0001-01-01 to 1970-01-01, plus one as in date.toordinal
MONTHS_OF = {"M": 1, "Q": 3, "Y": 12, "A": 12}  # first letter of a pandas frequency -> months
DATES = {"date", "datetime", "datetime64"}
# more texts than these that name no period are no code for "never treated": the column is wrong
CODES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TimeKind:
    """What the values of a column of times are.

    Attributes
    ----------
    dated : bool
        Seconds from 0001-01-01, not plain numbers.
    span : ("months" or "seconds", how many)
        That a value stands for; None for instants and numbers.
    zone : str, optional
        The time zone of dates, None without.
    spelling : str
        Of text.
    codes : tuple[str, ...]
        Texts that name no period; their value is minus infinity.
    """

    dated: bool = False
    span: tuple[str, int] | None = None
    zone: str | None = None
    spelling: str = ""
    codes: tuple[str, ...] = ()


def read_times(
    column: pd.Series, name: str, *, codes: bool, hint: str = ""
) -> tuple[np.ndarray, TimeKind]:
    """(rows,) numbers or seconds, NaN where missing, and what they are.

    Parameters
    ----------
    codes : bool
        Whether text that names no period may stand (first treated periods, where it codes "never
        treated").
    hint : str, default ""
        The spelling of the periods, for text that could be read in two ways.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return numbers(column, name), TimeKind()
    refuse_booleans(column, name)
    distinct, found = pd.factorize(column)
    values, kind = _few_times(found, name, codes, hint)
    return np.append(values, np.nan)[distinct], kind


def _few_times(found: Any, name: str, codes: bool, hint: str) -> tuple[np.ndarray, TimeKind]:
    values = pd.Series(found)
    if not isinstance(values.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        values = pd.Series(list(np.asarray(found))).infer_objects()
    if not len(values):
        return np.zeros(0), TimeKind()
    if isinstance(values.dtype, pd.PeriodDtype):
        return _periods(values, name)
    if pd.api.types.infer_dtype(values) in DATES or isinstance(values.dtype, pd.DatetimeTZDtype):
        return _dates(values, name)
    texts = [f"{value}" for value in values]
    kind = pd.api.types.infer_dtype(values)
    if "mixed" in kind and any(
        isinstance(value, pd.Timestamp | pd.Period) or hasattr(value, "year") for value in values
    ):
        raise ZgzxError(
            f"column {name!r} mixes types",
            where="prepare_panel",
            examples=(repr(value) for value in {type(v): v for v in values}.values()),
            remedy=f'Call pandas.to_datetime(table["{name}"]), or write all of it in one way.',
        )
    read = read_texts(texts, name, hint)
    _refuse_unread(read, texts, name, codes)
    return read.values, TimeKind(read.dated, read.span, read.zone, read.spelling, read.codes)


def _refuse_unread(read: Texts, texts: list[str], name: str, codes: bool) -> None:
    """Text that names no period.

    One or two words may code "never treated", others are a wrong column.
    """
    if not read.codes or (
        codes and len(read.codes) <= CODES_SHOWN and len(read.codes) < len(texts)
    ):
        return
    if codes and len(texts) == 1:
        return
    raise ZgzxError(
        f"column {name!r} holds values that are neither whole numbers nor dates",
        where="prepare_panel",
        examples=read.codes[:3],
        remedy="Leave it missing for units never treated, "
        "and write the others as the periods are written."
        if codes
        else "Convert them with pandas.to_datetime or pandas.PeriodIndex.",
    )


def _periods(values: pd.Series, name: str) -> tuple[np.ndarray, TimeKind]:
    """Return the first second of each pandas period, and how long one is."""
    rule, count = values.dtype.freq.rule_code, values.dtype.freq.n
    if rule in ("ms", "us", "ns"):
        raise ZgzxError(
            f"column {name!r} holds periods shorter than a second",
            where="prepare_panel",
            examples=[values.iloc[0]],
            remedy="Number the periods 1, 2, 3.",
        )
    starts, ends = (_seconds(times) for times in (values.dt.start_time, values.dt.end_time))
    letter = rule[0] if rule not in ("min", "MS") else ""
    span = (
        ("months", MONTHS_OF[letter] * count)
        if letter in MONTHS_OF
        else ("seconds", int(ends[0] - starts[0]) + 1)
    )
    return starts, TimeKind(dated=True, span=None if span == ("seconds", DAY) else span)


def _dates(values: pd.Series, name: str) -> tuple[np.ndarray, TimeKind]:
    zone = None
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        zone, values = str(values.dt.tz), values.dt.tz_localize(None)
    elif values.dtype == object and any(
        getattr(value, "tzinfo", None) is not None for value in values
    ):
        raise ZgzxError(
            f"column {name!r} holds more than one time zone",
            where="prepare_panel",
            examples=values.head(3),
            remedy=f'Call pandas.to_datetime(table["{name}"], utc=True)'
            '.dt.tz_convert("Asia/Shanghai"), with the zone of the place, '
            "for every column of dates.",
        )
    return _seconds(values), TimeKind(dated=True, zone=zone)


def _seconds(values: pd.Series) -> np.ndarray:
    """(values,) seconds from 0001-01-01; what is shorter than a second is cut off."""
    stamps = values.to_numpy().astype("datetime64[s]")
    return stamps.astype(np.int64).astype(float) + EPOCH * DAY


def time_text(value: float, dated: bool) -> str:
    """Return a period or a first treated period as the table wrote it."""
    if np.isnan(value):
        return "missing"
    if dated and np.isfinite(value):
        stamp = np.datetime64(int(value) - EPOCH * DAY, "s")
        day = stamp.astype("datetime64[D]")
        return str(day if stamp == day else stamp).replace("T", " ")
    return f"{value:.0f}" if value == np.round(value) else f"{value:g}"
