"""Case files copied into a raw folder of their own, read and cleaned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.sources import clean
from zgzx_research.ingest.read import read_raw

DATA = Path(__file__).parent / "data"
SECRET_KEY = b"a key for the tests"


def cleaned_case(
    folder: Path, source: str, *cases: str, deliveries: tuple[str, ...] = ()
) -> Cleaned:
    """The source cleaned from these case files (below tests/cases/data)."""
    (folder / source).mkdir(parents=True)
    for case in cases:
        shutil.copy(DATA / case, folder / source)
    return clean(read_raw(folder, source), source, key=SECRET_KEY, deliveries=deliveries)


def cleaned_text(
    folder: Path, source: str, deliveries: tuple[str, ...] = (), **files: str
) -> Cleaned:
    """The source cleaned from delimited files: name without ending -> text."""
    (folder / source).mkdir(parents=True)
    for name, text in files.items():
        (folder / source / f"{name}.csv").write_text(text, encoding="utf-8-sig")
    return clean(read_raw(folder, source), source, key=SECRET_KEY, deliveries=deliveries)


def plain(column: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in column]


def reasons(result: Cleaned) -> list[tuple]:
    rows = result.quarantine[["row", "column", "reason", "row_lost"]].astype("object")
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in rows.to_numpy()]


def column_of(*texts: str) -> pd.Series:
    return pd.Series(texts, dtype="str")
