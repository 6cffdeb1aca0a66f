"""Read every raw file of a source into tables of text, with every row accounted for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import delimited, package, spreadsheet
from zgzx_research.ingest.file_numbers import LIST, number_files
from zgzx_research.ingest.profile import Profile, load_profiles
from zgzx_research.ingest.raw_table import NOTE_SHEET, RawTable, read_table
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Texts

__all__ = ["RawTable", "RawTables", "read_raw"]

EXTENSIONS = (*spreadsheet.EXTENSIONS, *delimited.EXTENSIONS)
# Programs write text under the name of a workbook (.xls); a workbook in XML is never text.
TEXT_EXTENSIONS = (*delimited.EXTENSIONS, ".xls", ".et")
PLAIN_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")  # behind another dot of a name may stand anything


class RawTables(tuple[RawTable, ...]):
    """The tables of one source, which show in a notebook how many rows each has."""

    def summary(self) -> pd.DataFrame:
        """One row per sheet, without any text of the files.

        Returns
        -------
        pandas.DataFrame
            file and sheet (numbers), profile (the layout), rows (records), non_data_rows (titles,
            headers, notes, totals), rows_in (non-blank rows = rows + non_data_rows).
        """
        lines = [
            (
                table.file,
                table.sheet,
                table.profile.name,
                len(table.numbers),
                len(table.non_data_rows),
                table.rows_in,
            )
            for table in self
        ]
        return pd.DataFrame(
            lines, columns=["file", "sheet", "profile", "rows", "non_data_rows", "rows_in"]
        )

    def __repr__(self) -> str:
        return self.summary().to_string(index=False)

    def _repr_html_(self) -> str:
        return self.summary().to_html(index=False)


def read_raw(
    folder: str | Path, source: str, profiles: dict[str, Profile] | None = None
) -> RawTables:
    """Read the raw files of one source into tables of text, every row accounted for.

    A profile (a TOML file in `ingest/profiles/`) says which header means which column; no value is
    judged here. Names of files and sheets may be names of people: tables and messages give numbers,
    and the list of names stays in the folder (`file_numbers.csv`).

    Parameters
    ----------
    folder : str or Path
        The folder of the raw files, with one folder per source in it, e.g. "data/raw/demo/raw".
    source : str
        "roster", "registry", "employment", "patents", "scores" or "programmes".
    profiles : dict of str to Profile, optional
        Layouts by name, from `ingest.profile.load_profiles`; by default those of the package.

    Returns
    -------
    RawTables
        The tables in the order of file number and sheet. A notebook shows the number of records and
        of non-data rows of each; `raw[0].rows` is a table of personal text and stays in memory.

    Raises
    ------
    ZgzxError
        An unknown source, a folder without files, an unknown file type, encoding or header, an
        empty or damaged file.
    """
    folder = Path(folder)
    known = list((profiles or load_profiles()).values())
    sources = sorted({profile.source for profile in known})
    if source not in sources:
        raise ZgzxError(
            f"no profile for the source {source}", remedy=f"Known sources: {', '.join(sources)}."
        )
    files = _files(folder, source)
    try:
        return RawTables(
            table
            for path, number in files.items()
            for table in _read_file(path, number, folder, source, known)
        )
    except ZgzxError as problem:
        raise problem.with_remedy(
            f"Names of files by number: {LIST} in the folder of the raw files."
        ) from problem


def _files(folder: Path, source: str) -> dict[Path, str]:
    """Raw files and their numbers, in this order.

    Temporary files of office programs are left out. A link to a file is read like the file; a link
    to a folder, a broken link or a device is an error.
    """
    entries = [path for path in (folder / source).rglob("*") if path.name[0] not in ".~"]
    odd = [
        path for path in entries if not path.is_file() and (path.is_symlink() or not path.is_dir())
    ]
    if odd:
        raise ZgzxError(
            "links to folders, broken links or devices among the raw files, which are not read",
            where=f"{source}/",
            count=len(odd),
            examples=number_files(folder, odd).values(),
            remedy="Copy the files themselves into the folder. "
            f"Names of files by number: {LIST} in the folder of the raw files.",
        )
    numbers = number_files(folder, [path for path in entries if path.is_file()])
    strange = [
        f"{number} ({path.suffix})" if PLAIN_ENDING.fullmatch(path.suffix) else number
        for path, number in numbers.items()
        if path.suffix.lower() not in EXTENSIONS
    ]
    if strange:
        raise ZgzxError(
            "files of a type that cannot be read",
            where=str(folder / source),
            count=len(strange),
            examples=strange,
            remedy=f"Readable: {' '.join(EXTENSIONS)}; save them so, or move them elsewhere. "
            f"Names of files by number: {LIST} in the folder of the raw files.",
        )
    if not numbers:
        raise ZgzxError(
            f"missing raw file: no file of the source {source}",
            where=str(folder / source),
            remedy=f"Put the files there ({' '.join(EXTENSIONS)}), "
            "or make synthetic ones with `zgzx simulate`.",
        )
    return numbers


def _read_file(
    path: Path, file: str, folder: Path, source: str, profiles: list[Profile]
) -> list[RawTable]:
    sheets = [sheet for sheet in _sheets(path, file) if len(sheet.filled)]
    if all(sheet.hidden for sheet in sheets):
        hidden = f" ({len(sheets)} hidden sheets)" if sheets else ""
        raise ZgzxError(
            f"the file is empty{hidden}",
            where=file,
            remedy="Ask for it again, or move it elsewhere.",
        )
    name = path.relative_to(folder).as_posix()
    tables = [
        replace(read_table(sheet, file, source, profiles), file_name=name) for sheet in sheets
    ]
    tables = [_without_repeats(table, tables, profiles) for table in tables]
    if not any(len(table.numbers) for table in tables):
        raise ZgzxError(
            "a header but no data rows",
            where=file,
            remedy="Ask for the file again, or move it elsewhere.",
        )
    return tables


def _without_repeats(table: RawTable, tables: list[RawTable], profiles: list[Profile]) -> RawTable:
    """Leave out records of a summary sheet that stand in other sheets of its file."""
    notes = [profile.note_sheets for profile in profiles if profile.note_sheets]
    if not len(table.numbers) or not any(pattern.search(table.sheet_name) for pattern in notes):
        return table
    others = [other for other in tables if other is not table and len(other.numbers)]
    known = {key for other in others for key in _keys(other, table.profile)}
    again = [key in known for key in _keys(table, table.profile)]
    return table.without(np.array(again, dtype=bool), NOTE_SHEET) if any(again) else table


def _keys(table: RawTable, profile: Profile) -> list[tuple[str, ...]]:
    """Return the necessary cells of every record, to find the same record in another sheet."""
    blank = Texts.blank(len(table.numbers))
    columns = [table.cells.get(name, blank) for name in profile.required]
    return list(
        zip(*([texts.texts[code] for code in texts.codes] for texts in columns), strict=True)
    )


def _sheets(path: Path, file: str) -> list[Sheet]:
    """By content: the extension says little (an .et is an .xls or .xlsx, an .xls is often text)."""
    if package.signature(path):
        return spreadsheet.read_workbook(path, file)
    if path.suffix.lower() in TEXT_EXTENSIONS or not path.stat().st_size:
        return delimited.read_delimited(path, file)
    raise package.damaged(file)


def faults_of(folder: Path, source: str) -> list[ZgzxError]:
    """Return the problems of the files of a source that cannot be read, one per file.

    Parameters
    ----------
    folder : Path
        The folder of the raw files.
    source : str
        The source.

    Returns
    -------
    list of ZgzxError
        Empty where all files can be read.
    """
    known = list(load_profiles().values())
    try:
        files = _files(folder, source)
    except ZgzxError as fault:
        return [fault]
    faults = []
    for path, number in files.items():
        try:
            _read_file(path, number, folder, source, known)
        except ZgzxError as fault:
            faults.append(fault)
    return faults
