"""Shares of linked records by edition and arm: persons in the insurance, firms in the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zgzx_research.evidence.linkage_cells import blank_linkage, hide_linkage
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.boxes import WORDS
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import format_value
from zgzx_research.report.wording import word

ARMS = {"winner": (fs.BLUE, "o"), "finalist": (fs.ORANGE, "s"), "participant": (fs.GREEN, "^")}
ENTITIES = ("worker", "firm")
PANEL = 1.3  # inches from one panel to the next
LOWEST = 50  # percent; the axis begins here or lower
BELOW_HIDDEN = 6  # percentage points of the axis below it, where crosses stand


def plot_linkage(
    rates: pd.DataFrame, *, language: str | None = None, synthetic: bool | None = None
) -> FigureSpec:
    """Plot the share of linked records by edition, for each arm of the contest.

    Parameters
    ----------
    rates : DataFrame
        edition, arm ("winner", "finalist", "participant"), entity ("worker", "firm"), rows,
        linked. Under disclosure control, shares that tell of few persons are crosses.
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
        how = (None, style.earlier) if style.disclosure_control else (0,)
        shown = hide_linkage(rates, *how)
        shown = shown.assign(percent=100 * shown["linked_share"].astype(float))
        title = word("linkage_figure.title", style.language)
        blank = blank_linkage(rates, shown)
        return ReportFigure(
            _picture(shown, title, style),
            title,
            _alt(shown, title, style),
            name="linkage_by_edition",
            blank=blank,
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(shown: pd.DataFrame, title: str, style: FigureStyle) -> Figure:
    panels = [entity for entity in ENTITIES if shown["entity"].eq(entity).any()]
    figure = fs.new_figure(1.1 + PANEL * len(panels), title)
    lowest = min(LOWEST, 10 * np.floor(shown["percent"].min() / 10)) if len(shown) else LOWEST
    lowest = LOWEST if np.isnan(lowest) else lowest
    for at, entity in enumerate(panels):
        above = 0.95 + PANEL * at
        bottom = figure.get_size_inches()[1] - above - PANEL + 0.46
        axes = fs.add_axes(figure, left=0.5, right=0.15, top=above, bottom=bottom)
        own = shown[shown["entity"].eq(entity)]
        _draw_panel(axes, own, float(lowest))
        name = word(f"linkage_figure.{entity}", style.language)
        axes.annotate(
            name, (0, 1), (0, 6), "axes fraction", "offset points", fontsize=WORDS, va="bottom"
        )
    if panels:
        axes.set_xlabel(word("timeline.edition", style.language), fontsize=WORDS, labelpad=1)
    _add_legend(figure, shown, style.language)
    return fs.add_watermark(figure, style.synthetic)


def _draw_panel(axes: Axes, own: pd.DataFrame, lowest: float) -> None:
    """Draw the arms of one entity side by side; crosses below the axis are hidden shares."""
    arms = [arm for arm in ARMS if own["arm"].eq(arm).any()]
    for at, arm in enumerate(arms):
        colour, marker = ARMS[arm]
        rows = own[own["arm"].eq(arm)]
        x = rows["edition"].to_numpy(float) + 0.24 * (at - (len(arms) - 1) / 2)
        y = rows["percent"].to_numpy(float)
        axes.plot(x, y, marker, color=colour, markersize=4.5, clip_on=False)
        gone = np.isnan(y)
        below = np.full(int(gone.sum()), lowest - BELOW_HIDDEN / 2)
        axes.plot(x[gone], below, "x", color=fs.SLATE, markersize=4)
    axes.set_ylim(lowest - BELOW_HIDDEN, 101)
    axes.set_yticks([lowest, 100], [f"{lowest:.0f}%", "100%"], fontsize=WORDS)
    editions = sorted(own["edition"].unique())
    axes.set_xlim(editions[0] - 0.6, editions[-1] + 0.6)
    axes.set_xticks(editions, [f"{edition}" for edition in editions], fontsize=WORDS)
    fs.add_grid(axes, "y")


def _add_legend(figure: Figure, shown: pd.DataFrame, language: str) -> None:
    arms = [arm for arm in ARMS if shown["arm"].eq(arm).any()]
    handles = []
    for arm in arms:
        colour, marker = ARMS[arm]
        style: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": ""}
        handles.append(Line2D([], [], label=word(f"linkage_figure.{arm}", language), **style))
    if shown["percent"].isna().any():
        cross: dict[str, Any] = {"color": fs.SLATE, "marker": "x", "linestyle": ""}
        label = word("linkage_figure.hidden", language)
        handles.append(Line2D([], [], label=label, **cross))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.012, 1 - 0.36 / figure.get_figheight()),
        ncols=2,
        borderaxespad=0,
        borderpad=0.2,
        columnspacing=1.2,
        fontsize=WORDS,
    )


def _alt(shown: pd.DataFrame, title: str, style: FigureStyle) -> str:
    language, items = style.language, []
    for (entity, arm), own in shown.groupby(["entity", "arm"], sort=False):
        known = own["percent"].dropna() / 100
        about = {
            "who": word(f"linkage_figure.{arm}", language),
            "where": word(f"linkage_figure.{entity}", language),
            "shown": len(known),
            "hidden": len(own) - len(known),
        }
        key = "item" if len(known) else "item_hidden"
        for name, value in (("low", known.min()), ("high", known.max())):
            about[name] = (
                format_value(float(value), "share", language=language) if len(known) else ""
            )
        items.append(word(f"alt.linkage.{key}", language, **about))
    first, last = int(shown["edition"].min()), int(shown["edition"].max())
    whole = word(
        "alt.linkage.whole",
        language,
        title=title,
        first=first,
        last=last,
        items=listing(items, language),
    )
    return alternative_text([whole], style)
