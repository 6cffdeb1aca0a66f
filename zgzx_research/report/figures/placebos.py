"""Placebo dates: estimates with awards moved earlier, one small picture for each outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import enough_firms
from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
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
from zgzx_research.report.wording import from_data, word

ACROSS = 2  # pictures beside each other
LEFT, BETWEEN, ABOVE = 0.7, 0.55, 0.72  # inches: margin, between two pictures, above the first
FARTHEST = 4.0  # times the usual end of an interval that the axis follows a single one
HEIGHT, GAP, BELOW = 1.75, 0.72, 0.5  # inches: a picture, between two lines of them, below the last
PANEL_COLUMNS = 21  # of a name that fits above a picture
MOST = 6  # pictures that a page can show


def plot_placebos(
    placebos: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    scale: str = "difference",
    claimed: float | None = None,
    share: bool | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the results of placebo dates, one small picture for each outcome.

    Parameters
    ----------
    placebos : DataFrame or mapping
        Result of `placebo_dates`, or several by the name they shall have (at most six), all on one
        scale.
    scale : str, default "difference"
        "difference" or "ratio".
    claimed : float, optional
        The effect that is claimed, in percent or percentage points, drawn as a dashed line where
        there is one outcome. Like all that follow: None lets the page decide.
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
        No outcome or more than six; or, when drawn, no placebo date that may be shown.
    """
    given = {"": placebos} if isinstance(placebos, pd.DataFrame) else dict(placebos)
    if not 1 <= len(given) <= MOST:
        raise ZgzxError(
            f"{len(given)} outcomes",
            where="plot_placebos",
            remedy=f"Pass one to {MOST}, or several figures.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        shown = {label: _shown(frame, style) for label, frame in given.items()}
        if not any(len(frame) for frame in shown.values()):
            raise ZgzxError("no placebo date has an estimate to be shown", where="plot_placebos")
        unit, title = unit_of_effects(scale, style.share), word("placebos.title", style.language)
        style = style.with_claim_in(unit)
        picture = _picture(shown, title, unit, style)
        return ReportFigure(picture, title, _alternative(shown, unit, style))

    chosen = {"claimed": claimed, "share": share, "language": language, "synthetic": synthetic}
    return FigureSpec(draw, chosen)


def _shown(frame: pd.DataFrame, style: FigureStyle) -> pd.DataFrame:
    frame = frame[frame["estimate"].notna()]
    return enough_firms(frame) if style.disclosure_control else frame


def _picture(
    shown: Mapping[str, pd.DataFrame], title: str, unit: str, style: FigureStyle
) -> Figure:
    across, claimed = min(ACROSS, len(shown)), _claimed(shown, style)
    lines = -(-len(shown) // across)
    above = ABOVE if claimed is None else ABOVE + 0.1
    height = above + lines * HEIGHT + (lines - 1) * GAP + BELOW
    figure = fs.new_figure(height, title, word(f"unit_label.{unit}", style.language))
    width = (fs.WIDTH - LEFT - 0.15 - (across - 1) * BETWEEN) / across
    limits = placebo_limits(shown, UNIT_FACTORS[unit], claimed)
    for place, (label, frame) in enumerate(shown.items()):
        line, column = divmod(place, across)
        left, top = LEFT + column * (width + BETWEEN), above + line * (HEIGHT + GAP)
        axes = fs.add_axes(
            figure,
            left=left,
            right=fs.WIDTH - left - width,
            top=top,
            bottom=height - top - HEIGHT,
        )
        _draw(axes, frame, UNIT_FACTORS[unit], limits)
        _name(axes, label)
        axes.set_xlabel(word("placebos.x", style.language), labelpad=2, fontsize=fs.SMALL)
    if claimed is not None:
        entry = draw_claimed(figure.axes[0], claimed, unit, style.language)
        fs.add_legend(figure, [entry], below_top=0.56)
    return fs.add_watermark(figure, style.synthetic)


def _claimed(shown: Mapping[str, pd.DataFrame], style: FigureStyle) -> float | None:
    """Return the claimed effect where the figure is about one outcome."""
    return style.claimed if len(shown) == 1 else None


def _name(axes: Axes, label: str) -> None:
    """Write the name of a small picture above it."""
    _, height = fs.size_in_inches(axes)
    text = fs.cut_short(fonts.replace_missing(label), PANEL_COLUMNS)
    axes.text(0, 1 + 0.06 / height, text, transform=axes.transAxes, fontsize=fs.SMALL, va="bottom")


def _ends(frame: pd.DataFrame, factor: float) -> tuple[np.ndarray, np.ndarray]:
    low, high = (factor * frame[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    return low, high


def placebo_limits(
    shown: Mapping[str, pd.DataFrame], factor: float, claimed: float | None
) -> tuple[float, float]:
    """Limits of the vertical axis that all pictures share.

    Parameters
    ----------
    shown : Mapping
        Placebo dates of each outcome.
    factor : float
        Of the unit.
    claimed : float, optional
        In the unit; the axis holds it.

    Returns
    -------
    (float, float)
        Lower and upper limit. Intervals that go on beyond them get arrows.
    """
    rows = pd.concat(list(shown.values())).replace([np.inf, -np.inf], np.nan)
    values = factor * rows[["ci_low", "ci_high"]].to_numpy(float)
    known = values[np.isfinite(values)]
    most = FARTHEST * float(np.median(np.abs(known))) if len(known) else np.inf
    inner = [*np.clip(known, -most, most), *(factor * rows["estimate"].dropna()), 0.0]
    inner.append(claimed or 0.0)
    room = 0.08 * (max(inner) - min(inner)) or 1.0
    return min(inner) - room, max(inner) + room


def _draw(axes: Axes, frame: pd.DataFrame, factor: float, limits: tuple[float, float]) -> None:
    x = frame["shift"].to_numpy(float)
    low, high = _ends(frame, factor)
    axes.vlines(x, inside(low, limits), inside(high, limits), color=fs.OTHER, linewidth=2.2)
    axes.plot(x, factor * frame["estimate"], "s", color=fs.OTHER, markersize=6)
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    axes.set_ylim(*limits)
    mark_cut(axes, x, low, high)
    if len(x):
        axes.set_xlim(x.max() + 0.6, x.min() - 0.6)  # earlier dates at the left
        axes.set_xticks(x, [f"{shift:g}" for shift in x])
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())
    fs.add_grid(axes, "y")


def _alternative(shown: Mapping[str, pd.DataFrame], unit: str, style: FigureStyle) -> str:
    items = []
    for label, frame in shown.items():
        for row in frame.itertuples():
            values = [UNIT_FACTORS[unit] * v for v in (row.estimate, row.ci_low, row.ci_high)]
            half = (values[2] - values[1]) / 2
            half = half if np.isfinite(half) else None
            digits = effect_digits(unit, [half], values[:1])
            low, high = (
                format_number(v if np.isfinite(v) else None, digits, signed=True)
                for v in values[1:]
            )
            estimate = format_value(values[0], unit, digits, style.language, signed=True)
            called = from_data(label)
            numbers = {"shift": f"{row.shift:g}", "estimate": estimate, "low": low, "high": high}
            items.append(word("alt.placebos.item", style.language, label=called, **numbers).strip())
    whole = word("alt.placebos.whole", style.language, items=listing(items, style.language))
    return alternative_text([whole, *_marks_in_words(shown, unit, style)], style)


def _marks_in_words(shown: Mapping[str, pd.DataFrame], unit: str, style: FigureStyle) -> list[str]:
    """Say which intervals are cut, and what the dashed line means."""
    claimed, factor, names = _claimed(shown, style), UNIT_FACTORS[unit], list[str]()
    limits = placebo_limits(shown, factor, claimed)
    for label, frame in shown.items():
        below, above = cut_ends(*_ends(frame, factor), limits)
        shifts = frame["shift"].to_numpy(float)[below | above]
        names += [f"{from_data(label)} {shift:g}".strip() for shift in shifts]
    said = [] if claimed is None else [claimed_sentence(claimed, unit, style.language)]
    return [*cut_in_words(names, style.language), *said]
