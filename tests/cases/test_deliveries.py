"""Several deliveries of one source: the newer holds, the older is history.

And what is said of it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from case_files import cleaned_case, cleaned_text, column_of, plain, reasons

from zgzx_research.cleaning import identifiers
from zgzx_research.errors import ZgzxError

FIRM = "91440300MA5B7B3545"
REGISTRY = "统一社会信用代码,企业名称,成立日期,经营状态,注销日期\n"
BEFORE, AFTER = "深圳市鸿远精密有限公司", "深圳市鸿达精密有限公司"
SPELLS = "社保电脑号,姓名,身份证号,单位编号,单位名称,参保起始年月,参保终止年月\n"


def test_the_newer_register_holds(tmp_path: Path) -> None:
    result = cleaned_case(
        tmp_path, "registry", "registry_two_years/2024.csv", "registry_two_years/2025.csv"
    )
    firm = result.tables["registry"]
    assert firm[["file", "status"]].values.tolist() == [["registry/002", "注销"]]
    assert plain(firm["closed"]) == [pd.Timestamp(2025, 3, 1)]
    assert (2, None, "older_delivery", True) in reasons(result)
    assert result.tables["registry_event"].empty


def test_a_rename_between_two_deliveries_is_an_event(tmp_path: Path) -> None:
    files = {
        "名录2025年3月": f"{REGISTRY}{FIRM},{AFTER},2001-1-1,存续,\n",
        "名录2024": f"{REGISTRY}{FIRM},{BEFORE},2001-1-1,存续,\n",
    }
    result = cleaned_text(tmp_path, "registry", **files)
    event = result.tables["registry_event"]
    assert event[["type", "before", "after"]].values.tolist() == [["rename", BEFORE, AFTER]]
    assert plain(event["date"]) == [pd.Timestamp(2025, 3, 1)]
    assert plain(result.tables["registry"]["name"]) == [AFTER]
    assert set(result.tables["registry_name"]["name"]) == {BEFORE, AFTER}
    assert (2, "firm_name", "value_renamed_between_deliveries", False) in reasons(result)


@pytest.mark.slow
def test_the_study_file_may_say_which_is_newer(tmp_path: Path) -> None:
    files = {
        "a": f"{REGISTRY}{FIRM},{BEFORE},2001-1-1,存续,\n",
        "b": f"{REGISTRY}{FIRM},{BEFORE},2001-1-1,注销,2025-3-1\n",
    }
    older_last = cleaned_text(
        tmp_path / "1", "registry", deliveries=("registry/002", "registry/001"), **files
    )
    assert plain(older_last.tables["registry"]["status"]) == ["存续"]
    newer_last = cleaned_text(
        tmp_path / "2", "registry", deliveries=("registry/001", "registry/002"), **files
    )
    assert plain(newer_last.tables["registry"]["status"]) == ["注销"]
    with pytest.raises(
        ZgzxError, match=r"files that are not there, 1 affected, e\.g\. registry/009"
    ):
        cleaned_text(tmp_path / "3", "registry", deliveries=("registry/009",), **files)


def test_an_open_spell_of_an_older_delivery_ends_in_the_newer(tmp_path: Path) -> None:
    row = "612345602,伍会,99030720000806812X,30011223,深圳市鸿远精密有限公司,202001,{}\n"
    result = cleaned_text(
        tmp_path,
        "employment",
        社保20241231=SPELLS + row.format(""),
        社保20251231=SPELLS + row.format("202503"),
    )
    assert plain(result.tables["spell"]["end_ym"]) == [202503]


def test_a_firm_that_the_newer_delivery_does_not_have_stays(tmp_path: Path) -> None:
    other = "91440300MA548HH75T"
    files = {
        "y2024": f"{REGISTRY}{other},深圳市甲有限公司,2001-1-1,存续,\n",
        "y2025": f"{REGISTRY}{FIRM},{AFTER},2001-1-1,存续,\n",
    }
    assert len(cleaned_text(tmp_path, "registry", **files).tables["registry"]) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("612345678", "612345678"),
        ("0612345678", "612345678"),
        ("'612345678", "612345678"),
        ("612345678.0", "612345678"),
        ("6.12345678E+08", "612345678"),
        ("612 345 678", "612345678"),
        ("6.12E+08", None),
        ("6123***78", None),
        ("990000199003071235", "990000199003071235"),
        ("9.90000199003071E+17", None),
        ("000", None),
    ],
)
def test_computer_numbers(text: str, number: str | None) -> None:
    read = identifiers.read_person_numbers(column_of(text))
    assert plain(read.value) == [number]
    assert read.reason.isna().tolist() == [number is not None]


def test_one_person_under_two_ways_of_writing_a_number(tmp_path: Path) -> None:
    row = "{},伍会,,30011223,深圳市鸿远精密有限公司,{},\n"
    result = cleaned_text(
        tmp_path,
        "employment",
        s=SPELLS + row.format("612345602.0", 202001) + row.format("0612345602", 202101),
    )
    assert result.tables["spell"]["person_key"].nunique() == 1


def test_editions_that_disagree_are_said(tmp_path: Path) -> None:
    text = '龙岗区第九届"职工之星"获奖名单,,\n姓名,工作单位,奖项类别\n甄明,样例五金,技能之星\n'
    result = cleaned_text(tmp_path, "roster", 第八届名单=text)
    assert plain(result.tables["roster"]["edition"]) == [9]
    assert (3, "edition", "value_disagreement", False) in reasons(result)


def test_the_edition_may_stand_in_the_name_of_the_file_alone(tmp_path: Path) -> None:
    result = cleaned_text(
        tmp_path, "roster", 第八届名单="姓名,工作单位,奖项类别\n甄明,样例五金,技能之星\n"
    )
    assert plain(result.tables["roster"]["edition"]) == [8]


def test_a_title_of_several_editions_says_none(tmp_path: Path) -> None:
    text = "第一届至第九届获奖名单,,\n姓名,工作单位,奖项类别\n甄明,样例五金,技能之星\n"
    with pytest.raises(ZgzxError, match=r"roster/001: no edition \(届次\), or several"):
        cleaned_text(tmp_path, "roster", a=text)


def test_an_ambiguous_category_is_not_guessed(tmp_path: Path) -> None:
    text = "姓名,工作单位,奖项类别,届次\n甄明,样例五金,技能创新之星,9\n伍会,样例五金,技能之星,9\n"
    result = cleaned_text(tmp_path, "roster", a=text)
    assert plain(result.tables["roster"]["row"]) == [3]
    assert (2, "category", "ambiguous_category", True) in reasons(result)


def test_the_unit_of_a_header(tmp_path: Path) -> None:
    result = cleaned_case(tmp_path, "registry", "registry/capital_unit_in_header.csv")
    assert plain(result.tables["registry"]["capital_cny"]) == [5_000_000.0]


@pytest.mark.parametrize(
    ("header", "cell", "yuan"),
    [
        ("注册资本（元）", "500", 500.0),
        ("注册资本（单位：万元）", "5", 50_000.0),
        ("注册资本(百万元)", "5", 5e6),
        ("注册资本(万元)", "80万元", 800_000.0),
        ("注册资本", "500", None),
    ],
)
def test_other_units_of_headers(tmp_path: Path, header: str, cell: str, yuan: float | None) -> None:
    text = f"统一社会信用代码,企业名称,成立日期,{header}\n{FIRM},{AFTER},2001-1-1,{cell}\n"
    assert plain(cleaned_text(tmp_path, "registry", a=text).tables["registry"]["capital_cny"]) == [
        yuan
    ]
