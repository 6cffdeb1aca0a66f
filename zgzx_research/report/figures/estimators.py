"""Forest plot: several estimates with their intervals, one line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.report import fonts
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.figure_marks import (
    claimed_sentence,
    cut_ends,
    cut_in_words,
    draw_claimed,
    inside,
    mark_cut,
)
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import effect_digits, format_number, format_value
from zgzx_research.report.tables.estimate_rows import EstimateRow, compared_rows, half_widths
from zgzx_research.report.wording import display_width, from_data, word

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate

LINE, SPLIT = 0.48, 0.64  # inches of a line, and of one whose numbers stand below its name
ABOVE, BELOW = 0.12, 0.62  # inches around the lines of one axis
COLUMN = 0.068  # inches that a column of text takes
FARTHEST = 4.0  # times the usual end of an interval that the axis follows a single one


def plot_estimators(
    estimates: Mapping[str, Aggregate | pd.DataFrame] | Sequence[EstimateRow],
    *,
    scale: str = "difference",
    title: str = "",
    claimed: float | None = None,
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

    given = {"claimed": claimed, "share": share, "language": language, "synthetic": synthetic}
    return FigureSpec(draw, given)


def _picture(rows: Sequence[EstimateRow], heading: str, style: FigureStyle) -> Figure:
    groups = [(unit, list(part)) for unit, part in groupby(rows, key=lambda row: row["unit"])]
    claimed = style.with_claim_in(groups[0][0]).claimed if len(groups) == 1 else None
    line = SPLIT if any(_is_split(unit, part, style.language) for unit, part in groups) else LINE
    # the last axis needs less below it
    legend = 0.0 if claimed is None else fs.LEGEND_LINE + 0.06
    height = 0.5 + legend + sum(ABOVE + BELOW + line * len(part) for _, part in groups)
    figure = fs.new_figure(height, heading, word("estimators.interval", style.language))

    top, first = 0.62 + legend, True
    for unit, part in groups:
        size = ABOVE + line * len(part)
        axes = fs.add_axes(figure, left=0.2, right=0.2, top=top, bottom=height - top - size)
        axes.set_xlim(*estimate_limits(part, claimed))
        _draw_lines(axes, unit, part, style.language, main=first, split=line == SPLIT)
        if claimed is not None:
            entry = draw_claimed(axes, claimed, unit, style.language, along="x")
            fs.add_legend(figure, [entry], below_top=0.57)
        _finish_axes(axes, unit, len(part), style.language)
        top, first = top + size + BELOW, False

    return fs.add_watermark(figure, style.synthetic)


def _is_split(unit: str, rows: Sequence[EstimateRow], language: str) -> bool:
    """Whether a name and its numbers are too long for one line."""
    digits = effect_digits(unit, half_widths(rows), [row["estimate"] for row in rows])
    texts = [f"{row['label']}  {_numbers(row, unit, digits, language)}" for row in rows]
    return COLUMN * max(map(display_width, texts), default=0) > fs.WIDTH - 0.4


def _ends(rows: Sequence[EstimateRow]) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of each interval; infinite where there is none, NaN without interval."""
    low = [math.nan if row["ci_low"] is None else row["ci_low"] for row in rows]
    high = [
        (math.nan if row["ci_low"] is None else math.inf)
        if row["ci_high"] is None
        else row["ci_high"]
        for row in rows
    ]
    return np.array(low), np.array(high)


def estimate_limits(rows: Sequence[EstimateRow], claimed: float | None) -> tuple[float, float]:
    """Limits of the axis of estimates, so that no single wide interval flattens the rest.

    Parameters
    ----------
    rows : Sequence of EstimateRow
        All estimates of the axis.
    claimed : float, optional
        The claimed effect, which the axis holds.

    Returns
    -------
    (float, float)
        Lower and upper limit. Intervals that go on beyond them get arrows.
    """
    low, high = _ends(rows)
    points = [row["estimate"] for row in rows if row["estimate"] is not None]
    sizes = np.abs(np.concatenate([low, high]))
    sizes = sizes[np.isfinite(sizes)]
    most = FARTHEST * float(np.median(sizes)) if len(sizes) else math.inf
    reach = np.concatenate([low, high])
    reach = np.clip(reach[np.isfinite(reach)], -most, most)
    inner = [*points, *reach, 0.0, claimed or 0.0]
    room = 0.06 * (max(inner) - min(inner)) or 1.0
    return min(inner) - room, max(inner) + room


def _draw_lines(
    axes: Axes,
    unit: str,
    rows: Sequence[EstimateRow],
    language: str,
    *,
    main: bool,
    split: bool,
) -> None:
    """Draw each estimate: name at the left, numbers at the right, interval below.

    The first one is the main one where `main` says so.
    """
    digits = effect_digits(unit, half_widths(rows), [row["estimate"] for row in rows])
    low, high = _ends(rows)
    limits = axes.get_xlim()

    font: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": fs.SMALL,
        "bbox": fs.WHITE_BOX,
    }
    name, numbers, interval = (-0.31, -0.02, 0.27) if split else (-0.2, -0.2, 0.22)
    for y, row in enumerate(rows):
        is_main = main and y == 0
        colour, marker = (fs.ACCENT, "o") if is_main else (fs.OTHER, "s")
        axes.text(0, y + name, fonts.replace_missing(str(row["label"])), **font)
        if row["estimate"] is not None:
            axes.plot(row["estimate"], y + interval, marker, color=colour, markersize=6, zorder=3)
        if row["ci_low"] is not None:
            # an interval without end, or with a far one, runs out of the axis
            ends = inside(np.array([low[y], high[y]]), limits)
            axes.hlines(y + interval, *ends, color=colour, linewidth=2.4 if is_main else 1.8)
        text = _numbers(row, unit, digits, language)
        axes.text(1, y + numbers, text, ha="right", color=colour, **font)
    mark_cut(axes, np.arange(len(rows)) + interval, low, high, along="x")


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
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
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
    marks = _marks_in_words(rows, style)
    return alternative_text([title] * bool(title) + [whole, *marks], style)


def _marks_in_words(rows: Sequence[EstimateRow], style: FigureStyle) -> list[str]:
    """Say which intervals are cut, and what the dashed line means."""
    units = list(dict.fromkeys(row["unit"] for row in rows))
    claimed = style.with_claim_in(units[0]).claimed if len(units) == 1 else None
    names = list[str]()
    for _, part in groupby(rows, key=lambda row: row["unit"]):
        group = list(part)
        below, above = cut_ends(*_ends(group), estimate_limits(group, claimed))
        names += [from_data(str(group[at]["label"])) for at in np.flatnonzero(below | above)]
    said = [] if claimed is None else [claimed_sentence(claimed, units[0], style.language)]
    return [*cut_in_words(names, style.language), *said]
