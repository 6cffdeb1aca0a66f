"""Tables of several estimators side by side, as LaTeX, HTML, Typst or DOCX, by maketables.

Effects and aggregates carry the attributes maketables looks for (`did/results/display.py`), so
`maketables.ETable` takes them as they are. `regression_table` adds the house's choices: no stars,
digits by the standard errors, event times in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from maketables import ETable

from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.coefficient_table import coefficient_table
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.report.wording import ERROR_DIGITS, significant_digits


def regression_table(
    results: Mapping[str, Effects | Aggregate],
    *,
    digits: int | None = None,
    stars: bool = False,
    notes: str | None = None,
    **more: Any,
) -> ETable:
    """One column per result, one row per event time (or cell), standard errors in parentheses.

    Parameters
    ----------
    results : effects or aggregates by the heading of their column.
    digits : after the point; None shows the usual standard error to two significant digits.
    stars : mark p < .1, .05, .01. notes : below the table; None says what the cells hold.
    more : further arguments of `maketables.ETable` (caption, tab_label, keep, drop, model_stats,
        ...).

    Returns
    -------
    ETable : shows itself in notebooks; `.make("tex")` and `.make("typst")` give text,
        `.save(type="tex" | "html" | "typst" | "docx", file_name="folder/table.docx")` writes a
        file.

    Raises
    ------
    ZgzxError : no result.
    """
    if not results:
        raise ZgzxError(
            "there is no result to show", where="regression_table", remedy="Pass {'name': effects}."
        )
    tables = [coefficient_table(result) for result in results.values()]
    if digits is None:
        digits = significant_digits(pd.concat([table["se"] for table in tables]), ERROR_DIGITS)
    return ETable(
        list(results.values()),
        coef_fmt=f"b:.{digits}f{'*' * stars} \n (se:.{digits}f)",
        order=sorted({name for table in tables for name in table.index}, key=_place),
        model_heads=list(results),
        notes=_notes(results, stars) if notes is None else notes,
        **more,
    )


def _place(name: str) -> tuple:
    """Cells by cohort and period, event times rising, the overall last."""
    numbers = tuple(
        int(part.strip(",")) for part in name.split() if part.strip(",").lstrip("-").isdigit()
    )
    return (not numbers, len(numbers) < 2, name.split()[0], numbers)


def _notes(results: Mapping[str, Effects | Aggregate], stars: bool) -> str:
    """What the cells hold. A blank cell: the estimator has no such row, or it is its base."""
    effects = [
        result.effects if isinstance(result, Aggregate) else result for result in results.values()
    ]
    parts = ["Standard errors in parentheses."]
    if any(one.numbers.scale == "ratio" for one in effects):
        parts.append(
            "Ratios: 0.12 is 12 percent more than without."
        )  # maketables leaves a % sign bare in LaTeX
    if stars:
        parts.append("* p < 0.10, ** p < 0.05, *** p < 0.01.")
    return " ".join(parts)
