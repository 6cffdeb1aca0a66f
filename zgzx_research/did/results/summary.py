"""What a result shows of itself: as text, in a notebook, and to tables of several results."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from zgzx_research.did.core.aggregate import AggregatedValues
    from zgzx_research.did.results.effects import Effects

Result = Any  # an Effects or an Aggregate; their module imports this one
WIDTH = 100  # columns of the text
METHOD_WORDS = {
    "group_time": "Group-time effects (Callaway & Sant'Anna 2021)",
    "two_way_fixed_effects": "Two-way fixed effects (the naive comparison)",
    "interaction_weighted": "Interaction-weighted event study (Sun & Abraham 2021)",
    "imputation": "Imputation (Borusyak, Jaravel & Spiess 2024)",
    "stacked": "Weighted stacked regression (Wing, Freedman & Hollingsworth 2024)",
    "extended_two_way": "Extended two-way fixed effects (Wooldridge 2021)",
}
OPTION_WORDS: dict[tuple[str, Any], str] = {
    ("scale", "difference"): "differences",
    ("scale", "ratio"): "ratios (0.12 = 12% more than without)",
    ("adjustment", "none"): "no covariates",
    ("adjustment", "doubly_robust"): "doubly robust in covariates",
    ("adjustment", "outcome_regression"): "outcome regression on covariates",
    ("adjustment", "inverse_probability"): "inverse probability weights",
    ("controls", "never_treated"): "compared with the never treated",
    ("controls", "not_yet_treated"): "compared with those not yet treated",
    ("base_period", "universal"): "base: the last period before treatment",
    ("base_period", "varying"): "base: the period before",
    ("base_period", "pooled"): "base: the mean of all periods before treatment",
    ("leave_one_out", True): "standard errors leaving one unit out",
}
NUMBER_WORDS = {
    "anticipation": "periods of anticipation: {}",
    "leave_out": "periods before treatment left out: {}",
    "event_window": "event times {}",
    "folds": "{} folds",
    "seed": "seed {}",
}
ELSEWHERE = (  # said in other lines
    "method",
    "outcome",
    "first_period",
    "last_period",
    "first_label",
    "last_label",
    "step_unit",
    "step_count",
)
ROLE_WORDS = {
    "reference": "base",
    "pre": "before",
    "mixed": "before",
    "post": "after",
    "left_out": "left out",
}
ESTIMAND_WORDS = {
    "group_time": "cell",
    "overall": "summary",
    "cohort": "cohort",
    "event_time": "event time",
    "calendar": "period",
}
OVERALL_WORDS = {  # what R's did calls by the same name
    "overall": "mean over treated units and periods",
    "cohort": "mean over cohorts, by size",
    "event_time": "plain mean over event times from 0",
    "calendar": "plain mean over periods",
}
STAT_LABELS = {
    "method": "Method",
    "n_treated": "N treated",
    "n_clusters": "Treated clusters",
    "n_comparison": "N comparison",
}


@dataclass(frozen=True, slots=True, repr=False)
class Overview:
    """A result in words and one table; prints as text, shows as HTML in notebooks.

    Attributes
    ----------
    title : the method. facts : (name, text) lines. caption, header, rows : the table, cells as
        text; the first column names the row. notes : what was left out.
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
            f'<div class="zgzx-overview" lang="en"><p><strong>{escape(self.title)}</strong></p><dl>{facts}</dl>'
            f"<table><caption>{escape(self.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            + (f"<p>Left out, and notes</p><ul>{notes}</ul>" if notes else "")
            + "</div>"
        )


class ResultDisplay:
    """What `Effects` and `Aggregate` share.

    An overview of themselves, and the attributes maketables looks for.
    """

    __slots__ = ()

    def summary(self) -> Overview:
        """Method, sample, overall estimate, pre-test, a row per estimate, and what was left out."""
        return overview(self)

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        result: Result = self
        return f"<{type(self).__name__} of {_effects(self).options['method']}, {len(result.select()[0])} estimates>"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return coefficient_table(self).copy()

    def __maketables_stat__(self, key: str) -> Any:
        return statistic(self, key)

    @property
    def __maketables_depvar__(self) -> str:
        return str(_effects(self).options.get("outcome", "")).replace(
            "_", " "
        )  # LaTeX from maketables escapes nothing

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(STAT_LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in STAT_LABELS if self.__maketables_stat__(key) is not None]


def overview(result: Result) -> Overview:
    """The overview of effects (by event time, or by cell where there is none) or of an aggregate."""
    effects = _effects(result)
    shown = _by_event_time(effects) if result is effects else result
    frame = shown.to_frame()
    estimand, level = frame["estimand"].iloc[0], f"{getattr(shown, 'level', 0.95):.0%}"
    digits = _digits(frame["std_error"])
    facts = [("Outcome", effects.options["outcome"])] if "outcome" in effects.options else []
    facts += [
        (name, text)
        for name, text in (("Options", _options(effects.options)), ("Sample", _sample(effects)))
        if text
    ]
    if estimand != "overall":
        facts.append(
            (
                "Overall",
                _overall(result, "overall" if result is effects else estimand, digits, level),
            )
        )
    if frame["role"].isin(("pre", "mixed")).any():
        facts.append(("Pre-test", _pretest(shown.pretest(), _effects(result).df)))
    header = [
        ESTIMAND_WORDS[estimand],
        "estimate",
        "std. error",
        f"{level} interval",
        f"{level} band",
    ]
    rows = [_table_row(row, digits) for row in frame.to_dict("records")]
    by = "Overall" if estimand == "overall" else f"By {ESTIMAND_WORDS[estimand]}"
    caption = f"{by}: pointwise intervals and simultaneous bands"
    notes = [_note(*row) for row in effects.ledger.itertuples(index=False, name=None)]
    return Overview(
        _method(effects), facts, caption, [*header, "treated", "comparison", "role"], rows, notes
    )


def _by_event_time(effects: Effects) -> Result:
    """The aggregate by event time.

    The effects themselves where there are no event times (one effect for all).
    """
    try:
        return effects.aggregate("event_time")
    except ZgzxError:
        return effects


@lru_cache(maxsize=16)  # maketables asks some ten times for a table
def coefficient_table(result: Result) -> pd.DataFrame:
    """Estimates for maketables: index names the row; columns b, se, t, p, ci95l, ci95u. Bases are no estimates, so they
    are not in it; the overall of an aggregate is its last row."""
    parts = [result.select()]
    effects = _effects(result)
    frames = [result.to_frame()]
    if (
        result is not effects
        and result.total is not None
        and frames[0]["estimand"].iloc[0] != "overall"
    ):
        parts.append(result.select("overall"))
        frames.append(result.overall)
    frame = pd.concat(frames, ignore_index=True)
    t = np.concatenate([_t_values(rows, effects) for _, rows in parts])
    t = np.where(frame["std_error"].notna(), t, np.nan)
    p = 2 * (
        special.ndtr(-np.abs(t)) if np.isinf(effects.df) else special.stdtr(effects.df, -np.abs(t))
    )
    table = pd.DataFrame(
        {
            "b": frame["estimate"],
            "se": frame["std_error"],
            "t": t,
            "p": p,
            "ci95l": frame["ci_low"],
            "ci95u": frame["ci_high"],
        }
    ).set_index(pd.Index([row_name(row) for row in frame.to_dict("records")], name="Coefficient"))
    return table[(frame["role"] != "reference").to_numpy()]


def statistic(result: Result, key: str) -> Any:
    """A line of a table's foot: "method", "n_treated", "n_comparison", or an option.

    None where it is not known.
    """
    effects = _effects(result)
    if key == "method":
        return _method(effects).split(" (")[0]
    known = {"n_treated": _n_treated, "n_clusters": _n_clusters, "n_comparison": _n_comparison}
    return known[key](effects) if key in known else effects.options.get(key)


def row_name(row: dict[str, Any]) -> str:
    """What the row of a frame is called, e.g.

    "event time -2", "cohort 2004, period 2006", "overall".
    """
    if pd.notna(row["cohort"]) and pd.notna(row["period"]):
        return f"cohort {row['cohort']}, period {row['period']}"
    for column, name in (("event_time", "event time"), ("cohort", "cohort"), ("period", "period")):
        if pd.notna(row[column]):
            return f"{name} {row[column]}"
    return "overall"


def _effects(result: Result) -> Effects:
    return result.effects if hasattr(result, "effects") else result


def _method(effects: Effects) -> str:
    method = effects.options["method"]
    return METHOD_WORDS.get(method, method.replace("_", " ").capitalize())


def _options(options: dict[str, Any]) -> str:
    """The options in words; those that are switched off are not worth a word."""
    words = []
    learned = options.get("outcome_model") or options.get("propensity_model")
    for name, value in options.items():
        if name in ELSEWHERE or (name in ("folds", "seed") and not learned):
            continue
        if isinstance(value, str | bool) and (name, value) in OPTION_WORDS:
            words.append(OPTION_WORDS[name, value])
        elif value:
            words.append(NUMBER_WORDS.get(name, name.replace("_", " ") + ": {}").format(value))
    return "; ".join(words)


def _n_treated(effects: Effects, count: str = "n_treated") -> int:
    """Units in the cohorts that have estimates.

    Where estimates belong to no cohort, the most behind one of them.
    """
    by_cohort = effects.cells.groupby("cohort")[count].max()
    return int(by_cohort.sum() if len(by_cohort) else effects.cells[count].max())


def _n_clusters(effects: Effects) -> int | None:
    """Treated clusters; None where every unit is its own."""
    same = effects.cells["n_clusters"].equals(effects.cells["n_treated"])
    return None if same else _n_treated(effects, "n_clusters")


def _n_comparison(effects: Effects) -> int:
    return int(effects.cells["n_comparison"].max())


def _sample(effects: Effects) -> str:
    cohorts, periods = effects.cells["cohort"].dropna(), effects.weights.periods
    if cohorts.empty:  # estimates that belong to no cohort: all that were treated
        cohorts = pd.Series(effects.weights.cohorts[np.isfinite(effects.weights.cohorts)])
    count, first, last = cohorts.nunique(), cohorts.min(), cohorts.max()
    span = f"1 cohort ({first:g})" if count == 1 else f"{count} cohorts ({first:g} to {last:g})"
    text = f"{_n_treated(effects):,} treated units in {span}, compared with up to {_n_comparison(effects):,}"
    text += f"; {len(periods)} periods ({periods[0]} to {periods[-1]}{_step(effects.options)})"
    clusters = _n_clusters(effects)
    return text if clusters is None else f"{text}; {clusters:,} treated clusters"


def _step(options: dict[str, Any]) -> str:
    """The step of the clock, and the first and the last period as written where they are counted otherwise."""
    unit, count = options.get("step_unit", "period"), options.get("step_count", 1)
    labels = options.get("first_label", ""), options.get("last_label", "")
    text = (
        f": {labels[0]} to {labels[1]}"
        if labels[0] not in ("", str(options["first_period"]))
        else ""
    )
    return (
        text
        if (unit, count) == ("period", 1)
        else f"{text}; step: {unit if count == 1 else f'{count} {unit}s'}"
    )


def _overall(result: Result, estimand: str, digits: int, level: str) -> str:
    try:
        row = (
            result if result is not _effects(result) else result.aggregate("overall")
        ).overall.iloc[0]
    except ZgzxError as error:
        return str(error)
    text = _number(row["estimate"], digits)
    if pd.notna(row["std_error"]):
        text += f" (standard error {_number(row['std_error'], digits)})"
        text += f", {level} interval {_interval(row['ci_low'], row['ci_high'], digits)}"
    if row["role"] == "static":
        return f"{text}, one effect for all treated units and periods"
    together = _effects(result).numbers.scale == "ratio"
    return f"{text}, {'all treated units and periods together' if together else OVERALL_WORDS[estimand]}"


def _pretest(test: dict[str, Any], freedom: float) -> str:
    if test["note"]:
        return str(test["note"])
    p = f"p = {test['p_value']:.3f}" if test["p_value"] >= 0.001 else "p < 0.001"
    shown = f"chi-square({test['df']}) = {test['statistic']:.2f}"
    if np.isfinite(freedom):
        shown = f"F({test['df']}, {freedom:g}) = {test['statistic'] / test['df']:.2f}"
    return f"all estimates before treatment are zero: {shown}, {p}"


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


def _note(step: str, reason: str, rows: int, units: int, examples: tuple) -> str:
    counts = [
        f"{count:,} {name}{'s' * (count != 1)}"
        for count, name in ((rows, "row"), (units, "unit"))
        if count
    ]
    shown = f", e.g. {', '.join(map(str, examples))}" if len(examples) else ""
    return f"{step}: {reason}" + (f" ({', '.join(counts)}{shown})" if counts or shown else "")


def _t_values(rows: AggregatedValues, effects: Effects) -> np.ndarray:
    """(rows,) estimate over standard error.

    On the ratio scale, of treated minus counterfactual total (as Fieller).
    """
    value, gradient = rows.value, rows.gradient
    if rows.totals is not None and rows.by_totals is not None:
        value, gradient = rows.totals[0] - rows.totals[1], rows.by_totals[0] - rows.by_totals[1]
    variance = np.diag(effects.numbers.spread(gradient, gradient))
    return np.divide(
        value, np.sqrt(np.maximum(variance, 0)), out=np.full_like(value, np.nan), where=variance > 0
    )


def _digits(errors: pd.Series) -> int:
    """Digits after the point that show the usual standard error to two significant ones."""
    known = errors[np.isfinite(errors) & (errors > 0)]
    return 3 if known.empty else int(np.clip(1 - np.floor(np.log10(known.median())), 0, 6))


def _number(value: float, digits: int) -> str:
    return "" if pd.isna(value) else f"{value:z,.{digits}f}"


def _interval(low: float, high: float, digits: int) -> str:
    return "" if pd.isna(low) else f"[{_number(low, digits)}, {_number(high, digits)}]"
