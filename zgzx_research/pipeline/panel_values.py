"""Cells of a panel file into numbers, times and names; a cell that cannot be read is named."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.texts import Texts

# How statistics programs and spreadsheets write "no value"; compared without regard to case. Only
# numbers and times are read so: as the name of a unit, NA is Namibia and None is a name.
NA_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", ".", "<na>", "nat"})

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
POINT = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+(e[+-]?\d+)?", re.IGNORECASE)

QUARTER_WORDS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}
DAY = r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
CLOCK = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        DAY + CLOCK,
        r"(?P<year>\d{4})(?:[-/年]|[Mm])(?P<month>\d{1,2})月?",
        r"(?P<year>\d{4})[-. /]?[Qq](?P<quarter>[1-4])",
        r"[Qq](?P<quarter>[1-4])[-. /]?(?P<year>\d{4})",
        r"(?P<year>\d{4})年第?(?P<quarter>[1-4一二三四])季度?",
        r"(?P<year>\d{4})[-. /]?[HhSs](?P<half>[12])",
        r"(?P<year>\d{4})年(?P<half>[上下])半年",
        r"(?P<year>\d{4})-?W(?P<week>\d{2})",
    )
)
YEAR = re.compile(r"(\d{4})年度?")


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    name : its header. texts : its cells. row : position of a cell -> its row as the file counts it.
    file : for messages.
    """

    name: str
    texts: Texts
    row: Callable[[int], int]
    file: str

    def cells(self, wrong: Sequence[bool] | np.ndarray) -> tuple[int, list[str]]:
        """How many cells hold one of the texts marked `wrong`, and the first few with their row."""
        rows = np.flatnonzero(np.asarray(wrong)[self.texts.codes])
        texts = self.texts
        return len(rows), [f"row {self.row(r)}: {texts.texts[texts.codes[r]]!r}" for r in rows[:3]]

    def refuse(self, wrong: Sequence[bool] | np.ndarray, what: str, remedy: str) -> None:
        """An error that names the cells whose text is marked `wrong`; nothing where there are none."""
        count, examples = self.cells(wrong)
        if count:
            where = f"{self.file}, column {self.name!r}"
            raise ZgzxError(what, where=where, count=count, examples=examples, remedy=remedy)


def missing(text: str) -> bool:
    """Whether a cell of numbers or times says that there is no value."""
    return text.casefold() in NA_WORDS


def plain(text: str) -> str:
    """Full-width digits and signs as ordinary ones, no blanks: １２ -> 12, − -> -."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).replace("−", "-"))


def is_number(text: str) -> bool:
    """Whether a text is a number in one of the ways they are written."""
    found = plain(text)
    return any(pattern.fullmatch(found) for pattern in (PLAIN, THOUSANDS, COMMA))


def decimal_comma(columns: Sequence[Column]) -> bool:
    """Whether the numbers of a file are written 3,14 rather than 3.14; one file has one way.

    Raises
    ------
    ZgzxError : both ways in one file, or only numbers such as 1,234 that could be either.
    """
    commas, points, unclear = [], [], []
    for column in columns:
        for text in map(plain, column.texts.texts):
            grouped, comma = THOUSANDS.fullmatch(text), COMMA.fullmatch(text)
            if comma and not grouped:
                commas.append(text)
            elif POINT.fullmatch(text) or (grouped and ("." in text or text.count(",") > 1)):
                points.append(text)
            elif grouped:
                unclear.append(text)
    if (commas and points) or (unclear and not commas and not points):
        shown = [*commas[:1], *points[:1]] if commas else unclear
        raise ZgzxError(
            "it is not clear whether a comma in a number marks decimals or thousands",
            where=columns[0].file, examples=shown,
            remedy="Write the numbers with a decimal point and without marks between thousands.",
        )  # fmt: skip
    return bool(commas)


def read_numbers(column: Column, comma: bool) -> np.ndarray:
    """(rows,) floats, NaN where there is no value.

    Raises
    ------
    ZgzxError : cells that are no numbers, with their rows.
    """
    column.refuse(
        [not missing(text) and not is_number(text) for text in column.texts.texts],
        "cells that are no numbers",
        "Correct them, or leave them empty where the value is not known.",
    )
    values = [math.nan if missing(text) else _number(plain(text), comma) for text in column.texts.texts]
    return np.array(values)[column.texts.codes]


def _number(text: str, comma: bool) -> float:
    swapped = text.replace(".", "").replace(",", ".") if comma and "," in text else text
    return float(swapped.replace(",", ""))


def read_factor(column: Column, comma: bool) -> np.ndarray | pd.Series:
    """A covariate: numbers, or the names of categories where most cells are no numbers."""
    known = [text for text in column.texts.texts if not missing(text)]
    if sum(map(is_number, known)) * 2 > len(known):
        return read_numbers(column, comma)
    return read_names(column, lambda text: not missing(text))


def read_names(column: Column, known: Callable[[str], bool] = bool) -> pd.Series:
    """(rows,) text as it stands, missing only where a cell is empty: "NA" and "001" are names."""
    names = [text if known(text) else None for text in column.texts.texts]
    return pd.Series(pd.array(names, dtype="str").take(column.texts.codes))


def read_times(column: Column, remedy: str) -> pd.Series:
    """(rows,) whole numbers, or dates: the first day of the day, month, quarter or half-year meant.

    Raises
    ------
    ZgzxError : cells that are neither, dates and numbers in one column; with their rows.
    """
    texts = column.texts.texts
    numbers = [missing(text) or PLAIN.fullmatch(_year(text)) is not None for text in texts]
    if all(numbers):
        values = np.array([math.nan if missing(text) else float(_year(text)) for text in texts])
        values = values[column.texts.codes]
        whole = not np.isnan(values).any() and (values == np.round(values)).all()
        return pd.Series(values.astype(np.int64) if whole else values)
    days = [None if missing(text) else first_day(text) for text in texts]
    dated = [missing(text) or day is not None for text, day in zip(texts, days, strict=True)]
    if sum(numbers) > sum(dated):
        column.refuse([not fine for fine in numbers], "cells that are no whole numbers", remedy)
    column.refuse([not fine for fine in dated], "cells that are neither dates nor whole numbers", remedy)
    return pd.Series(np.array(days, dtype="datetime64[s]")[column.texts.codes])


def _year(text: str) -> str:
    """2015年 is the number 2015."""
    found = YEAR.fullmatch(plain(text))
    return found[1] if found else plain(text)


def first_day(text: str) -> date | None:
    """The first day of what a text names: 2015-03-01, 2015/3, 2015Q2, 2015年上半年; None for other text."""
    shown = unicodedata.normalize("NFKC", text).strip()
    found = next((match for pattern in TIMES if (match := pattern.fullmatch(shown))), None)
    if found is None:
        return None
    part = found.groupdict()
    year = int(part["year"])
    try:
        if part.get("week"):
            return date.fromisocalendar(year, int(part["week"]), 1)
        for name, months in (("quarter", 3), ("half", 6)):
            if at := part.get(name):
                return date(year, months * (QUARTER_WORDS.get(at) or int(at)) - months + 1, 1)
        return date(year, int(part["month"]), int(part.get("day") or 1))
    except ValueError:
        return None  # a month of 13, a day of 31 in June
