"""The figures of the reports, from frames and plain rows.

Alternative texts stand in `alt_text.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.report import canvas, fonts
from zgzx_research.report.canvas import figure_bundle, new_figure, place, styled, watermark
from zgzx_research.report.tables import (
    FACTORS,
    display_unit,
    format_base_mean,
    half_widths,
    source_counts,
)
from zgzx_research.report.wording import (
    effect_digits,
    event_axis,
    format_number,
    format_value,
    word,
    word_or_code,
)

__all__ = [
    "SHOCKS",
    "figure_bundle",
    "plot_cohorts",
    "plot_estimators",
    "plot_event_study",
    "plot_outcome_paths",
    "plot_rows",
]

# "mixed": an event time before treatment that is the base of one cohort and not of another
COLOURS = {
    "mixed": canvas.SLATE,
    "pre": canvas.SLATE,
    "post": canvas.BLUE,
    "left_out": canvas.GREY,
    "reference": canvas.GREY,
}
ROW_COLOURS = {"kept": canvas.BLUE, "quarantined": canvas.ORANGE, "non_data_rows": canvas.LIGHT}
MOST_TICKS = 15  # labels on an axis of event times or years; with more, every second or third
STRIP_SIZE, CHARACTER = 8.5, 0.066  # points, and inches a digit takes at that size
MOST_ROOM = 3.0  # times the usual interval that the axis follows a single one upwards
BAND_ROOM = 1.5  # how far beyond the pointwise intervals the axis follows the simultaneous band

# Years in which something else moved the outcomes: key of the words, first and last year.
# No edition was held in 2022; patent filing subsidies ended in June 2021 and all such subsidies by
# 2025.
SHADES = ((canvas.SLATE, canvas.SLATE), (canvas.YELLOW, "#8A5A00"))  # of the years, of their words
SHOCKS = (("covid", 2020, 2022), ("subsidy", 2021, 2025))


@styled
def plot_event_study(
    frame: pd.DataFrame,
    *,
    language: str,
    scale: str,
    outcome_label: str,
    synthetic: bool,
    share: bool = False,
    about: str = "award",
    step: tuple[str, int] | None = None,
) -> Figure:
    """Estimates by event time.

    Shaded simultaneous band, pointwise bars, N treated and base mean below.

    Parameters
    ----------
    frame : event-time rows of an effects frame.
    share : the outcome is a share (0..1), so differences are in percentage points.
    about : "award" or "unit", whose words to use. step : unit and number of the clock's step, e.g.
        ("year", 2).

    Raises
    ------
    ZgzxError : rows without event time.
    """
    if frame["event_time"].isna().any():
        raise ZgzxError(
            "an event study needs an event time in every row",
            where="plot_event_study",
            count=int(frame["event_time"].isna().sum()),
            remedy="Pass effects.aggregate('event_time').to_frame().",
        )
    unit = display_unit(scale, share)
    title = word(
        f"event_study.title.{about}", language, outcome=fonts.replace_missing(outcome_label)
    )
    figure = new_figure(4.7, title, word(f"unit_label.{unit}", language))
    axes = place(figure, 0.9, 0.15, 0.92, 1.18)
    rows = frame.sort_values("event_time").reset_index(drop=True)
    factor = FACTORS[unit]
    finite = rows.replace(np.inf, np.nan)  # an interval without upper end is drawn beyond the top
    beyond = 10 * finite[["estimate", "ci_high", "band_high"]].abs().max(axis=None)
    _draw_estimates(axes, rows.replace(np.inf, beyond), factor)
    _limit_y(axes, finite, factor)
    _mark_before_and_after(axes, rows, language, about)
    _event_strip(axes, rows, language, share)
    axes.set_xlabel(event_axis(about, step, language), labelpad=3)
    _event_legend(figure, rows, language)
    return watermark(figure, synthetic)


def _draw_estimates(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    for role, part in rows.groupby("role"):
        colour, x = COLOURS[str(role)], part["event_time"].to_numpy(float)
        y = {
            name: factor * part[name].to_numpy(float)
            for name in ("estimate", "ci_low", "ci_high", "band_low", "band_high")
        }
        axes.bar(
            x,
            y["band_high"] - y["band_low"],
            bottom=y["band_low"],
            width=0.74,
            color=colour,
            alpha=0.2,
            lw=0,
        )
        axes.vlines(x, y["ci_low"], y["ci_high"], color=colour, linewidth=2.2)
        solid = role in {"pre", "post", "mixed"}
        axes.plot(
            x,
            y["estimate"],
            "D" if role == "reference" else "o",
            markersize=5 if role == "reference" else 6.5,
            markerfacecolor=colour if solid else "white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            zorder=4,
        )
    axes.axhline(0, color=canvas.INK, linewidth=1, zorder=1)
    canvas.grid(axes, "y")


def _limit_y(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    """Follow the pointwise intervals, but let no thin event time flatten the rest.

    What is cut off gets an arrow.
    """
    low, high = (factor * rows[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    estimate = factor * rows["estimate"].to_numpy(float)
    bounded = high[np.isfinite(high)]  # none where every standard error is unknown
    usual = MOST_ROOM * np.median(np.abs(bounded)) if len(bounded) else np.inf
    bottom = np.nanmin([*estimate, *low, 0.0])
    top = np.nanmax([*(1.2 * estimate), min(np.max(bounded, initial=-np.inf), usual), 0.0])
    bands = factor * rows[["band_low", "band_high"]].to_numpy(float)
    if np.isfinite(bands).any():
        bottom, top = (
            max(np.nanmin(bands), BAND_ROOM * bottom),
            max(top, min(np.nanmax(bands), BAND_ROOM * top, usual)),
        )
    room = 0.06 * (top - bottom) or 1.0
    axes.set_ylim(bottom - room, top + 2.2 * room)
    cut = rows["event_time"][(high > top + 2.2 * room) | (np.isnan(high) & ~np.isnan(low))]
    axes.plot(
        cut,
        np.full(len(cut), top + 1.5 * room),
        "^",
        color=canvas.INK,
        markersize=5,
        clip_on=False,
        zorder=5,
    )
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(canvas.SignedTicks())


def _mark_before_and_after(axes: Axes, rows: pd.DataFrame, language: str, about: str) -> None:
    first, last = int(rows["event_time"].min()), int(rows["event_time"].max())
    axes.set_xlim(first - 0.7, last + 0.7)
    step = 1 + (last - first) // MOST_TICKS
    axes.set_xticks([event for event in range(first, last + 1) if event % step == 0])
    axes.xaxis.set_major_formatter(canvas.SignedTicks())
    if first < 0 <= last:
        axes.axvline(-0.5, color=canvas.INK, linewidth=1, linestyle=(0, (4, 3)))
        for role, x, side in (("pre", -0.62, "right"), ("post", -0.38, "left")):
            axes.text(
                x,
                0.985,
                word(f"event_study.{role}.{about}", language),
                transform=axes.get_xaxis_transform(),
                ha=side,
                va="top",
                color=COLOURS[role],
                fontweight="bold",
                fontsize=canvas.SMALL,
                bbox=canvas.CHIP,
            )


def _event_strip(axes: Axes, rows: pd.DataFrame, language: str, share: bool) -> None:
    """A small table aligned with the event times.

    How many treated stand behind each, and from what level.
    """
    box = axes.get_window_extent()  # the figure is laid out at 100 dots an inch
    names = {"n_treated": "n_treated", "base_mean": "base_mean_share" if share else "base_mean"}
    texts = {
        "n_treated": [format_number(value, 0) for value in rows["n_treated"]],
        "base_mean": [
            format_base_mean(value, share).removesuffix("%") for value in rows["base_mean"]
        ],
    }
    widest = max(len(cell) for cells in texts.values() for cell in cells)
    step = int(np.ceil(CHARACTER * (widest + 1) / (box.width / 100 / len(rows))))
    for line, (name, cells) in enumerate(texts.items()):
        y = -(0.62 + 0.21 * line) / (box.height / 100)
        look: dict[str, Any] = {"va": "center", "fontsize": STRIP_SIZE, "color": canvas.SLATE}
        label = word(f"event_study.{names[name]}", language)
        axes.text(-0.012, y, label, transform=axes.transAxes, ha="right", **look)
        for x, cell in zip(rows["event_time"], cells, strict=True):
            if x % step == 0:
                axes.text(x, y, cell, transform=axes.get_xaxis_transform(), ha="center", **look)


def _event_legend(figure: Figure, rows: pd.DataFrame, language: str) -> None:
    roles = set(rows["role"])
    handles: list[Any] = [
        Patch(color=canvas.BLUE, alpha=0.2, lw=0, label=word("event_study.band", language)),
        Line2D([], [], color=canvas.BLUE, linewidth=2.2, label=word("event_study.bar", language)),
    ]
    for role, marker in (("left_out", "o"), ("reference", "D")):
        if role in roles:
            style: dict[str, Any] = {
                "markerfacecolor": "white",
                "markeredgecolor": canvas.GREY,
                "markeredgewidth": 1.4,
            }
            label = word(f"event_study.{role}", language)
            handles.append(
                Line2D([], [], linestyle="", marker=marker, markersize=6, label=label, **style)
            )
    _legend(figure, handles, 0.52)


def _legend(figure: Figure, handles: Sequence[Any], below_top: float) -> None:
    """A legend in one line, `below_top` inches under the upper edge."""
    figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0.012, 1 - below_top / figure.get_figheight()),
        ncols=len(handles),
        columnspacing=1.1,
        handlelength=1.4,
        handletextpad=0.5,
        borderaxespad=0,
        borderpad=0.2,
    )


@styled
def plot_estimators(
    rows: Sequence[Mapping[str, Any]], *, language: str, synthetic: bool, title: str = ""
) -> Figure:
    """Forest plot: one line per row with its words above and its numbers at the right.

    One axis per unit.

    Parameters
    ----------
    rows : of `tables.estimate_rows`: label, unit, estimate, ci_low, ci_high; None where not
        estimable.
    """
    groups = [(unit, list(part)) for unit, part in groupby(rows, key=lambda row: row["unit"])]
    line, above, below = 0.48, 0.12, 0.62
    height = 0.5 + sum(
        above + below + line * len(part) for _, part in groups
    )  # the last axis needs less below it
    figure = new_figure(
        height, title or word("estimators.title", language), word("estimators.interval", language)
    )
    top = 0.62
    for unit, part in groups:
        size = above + line * len(part)
        axes = place(figure, 0.2, 0.2, top, height - top - size)
        _forest(axes, unit, part, language)
        top += size + below
    return watermark(figure, synthetic)


def _forest(axes: Axes, unit: str, rows: Sequence[Mapping[str, Any]], language: str) -> None:
    digits = effect_digits(unit, half_widths(rows), [row["estimate"] for row in rows])
    for y, row in enumerate(rows):
        colour = canvas.BLUE if y == 0 or len({r["label"] for r in rows}) < 2 else canvas.SLATE
        label, middle = fonts.replace_missing(str(row["label"])), y + 0.22
        look: dict[str, Any] = {
            "transform": axes.get_yaxis_transform(),
            "va": "center",
            "fontsize": canvas.SMALL + 0.5,
        }
        look["bbox"] = canvas.CHIP
        axes.text(0, y - 0.2, label, **look)
        if row["estimate"] is None:
            numbers = word("missing", language)
        else:
            numbers = format_value(row["estimate"], unit, digits, language, signed=True)
            axes.plot(row["estimate"], middle, "o", color=colour, markersize=7, zorder=3)
        if row["ci_low"] is not None:
            beyond = 3 * max(
                abs(r[name] or 0) for r in rows for name in ("estimate", "ci_low", "ci_high")
            )
            end = beyond if row["ci_high"] is None else row["ci_high"]
            axes.hlines(middle, row["ci_low"], end, color=colour, linewidth=2.4)
            ends = (format_number(row[name], digits, signed=True) for name in ("ci_low", "ci_high"))
            numbers += " [{}, {}]".format(*ends)
        axes.text(1, y - 0.2, numbers, ha="right", color=colour, **look)
    axes.axvline(0, color=canvas.INK, linewidth=1, zorder=1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(canvas.SignedTicks())
    axes.set_xlabel(word(f"unit_label.{unit}", language), labelpad=2, fontsize=canvas.SMALL)
    canvas.grid(axes, "x")


@styled
def plot_cohorts(frame: pd.DataFrame, *, language: str, synthetic: bool) -> Figure:
    """Stacked columns of firms by the year and category of their first award.

    Parameters
    ----------
    frame : columns year, category, firms. Years without an award stay on the axis, empty.
    """
    figure = new_figure(3.6, word("cohorts.title", language), word("cohorts.y", language))
    if frame.empty:
        figure.text(
            0.5, 0.5, word("cohorts.none", language), ha="center", va="center", color=canvas.SLATE
        )
        return watermark(figure, synthetic)
    axes = place(figure, 0.5, 0.15, 0.92, 0.6)
    years = np.arange(frame["year"].min(), frame["year"].max() + 1)
    counts = frame.pivot_table(
        index="year", columns="category", values="firms", aggfunc="sum", observed=True
    )
    counts = counts.reindex(years).fillna(0)
    known = [name for name in canvas.CATEGORY_COLOURS if name in counts.columns]
    bottom, handles = np.zeros(len(years)), []
    for name in [*known, *(other for other in counts.columns if other not in known)]:
        colour, label = (
            canvas.CATEGORY_COLOURS.get(name, canvas.GREY),
            word_or_code("category", name, language),
        )
        axes.bar(
            years,
            counts[name],
            bottom=bottom,
            width=0.74,
            color=colour,
            edgecolor="white",
            linewidth=0.5,
        )
        bottom += counts[name].to_numpy()
        handles.append(Patch(color=colour, label=label))
    for year, total in zip(years, bottom, strict=True):
        if total:
            text = format_number(total, 0)
            axes.text(
                year,
                total,
                text,
                ha="center",
                va="bottom",
                fontsize=canvas.SMALL,
                color=canvas.SLATE,
            )
    axes.set_xticks(years[:: 1 if len(years) <= MOST_TICKS else 2])
    axes.tick_params(axis="x", labelsize=STRIP_SIZE)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.margins(y=0.1)
    axes.set_xlabel(word("cohorts.x", language))
    canvas.grid(axes, "y")
    _legend(figure, handles, 0.54)
    return watermark(figure, synthetic)


@styled
def plot_rows(
    sources: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    language: str,
    synthetic: bool,
    minimum: int = 0,
) -> Figure:
    """One bar per source: which share of its rows was kept, quarantined, or was titles and notes.

    Parameters
    ----------
    sources, minimum : as for `tables.rows_table`.
    """
    shown = source_counts(sources, minimum)
    height = 1.45 + 0.55 * len(shown)
    figure = new_figure(height, word("rows.title", language))
    axes = place(figure, 0.2, 0.25, 0.68, 0.55)
    for y, (source, counts) in enumerate(shown.items()):
        total, blank = counts["rows_in"] or 0, counts["kept"] is None
        records = total - (counts["non_data_rows"] or 0)
        left = 0.0
        for name, colour in ROW_COLOURS.items():
            count = (
                (records if name == "kept" else 0)
                if blank and name != "non_data_rows"
                else counts[name] or 0
            )
            width = 100 * count / total if total else 0.0
            axes.barh(y + 0.2, width, left=left, height=0.42, color=colour)
            left += width
        name = word_or_code("source", source, language)
        text = word("rows.read", language, source=name, rows=format_number(total, 0))
        kept = format_number(records if blank else counts["kept"] or 0, 0)
        what = word("rows.both" if blank else "rows.kept", language)
        for x, side, label in ((0, "left", text), (1, "right", f"{what} {kept}")):
            axes.text(
                x,
                y - 0.23,
                label,
                transform=axes.get_yaxis_transform(),
                ha=side,
                va="center",
                fontsize=canvas.SMALL,
            )
    axes.set_xlim(0, 100)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(word("rows.x", language), labelpad=2)
    _legend(
        figure,
        [Patch(color=c, label=word(f"rows.{n}", language)) for n, c in ROW_COLOURS.items()],
        0.42,
    )
    return watermark(figure, synthetic)


@styled
def plot_outcome_paths(
    frame: pd.DataFrame,
    *,
    language: str,
    scale: str,
    outcome_label: str,
    synthetic: bool,
    share: bool = False,
    about: str = "award",
    shocks: Sequence[tuple[str, int, int]] = SHOCKS,
) -> Figure:
    """Mean outcome by year, treated and never treated; years of other shocks shaded.

    Parameters
    ----------
    frame : columns year, group ("treated" or "never_treated"), mean.
    scale : "ratio" draws a logarithmic axis, where proportional paths run parallel.
    """
    label = fonts.replace_missing(outcome_label)
    logarithmic = scale == "ratio" and bool((frame["mean"].dropna() > 0).all())
    figure = new_figure(
        3.8, word("paths.title", language, outcome=label), _path_note(share, logarithmic, language)
    )
    axes = place(figure, 0.6, 0.2, 0.86 + 0.17 * len(shocks), 0.6)
    factor, handles = 100.0 if share else 1.0, []
    for group, colour, marker in (
        ("treated", canvas.BLUE, "o"),
        ("never_treated", canvas.ORANGE, "s"),
    ):
        part = frame[frame["group"] == group].sort_values("year")
        name = word(f"group.{group}.{about}", language)
        handles += axes.plot(
            part["year"].to_numpy(),
            factor * part["mean"].to_numpy(float),
            marker=marker,
            color=colour,
            linewidth=2,
            markersize=5,
            label=name,
        )
    if logarithmic:
        axes.set_yscale("log")
        wide = frame["mean"].max() > 10 * frame["mean"].min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else MaxNLocator(5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlabel(word("paths.x", language))
    canvas.grid(axes, "y")
    _shade(axes, frame, shocks, language)
    _legend(figure, handles, 0.54)
    return watermark(figure, synthetic)


def _path_note(share: bool, logarithmic: bool, language: str) -> str:
    parts = ["%"] * share + [word("paths.log", language)] * logarithmic
    return " · ".join(parts)


def _shade(
    axes: Axes, frame: pd.DataFrame, shocks: Sequence[tuple[str, int, int]], language: str
) -> None:
    first, last = frame["year"].min(), frame["year"].max()
    axes.set_xlim(first - 0.6, last + 0.6)
    for line, (key, begin, end) in enumerate(shocks):
        left, right = max(begin, first) - 0.5, min(end, last) + 0.5
        if left >= right:
            continue
        shade, ink = SHADES[line % len(SHADES)]
        axes.axvspan(left, right, color=shade, alpha=0.12, lw=0, zorder=0)
        height = axes.get_window_extent().height / 100
        axes.text(
            right if line else left,
            1 + (0.02 + 0.17 * line) / height,
            word(f"shock.{key}", language),
            transform=axes.get_xaxis_transform(),
            ha="right" if line else "left",
            va="bottom",
            fontsize=STRIP_SIZE,
            color=ink,
        )
