"""The table of what disclosure control left blank: how many numbers, where, and by which rule."""

from __future__ import annotations

from collections.abc import Sequence

from zgzx_research.report.number_format import MISSING
from zgzx_research.report.tables.markdown_table import (
    Table,
    column_words,
    format_count,
    make_table,
)
from zgzx_research.report.wording import word, word_or_code


def disclosure_table(log: Sequence[tuple[str, str, int]], language: str, whole: int = 0) -> Table:
    """Show how many entries each table left blank, by rule; never what they are.

    Parameters
    ----------
    log : Sequence of (str, str, int)
        Table, rule, number of entries.
    language : str
        "zh" or "en".
    whole : int, default 0
        How many other tables and figures leave nothing blank.

    Returns
    -------
    Table
        The table; one line says so where nothing was left blank.
    """
    body = [
        [
            word_or_code("blank_in", table, language),
            word(f"disclosure.{rule}", language),
            format_count(number),
        ]
        for table, rule, number in log
    ]
    body = body or [[word("nothing_blank", language), MISSING, MISSING]]
    if whole:
        rest = word("disclosure_whole", language, number=format_count(whole))
        body.append([rest, MISSING, format_count(0)])
    columns = column_words(("blank_in", "disclosure_rule", "blank_entries"), language)
    return make_table("disclosure", word("table.disclosure", language), columns, "llr", body)
