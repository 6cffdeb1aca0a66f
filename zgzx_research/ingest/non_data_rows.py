"""Which rows of a sheet hold no record.

Titles, repeated headers, sections, notes, totals, the foot table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from zgzx_research.ingest.header import Header, two_headers
from zgzx_research.ingest.notes import noted_rows
from zgzx_research.ingest.profile import Foot, label
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.tables_apart import refuse_other_tables, unknown_second
from zgzx_research.ingest.texts import Texts

LONGEST_LABEL = 500  # characters; a longer cell is no label, and need not be compared with any


def kinds_of_rows(
    sheet: Sheet, header: Header, known: Collection[str], file: str
) -> dict[int, str]:
    """Grid row -> kind of non-data row; every other filled row is a record.

    Parameters
    ----------
    known : sequence of str
        Labels of every profile of the source.

    Raises
    ------
    ZgzxError
        A second table with other columns stands above or below the first.
    """
    first = _first_cells(sheet)
    single = sheet.counts[sheet.filled] == 1
    kinds = noted_rows(sheet, header)
    for rule in reversed(header.profile.non_data_rows):  # the first rule wins
        hit = first.holds(rule.match.search) & (single | (not rule.single_cell))
        kinds |= dict.fromkeys(sheet.filled[hit].tolist(), rule.kind)
    _mark_repeated(kinds, sheet, header, known, file)
    if header.profile.foot:
        _mark_foot(kinds, sheet, header, header.profile.foot)
    refuse_other_tables(sheet, header, kinds, known, file)
    return kinds | dict.fromkeys(sheet.filled[sheet.filled < header.first].tolist(), "title")


def _first_cells(sheet: Sheet) -> Texts:
    """Return the first filled cell of every filled row."""
    first = Texts.blank(len(sheet.filled))
    for column in sheet.columns.values():
        if first.filled.all():
            break
        first = first.or_else(column.at(sheet.filled))
    return first


def _mark_repeated(
    kinds: dict[int, str], sheet: Sheet, header: Header, known: Collection[str], file: str
) -> None:
    """Mark title and header rows that are printed again on every page.

    Any other row that resembles a header belongs to another table, which is an error.
    """
    tops = {
        row: _filled_labels(sheet, row)
        for row in map(int, sheet.filled[sheet.filled <= header.last])
    }
    texts = {text for labels in tops.values() for text in labels.values()} | {*known}
    foot = set(header.profile.foot.columns) if header.profile.foot else set()
    for row in _rows_with(sheet, texts):
        labels = _filled_labels(sheet, row)
        same = next((top for top, those in tops.items() if those == labels), None)
        names = {column: header.profile.columns.get(text) for column, text in labels.items()}
        if same is not None:
            kinds[row] = "title" if same < header.first else "header"
        elif len(names) > 1 and all(names.values()):
            if any(
                header.columns[column] != name
                for column, name in names.items()
                if column < len(header.columns)
            ):
                raise two_headers(sheet, file, header.last, row)
            kinds[row] = "header"
        elif (
            row > header.last
            and not foot.issuperset(labels.values())
            and _is_other_header(labels.values(), known)
        ):
            raise unknown_second(sheet, file, row, known)
    inside = (sheet.filled >= header.first) & (sheet.filled <= header.last)
    kinds |= dict.fromkeys(sheet.filled[inside].tolist(), "header")


def _is_other_header(labels: Iterable[str], known: Collection[str]) -> bool:
    hits = [text in known for text in labels]
    return sum(hits) >= 2 and 2 * sum(hits) >= len(hits)


def _rows_with(sheet: Sheet, labels: Collection[str]) -> list[int]:
    """Rows with one of these labels in a cell; the first character excludes most texts."""
    begins = {text[0] for text in labels if text}
    hit = np.zeros(sheet.height, dtype=bool)
    for column in sheet.columns.values():
        found = [
            number
            for number, text in column.beginning(
                lambda first: first in begins or not first.isalnum()
            )
            if len(text) < LONGEST_LABEL and label(text) in labels
        ]
        if found:
            hit |= np.isin(column.codes, found)
    return np.flatnonzero(hit).tolist()


def rows_of(kinds: dict[int, str], kind: str) -> list[int]:
    """Grid rows of one kind, from above."""
    return sorted(row for row, found in kinds.items() if found == kind)


def _filled_labels(sheet: Sheet, row: int) -> dict[int, str]:
    return {column: label(text) for column, text in enumerate(sheet.row(row)) if text}


def _mark_foot(kinds: dict[int, str], sheet: Sheet, header: Header, foot: Foot) -> None:
    """Rows from the foot's header on, until a title or a header begins another page."""
    pages = sorted(row for row, kind in kinds.items() if kind in ("title", "header"))
    for start in _foot_starts(sheet, foot, below=header.last):
        end = next((row for row in pages if row > start), sheet.height)
        below = sheet.filled[(sheet.filled > start) & (sheet.filled < end)].tolist()
        kinds |= dict.fromkeys([start, *(row for row in below if row not in kinds)], "foot")


def _foot_starts(sheet: Sheet, foot: Foot, below: int) -> list[int]:
    """Rows that hold every label of the foot."""
    wanted = set(foot.canonical)
    found: dict[int, set[str]] = {}
    for column in sheet.columns.values():
        for row in np.flatnonzero(column.holds(lambda text: label(text) in foot.columns)).tolist():
            found.setdefault(row, set()).add(foot.columns[label(column.texts[column.codes[row]])])
    return sorted(row for row, names in found.items() if names == wanted and row > below)


def foot_table(sheet: Sheet, kinds: dict[int, str], foot: Foot | None) -> pd.DataFrame:
    """Rows of the foot tables.

    `row` (the clerk's number) and the foot's canonical columns, as text.
    """
    columns = foot.canonical if foot else []
    records: list[dict[str, object]] = []
    places: dict[str, list[int]] = {}
    for row in rows_of(kinds, "foot") if foot else ():
        cells = sheet.row(row)
        names = [foot.columns.get(label(text)) for text in cells] if foot else []
        if set(names) >= set(columns):  # the foot's own header
            places = {
                name: [place for place, found in enumerate(names) if found == name]
                for name in columns
            }
            continue
        records += _repeated_columns(row, cells, places)
    table = pd.DataFrame(records, columns=["row", *columns])
    return table.astype({"row": "int64", **dict.fromkeys(columns, "str")})


def _repeated_columns(
    row: int, cells: list[str], places: dict[str, list[int]]
) -> Iterable[dict[str, object]]:
    for group in zip(*places.values(), strict=False):
        texts = {name: cells[place] or None for name, place in zip(places, group, strict=True)}
        if any(texts.values()):
            yield {"row": row + 1, **texts}
