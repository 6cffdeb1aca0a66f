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
HEIGHT, GAP, BELOW = 1.75, 0.62, 0.5  # inches: a picture, between two lines of them, below the last
MOST = 6  # pictures that a page can show


def plot_placebos(
    placebos: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    scale: str = "difference",
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
        picture = _picture(shown, title, unit, style)
        return ReportFigure(picture, title, _alternative(shown, unit, style))

    return FigureSpec(draw, {"share": share, "language": language, "synthetic": synthetic})


def _shown(frame: pd.DataFrame, style: FigureStyle) -> pd.DataFrame:
    frame = frame[frame["estimate"].notna()]
    return enough_firms(frame) if style.disclosure_control else frame


def _picture(
    shown: Mapping[str, pd.DataFrame], title: str, unit: str, style: FigureStyle
) -> Figure:
    across = min(ACROSS, len(shown))
    lines = -(-len(shown) // across)
    height = 0.72 + lines * HEIGHT + (lines - 1) * GAP + BELOW
    figure = fs.new_figure(height, title, word(f"unit_label.{unit}", style.language))
    width = (fs.WIDTH - 0.75 - 0.15 - (across - 1) * 0.45) / across
    limits = _limits(shown, UNIT_FACTORS[unit])
    for place, (label, frame) in enumerate(shown.items()):
        line, column = divmod(place, across)
        left, top = 0.75 + column * (width + 0.45), 0.72 + line * (HEIGHT + GAP)
        axes = fs.add_axes(
            figure,
            left=left,
            right=fs.WIDTH - left - width,
            top=top,
            bottom=height - top - HEIGHT,
        )
        _draw(axes, frame, UNIT_FACTORS[unit], limits)
        axes.set_title(fonts.replace_missing(label), fontsize=fs.SMALL, loc="left")
        axes.set_xlabel(word("placebos.x", style.language), labelpad=2, fontsize=fs.SMALL)
    return fs.add_watermark(figure, style.synthetic)


def _limits(shown: Mapping[str, pd.DataFrame], factor: float) -> tuple[float, float]:
    """Return the ends of the vertical axis that all pictures share."""
    rows = pd.concat(list(shown.values())).replace([np.inf, -np.inf], np.nan)
    values = factor * rows[["estimate", "ci_low", "ci_high"]].to_numpy(float)
    low, high = min(np.nanmin(values), 0.0), max(np.nanmax(values), 0.0)
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room


def _draw(axes: Axes, frame: pd.DataFrame, factor: float, limits: tuple[float, float]) -> None:
    x = frame["shift"].to_numpy(float)
    low, high = (factor * frame[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    high = np.where(np.isinf(high), 10 * limits[1], high)  # an open end runs out of the picture
    axes.vlines(x, low, high, color=fs.SLATE, linewidth=2.2)
    axes.plot(x, factor * frame["estimate"], "o", color=fs.SLATE, markersize=6.5)
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    axes.set_ylim(*limits)
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
    return alternative_text([whole], style)
