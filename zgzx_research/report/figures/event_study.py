"""Event study: estimates by event time with intervals, number treated and base mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import shown_event_times
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.event_numbers import add_event_numbers, event_numbers
from zgzx_research.report.figures.figure_marks import (
    INCOMPLETE,
    UNPUBLISHED,
    claimed_entry,
    claimed_sentence,
    cut_ends,
    cut_in_words,
    draw_claimed,
    inside,
    mark_cut,
    shade_entry,
    shade_years,
)
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import effect_digits, format_number, format_value
from zgzx_research.report.wording import event_axis, word, word_about

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate

BEFORE = ("pre", "mixed")
# colour, marker, whether it is filled, and the line of the interval; "mixed": an event time before
# treatment that is the base of one cohort and not of another
LOOKS: dict[str, tuple[str, str, bool, Any]] = {
    "mixed": (fs.OTHER, "s", True, "-"),
    "pre": (fs.OTHER, "s", True, "-"),
    "post": (fs.ACCENT, "o", True, "-"),
    "left_out": (fs.GREY, "o", False, (0, (2, 1.2))),
    "reference": (fs.GREY, "D", False, "-"),
}
LIMITS = ("ci_low", "ci_high", "band_low", "band_high")
LEFT, RIGHT, PLOT = 0.95, 0.12, 2.7  # inches: margins, and the height of the axes
FAINT, DEEP = 0.06, 0.25  # how dark a shade is for no firm, and how much darker for all
MOST_ROOM = 3.0  # times the usual interval that the axis follows a single one upwards
BAND_ROOM = 1.5  # how far beyond the pointwise intervals the axis follows the simultaneous band


def plot_event_study(
    event: Aggregate | pd.DataFrame,
    *,
    scale: str | None = None,
    step: tuple[str, int] | None = None,
    claimed: float | None = None,
    complete_until: int | None = None,
    outcome_label: str | None = None,
    share: bool | None = None,
    about: str | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot estimates by event time: points, pointwise intervals and the simultaneous band.

    Below each event time stand the number of treated units and the mean at the base.

    Parameters
    ----------
    event : Aggregate or DataFrame
        Result of ``effects.aggregate("event_time")``, or its frame.
    scale : str, optional
        "difference" or "ratio"; read from `event` where it knows (a frame: "difference").
    step : tuple of str and int, optional
        Distance between two periods, e.g. ("year", 2); read from `event` where it knows.
    claimed : float, optional
        The effect that is claimed, in percent or percentage points, drawn as a dashed line. Like
        all that follow: None lets the page decide.
    complete_until : int, optional
        Last period whose outcomes are all known; event times that rest on later ones are shaded,
        the darker the more firms are concerned. Only of an aggregate.
    outcome_label : str, optional
        Name of the outcome for readers.
    share : bool, optional
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    about : str, optional
        "award" or "unit": whose words to use.
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
        Rows without event time; or, when drawn, no row that may be shown.
    """
    frame, options = _opened(event)
    scale = scale or options.get("scale", "difference")
    if step is None and "step_unit" in options:
        step = (options["step_unit"], options["step_count"])

    def draw(style: FigureStyle) -> ReportFigure:
        told = frame.assign(told=frame["event_time"].isin(style.told_events))
        shown = shown_event_times(told) if style.disclosure_control else frame
        if shown.empty:
            raise ZgzxError(
                "no event time rests on enough units to be shown", where="plot_event_study"
            )
        title = word(f"event_study.title.{style.about}", style.language, outcome=style.outcome)
        unit = unit_of_effects(scale, style.share)
        style = style.with_claim_in(unit)
        axis = event_axis(style.about, step, style.language)
        rows = shown.sort_values("event_time").reset_index(drop=True)
        rows = rows.assign(incomplete=_incomplete(event, rows, style))
        return ReportFigure(
            _picture(rows, title, axis, unit, style),
            title,
            _alternative_text(rows, title, axis, unit, style),
        )

    return FigureSpec(
        draw,
        {
            "claimed": claimed,
            "complete_until": complete_until,
            "outcome_label": outcome_label,
            "share": share,
            "about": about,
            "language": language,
            "synthetic": synthetic,
        },
    )


def _opened(event: Aggregate | pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows and, where they are known, the options of the estimation."""
    if isinstance(event, pd.DataFrame):
        frame, options = event, dict[str, Any]()
    else:
        frame, options = event.to_frame(), event.effects.options
    if frame["event_time"].isna().any():
        raise ZgzxError(
            "an event study needs an event time in every row",
            where="plot_event_study",
            count=int(frame["event_time"].isna().sum()),
            remedy="Pass effects.aggregate('event_time').",
        )
    return frame, options


def _incomplete(
    event: Aggregate | pd.DataFrame, rows: pd.DataFrame, style: FigureStyle
) -> np.ndarray:
    """(rows,) share of the treated whose outcome of this event time is not all known yet.

    NaN where it is that of so few that it may not be shown.
    """
    if style.complete_until is None or isinstance(event, pd.DataFrame):
        return np.zeros(len(rows))
    cells = event.effects.cells
    late = cells["n_treated"].where(cells["period"].gt(style.complete_until), 0)
    sums = (
        pd.DataFrame({"late": late, "all": cells["n_treated"]}).groupby(cells["event_time"]).sum()
    )
    share = sums["late"] / sums["all"]
    if style.disclosure_control:
        share = share.mask(sums["late"].between(1, rules().firms - 1))
    return np.asarray(share.reindex(rows["event_time"]), dtype=float)


def _picture(rows: pd.DataFrame, title: str, axis: str, unit: str, style: FigureStyle) -> Figure:
    numbers = event_numbers(rows, style, fs.WIDTH - LEFT - RIGHT)
    labels = [str(handle.get_label()) for handle in _handles(rows, unit, style)]
    above, below = 0.8 + fs.legend_height(labels), 0.52 + sum(line.height for line in numbers)
    figure = fs.new_figure(above + PLOT + below, title, word(f"unit_label.{unit}", style.language))
    axes = fs.add_axes(figure, left=LEFT, right=RIGHT, top=above, bottom=below)

    _limit_axes(axes, rows, UNIT_FACTORS[unit], style.claimed)
    _draw_estimates(axes, rows, UNIT_FACTORS[unit])
    _mark_before_and_after(axes, style)
    add_event_numbers(axes, rows, numbers)
    axes.set_xlabel(axis, labelpad=3)
    if style.claimed is not None:
        draw_claimed(axes, style.claimed, unit, style.language)
    fs.add_legend(figure, _handles(rows, unit, style), below_top=0.56)
    return fs.add_watermark(figure, style.synthetic)


def _draw_estimates(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    """Draw bands, intervals and points; left-out times are hollow."""
    limits = axes.get_ylim()
    for role, part in rows.groupby("role"):
        colour, marker, filled, line = LOOKS[str(role)]
        x = part["event_time"].to_numpy(float)
        y = {name: inside(factor * part[name].to_numpy(float), limits) for name in LIMITS}

        band = y["band_high"] - y["band_low"]
        axes.bar(x, band, bottom=y["band_low"], width=0.74, color=colour, alpha=0.2, lw=0)
        axes.vlines(x, y["ci_low"], y["ci_high"], color=colour, linewidth=2, linestyle=line)
        axes.plot(
            x,
            factor * part["estimate"].to_numpy(float),
            marker,
            markersize=5 if marker == "D" else 6,
            markerfacecolor=colour if filled else "white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            zorder=4,
        )
    low, high = _ends(rows, factor)
    mark_cut(axes, rows["event_time"].to_numpy(float), low, high)
    for event, share in zip(rows["event_time"], rows["incomplete"], strict=True):
        if share != 0:  # the darker, the more firms; few where the share is not shown
            dark = FAINT + DEEP * np.nan_to_num(share)
            ends = (event - 0.5, event + 0.5)
            shade_years(axes, *ends, UNPUBLISHED, "", gid=INCOMPLETE, strength=dark)
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    fs.add_grid(axes, "y")


def _ends(rows: pd.DataFrame, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the farther of both ends of interval and band, below and above."""
    low, high, band_low, band_high = (factor * rows[name].to_numpy(float) for name in LIMITS)
    return np.fmin(low, band_low), np.fmax(high, band_high)


def event_limits(rows: pd.DataFrame, factor: float, claimed: float | None) -> tuple[float, float]:
    """Limits of the vertical axis, so that no single wide interval flattens the rest.

    Parameters
    ----------
    rows : DataFrame
        Of an event study.
    factor : float
        Of the unit.
    claimed : float, optional
        In the unit; the axis holds it.

    Returns
    -------
    (float, float)
        Lower and upper limit. Intervals that go on beyond them get arrows.
    """
    rows = rows.replace([np.inf, -np.inf], np.nan)
    low, high = (factor * rows[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    estimate = factor * rows["estimate"].to_numpy(float)
    bounded = high[np.isfinite(high)]  # none where every standard error is unknown

    usual = MOST_ROOM * np.median(np.abs(bounded)) if len(bounded) else np.inf
    lower = low[np.isfinite(low)]
    usual_low = MOST_ROOM * np.median(np.abs(lower)) if len(lower) else np.inf
    bottom = np.nanmin([*estimate, max(np.min(lower, initial=np.inf), -usual_low), 0.0])
    top = np.nanmax([*(1.2 * estimate), min(np.max(bounded, initial=-np.inf), usual), 0.0])
    bands = factor * rows[["band_low", "band_high"]].to_numpy(float)
    if np.isfinite(bands).any():
        band_bottom, band_top = np.nanmin(bands), np.nanmax(bands)
        bottom = min(bottom, max(band_bottom, BAND_ROOM * bottom, -usual_low))
        top = max(top, min(band_top, BAND_ROOM * top, usual))
    bottom, top = min(bottom, claimed or 0.0), max(top, claimed or 0.0)

    room = 0.06 * (top - bottom) or 1.0
    return bottom - room, top + room


def _limit_axes(axes: Axes, rows: pd.DataFrame, factor: float, claimed: float | None) -> None:
    axes.set_ylim(*event_limits(rows, factor, claimed))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())

    first, last = int(rows["event_time"].min()), int(rows["event_time"].max())
    axes.set_xlim(first - 0.7, last + 0.7)
    step = 1 + (last - first) // fs.MOST_TICKS
    axes.set_xticks([event for event in range(first, last + 1) if event % step == 0])
    axes.xaxis.set_major_formatter(fs.SignedTicks())


def _mark_before_and_after(axes: Axes, style: FigureStyle) -> None:
    left, right = axes.get_xlim()
    if not left < -0.5 < right:
        return
    axes.axvline(-0.5, color=fs.INK, linewidth=1, linestyle=(0, (1, 2)))
    _, height = fs.size_in_inches(axes)
    for role, x, side in (("pre", -0.62, "right"), ("post", -0.38, "left")):
        axes.text(
            x,
            1 + 0.07 / height,  # above the arrows
            word(f"event_study.{role}.{style.about}", style.language),
            transform=axes.get_xaxis_transform(),
            ha=side,
            va="bottom",
            color=LOOKS[role][0],
            fontweight="bold",
            fontsize=fs.SMALL,
        )


def _handles(rows: pd.DataFrame, unit: str, style: FigureStyle) -> list[Artist]:
    """Return the entries of the legend."""
    language, roles = style.language, set(rows["role"])
    handles: list[Artist] = [
        Patch(color=fs.ACCENT, alpha=0.2, lw=0, label=word("event_study.band", language)),
        Line2D([], [], color=fs.ACCENT, linewidth=2, label=word("event_study.bar", language)),
    ]
    for role in ("left_out", "reference"):
        colour, marker, _, line = LOOKS[role]
        if role in roles:
            look: dict[str, Any] = {"marker": marker, "markersize": 5.5, "color": colour}
            look |= {"markerfacecolor": "white", "markeredgewidth": 1.4}
            look |= {"linestyle": line if role == "left_out" else "", "linewidth": 1.6}
            name = word_about("event_study", role, style.about, language)
            handles.append(Line2D([], [], label=name, **look))
    if style.claimed is not None:
        handles.append(claimed_entry(style.claimed, unit, language))
    if rows["incomplete"].ne(0).any():
        handles.append(shade_entry(UNPUBLISHED, word("incomplete.years", language)))
    return handles


def _alternative_text(
    frame: pd.DataFrame, title: str, axis: str, unit: str, style: FigureStyle
) -> str:
    whole = word(
        "alt.event_study.whole",
        style.language,
        title=title,
        x=axis,
        first=format_number(int(frame["event_time"].min()), 0, signed=True),
        last=format_number(int(frame["event_time"].max()), 0, signed=True),
    )
    parts = [whole]
    for key, roles in (("pre", BEFORE), ("post", ("post",))):
        rows = frame[frame["role"].isin(roles)]
        if len(rows):
            when = word(f"event_study.{key}.{style.about}", style.language)
            parts.append(_range_in_words(rows, when, unit, style.language))
    return alternative_text([*parts, *_marks_in_words(frame, unit, style)], style)


def _marks_in_words(rows: pd.DataFrame, unit: str, style: FigureStyle) -> list[str]:
    """Say which times are left out, which intervals are cut, and what line and shade mean."""
    factor, language, parts = UNIT_FACTORS[unit], style.language, list[str]()
    events = [format_number(int(event), 0, signed=True) for event in rows["event_time"]]
    digits = effect_digits(unit, factor * rows["std_error"], factor * rows["estimate"])

    hollow = [
        f"{event} ({format_value(factor * float(estimate), unit, digits, language, signed=True)})"
        for event, role, estimate in zip(events, rows["role"], rows["estimate"], strict=True)
        if role == "left_out"
    ]
    if hollow:
        parts.append(word("alt.event_study.left_out", language, items=listing(hollow, language)))
    below, above = cut_ends(*_ends(rows, factor), event_limits(rows, factor, style.claimed))
    parts += cut_in_words([events[at] for at in np.flatnonzero(below | above)], language)
    if style.claimed is not None:
        parts.append(claimed_sentence(style.claimed, unit, language))
    if rows["incomplete"].ne(0).any():
        first = (style.complete_until or 0) + 1
        parts.append(word("alt.shared.incomplete", language, first=first))
    return parts


def _range_in_words(rows: pd.DataFrame, when: str, unit: str, language: str) -> str:
    """Give the smallest and the largest estimate, and how many intervals include zero."""
    factor = UNIT_FACTORS[unit]
    digits = effect_digits(unit, factor * rows["std_error"], factor * rows["estimate"])
    low, high = (
        format_value(factor * float(value), unit, digits, language, signed=True)
        for value in (rows["estimate"].min(), rows["estimate"].max())
    )
    crossing = int(((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum())
    return word(
        "alt.event_study.part",
        language,
        when=when,
        count=len(rows),
        low=low,
        high=high,
        crossing=crossing,
    )
