"""Waterfall: from the number of an earlier report to that of today, step by step."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import format_number, format_value
from zgzx_research.report.tables.effect_tables import format_interval
from zgzx_research.report.wording import word

Row = dict[Hashable, Any]
TEXT = fs.TINY  # points: ten pixels where a phone of 360 pixels shows the figure across
# inches of an axis, of its numbers, of its heading, of its labels, of title and subtitle
AXIS, NUMBERS, HEADING, BELOW, TOP = 1.15, 0.26, 0.26, 0.46, 0.66
WIDTH = 0.62  # of a column, of the room that it has
HATCHES = {"method": "////", "data": "....", "edition": "xxxx"}  # seen without colour too
FEWEST = 2  # levels that can be compared


def plot_changes(
    frame: pd.DataFrame,
    claim: str | None = None,
    *,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot how the headline of each claim went from an earlier report to today.

    Parameters
    ----------
    frame : DataFrame
        From `page.changes()`: a row for each claim and level, with estimate, interval, and the
        part of the step that leads to the level.
    claim : str, optional
        Only this claim; all by default, one below the other.
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
        No claim with two levels to compare.
    """
    known = frame.dropna(subset="estimate")
    known = known if claim is None else known[known["claim"].eq(claim)]
    claims = [rows for _, rows in known.groupby("claim", sort=False) if len(rows) >= FEWEST]
    if not claims:
        raise ZgzxError(
            "no claim has an earlier and a present estimate",
            where="plot_changes",
            remedy="Name an earlier study in [changes] since of the study file.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        panels: list[list[Row]] = [rows.to_dict("records") for rows in claims]
        caption = word("changes.title", style.language)
        if claim is not None:
            about = _heading(panels[0][0], style.language)
            caption = word("changes.caption", style.language, title=caption, claim=about)
        return ReportFigure(_picture(panels, style), caption, _alternative_text(panels, style))

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(panels: Sequence[Sequence[Row]], style: FigureStyle) -> Figure:
    """Draw one axis for each claim; a single claim gives the figure its title."""
    several = len(panels) > 1
    above = NUMBERS + HEADING * several
    height = TOP + (above + AXIS + BELOW) * len(panels)
    title = _heading(panels[0][0], style.language)
    title = word("changes.title", style.language) if several else title
    figure = fs.new_figure(height, title)
    subtitle = word("changes.subtitle", style.language)
    figure.text(0.02, 1 - 0.36 / height, subtitle, fontsize=TEXT, color=fs.SLATE, va="top")
    for place, rows in enumerate(panels):
        top = TOP + above + place * (above + AXIS + BELOW)
        axes = fs.add_axes(figure, left=0.55, right=0.05, top=top, bottom=height - top - AXIS)
        _draw_claim(axes, rows, style.language)
        if several:
            heading = _heading(rows[0], style.language)
            axes.set_title(heading, loc="left", fontsize=TEXT, fontweight="bold", pad=20)
    return fs.add_watermark(figure, style.synthetic)


def _heading(row: Row, language: str) -> str:
    """Name a claim and the unit of its effects."""
    unit = word(f"unit_short.{row['unit']}", language)
    return word("changes.heading", language, claim=row[language], unit=unit)


def _draw_claim(axes: Axes, rows: Sequence[Row], language: str) -> None:
    """Draw the columns of one claim: first level, one part for each step, last level."""
    first, last, parts = rows[0], rows[-1], rows[1:]
    count = len(parts) + 2
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    _draw_level(axes, 0, first, fs.SLATE)
    for x, (row, before) in enumerate(zip(parts, rows, strict=False), start=1):
        _draw_part(axes, x, row, before["estimate"])
    _draw_level(axes, count - 1, last, fs.BLUE)

    ends = [before["estimate"] for before in (*rows, last)]
    for x, level in enumerate(ends[: count - 1]):
        axes.hlines(level, x + WIDTH / 2, x + 1 - WIDTH / 2, color=fs.SLATE, linestyle=":")
    labels = [word(f"changes.column.{first['step']}", language)]
    labels += [word(f"changes.part_column.{row['joined']}", language) for row in parts]
    labels += [word("changes.column.now", language)]
    _write_numbers(axes, rows, language)
    _finish(axes, labels)


def _draw_level(axes: Axes, x: float, row: Row, colour: str) -> None:
    """Draw a column from zero, with its interval."""
    axes.bar(x, row["estimate"], width=WIDTH, color=colour, alpha=0.55, zorder=2)
    ends = np.array([row["ci_low"], row["ci_high"]], dtype=float)
    if np.isfinite(ends).all():
        axes.vlines(x, *ends, color=fs.INK, linewidth=1.6, zorder=3)
    axes.plot(x, row["estimate"], "o", color=fs.INK, markersize=4, zorder=4)


def _draw_part(axes: Axes, x: float, row: Row, start: float) -> None:
    """Draw the part of a step as a hatched column from the level before it."""
    hatch = "".join(HATCHES[step] for step in str(row["joined"]).split("_"))
    style: dict[str, Any] = {"facecolor": "white", "edgecolor": fs.INK, "linewidth": 1.2}
    axes.bar(x, row["difference"], bottom=start, width=WIDTH, hatch=hatch, zorder=2, **style)


def _write_numbers(axes: Axes, rows: Sequence[Row], language: str) -> None:
    """Write the number of each column above the axis."""
    first, last = rows[0], rows[-1]
    texts = [(_level_text(first, language), "bold")]
    texts += [(_part_text(row), "normal") for row in rows[1:]]
    texts += [(_level_text(last, language), "bold")]
    for x, (text, weight) in enumerate(texts):
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "ha": "center"}
        axes.text(x, 1.03, text, va="bottom", fontsize=TEXT, fontweight=weight, **place)


def _level_text(row: Row, language: str) -> str:
    """Write a level, without a unit in words: the heading names it."""
    digits = int(row["digits"])
    return format_value(row["estimate"], row["unit"], digits, language, signed=True, bare=True)


def _part_text(row: Row) -> str:
    """Write a part."""
    return format_number(row["difference"], int(row["digits"]), signed=True)


def _finish(axes: Axes, labels: Sequence[str]) -> None:
    """Label the columns and the axis."""
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_xticks(range(len(labels)), labels, fontsize=TEXT)
    axes.tick_params(axis="y", labelsize=TEXT)
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.08)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())
    axes.spines["bottom"].set_visible(False)
    fs.add_grid(axes, "y")


def _alternative_text(panels: Sequence[Sequence[Row]], style: FigureStyle) -> str:
    """Say the numbers of each claim in words."""
    return alternative_text([_sentence(rows, style.language) for rows in panels], style)


def _sentence(rows: Sequence[Row], language: str) -> str:
    """Say the first level, the parts and the last level of one claim."""
    first, last = rows[0], rows[-1]
    parts = [
        word(
            "alt.changes.part",
            language,
            part=word(f"changes.part.{row['joined']}", language),
            number=_part_text(row),
        )
        for row in rows[1:]
    ]
    return word(
        "alt.changes.claim",
        language,
        claim=first[language],
        level=word(f"changes.level.{first['step']}", language),
        first=_with_unit(first, language),
        first_interval=_interval(first),
        parts=listing(parts, language),
        last=_with_unit(last, language),
        last_interval=_interval(last),
    )


def _with_unit(row: Row, language: str) -> str:
    """Write a level with its unit."""
    return format_value(row["estimate"], row["unit"], int(row["digits"]), language, signed=True)


def _interval(row: Row) -> str:
    """Write the interval of a level."""
    return format_interval(row["ci_low"], row["ci_high"], int(row["digits"]))
