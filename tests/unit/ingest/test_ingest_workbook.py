"""Workbooks: numbers as text, merged cells, hidden and note sheets, two-level headers."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable, read_raw
from zgzx_research.ingest.spreadsheet import cell_text

HEADER = ["序号", "姓名", "身份证号码", "工作单位", "奖项类别"]


def one(folder: Path) -> RawTable:
    return read_raw(folder, "roster")[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (1990.3, "1990.3"),
        (19900001111.0, "19900001111"),
        (990000199003071235.0, "9.90000199003071E+17"),  # 15 digits are all that Excel kept
        (datetime.date(1990, 3, 1), "1990-03-01"),
        (datetime.datetime(1990, 3, 1, 0, 0), "1990-03-01"),
        (True, "TRUE"),
        ("　甄试样 ", "甄试样"),
    ],
)
def test_cell_text(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_merged_categories_run_down_and_section_rows_do_not(book: Callable) -> None:
    rows = [
        HEADER,
        [1, "甄一", None, "甲厂", "创新之星"],
        [2, "甄二", None, "乙厂", None],
        [3, "甄三", None, "丙厂", None],
    ]
    table = one(book(rows, merged=("E2:E3",)))
    assert table.rows["category"].tolist()[:2] == ["创新之星", "创新之星"]
    assert table.rows["category"].isna().tolist() == [False, False, True]


def test_two_level_header_under_merged_groups(book: Callable) -> None:
    rows = [
        ["名单"],
        ["序号", "个人信息", None, "工作单位", "联系电话"],
        [None, "姓名", "身份证号码", None, None],
        [1, "甄一", "9900**********1235", "甲厂", 19900001111],
    ]
    table = one(book(rows, merged=("A1:E1", "A2:A3", "B2:C2", "D2:D3", "E2:E3")))
    assert table.non_data_rows == [(1, "title"), (2, "header"), (3, "header")]
    read = table.rows.loc[0, ["person_name", "id_no", "firm_name", "phone"]].tolist()
    assert read == ["甄一", "9900**********1235", "甲厂", "19900001111"]


def test_non_data_rows_is_recognised_counted_and_named(book: Callable) -> None:
    rows = [
        ["龙岗区第九届名单"],
        HEADER,
        ["一、职工创新之星（1名）"],
        [1, "甄一", None, "甲厂"],
        [],
        HEADER,  # repeated on the next printed page
        ["二、职工技能之星（1名）"],
        [2, "甄二", None, "乙厂"],
        ["合计", 2],
        ["备注：无"],
        ["填表人：甄三", None, "审核人：甄四"],
    ]
    table = one(book(rows, merged=("A3:E3",)))
    assert table.non_data_rows == [
        (1, "title"),
        (2, "header"),
        (3, "section"),
        (6, "header"),
        (7, "section"),
        (9, "total"),
        (10, "note"),
        (11, "note"),
    ]
    assert table.title == "龙岗区第九届名单"
    assert table.rows["row"].tolist() == [4, 8]
    assert table.rows["section"].tolist() == ["一、职工创新之星（1名）", "二、职工技能之星（1名）"]
    assert (
        table.rows_in == 10 == len(table.rows) + len(table.non_data_rows)
    )  # the blank row 5 is not counted


def test_a_row_that_only_looks_like_a_section_stays_a_row(book: Callable) -> None:
    table = one(book([HEADER, ["以上排名不分先后"], [1, "甄一", None, "甲厂"]]))
    assert table.rows["row"].tolist() == [2, 3]


@pytest.mark.parametrize(("hidden", "kind"), [(True, "hidden_sheet"), (False, "note_sheet")])
def test_hidden_and_note_sheets_are_counted_as_non_data_rows(
    book: Callable, hidden: bool, kind: str
) -> None:
    folder = book(
        [HEADER, [1, "甄一", None, "甲厂"]], hidden=hidden, second=[["甄旧稿"], [], ["乙"]]
    )
    shown, aside = read_raw(folder, "roster")
    assert (shown.sheet_name, shown.rows_in) == ("名单", 2)
    assert (aside.sheet_name, aside.non_data_rows, aside.rows_in) == (
        "说明",
        [(1, kind), (3, kind)],
        2,
    )
    assert aside.rows.empty


def test_a_damaged_workbook(write: Callable) -> None:
    with pytest.raises(ZgzxError, match=r"roster/001: not a readable workbook.*save it as .xlsx"):
        read_raw(write("roster/a.xlsx", b"not a zip"), "roster")
