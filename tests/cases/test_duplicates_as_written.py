"""Rows are the same only if they are the same as written.

A clerk may keep one that stands twice.
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from case_files import SECRET_KEY, cleaned_case, cleaned_text, plain, reasons

from zgzx_research.cleaning.audit_workbook import HEADINGS, read_audit, write_audit
from zgzx_research.cleaning.sources import clean
from zgzx_research.ingest.read import read_raw

COSTS = "届次,项目,金额(万元)\n"


def test_two_teams_of_one_firm_are_two_winners(tmp_path: Path) -> None:
    roster = cleaned_case(tmp_path, "roster", "roster/two_teams_one_firm.xlsx").tables["roster"]
    assert plain(roster["row"]) == [3, 4]
    assert roster["is_team"].all()


def test_two_costs_alike_in_kind_and_amount(tmp_path: Path) -> None:
    result = cleaned_case(tmp_path, "programmes", "programmes/costs_same_kind_same_amount.csv")
    cost = result.tables["cost"]
    review = cost[cost["item"].eq("评审")]
    assert review["amount_cny"].tolist() == [30_000.0, 30_000.0]
    assert cost.loc[cost["item"].eq("奖金"), "amount_cny"].tolist() == [200_000.0]
    assert plain(cost["row"]) == [2, 3, 4], "小计 is the sum of the costs above it and no cost"
    assert [entry["non_data_rows"] for entry in result.ledger] == [2]  # the header and 小计


def test_the_same_line_twice_is_one(tmp_path: Path) -> None:
    result = cleaned_text(
        tmp_path, "programmes", costs=COSTS + "第九届,奖金,20\n第九届,奖金 ,20.0\n第九届,奖品,20\n"
    )
    assert plain(result.tables["cost"]["row"]) == [2, 4]
    assert (3, None, "duplicate_row", True) in reasons(result)


def test_two_visits_of_one_day_about_two_matters(tmp_path: Path) -> None:
    text = (
        "走访日期,企业名称,专家组,事项\n"
        "2024-03-01,样例五金,一组,工艺改进\n"
        "2024-03-01,样例五金,一组,技术咨询\n"
    )
    result = cleaned_text(tmp_path, "programmes", visits=text)
    assert plain(result.tables["programme"]["detail"]) == ["工艺", "工艺"]


def test_two_masked_ids_are_two_people(tmp_path: Path) -> None:
    text = "姓名,身份证号码,工作单位,奖项类别,届次\n"
    rows = (
        "甄明,9900*****0001230011,样例五金,技能之星,9\n"
        "甄明,9900*****0045670011,样例五金,技能之星,9\n"
    )
    assert len(cleaned_text(tmp_path, "roster", names=text + rows).tables["roster"]) == 2


def test_keep_in_a_returned_workbook_keeps_the_row(tmp_path: Path) -> None:
    first = cleaned_text(tmp_path, "programmes", costs=COSTS + "第九届,奖金,20\n第九届,奖金,20\n")
    path = write_audit(first.quarantine, tmp_path / "audit.xlsx", {})
    book = openpyxl.load_workbook(path)
    names = list(HEADINGS.values())
    for name, text in (("action", "保留"), ("reviewer", "LM"), ("date", "2026-04-02")):
        book["programmes"].cell(2, names.index(name) + 1).value = text
    book.save(path)
    tables = read_raw(tmp_path, "programmes")
    decided = read_audit(path, tables, SECRET_KEY)
    result = clean(tables, "programmes", key=SECRET_KEY, corrections=decided)
    assert plain(result.tables["cost"]["row"]) == [2, 3]
    assert reasons(result) == [(3, None, "value_kept_by_decision", False)]


@pytest.mark.slow
def test_a_row_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    first = cleaned_text(
        tmp_path,
        "roster",
        names="姓名,工作单位,奖项类别,届次\n,样例五金,技能之星,9\n甄明,样例五金,技能之星,9\n",
    )
    path = write_audit(first.quarantine, tmp_path / "audit.xlsx", {})
    book = openpyxl.load_workbook(path)
    names = list(HEADINGS.values())
    for name, text in (("action", "保留"), ("reviewer", "LM"), ("date", "2026-04-02")):
        book["roster"].cell(2, names.index(name) + 1).value = text
    book.save(path)
    tables = read_raw(tmp_path, "roster")
    decided = read_audit(path, tables, SECRET_KEY)
    result = clean(tables, "roster", key=SECRET_KEY, corrections=decided)
    assert (2, None, "cannot_be_kept", True) in reasons(result)
