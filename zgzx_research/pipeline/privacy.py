"""`zgzx scan`: search all files that a run wrote for personal data of the raw files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.file_texts import NOT_READ, texts_of
from zgzx_research.pipeline.key_file import secret_key
from zgzx_research.pipeline.manifest import is_synthetic
from zgzx_research.pipeline.personal_data import CHINESE, Secrets, collect_secrets, parts
from zgzx_research.pipeline.place import Place, raw_files
from zgzx_research.study import load_study

# Whole numbers only: the digits of a fraction (0.19900000123) or of a hexadecimal token are no
# phone.
DIGITS = re.compile(r"(?<![0-9A-Za-z.])\d{8,20}X?(?![0-9A-Za-z]|\.\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One secret in one file.

    Attributes
    ----------
    file : str
        Path from the project folder.
    place : str
        Column, member of an archive, "text", "bytes", or "name" for the file's own name.
    kind : str
        For example "name" or "phone".
    masked : str
        The secret with all but its beginning hidden.
    """

    file: str
    place: str
    kind: str
    masked: str


@dataclass(frozen=True)
class Scan:
    """Result of a search.

    Attributes
    ----------
    findings : list of Finding
        Secrets that were found.
    read : int
        Number of files read.
    not_read : list of str
        Files that were not read: pictures, PDF, fonts.
    """

    findings: list[Finding]
    read: int
    not_read: list[str]


def scan_study(root: Path, name: str) -> Scan:
    """Search a study's stage files, reports and the notebooks for the persons of its raw files.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    Scan
        What was found.

    Raises
    ------
    ZgzxError
        Wrong study file, no raw files, or raw files that cannot be read.
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    files = raw_files(place.raw, ".") if place.raw.is_dir() else []
    if not files:
        raise ZgzxError(
            "raw files are missing",
            where=study.raw.path,
            remedy="Without them the names to search for are not known.",
        )
    key = secret_key(study, root, is_synthetic(place.raw, files))
    secrets = collect_secrets(root, place.raw, key)
    return scan([place.work, place.reports, root / "notebooks"], secrets, root)


def scan(folders: Sequence[Path], secrets: Secrets, root: Path | None = None) -> Scan:
    """Search every file below some folders for secrets.

    A name counts where it is a whole run of Chinese characters. Inside a longer run it counts,
    unless the run is (part of) a text that is known to mean something else, or the name is an
    ordinary word of such texts: 王平五金厂 and its core 王平五金 are no findings, 王平 in a cell of
    its own is one, 由王平填写 is none if that firm exists. Latin names are not searched for.

    Parameters
    ----------
    folders : sequence of Path
        Folders; one that does not exist counts as empty.
    secrets : Secrets
        What to search for, from `collect_secrets`.
    root : Path, optional
        Folder from which paths are given; each folder itself by default.

    Returns
    -------
    Scan
        What was found.
    """
    findings: list[Finding] = []
    read, not_read = 0, []
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(root or folder).as_posix()
            findings += _findings(name, "name", name, secrets)
            if path.suffix.lower() in NOT_READ:
                not_read.append(name)
                continue
            read += 1
            if any(key in path.read_bytes() for key in secrets.keys):
                findings.append(Finding(name, "bytes", "pseudonym key", "***"))
            for place, text in texts_of(path):
                findings += _findings(name, place, text, secrets)
    return Scan(findings, read, not_read)


def table_of(findings: Iterable[Finding]) -> str:
    """Return a table by file, place and kind, with the number of secrets and an example."""
    rows = pd.DataFrame([asdict(finding) for finding in findings])
    by = rows.groupby(["file", "place", "kind"], as_index=False)
    return by.agg(found=("masked", "size"), like=("masked", "min")).to_string(index=False)


def _findings(file: str, place: str, text: str, secrets: Secrets) -> list[Finding]:
    """Return a finding for every different secret in a text."""
    return [Finding(file, place, kind, masked) for kind, masked in _secrets_in(text, secrets)]


def _secrets_in(text: str, secrets: Secrets) -> Iterator[tuple[str, str]]:
    """Yield kind and masked form of every different secret in a text."""
    for number in {found.upper() for found in DIGITS.findall(text)}:
        if number in secrets.numbers:
            yield secrets.numbers[number], number[:3] + "*" * (len(number) - 3)
    for key in secrets.keys:
        if key in text.encode():
            yield "pseudonym key", "***"
    for name in sorted(_names_in(text, secrets)):
        yield "name", name[0] + "*" * (len(name) - 1)


def _names_in(text: str, secrets: Secrets) -> set[str]:
    """Return the names of persons in a text, by the rule of `scan`."""
    found: set[str] = set()
    for run in set(CHINESE.findall(text)):
        inside = {part for part in parts(run, secrets.name_lengths) if part in secrets.names}
        if not inside or run in secrets.public_runs:
            continue
        known = run in secrets.public_text
        found |= {
            part for part in inside if part == run or not (known or part in secrets.public_parts)
        }
    return found
