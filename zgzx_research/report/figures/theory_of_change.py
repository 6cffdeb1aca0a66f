"""The programme's theory of change as boxes and arrows, with the rival explanations beside it."""

from __future__ import annotations

from matplotlib.figure import Figure

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.boxes import (
    PAD,
    Box,
    add_arrow,
    add_box,
    add_frame,
    add_words,
    height_of,
    wrapped,
)
from zgzx_research.report.figures.report_figure import (
    FigureSpec,
    FigureStyle,
    ReportFigure,
    alternative_text,
    listing,
)
from zgzx_research.report.wording import word

CHAIN = ("training", "contest", "growth", "giving_back")  # the programme's own cycle
OUTCOMES = ("retention", "patents")  # what the claims say follows
RIVALS = ("good_years", "other_programmes", "shocks")  # what else could move the outcomes
LEFT, CHAIN_WIDTH = 0.12, 1.98
RIVAL_LEFT, RIVAL_WIDTH = 2.46, 1.62
GAP = 0.21  # inches between two boxes of the chain
TOP = 0.72


def plot_theory_of_change(
    *, language: str | None = None, synthetic: bool | None = None
) -> FigureSpec:
    """Plot the chain from training to retention and patents, and what else may explain a change.

    The figure holds no data. Solid boxes and arrows are the chain that the programme describes;
    dashed ones are explanations that a comparison has to rule out.

    Parameters
    ----------
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
        title = word("theory.title", style.language)
        return ReportFigure(_picture(title, style), title, _alternative_text(title, style))

    return FigureSpec(draw, {"language": language, "synthetic": synthetic})


def _lines(name: str, width: float, language: str) -> list[str]:
    """Return the name of a box, and below it what happens there."""
    room = width - 2 * PAD
    name_lines = wrapped(word(f"theory.name.{name}", language), room * 0.93)  # bold is wider
    return [*name_lines, *wrapped(word(f"theory.what.{name}", language), room)]


def _picture(title: str, style: FigureStyle) -> Figure:
    chain = {name: _lines(name, CHAIN_WIDTH, style.language) for name in CHAIN}
    half = (CHAIN_WIDTH - 0.12) / 2
    ends = {name: wrapped(word(f"theory.name.{name}", style.language), half) for name in OUTCOMES}
    rivals = {name: _lines(name, RIVAL_WIDTH, style.language) for name in RIVALS}

    bottom = TOP + sum(height_of(len(lines)) + GAP for lines in chain.values()) + 0.24
    end_height = height_of(max(len(lines) for lines in ends.values()))
    figure = fs.new_figure(bottom + end_height + 0.2, title)
    _add_headings(figure, style.language)
    last = _add_chain(figure, chain)

    places = (LEFT, LEFT + half + 0.12)
    for lines, left in zip(ends.values(), places, strict=True):
        box = Box(left, bottom, half, end_height)
        add_box(figure, box, lines)
        add_arrow(figure, (last.middle, last.bottom), (box.middle, box.top))
    frame = Box(LEFT - 0.06, bottom - 0.08, CHAIN_WIDTH + 0.12, end_height + 0.16)
    add_frame(figure, frame)  # the rivals explain either outcome
    _add_rivals(figure, rivals, (frame.left + frame.width, bottom + end_height / 2))
    return fs.add_watermark(figure, style.synthetic)


def _add_headings(figure: Figure, language: str) -> None:
    for left, key in ((LEFT, "chain"), (RIVAL_LEFT, "rivals")):
        text = word(f"theory.heading.{key}", language)
        add_words(figure, left, TOP - 0.16, text, color=fs.SLATE)


def _add_chain(figure: Figure, chain: dict[str, list[str]]) -> Box:
    """Draw the boxes of the chain from above to below, and return the last one."""
    top, before = TOP, None
    for lines in chain.values():
        box = Box(LEFT, top, CHAIN_WIDTH, height_of(len(lines)))
        add_box(figure, box, lines)
        if before is not None:
            add_arrow(figure, (before.middle, before.bottom), (box.middle, box.top))
        before, top = box, box.bottom + GAP
    assert before is not None
    return before


def _add_rivals(figure: Figure, rivals: dict[str, list[str]], target: tuple[float, float]) -> None:
    """Draw the rivals at the right, and their arrow to the outcomes."""
    top = TOP
    for lines in rivals.values():
        box = Box(RIVAL_LEFT, top, RIVAL_WIDTH, height_of(len(lines)))
        add_box(figure, box, lines, rival=True)
        top = box.bottom + GAP
    spine = RIVAL_LEFT + RIVAL_WIDTH / 2
    add_arrow(figure, (spine, top - GAP), target, rival=True, bend=-0.25)


def _alternative_text(title: str, style: FigureStyle) -> str:
    language = style.language
    arrow = word("alt.theory.arrow", language)

    def told(names: tuple[str, ...]) -> list[str]:
        return [
            word(
                "alt.theory.item",
                language,
                name=word(f"theory.name.{name}", language),
                what=word(f"theory.what.{name}", language),
            )
            for name in names
        ]

    outcomes = [word(f"theory.name.{name}", language) for name in OUTCOMES]
    whole = word(
        "alt.theory.whole",
        language,
        title=title,
        chain=arrow.join(told(CHAIN)),
        outcomes=word("alt.theory.and", language).join(outcomes),
        rivals=listing(told(RIVALS), language),
    )
    return alternative_text([whole], style)
