"""An unknown header is named, and the remedy fits what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hostile_files import HEADER, ROW

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw

DATA = Path(__file__).parent / "data"
ROSTER = ["序号", "姓名", "身份证号码", "工作单位", "奖项类别"]
WINNER = [1, "拟一", None, "深圳市拟样有限公司", "技能之星"]


def message(folder: Path, source: str) -> str:
    with pytest.raises(ZgzxError) as caught:
        read_raw(folder, source)
    return str(caught.value)


def of_case(tmp_path: Path, source: str, name: str) -> str:
    (tmp_path / source).mkdir()
    shutil.copy(DATA / source / name, tmp_path / source / name)
    return message(tmp_path, source)


def of_text(tmp_path: Path, text: str, source: str = "registry", encoding: str = "utf-8") -> str:
    (tmp_path / source).mkdir()
    (tmp_path / source / "a.csv").write_text(text, encoding=encoding)
    return message(tmp_path, source)


def of_sheet(tmp_path: Path, rows: Sequence[Sequence[object]]) -> str:
    (tmp_path / "roster").mkdir()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(tmp_path / "roster" / "a.xlsx")
    return message(tmp_path, "roster")


def test_a_long_unknown_column_is_named(tmp_path: Path) -> None:
    text = of_case(tmp_path, "registry", "long_unknown_header.csv")
    assert "unknown columns: 是否纳入固定污染源排污许可分类管理名录(2017年版)" in text
    assert "registry.toml" in text


def test_a_column_longer_than_a_line_is_cut_and_its_place_named(tmp_path: Path) -> None:
    text = of_text(tmp_path, f"{HEADER},{'是否纳入管理名录' * 40}\n{ROW},否\n")
    assert "unknown columns: 是否纳入管理名录是否" in text
    assert "… (column E)" in text
    assert len(text) < 700


def test_a_number_in_a_column_name_is_hidden_and_its_place_named(tmp_path: Path) -> None:
    text = of_text(tmp_path, f"{HEADER},联系19900001111\n{ROW},否\n")
    assert "联系••• (column E)" in text
    assert "19900001111" not in text


# two tables in one sheet


def test_the_unknown_header_of_a_first_table_is_named(tmp_path: Path) -> None:
    text = of_case(tmp_path, "roster", "two_tables_first_unknown.xlsx")
    assert (
        "a second table under an unknown header in row 2; unknown columns: 获奖人姓名, 所在企业"
        in text
    )


@pytest.mark.parametrize(
    "labels",
    [
        ["序号", "获奖人姓名", "所在企业", "奖项类别"],
        ["编号", "获奖职工", "所属企业名称", "奖励金额"],
        ["序号", "姓名", "是否为全国五一劳动奖章获得者", "获奖时间"],
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_unknown_header_above_or_below(tmp_path: Path, labels: list[str], first: bool) -> None:
    labels = ["编号", "获奖人", "所属企业名称", "奖励金额"] if labels[0] == "编号" else labels
    other = [labels, [1, "拟二", "拟样厂", "创新之星"], [2, "拟三", "拟样厂", "创新之星"], []]
    known = [ROSTER, WINNER, [], ["附：其他获奖职工"]]
    text = of_sheet(tmp_path, [*other, *known] if first else [*known, *other])
    assert f"unknown header in row {1 if first else 5}" in text
    assert "拟" not in text


@pytest.mark.parametrize("labels", [["街道", "人数"], ["指标", "数值", "占比"]])
def test_a_small_summary_below_the_records_is_another_table(
    tmp_path: Path, labels: list[str]
) -> None:
    rows = [["横岗街道", 5, 0.5], ["龙岗街道", 5, 0.5]]
    text = of_sheet(tmp_path, [ROSTER, WINNER, [], labels, *(row[: len(labels)] for row in rows)])
    assert "a second table under an unknown header in row 4" in text


def test_two_known_tables_of_different_columns_are_still_refused(tmp_path: Path) -> None:
    other = [
        ["姓名", "序号", "工作单位", "身份证号码", "奖项类别"],
        ["拟二", 1, "拟样厂", None, "创新之星"],
    ]
    assert "different headers in rows 1 and 3" in of_sheet(tmp_path, [ROSTER, WINNER, *other])


# remedies


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    text = of_text(tmp_path, "日期,节日\n2023-01-01,元旦\n")
    assert (
        "Put a row of column names above the records, or move the file elsewhere "
        "if it is no registry file" in text
    )


def test_a_file_in_the_wrong_folder(tmp_path: Path) -> None:
    text = of_text(tmp_path, f"{HEADER}\n{ROW}\n", source="scores")
    assert "This seems to be a registry file in the scores folder: move it" in text


def test_a_header_too_deep(tmp_path: Path) -> None:
    notes = "".join(f"第{n}条须知\n" for n in range(1, 31))
    text = of_text(tmp_path, f"{notes}{HEADER}\n{ROW}\n")
    assert (
        "Row 31 resembles a header, but only the first 20 filled rows are searched: "
        "delete the rows above it." in text
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda text: text.encode("utf-8").decode("latin-1"), "utf-8 read as latin-1"),
        (lambda text: text.encode("gb18030").decode("latin-1"), "gb18030 read as latin-1"),
        (
            lambda text: text.encode("ascii", "replace").decode(),
            "characters that cannot be brought back",
        ),
        (lambda text: text.encode("utf-8").decode("gb18030", "replace"), "utf-8 read as gb18030"),
    ],
)
def test_text_spoilt_on_its_way(tmp_path: Path, wrong: object, said: str) -> None:
    text = of_text(tmp_path, wrong(f"{HEADER}\n{ROW}\n"))
    assert (
        f"The text was damaged on its way ({said})" in text
        or "characters that cannot be brought back" in text
    )
    assert "export the file again as UTF-8" in text


@pytest.mark.parametrize(("sign", "named"), [("~", '"~"'), ("   ", "blanks"), ("：", '"："')])
def test_columns_separated_by_another_sign(tmp_path: Path, sign: str, named: str) -> None:
    text = of_text(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", sign))
    assert (
        f"The columns are separated by {named}: export the file again with commas or tabs" in text
    )


def test_a_sheet_that_holds_no_records_may_be_deleted(tmp_path: Path) -> None:
    text = of_sheet(tmp_path, [["经费", "用途"], [3, "场地"]])
    assert "If the sheet holds no records, delete it or name it 说明." in text


def test_a_column_that_stands_twice(tmp_path: Path) -> None:
    text = of_text(tmp_path, f"{HEADER},企业名称\n{ROW},x\n")
    assert "columns that stand twice: 企业名称" in text
    assert "Delete one of the two columns" in text


def test_missing_columns_are_asked_for(tmp_path: Path) -> None:
    text = of_text(tmp_path, "统一社会信用代码,企业名称\n91449900MA5EQ102X0,深圳市拟样有限公司\n")
    assert "missing columns: 成立日期" in text
    assert "Ask for the missing columns" in text
