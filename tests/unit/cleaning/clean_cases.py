"""Raw tables made by hand as ingest hands them over, and what tests say about results."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.sources import clean
from zgzx_research.ingest.profile import Profile
from zgzx_research.ingest.read import RawTable
from zgzx_research.ingest.texts import Texts

SECRET_KEY = b"a key for the tests"
FIRM = "91449900MA5D000164"  # both checks worked out in test_clean_identifiers
OTHER = "91449900MA5EQ102X0"


def column(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str")


def plain(values: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in values]


def digest(text: str) -> str:
    return hmac.new(SECRET_KEY, text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def by_row(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    values = frame[list(columns)].astype("object")
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in values.to_numpy()]


def raw_table(
    profile: str,
    columns: str,
    *rows: Sequence[str | None],
    file: str = "",
    sheet: str = "",
    title: str = "",
    section: str | None = None,
    first: int = 2,
    **settings: object,
) -> RawTable:
    """A table of the source before the "/" of `profile` (source/profile).

    Text, rows numbered from `first`.

    Its file and sheet are numbered by their own names here.
    """
    source, name = profile.split("/")
    names = columns.split()
    every = np.arange(len(rows))
    cells = {
        name: Texts.of(every, [row[place] for row in rows]) for place, name in enumerate(names)
    }
    cells["section"] = Texts.of(every * 0, [section])
    made = Profile(name, source, columns={text: text for text in names}, **settings)  # type: ignore[arg-type]
    return RawTable(
        file or f"{source}/{name}.csv",
        sheet,
        made,
        cells,
        every + first,
        every * 0,
        [],
        len(rows),
        title,
        file_name=file,
        sheet_name=sheet,
    )


def clean_tables(*tables: RawTable) -> Cleaned:
    return clean(tables, tables[0].profile.source, key=SECRET_KEY)


def reasons_of(result: Cleaned) -> list[tuple]:
    return by_row(result.quarantine, "row", "column", "reason", "row_lost")


def everything(result: Cleaned) -> str:
    """All text that leaves the room."""
    frames = [*result.tables.values(), result.quarantine]
    return "\n".join([*(frame.to_csv() for frame in frames), str(result.ledger)])
