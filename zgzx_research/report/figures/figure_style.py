"""The style of all figures: sizes, colours, matplotlib settings, axis labels, watermark."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from zgzx_research.report import fonts
from zgzx_research.report.number_format import LARGE_POWER, MINUS, SMALL_POWER, format_number
from zgzx_research.report.wording import display_width, word

# inches: so narrow that the smallest words have ten pixels on a phone (PHONE pixels across)
WIDTH = 4.2
PHONE, SMALLEST_PIXELS = 360, 10
LAYOUT_DPI = 100  # dots an inch while a figure is laid out
DPI = 250  # of the bitmap for Word and notebooks

# Okabe & Ito: distinguishable for colour-blind readers, and in print by lightness
BLUE, ORANGE, GREEN, YELLOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SLATE, GREY, LIGHT, INK = "#5F6B7A", "#8A929C", "#D9DDE2", "#1F2933"
WATERMARK = "#8A3B12"
# of the primary outcome or the main specification, in every figure; of all that stands beside it
ACCENT, OTHER = BLUE, SLATE
DASHED = (0, (4, 3))
# areas and bars, in this order: they differ in a print without colours too
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "ooo", "+++")

TITLE_COLUMNS = 43  # that fit across in the title's size
SUBTITLE_COLUMNS = 62  # that fit across in the size of subtitles
LEGEND_LINE = 0.19  # inches
LEGEND_COLUMN, LEGEND_KEY = (
    0.0625,
    0.42,
)  # inches: a column of text in a legend, a key with its gaps
TITLE, TITLE_HEIGHT = "title", 0.36  # mark of the title, and inches down to what follows it
TINY, SMALL, NORMAL, LARGE = 8.5, 9.0, 10.0, 12.0  # points
DIGIT_WIDTH = 0.066  # inches that a digit takes in TINY
MOST_TICKS = 15  # labels on an axis of event times or years; with more, every second or third
WHITE_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # keeps lines off words
SETTINGS: dict[str, Any] = {
    "font.family": [fonts.FAMILY],
    "font.size": NORMAL,
    "text.parse_math": False,  # a $ in an outcome's name is a dollar
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": NORMAL,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": NORMAL,
    "ytick.labelsize": NORMAL,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "hatch.linewidth": 0.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "zgzx",
}
# a Chinese character with the punctuation after it, spaces, or a word
PIECES = re.compile(r"[\u2e80-\uffef][\u3000-\u303f\uff00-\uffef]*|\s+|[^\s\u2e80-\uffef]+")
SAME_TICK = 1e-6  # of the largest tick: two numbers this close are equal


@contextmanager
def report_settings() -> Iterator[None]:
    """Use the report's fonts and matplotlib settings; the user's own settings stay untouched."""
    fonts.register()
    with matplotlib.style.context(["default", SETTINGS]):
        yield


def new_figure(height: float, title: str, subtitle: str = "") -> Figure:
    """Make an empty figure with its title and subtitle at the upper left.

    Parameters
    ----------
    height : float
        Inches; the width is the same for all figures.
    title : str
        Set in bold; a long one becomes smaller until it fits, and a very long one is cut short.
    subtitle : str, default ""
        One line below the title; a long one is two.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, without axes.
    """
    figure = Figure(figsize=(WIDTH, height), dpi=LAYOUT_DPI)
    size = max(TINY, LARGE * min(1.0, TITLE_COLUMNS / display_width(title)))
    fitting = cut_short(title, math.ceil(TITLE_COLUMNS * LARGE / TINY))
    place: dict[str, Any] = {"va": "top", "ha": "left"}

    top = 1 - 0.10 / height
    figure.text(0.02, top, fitting, fontsize=size, fontweight="bold", gid=TITLE, **place)
    if subtitle:
        below, text = 1 - TITLE_HEIGHT / height, wrapped(subtitle, SUBTITLE_COLUMNS)
        figure.text(0.02, below, text, fontsize=SMALL, color=SLATE, **place)

    return figure


def cut_short(text: str, columns: int) -> str:
    """Leave out the end of a text that takes more columns, with an ellipsis in its place."""
    if display_width(text) <= columns:
        return text
    while display_width(text) > columns - 2:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, columns: int) -> str:
    """Break a text into lines of at most so many columns: at spaces, or between Chinese characters.

    Parameters
    ----------
    text : str
        The text.
    columns : int
        A Chinese character takes two.

    Returns
    -------
    str
        Lines separated by line breaks. A word longer than a line stays whole.
    """
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1].strip() and display_width((lines[-1] + piece).rstrip()) > columns:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(line.rstrip() for line in lines)


def add_axes(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Add axes with margins in inches, so that figures of any height have the same margins.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure to add to.
    left, right, top, bottom : float
        Margins in inches.

    Returns
    -------
    matplotlib.axes.Axes
        The new axes.
    """
    width, height = figure.get_size_inches()
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - top - bottom) / height,
    )
    return figure.add_axes(box)


def size_in_inches(axes: Axes) -> tuple[float, float]:
    """Width and height of axes in inches."""
    box = axes.get_window_extent()
    return box.width / LAYOUT_DPI, box.height / LAYOUT_DPI


def year_step(axes: Axes, years: int) -> int:
    """Say how many years there are from one tick to the next, so that their labels fit."""
    width, _ = size_in_inches(axes)
    return math.ceil(DIGIT_WIDTH * 5 * years / width)


def legend_columns(labels: Sequence[str]) -> int:
    """Count the entries of a legend that fit beside each other."""
    for columns in range(len(labels), 1, -1):
        # matplotlib fills column after column, the first ones with one entry more
        size, more = divmod(len(labels), columns)
        sizes = [size + 1] * more + [size] * (columns - more)
        ends = np.cumsum(sizes)
        parts = [labels[end - n : end] for end, n in zip(ends, sizes, strict=True)]
        widest = [max(map(display_width, part)) for part in parts]
        if sum(LEGEND_COLUMN * part + LEGEND_KEY for part in widest) <= WIDTH - 0.1:
            return columns
    return 1


def legend_height(labels: Sequence[str]) -> float:
    """Inches that a legend with these entries takes."""
    return LEGEND_LINE * -(-len(labels) // legend_columns(labels)) if labels else 0.0


def add_legend(figure: Figure, handles: Sequence[Artist], below_top: float) -> None:
    """Add a legend: in one line where it fits, or else in as many as `legend_height` says.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure to add to.
    handles : Sequence of matplotlib.artist.Artist
        Entries with their labels.
    below_top : float
        Inches under the upper edge of the figure.
    """
    labels = [str(handle.get_label()) for handle in handles]
    figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0.012, 1 - below_top / figure.get_figheight()),
        ncols=legend_columns(labels),
        columnspacing=1.1,
        labelspacing=0.35,
        handlelength=1.6,
        handletextpad=0.5,
        borderaxespad=0,
        borderpad=0.2,
    )


def add_grid(axes: Axes, direction: Literal["x", "y"]) -> None:
    """Add light grid lines behind the data."""
    axes.grid(axis=direction, color=LIGHT, linewidth=0.6)
    axes.set_axisbelow(True)


def add_watermark(figure: Figure, synthetic: bool) -> Figure:
    """Add the diagonal mark of synthetic data where it is needed, and return the figure."""
    if synthetic:
        figure.text(
            0.5,
            0.5,
            word("synthetic", "zh"),
            fontsize=28,
            fontweight="bold",
            color=WATERMARK,
            alpha=0.11,
            rotation=28,
            ha="center",
            va="center",
            zorder=10,
            gid="watermark",
        )
    return figure


class SignedTicks(Formatter):
    """Tick labels with a sign and a true minus, all with the digits that the finest one needs."""

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        """All labels of an axis; very small or large ones share one power of ten."""
        ticks = list(values)
        largest = max(map(abs, ticks), default=0.0)
        power = math.floor(math.log10(largest)) if largest else 0
        if not SMALL_POWER <= power <= LARGE_POWER:
            shown = self.format_ticks([tick / 10.0**power for tick in ticks])
            after = f"E{power:+d}".replace("+", "").replace("-", MINUS)
            return [text + after * (text != "0") for text in shown]

        digits = max((_digits_needed(tick, largest) for tick in ticks), default=0)
        # a tick that should be zero may be off by rounding
        return [
            format_number(tick, digits, signed=True) if abs(tick) > SAME_TICK * largest else "0"
            for tick in ticks
        ]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Label one tick."""
        return self.format_ticks([x])[0]


def _digits_needed(value: float, largest: float) -> int:
    return next((d for d in range(12) if abs(round(value, d) - value) <= SAME_TICK * largest), 12)
