"""Forest plot: several estimates with their intervals, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.report import fonts
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import effect_digits, format_number, format_value
from zgzx_research.report.tables.estimate_rows import EstimateRow, compared_rows, half_widths
from zgzx_research.report.wording import word

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate

LINE, ABOVE, BELOW = 0.48, 0.12, 0.62  # inches of a line, and around the lines of one axis


def plot_estimators(
    estimates: Mapping[str, Aggregate | pd.DataFrame] | Sequence[EstimateRow],
    *,
    scale: str = "difference",
    title: str = "",
    share: bool | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot several estimates below each other, with one axis for each unit of measurement.

    Parameters
    ----------
    estimates : Mapping or Sequence
        Results by the name they shall have: aggregates (their overall effect is shown) or frames
        of one row (`event.overall`, `event.window(1, 3)`). Or rows of
        `estimate_rows.estimate_rows`, made from the facts of a study.
    scale : str, default "difference"
        Scale of the frames among `estimates`: "difference" or "ratio". Aggregates know theirs.
    title : str, default ""
        Replaces the usual title.
    share : bool, optional
        Whether the outcome is a share (0 to 1): differences are then in percentage points. Like
        all that follow: None lets the page decide.
    language : str, optional
        "zh" or "en".
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.
    """

    def draw(style: FigureStyle) -> ReportFigure:
        if isinstance(estimates, Mapping):
            least = rules().firms if style.disclosure_control else 0
            rows = compared_rows(estimates, scale=scale, share=style.share, minimum=least)
        else:
            rows = list(estimates)
        heading = title or word("estimators.title", style.language)
        return ReportFigure(
            _picture(rows, heading, style), heading, _alternative_text(rows, title, style)
        )

    return FigureSpec(draw, {"share": share, "language": language, "synthetic": synthetic})


def _picture(rows: Sequence[EstimateRow], heading: str, style: FigureStyle) -> Figure:
    groups = [(unit, list(part)) for unit, part in groupby(rows, key=lambda row: row["unit"])]
    # the last axis needs less below it
    height = 0.5 + sum(ABOVE + BELOW + LINE * len(part) for _, part in groups)
    figure = fs.new_figure(height, heading, word("estimators.interval", style.language))

    top = 0.62
    for unit, part in groups:
        size = ABOVE + LINE * len(part)
        axes = fs.add_axes(figure, left=0.2, right=0.2, top=top, bottom=height - top - size)
        _draw_lines(axes, unit, part, style.language)
        _finish_axes(axes, unit, len(part), style.language)
        top += size + BELOW

    return fs.add_watermark(figure, style.synthetic)


def _draw_lines(axes: Axes, unit: str, rows: Sequence[EstimateRow], language: str) -> None:
    """Draw each estimate: name at the left, numbers at the right, interval below."""
    digits = effect_digits(unit, half_widths(rows), [row["estimate"] for row in rows])
    one_label = len({row["label"] for row in rows}) < 2
    sizes = [abs(row[n] or 0) for row in rows for n in ("estimate", "ci_low", "ci_high")]

    font: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": fs.SMALL + 0.5,
        "bbox": fs.WHITE_BOX,
    }
    for y, row in enumerate(rows):
        colour = fs.BLUE if y == 0 or one_label else fs.SLATE
        axes.text(0, y - 0.2, fonts.replace_missing(str(row["label"])), **font)

        if row["estimate"] is not None:
            axes.plot(row["estimate"], y + 0.22, "o", color=colour, markersize=7, zorder=3)
        if row["ci_low"] is not None:
            # an interval without upper end runs to the right
            end = 3 * max(sizes) if row["ci_high"] is None else row["ci_high"]
            axes.hlines(y + 0.22, row["ci_low"], end, color=colour, linewidth=2.4)

        numbers = _numbers(row, unit, digits, language)
        axes.text(1, y - 0.2, numbers, ha="right", color=colour, **font)


def _numbers(row: EstimateRow, unit: str, digits: int, language: str) -> str:
    """Write an estimate with its interval, e.g. "+12.0% [+2.0, +22.0]"."""
    if row["estimate"] is None:
        text = word("missing", language)
    else:
        text = format_value(row["estimate"], unit, digits, language, signed=True)
    if row["ci_low"] is None:
        return text
    low, high = (format_number(end, digits, signed=True) for end in (row["ci_low"], row["ci_high"]))
    return f"{text} [{low}, {high}]"


def _finish_axes(axes: Axes, unit: str, lines: int, language: str) -> None:
    axes.axvline(0, color=fs.INK, linewidth=1, zorder=1)
    axes.set_ylim(lines - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(fs.SignedTicks())
    axes.set_xlabel(word(f"unit_label.{unit}", language), labelpad=2, fontsize=fs.SMALL)
    fs.add_grid(axes, "x")


def _alternative_text(rows: Sequence[EstimateRow], title: str, style: FigureStyle) -> str:
    items = []
    for row in rows:
        digits = effect_digits(row["unit"], half_widths([row]), [row["estimate"]])
        item = word(
            "alt.estimators.item",
            style.language,
            label=row["label"],
            estimate=format_value(
                row["estimate"], row["unit"], digits, style.language, signed=True
            ),
            low=format_number(row["ci_low"], digits, signed=True),
            high=format_number(row["ci_high"], digits, signed=True),
        )
        items.append(item)

    whole = word("alt.estimators.whole", style.language, items=listing(items, style.language))
    return alternative_text([title] * bool(title) + [whole], style)
