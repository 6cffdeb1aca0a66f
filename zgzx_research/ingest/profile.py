"""Profiles: what an agency calls its columns, as data.

A new layout is a new file in `profiles/`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError

FOLDER = Path(__file__).parent / "profiles"
NOT_READ = "not_read"
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufeff\u00ad]+")
KEYS = {
    "source",
    "header_levels",
    "required",
    "columns",
    "title",
    "foot",
    "separators",
    "dates",
    "open_ends",
    "amounts",
    "amount_columns",
    "non_data_rows",
}


@dataclass(frozen=True)
class NonDataRule:
    """A rule for rows that are no records.

    Attributes
    ----------
    kind : str
        The kind of non-data row.
    match : re.Pattern[str]
        Tried on the first non-blank cell of a row.
    single_cell : bool
        Whether only rows with exactly one non-blank cell are meant (section titles).
    """

    kind: str
    match: re.Pattern[str]
    single_cell: bool


@dataclass(frozen=True)
class Foot:
    """A small table below the rows that explains a code in them (employer number -> employer name).

    Attributes
    ----------
    key : str
        Canonical column of the rows and of the foot by which they are joined.
    columns : dict of str to str
        Header label in the foot -> canonical name; the same labels may be repeated to the right.
    """

    key: str
    columns: dict[str, str]

    @property
    def canonical(self) -> list[str]:
        """Canonical names, each once."""
        return list(dict.fromkeys(self.columns.values()))


@dataclass(frozen=True)
class Profile:
    """One agency layout.

    Attributes
    ----------
    name : str
        File name without `.toml`.
    source : str
        Folder of the raw files (roster, registry, employment, patents, scores, programmes).
    columns : dict of str to str
        Header label (see `label`) -> canonical name, or NOT_READ for a column that is known and
        not read.
    canonical : tuple[str, ...]
        Canonical columns in the order of the profile, those of the title and the foot last.
    title : dict of str to re.Pattern[str]
        Canonical name -> pattern with one group, searched (after NFKC) in the rows above the
        header, then in the name of the sheet; a row below the header that `non_data_rows` calls
        title or section may change it.
    foot : Foot or None
        The table below the rows, if this layout has one.
    required : tuple[str, ...]
        Canonical names without which a table is not of this layout.
    header_levels : int
        2 when group cells may stand above the column headers.
    separators : dict of str to str
        Canonical name -> characters that separate several values in one cell.
    dates : dict of str to tuple[str, ...]
        Styles of `cleaning/rules.toml` in which this agency writes dates (`day`) and months
        (`month`).
    open_ends : dict of str to tuple[str, ...]
        Canonical name -> what this agency writes for "still so" in a column of ends (至今,
        999912).
    amounts : dict of str to str
        `bare_unit`, the unit of an amount written without one ("" = refuse to guess).
    amount_columns : tuple[str, ...]
        Canonical columns of amounts: a unit in their header, as in 注册资本(万元),
        holds for bare numbers.
    non_data_rows : tuple[NonDataRule, ...]
        Title, section, note and total rows below the header.
    note_sheets : re.Pattern[str] or None
        Names of sheets that hold explanations only.
    """

    name: str
    source: str
    columns: dict[str, str] = field(default_factory=dict)
    canonical: tuple[str, ...] = ()
    title: dict[str, re.Pattern[str]] = field(default_factory=dict)
    foot: Foot | None = None
    required: tuple[str, ...] = ()
    header_levels: int = 1
    separators: dict[str, str] = field(default_factory=dict)
    dates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    open_ends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: dict[str, str] = field(default_factory=dict)
    amount_columns: tuple[str, ...] = ()
    non_data_rows: tuple[NonDataRule, ...] = ()
    note_sheets: re.Pattern[str] | None = None

    def alias(self, canonical: str) -> str:
        """Return the first header known for a canonical column, for messages."""
        return next((text for text, name in self.columns.items() if name == canonical), canonical)


@cache
def label(text: str) -> str:
    """Return a header as it is compared with others.

    NFKC, without blanks, line breaks and invisible characters (the byte-order mark of a file that
    was joined to another), and without the asterisk of a compulsory column.
    """
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip("*").upper()


@cache
def load_profiles(folder: Path = FOLDER) -> dict[str, Profile]:
    """All profiles of a folder by name, in the order of their names."""
    return {path.stem: _parse(path) for path in sorted(folder.glob("*.toml"))}


def _parse(path: Path) -> Profile:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = sorted(set(data) - KEYS)
        if unknown:
            raise ZgzxError(
                "unknown keys in a profile",
                where=path.name,
                count=len(unknown),
                examples=unknown,
                remedy=f"Known keys: {', '.join(sorted(KEYS))}.",
            )
        return _build(path.stem, data)
    except (tomllib.TOMLDecodeError, re.error, KeyError, AttributeError, TypeError) as error:
        raise ZgzxError(
            f"a profile that cannot be read ({type(error).__name__}: {error})",
            where=path.name,
            remedy="Compare it with profiles/registry.toml.",
        ) from error


def _build(name: str, data: dict[str, Any]) -> Profile:
    rules = dict(data.get("non_data_rows", {}))
    sheets = rules.pop("note_sheets", None)
    columns = _by_label(name, data["columns"])
    title = {canonical: re.compile(pattern) for canonical, pattern in data.get("title", {}).items()}
    foot = data.get("foot")
    explained = Foot(foot["key"], _by_label(name, foot["columns"])) if foot else None
    _check(name, data["required"], columns, title, explained)

    canonical = dict.fromkeys(
        [*data["columns"], *title, *(explained.canonical if explained else [])]
    )
    canonical.pop(NOT_READ, None)
    return Profile(
        name=name,
        source=data["source"],
        columns=columns,
        canonical=tuple(canonical),
        title=title,
        foot=explained,
        required=tuple(data["required"]),
        header_levels=data.get("header_levels", 1),
        separators=data.get("separators", {}),
        dates={kind: tuple(styles) for kind, styles in data.get("dates", {}).items()},
        open_ends={column: tuple(words) for column, words in data.get("open_ends", {}).items()},
        amounts=data.get("amounts", {}),
        amount_columns=tuple(data.get("amount_columns", ())),
        non_data_rows=tuple(
            NonDataRule(kind, re.compile(rule["match"]), rule.get("single_cell", False))
            for kind, rule in rules.items()
        ),
        note_sheets=re.compile(sheets) if sheets else None,
    )


def _check(
    name: str,
    required: list[str],
    columns: dict[str, str],
    title: dict[str, re.Pattern[str]],
    foot: Foot | None,
) -> None:
    missing = sorted(set(required) - set(columns.values()))
    if missing:
        raise ZgzxError(
            "required columns without a header",
            where=f"{name}.toml",
            count=len(missing),
            examples=missing,
        )
    groups = [canonical for canonical, pattern in title.items() if pattern.groups != 1]
    if groups:
        raise ZgzxError(
            "title patterns without exactly one group", where=f"{name}.toml", examples=groups
        )
    if foot and foot.key not in {*columns.values()} & {*foot.canonical}:
        raise ZgzxError(
            "the key of the foot is no column of the rows and of the foot", where=f"{name}.toml"
        )


def _by_label(name: str, columns: dict[str, list[str]]) -> dict[str, str]:
    """Header label -> canonical name.

    A canonical column without a header is one this agency does not deliver.
    """
    found: dict[str, str] = {}
    for canonical, aliases in columns.items():
        for alias in aliases:
            if found.setdefault(label(alias), canonical) != canonical:
                raise ZgzxError(
                    f"the header {alias} stands under two columns", where=f"{name}.toml"
                )
    return found
