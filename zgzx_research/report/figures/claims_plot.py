"""Dot plot of the official claims: estimate, interval, the size claimed, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import UNIT_FACTORS
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.tables.claim_rows import ClaimRow
from zgzx_research.report.wording import word

TEXT = fs.TINY  # points: ten pixels where a phone of 360 pixels shows the figure across
LINE, ABOVE, BELOW, TOP = 0.42, 0.05, 0.33, 0.62  # inches
WIDEST = 10  # an interval is cut where it goes beyond so many times the estimate or the claim
ROOM = 1.08  # of an axis beyond the last end of an interval
DOT, DIAMOND = 8.5, 7.0  # points
CLAIMED, DEPTH = 0.19, 0.11  # of a line: where the size claimed stands below, and half its mark


def plot_claims(
    rows: Sequence[ClaimRow],
    *,
    title: str = "",
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the estimates for the official claims, with one axis for each unit of measurement.

    Primary claims are filled and in colour, exploratory ones hollow and grey. A diamond marks the
    effect that is claimed. An interval that goes on beyond the axis ends in an arrow.

    Parameters
    ----------
    rows : Sequence of ClaimRow
        From `page.claims()`.
    title : str, default ""
        Replaces the usual title.
    language : str, optional
        "zh" or "en"; None lets the page decide, as for what follows.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.

    Raises
    ------
    ZgzxError
        No claim with an estimate.
    """
    if not rows:
        raise ZgzxError(
            "no claim has an estimate",
            where="plot_claims",
            remedy="Run the pages that estimate, or leave the figure out.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        heading = title or word("claims_plot.title", style.language)
        return ReportFigure(
            _picture(rows, heading, style), heading, _alternative_text(rows, title, style)
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(rows: Sequence[ClaimRow], heading: str, style: FigureStyle) -> Figure:
    by_unit = ([row for row in rows if row.unit == unit] for unit in UNIT_FACTORS)
    groups = [part for part in by_unit if part]
    height = TOP + sum(ABOVE + BELOW + LINE * len(part) for part in groups)
    figure = fs.new_figure(height, heading)
    fs.add_legend(figure, _legend(rows, style.language), 0.38)
    for text in figure.legends[0].get_texts():
        text.set_fontsize(TEXT)

    top = TOP
    for part in groups:
        size = ABOVE + LINE * len(part)
        axes = fs.add_axes(figure, left=0.2, right=0.2, top=top, bottom=height - top - size)
        ends = _axis_ends(part)
        for y, row in enumerate(part):
            _draw_words(axes, y, row, style.language)
            _draw_claim(axes, y, row, ends)
        _finish_axes(axes, part[0].unit, len(part), ends)
        top += size + BELOW
    return fs.add_watermark(figure, style.synthetic)


def _legend(rows: Sequence[ClaimRow], language: str) -> list[Line2D]:
    """Make the entries of the legend: only what the figure shows."""
    shown = {
        "primary": any(row.primary for row in rows),
        "exploratory": any(not row.primary for row in rows),
        "claimed": any(row.claimed is not None for row in rows),
    }
    looks: dict[str, dict[str, Any]] = {
        "primary": {"marker": "o", **_dot(primary=True)},
        "exploratory": {"marker": "o", **_dot(primary=False)},
        "claimed": {"marker": "D", **_diamond()},
    }
    return [
        Line2D([], [], linewidth=0, label=word(f"claims_plot.{name}", language), **look)
        for name, look in looks.items()
        if shown[name]
    ]


def _dot(*, primary: bool) -> dict[str, Any]:
    """Return the look of an estimate: filled for a primary claim, hollow for another."""
    colour = fs.BLUE if primary else fs.SLATE
    fill = colour if primary else "white"
    edge = {"markeredgecolor": colour, "markeredgewidth": 1.8}
    return {"markersize": DOT, "markerfacecolor": fill, **edge}


def _diamond() -> dict[str, Any]:
    """Return the look of the size that is claimed."""
    return {"markersize": DIAMOND, "markerfacecolor": fs.YELLOW, "markeredgecolor": fs.INK}


def _axis_ends(rows: Sequence[ClaimRow]) -> tuple[float, float]:
    """Return the ends of an axis: all intervals, as far as the claimed size stays visible."""
    sizes = [abs(v) for row in rows for v in (row.estimate, row.claimed) if v is not None]
    most = WIDEST * max(sizes, default=0.0)
    values = [
        value
        for row in rows
        for value in (row.estimate, row.claimed, row.ci_low, row.ci_high)
        if value is not None and math.isfinite(value)
    ]
    low, high = min([0.0, *values]), max([0.0, *values])
    if most:
        low, high = max(low, -most), min(high, most)
    if any(row.ci_high is None and row.ci_low is not None for row in rows):
        high = most or high  # an interval without upper end runs out of the picture
    return (low * ROOM, high * ROOM) if low < high else (-1.0, 1.0)


def _draw_words(axes: Axes, y: int, row: ClaimRow, language: str) -> None:
    """Write the name of a claim with its estimate at the left, the verdict at the right."""
    font: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": TEXT,
        "bbox": fs.WHITE_BOX,
    }
    colour = fs.BLUE if row.primary else fs.SLATE
    short = row.unit == "percentage_point"
    number = row.number(row.estimate, language, bare=short)
    unit = word("unit_short.percentage_point", language) if short else ""
    text = f"{row.name(language, 'claims_plot.name')} {number} {unit}".rstrip()
    axes.text(0, y - 0.22, text, fontweight="bold" if row.primary else "normal", **font)
    verdict = word(f"verdict.{row.verdict}", language)
    axes.text(1, y - 0.22, verdict, ha="right", color=colour, **font)


def _draw_claim(axes: Axes, y: int, row: ClaimRow, ends: tuple[float, float]) -> None:
    """Draw the interval with its arrows, the estimate, and the size that is claimed."""
    level, colour = y + 0.16, fs.BLUE if row.primary else fs.SLATE
    if row.ci_low is not None or row.ci_high is not None:
        low = ends[0] if row.ci_low is None else max(row.ci_low, ends[0])
        high = ends[1] if row.ci_high is None else min(row.ci_high, ends[1])
        style = "solid" if row.primary else (0, (4, 1.5))
        axes.hlines(level, low, high, color=colour, linewidth=2.6, linestyle=style, zorder=2)
        if row.ci_low is None or row.ci_low < ends[0]:
            axes.plot(ends[0], level, "<", color=colour, markersize=DOT, clip_on=False, zorder=3)
        if row.ci_high is None or row.ci_high > ends[1]:
            axes.plot(ends[1], level, ">", color=colour, markersize=DOT, clip_on=False, zorder=3)
    if row.claimed is not None:  # below, so that no estimate can hide it
        below = level + CLAIMED
        axes.vlines(row.claimed, level - DEPTH, below, color=fs.INK, linewidth=1.4, zorder=4)
        axes.plot(row.claimed, below, "D", clip_on=False, zorder=4, **_diamond())
    if row.estimate is not None:
        axes.plot(row.estimate, level, "o", zorder=5, **_dot(primary=row.primary))


def _finish_axes(axes: Axes, unit: str, lines: int, ends: tuple[float, float]) -> None:
    """Draw zero and the ticks; the units stand beside the estimates."""
    axes.axvline(0, color=fs.INK, linewidth=1.2, zorder=1)
    axes.set_xlim(*ends)
    axes.set_ylim(lines - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=TEXT)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(PercentTicks() if unit == "percent" else fs.SignedTicks())
    fs.add_grid(axes, "x")


class PercentTicks(fs.SignedTicks):
    """Signed tick labels with a percent sign."""

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        """All labels of an axis."""
        return [text if text == "0" else f"{text}%" for text in super().format_ticks(values)]


def _alternative_text(rows: Sequence[ClaimRow], title: str, style: FigureStyle) -> str:
    """Write the figure in words: every number that it shows."""
    language, items = style.language, []
    for row in rows:
        family = word(f"claims_plot.{'primary' if row.primary else 'exploratory'}", language)
        if row.claimed is None:
            claimed = word("alt.claims.not_claimed", language)
        else:
            size = row.number(row.claimed, language)
            claimed = word("alt.claims.claimed", language, size=size)
        item = word(
            "alt.claims.item",
            language,
            claim=row.name(language),
            family=family,
            estimate=row.number(row.estimate, language),
            low=row.end(row.ci_low),
            high=row.end(row.ci_high),
            claimed=claimed,
            verdict=word(f"verdict.{row.verdict}", language),
        )
        items.append(item)
    whole = word("alt.claims.whole", language, items=listing(items, language))
    return alternative_text([title] * bool(title) + [whole], style)
