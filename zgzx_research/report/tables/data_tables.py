"""Tables of the data: rows read, entries set aside, records linked, units left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.row_balance import (
    BALANCE,
    SHEETS,
    TOTAL,
    Counts,
    blank_rows,
    row_balance,
)
from zgzx_research.report.number_format import MISSING, format_value
from zgzx_research.report.tables.markdown_table import (
    Table,
    column_words,
    format_count,
    make_table,
    with_note,
)
from zgzx_research.report.wording import word, word_about, word_or_code

MANY_FILES = 6  # of one source; more are shown by kind

# An entry of `ledger.json`: file, sheet, rows_in, kept, quarantined, non_data_rows of one sheet.
Sheet = Mapping[str, Any]


def rows_table(
    sources: Mapping[str, Sequence[Sheet]],
    language: str,
    minimum: int = 0,
    before: EarlierCounts = NOTHING,
) -> Table:
    """Show the rows read from every source and what became of them.

    Every file and sheet has its own line in the workbook.

    Parameters
    ----------
    sources : Mapping
        `ledger.json`["sources"]: source -> its sheets.
    language : str
        "zh" or "en".
    minimum : int, default 0
        Smaller numbers of rows set aside are left blank (`row_balance`).
    before : EarlierCounts, optional
        What an earlier report showed.

    Returns
    -------
    Table
        A row per source that has files, and their total.
    """
    balance = row_balance(all_lines(sources, language), minimum, before=before)
    files = {source: len({sheet["file"] for sheet in own}) for source, own in sources.items()}
    body = [
        [
            word_or_code("source", source, language),
            format_count(files[source]),
            *_balance_texts(counts[TOTAL]),
        ]
        for source, counts in balance.items()
        if source != TOTAL
    ]
    whole = _balance_texts(balance[TOTAL][TOTAL])
    body.append([word("total", language), format_count(sum(files.values())), *whole])

    caption = word("table.rows", language)
    if any(None in counts[TOTAL].values() for counts in balance.values()):
        caption = with_note(caption, "few", language)
    columns = column_words(("source", "files", *BALANCE), language)
    blank = blank_rows(all_lines(sources, language), balance, minimum)
    return make_table("rows", caption, columns, "lrrrrr", body, blank)


def _balance_texts(counts: Counts) -> list[str]:
    return [format_count(counts[name]) for name in BALANCE]


def all_lines(
    sources: Mapping[str, Sequence[Sheet]], language: str
) -> dict[str, dict[str, dict[str, Any]]]:
    """Count the rows of each line of the balance: a file, or several of one kind.

    Parameters
    ----------
    sources : Mapping
        As for `rows_table`.
    language : str
        "zh" or "en".

    Returns
    -------
    dict
        Source -> line -> counts named as in `row_balance.BALANCE`, and its sheets where there are
        several; of the sources that have files.
    """
    return {
        source: {
            place: {name: sum(sheet[name] for sheet in group) for name in BALANCE}
            | {SHEETS: group if len(group) > 1 else []}
            for place, group in file_lines(sheets, language).items()
        }
        for source, sheets in sources.items()
        if sheets
    }


def file_lines(sheets: Sequence[Sheet], language: str) -> dict[str, list[Sheet]]:
    """Group the sheets of one source by the line that shows them.

    Parameters
    ----------
    sheets : Sequence
        Entries of the source.
    language : str
        "zh" or "en".

    Returns
    -------
    dict
        What the line is called (a file, or several) -> its sheets.
    """
    many = len({sheet["file"] for sheet in sheets}) > MANY_FILES
    groups: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        name = re.sub(r"\d+", "*", sheet["file"]) if many else sheet["file"]
        groups.setdefault(name, []).append(sheet)

    lines = {}
    for name, group in groups.items():
        files = sorted({sheet["file"] for sheet in group})
        if len(files) > 1:
            lines[word("several_files", language, name=name, number=len(files))] = group
        else:
            lines[files[0]] = group
    return lines


def source_counts(
    sources: Mapping[str, Sequence[Sheet]], minimum: int, before: EarlierCounts = NOTHING
) -> dict[str, Counts]:
    """Count the rows of each source that has files, as far as they may be shown.

    Parameters
    ----------
    sources : Mapping
        As for `rows_table`.
    minimum, before
        As for `rows_table`.

    Returns
    -------
    dict
        Source -> counts named as in `row_balance.BALANCE`; None where one may not be shown.
    """
    balance = row_balance(all_lines(sources, "zh"), minimum, before=before)
    return {source: counts[TOTAL] for source, counts in balance.items() if source != TOTAL}


def quarantine_table(counts: Mapping[str, int | None], language: str) -> Table:
    """Show the entries set aside by reason, the most frequent reason first.

    Parameters
    ----------
    counts : Mapping
        Reason code -> number; None where it is too small to be shown.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    ordered = sorted(counts.items(), key=lambda item: (-(item[1] or 0), item[0]))
    body = [
        [word_or_code("reason", code, language), format_count(count)] for code, count in ordered
    ]
    caption = word("table.quarantine", language)
    if any(code.startswith("value_") for code in counts):
        caption = with_note(caption, "value_codes", language)
    if None in counts.values():
        caption = with_note(caption, "few", language)
    return make_table(
        "quarantine", caption, column_words(("reason", "cells"), language), "lr", body
    )


def linkage_table(summary: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Show records, linked records and their share, one row per source.

    Parameters
    ----------
    summary : Sequence of Mapping
        source, rows, linked, linked_share; None where a number is too small to be shown.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    body = [
        [word_or_code("source", row["source"], language), *_linked_texts(row, language)]
        for row in summary
    ]
    caption = word("table.linkage", language)
    if any(row["linked"] is None for row in summary):
        caption = with_note(caption, "few", language)
    columns = column_words(("source", "rows", "linked", "linked_share"), language)
    return make_table("linkage", caption, columns, "lrrr", body)


def _linked_texts(row: Mapping[str, Any], language: str) -> list[str]:
    share = row["linked_share"]
    shown = MISSING if share is None else format_value(share, "share", language=language)
    return [format_count(row["rows"]), format_count(row["linked"]), shown]


def arms_table(summary: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Show lines of the contest, linked lines and their share, by how far the entrants came.

    Parameters
    ----------
    summary : Sequence of Mapping
        entity, arm, rows, linked, linked_share; None where a number is too small to be shown.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        The table.
    """
    body = [
        [
            word(f"arm.{row['arm']}", language),
            word(f"entity.{row['entity']}", language),
            *_linked_texts(row, language),
        ]
        for row in summary
    ]
    columns = column_words(("arm", "entity", "rows", "linked", "linked_share"), language)
    return make_table("arms", word("table.arms", language), columns, "llrrr", body)


def ledger_table(ledger: pd.DataFrame, language: str, about: str = "unit") -> Table:
    """Show what estimation left out. Examples of units stay out of reports.

    On the programme's own pages lines that concern no row and no unit are left out: they say how
    the file was read, which in a study is always the same.

    Parameters
    ----------
    ledger : DataFrame
        Columns step, reason, rows, units.
    language : str
        "zh" or "en".
    about : str, default "unit"
        "award" or "unit": whose words to use.

    Returns
    -------
    Table
        The table; one line says so where nothing was left out.
    """
    body = [
        [
            word_about("ledger.step", row["step"], about, language),
            word_about("ledger.reason", row["reason"], about, language),
            format_count(row["rows"]),
            format_count(row["units"]),
        ]
        for row in ledger.to_dict("records")
        if about == "unit" or (row["rows"], row["units"]) != (0, 0)
    ]
    body = body or [[MISSING, word("nothing_left_out", language), MISSING, MISSING]]
    columns = column_words(("step", "reason", "rows", "units"), language, about)
    return make_table("ledger", word("table.ledger", language), columns, "llrr", body)
