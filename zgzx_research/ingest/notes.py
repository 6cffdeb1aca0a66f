"""Which cells say that their row is no record, and whether the rest of the row says otherwise."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from zgzx_research.ingest.header import Header
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Texts

PATH = Path(__file__).parent / "non_data_rows.toml"
NOTE, TOTAL = "note", "total"
# Numbers that belong to one person, enterprise or patent: a total has none.
IDENTIFIERS = frozenset(
    {
        "uscc",
        "employer_uscc",
        "id_no",
        "phone",
        "person_no",
        "app_no",
        "publication_no",
        "registration_no",
        "organisation_code",
    }
)
_IDENTIFIER = re.compile(r"(?=(?:.*\d){4})[0-9A-Z*×.\-]{8,}", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.,\s%+\-]*\d[\d.,\s%+\-]*\w{0,2}")
_STROKE = frozenset("-—–_=*·~～")
_STROKES = frozenset(sign * 3 for sign in _STROKE)
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_LATIN = re.compile(r"[A-Za-z][A-Za-z _./()\-]+")
LEAST_NAMED = 3  # filled cells of a row that numbers or names columns
_MARKS = r"[\s\-—–_=*·.。…()（）\[\]【】<>《》〈〉~～/|#※★☆●◆]*"


@dataclass(frozen=True)
class Words:
    """Patterns by kind of row, the characters at both ends of such a cell, and the known words."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    begins: frozenset[str]
    ends: frozenset[str]
    known: tuple[str, ...]

    def kind(self, text: str) -> str | None:
        """Return "note" or "total"; None for any other cell."""
        if text[:1] not in self.begins and text[-1:] not in self.ends:
            return None
        return next((kind for kind, pattern in self.patterns if pattern.fullmatch(text)), None)


@cache
def words() -> Words:
    """Return the words of `non_data_rows.toml`."""
    data = tomllib.loads(PATH.read_text(encoding="utf-8"))
    labels, ends, totals = (_any(data[name]["words"]) for name in ("label", "end", "total"))
    behind = r"\s*(?:[一二三四五六七八九十\d]+|[(（][^)）]{0,8}[)）])?\s*"
    unit = _any(data["total"]["units"])
    amount = rf"\s*[:：]?\s*[\d.,]*\s*(?:{unit})?\s*(?:[(（].*[)）])?\s*[:：]?\s*"
    sentences = "|".join(data["sentence"]["patterns"])
    patterns = (
        (TOTAL, re.compile(rf"{_MARKS}(?:.{{0,20}}?)(?:{totals}){amount}")),
        (NOTE, re.compile(rf"{_MARKS}(?:{labels}){behind}{_MARKS}[:：].*", re.DOTALL)),
        (NOTE, re.compile(rf"\s*[【\[(（](?:{labels}){behind}[】\])）].*", re.DOTALL)),
        (NOTE, re.compile(rf"{_MARKS}(?:{ends}){_MARKS}[:：]?")),
        (
            NOTE,
            re.compile(rf"{_MARKS}(?:{sentences})(?!.*(?:公司|厂|店|社|部|中心)$).*", re.DOTALL),
        ),
    )
    known = [*data["label"]["words"], *data["end"]["words"], *data["total"]["words"]]
    begins = {word[0] for word in known} | set(
        "本以共数统资信截第-—–_=*·.。…(（[【<《〈~～/|#※★☆●◆"
    )
    return Words(patterns, frozenset(begins), frozenset("计数"), tuple(known))


def _any(texts: Iterable[str]) -> str:
    """One of these words, whatever blanks stand between its characters."""
    return "|".join(
        r"\s*".join(map(re.escape, text)) for text in sorted(texts, key=len, reverse=True)
    )


def noted_rows(sheet: Sheet, header: Header) -> dict[int, str]:
    """Grid row -> note or total, for the rows below the header that such a cell makes no record."""
    found: dict[int, dict[int, str]] = {}
    ruled = {int(row): NOTE for row in _ruled_rows(sheet) if row > header.last}
    for column, texts in sheet.columns.items():
        kinds = {
            number: kind for number, text in _candidates(texts) if (kind := words().kind(text))
        }
        if kinds:
            hit = np.isin(texts.codes, list(kinds))
            hit[: header.last + 1] = False
            for row in np.flatnonzero(hit).tolist():
                found.setdefault(row, {})[column] = kinds[int(texts.codes[row])]
    return (
        ruled
        | _numbered_columns(sheet, header)
        | {
            row: next(iter(cells.values()))
            for row, cells in found.items()
            if not _is_record(sheet.row(row), cells, header)
        }
    )


def _candidates(texts: Texts) -> Iterator[tuple[int, str]]:
    """Return the texts that begin or end as a note or total does; most do not."""
    yield from texts.beginning(words().begins.__contains__)
    ends = tuple(words().ends)
    yield from ((number, text) for number, text in enumerate(texts.texts) if text.endswith(ends))


def _ruled_rows(sheet: Sheet) -> np.ndarray:
    """Rows of strokes only: -----, =====."""
    strokes = np.zeros(sheet.height, dtype=np.int32)
    for texts in sheet.columns.values():
        strokes_only = texts.beginning(_STROKE.__contains__)
        hit = [
            number for number, text in strokes_only if text[:3] in _STROKES and len(set(text)) == 1
        ]
        strokes += np.isin(texts.codes, hit) if hit else 0
    return np.flatnonzero((strokes > 0) & (strokes == sheet.counts))


def _numbered_columns(sheet: Sheet, header: Header) -> dict[int, str]:
    """Find the row below the header that numbers or names the columns (甲, 乙, 1, 2)."""
    below = (
        sheet.filled[sheet.filled > header.last][:1].tolist()
        if sheet.filled[-1] > header.last + 1
        else []
    )
    texts = [text for row in below for text in sheet.row(row) if text]
    if len(texts) < LEAST_NAMED:
        return {}
    numbers = [text.strip("()（）") for text in texts]
    arabic = [int(text) for text in numbers if text.isascii() and text.isdecimal()]
    letters = [text for text in numbers if not text.isdecimal()]
    numbered = "".join(letters) in _STEMS and arabic == list(range(1, len(arabic) + 1))
    latin = all(_LATIN.fullmatch(text) for text in texts) and len(set(texts)) == len(texts)
    return dict.fromkeys(below, "header") if numbered or latin else {}


def _is_record(row: list[str], said: Mapping[int, str], header: Header) -> bool:
    """Whether the cells beside those that say "no record" are those of a record.

    An identifier makes a record. A word in a remark makes no difference to a row that has a name. A
    word in the first cell or in a name is believed, but a note not against two other necessary
    cells (a label is not one of them).
    """
    others = {
        name: row[place]
        for place, name in enumerate(header.columns)
        if name is not None and place not in said and row[place]
    }
    if any(name in IDENTIFIERS and _IDENTIFIER.fullmatch(text) for name, text in others.items()):
        return True
    required = [others[name] for name in header.profile.required if name in others]
    first = next(place for place, text in enumerate(row) if text)
    in_remark = first not in said and not any(
        header.columns[place] in header.profile.required for place in said
    )
    if in_remark:
        return any(not _NUMBER.fullmatch(text) for text in required)
    return TOTAL not in said.values() and len(said) == 1 and len(required) >= 2
