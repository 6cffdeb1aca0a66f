"""Read cells of a panel file as numbers, times and names, or name those that cannot be read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.panel.time_texts import read_texts
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.texts import Texts

# How statistics programs and spreadsheets write "no value"; compared without regard to case. Only
# numbers and times are read so: as the name of a unit, NA is Namibia and None is a name.
NA_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", ".", "<na>", "nat"})

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
POINT = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    name : str
        Its header.
    texts : Texts
        Its cells.
    row : callable
        From the position of a cell to its row in the file, counted from 1.
    file : str
        Name of the file, for messages.
    """

    name: str
    texts: Texts
    row: Callable[[int], int]
    file: str

    def cells(self, wrong: Sequence[bool] | np.ndarray) -> tuple[int, list[str]]:
        """Count the cells whose text is marked `wrong`, and give the first few with their row."""
        rows = np.flatnonzero(np.asarray(wrong)[self.texts.codes])
        texts = self.texts
        return len(rows), [f"row {self.row(r)}: {texts.texts[texts.codes[r]]!r}" for r in rows[:3]]

    def refuse(self, wrong: Sequence[bool] | np.ndarray, what: str, remedy: str) -> None:
        """Raise an error that names the cells whose text is marked `wrong`, if there are any."""
        count, examples = self.cells(wrong)
        if count:
            where = f"{self.file}, column {self.name!r}"
            raise ZgzxError(what, where=where, count=count, examples=examples, remedy=remedy)


def missing(text: str) -> bool:
    """Whether a cell of numbers or times says that there is no value."""
    return text.casefold() in NA_WORDS


def plain(text: str) -> str:
    """Write full-width digits and signs as ordinary ones, without blanks: １２ -> 12, − -> -."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).replace("−", "-"))


def is_number(text: str) -> bool:
    """Whether a text is a number in one of the ways they are written."""
    found = plain(text)
    return any(pattern.fullmatch(found) for pattern in (PLAIN, THOUSANDS, COMMA))


def decimal_comma(columns: Sequence[Column]) -> bool:
    """Whether the numbers of a file are written 3,14 rather than 3.14.

    Parameters
    ----------
    columns : sequence of Column
        All columns of numbers of one file, which writes them in one way.

    Returns
    -------
    bool
        True for 3,14.

    Raises
    ------
    ZgzxError
        Both ways in one file, or only numbers such as 1,234 that could be either.
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
            where=columns[0].file,
            examples=shown,
            remedy="Write the numbers with a decimal point and without marks between thousands.",
        )
    return bool(commas)


def read_numbers(column: Column, comma: bool) -> np.ndarray:
    """Read numbers.

    Parameters
    ----------
    column : Column
        The cells.
    comma : bool
        Whether decimals are written 3,14.

    Returns
    -------
    ndarray of float
        (rows,) NaN where there is no value.

    Raises
    ------
    ZgzxError
        Cells that are no numbers, with their rows.
    """
    column.refuse(
        [not missing(text) and not is_number(text) for text in column.texts.texts],
        "cells that are no numbers",
        "Correct them, or leave them empty where the value is not known.",
    )
    values = [
        math.nan if missing(text) else _number(plain(text), comma) for text in column.texts.texts
    ]
    return np.array(values)[column.texts.codes]


def _number(text: str, comma: bool) -> float:
    """Return the number that a text writes."""
    swapped = text.replace(".", "").replace(",", ".") if comma and "," in text else text
    return float(swapped.replace(",", ""))


def read_factor(column: Column, comma: bool) -> np.ndarray | pd.Series:
    """Read a covariate: numbers, or names of categories where most cells are no numbers."""
    known = [text for text in column.texts.texts if not missing(text)]
    if sum(map(is_number, known)) * 2 > len(known):
        return read_numbers(column, comma)
    return read_names(column, lambda text: not missing(text))


def read_names(column: Column, known: Callable[[str], bool] = bool) -> pd.Series:
    """Return (rows,) text unchanged, missing only for empty cells: "NA" and "001" are names."""
    names = [text if known(text) else None for text in column.texts.texts]
    return pd.Series(pd.array(names, dtype="str").take(column.texts.codes))


def read_times(column: Column, remedy: str) -> pd.Series:
    """Read periods.

    Parameters
    ----------
    column : Column
        The cells.
    remedy : str
        Remedy of the error; may contain {text}, the first wrong cell.

    Returns
    -------
    Series
        (rows,) Whole numbers, or text that names days, months, quarters …, which `prepare_panel`
        reads.

    Raises
    ------
    ZgzxError
        Cells that name no period, with their rows.
    """
    texts = column.texts.texts
    given = [text for text in texts if not missing(text)]
    try:
        read = read_texts(given, column.name)
    except ZgzxError:
        # there is more than one way to read them: prepare_panel sees the other column too, and
        # reports it
        return read_names(column, lambda text: not missing(text))
    wrong = set(read.codes)
    shown = remedy.format(text=read.codes[0]) if wrong else ""
    column.refuse(
        [text in wrong for text in texts], "cells that name no year, date or other period", shown
    )
    if read.spelling not in ("", "number"):
        return read_names(column, lambda text: not missing(text))
    number = dict(zip(given, read.values, strict=True))
    values = np.array([number.get(text, math.nan) for text in texts])[column.texts.codes]
    whole = not np.isnan(values).any() and (values == np.round(values)).all()
    return pd.Series(values.astype(np.int64) if whole else values)


def same_value(text: str, code: str) -> bool:
    """Whether two texts mean the same: 0 and 0.0, or 1900-01-01 and 1900/1/1."""
    if text.casefold() == code.strip().casefold():
        return True
    read = [_period(text), _period(code)]
    return read[0] == read[1] and all(map(math.isfinite, read))


def _period(text: str) -> float:
    """Return the number of a period; NaN where the text names none."""
    try:
        return float(read_texts([text], "").values[0])
    except ZgzxError:
        return math.nan
