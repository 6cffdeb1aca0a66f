"""One bar per source: which share of its rows was kept, quarantined, or is titles and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.row_balance import Counts
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.number_format import format_number
from zgzx_research.report.tables.data_tables import source_counts
from zgzx_research.report.wording import word, word_or_code

COLOURS = {"kept": fs.ACCENT, "quarantined": fs.ORANGE, "non_data_rows": fs.LIGHT}
HATCHES = {"kept": "", "quarantined": "////", "non_data_rows": "..."}


def plot_raw_rows(
    sources: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot what became of the rows of each source of raw files.

    Under disclosure control, kept and quarantined rows are one bar where one of them is small.

    Parameters
    ----------
    sources : Mapping
        Source -> entries of its sheets, as for `data_tables.rows_table`.
    language : str, optional
        "zh" or "en". Like all that follow: None lets the page decide.
    synthetic : bool, optional
        Whether to mark the figure as made from synthetic data.

    Returns
    -------
    FigureSpec
        Shows itself in a notebook; `.draw(style)` gives picture, caption and alternative text.
    """

    def draw(style: FigureStyle) -> ReportFigure:
        how = (rules().persons, style.earlier) if style.disclosure_control else (0,)
        counts = source_counts(sources, *how)
        return ReportFigure(
            _picture(counts, style),
            word("rows.title", style.language),
            _alternative_text(counts, style),
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _picture(sources: Mapping[str, Counts], style: FigureStyle) -> Figure:
    figure = fs.new_figure(1.35 + 0.44 * len(sources), word("rows.title", style.language))
    axes = fs.add_axes(figure, left=0.2, right=0.25, top=0.68, bottom=0.55)
    for y, (source, counts) in enumerate(sources.items()):
        _draw_bar(axes, y, counts)
        _label_bar(axes, y, source, counts, style.language)

    axes.set_xlim(0, 100)
    axes.set_ylim(len(sources) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(word("rows.x", style.language), labelpad=2)

    labels = {name: word(f"rows.{name}", style.language) for name in COLOURS}
    handles = [Patch(label=label, **_look(name)) for name, label in labels.items()]
    fs.add_legend(figure, handles, below_top=0.42)
    return fs.add_watermark(figure, style.synthetic)


def _look(name: str) -> dict[str, Any]:
    """Return colour and hatch of a part."""
    edge = fs.GREY if name == "non_data_rows" else "white"
    return {"facecolor": COLOURS[name], "hatch": HATCHES[name], "edgecolor": edge, "lw": 0}


def _records(counts: Counts) -> int:
    """Rows kept or quarantined: all but titles and notes."""
    return (counts["rows_in"] or 0) - (counts["non_data_rows"] or 0)


def _draw_bar(axes: Axes, y: int, counts: Counts) -> None:
    total, left = counts["rows_in"] or 0, 0.0
    parts = {name: counts[name] or 0 for name in COLOURS}
    if counts["kept"] is None:
        parts |= {"kept": _records(counts), "quarantined": 0}

    for name, count in parts.items():
        width = 100 * count / total if total else 0.0
        axes.barh(y + 0.2, width, left=left, height=0.42, **_look(name))
        left += width


def _label_bar(axes: Axes, y: int, source: str, counts: Counts, language: str) -> None:
    name = word_or_code("source", source, language)
    read = word("rows.read", language, source=name, rows=format_number(counts["rows_in"] or 0, 0))
    if counts["kept"] is None:
        kept = f"{word('rows.both', language)} {format_number(_records(counts), 0)}"
    else:
        kept = f"{word('rows.kept', language)} {format_number(counts['kept'], 0)}"

    font: dict[str, Any] = {"va": "center", "fontsize": fs.SMALL}
    for x, side, text in ((0, "left", read), (1, "right", kept)):
        axes.text(x, y - 0.23, text, transform=axes.get_yaxis_transform(), ha=side, **font)


def _alternative_text(sources: Mapping[str, Counts], style: FigureStyle) -> str:
    items = []
    for source, counts in sources.items():
        item = word(
            "alt.rows.both" if counts["kept"] is None else "alt.rows.item",
            style.language,
            source=word_or_code("source", source, style.language),
            rows=format_number(counts["rows_in"] or 0, 0),
            kept=format_number(counts["kept"] or 0, 0),
            quarantined=format_number(counts["quarantined"] or 0, 0),
            non_data_rows=format_number(counts["non_data_rows"] or 0, 0),
            both=format_number(_records(counts), 0),
        )
        items.append(item)

    whole = word("alt.rows.whole", style.language, items=listing(items, style.language))
    return alternative_text([whole], style)
