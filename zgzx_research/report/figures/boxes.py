"""Boxes with words, and arrows between them, for figures that tell of a chain or of a flow.

Places and sizes are in inches from the upper left corner of the figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.wording import display_width

WORDS = fs.TINY  # points: ten pixels high when a phone shows the figure 360 pixels wide
LINE = 0.165  # inches from one line of words to the next
COLUMN = 0.0615  # inches that one display column takes in WORDS
PAD = 0.065  # inches between the edge of a box and its words
NO_LINE_START = "，。；：、）”？！"
CHAIN, RIVAL = "#E3EEF6", "#FFFFFF"  # fills of boxes


@dataclass(frozen=True, slots=True)
class Box:
    """A box with words in it.

    Attributes
    ----------
    left, top, width, height : float
        Inches; `top` from the upper edge of the figure.
    """

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Inches from the left edge of the figure to the middle of the box."""
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        """Inches from the upper edge of the figure to the lower edge of the box."""
        return self.top + self.height


def wrapped(text: str, inches: float, size: float = WORDS) -> list[str]:
    """Break words into lines that are at most so many inches wide.

    Parameters
    ----------
    text : str
        Chinese is broken between characters, English between words.
    inches : float
        Width of a line.
    size : float, default WORDS
        Points.

    Returns
    -------
    list of str
        The lines.
    """
    columns = inches / (COLUMN * size / WORDS)
    lines = [""]
    for piece in re.findall(r"[!-~’–−±]+[ ]?|.", text):
        fits = display_width(lines[-1] + piece.rstrip()) <= columns
        if fits or not lines[-1] or piece in NO_LINE_START:
            lines[-1] += piece
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]


def height_of(lines: int) -> float:
    """Return the height of a box with so many lines of words, in inches."""
    return lines * LINE + 2 * PAD


def add_box(figure: Figure, box: Box, lines: list[str], *, rival: bool = False) -> None:
    """Draw a box with its words; the first line is bold.

    Parameters
    ----------
    figure : Figure
        Where to draw.
    box : Box
        Its place.
    lines : list of str
        Words, a string for each line.
    rival : bool, default False
        Whether it stands outside the chain: a dashed edge and no fill.
    """
    width, height = figure.get_size_inches()
    edge: dict[str, Any] = {"linestyle": "--" if rival else "-", "linewidth": 1.1}
    figure.add_artist(
        FancyBboxPatch(
            (box.left / width, 1 - box.bottom / height),
            box.width / width,
            box.height / height,
            boxstyle="square,pad=0",
            facecolor=RIVAL if rival else CHAIN,
            edgecolor=fs.SLATE if rival else fs.BLUE,
            transform=figure.transFigure,
            **edge,
        )
    )
    first = box.top + (box.height - len(lines) * LINE) / 2 + LINE / 2
    for at, line in enumerate(lines):
        weight = "bold" if at == 0 else "normal"
        add_words(figure, box.middle, first + at * LINE, line, ha="center", fontweight=weight)


def add_frame(figure: Figure, box: Box) -> None:
    """Draw a thin frame around boxes that belong together."""
    width, height = figure.get_size_inches()
    figure.add_artist(
        Rectangle(
            (box.left / width, 1 - box.bottom / height),
            box.width / width,
            box.height / height,
            fill=False,
            edgecolor=fs.GREY,
            linewidth=0.8,
            transform=figure.transFigure,
        )
    )


def add_words(figure: Figure, left: float, middle: float, text: str, **style: Any) -> None:
    """Write one line, `middle` inches below the upper edge of the figure."""
    width, height = figure.get_size_inches()
    font: dict[str, Any] = {"fontsize": WORDS, "va": "center", "ha": "left"} | style
    figure.text(left / width, 1 - middle / height, text, **font)


def add_arrow(
    figure: Figure,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    rival: bool = False,
    bend: float = 0.0,
) -> None:
    """Draw an arrow between two points, each inches from the left and from the top.

    `rival` draws it dashed and grey; `bend` is the curvature, 0 for a straight one.
    """
    width, height = figure.get_size_inches()
    figure.add_artist(
        FancyArrowPatch(
            (start[0] / width, 1 - start[1] / height),
            (end[0] / width, 1 - end[1] / height),
            arrowstyle="-|>",
            mutation_scale=11,
            connectionstyle=f"arc3,rad={bend}",
            linestyle="--" if rival else "-",
            linewidth=1.2,
            color=fs.SLATE if rival else fs.BLUE,
            shrinkA=0,
            shrinkB=0,
            transform=figure.transFigure,
        )
    )
