"""Sensitivity to violations of parallel trends: the interval for each bound M."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
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
    listing,
)
from zgzx_research.report.number_format import effect_digits, format_value
from zgzx_research.report.wording import word

if TYPE_CHECKING:
    from zgzx_research.robustness.honest_bounds.result import HonestBounds

ORIGINAL: dict[str, Any] = {"color": fs.ACCENT, "linewidth": 3}
DEPARTING: dict[str, Any] = {"color": fs.OTHER, "linewidth": 2.2}  # without a point
PLOT, MEANING_COLUMNS = 2.3, 56  # inches of the axes, columns of a line below them
MOST_ROOM = 4.0  # times the original interval's farther end that the axis follows an interval


def plot_honest_bounds(
    bounds: HonestBounds,
    *,
    claimed: float | None = None,
    outcome_label: str | None = None,
    share: bool | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the interval under parallel trends and the one for each bound M.

    Parameters
    ----------
    bounds : HonestBounds
        Result of `honest_bounds`.
    claimed : float, optional
        An effect to draw as a line, e.g. the one that the programme claims; in the units of the
        estimate (ratios: .12 = 12 %). None: that of the page.
    outcome_label : str, optional
        Name of the outcome for readers. Like all that follow: None lets the page decide.
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
        The claimed effect is not a finite number; or, when drawn, too few units to be shown.
    """
    if claimed is not None and not np.isfinite(claimed):
        raise ZgzxError(
            f"claimed={claimed!r} is not a finite number",
            where="plot_honest_bounds",
            remedy="Pass an effect in the units of the estimate, or None.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        units = [n for n in (bounds.n_treated, bounds.n_comparison) if n is not None]
        if style.disclosure_control and min(units, default=rules().firms) < rules().firms:
            raise ZgzxError(
                "these bounds do not rest on enough units to be shown", where="plot_honest_bounds"
            )
        title = word("honest_bounds.title", style.language, outcome=style.outcome)
        unit = unit_of_effects(bounds.scale, style.share)
        line = (
            style.with_claim_in(unit).claimed if claimed is None else UNIT_FACTORS[unit] * claimed
        )
        return ReportFigure(
            _picture(bounds, line, title, unit, style),
            title,
            _alternative_text(bounds, line, title, unit, style),
        )

    given = {
        "outcome_label": outcome_label,
        "share": share,
        "language": language,
        "synthetic": synthetic,
    }
    return FigureSpec(draw, given)


def _picture(
    bounds: HonestBounds, claimed: float | None, title: str, unit: str, style: FigureStyle
) -> Figure:
    handles = _handles(claimed, unit, style.language)
    legend = fs.legend_height([str(handle.get_label()) for handle in handles])
    meaning = word(f"honest_bounds.meaning.{_restriction(bounds)}", style.language)
    meaning = fs.wrapped(meaning, MEANING_COLUMNS)
    bottom = 0.44 + 0.16 * len(meaning.splitlines())
    figure = fs.new_figure(
        0.7 + legend + PLOT + bottom, title, word(f"unit_label.{unit}", style.language)
    )
    axes = fs.add_axes(figure, left=0.8, right=0.15, top=0.7 + legend, bottom=bottom)
    low, high = _ends(bounds, UNIT_FACTORS[unit])

    limits = bounds_limits(low, high, claimed)
    axes.set_ylim(*limits)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())
    _draw_intervals(axes, low, high, UNIT_FACTORS[unit] * bounds.estimate)
    mark_cut(axes, np.arange(len(low)), low, high)
    if claimed is not None:
        draw_claimed(axes, claimed, unit, style.language)
    _label_x(axes, bounds, meaning, style.language)
    fs.add_legend(figure, handles, below_top=0.56)
    return fs.add_watermark(figure, style.synthetic)


def _ends(bounds: HonestBounds, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the original interval, then of the one for each M."""
    low = factor * np.array([bounds.original_low, *bounds.ci_low])
    return low, factor * np.array([bounds.original_high, *bounds.ci_high])


def _draw_intervals(axes: Axes, low: np.ndarray, high: np.ndarray, estimate: float) -> None:
    """Draw the original interval with its estimate at place 0, then one line for each M."""
    limits = axes.get_ylim()
    ends = [inside(end, limits) for end in (low, high)]
    for some, look in ((slice(0, 1), ORIGINAL), (slice(1, None), DEPARTING)):
        axes.vlines(np.arange(len(low))[some], ends[0][some], ends[1][some], **look)
    axes.plot(0, estimate, "o", color=fs.ACCENT, markersize=6.5, zorder=4)
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    fs.add_grid(axes, "y")


def bounds_limits(low: np.ndarray, high: np.ndarray, claimed: float | None) -> tuple[float, float]:
    """Limits of the vertical axis, so that no wide interval flattens the rest.

    Parameters
    ----------
    low, high : (1 + bounds,) float
        Ends of the original interval, then of the others.
    claimed : float, optional
        In the unit; the axis holds it.

    Returns
    -------
    (float, float)
        Lower and upper limit. Intervals that go on beyond them get arrows.
    """
    ends = [end for end in (low[0], high[0], claimed or 0.0, 0.0) if np.isfinite(end)]
    usual = MOST_ROOM * (max(map(abs, ends)) or 1.0)
    bottom = min([*ends, *np.clip(low, -usual, usual)])
    top = max([*ends, *np.clip(high, -usual, usual)])
    room = 0.06 * (top - bottom) or 1.0
    # an interval that is cut stays cut, whatever the room
    return bottom - room, top + room


def _label_x(axes: Axes, bounds: HonestBounds, meaning: str, language: str) -> None:
    """Write M below each interval, and below the axis what M means."""
    original = word("honest_bounds.original", language)
    axes.set_xticks(range(len(bounds.bounds) + 1), [original, *map(_bound, bounds.bounds)])
    axes.set_xlim(-0.6, len(bounds.bounds) + 0.4)
    axes.set_xlabel(meaning, labelpad=4, fontsize=fs.TINY)


def _handles(claimed: float | None, unit: str, language: str) -> list[Artist]:
    """Return the entries of the legend."""
    handles: list[Artist] = [
        Line2D([], [], label=word(f"honest_bounds.{name}", language), marker=marker, **look)
        for name, marker, look in (("parallel", "o", ORIGINAL), ("departing", "", DEPARTING))
    ]
    return handles if claimed is None else [*handles, claimed_entry(claimed, unit, language)]


def _alternative_text(
    bounds: HonestBounds, claimed: float | None, title: str, unit: str, style: FigureStyle
) -> str:
    factor, language = UNIT_FACTORS[unit], style.language
    half = factor * np.array([(bounds.original_high - bounds.original_low) / 2])
    digits = effect_digits(unit, half, [factor * bounds.estimate])

    def shown(value: float) -> str:
        if np.isinf(value):
            return word("honest_bounds.unbounded", language)
        return format_value(factor * value, unit, digits, language, signed=True)

    items = [
        word("alt.honest_bounds.item", language, bound=_bound(m), low=shown(low), high=shown(high))
        for m, low, high in zip(bounds.bounds, bounds.ci_low, bounds.ci_high, strict=True)
    ]
    whole = word(
        "alt.honest_bounds.whole",
        language,
        title=title,
        meaning=word(f"honest_bounds.meaning.{_restriction(bounds)}", language),
        estimate=shown(bounds.estimate),
        low=shown(bounds.original_low),
        high=shown(bounds.original_high),
        items=listing(items, language),
    )
    parts = [whole, _breakdown_in_words(bounds, language)]
    low, high = _ends(bounds, factor)
    names = [word("honest_bounds.original", language), *(f"M = {_bound(m)}" for m in bounds.bounds)]
    below, above = cut_ends(low, high, bounds_limits(low, high, claimed))
    parts += cut_in_words([names[at] for at in np.flatnonzero(below | above)], language)
    if claimed is not None:
        parts.append(claimed_sentence(claimed, unit, language))
    return alternative_text(parts, style)


def _breakdown_in_words(bounds: HonestBounds, language: str) -> str:
    if bounds.breakdown == 0:
        return word("alt.honest_bounds.never", language)
    if np.isinf(bounds.breakdown):
        return word("alt.honest_bounds.always", language)
    return word("alt.honest_bounds.breakdown", language, bound=_bound(bounds.breakdown))


def _restriction(bounds: HonestBounds) -> str:
    return bounds.departures or bounds.restriction


def _bound(bound: float) -> str:
    """Write M with three significant digits."""
    return f"{bound:.3g}"
