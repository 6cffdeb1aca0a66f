"""Read a source: every raw file of its folder into tables of text, with every row accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import delimited, workbook
from zgzx_research.ingest.header import Header, find_header
from zgzx_research.ingest.profile import NOT_READ, Profile, load_profiles
from zgzx_research.ingest.sheet import Sheet

READERS = dict.fromkeys(workbook.EXTENSIONS, workbook.read_workbook) | dict.fromkeys(
    delimited.EXTENSIONS, delimited.read_delimited
)


@dataclass(frozen=True)
class RawTable:
    """One sheet of one raw file: text only, nothing judged. It holds personal data and never leaves memory.

    Attributes
    ----------
    file : path relative to the raw folder, with forward slashes.
    sheet : sheet name, "" for a delimited file.
    profile : the layout it was read by.
    rows : str columns with canonical names (missing = null), `row` (int, the clerk's row number), `section` (text of
        the section row above), `surplus` (int, filled cells outside the header's columns).
    furniture : (row, kind) of title, header, section, note, total, note_sheet and hidden_sheet rows.
    rows_in : non-blank rows = len(rows) + len(furniture).
    title : text of the rows above the header.
    """

    file: str
    sheet: str
    profile: Profile
    rows: pd.DataFrame
    furniture: list[tuple[int, str]]
    rows_in: int
    title: str


def read_source(folder: Path, source: str, profiles: dict[str, Profile] | None = None) -> list[RawTable]:
    """All tables of `folder/source`, by file name and then by sheet.

    Raises
    ------
    ZgzxError : a missing folder or file, an unknown file type, encoding or header, an empty file.
    """
    known = list((profiles or load_profiles()).values())
    sources = sorted({profile.source for profile in known})
    if source not in sources:
        raise ZgzxError(f"no profile for the source {source}", remedy=f"Known sources: {', '.join(sources)}.")
    return [table for path in _files(folder, source) for table in _read_file(path, folder, source, known)]


def _files(folder: Path, source: str) -> list[Path]:
    """Raw files in a fixed order; files an office program keeps beside an open one are passed over."""
    found = [path for path in (folder / source).rglob("*") if path.is_file() and path.name[0] not in ".~"]
    strange = [path.relative_to(folder).as_posix() for path in found if path.suffix.lower() not in READERS]
    if strange:
        raise ZgzxError(
            "files of a type that cannot be read", where=str(folder / source), count=len(strange),
            examples=sorted(strange), remedy=f"Readable: {' '.join(READERS)}; save them so, or move them elsewhere.",
        )  # fmt: skip
    if not found:
        raise ZgzxError(
            f"missing raw file: no file of the source {source}",
            where=str(folder / source),
            remedy=f"Put the files there ({' '.join(READERS)}), or make synthetic ones with `zgzx simulate`.",
        )
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _read_file(path: Path, folder: Path, source: str, profiles: list[Profile]) -> list[RawTable]:
    file = path.relative_to(folder).as_posix()
    sheets = [sheet for sheet in READERS[path.suffix.lower()](path, file) if sheet.filled_rows()]
    if all(sheet.hidden for sheet in sheets):
        hidden = f" ({len(sheets)} hidden sheets)" if sheets else ""
        raise ZgzxError(f"the file is empty{hidden}", where=file, remedy="Ask for it again, or move it elsewhere.")
    tables = [_read_sheet(sheet, file, source, profiles) for sheet in sheets]
    if not any(len(table.rows) for table in tables):
        raise ZgzxError("a header but no data rows", where=file, remedy="Ask for the file again, or move it elsewhere.")
    return tables


def _read_sheet(sheet: Sheet, file: str, source: str, profiles: list[Profile]) -> RawTable:
    notes = [profile.note_sheets for profile in profiles if profile.source == source and profile.note_sheets]
    if sheet.hidden:
        return _set_aside(sheet, file, source, "hidden_sheet")
    if any(pattern.search(sheet.name) for pattern in notes):
        return _set_aside(sheet, file, source, "note_sheet")
    header = find_header(sheet, file, source, profiles)
    grid = workbook.fill_down(sheet)
    width = max(map(len, grid))
    cells = pd.DataFrame([row + [""] * (width - len(row)) for row in grid], dtype="str")
    kinds = _kinds(cells, header)
    furniture = [(int(row) + 1, str(kind)) for row, kind in kinds[kinds.notna()].items()]
    rows = _records(cells, header, kinds)
    title = " ".join(text for row in sheet.cells[: header.first] for text in row if text)
    return RawTable(file, sheet.name, header.profile, rows, furniture, len(kinds), title)


def _set_aside(sheet: Sheet, file: str, source: str, kind: str) -> RawTable:
    furniture = [(index, kind) for index, row in enumerate(sheet.cells, start=1) if any(row)]
    rows = pd.DataFrame({"row": pd.Series(dtype="int64")})
    return RawTable(file, sheet.name, Profile(kind, source), rows, furniture, len(furniture), "")


def _kinds(cells: pd.DataFrame, header: Header) -> pd.Series:
    """Kind of furniture per non-blank row (null = a record); indexed by grid row."""
    filled = (cells != "").to_numpy()
    index = np.flatnonzero(filled.any(axis=1))
    first = pd.Series(cells.to_numpy()[index, filled[index].argmax(axis=1)], index=index, dtype="str")
    alone = filled[index].sum(axis=1) == 1
    kinds = pd.Series(None, index=index, dtype="object")
    for rule in reversed(header.profile.furniture):  # the first rule wins
        hits = [text for text in first.unique() if rule.match.search(text)]
        kinds[first.isin(hits).to_numpy() & (alone | (not rule.alone))] = rule.kind
    for row in range(header.first, header.last + 1):  # a header may be repeated on every printed page
        kinds[(cells.loc[index] == cells.loc[row]).all(axis=1).to_numpy()] = "header"
    kinds[index < header.first] = "title"
    return kinds


def _records(cells: pd.DataFrame, header: Header, kinds: pd.Series) -> pd.DataFrame:
    columns = list(header.columns) + [None] * (cells.shape[1] - len(header.columns))
    outside = [position for position, name in enumerate(columns) if name is None]
    titles = {row: "".join(cells.loc[row]) for row in kinds.index[kinds == "section"]}
    sections = pd.Series(titles, dtype="str").reindex(cells.index).ffill()
    data = cells.loc[kinds.index[kinds.isna()]]
    position = {name: place for place, name in enumerate(columns) if name not in (None, NOT_READ)}
    rows = pd.DataFrame({"row": data.index.astype("int64") + 1}, index=data.index)
    for name in header.profile.canonical:
        text = data[position[name]] if name in position else pd.Series("", index=data.index, dtype="str")
        rows[name] = text.astype("str").mask(text == "")
    rows["section"] = sections.loc[data.index]
    rows["surplus"] = (data[outside] != "").sum(axis=1).astype("int64")
    return rows.reset_index(drop=True)
