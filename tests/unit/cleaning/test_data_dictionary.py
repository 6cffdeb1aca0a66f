"""data/README.md is what the schemas say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zgzx_research.cleaning.dictionary import data_dictionary
from zgzx_research.cleaning.schemas import ROWS_OF_PATENTS, SCHEMAS, dtypes, empty

README = Path(__file__).parents[3] / "data" / "README.md"


def test_the_dictionary_is_the_schemas() -> None:
    assert README.read_text(encoding="utf-8") == data_dictionary()  # .ci/dictionary.py writes it


def test_every_table_and_column_is_described() -> None:
    sections = dict(
        re.findall(
            r"^### (\w+)\n(.*?)(?=^##|\Z)", data_dictionary(), flags=re.MULTILINE | re.DOTALL
        )
    )
    for table, schema in SCHEMAS.items():
        if table != ROWS_OF_PATENTS:
            assert re.findall(r"^\| `(\w+)` \|", sections[table], flags=re.MULTILINE) == list(
                schema.columns
            )
            assert "Key: " in sections[table]
            assert "None" not in sections[table]  # a check without a description


@pytest.mark.parametrize("table", [name for name in SCHEMAS if name != ROWS_OF_PATENTS])
def test_empty_tables_fulfil_their_schema(table: str) -> None:
    frame = SCHEMAS[table].validate(empty(table))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(table)
