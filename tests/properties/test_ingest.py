"""Ingest holds for any grid.

Text comes back in every encoding, no row vanishes, both readers agree.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.ingest import delimited
from zgzx_research.ingest.encoding import examine
from zgzx_research.ingest.header import find_header
from zgzx_research.ingest.profile import label, load_profiles
from zgzx_research.ingest.read import read_raw
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Columns

HEADER = ["统一社会信用代码", "企业名称", "成立日期", "经营状态", "所属街道"]
CHINESE = st.text(alphabet="拟样精密电子有限公司䶮𬍛（）0123456789.- \u3000", max_size=8)
CELLS = st.one_of(
    CHINESE,
    st.sampled_from(
        ["", "", "备注：无", "合计", "=1+1", "4.40307E+17", "'0", "91449900MA5D000164"]
    ),
)
GRIDS = st.lists(st.lists(CELLS, max_size=7), max_size=12)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def written(text: str, encoding: str, folder: str) -> Path:
    path = Path(folder) / "registry" / "a.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.slow
@examples(80)
@given(rows=GRIDS, encoding=ENCODINGS, delimiter=st.sampled_from([",", "\t", ";", "|"]))
def test_no_row_and_no_cell_vanishes(rows: list[list[str]], encoding: str, delimiter: str) -> None:
    full = [HEADER, *rows, ["91449900MA5D000164", "拟样厂", "2008-03-15", "存续", "龙城街道"]]
    with tempfile.TemporaryDirectory() as folder:
        written(as_csv(full, delimiter), encoding, folder)
        (table,) = read_raw(Path(folder), "registry")
    stripped = {number: [cell.strip() for cell in row] for number, row in enumerate(full, start=1)}
    filled = {number: row for number, row in stripped.items() if any(row)}
    assert table.rows_in == len(filled) == len(table.rows) + len(table.non_data_rows)
    assert {*table.rows["row"], *(row for row, _ in table.non_data_rows)} == set(filled)
    names = [table.profile.columns[label(text)] for text in HEADER]
    for record in table.rows.to_dict("records"):
        cells = filled[record["row"]]
        padded = cells + [""] * (5 - len(cells))
        assert [None if pd.isna(record[name]) else record[name] for name in names] == [
            c or None for c in padded[:5]
        ]
        assert record["surplus"] == sum(map(bool, cells[5:]))


@examples(80)
@given(text=st.text(alphabet="拟样䶮㛃𬍛,1\n", min_size=1).filter(str.strip), encoding=ENCODINGS)
def test_the_encoding_found_gives_the_text_back(text: str, encoding: str) -> None:
    line = (
        "拟样精密有限公司,拟,1\n" * 3 + text
    )  # GB18030 is told from UTF-8 by bytes that cannot be UTF-8
    with tempfile.TemporaryDirectory() as folder:
        path = written(line, encoding, folder)
        found = examine(path, "a.csv")
        assert path.read_bytes().decode(found.encoding).removeprefix("\ufeff") == line


@pytest.mark.slow
@pytest.mark.slow
@examples(80)
@given(rows=st.lists(st.lists(CHINESE, min_size=1, max_size=6), min_size=1, max_size=10))
def test_both_readers_agree(rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in [HEADER, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = written(text, "utf-8", folder)
        layout = delimited.Layout(",", 5, 20)
        plain = delimited.read_plain(path, "a.csv", "utf-8", layout)
        quoted = delimited.read_quoted(path, "a.csv", "utf-8", layout)
    assert (plain.height, plain.short) == (quoted.height, quoted.short)
    assert {
        place: column.series().fillna("").tolist() for place, column in plain.columns.items()
    } == {place: column.series().fillna("").tolist() for place, column in quoted.columns.items()}


@examples(60)
@given(
    order=st.permutations(HEADER),
    above=st.lists(st.sampled_from(["", "导出时间：2021", "拟样登记所", "企业名录"]), max_size=15),
    left=st.integers(0, 3),
)
def test_the_header_is_found_wherever_it_stands(
    order: list[str], above: list[str], left: int
) -> None:
    rows = [[text] for text in above] + [[""] * left + order, [""] * left + ["x"] * 5]
    columns = Columns()
    columns.add_rows(rows)
    sheet = Sheet("", columns.filled(), columns.height)
    header = find_header(sheet, "a.csv", "registry", load_profiles().values())
    registry = load_profiles()["registry"]
    assert header.profile is registry
    assert header.first == header.last == len(above)
    assert [header.columns[left + place] for place in range(5)] == [
        registry.columns[label(text)] for text in order
    ]
