"""Nothing vanishes between the rows.

Each is a record, in the quarantine with a reason, or listed with its kind.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
import xlwt
from hostile_files import CELLS, HEADER, ROW, ods, ods_row

from zgzx_research.cleaning.audit_workbook import LEFT_OUT_SHEET, read_audit, write_audit
from zgzx_research.cleaning.non_data_list import masked, non_data_rows
from zgzx_research.cleaning.sources import clean
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable, read_raw
from zgzx_research.ingest.spreadsheet import read_workbook

DATA = Path(__file__).parent / "data"
ROSTER = ["序号", "姓名", "身份证号码", "工作单位", "奖项类别"]
TITLE = '龙岗区第九届"职工之星"获奖名单'
FIRM = "深圳市拟样有限公司"


def case(tmp_path: Path, source: str, name: str) -> list[RawTable]:
    (tmp_path / source).mkdir()
    shutil.copy(DATA / source / name, tmp_path / source / name)
    return read_raw(tmp_path, source)


def csv(tmp_path: Path, *lines: str, source: str = "registry", end: str = "\n") -> RawTable:
    (tmp_path / source).mkdir(exist_ok=True)
    (tmp_path / source / "a.csv").write_text("\n".join(lines) + end, encoding="utf-8")
    (table,) = read_raw(tmp_path, source)
    return table


def roster(tmp_path: Path, **sheets: Sequence[Sequence[object]]) -> list[RawTable]:
    (tmp_path / "roster").mkdir(exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(tmp_path / "roster" / "a.xlsx")
    return read_raw(tmp_path, "roster")


def reasons_of(tables: list[RawTable], source: str) -> dict[int, str]:
    entries = clean(tables, source, key=b"k" * 16).quarantine
    lost = entries[entries["row_lost"]]
    return dict(zip(lost["row"], lost["reason"], strict=True))


# error values


def test_an_error_cell_of_the_case_arrives_as_its_text(tmp_path: Path) -> None:
    (table,) = case(tmp_path, "employment", "end_is_error_cell.xlsx")
    assert table.rows["end_ym"].tolist() == ["#N/A"]


def test_errors_of_xlsx_typed_and_computed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, ["甲", "乙", "丙"])
        for column, error in enumerate(("#DIV/0!", "#REF!", "#NAME?")):
            sheet.write_formula(1, column, "=1/0", None, error)
        sheet.write_formula(2, 1, "=1/0", None, "#VALUE!")
    (sheet,) = read_workbook(path, "a.xlsx")
    assert sheet.cells == [["甲", "乙", "丙"], ["#DIV/0!", "#REF!", "#NAME?"], ["", "#VALUE!", ""]]


def test_errors_of_xls(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write(0, 0, "甲")
    sheet.row(1).set_cell_error(0, 0x2A)
    sheet.row(1).set_cell_error(3, 0x17)
    sheet.row(2).set_cell_boolean(0, True)
    sheet.write(2, 1, xlwt.Formula("1/0"))
    book.save(str(path))
    (found,) = read_workbook(path, "a.xls")
    assert found.cells == [["甲", "", "", ""], ["#N/A", "", "", "#REF!"], ["TRUE", "", "", ""]]
    assert found.uncomputed == {(2, 1)}  # xlwt computes nothing


def test_errors_of_ods_repeated_and_with_a_number_beside(tmp_path: Path) -> None:
    error = (
        '<table:table-cell table:number-columns-repeated="2" table:formula="of:=1/0" '
        'office:value-type="float" '
        'office:value="0" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    blank = '<table:table-cell table:formula="of:=A1"/>'
    path = tmp_path / "a.ods"
    ods(
        path,
        ods_row(["甲"])
        + f'<table:table-row table:number-rows-repeated="2">{error}</table:table-row>'
        + f"<table:table-row>{blank}</table:table-row>",
    )
    (sheet,) = read_workbook(path, "a.ods")
    assert sheet.cells[:3] == [["甲", ""], ["#DIV/0!", "#DIV/0!"], ["#DIV/0!", "#DIV/0!"]]
    assert sheet.uncomputed == {(3, 0)}


def test_a_formula_without_result_is_refused_in_xls_and_ods(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for column, text in enumerate(CELLS):
        sheet.write(0, column, text)
    for column, text in enumerate(ROW.split(",")[:3]):
        sheet.write(1, column, text)
    sheet.write(1, 3, xlwt.Formula("2+3"))
    book.save(str(tmp_path / "registry" / "a.xls"))
    with pytest.raises(ZgzxError, match=r"formulas without a stored result, 1 affected, e\.g\. D2"):
        read_raw(tmp_path, "registry")


# rows that carry no record


def test_footers_in_the_second_column_make_no_firms(tmp_path: Path) -> None:
    (table,) = case(tmp_path, "registry", "footers_second_column.csv")
    assert table.rows["firm_name"].tolist() == ["深圳市甲有限公司"]
    assert table.non_data_rows == [(1, "header"), (3, "note"), (4, "note")]


def test_a_subtotal_behind_an_edition_is_no_cost(tmp_path: Path) -> None:
    (table,) = case(tmp_path, "programmes", "costs_same_kind_same_amount.csv")
    assert table.rows["item"].tolist() == ["专家评审费", "评委劳务费", "奖金"]
    assert table.non_data_rows == [(1, "header"), (5, "total")]


@pytest.mark.parametrize(
    "row",
    [
        ",——以下空白——,,",
        "2,,,合计",
        ",,填表人：甄明,审核人：伍会",
        "2,（以下空白）,,",
        ",合 计：30人,,30",
        "龙岗街道小计,,,5",
        ",,本表由系统导出,",
        "注1：数据截至2023年,,,",
        "-----,-----,-----,-----",
        ",共2户,,10",
        ",【说明】按年末口径,,",
        "共 2 条记录,,,",
        ",,单位：万元,",
        ",资料来源：拟样登记所,,",
    ],
)
def test_a_word_in_any_column_makes_a_row_no_record(tmp_path: Path, row: str) -> None:
    header = "企业名称,统一社会信用代码,成立日期,从业人数"
    record = "深圳市拟样有限公司,91449900MA5EQ102X0,2001-1-1,5"
    table = csv(tmp_path, header, record, row)
    assert table.rows["row"].tolist() == [2]
    assert table.non_data_rows[1][0] == 3


@pytest.mark.parametrize(
    "row",
    [
        "总计科技有限公司,91449900MA5EQ102X0,2001-1-1,5",
        "深圳市百合计算机有限公司,,2001-1-1,5",
        "合计,91449900MA5EQ102X0,2001-1-1,5",
        "深圳市以下空白文化有限公司,,2001-1-1,5",
        "注册家居（深圳）有限公司,,,",
        "备注通讯有限公司,91449900MA5EQ102X0,,",
        "单位后勤服务部,,2001-1-1,",
        "第1页书店,,2001-1-1,3",
        "本表科技有限公司,91449900MA5EQ102X0,2001-1-1,5",
        "以上信息咨询有限公司,,2001-1-1,5",
    ],
)
def test_a_firm_whose_name_holds_such_a_word_stays(tmp_path: Path, row: str) -> None:
    table = csv(tmp_path, "企业名称,统一社会信用代码,成立日期,从业人数", row)
    assert table.rows["firm_name"].tolist() == [row.split(",")[0]]


def test_persons_and_remarks_with_such_words_stay(tmp_path: Path) -> None:
    rows = [
        [*ROSTER, "备注"],
        [1, "合计诚", None, FIRM, "创新之星", None],
        [2, "拟二", None, FIRM, "创新之星", "注：已更名"],
        [3, "小计", "990000199003071235", FIRM, "创新之星", None],
        [4, "共和", None, FIRM, "创新之星", "说明：见附件"],
        [None, "小计", None, None, "4人", None],
    ]
    (table,) = roster(tmp_path, 名单=rows)
    assert table.rows["person_name"].tolist() == ["合计诚", "拟二", "小计", "共和"]
    assert table.non_data_rows == [(1, "header"), (6, "total")]


def test_a_remark_does_not_cost_a_firm_without_code_its_row(tmp_path: Path) -> None:
    header = "统一社会信用代码,企业名称,成立日期,序号"  # 序号 holds whatever was typed there
    table = csv(tmp_path, header, f",{FIRM},2001-1-1,备注：补录")
    assert table.rows["firm_name"].tolist() == [FIRM]


def test_a_header_after_a_mark_in_the_middle_is_set_aside(tmp_path: Path) -> None:
    (table,) = case(tmp_path, "registry", "bom_in_the_middle.csv")
    assert table.rows["firm_name"].tolist() == ["深圳市甲有限公司", "深圳市乙有限公司"]
    assert table.non_data_rows == [(1, "header"), (3, "header")]


def test_joined_files_with_another_order_of_columns_are_refused(tmp_path: Path) -> None:
    other = "\ufeff企业名称,统一社会信用代码,成立日期,从业人数"
    with pytest.raises(ZgzxError, match="different headers in rows 1 and 3"):
        csv(tmp_path, HEADER, ROW, other, ROW)


# rows of delimited files that are cut


def test_a_record_cut_by_a_line_break_leaves_and_its_neighbour_stays(tmp_path: Path) -> None:
    tables = case(tmp_path, "registry", "line_break_unquoted.csv")
    assert reasons_of(tables, "registry") == {2: "ragged_row", 3: "ragged_row"}
    kept = clean(tables, "registry", key=b"k" * 16).tables["registry"]
    assert kept["name"].tolist() == ["深圳市乙有限公司"]


def test_a_break_in_the_last_cell_takes_the_row_above(tmp_path: Path) -> None:
    header = "统一社会信用代码,企业名称,成立日期,住所"
    first = "91449900MA5EQ102X0,深圳市拟一有限公司,2001-1-1,龙岗区"
    table = csv(tmp_path, header, first, "拟路2号", first.replace("拟一", "拟二"))
    assert table.broken.tolist() == [True, True, False]


def test_a_record_cut_twice_leaves_as_a_whole(tmp_path: Path) -> None:
    table = csv(tmp_path, HEADER, "91449900MA5EQ102X0,深圳", "市断行", "有限公司,2001-1-1,5", ROW)
    assert table.broken.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    "below", ["甲,乙,1,2", "1,2,3,4", "(1),(2),(3),(4)", "uscc,name,founded,staff"]
)
def test_numbers_and_names_of_columns_below_the_header_are_no_record(
    tmp_path: Path, below: str
) -> None:
    table = csv(tmp_path, HEADER, below, ROW)
    assert table.non_data_rows == [(1, "header"), (2, "header")]
    assert table.rows["firm_name"].tolist() == ["深圳市拟样有限公司"]


def test_a_row_without_its_blank_last_cells_is_whole(tmp_path: Path) -> None:
    header = "统一社会信用代码,企业名称,成立日期,从业人数,所属街道"
    whole = f"91449900MA5EQ102X0,{FIRM},2001-1-1,5,横岗街道"
    table = csv(tmp_path, header, whole, whole, f"91449900MA5EQ103X8,{FIRM}二,2001-1-1", whole)
    assert table.broken.tolist() == [False] * 4


def test_a_file_that_breaks_off_loses_its_last_row_with_a_reason(tmp_path: Path) -> None:
    header = "统一社会信用代码,企业名称,成立日期,从业人数,所属街道"
    whole = f"91449900MA5EQ102X0,{FIRM},2001-1-1,5,横岗街道"
    table = csv(tmp_path, header, whole, f"91449900MA5EQ103X8,{FIRM}二,2001-1-1", end="")
    assert reasons_of([table], "registry") == {3: "ragged_row"}


# struck-through rows


@pytest.mark.slow
def test_struck_rows_of_xlsx_leave_and_struck_cells_are_flagged(tmp_path: Path) -> None:
    (tmp_path / "roster").mkdir()
    with xlsxwriter.Workbook(tmp_path / "roster" / "a.xlsx") as book:
        sheet = book.add_worksheet("名单")
        struck = book.add_format({"font_strikeout": True})
        sheet.write_row(0, 0, [TITLE])
        sheet.write_row(1, 0, ROSTER)
        sheet.write_row(2, 0, [1, "拟一", "", FIRM, "创新之星"], struck)
        sheet.write_row(3, 0, [2, "拟二", "", FIRM])
        sheet.write(3, 4, "技能之星", struck)
        sheet.write_row(4, 0, [3, "拟三", "", FIRM, "创新之星"])
    tables = read_raw(tmp_path, "roster")
    assert reasons_of(tables, "roster") == {3: "struck_row"}
    entries = clean(tables, "roster", key=b"k" * 16).quarantine
    flagged = entries[entries["reason"] == "value_struck"]
    assert flagged[["row", "column", "row_lost"]].to_numpy().tolist() == [[4, "category", False]]


def test_struck_rows_of_xls_and_ods_and_of_rich_text(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    sheet.write(0, 0, "甲", xlwt.easyxf("font: struck_out on"))
    sheet.write(1, 0, "乙")
    sheet.write(1, 1, 5, xlwt.easyxf("font: struck_out on"))
    book.save(str(tmp_path / "a.xls"))
    assert read_workbook(tmp_path / "a.xls", "a")[0].struck == {(0, 0), (1, 1)}
    style = (
        '<style:style style:name="ce1" style:family="table-cell">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
    )
    cell = (
        '<table:table-cell table:style-name="ce1" office:value-type="string">'
        "<text:p>甲</text:p></table:table-cell>"
    )
    ods(tmp_path / "a.ods", f"{ods_row(['乙'])}<table:table-row>{cell}</table:table-row>", style)
    assert read_workbook(tmp_path / "a.ods", "a")[0].struck == {(1, 0)}
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as rich:
        page = rich.add_worksheet("S")
        struck = rich.add_format({"font_strikeout": True})
        page.write_rich_string(0, 0, struck, "甲", struck, "乙")
        page.write_rich_string(1, 0, struck, "甲", "乙")
    assert read_workbook(tmp_path / "a.xlsx", "a")[0].struck == {(0, 0)}


# rows above the header, sheets set aside, links


@pytest.mark.parametrize(
    "above",
    [
        [[1, "拟一", None, FIRM, "技能之星"]],
        [[TITLE], ["拟一", "990000199003071235"]],
        [[None, "拟一", None, "拟样厂", "技能之星"], [None, "拟二", None, "拟样厂", "技能之星"]],
    ],
)
def test_records_above_the_header_are_no_titles(tmp_path: Path, above: list) -> None:
    with pytest.raises(ZgzxError, match=r"rows above the header .* that resemble records"):
        roster(tmp_path, 名单=[*above, ROSTER, [2, "拟二", None, FIRM, "技能之星"]])


@pytest.mark.parametrize(
    "above",
    [
        [["填报单位", FIRM, "联系电话", 19900001111]],
        [["填报单位：" + FIRM, None, "日期：2023-05-01", "单位：人"]],
        [["2023年度", "第九届", "龙岗区"]],
        [["XH", "XM", "SFZ", "DW", "JX"]],
        [["No.", "Name", "ID", "Firm", "Award"]],
    ],
)
def test_what_stands_above_a_header_otherwise_is_a_title(tmp_path: Path, above: list) -> None:
    (table,) = roster(tmp_path, 名单=[*above, ROSTER, [2, "拟二", None, FIRM, "技能之星"]])
    assert table.non_data_rows == [(1, "title"), (2, "header")]


def test_records_in_a_sheet_named_as_a_summary_are_read(tmp_path: Path) -> None:
    first, second = case(tmp_path, "roster", "sheet_named_huizong.xlsx")
    assert first.rows["person_name"].tolist() == ["甄知明"]
    assert second.rows["person_name"].tolist() == ["伍明"]


def test_a_summary_that_repeats_other_sheets_is_set_aside_row_by_row(tmp_path: Path) -> None:
    one, two = [1, "拟一", None, FIRM, "技能之星"], [2, "拟二", None, FIRM, "创新之星"]
    short = [["序号", "姓名", "工作单位"], [1, "拟一", FIRM], [2, "拟二", FIRM], [3, "拟三", FIRM]]
    tables = roster(tmp_path, 技能=[ROSTER, one], 创新=[ROSTER, two], 汇总=short)
    assert [table.rows["person_name"].tolist() for table in tables] == [
        ["拟一"],
        ["拟二"],
        ["拟三"],
    ]
    assert tables[2].non_data_rows == [(1, "header"), (2, "note_sheet"), (3, "note_sheet")]
    assert tables[2].rows_in == 4
    assert tables[2].left_out[1] == ("拟一", FIRM)


def test_a_sheet_of_explanations_is_still_set_aside(tmp_path: Path) -> None:
    tables = roster(
        tmp_path,
        名单=[ROSTER, [1, "拟一", None, FIRM, "技能之星"]],
        说明=[["姓名", "填全名"], ["单位", "填全称"]],
    )
    assert tables[1].non_data_rows == [(1, "note_sheet"), (2, "note_sheet")]


def test_links_to_files_are_read_and_other_links_are_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.csv").write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    folder = tmp_path / "raw"
    (folder / "registry").mkdir(parents=True)
    (folder / "registry" / "a.csv").symlink_to(elsewhere / "b.csv")
    assert [table.file for table in read_raw(folder, "registry")] == ["registry/001"]
    (folder / "registry" / "more").symlink_to(elsewhere)
    with pytest.raises(ZgzxError, match=r"links to folders.*1 affected, e\.g\. registry/002"):
        read_raw(folder, "registry")
    (folder / "registry" / "more").unlink()
    (folder / "registry" / "gone.csv").symlink_to(elsewhere / "gone.csv")
    with pytest.raises(ZgzxError, match=r"broken links.*e\.g\. registry/003"):
        read_raw(folder, "registry")


# the list of rows for the clerk


def test_every_non_data_row_is_listed_without_a_name(tmp_path: Path) -> None:
    rows = [
        ["第九届拟一同志等获奖名单（联系人：拟联 19900001111，社保电脑号 990000001）"],
        ROSTER,
        [1, "拟一", None, FIRM, "技能之星"],
        [None, "填表人：拟填"],
    ]
    tables = roster(tmp_path, 名单=rows)
    left_out = non_data_rows(tables, "roster")
    assert left_out[["row", "kind"]].to_numpy().tolist() == [
        [1, "title"],
        [2, "header"],
        [4, "note"],
    ]
    assert left_out["text_masked"].tolist()[1:] == [" | ".join(ROSTER), "填表人:••"]
    text = " ".join(left_out["text_masked"])
    assert "拟" not in text
    assert "19900001111" not in text and "990000001" not in text
    out = write_audit(
        clean(tables, "roster", key=b"k" * 16).quarantine,
        tmp_path / "audit.xlsx",
        {"note": ("备注", "Note")},
        left_out,
    )
    listed = next(
        sheet for sheet in read_workbook(out, "audit.xlsx") if sheet.name == LEFT_OUT_SHEET
    )
    assert listed.cells[3][3:6] == ["4", "备注", "Note"]
    assert (
        len(read_audit(out, tables, b"k" * 16)) == 0
    )  # handed back, that sheet holds no decisions


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("合计：30人", "合计:30人"),
        ("拟甲 身份证号：990000199003071235", "•• 身份证号"),
        ("数据来源：拟样所", "数据来源:•••"),
    ],
)
def test_words_of_notes_are_shown_and_all_else_is_hidden(text: str, shown: str) -> None:
    assert masked(text).startswith(shown)
    assert not set(masked(text)) & set("拟甲样所")
    assert "990000" not in masked(text)


# a unit in a header


def test_a_unit_in_the_header_holds_for_bare_numbers(tmp_path: Path) -> None:
    tables = case(tmp_path, "registry", "capital_unit_in_header.csv")
    assert clean(tables, "registry", key=b"k" * 16).tables["registry"]["capital_cny"].tolist() == [
        5_000_000.0
    ]


@pytest.mark.parametrize(
    ("label", "cell", "yuan"),
    [
        ("注册资本（万元）", "1,100.5", 11_005_000.0),
        ("注册资本(单位：万元)", "500", 5_000_000.0),
        ("注册资本(万元)", "500元", 500.0),
        ("注册资金（亿元）", "2", 200_000_000.0),
        ("注册资本（元）", "500", 500.0),
        ("注册资本/万元", "500", 5_000_000.0),
        ("注册资本(万美元)", "500", None),
        ("注册资本", "500", None),
    ],
)
def test_units_of_other_headers(tmp_path: Path, label: str, cell: str, yuan: float | None) -> None:
    table = csv(
        tmp_path,
        f"统一社会信用代码\t企业名称\t成立日期\t{label}",
        f"91449900MA5EQ102X0\t{FIRM}\t2001-1-1\t{cell}",
    )
    found = clean([table], "registry", key=b"k" * 16).tables["registry"]["capital_cny"].tolist()
    assert [None if pd.isna(value) else value for value in found] == [yuan]


def test_a_unit_above_the_header(tmp_path: Path) -> None:
    lines = (
        "登记名录,,,",
        "金额单位：万元,,,",
        "统一社会信用代码,企业名称,成立日期,注册资本",
        f"91449900MA5EQ102X0,{FIRM},2001-1-1,500",
    )
    table = csv(tmp_path, *lines)
    found = clean([table], "registry", key=b"k" * 16).tables["registry"]
    assert found["capital_cny"].tolist() == [5_000_000.0]
