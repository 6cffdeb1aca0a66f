"""Stacked columns: firms by the year and category of their first award."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from zgzx_research.evidence.disclosure import (
    pooled_categories,
    pooled_counts,
    shown_categories,
)
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
)
from zgzx_research.report.number_format import format_number
from zgzx_research.report.wording import word, word_or_code

# colour and hatch of each category
LOOKS = dict(
    zip(
        ("innovation", "team", "talent", "skill"),
        zip((fs.ACCENT, fs.YELLOW, "#56B4E9", fs.GREEN), fs.HATCHES, strict=False),
        strict=True,
    )
)


def plot_cohorts(
    frame: pd.DataFrame, *, language: str | None = None, synthetic: bool | None = None
) -> FigureSpec:
    """Plot the number of firms by the year and category of their first award.

    Parameters
    ----------
    frame : DataFrame
        Columns year, category, firms. Years without an award stay on the axis, empty.
    language : str, optional
        "zh" or "en". Like all that follow: None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.
    """

    def draw(style: FigureStyle) -> ReportFigure:
        counts, shown, blank = None, frame, {}
        if style.disclosure_control and len(frame):
            before = style.earlier.tables.get("cohorts")
            counts = shown_categories(frame, before=before)
            shown, blank = pooled_categories(counts), pooled_counts(frame, counts)
        return ReportFigure(
            _picture(shown, style),
            word("cohorts.title", style.language),
            _alternative_text(shown, style),
            name="cohorts",
            blank=blank,
            counts=counts,
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(frame: pd.DataFrame, style: FigureStyle) -> Figure:
    title, subtitle = (word(f"cohorts.{key}", style.language) for key in ("title", "y"))
    labels = [word_or_code("category", str(name), style.language) for name in frame["category"]]
    legend = fs.legend_height(list(dict.fromkeys(labels)))
    figure = fs.new_figure(3.4 + legend, title, subtitle)
    if frame.empty:
        text = word("cohorts.none", style.language)
        figure.text(0.5, 0.5, text, ha="center", va="center", color=fs.SLATE)
        return fs.add_watermark(figure, style.synthetic)

    axes = fs.add_axes(figure, left=0.5, right=0.15, top=0.68 + legend, bottom=0.6)
    years = np.arange(frame["year"].min(), frame["year"].max() + 1)
    counts = frame.pivot_table(
        index="year", columns="category", values="firms", aggfunc="sum", observed=True
    )
    counts = counts.reindex(years).fillna(0)
    handles = _draw_columns(axes, counts, style.language)

    axes.set_xticks(years[:: fs.year_step(axes, len(years))])
    axes.tick_params(axis="x", labelsize=fs.TINY)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.margins(y=0.1)
    axes.set_xlabel(word("cohorts.x", style.language))
    fs.add_grid(axes, "y")
    fs.add_legend(figure, handles, below_top=0.56)
    return fs.add_watermark(figure, style.synthetic)


def _draw_columns(axes: Axes, counts: pd.DataFrame, language: str) -> list[Artist]:
    """Draw one column per year with its total above it, and return the legend's entries."""
    known = [name for name in LOOKS if name in counts.columns]
    years, top = counts.index.to_numpy(), np.zeros(len(counts))
    handles: list[Artist] = []

    others = [name for name in counts.columns if name not in known]
    for name in [*known, *others]:
        place = [*known, *others].index(name)
        colour, hatch = LOOKS.get(name, (fs.GREY, fs.HATCHES[place % len(fs.HATCHES)]))
        look: dict[str, Any] = {
            "facecolor": colour,
            "hatch": hatch,
            "edgecolor": "white",
            "lw": 0.5,
        }
        axes.bar(years, counts[name], bottom=top, width=0.74, **look)
        top += counts[name].to_numpy()
        handles.append(Patch(label=word_or_code("category", name, language), **look))

    font: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": fs.SMALL, "color": fs.SLATE}
    for year, total in zip(years, top, strict=True):
        if total:
            axes.text(year, total, format_number(total, 0), **font)
    return handles


def _alternative_text(frame: pd.DataFrame, style: FigureStyle) -> str:
    if frame.empty:
        return alternative_text([word("cohorts.none", style.language)], style)

    by_year = frame.groupby("year")["firms"].sum()
    whole = word(
        "alt.cohorts.whole",
        style.language,
        first=by_year.index.min(),
        last=by_year.index.max(),
        total=format_number(by_year.sum(), 0),
        peak=by_year.idxmax(),
        most=format_number(by_year.max(), 0),
    )
    return alternative_text([whole], style)
