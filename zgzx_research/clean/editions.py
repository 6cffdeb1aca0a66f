"""Which edition (届次) a sheet is about."""

from __future__ import annotations

import re

import pandas as pd

from zgzx_research.clean.values import chinese_number
from zgzx_research.distinct import on_unique
from zgzx_research.errors import ZgzxError

POSSIBLE = range(1, 100)
_EDITION = re.compile(r"第?\s*([一二三四五六七八九十〇]+|\d+|首)\s*届")


def edition_of(text: str) -> int | None:
    """The edition named in a title: 第九届, 第12届, 首届."""
    found = _EDITION.search(text)
    if not found:
        return None
    return 1 if found[1] == "首" else _number(found[1])


def _number(text: str) -> int | None:
    number = chinese_number(text)
    return number if number in POSSIBLE else None


def edition_cells(column: pd.Series) -> pd.Series:
    """Editions (object: int or missing) from cells: 第九届, 9, 九."""
    return on_unique(column, lambda text: edition_of(text) or _number(text.removesuffix(".0")))


def read_editions(rows: pd.DataFrame) -> pd.Series:
    """Edition (int64) per row: from its own cell, else from the title, else from the sheet's name.

    Raises
    ------
    ZgzxError : a file that says it nowhere.
    """
    column = edition_cells(rows["edition"])
    for source in ("heading", "sheet_name"):
        column = column.where(column.notna(), on_unique(rows[source], edition_of))
    lost = rows[column.isna()]
    if len(lost):
        raise ZgzxError(
            "no edition (届次) in the title rows, a column 届次 or the sheet name", where=lost["file"].iloc[0],
            count=len(lost), remedy='Write it into the title, e.g. 第九届"职工之星"获奖名单.',
        )  # fmt: skip
    return column.astype("int64")
