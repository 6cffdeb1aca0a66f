"""Unknown is not open, and open is not unknown.

The end of employment and the day a firm was struck off.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cleaned_case, cleaned_text, plain, reasons

from zgzx_research.cleaning.values import clean_texts, unknown

HEADER = "社保电脑号,姓名,身份证号,单位编号,单位名称,参保起始年月,参保终止年月\n"


def spell(tmp_path: Path, end: str):
    row = f"612345602,伍会,99030720000806812X,30011223,深圳市鸿远精密有限公司,202001,{end}\n"
    return cleaned_text(tmp_path, "employment", spells=HEADER + row)


def test_the_words_of_the_case(tmp_path: Path) -> None:
    result = cleaned_case(tmp_path, "employment", "employment/end_words.csv")
    assert plain(result.tables["spell"]["row"]) == [4, 5, 6, 7, 8]
    assert result.tables["spell"]["end_ym"].isna().all()
    assert [entry for entry in reasons(result) if entry[1] == "end_ym"] == [
        (2, "end_ym", "bad_period", True),
        (3, "end_ym", "bad_period", True),
    ]


@pytest.mark.parametrize(
    "end",
    [
        "",
        "至今",
        "长期",
        "在职",
        "无固定期限",
        "999912",
        "9999-12-31",
        "9999年12月",
        "2999.12",
        "0",
        "000000",
        " 至 今 ",
    ],
)
def test_open_spells(tmp_path: Path, end: str) -> None:
    result = spell(tmp_path, end)
    assert plain(result.tables["spell"]["end_ym"]) == [None]
    assert not [entry for entry in reasons(result) if entry[1] == "end_ym"]


@pytest.mark.parametrize(
    "end", ["不详", "未知", "#N/A", "#DIV/0!", "#REF!", "Err:502", "待查", "?", "去年底"]
)
def test_unknown_ends_are_no_open_spells(tmp_path: Path, end: str) -> None:
    result = spell(tmp_path, end)
    assert result.tables["spell"].empty
    assert (2, "end_ym", "bad_period", True) in reasons(result)


def test_an_ordinary_end_is_read(tmp_path: Path) -> None:
    assert plain(spell(tmp_path, "202112").tables["spell"]["end_ym"]) == [202112]


def test_the_day_a_firm_was_struck_off(tmp_path: Path) -> None:
    text = "统一社会信用代码,企业名称,成立日期,注销日期\n"
    days = ["长期", "9999-12-31", "不详", "#VALUE!", "2020-05-06"]
    rows = "".join(
        f",深圳市样例{number}有限公司,2001-01-01,{day}\n" for number, day in enumerate(days)
    )
    result = cleaned_text(tmp_path, "registry", registry=text + rows)
    closed = result.tables["registry"]["closed"]
    assert closed.isna().tolist() == [True, True, True, True, False]
    flagged = [entry[:3] for entry in reasons(result) if entry[1] == "closed"]
    assert flagged == [(4, "closed", "value_date"), (5, "closed", "value_date")]


def test_unknown_cells_elsewhere_are_missing_and_said(tmp_path: Path) -> None:
    row = "612345602,伍会,99030720000806812X,#N/A,不详,202001,202012\n"
    result = cleaned_text(tmp_path, "employment", spells=HEADER + row)
    assert {entry[1:3] for entry in reasons(result)} >= {
        ("employer_no", "value_error_cell"),
        ("employer_name", "value_unknown"),
    }


def test_what_means_nothing_and_what_means_unknown() -> None:
    assert clean_texts(["-", "无", "NULL", "不详", "#N/A", "甄明"]) == [
        None,
        None,
        None,
        None,
        None,
        "甄明",
    ]
    assert clean_texts(["-", "不详"], keep_unknown=True) == [None, "不详"]
    assert [unknown(text) for text in ("-", "＃Ｎ／Ａ", "未知", "E101")] == [
        None,
        "value_error_cell",
        "value_unknown",
        None,
    ]


def test_the_error_cell_of_the_case(tmp_path: Path) -> None:
    """The workbook holds #N/A as an error value, not as text.

    The spell ended on a day that nobody knows.
    """
    result = cleaned_case(tmp_path, "employment", "employment/end_is_error_cell.xlsx")
    assert result.tables["spell"].empty
    assert (2, "end_ym", "bad_period", True) in reasons(result)
