"""All text in a file, whatever its format, for the search for personal data."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

NOT_READ = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".ttf", ".otf", ".woff2", ".pyc", ".sqlite3"}
)
ARCHIVES = frozenset({".xlsx", ".docx", ".pptx", ".zip"})
MARKUP = frozenset({".html", ".svg", ".xml"})
JSON = frozenset({".json", ".ipynb"})
TAG = re.compile(r"<[^<>]*>")
BLOCK_END = re.compile(r"</(?:\w+:)?(?:p|si|c|row|is|text|t[dhr]|li|h\d|div|title)>")
LARGEST_WHOLE = 1e18  # floats above it hold no exact whole number


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """Read a file and yield its texts, each with its place (column, archive member or "text").

    Parameters
    ----------
    path : Path
        A file whose ending is not in `NOT_READ`.

    Yields
    ------
    tuple of str
        Place and text.
    """
    kind = path.suffix.lower()
    if kind == ".parquet":
        yield from _columns(path)
    elif kind in ARCHIVES and zipfile.is_zipfile(path):
        yield from _members(path)
    else:
        text = path.read_text(encoding="utf-8", errors="ignore")
        if kind in MARKUP:
            text = _markup_text(text)
        elif kind in JSON:
            text = _json_text(text)
        yield "text", text


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the distinct values of each column of a Parquet file."""
    for name, column in pd.read_parquet(path).items():
        values = column.dropna()
        if isinstance(column.dtype, pd.CategoricalDtype):
            # the dictionary may hold values that no row has any more
            values = column.cat.categories.to_series()
        if pd.api.types.is_float_dtype(values):
            whole = values.mod(1).eq(0) & values.abs().lt(LARGEST_WHOLE)
            values = values[whole].astype("int64")
        if not (pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_bool_dtype(values)):
            yield str(name), "\n".join([str(name), *values.astype(str).unique()])


def _members(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each readable file in an archive."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if Path(member).suffix.lower() not in NOT_READ:
                yield member, _markup_text(archive.read(member).decode("utf-8", "ignore"))


def _markup_text(text: str) -> str:
    """Return the words a reader sees, joined across tags, and below them the tags themselves."""
    words = TAG.sub("", BLOCK_END.sub("\n", text))
    tags = sorted(set(TAG.findall(text)))
    return html.unescape("\n".join([words, *tags]))


def _json_text(text: str) -> str:
    r"""Return JSON without \u escapes; the strings of a list stay separate."""
    try:
        return html.unescape(json.dumps(json.loads(text), ensure_ascii=False))
    except json.JSONDecodeError:
        return text
