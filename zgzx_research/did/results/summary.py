"""Text and HTML summaries of results."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from zgzx_research.did.results.coefficient_table import row_name
from zgzx_research.did.results.result_words import (
    ESTIMAND_WORDS,
    OVERALL_WORDS,
    ROLE_WORDS,
    comparison_units,
    effects_of,
    method_title,
    options_text,
    step_text,
    treated_clusters,
    treated_units,
)
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate
    from zgzx_research.did.results.effects import Effects

WIDTH = 100  # columns of the text


@dataclass(frozen=True, slots=True, repr=False)
class Overview:
    """A result in words and one table; prints as text, shows as HTML in notebooks.

    Attributes
    ----------
    title : str
        The method.
    facts : (name, text)
        Lines.
    caption, header, rows : str
        The table, cells as text; the first column names the row.
    notes : list[str]
        What was left out.
    """

    title: str
    facts: list[tuple[str, str]]
    caption: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str]

    def __str__(self) -> str:
        lines = [self.title, "=" * len(self.title)]
        for name, text in self.facts:
            start = f"{name + ':':<12}"
            lines += textwrap.wrap(
                text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start)
            )
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
        table = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in self._table()
        ]
        table = [line.rstrip() for line in table]
        lines += ["", self.caption, table[0], "-" * max(map(len, table)), *table[1:]]
        if self.notes:
            lines += ["", "Left out, and notes"]
        for note in self.notes:
            lines += textwrap.wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
        return "\n".join(lines)

    __repr__ = __str__

    def _table(self) -> list[list[str]]:
        return [self.header, *self.rows]

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in self.facts
        )
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.header)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(x)}</td>" for x in rest)
            + "</tr>"
            for first, *rest in self.rows
        )
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            '<div class="zgzx-overview" lang="en">'
            f"<p><strong>{escape(self.title)}</strong></p><dl>{facts}</dl>"
            f"<table><caption>{escape(self.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            + (f"<p>Left out, and notes</p><ul>{notes}</ul>" if notes else "")
            + "</div>"
        )


def overview(result: Effects | Aggregate) -> Overview:
    """Return the overview of effects (by event time, else by cell) or of an aggregate."""
    effects = effects_of(result)
    shown = _by_event_time(effects) if result is effects else result
    frame = shown.to_frame()
    estimand, level = frame["estimand"].iloc[0], f"{getattr(shown, 'level', 0.95):.0%}"
    digits = _digits(frame["std_error"])

    facts = [("Outcome", effects.options["outcome"])] if "outcome" in effects.options else []
    texts = (("Options", options_text(effects.options)), ("Sample", _sample(effects)))
    facts += [(name, text) for name, text in texts if text]
    if estimand != "overall":
        asked = "overall" if result is effects else estimand
        facts.append(("Overall", _overall(result, asked, digits, level)))
    if frame["role"].isin(("pre", "mixed")).any():
        facts.append(("Pre-test", _pretest(shown.pretest(), effects)))
        if estimand == "event_time":
            two_bins = cast("Aggregate", shown).pretest(two_bins=True)
            facts.append(("Two bins", _two_bins(two_bins)))

    intervals = [f"{level} interval", f"{level} band"]
    header = [ESTIMAND_WORDS[estimand], "estimate", "std. error", *intervals]
    rows = [_table_row(row, digits) for row in frame.to_dict("records")]
    by = "Overall" if estimand == "overall" else f"By {ESTIMAND_WORDS[estimand]}"
    caption = f"{by}: pointwise intervals and simultaneous bands"
    notes = [_note(*row) for row in effects.ledger.itertuples(index=False, name=None)]
    header = [*header, "treated", "comparison", "role"]
    return Overview(method_title(effects), facts, caption, header, rows, notes)


def _by_event_time(effects: Effects) -> Effects | Aggregate:
    """Return the aggregate by event time.

    The effects themselves where there are no event times (one effect for all).
    """
    try:
        return effects.aggregate("event_time")
    except ZgzxError:
        return effects


def _sample(effects: Effects) -> str:
    cohorts, periods = effects.cells["cohort"].dropna(), effects.weights.periods
    if cohorts.empty:  # estimates that belong to no cohort: all that were treated
        cohorts = pd.Series(effects.weights.cohorts[np.isfinite(effects.weights.cohorts)])
    count, first, last = cohorts.nunique(), cohorts.min(), cohorts.max()
    span = f"1 cohort ({first:g})" if count == 1 else f"{count} cohorts ({first:g} to {last:g})"
    text = f"{treated_units(effects):,} treated units in {span}"
    text += f", compared with up to {comparison_units(effects):,}"
    text += f"; {len(periods)} periods ({periods[0]} to {periods[-1]}{step_text(effects.options)})"
    clusters = treated_clusters(effects)
    return text if clusters is None else f"{text}; {clusters:,} treated clusters"


def _overall(result: Effects | Aggregate, estimand: str, digits: int, level: str) -> str:
    effects = effects_of(result)
    try:
        whole = result if hasattr(result, "overall") else effects.aggregate("overall")
        row = whole.overall.iloc[0]
    except ZgzxError as error:
        return str(error)
    text = _number(row["estimate"], digits)
    if pd.notna(row["std_error"]):
        text += f" (standard error {_number(row['std_error'], digits)})"
        text += f", {level} interval {_interval(row['ci_low'], row['ci_high'], digits)}"
    if row["role"] == "static":
        return f"{text}, one effect for all treated units and periods"
    if effects.numbers.scale == "ratio":
        return f"{text}, all treated units and periods together"
    return f"{text}, {OVERALL_WORDS[estimand]}"


def _pretest(test: dict[str, Any], effects: Effects) -> str:
    if test["note"]:
        return str(test["note"])
    shown = f"chi-square({test['df']}) = {test['statistic']:.2f}"
    if test["form"] == "wald" and np.isfinite(effects.df):
        shown = f"F({test['df']}, {effects.df:g}) = {test['statistic'] / test['df']:.2f}"
    text = f"all estimates before treatment are zero: {shown}, {_p_value(test)}"
    return text + _could_have_seen(test)


def _two_bins(test: dict[str, Any]) -> str:
    if test["note"]:
        return str(test["note"])
    text = f"the last event time before treatment, and all earlier ones: {_p_value(test)}"
    return text + _could_have_seen(test)


def _p_value(test: dict[str, Any]) -> str:
    return f"p = {test['p_value']:.3f}" if test["p_value"] >= 0.001 else "p < 0.001"


def _could_have_seen(test: dict[str, Any]) -> str:
    """Say the drift that a test would find; nothing where it is not known."""
    slope = test["slope_detectable"]
    return f"; 80% power for a drift of {slope:.3g} per period" if np.isfinite(slope) else ""


def _table_row(row: dict[str, Any], digits: int) -> list[str]:
    name = (
        row_name(row)
        if row["estimand"] in ("group_time", "overall")
        else row_name(row).rsplit(" ", 1)[1]
    )
    return [
        name,
        _number(row["estimate"], digits),
        _number(row["std_error"], digits),
        _interval(row["ci_low"], row["ci_high"], digits),
        _interval(row["band_low"], row["band_high"], digits),
        f"{row['n_treated']:,}",
        f"{row['n_comparison']:,}",
        ROLE_WORDS.get(row["role"], row["role"]),
    ]


def _note(step: str, reason: str, rows: int, units: int, examples: tuple[str, ...]) -> str:
    counts = [
        f"{count:,} {name}{'s' * (count != 1)}"
        for count, name in ((rows, "row"), (units, "unit"))
        if count
    ]
    shown = f", e.g. {', '.join(map(str, examples))}" if len(examples) else ""
    return f"{step}: {reason}" + (f" ({', '.join(counts)}{shown})" if counts or shown else "")


def _digits(errors: pd.Series) -> int:
    """Digits after the point that show the usual standard error to two significant ones."""
    known = errors[np.isfinite(errors) & (errors > 0)]
    return 3 if known.empty else int(np.clip(1 - np.floor(np.log10(known.median())), 0, 6))


def _number(value: float, digits: int) -> str:
    return "" if pd.isna(value) else f"{value:z,.{digits}f}"


def _interval(low: float, high: float, digits: int) -> str:
    return "" if pd.isna(low) else f"[{_number(low, digits)}, {_number(high, digits)}]"
