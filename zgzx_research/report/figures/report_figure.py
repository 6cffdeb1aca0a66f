"""What every figure is: a specification first, then a picture with caption and alternative text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.report.figures.figure_style import (
    DPI,
    TITLE,
    TITLE_HEIGHT,
    report_settings,
)
from zgzx_research.report.wording import from_data, word

ABOVE_SUBTITLE = 0.06  # inches that stay above a subtitle where the title is left out


@dataclass(frozen=True, slots=True)
class FigureStyle:
    """What all figures of one page share.

    Attributes
    ----------
    language : str, default "zh"
        "zh" or "en".
    synthetic : bool, default False
        Whether the data are synthetic; if so, the figure carries a watermark.
    outcome_label : str, default ""
        Name of the outcome for readers; without one the figure says "outcome".
    share : bool, default False
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    about : str, default "award"
        Whose words to use: "award" (the programme's own) or "unit" (any panel).
    disclosure_control : bool, default False
        Whether to leave out what rests on too few firms or records (`evidence.disclosure`).
    claimed : float, optional
        The effect that is claimed, in percent or percentage points; figures of estimates of one
        outcome draw it as a dashed line.
    claimed_unit : str, default ""
        Its unit: figures of effects in another one do not draw it. "" is any.
    complete_until : int, optional
        Last year whose patents are all published; later ones are shaded.
    title_in_caption : bool, default False
        Whether the picture is without its title, since the caption below says it.
    earlier : EarlierCounts
        What an earlier edition of the report showed; nothing by default.
    told_events : frozenset of int, default {}
        Event times whose numbers of treated units tell too much beside it.
    """

    language: str = "zh"
    synthetic: bool = False
    outcome_label: str = ""
    share: bool = False
    about: str = "award"
    disclosure_control: bool = False
    claimed: float | None = None
    claimed_unit: str = ""
    complete_until: int | None = None
    title_in_caption: bool = False
    earlier: EarlierCounts = NOTHING
    told_events: frozenset[int] = frozenset()

    def with_claim_in(self, unit: str) -> FigureStyle:
        """Return the style for effects in a unit: without the claimed effect if it has another."""
        return self if self.claimed_unit in ("", unit) else replace(self, claimed=None)

    @property
    def outcome(self) -> str:
        """Name of the outcome in characters that the report fonts can print."""
        return from_data(self.outcome_label) or word("outcome_unnamed", self.language)


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A drawn figure with its words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    caption : str
        One line that says what the figure shows.
    alt : str
        Alternative text: the figure in words, with its key numbers, for readers who cannot see it.
    title_in_caption : bool, default False
        Whether svg and png leave the title out.
    name : str, default ""
        Name in the log of disclosure control, if it is not that of the specification.
    blank : Mapping, default {}
        Rule of disclosure control to the number of counts left out by it, if no table shows them.
    counts : DataFrame, optional
        The counts as they are shown, with totals, for later editions; missing where blank.
    """

    figure: Figure
    caption: str
    alt: str
    title_in_caption: bool = False
    name: str = ""
    blank: Mapping[str, int] = field(default_factory=dict)
    counts: pd.DataFrame | None = None

    def svg(self) -> str:
        """Save the picture as SVG text; equal content gives equal text.

        Raises
        ------
        ZgzxError
            A character that the report fonts do not hold.
        """
        return self._saved("svg", metadata={"Date": None, "Creator": None}).decode("utf-8")

    def png(self) -> bytes:
        """Save the picture as a bitmap; equal content gives equal bytes.

        Raises
        ------
        ZgzxError
            A character that the report fonts do not hold.
        """
        return self._saved("png", dpi=DPI, metadata={"Software": None})

    def _saved(self, file_format: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        if self.title_in_caption:
            options["bbox_inches"] = self._below_title()
        with report_settings(), warnings.catch_warnings():
            warnings.filterwarnings("error", message="Glyph")
            try:
                self.figure.savefig(buffer, format=file_format, **options)
            except UserWarning as problem:
                raise ZgzxError(
                    f"a figure cannot be drawn: {problem}",
                    where="figure",
                    remedy="Reword the label, or pass data through fonts.replace_missing.",
                ) from None
        return buffer.getvalue()

    def _below_title(self) -> Bbox:
        """Return the part of the picture below its title, in inches."""
        width, height = self.figure.get_size_inches()
        for text in self.figure.texts:
            text.set_visible(text.get_gid() != TITLE)
        return Bbox.from_bounds(0, 0, width, height - TITLE_HEIGHT + ABOVE_SUBTITLE)

    def _repr_png_(self) -> bytes:
        return self.png()


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """A figure that has its data and waits for the style of its page.

    Attributes
    ----------
    build : Callable
        Makes the figure in a given style; called inside `report_settings`.
    given : Mapping
        Fields of `FigureStyle` that the caller has chosen; None where the page decides.
    """

    build: Callable[[FigureStyle], ReportFigure]
    given: Mapping[str, str | bool | float | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the figure in the log of disclosure control: the module that draws it."""
        return self.build.__module__.rpartition(".")[2]

    def draw(self, style: FigureStyle | None = None) -> ReportFigure:
        """Draw the figure.

        Parameters
        ----------
        style : FigureStyle, optional
            Style of the page. What the call of `plot_…` has chosen takes precedence.

        Returns
        -------
        ReportFigure
            Picture, caption and alternative text.
        """
        chosen: dict[str, Any] = {
            name: value for name, value in self.given.items() if value is not None
        }
        chosen_style = replace(style or FigureStyle(), **chosen)
        with report_settings():
            drawn = self.build(chosen_style)
        return replace(drawn, title_in_caption=chosen_style.title_in_caption)

    def _repr_png_(self) -> bytes:
        return self.draw().png()


def alternative_text(parts: Sequence[str], style: FigureStyle) -> str:
    """Join sentences to an alternative text, which also names the watermark if there is one.

    Parameters
    ----------
    parts : Sequence of str
        Whole sentences.
    style : FigureStyle
        Style of the figure.

    Returns
    -------
    str
        The text.
    """
    mark = [word("alt.shared.synthetic", style.language)] if style.synthetic else []
    return word("alt.shared.sentence", style.language).join([*parts, *mark])


def listing(items: Sequence[str], language: str) -> str:
    """Separate the items of an alternative text as the language does it."""
    return word("alt.shared.separator", language).join(items)
