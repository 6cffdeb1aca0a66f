"""Draw docs/figures/which_estimator.svg, the flow of docs/how_to/which_estimator.md."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
FONT = ROOT / "zgzx_research/report/fonts/NotoSansSC-Regular.ttf"
BLUE, GREY, PALE = "#1b4f72", "#5f6b73", "#eaf1f6"

# a row: the question in Chinese and in English, and the call where the answer is yes
STEPS = (
    ("有没有对照组？", "Is there a comparison group?", ""),
    (
        "是决赛或参赛名单？",
        "Are the data lists of a contest?",
        "contest_effects\nwinners_and_finalists",
    ),
    ("每期是不同的单位？", "Other units in every period?", 'unit=None,\ngaps="cross_section"'),
    ("结果是计数？", "Is the outcome a count?", 'estimate_effects(…,\nscale="ratio")'),
    (
        "没有从未处理的单位？",
        "Is nobody never treated?",
        'estimate_effects(…,\ncontrols="not_yet_treated")',
    ),
    (
        "趋势取决于协变量？",
        "Do trends depend on covariates?",
        'estimate_effects(…,\nadjustment="doubly_robust")',
    ),
)
LAST = "estimate_effects(panel)"
NONE = "只能描述 · describe only\nparticipation, skill_share"


def box(axes: Axes, at: tuple[float, float], text: str, face: str, ink: str) -> None:
    """A box with two lines of text."""
    style = {"boxstyle": "round,pad=0.55", "facecolor": face, "edgecolor": BLUE, "linewidth": 0.8}
    axes.text(
        *at, text, ha="center", va="center", fontsize=9, color=ink, bbox=style, linespacing=1.5
    )


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """An arrow with its answer beside it."""
    style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.0}
    axes.annotate("", end, start, arrowprops=style)
    across = start[1] == end[1]
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    shift = (0, 0.10) if across else (0.12, 0)
    place = (middle[0] + shift[0], middle[1] + shift[1])
    axes.text(*place, text, fontsize=8, color=GREY, ha="center" if across else "left", va="center")


def draw() -> Figure:
    """Questions downwards, calls to the right."""
    font_manager.fontManager.addfont(FONT)
    mpl.rcParams.update(
        {"font.family": "Noto Sans SC", "svg.hashsalt": "zgzx", "svg.fonttype": "path"}
    )
    figure = Figure((7.6, 7.0))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 7.6), ylim=(0, 7.0))
    axes.set_axis_off()
    left, right, top, step = 2.0, 5.75, 6.5, 1.0
    for number, (zh, en, call) in enumerate(STEPS):
        height = top - number * step
        box(axes, (left, height), f"{zh}\n{en}", PALE, "black")
        arrow(
            axes, (left, height - 0.32), (left, height - 0.68), "是 yes" if number == 0 else "否 no"
        )
        arrow(axes, (3.55, height), (4.45, height), "否 no" if number == 0 else "是 yes")
        box(axes, (right, height), call or NONE, "white", BLUE)
    box(axes, (left, top - len(STEPS) * step), LAST, "white", BLUE)
    return figure


if __name__ == "__main__":
    made = draw()
    out = ROOT / "docs/figures/which_estimator.svg"
    made.savefig(out, metadata={"Date": None})
