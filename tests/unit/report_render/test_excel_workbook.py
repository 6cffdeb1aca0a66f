"""The Excel file: text stays text, numbers stay numbers, bad sheets are refused."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.report.excel_workbook import Absent, Amount, SheetTable, write_workbook
from zgzx_research.report.workbook_words import Column
from zgzx_research.report.zip_archives import unzip

STAMP = {"version": "1"}
DANGEROUS = (
    "=1+1",
    "+cmd",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("http://example.org")',
    "http://example.org",
    "007",
    "\t=1",
)


def write(out: Path, table: SheetTable, *, synthetic: bool = True) -> openpyxl.Workbook:
    write_workbook([table], out, language="zh", synthetic=synthetic, stamp=STAMP)
    return openpyxl.load_workbook(out)


def test_no_text_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    out = tmp_path / "a.xlsx"
    table = SheetTable(
        "表", "=2+2", ("=A1", "b"), tuple((text, text) for text in DANGEROUS), ("=3+3",)
    )
    sheet = write(out, table)["表"]
    assert tuple(cell.value for cell in sheet["A"][3:11]) == DANGEROUS
    assert {
        cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None
    } == {"s"}
    members = unzip(out.read_bytes())
    assert not any(b"<f>" in data or b"r:id" in links(data) for data in members.values())
    own = {name: links(data) for name, data in members.items() if links(data)}
    assert list(own) == ["xl/worksheets/sheet1.xml"]  # the contents lead to the other sheets


def links(data: bytes) -> bytes:
    return b"".join(re.findall(rb"<hyperlink [^>]*>", data))


def test_cells_keep_their_kind(tmp_path: Path) -> None:
    cells = (
        1,
        np.int64(2019),
        2.5,
        np.float64(-0.25),
        True,
        None,
        pd.NA,
        float("nan"),
        float("inf"),
        date(2025, 4, 1),
    )
    sheet = write(
        tmp_path / "a.xlsx", SheetTable("t", "T", ("v",), tuple((cell,) for cell in cells))
    )["t"]
    values = [cell.value for cell in sheet["A"][3:]]
    assert values[:9] == [1, 2019, 2.5, -0.25, "True", None, None, None, "inf"]
    assert values[9].date() == date(2025, 4, 1)


def test_the_synthetic_mark_is_on_screen_and_on_paper(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", SheetTable("t", "T", ("列", "b"), (("x", 1),)))
    assert book.sheetnames == ["目录", "说明", "字典", "t"]
    for sheet in book:
        assert sheet["A1"].value == "合成数据 SYNTHETIC"
        assert "SYNTHETIC" in sheet.oddHeader.center.text
    assert book["t"].freeze_panes == "B4"
    real = write(tmp_path / "b.xlsx", SheetTable("t", "T", ("列",), (("x",),)), synthetic=False)
    assert real["t"]["A1"].value == "T"
    assert b"SYNTHETIC" not in b"".join(unzip((tmp_path / "b.xlsx").read_bytes()).values())


def test_columns_are_as_wide_as_chinese_text_needs(tmp_path: Path) -> None:
    rows = (("深圳市龙岗区", "abcdef"), ("长" * 99, "abcdefgh"))
    widths = write(tmp_path / "a.xlsx", SheetTable("t", "T", ("a", "b"), rows))[
        "t"
    ].column_dimensions
    assert 48 <= widths["A"].width < 49  # capped
    assert 10 <= widths["B"].width < 11  # eight letters and a margin
    rows = (("深圳市龙岗区", "abcdef"),)
    widths = write(tmp_path / "b.xlsx", SheetTable("t", "T", ("a", "b"), rows))[
        "t"
    ].column_dimensions
    assert 14 <= widths["A"].width < 15  # six characters of two cells, and a margin


@pytest.mark.parametrize("name", ["", "a" * 32, "a/b", "a[1]", "'a"])
def test_sheet_names_excel_refuses_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ZgzxError, match="sheet name"):
        write(tmp_path / "a.xlsx", SheetTable(name, "T", ("a",), ()))


def test_uneven_rows_and_doubled_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=r"not as long as the columns, 1 affected, e.g. 2"):
        write(tmp_path / "a.xlsx", SheetTable("t", "T", ("a", "b"), ((1, 2), (1,))))
    with pytest.raises(ZgzxError, match="occurs twice"):
        write(tmp_path / "a.xlsx", SheetTable("说明", "T", ("a",), ()))
    assert not (tmp_path / "a.xlsx").exists()


def test_the_first_sheet_leads_to_the_others_and_counts_their_rows(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", SheetTable("甲 乙", "题", ("列",), (("x",), ("y",))))
    rows = list(book["目录"].iter_rows(min_row=4, values_only=True))
    assert rows == [
        ("说明", "数据、代码与复现", 1),
        ("字典", "各工作表每一列的含义与单位", 1),
        ("甲 乙", "题", 2),
    ]
    places = [row[0].hyperlink.location for row in book["目录"].iter_rows(min_row=4)]
    assert places == ["'说明'!A1", "'字典'!A1", "'甲 乙'!A1"]


def test_the_dictionary_has_meaning_and_unit_of_every_column(tmp_path: Path) -> None:
    columns = (Column("估计（%）", "估计的影响", "percent"), Column("年", "哪一年", "year"))
    book = write(tmp_path / "a.xlsx", SheetTable("表", "题", columns, ((1.0, 2020),)))
    assert list(book["字典"].iter_rows(min_row=4, values_only=True)) == [
        ("表", "估计（%）", "估计的影响", "%"),
        ("表", "年", "哪一年", "年份"),
    ]


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("percent", 12.345, "#,##0.0"),
        ("percent", 0.0004, "0.00#E+0"),
        ("percentage_point", -1234.5, "#,##0.0"),
        ("share", 0.123, "0.0%"),
        ("count", 1234567, "#,##0"),
        ("year", 2020, "0"),
        ("number", 0.25, "0.0#####"),
        ("", 7, "0"),
    ],
)
def test_formats_follow_the_unit_of_column_or_cell(
    tmp_path: Path, unit: str, value: float, shown: str
) -> None:
    columns = (Column("a", "", unit), Column("b", "", "own"))
    table = SheetTable("表", "题", columns, ((value, Amount(value, unit)),))
    cells = write(tmp_path / "a.xlsx", table)["表"][4]
    assert [cell.number_format for cell in cells] == [shown, shown]
    assert [cell.value for cell in cells] == [value, value]


def test_a_suppressed_cell_is_marked_and_an_absent_one_has_a_dash(tmp_path: Path) -> None:
    table = SheetTable("表", "题", ("a", "b", "c"), ((Absent.HIDDEN, Absent.NONE, None),))
    sheet = write(tmp_path / "a.xlsx", table)["表"]
    assert [cell.value for cell in sheet[4]] == ["不显示", "—", None]
    about = openpyxl.load_workbook(tmp_path / "a.xlsx")["说明"]
    said = [cell.value for cell in about["A"] if cell.value]
    assert any("不显示" in text for text in said) and any("—" in text for text in said)


def test_long_tables_can_be_filtered(tmp_path: Path) -> None:
    rows = tuple((number,) for number in range(20))
    assert write(tmp_path / "a.xlsx", SheetTable("表", "题", ("a",), rows))["表"].auto_filter.ref
