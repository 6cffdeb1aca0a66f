"""Names and numbers of persons in the raw files: what no output of a run may contain."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.pipeline import store
from zgzx_research.pipeline.place import raw_files

# columns that hold numbers of persons -> what such a number is called, and its form
NUMBERS = {
    "id_no": ("resident ID", re.compile(r"\d{17}[\dX]|\d{15}")),
    "phone": ("phone", re.compile(r"1\d{10}")),
    "person_no": ("insurance number", re.compile(r"\d{8,20}")),
}
NUMBERS_IN_FILE_NAMES = (
    NUMBERS["id_no"],
    NUMBERS["phone"],
    ("insurance number", re.compile(r"\d{9,10}")),
)
NAMES = ("person_name", "inventors")
PARTIES = ("applicants", "holders")  # persons or organisations
# Columns that are not personal, though a surname or a whole name may be part of them (王平五金厂).
PUBLIC = (
    *("firm_name", "former_names", "before", "after", "employer_name", "service_firm", "agency"),
    *("street", "address", "category", "section", "team", "matter", "title", "industry", "item"),
    *("union", "route", "indicator", "origin"),
)
# folders of the project's own texts -> endings
OWN_TEXTS = {
    "zgzx_research": (".py", ".toml", ".md"),
    "notebooks": (".ipynb",),
    "studies": (".toml",),
    "data/published": (".csv",),
}
CHINESE = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]{2,}")  # two characters or more
SEPARATORS = re.compile(r"[、;；,，/|\s]+")
LONGEST_NAME = 8  # characters


@dataclass(frozen=True)
class Secrets:
    """What no output may contain.

    Attributes
    ----------
    names : frozenset of str
        Chinese names of two characters or more.
    numbers : dict
        Number to its kind, e.g. "phone".
    keys : tuple of bytes
        Forms of the pseudonym key.
    public_runs : frozenset of str
        Runs of Chinese characters that raw files (firms, streets, …) and the project's own texts
        contain without meaning a person.
    public_parts : frozenset of str
        Texts that may be part of a sentence: any part of the project's own texts, and every two
        characters of the raw ones.
    """

    names: frozenset[str]
    numbers: dict[str, str]
    keys: tuple[bytes, ...] = ()
    public_runs: frozenset[str] = frozenset()
    public_parts: frozenset[str] = frozenset()

    @cached_property
    def public_text(self) -> str:
        """All public runs, one per line, to search for parts of them."""
        return "\n".join(sorted(self.public_runs))

    @cached_property
    def name_lengths(self) -> tuple[int, ...]:
        """Lengths that names have."""
        return tuple(sorted({len(name) for name in self.names}))


@dataclass
class _RawTexts:
    """What all raw tables contain, gathered sheet by sheet."""

    names: set[str] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)
    public_runs: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)  # names of files and sheets


def collect_secrets(root: Path, raw: Path, key: bytes) -> Secrets:
    """Collect the persons of every source that has raw files, as `ingest` reads them.

    Parameters
    ----------
    root : Path
        The project folder.
    raw : Path
        The raw files of a study.
    key : bytes
        Its pseudonym key; the key of synthetic data is public, and so no secret.

    Returns
    -------
    Secrets
        Names, numbers and keys, and the texts that are public.
    """
    texts = _read_all(raw)
    own = {run for text in _own_texts(root) for run in CHINESE.findall(text)}

    names = texts.names | names_in_file_names(texts.titles, own, texts.public_runs)
    numbers = texts.numbers | {
        found.upper(): kind for text in texts.titles for found, kind in _numbers_in_file_name(text)
    }

    runs = texts.public_runs - names  # a name typed into a wrong column stays a secret
    public_parts = {part for run in own for part in parts(run, range(2, LONGEST_NAME + 1))}
    public_parts |= {part for run in runs for part in parts(run, [2])}

    forms = (key, key.hex().encode(), base64.b64encode(key).rstrip(b"="))
    keys = () if key == SYNTHETIC_KEY else forms
    return Secrets(frozenset(names), numbers, keys, frozenset(runs | own), frozenset(public_parts))


def parts(run: str, lengths: Iterable[int]) -> Iterator[str]:
    """Yield all parts of a text that have one of these lengths."""
    return (run[at : at + size] for size in lengths for at in range(len(run) - size + 1))


def _read_all(raw: Path) -> _RawTexts:
    """Read the raw tables of all sources."""
    from zgzx_research.cleaning.sources import CLEANERS
    from zgzx_research.ingest.read import read_raw

    texts = _RawTexts()
    for source in sorted(source for source in CLEANERS if raw_files(raw, source)):
        for table in read_raw(raw, source):
            columns = {name: table.rows[name].dropna().unique() for name in table.rows.columns}
            texts.titles |= {table.file_name, table.sheet_name}
            texts.names |= _names(columns)
            texts.numbers |= _numbers(columns)
            texts.public_runs |= {
                run
                for name in PUBLIC
                for text in columns.get(name, ())
                for run in CHINESE.findall(text)
            }
    return texts


def _names(columns: Mapping[str, Iterable[str]]) -> set[str]:
    """Return names as they are compared (simplified) and as they are written, without blanks."""
    from zgzx_research.cleaning.pseudonyms import is_organisation, is_team_name, person_names
    from zgzx_research.cleaning.values import clean_texts

    cells = {text for column in NAMES for text in columns.get(column, ())}
    parties = [
        part
        for column in PARTIES
        for text in columns.get(column, ())
        for part in re.split("[;；|]", text)
    ]
    cleaned_parties = zip(parties, clean_texts(parties), strict=True)
    cells |= {part for part, text in cleaned_parties if not is_organisation(text or "")}

    single = [text for cell in cells for text in re.split("[、;；,，/|\n]+", cell)]
    cleaned = [text for text in clean_texts(single) if text and not is_team_name(text)]
    written = {re.sub(r"[\s·.]", "", text) for text in cleaned}
    written |= {name or "" for name in person_names(cleaned)}
    return {name for name in written if len(name) <= LONGEST_NAME and CHINESE.fullmatch(name)}


def _numbers(columns: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return numbers of persons with their kind."""
    found: dict[str, str] = {}
    for column, (kind, pattern) in NUMBERS.items():
        for cell in columns.get(column, ()):
            pieces = (piece.upper() for piece in SEPARATORS.split(cell))
            found |= {piece: kind for piece in pieces if pattern.fullmatch(piece)}
    return found


def names_in_file_names(
    texts: Iterable[str], own: Iterable[str], public: Iterable[str]
) -> set[str]:
    """Find possible names of persons in names of files and sheets: 甄明 in 甄明社保清单.xlsx.

    Words of the project's own texts are removed from both ends of a run of Chinese characters. The
    rest counts as a name if it has two to four characters, but for the four characters of a firm.

    Parameters
    ----------
    texts : iterable of str
        Names of files and sheets.
    own : iterable of str
        Runs of Chinese characters in the project's own texts.
    public : iterable of str
        Names of firms.

    Returns
    -------
    set of str
        Possible names.
    """
    words, firms = "\n".join(own), "\n".join(public)
    left = {_without_known_ends(run, words) for text in texts for run in CHINESE.findall(text)}
    return {rest for rest in left if 2 <= len(rest) <= 4 and not (len(rest) == 4 and rest in firms)}


def _without_known_ends(run: str, words: str) -> str:
    """Remove known words from both ends of a text, the longest first, until none is left."""
    rest, before = run, ""
    while rest != before:
        before = rest
        for size in range(len(rest), 1, -1):
            if rest[-size:] in words:
                rest = rest[:-size]
                break
            if rest[:size] in words:
                rest = rest[size:]
                break
    return rest


def _numbers_in_file_name(text: str) -> Iterator[tuple[str, str]]:
    """Yield phones, IDs and insurance numbers in a file or sheet name, but no dates (20250131)."""
    for found in re.findall(r"(?<![0-9A-Za-z])\d{9,20}X?(?![0-9A-Za-z])", text, re.IGNORECASE):
        for kind, pattern in NUMBERS_IN_FILE_NAMES:
            if pattern.fullmatch(found.upper()):
                yield found, kind
                break


def _own_texts(root: Path) -> Iterator[str]:
    """Yield the project's own texts, which name no person."""
    for folder, endings in OWN_TEXTS.items():
        base = store.PACKAGE if folder == "zgzx_research" else root / folder
        for path in sorted(base.rglob("*")):
            if path.suffix in endings:
                yield path.read_text(encoding="utf-8")
