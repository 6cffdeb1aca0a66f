"""The flow of firms or persons from the lists to the estimates, as boxes that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from matplotlib.figure import Figure

from zgzx_research.evidence.flow import ProgrammeFlow, Stage, stages
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.boxes import (
    LINE,
    PAD,
    Box,
    add_arrow,
    add_box,
    add_words,
    height_of,
    wrapped,
)
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
)
from zgzx_research.report.number_format import format_number
from zgzx_research.report.wording import word

LEFT, BOX_WIDTH = 0.12, 2.06
SIDE, SIDE_WIDTH = 2.30, 1.82  # the words about those who left
TOP, GAP = 0.44, 0.23


@dataclass(frozen=True, slots=True)
class Row:
    """One box, and the words beside the arrow that leads to it.

    Attributes
    ----------
    lines : list of str
        Words in the box; empty for words alone.
    side : list of str
        Words beside the arrow: who left, and why.
    note : bool
        Whether the box says that something is not known: it is dashed.
    linked : bool
        Whether an arrow leads from the box above to this one.
    leaving : bool
        Whether the words beside it are about those who left: an arrow leads to them.
    """

    lines: list[str]
    side: list[str]
    note: bool = False
    linked: bool = True
    leaving: bool = True


def plot_flow(
    flow: ProgrammeFlow,
    who: Literal["firms", "persons"] = "firms",
    *,
    language: str | None = None,
    synthetic: bool | None = None,
) -> FigureSpec:
    """Plot how many firms or persons reach each level, and why the others left.

    Every box is the next one and those who left between the two. Under disclosure control, levels
    and reasons of few are told together.

    Parameters
    ----------
    flow : ProgrammeFlow
        From `page.flow`.
    who : {"firms", "persons"}, default "firms"
        Firms: from the entries to the headline of each outcome. Persons: from the lists to those
        who can be compared.
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
        shown = flow.hidden(style.earlier) if style.disclosure_control else flow
        title = word(f"flow.title.{who}", style.language)
        rows = _firm_rows(shown, style) if who == "firms" else _person_rows(shown, style)
        return ReportFigure(
            _picture(rows, title, style), title, _alternative_text(shown, who, title, style)
        )

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _firm_rows(flow: ProgrammeFlow, style: FigureStyle) -> list[Row]:
    """Return the rows of the figure about firms."""
    entries, firms = stages(flow.entries), stages(flow.firms)
    told = entries if entries[-1].left else entries[:1]  # all were found: once is enough
    rows = [_row("entries", stage, style, linked=stage is not told[0]) for stage in told]
    rows.append(_notes(flow, "firms", style))
    one = _row("firms", firms[0], style)
    several = wrapped(word("flow.one_firm_several", style.language), SIDE_WIDTH)
    rows.append(replace(one, side=several, leaving=False))  # the unit changes here
    rows += [_row("firms", stage, style) for stage in firms[1:]]
    rows.append(Row([], [word("flow.heading", style.language)], linked=False))
    for outcome, own in flow.outcomes.items():
        name = word(f"outcome.{outcome}", style.language)
        rows.append(_row("outcome", stages(own)[-1], style, linked=False, outcome=name))
    return [row for row in rows if row.lines or row.side]


def _person_rows(flow: ProgrammeFlow, style: FigureStyle) -> list[Row]:
    """Return the rows of the figure about persons."""
    own = stages(flow.persons)
    rows = [_row("persons", own[0], style, linked=False), _notes(flow, "persons", style)]
    rows += [_row("persons", stage, style) for stage in own[1:]]
    return [row for row in rows if row.lines or row.side]


def _row(
    unit: str,
    stage: Stage,
    style: FigureStyle,
    *,
    linked: bool = True,
    outcome: str = "",
) -> Row:
    """Return a box with its number, and why others left since the box before it."""
    language = style.language
    lines = wrapped(_counted(unit, stage.count, language), (BOX_WIDTH - 2 * PAD) * 0.93)
    what = outcome or word(f"flow.level.{unit}.{stage.name}", language)
    lines += wrapped(what, BOX_WIDTH - 2 * PAD)
    return Row(lines, _left_lines(stage.left, language), linked=linked)


def _counted(unit: str, count: int | None, language: str) -> str:
    """Return a number with its unit, or that it is not shown."""
    if count is None:
        return word("flow.hidden", language)
    return word(f"flow.count.{unit}", language, count=format_number(count, 0))


def _left_lines(left: Sequence[tuple[tuple[str, ...], int | None]], language: str) -> list[str]:
    """Return the lines that say who left."""
    return [line for text in _left_texts(left, language) for line in wrapped(text, SIDE_WIDTH)]


def _left_texts(left: Sequence[tuple[tuple[str, ...], int | None]], language: str) -> list[str]:
    comma = word("flow.comma", language)
    texts = []
    for reasons, number in left:
        why = comma.join(word(f"flow.reason.{reason}", language) for reason in reasons)
        key = "left" if len(reasons) == 1 and number is not None else "left_together"
        texts.append(word(f"flow.{key}", language, count=_number(number, language), why=why))
    return texts


def _number(count: int | None, language: str) -> str:
    return word("withheld", language) if count is None else format_number(count, 0)


def _notes(flow: ProgrammeFlow, who: str, style: FigureStyle) -> Row:
    """Return a dashed box that says which levels are left out, and why; empty where none is."""
    texts = _absent_texts(flow, who, style.language)
    lines = [line for text in texts for line in wrapped(text, BOX_WIDTH - 2 * PAD)]
    return Row(lines, [], note=True, linked=False)


def _absent_texts(flow: ProgrammeFlow, who: str, language: str) -> list[str]:
    """Return the sentences about levels that no file tells of."""
    told = [name for name in flow.absent if who == "persons" or name != "employment"]
    return [word(f"flow.absent.{name}", language) for name in told]


def _picture(rows: Sequence[Row], title: str, style: FigureStyle) -> Figure:
    tops, top = [], TOP
    for at, row in enumerate(rows):
        beside = len(row.side) * LINE + 0.08
        gap = max(GAP, beside) if row.linked else (0.10 if at else 0.0)
        tops.append(top + gap)
        inside = height_of(len(row.lines)) if row.lines else beside
        top += gap + (inside if row.linked else max(inside, beside))
    figure = fs.new_figure(top + 0.15, title)

    before: Box | None = None
    for row, start in zip(rows, tops, strict=True):
        before = _draw_row(figure, row, start, before)
    return fs.add_watermark(figure, style.synthetic)


def _draw_row(figure: Figure, row: Row, top: float, before: Box | None) -> Box | None:
    """Draw one row, and return the box that the next arrow starts from."""
    if not row.lines:
        add_words(figure, LEFT, top + LINE / 2, row.side[0], fontweight="bold", color=fs.SLATE)
        return before
    beside, height = len(row.side) * LINE, height_of(len(row.lines))
    down = 0.0 if row.linked else max(0.0, beside - height) / 2  # the box beside many words
    box = Box(LEFT, top + down, BOX_WIDTH, height)
    add_box(figure, box, row.lines, rival=row.note)
    first = box.top - 0.04 - beside if row.linked else box.top + (height - beside) / 2
    for at, line in enumerate(row.side):
        add_words(figure, SIDE, first + (at + 0.5) * LINE, line)
    if row.linked and before is not None:
        add_arrow(figure, (before.middle, before.bottom), (box.middle, box.top))
        if row.side and row.leaving:
            turn = first + beside / 2
            add_arrow(figure, (before.middle, turn), (SIDE - 0.05, turn), rival=True)
    return before if row.note and before is not None else box


def _alternative_text(flow: ProgrammeFlow, who: str, title: str, style: FigureStyle) -> str:
    language = style.language
    parts = [word("alt.flow.whole", language, title=title)]
    if who == "firms":
        parts += _told("entries", stages(flow.entries), language)
        parts += _told("firms", stages(flow.firms), language)
        for outcome, own in flow.outcomes.items():
            name = word(f"outcome.{outcome}", language)
            parts += _told("outcome", stages(own)[-1:], language, name)
    else:
        parts += _told("persons", stages(flow.persons), language)
    return alternative_text([*parts, *_absent_texts(flow, who, language)], style)


def _told(unit: str, told: Sequence[Stage], language: str, outcome: str = "") -> list[str]:
    """Return a sentence for each level, with the numbers of those who left before it."""
    sentences = []
    for stage in told:
        count = _counted(unit, stage.count, language)
        what = outcome or word(f"flow.level.{unit}.{stage.name}", language)
        left = word("flow.comma", language).join(_left_texts(stage.left, language))
        key = "alt.flow.left" if left else "alt.flow.level"
        sentences.append(word(key, language, count=count, what=what, left=left))
    return sentences
