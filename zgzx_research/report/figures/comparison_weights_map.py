"""Heat map: the weight that one estimate gives to the mean of every cohort and period."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import hidden_parts
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.report import fonts
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import (
    ERROR_DIGITS,
    MINUS,
    format_number,
    significant_digits,
)
from zgzx_research.report.wording import word
from zgzx_research.robustness.comparison_weights import shown_column

COLOURS = LinearSegmentedColormap.from_list("weights", [fs.ORANGE, "white", fs.BLUE])
ESTIMAND = ["estimand", "cohort", "period", "event_time"]
LEFT, RIGHT, ABOVE, BELOW = 0.75, 0.15, 0.8, 0.52  # inches around the map, without its legend
ROW_HEIGHT, TALLEST = 0.34, 6.0  # inches of a row, and of all rows
LITTLE = 0.02  # of the largest weight: below it neither number nor sign is printed
DARK = 0.55  # of the largest weight: from here on numbers are white
HIDDEN: dict[str, Any] = {"facecolor": fs.LIGHT, "edgecolor": fs.GREY, "hatch": "///", "lw": 0}
MOST_WEIGHTS = 4  # named in the alternative text


def plot_comparison_weights(
    weights: pd.DataFrame,
    *,
    title: str = "",
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the weights behind one estimate: cohorts by periods, with a line where treatment starts.

    Where the weights are derivatives (ratio scale), weight times mean is shown: by how many percent
    "treated over counterfactual" rises when that mean rises by one percent.

    Parameters
    ----------
    weights : DataFrame
        Result of `comparison_weights`, the rows of one estimate.
    title : str, default ""
        Replaces the usual title.
    language : str, optional
        "zh" or "en". Like all that follow: None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.

    Raises
    ------
    ZgzxError
        The rows of several estimates, or none.
    """
    estimates = len(weights[ESTIMAND].drop_duplicates())
    if estimates != 1:
        raise ZgzxError(
            "a heat map shows the weights of one estimate",
            where="plot_comparison_weights",
            count=estimates,
            remedy="Pass row='overall' or window=(1, 3) to comparison_weights, "
            "or keep the rows of one event time.",
        )

    def draw(style: FigureStyle) -> ReportFigure:
        heading = fonts.replace_missing(title) or word("weights.title", style.language)
        shown = _of_enough_units(weights) if style.disclosure_control else weights
        return ReportFigure(
            _picture(shown, heading, style), heading, _alternative_text(shown, heading, style)
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _of_enough_units(weights: pd.DataFrame) -> pd.DataFrame:
    """Blank the weights of cohorts that may not be shown: few units, or of unknown number.

    A weight times a mean tells an outcome; where one cohort is blank, another is with it.
    """
    cohort = weights["mean_cohort"].astype("Float64").fillna(np.inf)
    units = weights.groupby(cohort)["units"].max().fillna(0).astype("int64")
    small = units.lt(rules().firms)
    hidden = pd.Series(hidden_parts(list(units), list(small), rules().firms), index=units.index)
    blank = cohort.map(hidden).astype("bool")
    return weights.assign(
        **{name: weights[name].mask(blank) for name in ("weight", "mean", "contribution")}
    )


def _estimate_in_words(row: Mapping[Hashable, Any] | pd.Series, language: str) -> str:
    """Say which estimate a row belongs to, e.g. "Event time +1"."""
    kind = row["estimand"]
    if kind == "group_time" and pd.isna(row["cohort"]):
        kind = "overall" if pd.isna(row["event_time"]) else "event_time"
    event = "" if pd.isna(row["event_time"]) else format_number(row["event_time"], 0, signed=True)
    return word(
        f"weights.{kind}", language, cohort=row["cohort"], period=row["period"], event=event
    )


def _cohort_in_words(cohort: float, language: str) -> str:
    """Name the first treated period; missing = never treated."""
    return word("weights.never", language) if pd.isna(cohort) else str(int(cohort))


def _picture(weights: pd.DataFrame, heading: str, style: FigureStyle) -> Figure:
    # one row per cohort, the never treated (infinity) last
    table = weights.assign(row=weights["mean_cohort"].astype(float).fillna(np.inf))
    grid = table.pivot(index="row", columns="mean_period", values=shown_column(weights))
    largest = float(np.nanmax(np.abs(grid).to_numpy(), initial=0.0)) or 1.0

    height = min(TALLEST, ROW_HEIGHT * len(grid))
    which = _estimate_in_words(weights.iloc[0], style.language)
    kind = word(f"weights.kind.{weights['kind'].iloc[0]}", style.language)
    subtitle = fs.wrapped(f"{which} · {kind}", fs.SUBTITLE_COLUMNS)
    printed = _fits(grid.to_numpy(), largest, height)
    handles = _handles(None if printed else largest, style.language, bool(_hidden(grid).size))
    legend = fs.legend_height([str(handle.get_label()) for handle in handles])
    lower = 0.16 * (len(subtitle.splitlines()) - 1)  # a second line of the subtitle
    above = ABOVE + legend - fs.LEGEND_LINE + lower
    figure = fs.new_figure(above + height + BELOW, heading, subtitle)
    axes = fs.add_axes(figure, LEFT, RIGHT, above, BELOW)

    axes.set_facecolor(fs.LIGHT)  # of combinations without a weight
    axes.pcolormesh(
        np.arange(grid.shape[1] + 1) - 0.5,
        np.arange(len(grid) + 1) - 0.5,
        grid,
        cmap=COLOURS,
        vmin=-largest,
        vmax=largest,
        edgecolors=fs.LIGHT,
        linewidth=0.6,
    )
    _print_weights(axes, grid.to_numpy(), largest, numbers=printed)
    _hide(axes, grid)
    _draw_treatment_start(axes, grid)
    _label_axes(axes, grid, style.language)
    fs.add_legend(figure, handles, below_top=0.55 + lower)
    return fs.add_watermark(figure, style.synthetic)


def _hidden(grid: pd.DataFrame) -> np.ndarray:
    """Return the rows of cohorts that may not be shown."""
    return np.flatnonzero(grid.isna().all(axis=1))


def _hide(axes: Axes, grid: pd.DataFrame) -> None:
    """Hatch the rows of cohorts that may not be shown."""
    for row in _hidden(grid):
        axes.axhspan(row - 0.5, row + 0.5, **HIDDEN)


def _fits(grid: np.ndarray, largest: float, height: float) -> bool:
    """Whether there is room for numbers in the size of the smallest words."""
    digits = significant_digits([largest], ERROR_DIGITS)
    widest = len(format_number(-largest, digits, signed=True)) + 1
    cell = (fs.WIDTH - LEFT - RIGHT) / grid.shape[1]
    return fs.DIGIT_WIDTH * widest <= cell and height / len(grid) >= fs.TINY / 72 * 1.4


def _print_weights(axes: Axes, grid: np.ndarray, largest: float, *, numbers: bool) -> None:
    """Print numbers, or the sign alone where there is no room for them; next to nothing is empty.

    The sign says in a print without colours what the colour says.
    """
    digits = significant_digits([largest], ERROR_DIGITS)
    font: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": fs.TINY}
    for (row, column), value in np.ndenumerate(grid):
        if abs(value) > LITTLE * largest:
            text = format_number(value, digits, signed=True)
            colour = "white" if abs(value) > DARK * largest else fs.INK
            sign = "+" if value > 0 else MINUS
            axes.text(column, row, text if numbers else sign, color=colour, **font)


def _draw_treatment_start(axes: Axes, grid: pd.DataFrame) -> None:
    """Draw a line from cohort to cohort, left of the first period under treatment."""
    cohorts = grid.index.to_numpy()
    treated = cohorts[np.isfinite(cohorts)]
    edge = np.searchsorted(grid.columns.to_numpy(), treated) - 0.5
    rows = np.arange(len(treated))
    axes.plot(
        np.repeat(edge, 2),
        np.column_stack([rows - 0.5, rows + 0.5]).ravel(),
        color=fs.INK,
        linewidth=2,
        solid_joinstyle="miter",
        clip_on=False,
    )


def _label_axes(axes: Axes, grid: pd.DataFrame, language: str) -> None:
    axes.set_ylim(len(grid) - 0.5, -0.5)  # the first cohort on top, the never treated last
    axes.set_xlim(-0.5, grid.shape[1] - 0.5)
    names = [_cohort_in_words(g if math.isfinite(g) else math.nan, language) for g in grid.index]
    axes.set_yticks(range(len(grid)), names)

    periods = [str(period) for period in grid.columns]
    width, _ = fs.size_in_inches(axes)
    room = width / len(periods)
    step = math.ceil(fs.DIGIT_WIDTH * (max(map(len, periods)) + 1) / room)
    axes.set_xticks(range(0, len(periods), step), periods[::step])

    axes.tick_params(length=0, labelsize=fs.TINY)
    axes.set_xlabel(word("weights.x", language), labelpad=3)
    axes.set_ylabel(word("weights.y", language), labelpad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _handles(largest: float | None, language: str, hidden: bool) -> list[Artist]:
    """Explain the line, rows that are hidden, and the colours where no numbers are printed."""
    start = word("weights.start", language)
    handles: list[Artist] = [Line2D([], [], color=fs.INK, linewidth=2, label=start)]
    if hidden:
        handles.append(Patch(label=word("weights.hidden", language), **HIDDEN))
    if largest is not None:
        digits = significant_digits([largest], ERROR_DIGITS)
        for value in (-largest, 0.0, largest):
            colour = COLOURS(0.5 + value / largest / 2)
            label = format_number(value, digits, signed=True)
            handles.append(Patch(facecolor=colour, edgecolor=fs.LIGHT, label=label))
    return handles


def _alternative_text(weights: pd.DataFrame, heading: str, style: FigureStyle) -> str:
    column = shown_column(weights)
    order = weights[column].abs().dropna().sort_values(ascending=False).index
    largest = weights.reindex(order)[:MOST_WEIGHTS]
    digits = significant_digits([largest[column].abs().max()], ERROR_DIGITS)
    items = [
        word(
            "alt.weights.item",
            style.language,
            cohort=_cohort_in_words(row["mean_cohort"], style.language),
            period=row["mean_period"],
            weight=format_number(row[column], digits, signed=True),
        )
        for row in largest.to_dict("records")
    ]
    whole = word(
        "alt.weights.whole",
        style.language,
        title=heading,
        which=_estimate_in_words(weights.iloc[0], style.language),
        first=weights["mean_period"].min(),
        last=weights["mean_period"].max(),
        items=listing(items, style.language),
    )
    return alternative_text([whole], style)
