"""The editions on a time line, with categories, versions of the treatment and outside events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.boxes import WORDS
from zgzx_research.report.figures.outcome_paths import SHADES, SHOCKS, Shock
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.wording import word, word_or_code

CATEGORIES = ("innovation", "team", "talent", "skill")
HATCHES = ("", "////")  # of the outside events, for print without colours
ROW = 0.29  # inches from one row of the figure to the next
LABELS = 0.80  # inches at the left for the names of the rows


def plot_edition_timeline(
    calendar: pd.DataFrame,
    categories: pd.DataFrame | None = None,
    *,
    shocks: Sequence[Shock] = SHOCKS,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot the years of the editions, their categories, and other events of these years.

    Editions whose year is documented are filled, those whose year is an assumption are hollow.

    Parameters
    ----------
    calendar : DataFrame
        edition, year (of the final), assumed (whether the year is an assumption), version.
    categories : DataFrame, optional
        edition, category: which categories the rosters have; one dot each.
    shocks : Sequence of (str, int, int), default SHOCKS
        Years to shade: key of their words, first and last year.
    language : str, optional
        "zh" or "en". Like all that follow: None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.
    """
    none = pd.DataFrame({"edition": [], "category": []})
    dots = (none if categories is None else categories).drop_duplicates()
    dots = dots.merge(calendar[["edition", "year"]], on="edition")

    def draw(style: FigureStyle) -> ReportFigure:
        title = word("timeline.title", style.language)
        return ReportFigure(
            _picture(calendar, dots, shocks, style),
            title,
            _alternative_text(calendar, dots, shocks, title, style),
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(
    calendar: pd.DataFrame, dots: pd.DataFrame, shocks: Sequence[Shock], style: FigureStyle
) -> Figure:
    language = style.language
    shown = [name for name in CATEGORIES if name in set(dots["category"])]
    rows = 2 + len(shown) + len(shocks)
    figure = fs.new_figure(1.2 + ROW * rows, word("timeline.title", language))
    axes = fs.add_axes(figure, left=LABELS, right=0.10, top=0.86, bottom=0.30)
    first, last = int(calendar["year"].min()), int(calendar["year"].max())
    axes.set_xlim(first - 0.55, last + 0.55)
    axes.set_ylim(rows - 0.5, -0.5)

    names = [word("timeline.versions", language), word("timeline.edition", language)]
    names += [word(f"timeline.category.{name}", language) for name in shown]
    names += [_shock_name(key, language) for key, _, _ in shocks]
    _draw_versions(axes, calendar, language)
    _draw_editions(axes, calendar)
    for row, name in enumerate(shown, start=2):
        years = dots.loc[dots["category"].eq(name), "year"].to_numpy(float)
        axes.plot(years, [row] * len(years), "s", color=fs.SLATE, markersize=5)
    for at, (shock, row) in enumerate(zip(shocks, range(rows - len(shocks), rows), strict=True)):
        _draw_shock(axes, shock, row, at, (first, last))

    axes.set_yticks(range(rows), names, fontsize=WORDS)
    axes.set_xticks(range(first, last + 1, 2 if last - first < 20 else 5))
    axes.tick_params(axis="x", labelsize=WORDS)
    axes.spines["left"].set_visible(False)
    _add_legend(figure, bool(shown), language)
    return fs.add_watermark(figure, style.synthetic)


def _shock_name(key: str, language: str) -> str:
    """Return the short name of an outside event."""
    return word("timeline.subsidy_short" if key == "subsidy" else f"shock.{key}", language)


def _draw_versions(axes: Axes, calendar: pd.DataFrame, language: str) -> None:
    """Draw a bar above the editions of each version of the treatment."""
    for at, (version, own) in enumerate(calendar.groupby("version")):
        start, end = own["year"].min() - 0.42, own["year"].max() + 0.42
        fill = fs.LIGHT if at % 2 == 0 else "white"
        axes.barh(
            0,
            end - start,
            left=start,
            height=0.66,
            color=fill,
            edgecolor=fs.SLATE,
            gid="version",
        )
        text = word_or_code("timeline.version", str(version), language)
        axes.text((start + end) / 2, 0, text, ha="center", va="center", fontsize=WORDS)


def _draw_editions(axes: Axes, calendar: pd.DataFrame) -> None:
    """Draw a numbered circle for each edition, hollow where its year is an assumption."""
    for edition, year, assumed in calendar[["edition", "year", "assumed"]].itertuples(index=False):
        ink = fs.SLATE if assumed else "white"
        axes.plot(
            year,
            1,
            "o",
            markersize=14.5,
            markerfacecolor="white" if assumed else fs.ACCENT,
            markeredgecolor=fs.SLATE if assumed else fs.ACCENT,
            markeredgewidth=1.3,
        )
        axes.text(year, 1.03, f"{edition}", ha="center", va="center", fontsize=WORDS, color=ink)


def _draw_shock(axes: Axes, shock: Shock, row: int, at: int, years: tuple[int, int]) -> None:
    _, begin, end = shock
    left, right = max(begin, years[0]) - 0.5, min(end, years[1]) + 0.5
    if left < right:
        shade, _ = SHADES[at % len(SHADES)]
        axes.barh(
            row,
            right - left,
            left=left,
            height=0.5,
            color=shade,
            alpha=0.45,
            hatch=HATCHES[at % len(HATCHES)],
            edgecolor=fs.SLATE,
        )


def _add_legend(figure: Figure, with_categories: bool, language: str) -> None:
    circle: dict[str, Any] = {
        "marker": "o",
        "linestyle": "",
        "markersize": 9,
        "markeredgecolor": fs.BLUE,
    }
    handles = [
        Line2D([], [], color=fs.ACCENT, label=word("timeline.documented", language), **circle),
        Line2D(
            [],
            [],
            color=fs.SLATE,
            markerfacecolor="white",
            label=word("timeline.assumed", language),
            **circle,
        ),
    ]
    if with_categories:
        square: dict[str, Any] = {
            "marker": "s",
            "linestyle": "",
            "markersize": 6,
            "color": fs.SLATE,
        }
        handles.append(Line2D([], [], label=word("timeline.in_roster", language), **square))
    fs.add_legend(figure, handles, below_top=0.40)
    for text in figure.legends[0].get_texts():
        text.set_fontsize(WORDS)


def _alternative_text(
    calendar: pd.DataFrame,
    dots: pd.DataFrame,
    shocks: Sequence[Shock],
    title: str,
    style: FigureStyle,
) -> str:
    language = style.language
    items = [
        word(f"alt.timeline.{'assumed' if assumed else 'documented'}", language, **about)
        for assumed, about in zip(
            calendar["assumed"], calendar[["edition", "year"]].to_dict("records"), strict=True
        )
    ]
    first, last = int(calendar["year"].min()), int(calendar["year"].max())
    about = {"title": title, "first": first, "last": last, "count": len(calendar)}
    parts = [word("alt.timeline.whole", language, **about, items=listing(items, language))]
    for version, edition in calendar.groupby("version")["edition"].min().items():
        parts.append(word("alt.timeline.version", language, version=version, edition=edition))
    for name, edition in dots.groupby("category")["edition"].min().items():
        text = word(f"category.{name}", language)
        parts.append(word("alt.timeline.category", language, category=text, edition=int(edition)))
    if without := sorted(set(range(first, last + 1)) - set(calendar["year"])):
        years = listing([str(year) for year in without], language)
        parts.append(word("alt.timeline.without", language, years=years))
    for key, begin, end in shocks:
        name = word(f"shock.{key}", language)
        parts.append(word("alt.timeline.shock", language, name=name, first=begin, last=end))
    return alternative_text(parts, style)
