"""A table of finished text, and its Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from zgzx_research.report.number_format import MISSING, format_number
from zgzx_research.report.wording import (
    display_width,
    escape_markdown,
    from_data,
    word,
    word_about,
)

WIDEST = 36  # display columns a Markdown column may claim; longer texts wrap
SIDES = {"l": "left", "r": "right"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose entries are finished text.

    Attributes
    ----------
    key : str
        Name of the kind of table.
    caption : str
        What it shows, and what a reader must know to read it.
    columns : tuple of str
        Headings.
    align : tuple of str
        "left" or "right" for each column.
    rows : tuple of tuple of str
        One tuple per row, each as long as `columns`.
    notes : tuple of str, default ()
        Further sentences for below the table; the tables of this folder have none.
    markup : bool, default False
        Whether entries are Markdown of our own; otherwise marks in them are escaped.
    blank : Mapping, default {}
        Rule of disclosure control to the number of entries that are left blank by it.
    counts : DataFrame, optional
        Its counts as they are shown, for later editions; missing where blank.
    """

    key: str
    caption: str
    columns: tuple[str, ...]
    align: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    markup: bool = False
    blank: Mapping[str, int] = field(default_factory=dict)
    counts: pd.DataFrame | None = None

    def to_markdown(self) -> str:
        """Write the table as a Pandoc pipe table, without its caption.

        Returns
        -------
        str
            Markdown. The relative width of a column follows its longest entry.
        """
        written = str if self.markup else escape_markdown
        lines = [tuple(map(written, row)) for row in (self.columns, *self.rows)]
        widths = [
            max(3, *(min(WIDEST, display_width(line[column])) for line in lines))
            for column in range(len(self.columns))
        ]
        rule = [
            "-" * (width - 1) + ":" if side == "right" else "-" * width
            for side, width in zip(self.align, widths, strict=True)
        ]
        return "".join(f"| {' | '.join(line)} |\n" for line in (lines[0], rule, *lines[1:]))


def make_table(
    key: str,
    caption: str,
    columns: Sequence[str],
    align: str,
    rows: Sequence[Sequence[str]],
    blank: Mapping[str, int] | None = None,
) -> Table:
    """Make a table whose rows may hold text from data.

    Parameters
    ----------
    key : str
        Name of the kind of table.
    caption : str
        Caption, in our own words.
    columns : Sequence of str
        Headings, e.g. from `column_words`.
    align : str
        One letter per column: "l" or "r".
    rows : Sequence of Sequence of str
        Entries; characters that the report fonts lack are replaced.
    blank : Mapping, optional
        Rule of disclosure control to the number of entries left blank by it.

    Returns
    -------
    Table
        The table.
    """
    printable = tuple(tuple(from_data(text) for text in row) for row in rows)
    sides = tuple(SIDES[letter] for letter in align)
    return Table(key, caption, tuple(columns), sides, printable, blank=blank or {})


def column_words(names: Sequence[str], language: str, about: str = "unit") -> list[str]:
    """Return the headings of columns: the words of ``column.<name>``, or of ``column_award``."""
    return [word_about("column", name, about, language) for name in names]


def with_note(caption: str, note: str, language: str) -> str:
    """Add the sentence of ``note.<note>`` to a caption."""
    return word("note.after", language, caption=caption, note=word(f"note.{note}", language))


def format_count(number: int | None) -> str:
    """Write a count; a dash where it may not be shown."""
    return MISSING if number is None else format_number(number, 0)
