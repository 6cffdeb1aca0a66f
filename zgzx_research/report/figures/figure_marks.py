"""Marks of several figures: intervals that go on, the claimed effect, years not complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import listing
from zgzx_research.report.number_format import format_value
from zgzx_research.report.wording import word

CUT, CLAIMED, INCOMPLETE = "cut", "claimed", "incomplete"  # marks of the artists
ARROWS = {"y": ("v", "^"), "x": ("<", ">")}
# shaded years: colour and hatch; the years of patents that are not published yet have their own
SHADES = ((fs.SLATE, "..."), (fs.YELLOW, "\\\\\\"))
UNPUBLISHED = (fs.SLATE, "///")
CLAIMED_LINE: dict[str, Any] = {"color": fs.ORANGE, "linewidth": 1.1, "linestyle": fs.DASHED}
FILL, LINES = 0.10, 0.6  # how strongly a shaded area is filled, and hatched


def cut_ends(
    low: np.ndarray, high: np.ndarray, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Which intervals go on below and above the limits of an axis.

    Parameters
    ----------
    low, high : (intervals,) float
        Ends; infinite, or NaN at one end only, where there is no end; both NaN: no interval.
    limits : (float, float)
        Of the axis, the lower first.

    Returns
    -------
    (array, array)
        bool: cut at the lower limit, cut at the upper one.
    """
    known = ~(np.isnan(low) & np.isnan(high))
    below = known & ~(low >= limits[0])
    above = known & ~(high <= limits[1])
    return below, above


def mark_cut(
    axes: Axes,
    places: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    along: Literal["x", "y"] = "y",
) -> None:
    """Draw an arrow at the edge of the axis where an interval goes on beyond it.

    Parameters
    ----------
    axes : Axes
        With its final limits.
    places : (intervals,) float
        Where they stand on the other axis.
    low, high : (intervals,) float
        Their ends, as in `cut_ends`.
    along : {"x", "y"}, default "y"
        The axis along which they are drawn.
    """
    bottom, top = sorted(axes.get_ylim() if along == "y" else axes.get_xlim())
    look: dict[str, Any] = {"color": fs.INK, "markersize": 5.5, "clip_on": False, "zorder": 5}
    sides = zip(ARROWS[along], cut_ends(low, high, (bottom, top)), (bottom, top), strict=True)
    for marker, cut, edge in sides:
        at = np.asarray(places, dtype=float)[cut]
        x, y = (at, np.full(len(at), edge)) if along == "y" else (np.full(len(at), edge), at)
        if len(at):
            axes.plot(x, y, marker, linestyle="", gid=CUT, **look)


def inside(ends: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Move ends that are far away, or nowhere, to just outside the limits of the axis."""
    room = limits[1] - limits[0]
    return np.clip(ends, limits[0] - room, limits[1] + room)


def cut_in_words(names: Sequence[str], language: str) -> list[str]:
    """Say which intervals go on beyond the axis: one sentence, or none."""
    if not names:
        return []
    return [word("alt.shared.cut", language, items=listing(names, language))]


def draw_claimed(
    axes: Axes, effect: float, unit: str, language: str, *, along: Literal["x", "y"] = "y"
) -> Line2D:
    """Draw the claimed effect as a thin dashed line, and return its entry of the legend.

    Parameters
    ----------
    axes : Axes
        Of estimates.
    effect : float
        In the unit of the axis.
    unit : str
        "percent", "percentage_point" or "number".
    language : str
        "zh" or "en".
    along : {"x", "y"}, default "y"
        The axis on which effects are measured.
    """
    draw = axes.axhline if along == "y" else axes.axvline
    draw(effect, zorder=1.5, gid=CLAIMED, **CLAIMED_LINE)
    return claimed_entry(effect, unit, language)


def claimed_entry(effect: float, unit: str, language: str) -> Line2D:
    """Return the entry of the claimed effect in a legend."""
    return Line2D([], [], label=claimed_in_words(effect, unit, language), **CLAIMED_LINE)


def claimed_sentence(effect: float, unit: str, language: str) -> str:
    """Name the claimed effect in an alternative text."""
    return word("alt.shared.claimed", language, effect=_claimed(effect, unit, language))


def claimed_in_words(effect: float, unit: str, language: str) -> str:
    """Name the claimed effect, e.g. "Claimed effect +10%"."""
    return word("claimed.line", language, effect=_claimed(effect, unit, language))


def _claimed(effect: float, unit: str, language: str) -> str:
    """Write the claimed effect with the digits that it has."""
    digits = next((d for d in range(4) if round(effect, d) == effect), 4)
    return format_value(effect, unit, digits, language, signed=True)


def shade_years(
    axes: Axes,
    left: float,
    right: float,
    shade: tuple[str, str],
    label: str,
    *,
    gid: str = "",
    strength: float = FILL,
) -> Patch:
    """Shade and hatch a part of the horizontal axis, and return its entry of the legend.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    left, right : float
        Ends of the part.
    shade : (str, str)
        Colour and hatch.
    label : str
        Words of the entry.
    gid : str, default ""
        Mark of the hatched area.
    strength : float, default FILL
        How strongly the area is filled, 0 to 1.
    """
    colour, hatch = shade
    # two areas: a browser fades the hatch with the filling of its own area
    axes.axvspan(left, right, zorder=0, color=colour, alpha=strength, lw=0, gid="filling")
    edge = mixed(colour, LINES)
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": edge, "hatch": hatch, "lw": 0}
    axes.axvspan(left, right, zorder=0.1, gid=gid or None, **look)
    return shade_entry(shade, label)


def shade_entry(shade: tuple[str, str], label: str) -> Patch:
    """Return the entry of a shaded area in a legend."""
    colour, hatch = shade
    face, edge = mixed(colour, FILL), mixed(colour, LINES)
    return Patch(label=label, facecolor=face, edgecolor=edge, hatch=hatch, lw=0)


def mixed(colour: str, part: float) -> tuple[float, float, float]:
    """Mix a colour with white: so much of it, the rest white."""
    red, green, blue = (1 - part * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue
