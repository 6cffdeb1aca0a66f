"""Tables of effects: by event time, by cohort, and several estimates below each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
from zgzx_research.report.number_format import (
    MISSING,
    effect_digits,
    format_base_mean,
    format_detectable,
    format_number,
    format_value,
)
from zgzx_research.report.tables.estimate_rows import EstimateRow, half_widths
from zgzx_research.report.tables.markdown_table import (
    Table,
    column_words,
    format_count,
    make_table,
    with_note,
)
from zgzx_research.report.wording import word, word_about

EFFECT_COLUMNS = ("std_error", "interval", "band", "n_treated", "n_comparison", "base_mean")
ESTIMATE_COLUMNS = (
    "spec",
    "estimate_with_unit",
    "interval",
    "mde",
    "n_treated",
    "n_comparison",
    "reading",
)


def event_time_table(
    frame: pd.DataFrame,
    scale: str,
    language: str,
    *,
    share: bool = False,
    outcome_label: str = "",
    about: str = "unit",
) -> Table:
    """Show effects by event time.

    Parameters
    ----------
    frame : DataFrame
        Event-time rows of an effects frame (`Aggregate.to_frame`).
    scale : str
        "difference" or "ratio".
    language : str
        "zh" or "en".
    share : bool, default False
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    outcome_label : str, default ""
        Name of the outcome for readers.
    about : str, default "unit"
        "award" or "unit": whose words to use.

    Returns
    -------
    Table
        The table.
    """
    caption = word("table.event_time", language, outcome=outcome_label)
    if (frame["role"] == "left_out").any():
        caption = with_note(caption, "left_out", language)

    first = [
        [
            format_number(int(row["event_time"]), 0, signed=True),
            word_about("role", str(row["role"]), about, language),
        ]
        for row in frame.to_dict("records")
    ]
    columns = ["event_time", "role"]
    kind = ("event_time", about)
    return _effects_table(kind, caption, columns, first, frame, scale, share, language)


def cohort_table(
    frame: pd.DataFrame,
    scale: str,
    language: str,
    *,
    share: bool = False,
    labels: Mapping[str, str] | None = None,
    about: str = "unit",
) -> Table:
    """Show effects by cohort.

    Parameters
    ----------
    frame : DataFrame
        Cohort rows of an effects frame (`Aggregate.to_frame`).
    scale : str
        "difference" or "ratio".
    language : str
        "zh" or "en".
    share : bool, default False
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    labels : Mapping, optional
        First treated period as it was counted -> as readers know it.
    about : str, default "unit"
        "award" or "unit": whose words to use.

    Returns
    -------
    Table
        The table.
    """
    cohorts = [str(int(cohort)) for cohort in frame["cohort"]]
    first = [[(labels or {}).get(cohort, cohort)] for cohort in cohorts]
    caption = word("table.cohort", language)
    kind = ("cohort", about)
    return _effects_table(kind, caption, ["cohort"], first, frame, scale, share, language)


def _effects_table(
    kind: tuple[str, str],
    caption: str,
    first_columns: Sequence[str],
    first: Sequence[Sequence[str]],
    frame: pd.DataFrame,
    scale: str,
    share: bool,
    language: str,
) -> Table:
    """Add estimate, error, intervals and numbers of units to the first columns.

    `kind` is the key of the table, and whose words it uses.
    """
    key, about = kind
    unit = unit_of_effects(scale, share)
    factor = UNIT_FACTORS[unit]
    digits = effect_digits(unit, factor * frame["std_error"], factor * frame["estimate"])

    body = []
    for start, row in zip(first, frame.to_dict("records"), strict=True):
        effect = [
            format_number(factor * row["estimate"], digits, signed=True),
            format_number(factor * row["std_error"], digits),
            format_interval(factor * row["ci_low"], factor * row["ci_high"], digits),
            format_interval(factor * row["band_low"], factor * row["band_high"], digits),
        ]
        counts = [format_number(row[name], 0) for name in ("n_treated", "n_comparison")]
        body.append([*start, *effect, *counts, format_base_mean(row["base_mean"], share)])

    estimate = word("column.estimate", language, unit=word(f"unit_short.{unit}", language))
    columns = [
        *column_words(first_columns, language, about),
        estimate,
        *column_words(EFFECT_COLUMNS, language, about),
    ]
    align = {"event_time": "rl", "cohort": "r"}[key] + "r" * 7
    return make_table(key, caption, columns, align, body)


def estimates_table(rows: Sequence[EstimateRow], language: str, about: str = "unit") -> Table:
    """Show estimates with their minimum detectable effect and reading, one row each.

    Parameters
    ----------
    rows : Sequence of EstimateRow
        Result of `estimate_rows.estimate_rows`.
    language : str
        "zh" or "en".
    about : str, default "unit"
        "award" or "unit": whose words to use.

    Returns
    -------
    Table
        The table.
    """
    body = []
    for row in rows:
        unit = row["unit"]
        digits = effect_digits(unit, half_widths([row]), [row["estimate"]])
        line = [
            row["label"],
            format_value(row["estimate"], unit, digits, language, signed=True),
            format_interval(row["ci_low"], row["ci_high"], digits),
            format_detectable(row["mde"], _interval(row), unit, digits, language),
            format_count(row["n_treated"]),
            format_count(row["n_comparison"]),
            word(f"reading.{row['reading']}", language),
        ]
        body.append(line)

    caption = with_note(word("table.estimates", language), "mde", language)
    return make_table(
        "estimates", caption, column_words(ESTIMATE_COLUMNS, language, about), "lrrrrrl", body
    )


def _interval(row: EstimateRow) -> tuple[float | None, float | None]:
    """Return the ends of the 95 % interval."""
    return row["ci_low"], row["ci_high"]


def format_interval(low: float | None, high: float | None, digits: int) -> str:
    """Write an interval, e.g. "[−1.2, +3.4]"; a dash where there is none."""
    if all(end is None or not math.isfinite(end) for end in (low, high)):
        return MISSING
    return (
        f"[{format_number(low, digits, signed=True)}, {format_number(high, digits, signed=True)}]"
    )
