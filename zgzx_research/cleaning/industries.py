"""Industries of GB/T 4754-2017.

Sections A to T and two-digit divisions, from the ways in which agencies write them.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.values import parsed_frame

_CODE = re.compile(
    r"(?P<section>[A-T])?\s*(?:(?P<division>\d{2})\d{0,2}(?:\.0)?)?(?![\dA-Z])\s*[-:、.]?\s*\D*"
)


def _table() -> list[dict[str, str]]:
    with (Path(__file__).parent / "industries.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# division -> section, and the (section, division) of a name without a code. A division with the
# name of its section (房地产业, 教育, 国际组织) is that section's only one.
SECTIONS = {row["division"]: row["section"] for row in _table()}
NAMES: dict[str, tuple[str, str | None]] = {
    row["section_name"]: (row["section"], None) for row in _table()
}
NAMES |= {row["division_name"]: (row["section"], row["division"]) for row in _table()}


def read_industries(column: pd.Series) -> pd.DataFrame:
    """Columns industry_section (A to T), industry2 (two digits) and reason, on the raw index.

    "C3972", "3972 电子…", "39", "制造业"; a section without digits has no division.
    Unknown divisions and a letter that contradicts the digits are refused.
    """

    def read(text: str) -> tuple[str | None, str | None, str | None]:
        if text in NAMES:
            return *NAMES[text], None
        found = _CODE.fullmatch(text.upper())
        section, division = (found["section"], found["division"]) if found else (None, None)
        implied = SECTIONS.get(division) if division else section
        if implied is None or section not in (None, implied):
            return None, None, reasons.VALUE_INDUSTRY
        return implied, division, None

    return parsed_frame(
        column, read, {"industry_section": "str", "industry2": "str", "reason": "str"}
    )
