"""Files as clerks send them (tests/unit/fixtures/clerk).

What comes out of each, with every row accounted for.
"""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest
from clerk_cases import REFUSED, TABLES, Expected

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable, read_raw

FIXTURES = Path(__file__).parents[1] / "fixtures"
CLERK = FIXTURES / "clerk"
FILES = sorted(path.relative_to(CLERK).as_posix() for path in CLERK.glob("*/*"))
READABLE = [file for file in FILES if file not in REFUSED]


def read(file: str, folder: Path) -> list[RawTable]:
    source = file.split("/")[0]
    (folder / source).mkdir()
    shutil.copy(CLERK / file, folder / source)
    return read_raw(folder, source)


def test_every_file_is_expected_and_described() -> None:
    assert len(FILES) >= 40
    assert set(FILES) == {expected.file for expected in TABLES} | set(REFUSED)
    described = re.findall(
        r"^\| `([^`]+)` \|", (CLERK / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert sorted(described) == FILES


def test_the_workbooks_are_what_their_script_writes() -> None:
    made = runpy.run_path(str(FIXTURES / "make_workbooks.py"))["WORKBOOKS"]
    assert not [file for file, make in made.items() if make() != (CLERK / file).read_bytes()]


@pytest.mark.parametrize(
    "expected", TABLES, ids=lambda expected: f"{expected.file} {expected.sheet}"
)
def test_what_comes_out(expected: Expected, tmp_path: Path) -> None:
    table = next(
        table for table in read(expected.file, tmp_path) if table.sheet_name == expected.sheet
    )
    assert table.profile.name == expected.profile
    assert ", ".join(f"{row} {kind}" for row, kind in table.non_data_rows) == expected.non_data_rows
    assert table.rows["row"].tolist() == list(expected.rows)
    by_row = table.rows.set_index("row")
    found = {(row, column): by_row.at[row, column] for row, column in expected.cells}
    assert {
        cell: None if pd.isna(value) else value for cell, value in found.items()
    } == expected.cells


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("file", READABLE)
def test_no_row_vanishes_and_no_sheet_is_unexpected(file: str, tmp_path: Path) -> None:
    tables = read(file, tmp_path)
    assert {table.sheet_name for table in tables} == {
        expected.sheet for expected in TABLES if expected.file == file
    }
    for table in tables:
        assert table.rows_in == len(table.rows) + len(table.non_data_rows)
        places = [*table.rows["row"], *(row for row, _ in table.non_data_rows)]
        assert len(set(places)) == table.rows_in
        assert set(table.profile.canonical) <= set(table.rows.columns)


@pytest.mark.parametrize("file", REFUSED)
def test_what_is_refused(file: str, tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=REFUSED[file]) as caught:
        read(file, tmp_path)
    assert str(caught.value).startswith(f"{file.split('/')[0]}/001")
    assert "拟" not in str(caught.value)


def test_the_foot_of_a_statement_is_kept(tmp_path: Path) -> None:
    (table,) = read("employment/statement.csv", tmp_path)
    assert table.foot.to_numpy().tolist() == [
        [9, "44990001", "深圳市鸿拟精密有限公司"],
        [9, "44990002", "拟派人力资源有限公司"],
        [10, "44990003", "拟样五金"],
        [11, "44990003", "拟样五金厂"],
    ]


def test_nobody_in_the_fixtures_can_be_real() -> None:
    """Resident IDs of area 990000, mobile numbers 1990000xxxx (18 and 11 digits in text files)."""
    for path in CLERK.rglob("*.*"):
        if path.suffix in {".csv", ".txt"}:
            text = path.read_bytes().decode("latin-1").replace("\0", "")
            numbers = re.findall(r"(?<!\d)(?:\d{17}[\dX]|1\d{10})(?!\d)", text)
            assert all(number.startswith(("990000", "1990000")) for number in numbers), path.name
