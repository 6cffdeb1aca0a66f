"""What all figures share: style, palette, watermark, and a figure as bytes."""

from __future__ import annotations

import functools
import io
import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal, ParamSpec

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from zgzx_research.errors import ZgzxError
from zgzx_research.report import fonts
from zgzx_research.report.tables import display_width
from zgzx_research.report.wording import LARGE_POWER, MINUS, SMALL_POWER, format_number, word

WIDTH = (
    5.2  # inches: enlarged a little on paper, still readable when a phone shows it at two thirds
)
DPI = 200  # of the bitmap for DOCX and notebooks

# Okabe & Ito: told apart by colour-blind readers, and in print by lightness
BLUE, ORANGE, GREEN, YELLOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SLATE, GREY, LIGHT, INK = "#5F6B7A", "#8A929C", "#D9DDE2", "#1F2933"
CATEGORY_COLOURS = {"innovation": BLUE, "team": YELLOW, "talent": "#56B4E9", "skill": GREEN}

TITLE_COLUMNS = 54  # that fit across in the title's size
SMALL, NORMAL, LARGE = 9.0, 10.0, 12.0  # points
CHIP = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # keeps lines off words
STYLE: dict[str, Any] = {
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
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "zgzx",
}

Arguments = ParamSpec("Arguments")


def styled(plot: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Draw in the house style whatever the user's own matplotlib settings are.

    These stay untouched.
    """

    @functools.wraps(plot)
    def inside(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        fonts.register()
        with matplotlib.style.context(["default", STYLE]):
            return plot(*args, **kwargs)

    return inside


class HouseFigure(Figure):
    """A figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()


def new_figure(height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure of the house width with its title (and a line below it) at the upper left."""
    figure = HouseFigure(figsize=(WIDTH, height), dpi=100)
    size = LARGE * min(
        1.0, TITLE_COLUMNS / display_width(title)
    )  # the name of an outcome may be long
    figure.text(
        0.02, 1 - 0.10 / height, title, fontsize=size, fontweight="bold", va="top", ha="left"
    )
    if subtitle:
        figure.text(
            0.02, 1 - 0.36 / height, subtitle, fontsize=SMALL, color=SLATE, va="top", ha="left"
        )
    return figure


def place(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in inches, so that figures of any height keep the same borders."""
    width, height = figure.get_size_inches()
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - top - bottom) / height,
    )
    return figure.add_axes(box)


EXACT = 1e-6  # of the largest tick: two numbers this close are one


class SignedTicks(Formatter):
    """Tick labels with sign and a true minus, all with as many digits as the finest of them needs."""

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
            format_number(t, digits, signed=True) if abs(t) > EXACT * largest else "0"
            for t in ticks
        ]

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]


def _digits_needed(value: float, largest: float) -> int:
    return next((d for d in range(12) if abs(round(value, d) - value) <= EXACT * largest), 12)


def grid(axes: Axes, direction: Literal["x", "y"]) -> None:
    """Quiet grid lines behind the data."""
    axes.grid(axis=direction, color=LIGHT, linewidth=0.6)
    axes.set_axisbelow(True)


def watermark(figure: Figure, synthetic: bool) -> Figure:
    """The diagonal mark of figures made from synthetic data."""
    if synthetic:
        figure.text(
            0.5,
            0.5,
            word("synthetic", "zh"),
            fontsize=28,
            fontweight="bold",
            color="#8A3B12",
            alpha=0.11,
            rotation=28,
            ha="center",
            va="center",
            zorder=10,
            gid="watermark",
        )
    return figure


def figure_bundle(figure: Figure) -> dict[str, str | bytes]:
    """The figure as {"image/svg+xml": text, "image/png": bytes}, equal bytes for equal content.

    It is cleared then.

    Raises
    ------
    ZgzxError : a character that the report fonts do not hold.
    """
    svg, png = io.BytesIO(), io.BytesIO()
    fonts.register()
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph")
        try:
            figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
            figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
        except UserWarning as problem:
            remedy = "Reword the label, or pass data through fonts.replace_missing."
            raise ZgzxError(
                f"a figure cannot be drawn: {problem}", where="figure", remedy=remedy
            ) from None
    figure.clear()
    return {"image/svg+xml": svg.getvalue().decode("utf-8"), "image/png": png.getvalue()}
