"""The data dictionary: every table, column, type, unit, key and constraint."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zgzx_research.cleaning.schemas import ROWS_OF_PATENTS, SCHEMAS, dtypes

_HEAD = """# Data dictionary

Made by `.ci/dictionary.py` from `zgzx_research/cleaning/schemas.py` and
`cleaning/dictionary.toml`; edit those instead.

A key of a person is the first 32 hexadecimal digits of an HMAC-SHA-256 under the study's key.
`str` columns hold text, `category` columns text that repeats (Parquet dictionaries),
`datetime64[s]` days, `Int64` whole numbers that may be missing. A cell may be missing unless its
constraint says *never missing*.
"""
_COLUMNS = ("column", "type", "unit", "constraints", "meaning")


def data_dictionary() -> str:
    """Return the text of `data/README.md`.

    Raises
    ------
    KeyError
        A clean table or column that `dictionary.toml` does not describe.
    """
    words = tomllib.loads((Path(__file__).parent / "dictionary.toml").read_text(encoding="utf-8"))
    parts = [_HEAD, "## clean\n"]
    parts += [_clean_table(name, words) for name in SCHEMAS if name != ROWS_OF_PATENTS]
    for room, tables in words["other"].items():
        parts += [f"## {room}\n"] if room != "clean" else []
        parts += [_other_table(name, table) for name, table in tables.items()]
    return "\n".join(parts)


def _clean_table(name: str, words: dict[str, Any]) -> str:
    schema, types = SCHEMAS[name], dtypes(name)
    rows = []
    for column, checked in schema.columns.items():
        said = words["override"].get(name, {}).get(column) or words["column"][column]
        constraints = [str(check.description) for check in checked.checks]
        if not checked.nullable:
            constraints.insert(0, "never missing")
        rows.append(
            (
                f"`{column}`",
                types[column],
                said.get("unit", ""),
                "; ".join(constraints),
                said["text"],
            )
        )
    rules = [str(check.description) for check in schema.checks]
    rules += [f"unique: {', '.join(schema.unique)}"] if schema.unique else []
    return _section(name, words["table"][name], rows, rules)


def _other_table(name: str, table: dict[str, Any]) -> str:
    rows = [
        (f"`{column}`", dtype, unit, "", text) for column, dtype, unit, text in table["columns"]
    ]
    return _section(name, table, rows, [])


def _section(
    name: str, table: dict[str, Any], rows: Iterable[tuple[str, ...]], rules: list[str]
) -> str:
    lines = [f"### {name}", "", f"{table['text']} Key: {table['key']}.", ""]
    lines += [_line(_COLUMNS), _line(("---",) * len(_COLUMNS)), *(_line(row) for row in rows)]
    if rules:
        lines += ["", "Rows: " + "; ".join(rules) + "."]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
