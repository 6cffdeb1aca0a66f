"""Tables of several estimators, one column each, as LaTeX, HTML, Typst or DOCX, by maketables.

Effects and aggregates have the attributes that maketables reads, so `maketables.ETable` takes them
as they are. `regression_table` chooses for it: no stars, digits by the standard errors, event times
in order.
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
from zgzx_research.report.number_format import ERROR_DIGITS, significant_digits


def regression_table(
    results: Mapping[str, Effects | Aggregate],
    *,
    digits: int | None = None,
    stars: bool = False,
    notes: str | None = None,
    **more: Any,
) -> ETable:
    """Make a table with one column per result and standard errors in parentheses.

    Parameters
    ----------
    results : Mapping
        Effects (one row per cohort and period) or aggregates, by the heading of their column.
    digits : int, optional
        Digits after the point; None shows the median standard error to two significant digits.
    stars : bool, default False
        Whether to mark p < .1, .05, .01.
    notes : str, optional
        Below the table; None says what the entries are.
    **more : object
        Further arguments of `maketables.ETable` (caption, tab_label, keep, drop, model_stats, …).

    Returns
    -------
    ETable
        Shows itself in notebooks; ``.make("tex")`` and ``.make("typst")`` give text,
        ``.save(type="docx", file_name="folder/table.docx")`` writes a file (also tex, html, typst).

    Raises
    ------
    ZgzxError
        No result.
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


def _place(name: str) -> tuple[bool, bool, str, tuple[int, ...]]:
    """Make a sort key: cohorts and periods, then rising event times, the overall effect last."""
    numbers = tuple(
        int(part.strip(",")) for part in name.split() if part.strip(",").lstrip("-").isdigit()
    )
    return (not numbers, len(numbers) < 2, name.split()[0], numbers)


def _notes(results: Mapping[str, Effects | Aggregate], stars: bool) -> str:
    """Say what the entries are; they are blank where an estimator has no such row, or its base."""
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
