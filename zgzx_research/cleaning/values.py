"""Text of cells into values: dates, months, amounts, counts, choices, firm names.

Distinct texts are read once.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import opencc
import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.rules import RULES
from zgzx_research.distinct import by_distinct, holds, on_texts

_REPLACE = {pair[0]: pair[1] for pair in RULES["characters"]["replace"].split()}
_TABLE = _REPLACE | dict.fromkeys(RULES["characters"]["drop"], "")
_IN_TABLE = re.compile("[" + re.escape("".join(_TABLE)) + "]")
_MISSING = frozenset(RULES["missing"])
_UNKNOWN = frozenset(RULES["unknown"])
_ERROR_CELL = re.compile(RULES["error_cell"])
_ERROR_BEGINS = frozenset("#E")
_BETWEEN = "\x1f"  # in hardly any cell, and neither NFKC nor opencc changes text across it
_KEEP = frozenset(RULES["characters"]["keep"])
_STYLES = {name: re.compile(pattern) for name, pattern in RULES["date_styles"].items()}
_AMOUNT = re.compile(r"(?P<before>\D*?)\s*" + RULES["amounts"]["pattern"])
_BLANK = re.compile(r"\s")
_CJK_GAP = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_DECIMAL = re.compile(r"[+\-]?\d+(?:\.\d+)?")
_BETWEEN_DIGITS = re.compile(r"\s+|(?<=\d)[-./年月日]")
_TO = re.compile(r"[-~至到—–]+")
_TYPED_MONTH = re.compile(r"(?P<y>\d{4})\s*[./\-年]\s*(?P<m>\d{1,2})\s*月?")
_DIGITS = "〇一二三四五六七八九"
_ZEROS = str.maketrans("零○0", "〇〇〇")
_CHINESE_DAY = re.compile(
    r"(?P<year>[〇零○一二三四五六七八九]{4})年(?P<month>[一二三四五六七八九十]{1,2})月(?:(?P<day>[一二三四五六七八九十]{1,3})日?)?"
)
_FIRST_EXCEL_DAY = datetime.date(1899, 12, 30)
_YEARS = range(1900, 2101)
DAY = "datetime64[s]"


@dataclass(frozen=True)
class Parsed:
    """A column after reading.

    Attributes
    ----------
    value : pandas.Series
        The values, on the raw index.
    reason : pandas.Series
        A code of `reasons` where the text was not taken as it stands, else null; on the raw index.
    """

    value: pd.Series
    reason: pd.Series


def parsed_frame(
    column: pd.Series, function: Callable[[str], tuple[Any, ...]], dtypes: Mapping[str, str]
) -> pd.DataFrame:
    """Apply `function` to the distinct texts of a column, for a value per column of `dtypes`."""

    def build(texts: pd.Series) -> pd.DataFrame:
        values = list(zip(*(function(text) for text in texts.tolist()), strict=True)) or [()] * len(
            dtypes
        )
        pairs = zip(dtypes.items(), values, strict=True)
        return pd.DataFrame({name: _typed(found, dtype) for (name, dtype), found in pairs})

    return by_distinct(column, build)


def _typed(values: Sequence[Any], dtype: str) -> pd.Series:
    series = pd.Series(list(values), dtype="object")
    return pd.to_datetime(series).astype("datetime64[s]") if dtype == DAY else series.astype(dtype)


def parsed(
    column: pd.Series, function: Callable[[str], tuple[Any, str | None]], dtype: str
) -> Parsed:
    """Apply `function` (text -> value, reason) to the distinct texts of a column."""
    frame = parsed_frame(column, function, {"value": dtype, "reason": "str"})
    return Parsed(frame["value"], frame["reason"])


def at_once(texts: Sequence[str], convert: Callable[[str], str]) -> list[str]:
    """`convert` of every text, by one call on all of them."""
    parts = convert(_BETWEEN.join(texts)).split(_BETWEEN)
    return parts if len(parts) == len(texts) else [*map(convert, texts)]


def clean_texts(texts: Sequence[str], keep_unknown: bool = False) -> list[str | None]:
    """Clean texts by NFKC and our own character table; None for words that mean "nothing".

    Parameters
    ----------
    texts : sequence of str
        The texts.
    keep_unknown : bool, default False
        Whether words that mean "unknown" and error cells stay text; else they are None too.
    """
    plain = [text.strip() for text in at_once(texts, _normalised)]
    nothing = _MISSING if keep_unknown else _MISSING | _UNKNOWN
    begins = frozenset() if keep_unknown else _ERROR_BEGINS
    return [
        text
        if text
        and upper not in nothing
        and not (upper[0] in begins and _ERROR_CELL.fullmatch(upper))
        else None
        for text, upper in zip(plain, map(str.upper, plain), strict=True)
    ]


def unknown(text: str) -> str | None:
    """Why a cell says that its value is not known (a code of `reasons`).

    None for any other text.
    """
    return unknown_among([text]).get(0)


def unknown_among(texts: Sequence[str]) -> dict[int, str]:
    """Position and reason of the texts that are `unknown`.

    Hardly any is, so the others are found in a table.
    """
    plain = at_once(texts, lambda text: unicodedata.normalize("NFKC", text).upper())
    found = {}
    for place, text in enumerate(map(str.strip, plain)):
        if text in _UNKNOWN:
            found[place] = reasons.VALUE_UNKNOWN
        elif text[:1] in _ERROR_BEGINS and _ERROR_CELL.fullmatch(text):
            found[place] = reasons.VALUE_ERROR_CELL
    return found


def _normalised(text: str) -> str:
    return _IN_TABLE.sub(lambda found: _TABLE[found[0]], unicodedata.normalize("NFKC", text))


def clean_column(column: pd.Series) -> pd.Series:
    """Apply `clean_texts` to a column."""
    return on_texts(column, clean_texts, "str")


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(texts: Sequence[str]) -> list[str]:
    """Traditional characters simplified, except those that are simplified in their own right."""
    if "".join(texts).isascii():  # numbers and scores, of which a list has most
        return [*texts]
    pairs = zip(texts, at_once(texts, _converter().convert), strict=True)
    return [
        new if new == old or len(new) != len(old) else _as_it_was(old, new) for old, new in pairs
    ]


def _as_it_was(old: str, new: str) -> str:
    return "".join(
        before if before in _KEEP else after for before, after in zip(old, new, strict=True)
    )


def firm_texts(texts: Sequence[str]) -> list[str]:
    """Simplify cleaned firm or place names; no blanks beside Chinese characters."""
    return [
        _CJK_GAP.sub("", " ".join(text.split())) if _BLANK.search(text) else text
        for text in simplified(texts)
    ]


def read_dates(column: pd.Series, styles: Iterable[str]) -> Parsed:
    """Days as datetime64[s]."""
    patterns = [_STYLES[style] for style in styles]

    def read(text: str) -> tuple[datetime.date | None, str | None]:
        day = _day(text, patterns)
        return day, None if day else reasons.VALUE_DATE

    return parsed(column, read, DAY)


def read_months(column: pd.Series, styles: Iterable[str]) -> Parsed:
    """Months as Int64 YYYYMM; a full date gives its month."""
    patterns = [_STYLES[style] for style in styles]

    def read(text: str) -> tuple[int | None, str | None]:
        day = _day(text, patterns)
        return (_month(day), None) if day else (None, reasons.VALUE_DATE)

    return parsed(column, read, "Int64")


def read_month_ranges(column: pd.Series, styles: Iterable[str]) -> pd.DataFrame:
    """Columns start_ym, end_ym (Int64 YYYYMM) and reason.

    "2019.03", "2019.03-2020.11", "2019年3月至5月".

    The first day of a month stands for it (a spreadsheet writes 2019-03 so); any other day is
    refused, since 2019-03-05 may be a day or March to May.
    """
    patterns = [_STYLES[style] for style in styles]

    def read(text: str) -> tuple[int | None, int | None, str | None]:
        day = _day(text, patterns)
        if day:
            return (
                (_month(day), _month(day), None)
                if day.day == 1
                else (None, None, reasons.BAD_PERIOD)
            )
        pairs = [
            pair for cut in _TO.finditer(text) if (pair := _months_beside(text, cut, patterns))
        ]
        if len(pairs) != 1:
            return None, None, reasons.BAD_PERIOD
        return *pairs[0], None if pairs[0][0] <= pairs[0][1] else reasons.END_BEFORE_START

    return parsed_frame(column, read, {"start_ym": "Int64", "end_ym": "Int64", "reason": "str"})


def without_open_ends(column: pd.Series, words: Iterable[str]) -> pd.Series:
    """Return the column without the cells that say "still so": 至今, 长期, 9999-12-31."""
    known = frozenset(words)
    return column.mask(holds(column, lambda text: _BETWEEN_DIGITS.sub("", text) in known))


def _months_beside(
    text: str, cut: re.Match[str], patterns: list[re.Pattern[str]]
) -> tuple[int, int] | None:
    """Return the months left and right of a separator; the right one may leave its year out.

    Inside a range 2019.1 is typed text and so January: only a lone number may have lost a zero.
    """
    halves = text[: cut.start()].strip(), text[cut.end() :].strip()
    days = [_day(half, [_TYPED_MONTH, *patterns]) for half in halves]
    month_only = re.fullmatch(r"(\d{1,2})\s*月?", halves[1])
    if days[0] and month_only and 1 <= int(month_only[1]) <= 12:
        days[1] = days[0].replace(month=int(month_only[1]))
    return (_month(days[0]), _month(days[1])) if days[0] and days[1] else None


def _month(day: datetime.date) -> int:
    return day.year * 100 + day.month


def _day(text: str, patterns: list[re.Pattern[str]]) -> datetime.date | None:
    text = _in_arabic_digits(text)
    found = next((match for pattern in patterns if (match := pattern.fullmatch(text))), None)
    if not found:
        return None
    parts = {name[0]: int(value) for name, value in found.groupdict().items() if value}
    try:
        if "s" in parts:
            if (
                parts["s"] // 10 in _YEARS
            ):  # 20231 may be a serial of 1955 or January 2023 without its zero
                return None
            day = _FIRST_EXCEL_DAY + datetime.timedelta(days=parts["s"])
        else:
            day = datetime.date(parts["y"], parts["m"], parts.get("d", 1))
    except (ValueError, OverflowError):
        return None
    return day if day.year in _YEARS else None


def _in_arabic_digits(text: str) -> str:
    """二〇二三年二月十五日 as 2023年2月15日; any other text as it is."""
    found = _CHINESE_DAY.fullmatch(text)
    if not found:
        return text
    year = "".join(str(_DIGITS.index(digit)) for digit in found["year"].translate(_ZEROS))
    month, day = chinese_number(found["month"]), chinese_number(found["day"] or "")
    return f"{year}年{month}月" + (f"{day}日" if found["day"] else "")


def read_amounts(column: pd.Series, bare_unit: str | None = None) -> Parsed:
    """Read amounts in yuan (float64).

    Other currencies and bare numbers without a known unit are not taken, with a reason. `bare_unit`
    is the unit of bare numbers ("万", "" = yuan); None where it is unknown.
    """
    rules = RULES["amounts"]

    def read(text: str) -> tuple[float | None, str | None]:
        upper = text.upper().replace(",", "")
        found = _AMOUNT.fullmatch(upper)
        if not found:
            return None, reasons.VALUE_AMOUNT
        if any(word in upper for word in rules["foreign"]):
            return None, reasons.VALUE_CURRENCY
        words = [
            word for word in re.split(r"[()\s]+", f"{found['before']} {found['currency']}") if word
        ]
        if not set(words) <= set(rules["yuan"]):
            return None, reasons.VALUE_AMOUNT
        if not (found["unit"] or words) and bare_unit is None:
            return None, reasons.VALUE_AMOUNT_UNIT
        unit = found["unit"] or ("" if words else bare_unit or "")
        amount = round(float(found["number"]) * rules["units"][unit], 2)
        return (amount, None) if amount <= rules["largest"] else (None, reasons.VALUE_AMOUNT)

    return parsed(column, read, "float64")


def read_counts(column: pd.Series) -> Parsed:
    """Whole numbers of people as Int64: "50", "1,200", "50人", "50.0"."""

    def read(text: str) -> tuple[int | None, str | None]:
        found = re.fullmatch(r"(\d{1,9})(?:\.0+)?\s*[人名]?", text.replace(",", ""))
        return (int(found[1]), None) if found else (None, reasons.VALUE_NUMBER)

    return parsed(column, read, "Int64")


def read_decimals(column: pd.Series, lowest: float, highest: float, reason: str) -> Parsed:
    """Plain numbers between two bounds (float64): "92.35", "1,204.5", "-3200"."""

    def read(text: str) -> tuple[float | None, str | None]:
        bare = text.replace(",", "")
        value = float(bare) if _DECIMAL.fullmatch(bare) else math.nan
        return (value, None) if lowest <= value <= highest else (None, reason)

    return parsed(column, read, "float64")


def read_choices(
    column: pd.Series, table: str, reason: str = reasons.VALUE_CHOICE, ambiguous: str | None = None
) -> Parsed:
    """Return the name of the first pattern of `rules.toml` [choices.<table>] found in the text.

    `ambiguous` is the reason where several patterns are found and none may be preferred; no value
    is taken then.
    """
    patterns: Mapping[str, re.Pattern[str]] = {
        name: re.compile(pattern) for name, pattern in RULES["choices"][table].items()
    }

    def read(text: str) -> tuple[str | None, str | None]:
        names = [name for name, pattern in patterns.items() if pattern.search(text.upper())]
        if ambiguous and len(names) > 1:
            return None, ambiguous
        return (names[0], None) if names else (None, reason)

    return parsed(column, read, "str")


def chinese_number(text: str) -> int | None:
    """Return a number below 100 in Chinese or Arabic digits: 九, 十二, 二十, 12."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if (
        not re.fullmatch(f"[{_DIGITS}]?十?[{_DIGITS}]?", text)
        or not text
        or (not ten and len(text) > 1)
    ):
        return None
    return (_DIGITS.index(tens) if tens else 1) * 10 * bool(ten) + (
        _DIGITS.index(ones) if ones else 0
    )


def split_cells(column: pd.Series, separators: str) -> pd.Series:
    """Split each cell into its trimmed, non-empty parts; line breaks separate parts too.

    Missing cells give empty lists.
    """
    pattern = re.compile("[" + re.escape(unicodedata.normalize("NFKC", separators)) + r"\n\r]")
    rows, texts = pd.factorize(column)
    lists = [
        [part.strip() for part in pattern.split(text) if part.strip()] for text in texts.tolist()
    ]
    parts = np.fromiter(
        [*lists, []], dtype="object", count=len(lists) + 1
    )  # the last is that of a missing cell
    return pd.Series(parts[rows], index=column.index)
