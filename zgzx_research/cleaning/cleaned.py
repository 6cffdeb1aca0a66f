"""What all sources share.

Raw tables stacked into cleaned text, and the result with its row conservation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.quarantine import COLUMNS, Place, note
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.schemas import ROW_KEY, empty
from zgzx_research.cleaning.values import Parsed, clean_texts, read_amounts, unknown_among
from zgzx_research.distinct import as_categories
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.profile import Profile
from zgzx_research.ingest.read import RawTable
from zgzx_research.ingest.texts import Texts

BLANK_SAYS = frozenset(RULES["blank_says"])
NOWHERE = -(1 << 60)  # a row of no sheet is an error of the program, and an IndexError
# what a parser of one piece returns: rows, and the entries of the quarantine
Parts = tuple[pd.DataFrame, list[pd.DataFrame]]


@dataclass(frozen=True, repr=False)
class Cleaned:
    """A source after cleaning; no personal text in any of it.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        The clean tables by name; data/README.md describes their columns.
    quarantine : pandas.DataFrame
        source, file, sheet, row, column, value_masked, reason, row_lost: a row per value or row
        that was not taken. Entries with row_lost = False concern one value of a row that stayed.
    ledger : list of dict
        Per file and sheet rows_in, kept, quarantined, non_data_rows, with rows_in = kept +
        quarantined + non_data_rows.
    """

    tables: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    ledger: list[dict[str, str | int]]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(table):,} rows" for name, table in self.tables.items())
        return f"Cleaned({sizes}; quarantine {len(self.quarantine):,} entries)"

    def _repr_html_(self) -> str:
        sizes = pd.DataFrame(
            {"table": list(self.tables), "rows": [len(table) for table in self.tables.values()]}
        )
        reasons_found = self.quarantine.value_counts(["reason", "row_lost"]).reset_index()
        frames = (sizes, pd.DataFrame(self.ledger), reasons_found)
        return "".join(frame.to_html(index=False) for frame in frames)


@dataclass(frozen=True)
class Layout:
    """What a cleaner reads.

    Attributes
    ----------
    needs : tuple[str, ...]
        Canonical columns by which this layout is known.
    others : tuple[str, ...]
        More columns, missing where a profile lacks them.
    repeated : bool
        Whether texts repeat by the thousand and are kept as categories.
    """

    needs: tuple[str, ...]
    others: tuple[str, ...] = ()
    repeated: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All canonical columns, each once."""
        return tuple(dict.fromkeys((*self.needs, *self.others)))


@dataclass(frozen=True)
class Piece:
    """Rows read by one profile: cleaned text (part = 1) and the entries written so far."""

    profile: Profile
    rows: pd.DataFrame
    entries: list[pd.DataFrame]

    def styles(self, kind: str) -> tuple[str, ...]:
        """Date styles of this layout for "day" or "month".

        The usual ones where the profile names none.
        """
        return self.profile.dates.get(kind) or tuple(RULES["usual_dates"][kind])

    def amounts(self, column: str) -> Parsed:
        """Amounts in yuan: by the unit of the cell, else of its header, else of this layout."""
        return read_amounts(self.rows[column], self.profile.amounts.get("bare_unit") or None)

    def open_ends(self, column: str) -> tuple[str, ...]:
        """Return what this agency writes for "still so" in a column of ends."""
        return self.profile.open_ends.get(column) or tuple(RULES["usual_open_ends"][column])

    def separators(self, column: str) -> str:
        """Return the characters that separate several values in a cell of this column."""
        return self.profile.separators.get(column) or RULES["usual_separators"][column]


def pieces(tables: Sequence[RawTable], layouts: Mapping[str, Layout]) -> dict[str, list[Piece]]:
    """Return the cleaned text of all rows by layout, a piece per profile."""
    profiles = {table.profile.name: table.profile for table in tables if len(table.numbers)}
    if not profiles:
        raise ZgzxError(
            "no data rows to clean", remedy="Read the source with ingest.read_raw first."
        )
    found: dict[str, list[Piece]] = {name: [] for name in layouts}
    for name, profile in profiles.items():
        of_profile = [
            table for table in tables if table.profile.name == name and len(table.numbers)
        ]
        layout = _layout(of_profile, layouts)
        found[layout].append(_piece(profile, of_profile, layouts[layout]))
    return found


def _layout(tables: Sequence[RawTable], layouts: Mapping[str, Layout]) -> str:
    """Return the first layout whose needed columns the rows have."""
    columns = set(tables[0].cells)
    name = next((name for name, layout in layouts.items() if columns >= set(layout.needs)), None)
    if name is None:
        raise ZgzxError(
            f"the columns of the profile {tables[0].profile.name} fit no layout of the cleaning",
            where=tables[0].file,
            remedy="A layout needs: "
            + "; ".join(f"{name}: {' '.join(layout.needs)}" for name, layout in layouts.items()),
        )
    return name


def _piece(profile: Profile, tables: Sequence[RawTable], layout: Layout) -> Piece:
    """Put the tables of one profile one below the other, with entries for rows and cells."""
    rows, cells = _stacked_text(tables, layout)
    rows["surplus"] = np.concatenate([table.surplus for table in tables])
    rows["broken"], rows["struck"] = _marked(tables, "broken"), _marked(tables, "struck")
    crossed = {name: f"{name} struck" for table in tables for name in table.struck_cells}
    for name, mark in crossed.items():
        rows[mark] = np.concatenate(
            [table.struck_cells.get(name, np.zeros(len(table.numbers), bool)) for table in tables]
        )
    unknown_cells = [
        entry
        for name, texts in cells.items()
        if name not in BLANK_SAYS
        for entry in _unknown(texts, rows, name)
    ]

    rows, entries = _decided(rows, tables)
    entries += unknown_cells
    extra = rows["surplus"] > 0
    shifted = (extra & (rows["sheet"] == "")) | rows["broken"]
    entries += [
        note(rows[shifted], None, reasons.RAGGED_ROW),
        note(rows[extra & ~shifted], None, reasons.VALUE_WITHOUT_HEADER),
        note(rows[rows["struck"]], None, reasons.STRUCK_ROW),
        *(note(rows[rows[mark]], name, reasons.VALUE_STRUCK) for name, mark in crossed.items()),
    ]

    leave = shifted | rows["struck"]
    wanted = [*ROW_KEY, "part", "file_name", "sheet_name", "heading", "section", *layout.columns]
    kept = rows[wanted] if not leave.any() else rows.loc[~leave, wanted].reset_index(drop=True)
    return Piece(profile, kept, entries)


def _stacked_text(
    tables: Sequence[RawTable], layout: Layout
) -> tuple[pd.DataFrame, dict[str, Texts]]:
    """Stack the cleaned text of all tables; return the raw cells by canonical name too."""
    number = np.repeat(np.arange(len(tables)), [len(table.numbers) for table in tables])
    rows = pd.DataFrame({"row": np.concatenate([table.numbers for table in tables]), "part": 1})
    for name in ("file", "sheet"):
        texts = as_categories(
            pd.Series([getattr(table, name) for table in tables], dtype="str"), number, rows.index
        )
        rows[name] = texts if layout.repeated else texts.astype("str")
    for name in ("file_name", "sheet_name"):  # personal text that a cleaner reads and never keeps
        names = pd.Series([getattr(table, name) for table in tables], dtype="str")
        rows[name] = as_categories(names, number, rows.index)

    blank = Texts.blank(len(rows))
    cells = {}
    for name in ("section", *layout.columns):
        known = [table.cells[name] for table in tables if name in table.cells] or [blank]
        cells[name] = known[0].below(known[1:])
        rows[name] = _cleaned(cells[name], rows.index, layout.repeated, name in BLANK_SAYS)
    titles = Texts.of(number, [table.title for table in tables])
    rows["heading"] = _cleaned(titles, rows.index, layout.repeated)
    return rows, cells


def _marked(tables: Sequence[RawTable], name: str) -> np.ndarray:
    """(rows,) a mark of whole rows; tables that say nothing of it have none."""
    found = [(getattr(table, name), len(table.numbers)) for table in tables]
    return np.concatenate(
        [marks if len(marks) else np.zeros(count, dtype=bool) for marks, count in found]
    )


def _cleaned(
    cells: Texts, index: pd.Index, repeated: bool, keep_unknown: bool = False
) -> pd.Series:
    """Clean texts, on `index`, as categories where texts repeat by the thousand."""
    texts = pd.array([None, *clean_texts(cells.texts[1:], keep_unknown)], dtype="str")
    if repeated:
        return as_categories(pd.Series(texts), cells.codes, index)
    return pd.Series(texts.take(cells.codes), index, copy=False)


def _unknown(cells: Texts, rows: pd.DataFrame, name: str) -> list[pd.DataFrame]:
    """Entries for cells that say "unknown", and for error cells.

    They read as missing, and are not blank.
    """
    found = unknown_among(cells.texts)
    if not found:
        return []
    why = pd.array([found.get(number) for number in range(len(cells.texts))], dtype="object")
    return [note(rows[ROW_KEY], name, pd.Series(why[cells.codes], rows.index))]


def decided_to_keep(tables: Sequence[RawTable]) -> frozenset[Place]:
    """Return the rows that a clerk decided to keep."""
    return frozenset(
        (table.file, table.sheet, int(table.numbers[place]))
        for table in tables
        for place in table.kept
    )


def _decided(
    rows: pd.DataFrame, tables: Sequence[RawTable]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows without those a clerk dropped, and an entry per dropped row and corrected cell."""
    starts = np.cumsum([0, *(len(table.numbers) for table in tables)])
    dropped: list[int] = []
    corrected: dict[str, list[int]] = {}
    for start, table in zip(starts, tables, strict=False):
        dropped += sorted(start + place for place in table.dropped)
        for place in sorted(table.corrected.keys() - table.dropped):
            for column in table.corrected[place]:
                corrected.setdefault(column, []).append(start + place)
    entries = [
        note(rows.loc[places], name, reasons.VALUE_CORRECTED)
        for name, places in sorted(corrected.items())
    ]
    if not dropped:
        return rows, entries
    entries.append(note(rows.loc[dropped], None, reasons.DROPPED_BY_DECISION))
    return rows.drop(index=dropped).reset_index(drop=True), entries


def stacked(parts: Sequence[Parts], table: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Frames of several pieces one below the other (typed and empty where there is none).

    Returns
    -------
    tuple
        The frame, and the entries of all pieces.
    """
    frames = [frame for frame, _ in parts if len(frame)]
    frame = pd.concat(frames, ignore_index=True) if frames else empty(table)
    return frame, [entry for _, entries in parts for entry in entries]


def finish(
    source: str,
    raw: Sequence[RawTable],
    tables: dict[str, pd.DataFrame],
    entries: Iterable[pd.DataFrame],
) -> Cleaned:
    """Assemble the result; every row must be in a table, in the quarantine or non_data_rows.

    Raises
    ------
    RuntimeError
        A row is lost or stands twice: an error of the program.
    """
    starts = np.cumsum([0, *(table.numbers.max(initial=0) + 1 for table in raw)])
    sheets = {(table.file, table.sheet): start for table, start in zip(raw, starts, strict=False)}
    kept, lost = np.zeros((2, starts[-1]), dtype=bool)
    for table in tables.values():
        kept[_places(table, sheets)] = True
    not_kept = [_not_kept(raw, sheets, kept)]
    quarantine = pd.concat([*entries, *not_kept], ignore_index=True).assign(source=source)
    places = _places(quarantine, sheets)
    quarantine["row_lost"] = ~kept[places]
    lost[places] = ~kept[places]
    sizes = {
        name: np.add.reduceat(rows, starts[:-1], dtype=int)
        for name, rows in (("kept", kept), ("quarantined", lost))
    }
    ledger: list[dict[str, str | int]] = []
    for number, table in enumerate(raw):
        counts = {name: int(size[number]) for name, size in sizes.items()}
        counts["non_data_rows"] = len(table.non_data_rows)
        if sum(counts.values()) != table.rows_in:
            raise RuntimeError(
                f"{table.file} {table.sheet}: {table.rows_in} rows in, accounted for {counts}"
            )
        ledger.append(
            {"file": table.file, "sheet": table.sheet, "rows_in": table.rows_in, **counts}
        )
    return Cleaned(tables, _tidy(quarantine), ledger)


def _not_kept(
    raw: Sequence[RawTable], sheets: Mapping[tuple[str, str], int], kept: np.ndarray
) -> pd.DataFrame:
    """Entries for the rows that a clerk decided to keep and no table can hold."""
    wanted = pd.DataFrame(sorted(decided_to_keep(raw)), columns=ROW_KEY).astype(
        {"file": "str", "sheet": "str"}
    )
    lost = ~kept[_places(wanted, sheets)] if len(wanted) else np.zeros(0, dtype=bool)
    return note(wanted[lost], None, reasons.CANNOT_BE_KEPT)


def _places(rows: pd.DataFrame, sheets: Mapping[tuple[str, str], int]) -> np.ndarray:
    """(rows,) place of the raw row of each row among all rows of all sheets."""
    (file, files), (sheet, names) = (pd.factorize(rows[name]) for name in ("file", "sheet"))
    number = np.array(
        [[sheets.get((one, other), NOWHERE) for other in names] for one in files], dtype=np.int64
    )
    return number.reshape(len(files), len(names))[file, sheet] + rows["row"].to_numpy(np.int64)


def _tidy(quarantine: pd.DataFrame) -> pd.DataFrame:
    """One entry per row, column and reason.

    A missing value whose raw text was refused is not listed twice.
    """
    quarantine = quarantine.drop_duplicates([*ROW_KEY, "column", "reason"])
    cell = [*ROW_KEY, "column"]
    shown = quarantine[quarantine["value_masked"].notna()][cell]
    listed = shown.drop_duplicates().assign(listed=True)
    refused = quarantine.merge(listed, on=cell, how="left")["listed"].notna().to_numpy()
    again = (
        refused
        & quarantine["value_masked"].isna().to_numpy()
        & quarantine["column"].notna().to_numpy()
    )
    return quarantine[~again].sort_values([*ROW_KEY, "column", "reason"], ignore_index=True)[
        COLUMNS
    ]
