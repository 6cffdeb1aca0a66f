"""One cell, several people or firms: split where it is sure, said where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cleaned_case, cleaned_text, plain, reasons

from zgzx_research.cleaning.names import split_parties, split_people

UNSURE = "value_several_names"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("甄知明\n伍会行", ["甄知明", "伍会行"]),
        ("贾远和 尤平", ["贾远和", "尤平"]),
        ("甄明、伍会;厉行/尤平", ["甄明", "伍会", "厉行", "尤平"]),
        ("甄明 伍会 厉行", ["甄明", "伍会", "厉行"]),
        ("甄明&伍会", ["甄明", "伍会"]),
        ("甄明和伍会", ["甄明", "伍会"]),
        ("甄明 和 伍会", ["甄明", "伍会"]),
        ("甄 明", ["甄明"]),
        ("甄 知 明", ["甄知明"]),
        ("甄 知明", ["甄知明"]),
        ("欧阳 明", ["欧阳明"]),
        ("甄 明 伍会行 厉 平", ["甄明", "伍会行", "厉平"]),
        ("甄和平", ["甄和平"]),
        ("欧阳和", ["欧阳和"]),
        ("阿依古丽·买买提", ["阿依古丽·买买提"]),
        ("阿依古丽 · 买买提、甄明", ["阿依古丽·买买提", "甄明"]),
        ("John Smith", ["John Smith"]),
        ("组长：甄明 组员：伍会、厉行".replace("：", ":"), ["甄明", "伍会", "厉行"]),
        ("甄明(组长)、伍会", ["甄明(组长)", "伍会"]),
        ("甄明 师傅", ["甄明"]),
        ("精密一班 甄明 伍会", ["精密一班", "甄明", "伍会"]),
        ("甄明、伍会、厉行等3人", ["甄明", "伍会", "厉行"]),
    ],
)
def test_people_that_are_sure(text: str, names: list[str]) -> None:
    assert split_people(text, "、;,/|") == (names, None)


@pytest.mark.parametrize(
    "text", ["甄知明伍会行", "甄 明 伍 会", "甄明 钳焊", "甄 Tom", "买买提 艾力"]
)
def test_people_that_are_not_sure(text: str) -> None:
    assert split_people(text, "、;,/|") == ([], UNSURE)


@pytest.mark.parametrize("text", ["甄明、伍会等3人", "甄明、伍会等", "甄明、伍会等五名"])
def test_lists_that_leave_people_out(text: str) -> None:
    assert split_people(text, "、;,/|") == (["甄明", "伍会"], "value_names_left_out")


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        (
            "深圳市甲电子有限公司,深圳市乙电子有限公司",
            ["深圳市甲电子有限公司", "深圳市乙电子有限公司"],
        ),
        (
            "深圳市甲电子有限公司 深圳市乙电子有限公司",
            ["深圳市甲电子有限公司", "深圳市乙电子有限公司"],
        ),
        ("深圳市甲电子有限公司和样例大学", ["深圳市甲电子有限公司", "样例大学"]),
        ("深圳市甲电子有限公司\n甄明", ["深圳市甲电子有限公司", "甄明"]),
        (
            "深圳市甲（集团） 有限公司".replace("（", "(").replace("）", ")"),
            ["深圳市甲(集团) 有限公司"],
        ),
        ("深圳市和谐电子有限公司", ["深圳市和谐电子有限公司"]),
        ("SAMPLE ELECTRONICS CO., LTD.", ["SAMPLE ELECTRONICS CO., LTD."]),
        ("深圳市 甲电子有限公司", ["深圳市 甲电子有限公司"]),
    ],
)
def test_firms_that_are_sure(text: str, parties: list[str]) -> None:
    assert split_parties(text, ";") == (parties, None)


def test_a_mark_that_may_belong_to_a_firms_name() -> None:
    assert split_parties("深圳市甲、乙电子有限公司", ";") == (
        ["深圳市甲、乙电子有限公司"],
        "value_several_firms",
    )


def test_the_roster_of_the_case(tmp_path: Path) -> None:
    roster = cleaned_case(tmp_path, "roster", "roster/names_by_newline_or_space.xlsx").tables[
        "roster"
    ]
    assert list(zip(roster["row"], roster["part"], strict=True)) == [(3, 1), (3, 2), (4, 1), (4, 2)]
    assert roster["name_key"].nunique() == 4


def test_the_patents_of_the_case(tmp_path: Path) -> None:
    party = cleaned_case(tmp_path, "patents", "patents/other_separators.csv").tables["patent_party"]
    for role in ("applicant", "inventor"):
        assert party[party["role"].eq(role)].groupby("app_no").size().tolist() == [2, 2, 2]
    assert set(party["name"].dropna()) == {"深圳市甲电子有限公司", "深圳市乙电子有限公司"}
    assert party["name_key"].nunique() == 2


def test_a_row_whose_people_are_not_sure_stays_as_a_team_and_is_said(tmp_path: Path) -> None:
    text = "姓名,工作单位,奖项类别,届次\n甄知明伍会行,样例五金,技能之星,9\n"
    text += "甄明,样例五金、样例一厂有限公司,技能之星,9\n"
    result = cleaned_text(tmp_path, "roster", names=text)
    assert plain(result.tables["roster"]["is_team"]) == [True, False]
    assert result.tables["roster"]["name_key"].isna().tolist() == [True, False]
    assert (2, "person_name", UNSURE, False) in reasons(result)
    assert (3, "firm_name", "value_several_firms", False) in reasons(result)


def test_ids_follow_the_names_of_a_team(tmp_path: Path) -> None:
    text = "姓名,身份证号码,工作单位,奖项类别,届次\n"
    text += '"甄知明\n伍会行","990000199003071235\n990000197901017776",样例五金,技能之星,9\n'
    roster = cleaned_text(tmp_path, "roster", names=text).tables["roster"]
    assert roster["id_key"].notna().tolist() == [True, True]
