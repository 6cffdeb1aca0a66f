"""The rows that are no records, listed for a clerk to check.

A count of what was left out would not be enough.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

import pandas as pd

from zgzx_research.cleaning.identifiers import without_personal_numbers
from zgzx_research.cleaning.quarantine import mask
from zgzx_research.ingest.notes import words
from zgzx_research.ingest.profile import label, load_profiles
from zgzx_research.ingest.read import RawTable

COLUMNS = ["source", "file", "sheet", "row", "kind", "text_masked"]
HEADER = "header"
BETWEEN = " | "
MOST_CELLS = 20  # cells of a row that are shown
LONGEST = 60  # characters of a cell that are shown
HIDDEN = "•••"
# numbers of persons: telephones have 7 digits or more, computer numbers 9
LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9Xx]*")


def non_data_rows(tables: Iterable[RawTable], source: str) -> pd.DataFrame:
    """One row per non-data row, with its text as the quarantine would show it.

    A title may hold a person's name: of titles, notes and sheets set aside only digits, signs, and
    the words of headers and notes are shown.
    """
    rows = [
        (source, table.file, table.sheet, row, kind, _shown(texts, kind))
        for table in tables
        for (row, kind), texts in zip(table.non_data_rows, table.left_out, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {"row": "int64"} | dict.fromkeys(set(COLUMNS) - {"row"}, "str")
    )


def _shown(texts: Sequence[str], kind: str) -> str:
    cells = [
        _label_or_masked(text[:LONGEST]) if kind == HEADER else masked(text[:LONGEST])
        for text in texts[:MOST_CELLS]
    ]
    more = [f"+{len(texts) - MOST_CELLS}"] if len(texts) > MOST_CELLS else []
    return BETWEEN.join([*cells, *more])


def _label_or_masked(text: str) -> str:
    return (without_personal_numbers(text) or "") if label(text) in _labels() else masked(text)


def masked(text: str) -> str:
    """Hide all but words of headers and notes, signs, and digits that are no personal number."""
    safe = without_personal_numbers(unicodedata.normalize("NFKC", text)) or HIDDEN
    safe = LONG_NUMBER.sub(HIDDEN, safe)
    parts = _vocabulary().split(safe)  # every other part is a word that may be shown
    return "".join(
        part if place % 2 else mask("", part) if part else "" for place, part in enumerate(parts)
    )


@cache
def _labels() -> frozenset[str]:
    return frozenset(text for profile in load_profiles().values() for text in profile.columns)


@cache
def _vocabulary() -> re.Pattern[str]:
    known = {text for text in (*_labels(), *words().known) if len(text) > 1}
    return re.compile(
        "(" + "|".join(map(re.escape, sorted(known, key=lambda text: (-len(text), text)))) + ")"
    )
