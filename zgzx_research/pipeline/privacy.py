"""Look for persons in what a run leaves behind.

Every name and number of the raw files, and the pseudonym key.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store
from zgzx_research.pipeline.manifest import is_synthetic
from zgzx_research.pipeline.place import Place, raw_files
from zgzx_research.pipeline.secret_key import secret_key
from zgzx_research.study import load_study

NUMBERS = {
    "id_no": ("resident ID", re.compile(r"\d{17}[\dX]|\d{15}")),
    "phone": ("phone", re.compile(r"1\d{10}")),
    "person_no": ("insurance number", re.compile(r"\d{8,20}")),
}
NUMBERS_IN_NAMES = (
    NUMBERS["id_no"],
    NUMBERS["phone"],
    ("insurance number", re.compile(r"\d{9,10}")),
)
NAMES, PARTIES = ("person_name", "inventors"), ("applicants", "holders")
# What these say is no secret, though it may hold a surname or a whole name (王平五金厂).
PUBLIC = (
    "firm_name",
    "former_names",
    "before",
    "after",
    "employer_name",
    "service_firm",
    "agency",
    "street",
    "address",
    "category",
    "section",
    "team",
    "matter",
    "title",
    "industry",
    "item",
    "union",
    "route",
    "indicator",
    "origin",
)
OWN_TEXTS = {
    "zgzx_research": (".py", ".toml", ".md"),
    "notebooks": (".ipynb",),
    "studies": (".toml",),
    "data/published": (".csv",),
}
NOT_READ = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".ttf", ".otf", ".woff2", ".pyc", ".sqlite3"}
)
PACKED = frozenset({".xlsx", ".docx", ".pptx", ".zip"})
ESCAPED = frozenset({".html", ".svg", ".xml"})
HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]{2,}")
# Whole numbers only: the digits of a fraction (0.19900000123) or of a hexadecimal token are no
# phone.
DIGITS = re.compile(r"(?<![0-9A-Za-z.])\d{8,20}X?(?![0-9A-Za-z]|\.\d)", re.IGNORECASE)
SEPARATORS = re.compile(r"[、;；,，/|\s]+")
TAG = re.compile(r"<[^<>]*>")
ENDS = re.compile(r"</(?:\w+:)?(?:p|si|c|row|is|text|t[dhr]|li|h\d|div|title)>")
LARGEST = 8  # characters of the longest names that are looked for inside a sentence


@dataclass(frozen=True)
class Secrets:
    """What must not be found.

    Attributes
    ----------
    names : Chinese names of two characters or more. numbers : number -> kind. keys : forms of the
        pseudonym key.
    public_runs : runs of Chinese characters that raw files (firms, streets, …) and the project's
        own texts say without meaning a person. public_parts : what may stand inside a sentence: any
        part of an own text, and two characters of a raw one.
    """

    names: frozenset[str]
    numbers: dict[str, str]
    keys: tuple[bytes, ...] = ()
    public_runs: frozenset[str] = frozenset()
    public_parts: frozenset[str] = frozenset()

    @cached_property
    def public_text(self) -> str:
        """All public runs, a line each, to look for parts of them."""
        return "\n".join(sorted(self.public_runs))


@dataclass(frozen=True)
class Finding:
    """A secret in a file: `place` (column, member of an archive, line, or "name"), `kind`, `masked` text."""

    file: str
    place: str
    kind: str
    masked: str


@dataclass(frozen=True)
class Scan:
    """Findings, the number of files read, and the files that could not be.

    Pictures, PDF, fonts.
    """

    findings: list[Finding]
    read: int
    not_read: list[str]


def scan_study(root: Path, name: str) -> Scan:
    """Scan a study's stage files, reports and the notebooks against all its raw files.

    Raises
    ------
    ZgzxError : wrong study file, no raw files, raw files that cannot be read.
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    files = raw_files(place.raw, ".") if place.raw.is_dir() else []
    if not files:
        raise ZgzxError(
            "raw files are missing",
            where=study.raw.path,
            remedy="There is nothing to look for without.",
        )
    key = secret_key(study, root, is_synthetic(place.raw, files))
    secrets = collect_secrets(root, place.raw, key)
    return scan([place.work, place.reports, root / "notebooks"], secrets, root)


def collect_secrets(root: Path, raw: Path, key: bytes) -> Secrets:
    """The persons of every source that has raw files, as `ingest` reads them.

    A key that is public is no secret.
    """
    from zgzx_research.cleaning.sources import CLEANERS
    from zgzx_research.ingest.read import read_raw

    names: set[str] = set()
    numbers: dict[str, str] = {}
    runs: set[str] = set()
    written: set[str] = set()  # names of files and sheets
    for source in sorted(source for source in CLEANERS if raw_files(raw, source)):
        for table in read_raw(raw, source):
            columns = {
                column: table.rows[column].dropna().unique() for column in table.rows.columns
            }
            written |= {table.file_name, table.sheet_name}
            names |= _names(columns)
            numbers |= _numbers(columns)
            runs |= {
                run
                for column in PUBLIC
                for text in columns.get(column, ())
                for run in HAN.findall(text)
            }
    own = {run for text in _own_texts(root) for run in HAN.findall(text)}
    names |= names_in_file_names(written, own, runs)
    numbers |= {found.upper(): kind for text in written for found, kind in _numbers_in(text)}
    runs -= names  # a name typed into a wrong column stays a secret
    parts = {part for run in own for part in _parts(run, range(2, LARGEST + 1))}
    parts |= {part for run in runs for part in _parts(run, [2])}
    keys = (
        ()
        if key == SYNTHETIC_KEY
        else (key, key.hex().encode(), base64.b64encode(key).rstrip(b"="))
    )
    return Secrets(frozenset(names), numbers, keys, frozenset(runs | own), frozenset(parts))


def scan(folders: Sequence[Path], secrets: Secrets, root: Path | None = None) -> Scan:
    """Read every file below the folders (absent ones are empty) and say where a secret stands.

    A name counts as a run of Chinese characters of its own, and inside a longer run unless that is
    (part of) a text that is known to mean something else, or the name is an ordinary word of such
    texts: 王平五金厂 and its core 王平五金 are no findings, 王平 in a cell of its own is one, 由王平填写 is none if
    that firm exists. Latin names are not looked for.
    """
    findings: list[Finding] = []
    read, not_read = 0, []
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(root or folder).as_posix()
            findings += [
                Finding(name, "name", kind, masked) for kind, masked in _found(name, secrets)
            ]
            if path.suffix.lower() in NOT_READ:
                not_read.append(name)
                continue
            read += 1
            if any(key in path.read_bytes() for key in secrets.keys):
                findings.append(Finding(name, "bytes", "pseudonym key", "***"))
            for place, text in _texts(path):
                findings += [
                    Finding(name, place, kind, masked) for kind, masked in _found(text, secrets)
                ]
    return Scan(findings, read, not_read)


def table_of(findings: Iterable[Finding]) -> str:
    """A row per file, place and kind with the number of different secrets and a masked example."""
    rows = pd.DataFrame([asdict(finding) for finding in findings])
    by = rows.groupby(["file", "place", "kind"], as_index=False)
    return by.agg(found=("masked", "size"), like=("masked", "min")).to_string(index=False)


def _found(text: str, secrets: Secrets) -> Iterator[tuple[str, str]]:
    """Kind and masked form of every different secret in a text."""
    for number in {found.upper() for found in DIGITS.findall(text)}:
        if number in secrets.numbers:
            yield secrets.numbers[number], number[:3] + "*" * (len(number) - 3)
    for key in secrets.keys:
        if key in text.encode():
            yield "pseudonym key", "***"
    seen = set()
    for run in set(HAN.findall(text)):
        inside = {part for part in _parts(run, _sizes(secrets.names)) if part in secrets.names}
        if inside and run not in secrets.public_runs:
            known = run in secrets.public_text
            seen |= {
                part
                for part in inside
                if part == run or not (known or part in secrets.public_parts)
            }
    yield from (("name", name[0] + "*" * (len(name) - 1)) for name in sorted(seen))


def _parts(run: str, sizes: Iterable[int]) -> Iterator[str]:
    return (run[at : at + size] for size in sizes for at in range(len(run) - size + 1))


@cache
def _sizes(names: frozenset[str]) -> tuple[int, ...]:
    return tuple(sorted({len(name) for name in names}))


def _names(columns: dict[str, Iterable[str]]) -> set[str]:
    """Names as they are compared (simplified, no blanks) and as they are written, without blanks."""
    from zgzx_research.cleaning.pseudonyms import is_organisation, is_team_name, person_names
    from zgzx_research.cleaning.values import clean_texts

    cells = {text for column in NAMES for text in columns.get(column, ())}
    parties = [
        part
        for column in PARTIES
        for text in columns.get(column, ())
        for part in re.split("[;；|]", text)
    ]
    plain = zip(parties, clean_texts(parties), strict=True)
    cells |= {part for part, text in plain if not is_organisation(text or "")}
    spread = [text for cell in cells for text in re.split("[、;；,，/|\n]+", cell)]
    cleaned = [text for text in clean_texts(spread) if text and not is_team_name(text)]
    written = {re.sub(r"[\s·.]", "", text) for text in cleaned} | {
        name or "" for name in person_names(cleaned)
    }
    return {name for name in written if len(name) <= LARGEST and HAN.fullmatch(name)}


def _numbers(columns: dict[str, Iterable[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, (kind, pattern) in NUMBERS.items():
        for cell in columns.get(column, ()):
            parts = (part.upper() for part in SEPARATORS.split(cell))
            found |= {part: kind for part in parts if pattern.fullmatch(part)}
    return found


def names_in_file_names(
    texts: Iterable[str], own: Iterable[str], public: Iterable[str]
) -> set[str]:
    """What may be a person's name in the names of files and sheets: 甄明 of 甄明社保清单.xlsx.

    Words that the project's own texts know (`own`) are taken off both ends of a run of Chinese
    characters; what is left counts as a name if it has two to four characters. A firm's name
    (`public`) has four, and then counts as none.
    """
    words, firms = "\n".join(own), "\n".join(public)
    left = {_without_known_ends(run, words) for text in texts for run in HAN.findall(text)}
    return {rest for rest in left if 2 <= len(rest) <= 4 and not (len(rest) == 4 and rest in firms)}


def _without_known_ends(run: str, words: str) -> str:
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


def _numbers_in(text: str) -> Iterator[tuple[str, str]]:
    """Phones, IDs and insurance numbers in the name of a file or sheet.

    A date (20250131) is none of them.
    """
    for found in re.findall(r"(?<![0-9A-Za-z])\d{9,20}X?(?![0-9A-Za-z])", text, re.IGNORECASE):
        for kind, pattern in NUMBERS_IN_NAMES:
            if pattern.fullmatch(found.upper()):
                yield found, kind
                break


def _own_texts(root: Path) -> Iterator[str]:
    """What the project itself says: no person stands in it."""
    for folder, endings in OWN_TEXTS.items():
        base = store.PACKAGE if folder == "zgzx_research" else root / folder
        yield from (
            p.read_text(encoding="utf-8") for p in sorted(base.rglob("*")) if p.suffix in endings
        )


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Place and text of everything readable in a file."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        yield from _cells(path)
    elif kind in PACKED and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in (
                name for name in archive.namelist() if Path(name).suffix.lower() not in NOT_READ
            ):
                yield member, _unescaped(archive.read(member).decode("utf-8", "ignore"))
    else:
        text = path.read_text(encoding="utf-8", errors="ignore")
        yield (
            "text",
            _unescaped(text)
            if kind in ESCAPED
            else _plain_json(text)
            if kind in {".json", ".ipynb"}
            else text,
        )


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """Distinct values of each column, and its name."""
    for name, column in pd.read_parquet(path).items():
        categorical = isinstance(
            column.dtype, pd.CategoricalDtype
        )  # a dictionary may hold what no row says any more
        values = column.cat.categories.to_series() if categorical else column.dropna()
        if pd.api.types.is_float_dtype(values):
            values = values[values.mod(1).eq(0) & values.abs().lt(1e18)].astype("int64")
        if not (pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_bool_dtype(values)):
            yield str(name), "\n".join([str(name), *values.astype(str).unique()])


def _unescaped(text: str) -> str:
    """The words a reader sees, whatever pieces markup cuts them into, and below them the tags with their attributes."""
    return html.unescape(
        "\n".join([TAG.sub("", ENDS.sub("\n", text)), *sorted(set(TAG.findall(text)))])
    )


def _plain_json(text: str) -> str:
    """JSON without \\u escapes; a text cut into list items, as notebooks do, stays cut."""
    try:
        return html.unescape(json.dumps(json.loads(text), ensure_ascii=False))
    except json.JSONDecodeError:
        return text
