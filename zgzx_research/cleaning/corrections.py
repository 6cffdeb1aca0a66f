"""A clerk's decisions on single cells and rows.

Kept in a file of their own, applied before anything is read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from zgzx_research.atomic import write_whole
from zgzx_research.cleaning.pseudonyms import keyed_hash
from zgzx_research.cleaning.quarantine import mask
from zgzx_research.cleaning.schemas import ROW_KEY
from zgzx_research.cleaning.values import clean_texts
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.raw_table import with_unit
from zgzx_research.ingest.read import RawTable

CELL = [*ROW_KEY, "column"]
COLUMNS = [*CELL, "corrected", "action", "reviewer", "date", "digest"]
KEEP, DROP = ACTIONS = ("keep", "drop")
NOT_CELLS = frozenset({"row", "section", "surplus", "title"})


def read_corrections(path: Path) -> pd.DataFrame:
    """Return the decision file, a row per decision; no row where there is no file.

    Columns file, sheet, row (int), column (null: the whole row), corrected (null: none), action
    (keep, drop), reviewer, date (ISO), digest of the row as it was shown when the decision was
    taken.
    """
    if not path.is_file():
        return pd.DataFrame(
            {name: pd.Series(dtype="int64" if name == "row" else "str") for name in COLUMNS}
        )
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    if frame.columns.tolist() != COLUMNS:
        raise ZgzxError(
            "not a decision file",
            where=path.name,
            examples=frame.columns,
            remedy=f"Its columns: {', '.join(COLUMNS)}.",
        )
    frame["sheet"] = frame["sheet"].fillna("")
    optional = frame[["column", "corrected"]]
    return frame.assign(
        **{name: optional[name].mask(optional[name] == "") for name in optional}
    ).astype({"row": "int64"})


def write_corrections(corrections: pd.DataFrame, path: Path) -> Path:
    """Add decisions to the file; a newer decision on the same cell takes the place of the older."""
    both = pd.concat([read_corrections(path), corrections[COLUMNS]], ignore_index=True)
    both = both.drop_duplicates(CELL, keep="last").sort_values(CELL, ignore_index=True)
    buffer = io.StringIO()
    both.to_csv(buffer, index=False, lineterminator="\n")
    return write_whole(path, buffer.getvalue().encode("utf-8-sig"))


def shown(row: pd.Series, column: str) -> str:
    """Return a cell as the quarantine shows it, "" where it is blank."""
    text = clean_texts([str(row[column])], keep_unknown=True)[0] if pd.notna(row[column]) else None
    return mask(column, text) if text else ""


def row_digest(row: pd.Series, column: str | None, key: bytes) -> str:
    """Keyed digest of what the quarantine shows of a row, and of the column of a decision."""
    cells = [
        f"{name}={shown(row, str(name))}"
        for name in sorted(map(str, row.index))
        if name not in NOT_CELLS
    ]
    return str(keyed_hash(pd.Series(["\x1f".join([column or "", *cells])], dtype="str"), key)[0])


def apply_corrections(
    tables: Sequence[RawTable], corrections: pd.DataFrame, source: str, key: bytes
) -> list[RawTable]:
    """Tables with the corrected cells, and which cells and rows those are.

    The raw tables given are not changed.

    Raises
    ------
    ZgzxError
        Decisions about rows or columns that are not there, or that have changed since.
    """
    mine = corrections[corrections["file"].str.startswith(f"{source}/")]
    known = {(table.file, table.sheet) for table in tables}
    lost = [
        _place(entry)
        for entry in mine.to_dict("records")
        if (entry["file"], entry["sheet"]) not in known
    ]
    changed: list[str] = []
    result = []
    for table in tables:
        own = mine[mine["file"].eq(table.file) & mine["sheet"].eq(table.sheet)]
        result.append(
            _corrected(table, own.to_dict("records"), key, lost, changed) if len(own) else table
        )
    for what, places in (
        ("are about rows or columns that are not there", lost),
        ("were taken on other values", changed),
    ):
        if places:
            raise ZgzxError(
                f"decisions that {what}",
                where=f"corrections of the source {source}",
                count=len(places),
                examples=places,
                remedy="Write a new audit workbook, decide again, and delete these lines.",
            )
    return result


def _corrected(
    table: RawTable, entries: list[dict], key: bytes, lost: list[str], changed: list[str]
) -> RawTable:
    cells, corrected = dict(table.cells), dict[int, list[str]]()
    dropped, kept = set[int](), set[int]()
    at = pd.Series(range(len(table.numbers)), index=table.numbers)
    for entry in entries:
        column = entry["column"] if pd.notna(entry["column"]) else None
        if entry["row"] not in at.index or (column is not None and column not in cells):
            lost.append(_place(entry))
            continue
        index = int(at[entry["row"]])
        if row_digest(table.rows.loc[index], column, key) != entry["digest"]:
            changed.append(_place(entry))
        elif entry["action"] == DROP:
            dropped.add(index)
        elif column is None:
            kept.add(index)
        elif pd.notna(entry["corrected"]):
            corrected_cells = cells[column].with_cell(index, entry["corrected"])
            cells[column] = with_unit(corrected_cells, table.units.get(column, ""))
            corrected.setdefault(index, []).append(column)
    return replace(
        table, cells=cells, corrected=corrected, dropped=frozenset(dropped), kept=frozenset(kept)
    )


def _place(entry: dict) -> str:
    column = f" {entry['column']}" if pd.notna(entry["column"]) else ""
    sheet = f" {entry['sheet']}" if entry["sheet"] else ""
    return f"{entry['file']}{sheet} row {entry['row']}{column}"
