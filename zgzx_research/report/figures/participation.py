"""Small panels: how many took part in each edition, a panel for each street, size or industry."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.protected_table import TOTAL, ProtectedTable, protect_table
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.boxes import WORDS
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import format_number
from zgzx_research.report.wording import display_width, entries, from_data, word

NARROW = 15  # columns of a panel's title; with longer ones there are fewer panels in a row
PANEL = 0.92  # inches from one row of panels to the next
MOST_GROUPS = 12  # smaller groups beyond these are shown together
WIDER = "OLD-"  # a street before it was divided has this before its code
OTHER, UNKNOWN = "other", "unknown"


def plot_participation(
    counts: pd.DataFrame,
    by: str,
    unit: Literal["persons", "firms"] = "firms",
    *,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot how many persons or firms took part in each edition, one panel per group.

    Under disclosure control small numbers are hidden, and so many others that none of them can be
    worked out from a total. The figure is about entrants and holds no result.

    Parameters
    ----------
    counts : DataFrame
        Columns `by`, edition, and `unit`; a row per group and edition. A missing group is "not
        known". Streets before they were divided have codes that begin with "OLD-".
    by : str
        "street", "size" or "industry_section": the column of the groups.
    unit : {"persons", "firms"}, default "firms"
        What is counted.
    language : str, optional
        "zh" or "en". Like all that follow: None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.

    Raises
    ------
    ZgzxError
        No rows.
    """
    if counts.empty:
        raise ZgzxError(
            "there is nothing to count",
            where="plot_participation",
            remedy="Pass a row per group and edition.",
        )
    name = f"participation_{by}"

    def draw(style: FigureStyle) -> ReportFigure:
        before = style.earlier.tables.get(name)
        shown, told = _table(counts, by, unit, before), None
        if style.disclosure_control:
            told = _protected(shown, getattr(rules(), unit), before)
            shown = told.shown.drop(index=TOTAL, columns=TOTAL).set_axis(shown.columns, axis=1)
        title, subtitle = _titles(by, unit, style.language)
        return ReportFigure(
            _picture(shown, by, unit, style),
            word("participation.caption", style.language, title=title, by=subtitle),
            _alternative_text(shown, by, unit, style),
            name=name,
            blank=told.log if told else {},
            counts=told.shown if told else None,
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _protected(table: pd.DataFrame, minimum: int, before: pd.DataFrame | None) -> ProtectedTable:
    """Protect the counts; editions are named by text, as in what an earlier report kept."""
    named = table.rename(columns=str)
    return protect_table(named, minimum=minimum, published_before=before)


def _table(counts: pd.DataFrame, by: str, unit: str, before: pd.DataFrame | None) -> pd.DataFrame:
    """Return counts with a row per group and a column per edition, the largest group first.

    Editions of which nothing is reported have no column. Groups that an earlier report showed by
    themselves stay so, for a group that joins the others or leaves them could be subtracted.
    """
    group = counts[by].astype(object).where(counts[by].notna(), UNKNOWN)
    rows = counts.assign(group=group.astype(str))
    wide = rows.pivot_table(index="group", columns="edition", values=unit, aggfunc="sum")
    now = {name.removeprefix(WIDER) for name in wide.index}  # also of a street that is only old
    wide = wide.reindex(sorted({*wide.index, *now})).fillna(0).astype("int64")
    names = [name for name in wide.index if name != UNKNOWN and not name.startswith(WIDER)]
    order = wide.loc[names].sum(axis=1).sort_values(ascending=False, kind="stable").index
    large = list(order[:MOST_GROUPS])
    if before is not None:
        first = [name for name in order if name in before.index]
        room = 0 if OTHER in before.index else max(MOST_GROUPS - len(first), 0)
        new = [name for name in order if name not in before.index]
        large = [*first, *new[:room]]
    rest = [name for name in order if name not in large]
    others = pd.DataFrame({OTHER: wide.loc[rest].sum()}).T if rest else wide.iloc[:0]
    old = [name for name in wide.index if name.startswith(WIDER)]
    unknown = [name for name in wide.index if name == UNKNOWN]
    return pd.concat([wide.loc[large], others, wide.loc[unknown], wide.loc[old]])


def _titles(by: str, unit: str, language: str) -> tuple[str, str]:
    return word(f"participation.title.{unit}", language), word(f"participation.by.{by}", language)


def _picture(shown: pd.DataFrame, by: str, unit: str, style: FigureStyle) -> Figure:
    panels = [name for name in shown.index if not name.startswith(WIDER)]
    names = [_group(by, name, style.language) for name in panels]
    across = 4 if all(display_width(name) <= NARROW for name in names) else 3
    lines = math.ceil(len(panels) / across)
    title, subtitle = _titles(by, unit, style.language)
    figure = fs.new_figure(
        0.9 + PANEL * lines,
        word("participation.caption", style.language, title=title, by=subtitle),
    )
    top = max(1.0, float(shown.max().max() if shown.notna().any().any() else 1))
    width = (fs.WIDTH - 0.45) / across
    for at, name in enumerate(panels):
        left, above = 0.45 + width * (at % across), 0.9 + PANEL * (at // across)
        height = figure.get_size_inches()[1]
        axes = fs.add_axes(
            figure,
            left=left,
            right=fs.WIDTH - left - width + 0.13,
            top=above,
            bottom=height - above - PANEL + 0.38,
        )
        wider = shown.loc[WIDER + name] if WIDER + name in shown.index else None
        _draw_panel(axes, shown.loc[name], wider, top)
        axes.annotate(
            names[at],
            (0.5, 1),
            (0, 3),
            "axes fraction",
            "offset points",
            fontsize=WORDS,
            ha="center",
            va="bottom",
        )
        if at % across:
            axes.set_yticklabels([])
    _add_legend(figure, shown, style.language)
    return fs.add_watermark(figure, style.synthetic)


def _draw_panel(axes: Axes, counts: pd.Series, wider: pd.Series | None, top: float) -> None:
    """Draw one group's line; hidden counts are crosses on the axis."""
    editions = counts.index.to_numpy(float)
    mark: dict[str, Any] = {"color": fs.BLUE, "linewidth": 1.4, "markersize": 3.5}
    own = counts.to_numpy(float, na_value=np.nan)
    own = np.where(counts.ne(0).fillna(True).cummax(), own, np.nan)  # no line before the first
    if wider is not None:  # before the street was divided it was another, larger one
        before = wider.to_numpy(float, na_value=np.nan)
        old = wider.ne(0).fillna(True).to_numpy(bool)
        own = np.where(old, np.nan, own)
        axes.plot(
            editions,
            np.where(old, before, np.nan),
            "--o",
            markerfacecolor="white",
            **(mark | {"color": fs.OTHER}),
        )
    axes.plot(editions, own, "-o", **mark)
    hidden = counts.isna() | (wider.isna() if wider is not None else False)
    at = editions[hidden.to_numpy(bool)]
    axes.plot(at, np.zeros(len(at)), "x", color=fs.SLATE, markersize=5, clip_on=False)
    axes.set_ylim(0, 1.12 * top)
    axes.set_xlim(editions[0] - 0.6, editions[-1] + 0.6)
    middle = [] if len(editions) < 5 else [editions[len(editions) // 2]]
    ends = sorted({editions[0], *middle, editions[-1]})
    axes.set_xticks(ends, [f"{edition:.0f}" for edition in ends], fontsize=WORDS)
    step = _round_down(top)
    axes.set_yticks([0, step], ["0", format_number(step, 0)], fontsize=WORDS)
    fs.add_grid(axes, "y")


def _round_down(top: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, … that is not above the highest count."""
    power = 10 ** math.floor(math.log10(top))
    return float(max(step * power for step in (1, 2, 5) if step * power <= top))


def _group(by: str, name: str, language: str) -> str:
    """Return the words of a group; the code where it has none."""
    own = {"street": "street", "size": "size_class"}.get(by, by)
    for family in (own, "participation"):
        if f"{family}.{name}" in entries():
            return word(f"{family}.{name}", language)
    return from_data(name)


def _add_legend(figure: Figure, shown: pd.DataFrame, language: str) -> None:
    line: dict[str, Any] = {"color": fs.BLUE, "marker": "o", "markersize": 4}
    handles = [Line2D([], [], label=word("participation.shown", language), **line)]
    if any(name.startswith(WIDER) for name in shown.index):
        label = word("participation.wider", language)
        hollow = line | {"color": fs.OTHER, "markerfacecolor": "white"}
        handles.append(Line2D([], [], ls="--", label=label, **hollow))
    if shown.isna().any().any():
        cross: dict[str, Any] = {"color": fs.SLATE, "marker": "x", "linestyle": ""}
        handles.append(Line2D([], [], label=word("participation.hidden", language), **cross))
    for at, handle in enumerate(handles):
        figure.legend(
            handles=[handle],
            loc="upper left",
            bbox_to_anchor=(
                (0.012, 0.42)[at % 2 if len(handles) > 1 else 0],
                1 - (0.36 + 0.18 * (at // 2)) / figure.get_figheight(),
            ),
            borderaxespad=0,
            borderpad=0.2,
            fontsize=WORDS,
        )


def _alternative_text(shown: pd.DataFrame, by: str, unit: str, style: FigureStyle) -> str:
    language = style.language
    title, subtitle = _titles(by, unit, language)
    items = []
    for name in shown.index:
        known = shown.loc[name].dropna()
        known = known[known.ne(0).cummax()]  # from the first edition on
        if len(known) and not name.startswith(WIDER):
            start, end = (format_number(int(known.iloc[at]), 0) for at in (0, -1))
            group = _group(by, name, language)
            items.append(
                word("alt.participation.item", language, group=group, start=start, end=end)
            )
    editions = {"first": int(shown.columns[0]), "last": int(shown.columns[-1])}
    about = {"title": title, "by": subtitle, **editions, "items": listing(items, language)}
    parts = [word("alt.participation.whole", language, **about)]
    if hidden := int(shown.isna().to_numpy().sum()):
        parts.append(word("alt.participation.hidden", language, count=hidden))
    return alternative_text(parts, style)
