"""Files of stages: written completely or not at all, read, and hashed."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError

PACKAGE = Path(__file__).resolve().parents[1]


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8."""
    write_whole(path, text.encode("utf-8"))


def json_text(data: object) -> str:
    """Return JSON, sorted and indented, so that two runs give the same bytes."""
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_json(path: Path, data: object) -> None:
    """Write a JSON file."""
    write_text(path, json_text(data))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    object
        Its content.

    Raises
    ------
    ZgzxError
        The file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        remedy = "Bring the file back, or delete it and run again."
        raise ZgzxError(
            f"the file is damaged ({type(problem).__name__})", where=path.name, remedy=remedy
        ) from None


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a Parquet file, without statistics of columns, which would take half the time."""
    write_whole(path, table.to_parquet(index=False, write_statistics=False))


def digest(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, computed again only when size or time of change differ."""
    state = path.stat()
    return _file_digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _file_digest(path: Path, size: int, changed: int) -> str:
    """Read a file in pieces and return its SHA-256; size and time are part of the cache key."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
