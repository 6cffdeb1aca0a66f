"""Edition (届次), category and stage of a row, and where cell, title, sheet and file disagree."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.quarantine import flag
from zgzx_research.cleaning.values import chinese_number, read_choices
from zgzx_research.distinct import on_unique
from zgzx_research.errors import ZgzxError

POSSIBLE = range(1, 100)
PLACES = ("edition", "heading", "sheet_name", "file_name")
_NUMBER = r"(?:[一二三四五六七八九十〇]+|\d+|首)"
_EDITION = re.compile(rf"第?\s*({_NUMBER})\s*届")
_SEVERAL = re.compile(rf"{_NUMBER}\s*届?\s*(?:[-~—–、,，]|至|到|和|及)\s*第?\s*{_NUMBER}\s*届")


def edition_of(text: str) -> int | None:
    """Return the edition in a title: 第九届, 第12届, 首届; None for several (第一届至第九届)."""
    found = {1 if name == "首" else _number(name) for name in _EDITION.findall(text)}
    return found.pop() if len(found) == 1 and not _SEVERAL.search(text) else None


def _number(text: str) -> int | None:
    number = chinese_number(text)
    return number if number in POSSIBLE else None


def edition_cells(column: pd.Series) -> pd.Series:
    """Editions (object: int or missing) from cells: 第九届, 9, 九."""
    return on_unique(column, lambda text: edition_of(text) or _number(text.removesuffix(".0")))


def read_editions(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Edition per row, from its own cell, else the title, the sheet's name or the file's.

    Returns
    -------
    tuple of pandas.Series
        Editions (int64), and a reason for the rows where these places disagree.

    Raises
    ------
    ZgzxError
        A file without an edition, or with several.
    """
    said = [
        edition_cells(rows[PLACES[0]]),
        *(on_unique(rows[place], edition_of) for place in PLACES[1:]),
    ]
    column, differ = _first_of(said)
    lost = rows[column.isna()]
    if len(lost):
        raise ZgzxError(
            "no edition (届次), or several, in title, column 届次, and names of sheet and file",
            where=lost["file"].iloc[0],
            count=len(lost),
            remedy='Write it into the title, e.g. 第九届"职工之星"获奖名单.',
        )
    return column.astype("int64"), differ


def first_said(rows: pd.DataFrame, name: str, places: Sequence[str]) -> tuple[pd.Series, pd.Series]:
    """Text of a row's own cell `name`, else of the first of `places` with exactly one choice.

    Where no place has exactly one choice, the first with several is taken.

    Returns
    -------
    tuple of pandas.Series
        Texts, and a reason for the rows where these places disagree.
    """
    texts = [rows[name], *(rows[place].astype("str") for place in places)]
    choices = [read_choices(text, name, ambiguous=reasons.VALUE_DISAGREEMENT) for text in texts]
    _, differ = _first_of([choice.value for choice in choices])
    said = rows[name]
    for text, choice in zip(texts[1:], choices[1:], strict=True):
        said = said.fillna(text.where(choice.value.notna()))
    for text, choice in zip(texts[1:], choices[1:], strict=True):
        said = said.fillna(text.where(choice.reason.eq(reasons.VALUE_DISAGREEMENT)))
    return said, differ


def _first_of(said: Sequence[pd.Series]) -> tuple[pd.Series, pd.Series]:
    """Return the first value of each row, and a reason where a later one differs."""
    value, differ = said[0], pd.Series(False, said[0].index)
    for other in said[1:]:
        differ |= value.notna() & other.notna() & value.ne(other).fillna(False).astype("bool")
        value = value.where(value.notna(), other)
    return value, flag(differ, reasons.VALUE_DISAGREEMENT)
