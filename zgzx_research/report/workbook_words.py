"""Sheets, columns and units of the workbook, in words from `workbook.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EFFECT, BASE = "effect", "base"  # units that a sheet fills in
SHOWN = ("percent", "percentage_point", "number")  # units that stand in headings


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    Attributes
    ----------
    name : str
        Heading.
    meaning : str, default ""
        What it says, for the dictionary.
    unit : str, default ""
        Unit of its numbers, a row of `[unit]`: decides how they are shown; "" goes by their size.
    """

    name: str
    meaning: str = ""
    unit: str = ""


@functools.cache
def _words() -> Mapping[str, Any]:
    """Read `workbook.toml`."""
    path = Path(__file__).with_name("workbook.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def words(family: str, key: str, language: str, **values: object) -> str:
    """Return words of `workbook.toml`, e.g. of the family "sheet", "title", "note" or "unit"."""
    return _words()[family][key][language].format(**values)


def has_words(family: str, key: str) -> bool:
    """Say whether `workbook.toml` has words for a key."""
    return key in _words()[family]


def column(key: str, language: str, effect: str = "", base: str = "") -> Column:
    """Make a column.

    Parameters
    ----------
    key : str
        A row `[column.<key>]`.
    language : str
        "zh" or "en".
    effect, base : str, default ""
        Unit of effects and of base means on this sheet.

    Returns
    -------
    Column
        Heading with the unit of effects in brackets, meaning, unit.
    """
    row = _words()["column"][key]
    unit = {EFFECT: effect, BASE: base}.get(row["unit"], row["unit"])
    name = row["name"][language]
    heading = f"{name} ({words('unit', unit, language)})" if unit in SHOWN else name
    if language == "zh":
        heading = heading.replace(" (", "（").replace(")", "）")
    return Column(heading, row["meaning"][language], unit)


def unit_word(unit: str, language: str) -> str:
    """Return the words of a unit; of none, nothing."""
    return words("unit", unit, language) if unit else ""
