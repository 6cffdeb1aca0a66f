"""Figures that look behind an estimate.

The weight it gives to every mean, and several estimates side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from zgzx_research.errors import ZgzxError
from zgzx_research.report import canvas, fonts
from zgzx_research.report.alt_text import cohort_word, estimand_words, weights_column
from zgzx_research.report.canvas import new_figure, place, styled, watermark
from zgzx_research.report.figures import CHARACTER, STRIP_SIZE
from zgzx_research.report.tables import FACTORS, display_unit
from zgzx_research.report.wording import ERROR_DIGITS, format_number, significant_digits, word

COLOURS = LinearSegmentedColormap.from_list("weights", [canvas.ORANGE, "white", canvas.BLUE])
ESTIMAND = ["estimand", "cohort", "period", "event_time"]
LEFT, RIGHT, ABOVE, BELOW = 0.75, 0.15, 0.84, 0.52  # inches around the cells
ROW_HEIGHT, TALLEST = 0.34, 6.0  # inches of a row, and of all rows
SMALLEST = 6.0  # points: smaller numbers are not printed, the colours speak alone
NOTHING = 1e-9  # a weight this small beside the largest is rounding
DARK = 0.55  # of the largest weight: from here on numbers are white


@styled
def plot_comparison_weights(
    frame: pd.DataFrame, *, language: str, synthetic: bool, title: str = ""
) -> Figure:
    """Heat map of the weights behind one estimate.

    Cohorts by periods, with a step line where treatment starts.

    Where the weights are derivatives (ratio scale) it shows weight times mean: by how many percent
    "treated over counterfactual" rises for one percent more in that mean.

    Parameters
    ----------
    frame : of `comparison_weights`, the rows of one estimate.
    title : instead of the usual one.

    Raises
    ------
    ZgzxError : the rows of several estimates, or none.
    """
    if len(frame[ESTIMAND].drop_duplicates()) != 1:
        raise ZgzxError(
            "a heat map shows the weights of one estimate",
            where="plot_comparison_weights",
            count=len(frame[ESTIMAND].drop_duplicates()),
            remedy="Pass row='overall' or window=(1, 3) to comparison_weights, or keep the rows of one event time.",
        )
    table = frame.assign(row=frame["mean_cohort"].astype(float).fillna(np.inf))
    weight = table.pivot(index="row", columns="mean_period", values=weights_column(frame))
    height = min(TALLEST, ROW_HEIGHT * len(weight))
    subtitle = f"{estimand_words(frame.iloc[0], language)} · {word('weights.kind.' + frame['kind'].iloc[0], language)}"
    heading = fonts.replace_missing(title) or word("weights.title", language)
    figure = new_figure(ABOVE + height + BELOW, heading, subtitle)
    axes = place(figure, LEFT, RIGHT, ABOVE, BELOW)
    largest = float(np.nanmax(np.abs(weight))) or 1.0
    axes.set_facecolor(canvas.LIGHT)  # of cells without a weight
    axes.pcolormesh(
        np.arange(weight.shape[1] + 1) - 0.5,
        np.arange(len(weight) + 1) - 0.5,
        weight,
        cmap=COLOURS,
        vmin=-largest,
        vmax=largest,
        edgecolors=canvas.LIGHT,
        linewidth=0.6,
    )
    printed = _print_weights(axes, weight.to_numpy(), largest)
    _treatment_starts(axes, weight)
    _cell_axes(axes, weight, language)
    _weights_legend(figure, None if printed else largest, language)
    return watermark(figure, synthetic)


def _print_weights(axes: Axes, weight: np.ndarray, largest: float) -> bool:
    """The numbers in their cells, where there is room for them; zeros stay empty."""
    digits = significant_digits([largest], ERROR_DIGITS)
    box = axes.get_window_extent()  # the figure is laid out at 100 dots an inch
    widest = len(format_number(-largest, digits, signed=True)) + 1
    size = min(STRIP_SIZE, STRIP_SIZE * box.width / 100 / weight.shape[1] / (CHARACTER * widest))
    if size < SMALLEST or box.height / 100 / len(weight) < size / 72 * 1.4:
        return False
    for (row, column), value in np.ndenumerate(weight):
        if abs(value) > NOTHING * largest:
            axes.text(
                column,
                row,
                format_number(value, digits, signed=True),
                ha="center",
                va="center",
                fontsize=size,
                color="white" if abs(value) > DARK * largest else canvas.INK,
            )
    return True


def _treatment_starts(axes: Axes, weight: pd.DataFrame) -> None:
    """A line that steps from cohort to cohort, left of the first period under treatment."""
    cohorts = weight.index.to_numpy()
    treated = cohorts[np.isfinite(cohorts)]
    edge = np.searchsorted(weight.columns.to_numpy(), treated) - 0.5
    rows = np.arange(len(treated))
    axes.plot(
        np.repeat(edge, 2),
        np.column_stack([rows - 0.5, rows + 0.5]).ravel(),
        color=canvas.INK,
        linewidth=2,
        solid_joinstyle="miter",
        clip_on=False,
    )


def _cell_axes(axes: Axes, weight: pd.DataFrame, language: str) -> None:
    axes.set_ylim(len(weight) - 0.5, -0.5)  # the first cohort on top, the never treated last
    axes.set_xlim(-0.5, weight.shape[1] - 0.5)
    names = [cohort_word(int(g) if math.isfinite(g) else None, language) for g in weight.index]
    axes.set_yticks(range(len(weight)), names)
    room = axes.get_window_extent().width / 100 / weight.shape[1]
    step = math.ceil(CHARACTER * (max(len(str(period)) for period in weight.columns) + 1) / room)
    axes.set_xticks(
        range(0, weight.shape[1], step), [str(period) for period in weight.columns[::step]]
    )
    axes.tick_params(length=0, labelsize=STRIP_SIZE)
    axes.set_xlabel(word("weights.x", language), labelpad=3)
    axes.set_ylabel(word("weights.y", language), labelpad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _weights_legend(figure: Figure, largest: float | None, language: str) -> None:
    """The step line, and what the colours stand for where no numbers are printed."""
    handles: list[Any] = [
        Line2D([], [], color=canvas.INK, linewidth=2, label=word("weights.start", language))
    ]
    if largest is not None:
        digits = significant_digits([largest], ERROR_DIGITS)
        for value in (-largest, 0.0, largest):
            colour = COLOURS(0.5 + value / largest / 2)
            label = format_number(value, digits, signed=True)
            handles.append(Patch(facecolor=colour, edgecolor=canvas.LIGHT, label=label))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.012, 1 - 0.54 / figure.get_figheight()),
        ncols=len(handles),
        columnspacing=1.1,
        handlelength=1.4,
        handletextpad=0.5,
        borderaxespad=0,
        borderpad=0.2,
    )


def compared_rows(
    frames: Mapping[str, pd.DataFrame], *, scale: str, share: bool = False
) -> list[dict[str, Any]]:
    """Rows for `plot_estimators` from one-row frames (`overall`, `window`) by the name of their estimator.

    Parameters
    ----------
    scale : "difference" or "ratio". share : the outcome is a share (0..1), so differences are in
        percentage points.
    """
    unit = display_unit(scale, share)
    rows = []
    for label, frame in frames.items():
        values = {
            name: FACTORS[unit] * float(frame[name].iloc[0])
            for name in ("estimate", "ci_low", "ci_high")
        }
        known = {name: value if math.isfinite(value) else None for name, value in values.items()}
        rows.append({"label": label, "unit": unit, **known})
    return rows
