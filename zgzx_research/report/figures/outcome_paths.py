"""Mean outcome by year; years of other shocks and years not complete are shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import DOMINANCE, THRESHOLD, rules
from zgzx_research.evidence.protected_table import is_dominated
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.figure_marks import (
    INCOMPLETE,
    SHADES,
    UNPUBLISHED,
    shade_years,
)
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import format_value
from zgzx_research.report.wording import word

Shock = tuple[str, int, int]  # key of its words, first and last year

# Years in which something else moved the outcomes. No edition was held in 2022; patent filing
# subsidies ended in June 2021 and all such subsidies by 2025.
SHOCKS: tuple[Shock, ...] = (("covid", 2020, 2022), ("subsidy", 2021, 2025))
# colour, marker, line
GROUPS: dict[str, tuple[str, str, Any]] = {
    "treated": (fs.ACCENT, "o", "-"),
    "never_treated": (fs.OTHER, "s", fs.DASHED),
}


def plot_outcome_paths(
    means: pd.DataFrame,
    *,
    scale: str = "difference",
    shocks: Sequence[Shock] = SHOCKS,
    contributions: pd.DataFrame | None = None,
    complete_until: int | None = None,
    outcome_label: str | None = None,
    share: bool | None = None,
    about: str | None = None,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the mean outcome by year of the treated and the never treated.

    Parameters
    ----------
    means : DataFrame
        Columns year, group ("treated" or "never_treated") and mean; under disclosure control also
        units: how many units each mean rests on.
    scale : str, default "difference"
        "ratio" draws a logarithmic axis, on which proportional paths are parallel.
    shocks : Sequence of (str, int, int), default SHOCKS
        Years to shade: key of their words, first and last year.
    contributions : DataFrame, optional
        Columns year, group and value, a row per unit, of an outcome that is a count: under
        disclosure control a mean that a few units dominate is left out (nk-rule).
    complete_until : int, optional
        Last year whose outcomes are all known; later ones are shaded. Like all that follow: None
        lets the page decide.
    outcome_label : str, optional
        Name of the outcome for readers.
    share : bool, optional
        Whether the outcome is a share (0 to 1), shown in percent.
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
        Under disclosure control (when drawn): means without their numbers of units.
    """

    def draw(style: FigureStyle) -> ReportFigure:
        shown, blank = means, dict[str, int]()
        if style.disclosure_control:
            shown, blank = _without_few(means, contributions)
        title = word("paths.title", style.language, outcome=style.outcome)
        picture = _picture(shown, title, scale, shocks, style)
        return ReportFigure(picture, title, _alternative_text(shown, title, style), blank=blank)

    return FigureSpec(
        draw,
        {
            "complete_until": complete_until,
            "outcome_label": outcome_label,
            "share": share,
            "about": about,
            "language": language,
            "synthetic": synthetic,
        },
    )


def _without_few(
    means: pd.DataFrame, contributions: pd.DataFrame | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out means of too few units, and those that few dominate; count them by rule."""
    enough = _of_enough_units(means)
    if contributions is None:
        return enough, {THRESHOLD: len(means) - len(enough)}
    sums = contributions.groupby(["year", "group"])["value"].agg(is_dominated)
    places = pd.MultiIndex.from_frame(enough[["year", "group"]])
    dominated = sums.reindex(places).fillna(False).to_numpy(dtype=bool)
    shown = enough[~dominated]
    return shown, {THRESHOLD: len(means) - len(enough), DOMINANCE: int(dominated.sum())}


def _of_enough_units(means: pd.DataFrame) -> pd.DataFrame:
    if "units" not in means:
        raise ZgzxError(
            "the means do not say how many units they rest on",
            where="plot_outcome_paths",
            remedy="Add a column units, e.g. .agg(mean=(…, 'mean'), units=('firm_id', 'nunique')).",
        )
    return means[means["units"] >= rules().firms]


def _picture(
    means: pd.DataFrame, title: str, scale: str, shocks: Sequence[Shock], style: FigureStyle
) -> Figure:
    logarithmic = scale == "ratio" and bool((means["mean"].dropna() > 0).all())
    notes = ["%"] * style.share + [word("paths.log", style.language)] * logarithmic
    shades = _shades(means, shocks, style)
    labels = [word(f"group.{name}.{style.about}", style.language) for name in GROUPS]
    legend = fs.legend_height([*labels, *(label for label, *_ in shades)])
    figure = fs.new_figure(3.6 + legend, title, " · ".join(notes))
    axes = fs.add_axes(figure, left=0.6, right=0.2, top=0.68 + legend, bottom=0.6)

    handles: list[Artist] = [*_draw_paths(axes, means, style)]
    if logarithmic:
        axes.set_yscale("log")
        wide = means["mean"].max() > 10 * means["mean"].min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else MaxNLocator(5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))

    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlabel(word("paths.x", style.language))
    fs.add_grid(axes, "y")
    axes.set_xlim(means["year"].min() - 0.6, means["year"].max() + 0.6)
    for label, first, last, shade, gid in shades:
        handles.append(shade_years(axes, first - 0.5, last + 0.5, shade, label, gid=gid))
    fs.add_legend(figure, handles, below_top=0.56)
    return fs.add_watermark(figure, style.synthetic)


def _draw_paths(axes: Axes, means: pd.DataFrame, style: FigureStyle) -> list[Line2D]:
    factor, lines = 100.0 if style.share else 1.0, []
    for group, (colour, marker, line) in GROUPS.items():
        part = means[means["group"] == group].sort_values("year")
        lines += axes.plot(
            part["year"].to_numpy(),
            factor * part["mean"].to_numpy(float),
            marker=marker,
            linestyle=line,
            color=colour,
            linewidth=2,
            markersize=5,
            label=word(f"group.{group}.{style.about}", style.language),
        )
    return lines


def _shades(
    means: pd.DataFrame, shocks: Sequence[Shock], style: FigureStyle
) -> list[tuple[str, int, int, tuple[str, str], str]]:
    """Return name, first and last year, look and mark of the years to shade, as far as shown."""
    first, last = int(means["year"].min()), int(means["year"].max())
    found = [
        (word(f"shock.{key}", style.language), begin, end, SHADES[at % len(SHADES)], key)
        for at, (key, begin, end) in enumerate(shocks)
    ]
    if style.complete_until is not None:
        name = word("incomplete.years", style.language)
        found.append((name, style.complete_until + 1, last, UNPUBLISHED, INCOMPLETE))
    shown = [
        (name, max(begin, first), min(end, last), shade, gid)
        for name, begin, end, shade, gid in found
    ]
    return [one for one in shown if one[1] <= one[2]]


def _alternative_text(means: pd.DataFrame, title: str, style: FigureStyle) -> str:
    unit, items = "share" if style.share else "number", []
    for group in GROUPS:
        path = means[means["group"] == group].sort_values("year")["mean"].dropna()
        if len(path):
            start, end = (
                format_value(float(path.iloc[at]), unit, language=style.language) for at in (0, -1)
            )
            name = word(f"group.{group}.{style.about}", style.language)
            items.append(word("alt.paths.item", style.language, group=name, start=start, end=end))

    whole = word(
        "alt.paths.whole",
        style.language,
        title=title,
        first=means["year"].min(),
        last=means["year"].max(),
        items=listing(items, style.language),
    )
    late = style.complete_until is not None and style.complete_until < means["year"].max()
    since = (style.complete_until or 0) + 1
    said = [word("alt.shared.incomplete", style.language, first=since)] if late else []
    return alternative_text([whole, *said], style)
