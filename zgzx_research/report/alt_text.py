"""Alternative texts: what a figure shows, in words and with its key numbers, for readers who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zgzx_research.report.tables import FACTORS, display_unit, half_widths, source_counts
from zgzx_research.report.wording import (
    ERROR_DIGITS,
    effect_digits,
    event_axis,
    format_number,
    format_value,
    significant_digits,
    word,
    word_or_code,
)

BEFORE = ("pre", "mixed")
MOST_WEIGHTS = 4  # named in an alternative text


def alt_event_study(
    frame: pd.DataFrame,
    *,
    language: str,
    scale: str,
    outcome_label: str,
    synthetic: bool,
    share: bool = False,
    about: str = "award",
    step: tuple[str, int] | None = None,
) -> str:
    """For `figures.plot_event_study`, with the same arguments."""
    unit = display_unit(scale, share)
    whole = word(
        "alt.event_study.whole",
        language,
        title=word(f"event_study.title.{about}", language, outcome=outcome_label),
        x=event_axis(about, step, language),
        first=format_number(int(frame["event_time"].min()), 0, signed=True),
        last=format_number(int(frame["event_time"].max()), 0, signed=True),
    )
    parts = [whole]
    for key, roles in (("pre", BEFORE), ("post", ("post",))):
        rows = frame[frame["role"].isin(roles)]
        if len(rows):
            parts.append(_range(rows, word(f"event_study.{key}.{about}", language), unit, language))
    return _joined(parts, synthetic, language)


def _range(rows: pd.DataFrame, when: str, unit: str, language: str) -> str:
    digits = effect_digits(
        unit, FACTORS[unit] * rows["std_error"], FACTORS[unit] * rows["estimate"]
    )
    low, high = (
        format_value(FACTORS[unit] * float(value), unit, digits, language, signed=True)
        for value in (rows["estimate"].min(), rows["estimate"].max())
    )
    crossing = int(((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum())
    return word(
        "alt.event_study.part",
        language,
        when=when,
        count=len(rows),
        low=low,
        high=high,
        crossing=crossing,
    )


def alt_estimators(
    rows: Sequence[Mapping[str, Any]], *, language: str, synthetic: bool, title: str = ""
) -> str:
    """For `figures.plot_estimators`, with the same arguments."""
    items = []
    for row in rows:
        digits = effect_digits(row["unit"], half_widths([row]), [row["estimate"]])
        low, high = (
            format_number(row[name], digits, signed=True) for name in ("ci_low", "ci_high")
        )
        estimate = format_value(row["estimate"], row["unit"], digits, language, signed=True)
        items.append(
            word(
                "alt.estimators.item",
                language,
                label=row["label"],
                estimate=estimate,
                low=low,
                high=high,
            )
        )
    whole = word(
        "alt.estimators.whole", language, items=word("alt.shared.separator", language).join(items)
    )
    return _joined([title] * bool(title) + [whole], synthetic, language)


def alt_comparison_weights(
    frame: pd.DataFrame, *, language: str, synthetic: bool, title: str = ""
) -> str:
    """For `comparison_figures.plot_comparison_weights`, with the same arguments.

    The four largest weights.
    """
    column = weights_column(frame)
    largest = frame.reindex(frame[column].abs().sort_values(ascending=False).index)[:MOST_WEIGHTS]
    digits = significant_digits([largest[column].abs().max()], ERROR_DIGITS)
    items = [
        word(
            "alt.weights.item",
            language,
            cohort=cohort_word(row["mean_cohort"], language),
            period=row["mean_period"],
            weight=format_number(row[column], digits, signed=True),
        )
        for row in largest.to_dict("records")
    ]
    whole = word(
        "alt.weights.whole",
        language,
        title=title or word("weights.title", language),
        which=estimand_words(frame.iloc[0], language),
        first=frame["mean_period"].min(),
        last=frame["mean_period"].max(),
        items=word("alt.shared.separator", language).join(items),
    )
    return _joined([whole], synthetic, language)


def weights_column(frame: pd.DataFrame) -> str:
    """What to show of `comparison_weights`: weights; where they are derivatives (ratio scale), times means, for means
    of different size make plain derivatives incomparable."""
    return "contribution" if frame["kind"].iloc[0] == "linearised" else "weight"


def estimand_words(row: Mapping[str, Any], language: str) -> str:
    """Which estimate a row of `comparison_weights` belongs to, e.g. "Event time +1"."""
    kind = row["estimand"]
    if kind == "group_time" and pd.isna(row["cohort"]):
        kind = "overall" if pd.isna(row["event_time"]) else "event_time"
    event = "" if pd.isna(row["event_time"]) else format_number(row["event_time"], 0, signed=True)
    return word(
        f"weights.{kind}", language, cohort=row["cohort"], period=row["period"], event=event
    )


def cohort_word(cohort: Any, language: str) -> str:
    """The first treated period; missing = never treated."""
    return word("weights.never", language) if pd.isna(cohort) else str(cohort)


def alt_cohorts(frame: pd.DataFrame, *, language: str, synthetic: bool) -> str:
    """For `figures.plot_cohorts`, with the same arguments."""
    if frame.empty:
        return _joined([word("cohorts.none", language)], synthetic, language)
    by_year = frame.groupby("year")["firms"].sum()
    whole = word(
        "alt.cohorts.whole",
        language,
        first=by_year.index.min(),
        last=by_year.index.max(),
        total=format_number(by_year.sum(), 0),
        peak=by_year.idxmax(),
        most=format_number(by_year.max(), 0),
    )
    return _joined([whole], synthetic, language)


def alt_rows(
    sources: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    language: str,
    synthetic: bool,
    minimum: int = 0,
) -> str:
    """For `figures.plot_rows`, with the same arguments."""
    items = []
    names = {
        "rows": "rows_in",
        "kept": "kept",
        "quarantined": "quarantined",
        "non_data_rows": "non_data_rows",
    }
    for source, counts in source_counts(sources, minimum).items():
        blank = counts["kept"] is None
        known = {name: format_number(counts[column] or 0, 0) for name, column in names.items()}
        both = format_number((counts["rows_in"] or 0) - (counts["non_data_rows"] or 0), 0)
        key = "alt.rows.both" if blank else "alt.rows.item"
        items.append(
            word(key, language, source=word_or_code("source", source, language), both=both, **known)
        )
    whole = word(
        "alt.rows.whole", language, items=word("alt.shared.separator", language).join(items)
    )
    return _joined([whole], synthetic, language)


def alt_outcome_paths(
    frame: pd.DataFrame,
    *,
    language: str,
    scale: str,
    outcome_label: str,
    synthetic: bool,
    share: bool = False,
    about: str = "award",
    shocks: Sequence[tuple[str, int, int]] = (),
) -> str:
    """For `figures.plot_outcome_paths`, with the same arguments."""
    items = []
    for group in ("treated", "never_treated"):
        part = frame[frame["group"] == group].sort_values("year")["mean"].dropna()
        if len(part):
            start, end = (
                format_value(
                    float(part.iloc[at]), "share" if share else "number", language=language
                )
                for at in (0, -1)
            )
            name = word(f"group.{group}.{about}", language)
            items.append(word("alt.paths.item", language, group=name, start=start, end=end))
    whole = word(
        "alt.paths.whole",
        language,
        title=word("paths.title", language, outcome=outcome_label),
        first=frame["year"].min(),
        last=frame["year"].max(),
        items=word("alt.shared.separator", language).join(items),
    )
    return _joined([whole], synthetic, language)


def _joined(parts: Sequence[str], synthetic: bool, language: str) -> str:
    marked = [*parts, word("alt.shared.synthetic", language)] if synthetic else list(parts)
    return word("alt.shared.sentence", language).join(marked)
