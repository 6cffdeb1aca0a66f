"""Numbers below an event study: under every event time, or under none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import FigureStyle
from zgzx_research.report.number_format import format_base_mean, format_number
from zgzx_research.report.wording import word_about

FLAT, UPRIGHT = (
    0.19,
    0.12,
)  # inches: a line of numbers, and what upright ones need beside their length
NARROWEST = 0.14  # inches that upright numbers need beside each other
FIRST = 0.48  # inches from the axis down to the first line, below the ticks and their label


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One line of numbers.

    Attributes
    ----------
    label : str
        What they are.
    texts : list of str
        One for each event time.
    upright : bool
        Whether they are turned, since they do not fit beside each other.
    height : float
        Inches that the line takes.
    """

    label: str
    texts: list[str]
    upright: bool
    height: float


def event_numbers(rows: pd.DataFrame, style: FigureStyle, width: float) -> list[NumberLine]:
    """Lay out the numbers below the event times.

    Parameters
    ----------
    rows : DataFrame
        Of an event study: n_treated, base_mean, incomplete (share; zeros: no line).
    style : FigureStyle
        Of the page.
    width : float
        Inches of the axes.

    Returns
    -------
    list of NumberLine
        Lines with a number under every event time; none where there is no room for that.
    """
    first, last = rows["event_time"].min(), rows["event_time"].max()
    room = width / (last - first + 1.4)  # inches of an event time
    if room < NARROWEST:
        return []
    means = [format_base_mean(value, style.share).removesuffix("%") for value in rows["base_mean"]]
    texts = {
        "n_treated": [format_number(value, 0) for value in rows["n_treated"]],
        "base_mean_share" if style.share else "base_mean": means,
    }
    if rows["incomplete"].ne(0).any():
        texts["incomplete"] = [
            "–" if pd.isna(value) else format_number(100 * value, 0) for value in rows["incomplete"]
        ]
    words = {name: word_about("event_study", name, style.about, style.language) for name in texts}
    return [_line(words[name], list(line), room) for name, line in texts.items()]


def _line(label: str, texts: list[str], room: float) -> NumberLine:
    """Lay out one line: upright where a number is wider than its event time."""
    longest = fs.DIGIT_WIDTH * max(map(len, texts))
    upright = longest + 0.5 * fs.DIGIT_WIDTH > room
    height = longest + UPRIGHT if upright else FLAT
    return NumberLine(label, texts, upright, height)


def add_event_numbers(axes: Axes, rows: pd.DataFrame, lines: list[NumberLine]) -> None:
    """Write the numbers below the axes, each line with its label at the left."""
    _, height = fs.size_in_inches(axes)
    font: dict[str, Any] = {"va": "center", "fontsize": fs.TINY, "color": fs.SLATE}
    below = FIRST
    for line in lines:
        y = -(below + line.height / 2) / height
        axes.text(-0.03, y, line.label, transform=axes.transAxes, ha="right", **font)
        for x, text in zip(rows["event_time"], line.texts, strict=True):
            axes.text(
                x,
                y,
                text,
                transform=axes.get_xaxis_transform(),
                ha="center",
                rotation=90 if line.upright else 0,
                **font,
            )
        below += line.height
