"""A table of a frame of results: a label in the first column, then the measures that it has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from zgzx_research.evidence.disclosure import blank_few
from zgzx_research.evidence.disclosure_rules import THRESHOLD, rules
from zgzx_research.evidence.facts import UNIT_FACTORS
from zgzx_research.evidence.frame_facts import COUNTED, EFFECT, MEASURES
from zgzx_research.report.number_format import (
    effect_digits,
    format_detectable,
    format_number,
    format_value,
)
from zgzx_research.report.tables.effect_tables import format_interval
from zgzx_research.report.tables.markdown_table import Table, format_count, make_table
from zgzx_research.report.wording import word, word_about

NUMBER_DIGITS = 3
DETECTABLE = ("mde", "detectable")  # named beside an interval, and never above its end
UNSIGNED = ("std_error", "mean_change", "largest_change", *DETECTABLE)
Row = Mapping[Hashable, Any]
Format = Callable[[Row], str]


def result_table(
    key: str,
    frame: pd.DataFrame,
    labels: Sequence[str],
    *,
    label_column: str,
    unit: str,
    language: str,
    about: str = "unit",
) -> Table:
    """Show a frame of results, one row each.

    Parameters
    ----------
    key : str
        Kind of table; ``table.<key>`` is its caption.
    frame : DataFrame
        Its columns in `MEASURES` are shown in their order, ci_low and ci_high as one interval.
    labels : sequence of str
        Entries of the first column.
    label_column : str
        Heading of the first column, a word ``column.<name>``.
    unit : str
        Unit of the effects.
    language : str
        "zh" or "en".
    about : str, default "unit"
        "award" or "unit": whose words to use.

    Returns
    -------
    Table
        The table; results of too few units are blank.
    """
    few, frame = _few(frame), _without_few(frame)
    measures = _measures(frame, unit, language)
    body = [
        [label, *(write(row) for _, write in measures)]
        for label, row in zip(labels, frame.to_dict("records"), strict=True)
    ]
    short = word(f"unit_short.{unit}", language)
    heads = [word_about("column", name, about, language, unit=short) for name, _ in measures]
    columns = [word_about("column", label_column, about, language), *heads]
    align = "l" + "r" * len(measures)
    caption = word(f"table.{key}", language)
    return make_table(key, caption, columns, align, body, {THRESHOLD: int(few.sum())})


def _few(frame: pd.DataFrame) -> pd.Series:
    """Which results rest on fewer units than the rule for firms, or are marked as withheld."""
    if not set(COUNTED) <= set(frame):
        return pd.Series(False, index=frame.index)
    few = frame[list(COUNTED)].apply(lambda n: n.between(1, rules().firms - 1)).any(axis=1)
    return few | frame.get("withheld", False)


def _without_few(frame: pd.DataFrame) -> pd.DataFrame:
    """Blank effects and numbers of units of the rows of `_few`."""
    counted = list(COUNTED)
    if not set(counted) <= set(frame):
        return frame
    few, shown = _few(frame), blank_few(frame)
    effects = {name: shown[name].mask(few) for name in shown if shown[name].dtype == float}
    numbers = frame[counted].astype("Int64").mask(few)
    return shown.assign(**effects | {name: numbers[name] for name in counted})


def _measures(frame: pd.DataFrame, unit: str, language: str) -> list[tuple[str, Format]]:
    """Return the columns to show, and how each is written."""
    factor = UNIT_FACTORS[unit]
    errors = factor * frame["std_error"] if "std_error" in frame else ()
    estimates = factor * frame["estimate"] if "estimate" in frame else ()
    digits = effect_digits(unit, errors, estimates)

    def written(name: str) -> Format:
        kind = MEASURES[name]
        if name == "ci_low":
            return lambda row: format_interval(
                factor * row["ci_low"], factor * row["ci_high"], digits
            )
        if name in DETECTABLE and {"ci_low", "ci_high"} <= set(frame):
            return lambda row: format_detectable(
                factor * row[name],
                (factor * row["ci_low"], factor * row["ci_high"]),
                unit,
                digits,
                language,
                bare=True,
            )
        if kind == EFFECT:
            signed = name not in UNSIGNED
            return lambda row: format_number(factor * row[name], digits, signed=signed)
        if kind == "count":
            return lambda row: format_count(None if pd.isna(row[name]) else int(row[name]))
        shown = NUMBER_DIGITS if kind == "number" else None
        return lambda row: format_value(_known(row[name]), kind, shown, language)

    shown = [str(name) for name in frame.columns if name in MEASURES and name != "ci_high"]
    return [("interval" if name == "ci_low" else name, written(name)) for name in shown]


def _known(value: Any) -> Any:
    """Return a number, or None where there is none."""
    return None if pd.isna(value) else value
