"""What all sources share: raw tables stacked into cleaned text, and the result with its row conservation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.quarantine import COLUMNS, KEY, note
from zgzx_research.clean.values import clean_column
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.profile import Profile
from zgzx_research.ingest.read import RawTable


@dataclass(frozen=True)
class Cleaned:
    """A source after cleaning; no personal text in any of it.

    Attributes
    ----------
    tables : clean table name -> rows.
    quarantine : source, file, sheet, row, column, value_masked, reason, row_lost. Entries with row_lost = False concern
        one value of a row that stayed.
    ledger : per file and sheet rows_in, kept, quarantined, furniture, with rows_in = kept + quarantined + furniture.
    """

    tables: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    ledger: list[dict[str, str | int]]


@dataclass(frozen=True)
class Piece:
    """Rows read by one profile: cleaned text (part = 1) and the entries written so far."""

    profile: Profile
    rows: pd.DataFrame
    entries: list[pd.DataFrame]


def pieces(tables: Sequence[RawTable]) -> list[Piece]:
    """Cleaned text of all rows, one piece per profile; rows with cells beyond the header are noted.

    In a delimited file such a row is shifted (a separator inside a value) and leaves; in a workbook it is a remark
    beside the table, and the row stays.
    """
    profiles = {table.profile.name: table.profile for table in tables if len(table.rows)}
    if not profiles:
        raise ZgzxError("no data rows to clean", remedy="Read the source with ingest.read_source first.")
    return [
        _piece(profile, [table for table in tables if table.profile.name == name and len(table.rows)])
        for name, profile in profiles.items()
    ]


def _piece(profile: Profile, tables: list[RawTable]) -> Piece:
    frames = [table.rows.assign(file=table.file, sheet=table.sheet, title=table.title, part=1) for table in tables]
    rows = pd.concat(frames, ignore_index=True)
    for column in [*profile.canonical, "section", "title"]:
        rows[column] = clean_column(rows[column])
    extra = rows["surplus"] > 0
    shifted = extra & (rows["sheet"] == "")
    beside = rows[extra & ~shifted]
    entries = [note(rows[shifted], None, reasons.RAGGED_ROW), note(beside, None, reasons.VALUE_WITHOUT_HEADER)]
    return Piece(profile, rows[~shifted].reset_index(drop=True), entries)


def finish(
    source: str,
    raw: Sequence[RawTable],
    tables: dict[str, pd.DataFrame],
    main: str,
    entries: Iterable[pd.DataFrame],
) -> Cleaned:
    """Assemble the result; every row must be in table `main`, in the quarantine or furniture.

    Raises
    ------
    RuntimeError : a row vanished or stands twice: an error of the program.
    """
    kept = tables[main][KEY].drop_duplicates()
    quarantine = pd.concat(list(entries), ignore_index=True).assign(source=source)
    quarantine = quarantine.merge(kept.assign(stayed=True), on=KEY, how="left")
    quarantine["row_lost"] = quarantine["stayed"].isna()
    sizes = {
        "kept": _per_sheet(kept),
        "quarantined": _per_sheet(quarantine.loc[quarantine["row_lost"], KEY].drop_duplicates()),
    }
    ledger: list[dict[str, str | int]] = []
    for table in raw:
        counts = {name: size.get((table.file, table.sheet), 0) for name, size in sizes.items()}
        counts["furniture"] = len(table.furniture)
        if sum(counts.values()) != table.rows_in:
            raise RuntimeError(f"{table.file} {table.sheet}: {table.rows_in} rows in, accounted for {counts}")
        ledger.append({"file": table.file, "sheet": table.sheet, "rows_in": table.rows_in, **counts})
    return Cleaned(tables, _tidy(quarantine), ledger)


def _per_sheet(keys: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {key: int(size) for key, size in keys.groupby(["file", "sheet"]).size().items()}


def _tidy(quarantine: pd.DataFrame) -> pd.DataFrame:
    """One entry per row, column and reason; a missing value whose raw text was refused is not listed twice."""
    quarantine = quarantine.drop_duplicates([*KEY, "column", "reason"])
    cell = [*KEY, "column"]
    told = quarantine[quarantine["value_masked"].notna()][cell].drop_duplicates().assign(told=True)
    refused = quarantine.merge(told, on=cell, how="left")["told"].notna().to_numpy()
    again = refused & quarantine["value_masked"].isna().to_numpy() & quarantine["column"].notna().to_numpy()
    return quarantine[~again].sort_values([*KEY, "column", "reason"], ignore_index=True)[COLUMNS]
