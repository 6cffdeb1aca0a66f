"""The effect that breaks even against the interval of the estimate, one line for each outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import FactSource
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import effect_digits, format_value
from zgzx_research.report.wording import word

NAMES = ("invention", "retained_employee")
NUMBERS = ("estimate", "ci_low", "ci_high", "break_even", "claimed")
TALL, BELOW = 1.15, 0.72  # inches of one picture, and from it to the next
MOST_ROOM = 3.0  # a mark further out than so many times the interval's ends is drawn as an arrow
Row = Mapping[str, Any]


def plot_break_even(
    facts: FactSource, *, language: str | None = None, synthetic: bool | None = None
) -> FigureSpec:
    """Plot intervals with the effects that break even and the claimed effects marked.

    Parameters
    ----------
    facts : FactSource
        Facts ``value.<name>.{from,break_even,effect_claimed,position}`` and those of the estimates
        they name.
    language : str, optional
        "zh" or "en"; None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.

    Raises
    ------
    ZgzxError
        No effect that breaks even is known.
    """
    rows = [_row(facts, name) for name in NAMES if facts.has(f"value.{name}.break_even")]
    rows = [row for row in rows if row["break_even"] is not None and row["estimate"] is not None]
    if not rows:
        raise ZgzxError(
            "no effect that breaks even is known",
            where="plot_break_even",
            remedy="Give the worth of one more in [value] of the study file.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        title = word("worth.figure.title", style.language)
        return ReportFigure(_picture(rows, title, style), title, _alternative(rows, title, style))

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _row(facts: FactSource, name: str) -> Row:
    """Return the numbers of one outcome in its unit; None where one is not known."""
    own = f"value.{name}"
    headline = f"{facts.record(f'{own}.from')['value']}.headline"
    keys = {
        **{key: f"{headline}.{key}" for key in ("estimate", "std_error", "ci_low", "ci_high")},
        "break_even": f"{own}.break_even",
        "claimed": f"{own}.effect_claimed",
        "position": f"{own}.position",
    }
    found = {key: facts.record(at)["value"] if facts.has(at) else None for key, at in keys.items()}
    return found | {"name": name, "unit": facts.record(keys["break_even"])["unit"]}


def _picture(rows: list[Row], title: str, style: FigureStyle) -> Figure:
    height = 0.72 + len(rows) * TALL + len(rows) * BELOW
    figure = fs.new_figure(height, title, word("worth.figure.subtitle", style.language))
    for place, row in enumerate(rows):
        top = 0.82 + place * (TALL + BELOW)
        axes = fs.add_axes(figure, left=0.2, right=0.2, top=top, bottom=height - top - TALL)
        _draw(axes, row, style.language)
    return fs.add_watermark(figure, style.synthetic)


def _draw(axes: Axes, row: Row, language: str) -> None:
    """Draw one interval with its marks: what breaks even above it, what is claimed below it."""
    low, high = _limits(row)
    axes.axvline(0, color=fs.INK, linewidth=1, zorder=1)
    if row["ci_low"] is not None:
        end = 2 * high if row["ci_high"] is None else row["ci_high"]  # an open end runs out
        axes.hlines(0, row["ci_low"], end, color=fs.BLUE, linewidth=5, alpha=0.75)
    axes.plot(row["estimate"], 0, "o", color=fs.BLUE, markersize=8, zorder=4)
    _mark(axes, row, "break_even", (0.0, 1.0), fs.ORANGE, (low, high), language)
    _mark(axes, row, "claimed", (-1.0, 0.0), fs.SLATE, (low, high), language)
    axes.set_xlim(low, high)
    axes.set_ylim(-2.5, 2.3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title(word(f"worth.name.{row['name']}", language), fontsize=fs.NORMAL, loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(fs.SignedTicks())
    axes.set_xlabel(word(f"unit_label.{row['unit']}", language), labelpad=2, fontsize=fs.SMALL)
    fs.add_grid(axes, "x")


def _limits(row: Row) -> tuple[float, float]:
    """Return the ends of the axis: the interval and both marks, unless one lies very far out."""
    ends = [row[key] for key in ("estimate", "ci_low", "ci_high") if row[key] is not None]
    usual = MOST_ROOM * (max(map(abs, ends)) or 1.0)
    marks = [row[key] for key in ("break_even", "claimed") if row[key] is not None]
    shown = [0.0, *ends, *(min(mark, usual) for mark in marks)]
    room = 0.08 * (max(shown) - min(shown)) or 1.0
    return min(shown) - room, max(shown) + room


def _mark(
    axes: Axes,
    row: Row,
    key: str,
    span: tuple[float, float],
    colour: str,
    limits: tuple[float, float],
    language: str,
) -> None:
    """Draw one effect as a short line with its words; an arrow where it lies beyond the axis."""
    if row[key] is None or not math.isfinite(row[key]):
        return
    x, above = min(row[key], limits[1]), span[1] > 0
    if row[key] > limits[1]:
        axes.plot(x, sum(span) / 2, ">", color=colour, markersize=7, clip_on=False, zorder=5)
    else:
        axes.vlines(x, *span, color=colour, linewidth=2.4, zorder=3)
    right = x > sum(limits) / 2  # words stay within the picture
    effect = _written(row, key, language, bare=True)  # the axis names the unit
    text = word(f"worth.figure.{key}", language, effect=effect)
    axes.text(
        x,
        1.15 if above else -1.1,
        text,
        color=colour,
        fontsize=fs.SMALL + 0.5,
        ha="right" if right else "left",
        va="bottom" if above else "top",
        bbox=fs.WHITE_BOX,
    )


def _written(row: Row, key: str, language: str, *, bare: bool = False) -> str:
    """Write one of the numbers with its unit; bare: without a unit in words."""
    digits = effect_digits(row["unit"], [row["std_error"]], [row["estimate"]])
    return format_value(row[key], row["unit"], digits, language, signed=True, bare=bare)


def _alternative(rows: list[Row], title: str, style: FigureStyle) -> str:
    items = []
    for row in rows:
        shown = {key: _written(row, key, style.language) for key in NUMBERS}
        if row["ci_low"] is not None and row["ci_high"] is None:
            shown["ci_high"] = word("alt.worth.open", style.language)
        items.append(
            word(
                "alt.worth.item",
                style.language,
                name=word(f"worth.name.{row['name']}", style.language),
                estimate=shown["estimate"],
                low=shown["ci_low"],
                high=shown["ci_high"],
                break_even=shown["break_even"],
                position=word(f"alt.worth.{row['position'] or 'unknown'}", style.language),
                claimed=shown["claimed"],
            )
        )
    whole = word(
        "alt.worth.whole", style.language, title=title, items=listing(items, style.language)
    )
    return alternative_text([whole], style)
