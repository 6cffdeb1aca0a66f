"""The table of a comparison with an earlier report: a row for each claim and level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from zgzx_research.report.number_format import MISSING, format_number, format_value
from zgzx_research.report.tables.effect_tables import format_interval
from zgzx_research.report.tables.markdown_table import Table, column_words, make_table
from zgzx_research.report.wording import word

COLUMNS = ("claim", "level", "estimate_with_unit", "interval", "part")


def changes_table(frame: pd.DataFrame, language: str) -> Table | None:
    """Show the levels of each claim, and the part of each step.

    Parameters
    ----------
    frame : DataFrame
        From `changes_facts.changes_frame`.
    language : str
        "zh" or "en".

    Returns
    -------
    Table or None
        None without an earlier report. A level without an estimate says why; its step is then a
        part together with the next one.
    """
    if frame.empty:
        return None
    rows = frame.to_dict("records")
    before = [None, *(row["claim"] for row in rows[:-1])]
    body = [
        _row(row, language, first=row["claim"] != other)
        for row, other in zip(rows, before, strict=True)
    ]
    heads = column_words(COLUMNS, language)
    return make_table("changes", word("table.changes", language), heads, "llrrr", body)


def _row(row: Mapping[Any, Any], language: str, *, first: bool) -> list[str]:
    """Write one level; the claim stands in its first row only."""
    claim = row[language] if first else ""
    level = word(f"changes.level.{row['step']}", language)
    if pd.isna(row["estimate"]):
        return [claim, level, word(f"changes.reason.{row['reason']}", language), MISSING, MISSING]
    unit, digits = row["unit"], int(row["digits"])
    return [
        claim,
        level,
        format_value(row["estimate"], unit, digits, language, signed=True),
        format_interval(row["ci_low"], row["ci_high"], digits),
        part_text(row, language),
    ]


def part_text(row: Mapping[Any, Any], language: str) -> str:
    """Write the part that ends at a level, naming its steps where there are several."""
    if pd.isna(row["difference"]):
        return MISSING
    number = format_number(row["difference"], int(row["digits"]), signed=True)
    several = "_" in row["joined"]
    name = word(f"changes.part.{row['joined']}", language) if several else ""
    return word("changes.several", language, part=name, number=number) if several else number
