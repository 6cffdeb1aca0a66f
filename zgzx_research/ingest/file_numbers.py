"""Numbers instead of names for raw files, since a file name may be the name of a person.

A file is its source and a number, `employment/007`; only one list beside the raw files holds the
names. Decisions refer to the number, so a file keeps it when others come or go: new files are added
below, in the order of their names, and no number is given twice. Sheets are numbered as they stand
in the workbook, hidden ones included.
"""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable
from pathlib import Path

from zgzx_research.atomic import disk_problem, write_whole
from zgzx_research.errors import ZgzxError

LIST = "file_numbers.csv"
HEADER = ["number", "name"]
OWNER_ONLY = 0o600


def number_files(folder: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Return the numbers of raw files, and add new files to the list.

    Where the folder cannot be written (an archive), the new numbers follow the order of the names
    and are the same each time; see `is_listed`.

    Parameters
    ----------
    folder : Path
        The folder of the raw files.
    paths : iterable of Path
        Files below it.

    Returns
    -------
    dict of Path to str
        Path -> number, in the order of the numbers.

    Raises
    ------
    ZgzxError
        A list that is damaged.
    """
    known = read_list(folder)
    wanted = {path.relative_to(folder).as_posix(): path for path in paths}
    new = sorted(set(wanted) - set(known))
    last: dict[str, int] = {}
    for number in known.values():
        source, _, digits = number.partition("/")
        last[source] = max(last.get(source, 0), int(digits))
    for name in new:
        source = name.split("/")[0]
        last[source] = last.get(source, 0) + 1
        known[name] = f"{source}/{last[source]:03d}"
    if new:
        _write_list(folder, known)
    found = {known[name]: path for name, path in wanted.items()}
    return {found[number]: number for number in sorted(found, key=_order)}


def is_listed(folder: Path, paths: Iterable[Path]) -> bool:
    """Whether all these files stand in the list, so that they keep their numbers."""
    return {path.relative_to(folder).as_posix() for path in paths} <= set(read_list(folder))


def read_list(folder: Path) -> dict[str, str]:
    """Read the list of file numbers.

    Returns
    -------
    dict of str to str
        File name (relative to the folder) -> number; empty where there is no list.

    Raises
    ------
    ZgzxError
        A list that is damaged: a number or a name twice, or something that is no number.
    """
    path = folder / LIST
    if not path.is_file():
        return {}
    try:
        lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        rows = [(name, number) for number, name in lines[1:]]
    except (UnicodeDecodeError, csv.Error, ValueError):
        lines, rows = [], []
    known = dict(rows)
    wrong = lines[:1] != [HEADER] or len(known) < len(rows) or len(set(known.values())) < len(rows)
    if wrong or not all(_is_number_of(number, name) for name, number in rows):
        raise ZgzxError(
            "the list of file numbers is damaged",
            where=LIST,
            remedy="Bring back the list as it was; without it (delete it) all files get new "
            "numbers, and decisions on cells and rows have to be taken again.",
        )
    return known


def _is_number_of(number: str, name: str) -> bool:
    source, _, digits = number.partition("/")
    return digits.isascii() and digits.isdecimal() and name.startswith(f"{source}/")


def _order(number: str) -> tuple[str, int]:
    source, _, digits = number.partition("/")
    return source, int(digits)


def _write_list(folder: Path, known: dict[str, str]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(
        (number, name) for name, number in sorted(known.items(), key=lambda item: _order(item[1]))
    )
    try:
        write_whole(folder / LIST, text.getvalue().encode("utf-8-sig"), mode=OWNER_ONLY)
    except ZgzxError as error:
        problem = disk_problem(error)
        if problem is None or problem.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
