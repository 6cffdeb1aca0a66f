"""Text of cells into values: dates, months, amounts, counts, choices, firm names. Distinct texts are read once."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import opencc
import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.rules import RULES

_REPLACE = {ord(pair[0]): pair[1] for pair in RULES["characters"]["replace"].split()}
_TABLE: dict[int, str | None] = _REPLACE | dict.fromkeys(map(ord, RULES["characters"]["drop"]))
_MISSING = frozenset(RULES["missing"])
_KEEP = frozenset(RULES["characters"]["keep"])
_STYLES = {name: re.compile(pattern) for name, pattern in RULES["date_styles"].items()}
_AMOUNT = re.compile(r"(?P<before>\D*?)\s*" + RULES["amounts"]["pattern"])
_CJK_GAP = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_FIRST_EXCEL_DAY = datetime.date(1899, 12, 30)
_YEARS = range(1900, 2101)


@dataclass(frozen=True)
class Parsed:
    """A column read: `value` and `reason` (a code of `reasons`, null where nothing is wrong), both on the raw index."""

    value: pd.Series
    reason: pd.Series


def on_unique(column: pd.Series, function: Callable[[str], Any]) -> pd.Series:
    """`function` of every distinct text; missing stays missing. The result has dtype object."""
    known = {text: function(text) for text in column.dropna().unique()}
    return column.astype("object").map(known)


def parsed(column: pd.Series, function: Callable[[str], tuple[Any, str | None]], dtype: str) -> Parsed:
    """Apply `function` (text -> value, reason) to the distinct texts of a column and give the values a dtype."""
    pairs = {text: function(text) for text in column.dropna().unique()}
    texts = column.astype("object")
    value = texts.map({text: pair[0] for text, pair in pairs.items()})
    reason = texts.map({text: pair[1] for text, pair in pairs.items()})
    return Parsed(value.astype(dtype), reason.astype("str"))


def clean_text(text: str) -> str | None:
    """NFKC and our own character table, blanks trimmed; None for words that mean "nothing"."""
    result = unicodedata.normalize("NFKC", text).translate(_TABLE).strip()
    return None if not result or result.upper() in _MISSING else result


def clean_column(column: pd.Series) -> pd.Series:
    return on_unique(column, clean_text).astype("str")


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Traditional characters simplified, except those that are simplified in their own right."""
    result = _converter().convert(text)
    if len(result) != len(text):
        return result
    return "".join(old if old in _KEEP else new for old, new in zip(text, result, strict=True))


def firm_text(text: str) -> str:
    """A cleaned firm or place name simplified, without blanks beside Chinese characters."""
    return " ".join(_CJK_GAP.sub("", simplified(text)).split())


def read_dates(column: pd.Series, styles: Iterable[str]) -> Parsed:
    """Days as datetime64[s]."""
    patterns = [_STYLES[style] for style in styles]

    def read(text: str) -> tuple[datetime.date | None, str | None]:
        day = _day(text, patterns)
        return day, None if day else reasons.VALUE_DATE

    result = parsed(column, read, "object")
    return Parsed(pd.to_datetime(result.value).astype("datetime64[s]"), result.reason)


def read_months(column: pd.Series, styles: Iterable[str]) -> Parsed:
    """Months as Int64 YYYYMM; a full date gives its month."""
    patterns = [_STYLES[style] for style in styles]

    def read(text: str) -> tuple[int | None, str | None]:
        day = _day(text, patterns)
        return (day.year * 100 + day.month, None) if day else (None, reasons.VALUE_DATE)

    return parsed(column, read, "Int64")


def _day(text: str, patterns: list[re.Pattern[str]]) -> datetime.date | None:
    found = next((match for pattern in patterns if (match := pattern.fullmatch(text))), None)
    if not found:
        return None
    parts = {name[0]: int(value) for name, value in found.groupdict().items() if value}
    try:
        if "s" in parts:
            day = _FIRST_EXCEL_DAY + datetime.timedelta(days=parts["s"])
        else:
            day = datetime.date(parts["y"], parts["m"], parts.get("d", 1))
    except (ValueError, OverflowError):
        return None
    return day if day.year in _YEARS else None


def read_amounts(column: pd.Series, bare_unit: str = "") -> Parsed:
    """Amounts in yuan (float64). Other currencies and bare numbers without a known unit stay out, with a reason."""
    rules = RULES["amounts"]

    def read(text: str) -> tuple[float | None, str | None]:
        upper = text.upper().replace(",", "")
        found = _AMOUNT.fullmatch(upper)
        if not found:
            return None, reasons.VALUE_AMOUNT
        if any(word in upper for word in rules["foreign"]):
            return None, reasons.VALUE_CURRENCY
        words = [word for word in re.split(r"[()\s]+", f"{found['before']} {found['currency']}") if word]
        if not set(words) <= set(rules["yuan"]):
            return None, reasons.VALUE_AMOUNT
        unit = found["unit"] or ("" if words else bare_unit)
        if not (unit or words):
            return None, reasons.VALUE_AMOUNT_UNIT
        return round(float(found["number"]) * rules["units"][unit], 2), None

    return parsed(column, read, "float64")


def read_counts(column: pd.Series) -> Parsed:
    """Whole numbers of people as Int64: "50", "1,200", "50人", "50.0"."""

    def read(text: str) -> tuple[int | None, str | None]:
        found = re.fullmatch(r"(\d{1,9})(?:\.0+)?\s*[人名]?", text.replace(",", ""))
        return (int(found[1]), None) if found else (None, reasons.VALUE_NUMBER)

    return parsed(column, read, "Int64")


def read_choices(column: pd.Series, table: str, reason: str = reasons.VALUE_CHOICE) -> Parsed:
    """The name of the first pattern of `rules.toml` [choices.<table>] found in the text."""
    patterns: Mapping[str, re.Pattern[str]] = {
        name: re.compile(pattern) for name, pattern in RULES["choices"][table].items()
    }

    def read(text: str) -> tuple[str | None, str | None]:
        name = next((name for name, pattern in patterns.items() if pattern.search(text.upper())), None)
        return name, None if name else reason

    return parsed(column, read, "str")


def read_industries(column: pd.Series) -> Parsed:
    """The two-digit division of a national industry code: "C3972", "3972 电子…", "39"."""

    def read(text: str) -> tuple[str | None, str | None]:
        found = re.match(r"[A-Ta-t]?\s*(\d{2})\d{0,2}(?!\d)", text)
        return (found[1], None) if found else (None, reasons.VALUE_INDUSTRY)

    return parsed(column, read, "str")


def chinese_number(text: str) -> int | None:
    """A number below 100 in Chinese or Arabic digits: 九, 十二, 二十, 12."""
    if text.isdecimal():
        return int(text)
    digits = "〇一二三四五六七八九"
    tens, ten, ones = text.rpartition("十")
    if not re.fullmatch(f"[{digits}]?十?[{digits}]?", text) or not text or (not ten and len(text) > 1):
        return None
    return (digits.index(tens) if tens else 1) * 10 * bool(ten) + (digits.index(ones) if ones else 0)


def split_cells(column: pd.Series, separators: str) -> pd.Series:
    """Lists of the trimmed, non-empty parts of each cell; missing cells give empty lists."""
    pattern = re.compile("[" + re.escape(unicodedata.normalize("NFKC", separators)) + "]")
    lists = on_unique(column, lambda text: [part.strip() for part in pattern.split(text) if part.strip()])
    return lists.map(lambda parts: parts if isinstance(parts, list) else [])
