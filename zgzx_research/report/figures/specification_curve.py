"""Specification curve: all estimates in order, and below each the choices behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import enough_firms
from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
from zgzx_research.report import fonts
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.figure_marks import (
    claimed_entry,
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
)
from zgzx_research.report.number_format import effect_digits, format_value
from zgzx_research.report.wording import word, word_or_code

if TYPE_CHECKING:
    from zgzx_research.robustness.specification_curve import SpecificationCurve

CURVE, ROW, GAP, BELOW = 2.3, 0.19, 0.12, 0.42  # inches: the curve, a level, between axes, labels
LEFT = 1.72  # inches for the names of the levels
ABOVE = 0.66  # inches above the curve, without its legend
MAIN: dict[str, Any] = {"marker": "D", "color": fs.ACCENT, "markersize": 6.5}
OTHERS: dict[str, Any] = {"marker": "o", "color": fs.OTHER, "markersize": 3.5}
MOST_ROOM = 2.5  # times the usual end of an interval that the vertical axis follows a single one
NAMES = 28  # characters of a level's name that fit


def plot_specification_curve(
    curve: SpecificationCurve,
    *,
    claimed: float | None = None,
    share: bool | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the estimates of all specifications, smallest first, with the choices behind each.

    Parameters
    ----------
    curve : SpecificationCurve
        Result of `specification_curve`, of one outcome on one scale.
    claimed : float, optional
        The effect that is claimed, in percent or percentage points, drawn as a dashed line. Like
        all that follow: None lets the page decide.
    share : bool, optional
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    language : str, optional
        "zh" or "en".
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.

    Raises
    ------
    ZgzxError
        Estimates in different units; or, when drawn, no row that may be shown.
    """
    frame = curve.estimated
    units = frame[["outcome", "scale"]].drop_duplicates()
    if len(units) > 1:
        raise ZgzxError(
            "estimates of several outcomes or scales do not share an axis",
            where="plot_specification_curve",
            count=len(units),
            remedy="Plot one specification curve for each.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        shown = enough_firms(frame) if style.disclosure_control else frame
        if shown.empty:
            raise ZgzxError(
                "no specification rests on enough units to be shown",
                where="plot_specification_curve",
            )
        rows = shown.sort_values("estimate", kind="stable").reset_index()
        unit = unit_of_effects(str(rows["scale"].iloc[0]), style.share)
        style = style.with_claim_in(unit)
        title = word("specifications.title", style.language, count=len(rows))
        return ReportFigure(
            _picture(rows, _levels(curve, rows), title, unit, style),
            title,
            _alternative(rows, unit, style),
        )

    given = {"claimed": claimed, "share": share, "language": language, "synthetic": synthetic}
    return FigureSpec(draw, given)


def _levels(curve: SpecificationCurve, rows: pd.DataFrame) -> list[tuple[str, object]]:
    """Return axis and level of each line of choices, in the order they were declared."""
    return [
        (axis, level)
        for axis in curve.axes
        for level in pd.unique(curve.frame[axis])
        if (rows[axis] == level).any()
    ]


def _picture(
    rows: pd.DataFrame,
    levels: Sequence[tuple[str, object]],
    title: str,
    unit: str,
    style: FigureStyle,
) -> Figure:
    below = ROW * len(levels) + GAP * len({axis for axis, _ in levels})
    handles = _handles(unit, style)
    above = ABOVE + fs.legend_height([str(handle.get_label()) for handle in handles])
    height = above + CURVE + below + BELOW
    unit_label = word(f"unit_label.{unit}", style.language)
    subtitle = word("specifications.subtitle", style.language, unit=unit_label)
    figure = fs.new_figure(height, title, subtitle)
    upper = fs.add_axes(figure, left=LEFT, right=0.15, top=above, bottom=below + BELOW)
    _draw_curve(upper, rows, UNIT_FACTORS[unit], style.claimed)
    if style.claimed is not None:
        draw_claimed(upper, style.claimed, unit, style.language)
    fs.add_legend(figure, handles, below_top=0.56)
    lower = fs.add_axes(figure, left=LEFT, right=0.15, top=above + CURVE + GAP, bottom=BELOW)
    _draw_choices(lower, rows, levels, style.language)
    lower.set_xlim(upper.get_xlim())
    lower.set_xlabel(word("specifications.x", style.language), labelpad=4, fontsize=fs.SMALL, x=0.3)
    return fs.add_watermark(figure, style.synthetic)


def _handles(unit: str, style: FigureStyle) -> list[Artist]:
    """Return the entries of the legend."""
    language = style.language
    handles: list[Artist] = [
        Line2D([], [], label=word(f"specifications.{name}", language), linestyle="", **look)
        for name, look in (("main", MAIN), ("others", OTHERS))
    ]
    if style.claimed is not None:
        handles.append(claimed_entry(style.claimed, unit, language))
    return handles


def _ends(rows: pd.DataFrame, factor: float) -> tuple[np.ndarray, np.ndarray]:
    low, high = (factor * rows[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    return low, high


def curve_limits(rows: pd.DataFrame, factor: float, claimed: float | None) -> tuple[float, float]:
    """Limits of the vertical axis, so that no single wide interval flattens the rest.

    Parameters
    ----------
    rows : DataFrame
        Specifications with their estimates.
    factor : float
        Of the unit.
    claimed : float, optional
        In the unit; the axis holds it.

    Returns
    -------
    (float, float)
        Lower and upper limit. Intervals that go on beyond them get arrows.
    """
    (low, high), estimate = _ends(rows, factor), factor * rows["estimate"].to_numpy(float)
    ends = np.abs(np.concatenate([low, high]))
    ends = ends[np.isfinite(ends)]
    most = MOST_ROOM * np.median(ends) if len(ends) else np.inf
    top = max(np.nanmax(estimate), min(np.nanmax(ends, initial=0.0), most), claimed or 0.0)
    bottom = min(np.nanmin(estimate), max(np.nanmin(np.where(np.isfinite(low), low, 0.0)), -most))
    bottom = min(bottom, claimed or 0.0)
    room = 0.06 * (top - bottom) or 1.0
    return bottom - room, top + room


def _draw_curve(axes: Axes, rows: pd.DataFrame, factor: float, claimed: float | None) -> None:
    """Draw points with intervals; the main specification has a colour and a mark of its own."""
    limits = curve_limits(rows, factor, claimed)
    axes.set_ylim(*limits)
    axes.set_xlim(-0.8, len(rows) - 0.2)
    x, main = np.arange(len(rows)), rows["index"].to_numpy() == 0
    low, high = _ends(rows, factor)
    for some, look in ((~main, OTHERS), (main, MAIN)):
        estimate = factor * rows["estimate"].to_numpy(float)[some]
        lower, upper = inside(low[some], limits), inside(high[some], limits)
        width = 1.2 if look is OTHERS else 2.0
        axes.vlines(x[some], lower, upper, colors=look["color"], linewidth=width)
        axes.plot(x[some], estimate, linestyle="", zorder=3, **look)
    mark_cut(axes, x, low, high)
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    axes.set_xticks([])
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())
    fs.add_grid(axes, "y")


def _draw_choices(
    axes: Axes, rows: pd.DataFrame, levels: Sequence[tuple[str, object]], language: str
) -> None:
    """Draw one line of marks per level, with a gap between the axes of the curve."""
    y, names, previous = 0.0, list[str](), levels[0][0]
    places = []
    for axis, level in levels:
        y += GAP / ROW if axis != previous else 0.0
        previous = axis
        chosen = np.flatnonzero((rows[axis] == level).to_numpy())
        axes.plot(chosen, np.full(len(chosen), y), "|", color=fs.INK, markersize=6)
        called = word_or_code("specifications.axis_name", axis, language)
        shown = word_or_code("specifications.level", str(level), language)
        text = word("specifications.axis", language, axis=called, level=shown)
        names.append(fonts.replace_missing(_short(text)))
        places.append(y)
        y += 1.0
    axes.set_yticks(places, names, fontsize=fs.TINY)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)


def _short(text: str) -> str:
    return text if len(text) <= NAMES else text[: NAMES - 1] + "…"


def _alternative(rows: pd.DataFrame, unit: str, style: FigureStyle) -> str:
    factor = UNIT_FACTORS[unit]
    estimate = factor * rows["estimate"]
    half = (factor * (rows["ci_high"] - rows["ci_low"]) / 2).replace(np.inf, np.nan)
    digits = effect_digits(unit, half.dropna().tolist(), estimate.tolist())
    shown = {
        name: format_value(float(value), unit, digits, style.language, signed=True)
        for name, value in (
            ("low", estimate.min()),
            ("middle", estimate.median()),
            ("high", estimate.max()),
        )
    }
    crossing = int(((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum())
    whole = word(
        "alt.specifications.whole", style.language, count=len(rows), crossing=crossing, **shown
    )
    low, high = _ends(rows, factor)
    cut = np.logical_or(*cut_ends(low, high, curve_limits(rows, factor, style.claimed)))
    number = word("specifications.numbered", style.language, count=int(cut.sum()))
    said = cut_in_words([number], style.language) if cut.any() else []
    if style.claimed is not None:
        said.append(claimed_sentence(style.claimed, unit, style.language))
    return alternative_text([whole, *said], style)
