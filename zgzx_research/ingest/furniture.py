"""Which rows of a sheet carry no record: titles, repeated headers, sections, notes, totals, the foot table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from zgzx_research.ingest.header import Header, two_headers
from zgzx_research.ingest.profile import Foot, label
from zgzx_research.ingest.sheet import Sheet


def kinds_of_rows(sheet: Sheet, header: Header, file: str) -> pd.Series:
    """Kind of furniture per filled row (null = a record); indexed by grid row.

    Raises
    ------
    ZgzxError : a second table with other columns stands below the first.
    """
    first = _first_cells(sheet)
    alone = sheet.counts[sheet.filled] == 1
    kinds = pd.Series(None, index=sheet.filled, dtype="object")
    for rule in reversed(header.profile.furniture):  # the first rule wins
        hits = [text for text in first.unique().tolist() if rule.match.search(text)]
        kinds[first.isin(hits).to_numpy() & (alone | (not rule.alone))] = rule.kind
    _mark_repeated(kinds, first, sheet, header, file)
    if header.profile.foot:
        _mark_foot(kinds, sheet, header, header.profile.foot)
    kinds[sheet.filled < header.first] = "title"
    return kinds


def _first_cells(sheet: Sheet) -> pd.Series:
    first = pd.Series("", index=sheet.grid.index, dtype="str")
    for column in sheet.grid:
        blank = first == ""
        if not blank.any():
            break
        first = first.mask(blank, sheet.grid[column])
    return first.iloc[sheet.filled]


def _mark_repeated(kinds: pd.Series, first: pd.Series, sheet: Sheet, header: Header, file: str) -> None:
    """Title and header rows may be printed again on every page; what else looks like a header is another table's."""
    tops = {row: _filled_labels(sheet, row) for row in map(int, sheet.filled[sheet.filled <= header.last])}
    texts = {text for labels in tops.values() for text in labels.values()} | set(header.profile.columns)
    looks = first.isin([text for text in first.unique().tolist() if label(text) in texts]).to_numpy()
    for row in map(int, sheet.filled[looks]):
        labels = _filled_labels(sheet, row)
        same = next((top for top, known in tops.items() if known == labels), None)
        names = {column: header.profile.columns.get(text) for column, text in labels.items()}
        if same is not None:
            kinds[row] = "title" if same < header.first else "header"
        elif len(names) > 1 and all(names.values()):
            if any(header.columns[column] != name for column, name in names.items() if column < len(header.columns)):
                raise two_headers(sheet, file, header.last, row)
            kinds[row] = "header"
    kinds[(kinds.index >= header.first) & (kinds.index <= header.last)] = "header"


def _filled_labels(sheet: Sheet, row: int) -> dict[int, str]:
    return {column: label(text) for column, text in enumerate(sheet.row(row)) if text}


def _mark_foot(kinds: pd.Series, sheet: Sheet, header: Header, foot: Foot) -> None:
    """Rows from the foot's header on, until a title or a header begins another page."""
    starts = _foot_starts(sheet, foot, below=header.last)
    for start in starts:
        later = kinds.index[(kinds.index > start) & kinds.isin(["title", "header"])]
        end = later[0] if len(later) else kinds.index[-1] + 1
        inside = (kinds.index >= start) & (kinds.index < end) & (kinds.isna() | (kinds.index == start))
        kinds[inside] = "foot"


def _foot_starts(sheet: Sheet, foot: Foot, below: int) -> list[int]:
    """Rows that hold every label of the foot."""
    wanted = set(foot.canonical)
    found: dict[int, set[str]] = {}
    for column in sheet.grid:
        texts = sheet.grid[column]
        names = {text: foot.columns[label(text)] for text in texts.unique().tolist() if label(text) in foot.columns}
        for row in np.flatnonzero(texts.isin(list(names))):
            found.setdefault(int(row), set()).add(names[texts.iat[row]])
    return sorted(row for row, names in found.items() if names == wanted and row > below)


def foot_table(sheet: Sheet, kinds: pd.Series, foot: Foot | None) -> pd.DataFrame:
    """Rows of the foot tables: `row` (the clerk's number) and the foot's canonical columns, as text."""
    columns = foot.canonical if foot else []
    records: list[dict[str, object]] = []
    places: dict[str, list[int]] = {}
    for row in kinds.index[kinds == "foot"] if foot else ():
        cells = sheet.row(int(row))
        names = [foot.columns.get(label(text)) for text in cells] if foot else []
        if set(names) >= set(columns):  # the foot's own header
            places = {name: [place for place, found in enumerate(names) if found == name] for name in columns}
            continue
        records += _side_by_side(int(row), cells, places)
    table = pd.DataFrame(records, columns=["row", *columns])
    return table.astype({"row": "int64", **dict.fromkeys(columns, "str")})


def _side_by_side(row: int, cells: list[str], places: dict[str, list[int]]) -> Iterable[dict[str, object]]:
    for group in zip(*places.values(), strict=False):
        texts = {name: cells[place] or None for name, place in zip(places, group, strict=True)}
        if any(texts.values()):
            yield {"row": row + 1, **texts}
