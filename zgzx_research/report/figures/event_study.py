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
from zgzx_research.evidence.facts import UNIT_FACTORS, unit_of_effects
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
)
from zgzx_research.report.number_format import (
    effect_digits,
    format_base_mean,
    format_number,
    format_value,
)
from zgzx_research.report.wording import event_axis, word

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate

# "mixed": an event time before treatment that is the base of one cohort and not of another
COLOURS = {
    "mixed": fs.SLATE,
    "pre": fs.SLATE,
    "post": fs.BLUE,
    "left_out": fs.GREY,
    "reference": fs.GREY,
}
BEFORE = ("pre", "mixed")
LIMITS = ("ci_low", "ci_high", "band_low", "band_high")
MOST_ROOM = 3.0  # times the usual interval that the axis follows a single one upwards
BAND_ROOM = 1.5  # how far beyond the pointwise intervals the axis follows the simultaneous band


def plot_event_study(
    event: Aggregate | pd.DataFrame,
    *,
    scale: str | None = None,
    step: tuple[str, int] | None = None,
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
    outcome_label : str, optional
        Name of the outcome for readers. Like all that follow: None lets the page decide.
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
    frame, options = (event, {}) if isinstance(event, pd.DataFrame) else _opened(event)
    if frame["event_time"].isna().any():
        raise ZgzxError(
            "an event study needs an event time in every row",
            where="plot_event_study",
            count=int(frame["event_time"].isna().sum()),
            remedy="Pass effects.aggregate('event_time').",
        )
    scale = scale or options.get("scale", "difference")
    if step is None and "step_unit" in options:
        step = (options["step_unit"], options["step_count"])

    def draw(style: FigureStyle) -> ReportFigure:
        shown = shown_event_times(frame) if style.disclosure_control else frame
        if shown.empty:
            raise ZgzxError(
                "no event time rests on enough units to be shown", where="plot_event_study"
            )
        title = word(f"event_study.title.{style.about}", style.language, outcome=style.outcome)
        unit = unit_of_effects(scale, style.share)
        axis = event_axis(style.about, step, style.language)
        return ReportFigure(
            _picture(shown, title, axis, unit, style),
            title,
            _alternative_text(shown, title, axis, unit, style),
        )

    return FigureSpec(
        draw,
        {
            "outcome_label": outcome_label,
            "share": share,
            "about": about,
            "language": language,
            "synthetic": synthetic,
        },
    )


def _opened(event: Aggregate) -> tuple[pd.DataFrame, dict[str, Any]]:
    return event.to_frame(), event.effects.options


def _picture(frame: pd.DataFrame, title: str, axis: str, unit: str, style: FigureStyle) -> Figure:
    figure = fs.new_figure(4.7, title, word(f"unit_label.{unit}", style.language))
    axes = fs.add_axes(figure, left=0.9, right=0.15, top=0.92, bottom=1.18)
    rows = frame.sort_values("event_time").reset_index(drop=True)

    # an interval without upper end is drawn until far beyond the top
    finite = rows.replace(np.inf, np.nan)
    beyond = 10 * finite[["estimate", "ci_high", "band_high"]].abs().max(axis=None)
    _draw_estimates(axes, rows.replace(np.inf, beyond), UNIT_FACTORS[unit])
    _limit_y(axes, finite, UNIT_FACTORS[unit])

    _mark_before_and_after(axes, rows, style)
    _add_counts(axes, rows, style)
    axes.set_xlabel(axis, labelpad=3)
    _add_event_legend(figure, rows, style.language)
    return fs.add_watermark(figure, style.synthetic)


def _draw_estimates(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    for role, part in rows.groupby("role"):
        colour, x = COLOURS[str(role)], part["event_time"].to_numpy(float)
        y = {name: factor * part[name].to_numpy(float) for name in ("estimate", *LIMITS)}

        band = y["band_high"] - y["band_low"]
        axes.bar(x, band, bottom=y["band_low"], width=0.74, color=colour, alpha=0.2, lw=0)
        axes.vlines(x, y["ci_low"], y["ci_high"], color=colour, linewidth=2.2)
        axes.plot(
            x,
            y["estimate"],
            "D" if role == "reference" else "o",
            markersize=5 if role == "reference" else 6.5,
            markerfacecolor=colour if role in {"pre", "post", "mixed"} else "white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            zorder=4,
        )
    axes.axhline(0, color=fs.INK, linewidth=1, zorder=1)
    fs.add_grid(axes, "y")


def _limit_y(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    """Limit the vertical axis so that no single wide interval flattens the rest.

    An interval that is cut off gets an arrow.
    """
    low, high = (factor * rows[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    estimate = factor * rows["estimate"].to_numpy(float)
    bounded = high[np.isfinite(high)]  # none where every standard error is unknown

    usual = MOST_ROOM * np.median(np.abs(bounded)) if len(bounded) else np.inf
    bottom = np.nanmin([*estimate, *low, 0.0])
    top = np.nanmax([*(1.2 * estimate), min(np.max(bounded, initial=-np.inf), usual), 0.0])
    bands = factor * rows[["band_low", "band_high"]].to_numpy(float)
    if np.isfinite(bands).any():
        band_bottom, band_top = np.nanmin(bands), np.nanmax(bands)
        bottom = max(band_bottom, BAND_ROOM * bottom)
        top = max(top, min(band_top, BAND_ROOM * top, usual))

    room = 0.06 * (top - bottom) or 1.0
    axes.set_ylim(bottom - room, top + 2.2 * room)
    cut = rows["event_time"][(high > top + 2.2 * room) | (np.isnan(high) & ~np.isnan(low))]
    arrows: dict[str, Any] = {"color": fs.INK, "markersize": 5, "clip_on": False, "zorder": 5}
    axes.plot(cut, np.full(len(cut), top + 1.5 * room), "^", **arrows)

    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(fs.SignedTicks())


def _mark_before_and_after(axes: Axes, rows: pd.DataFrame, style: FigureStyle) -> None:
    first, last = int(rows["event_time"].min()), int(rows["event_time"].max())
    axes.set_xlim(first - 0.7, last + 0.7)
    step = 1 + (last - first) // fs.MOST_TICKS
    axes.set_xticks([event for event in range(first, last + 1) if event % step == 0])
    axes.xaxis.set_major_formatter(fs.SignedTicks())

    if first < 0 <= last:
        axes.axvline(-0.5, color=fs.INK, linewidth=1, linestyle=(0, (4, 3)))
        for role, x, side in (("pre", -0.62, "right"), ("post", -0.38, "left")):
            axes.text(
                x,
                0.985,
                word(f"event_study.{role}.{style.about}", style.language),
                transform=axes.get_xaxis_transform(),
                ha=side,
                va="top",
                color=COLOURS[role],
                fontweight="bold",
                fontsize=fs.SMALL,
                bbox=fs.WHITE_BOX,
            )


def _add_counts(axes: Axes, rows: pd.DataFrame, style: FigureStyle) -> None:
    """Add a small table below the axis: treated units and base mean of each event time."""
    means = [format_base_mean(value, style.share).removesuffix("%") for value in rows["base_mean"]]
    lines = {
        "n_treated": [format_number(value, 0) for value in rows["n_treated"]],
        "base_mean_share" if style.share else "base_mean": means,
    }
    width, height = fs.size_in_inches(axes)
    widest = max(len(text) for texts in lines.values() for text in texts)
    step = int(np.ceil(fs.DIGIT_WIDTH * (widest + 1) / (width / len(rows))))

    font: dict[str, Any] = {"va": "center", "fontsize": fs.TINY, "color": fs.SLATE}
    for line, (name, texts) in enumerate(lines.items()):
        y = -(0.62 + 0.21 * line) / height
        label = word(f"event_study.{name}", style.language)
        axes.text(-0.012, y, label, transform=axes.transAxes, ha="right", **font)
        for x, text in zip(rows["event_time"], texts, strict=True):
            if x % step == 0:
                axes.text(x, y, text, transform=axes.get_xaxis_transform(), ha="center", **font)


def _add_event_legend(figure: Figure, rows: pd.DataFrame, language: str) -> None:
    handles: list[Artist] = [
        Patch(color=fs.BLUE, alpha=0.2, lw=0, label=word("event_study.band", language)),
        Line2D([], [], color=fs.BLUE, linewidth=2.2, label=word("event_study.bar", language)),
    ]
    hollow: dict[str, Any] = {
        "linestyle": "",
        "markersize": 6,
        "markerfacecolor": "white",
        "markeredgecolor": fs.GREY,
        "markeredgewidth": 1.4,
    }
    roles = set(rows["role"])
    for role, marker in (("left_out", "o"), ("reference", "D")):
        if role in roles:
            label = word(f"event_study.{role}", language)
            handles.append(Line2D([], [], marker=marker, label=label, **hollow))

    fs.add_legend(figure, handles, below_top=0.52)


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

    return alternative_text(parts, style)


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
