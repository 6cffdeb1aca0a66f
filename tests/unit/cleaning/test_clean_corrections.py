"""The audit workbook out and back, and decisions applied before anything is read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from clean_cases import FIRM, SECRET_KEY, by_row, clean_tables, raw_table, reasons_of

from zgzx_research.cleaning.audit_workbook import HEADINGS, read_audit, write_audit
from zgzx_research.cleaning.corrections import COLUMNS, read_corrections, write_corrections
from zgzx_research.cleaning.sources import clean
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable

WORDS = {"value_uscc": ("信用代码有误", "wrong code")}
PERSONAL_ID = "990000199003071236"  # wrong check


def registry(*rows: list[str], first: int = 2) -> RawTable:
    return raw_table("registry/registry", "uscc firm_name founded staff", *rows, first=first)


ROWS = (
    ["91449900MA5D000165", "=cmd|' /C calc'!A0", "2001-01-01", "12人左右"],
    [FIRM, "样例五金", "去年", "5"],
)


def audit(folder: Path, table: RawTable, **cells: dict[str, str]) -> Path:
    """The workbook of a table, with the clerk's cells filled in for the entries of some columns."""
    path = write_audit(clean_tables(table).quarantine, folder / "audit.xlsx", WORDS)
    book = openpyxl.load_workbook(path)
    names = list(HEADINGS.values())
    for sheet in book.worksheets[1:]:
        for row in range(2, sheet.max_row + 1):
            filled = cells.get(str(sheet.cell(row, 4).value or "row"), {})
            usual = {"reviewer": "核对员甲", "date": "2026-11-25"} if filled else {}
            for name, text in {**usual, **filled}.items():
                sheet.cell(row, names.index(name) + 1).value = text
    book.save(path)
    return path


def test_the_workbook_says_what_and_why(tmp_path: Path) -> None:
    path = write_audit(clean_tables(registry(*ROWS)).quarantine, tmp_path / "audit.xlsx", WORDS)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "registry"]
    cells = [[cell.value for cell in row] for row in book["registry"].iter_rows()]
    assert cells[0] == list(HEADINGS)
    assert [
        "registry/registry.csv",
        None,
        2,
        "uscc",
        "91449900MA5D000165",
        "信用代码有误",
        "wrong code",
    ] in [row[:7] for row in cells]
    assert all(cell is None for row in cells[1:] for cell in row[7:])


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    quarantine = clean_tables(registry(*ROWS)).quarantine
    evil = ["=1+1", "+1", "-1+2", "@SUM(A1)"]
    entries = pd.concat([quarantine.head(1)] * 4).assign(value_masked=evil, file=evil, column=evil)
    path = write_audit(entries, tmp_path / "audit.xlsx", {})
    with zipfile.ZipFile(path) as book:
        sheets = [
            book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name
        ]
    assert len(sheets) == 2
    assert not [text for text in sheets if "<f>" in text]
    assert [
        row[4].value for row in openpyxl.load_workbook(path).worksheets[1].iter_rows(min_row=2)
    ] == evil


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    quarantine = clean_tables(registry(*ROWS)).quarantine
    files = [
        write_audit(quarantine, tmp_path / name, WORDS).read_bytes()
        for name in ("a.xlsx", "b.xlsx")
    ]
    assert files[0] == files[1]


@pytest.mark.slow
def test_a_correction_comes_back_and_is_applied(tmp_path: Path) -> None:
    table = registry(*ROWS)
    before = table.rows.copy()
    path = audit(
        tmp_path, table, uscc={"corrected": "91449900MA5EQ102X0"}, founded={"action": "删除"}
    )
    found = read_audit(path, [table], SECRET_KEY)
    assert by_row(found, "row", "column", "corrected", "action", "reviewer", "date") == [
        (2, "uscc", "91449900MA5EQ102X0", "keep", "核对员甲", "2026-11-25"),
        (3, "founded", None, "drop", "核对员甲", "2026-11-25"),
    ]
    write_corrections(found, tmp_path / "corrections.csv")
    result = clean(
        [table],
        "registry",
        key=SECRET_KEY,
        corrections=read_corrections(tmp_path / "corrections.csv"),
    )
    assert by_row(result.tables["registry"], "row", "uscc") == [(2, "91449900MA5EQ102X0")]
    assert reasons_of(result) == [
        (2, "staff", "value_number", False),
        (2, "uscc", "value_corrected", False),
        (3, None, "dropped_by_decision", True),
    ]
    assert (result.ledger[0]["kept"], result.ledger[0]["quarantined"]) == (1, 1)
    pd.testing.assert_frame_equal(table.rows, before)


def test_nothing_decided_is_nothing_changed(tmp_path: Path) -> None:
    found = read_audit(audit(tmp_path, registry(*ROWS)), [registry(*ROWS)], SECRET_KEY)
    assert len(found) == 0
    assert found.columns.tolist() == COLUMNS
    assert read_corrections(tmp_path / "none.csv").columns.tolist() == COLUMNS


@pytest.mark.slow
def test_a_later_decision_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    for staff in ("12", "13"):
        table = registry(*ROWS)
        write_corrections(
            read_audit(audit(tmp_path, table, staff={"corrected": staff}), [table], SECRET_KEY),
            file,
        )
    assert by_row(read_corrections(file), "column", "corrected") == [("staff", "13")]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            registry(*ROWS, first=3),
            r"taken on other values.*1 affected.*registry/registry.csv row 3 founded",
        ),
        (registry(ROWS[0]), r"not there.*1 affected.*registry/registry.csv row 3 founded"),
        (
            registry(ROWS[0], [FIRM, "样例五金", "前年", "6"]),
            r"taken on other values.*row 3 founded",
        ),
        (
            raw_table(
                "registry/registry",
                "uscc firm_name founded staff",
                *ROWS,
                file="registry/other.csv",
            ),
            r"not there.*registry/registry.csv row 3 founded",
        ),
    ],
)
def test_a_decision_on_a_row_that_is_gone_or_has_changed(
    tmp_path: Path, table: RawTable, message: str
) -> None:
    old = registry(*ROWS)
    found = read_audit(audit(tmp_path, old, founded={"corrected": "2001-02-03"}), [old], SECRET_KEY)
    with pytest.raises(ZgzxError, match=message):
        clean([table], "registry", key=SECRET_KEY, corrections=found)


@pytest.mark.slow
def test_decisions_on_other_sources_are_left_alone(tmp_path: Path) -> None:
    table = registry(*ROWS)
    found = read_audit(audit(tmp_path, table, staff={"corrected": "12"}), [table], SECRET_KEY)
    roster = raw_table(
        "roster/roster",
        "person_name firm_name category edition",
        ["甄试样", "样例五金", "技能", "9"],
    )
    assert len(clean([roster], "roster", key=SECRET_KEY, corrections=found).tables["roster"]) == 1


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"staff": {"corrected": "12", "action": "删除"}}, "both corrected and dropped"),
        ({"staff": {"action": "可能"}}, "unknown actions.*保留, 删除"),
        ({"staff": {"corrected": "12", "date": "去年"}}, "without reviewer or date"),
        ({"staff": {"corrected": "12", "reviewer": ""}}, "without reviewer or date"),
        ({"staff": {"corrected": "@SUM(A1)"}}, "take for a formula"),
        ({"staff": {"corrected": "19900001111"}}, "personal cells cannot be corrected"),
        ({"uscc": {"corrected": "990000199003071235"}}, "personal cells cannot be corrected"),
    ],
)
def test_decisions_that_are_refused(tmp_path: Path, cells: dict, message: str) -> None:
    table = registry(*ROWS)
    text = cells["staff"]["corrected"] if "@" in str(cells) else None
    path = audit(tmp_path, table, **({"staff": {"corrected": "x"}} if text else cells))
    if text:  # openpyxl itself would store a formula
        book = openpyxl.load_workbook(path)
        cell = next(
            row[7] for row in book["registry"].iter_rows(min_row=2) if row[3].value == "staff"
        )
        cell.value, cell.data_type = text, "s"
        book.save(path)
    with pytest.raises(ZgzxError, match=message) as caught:
        read_audit(path, [table], SECRET_KEY)
    assert "registry/registry.csv row 2" in str(caught.value)
    assert "1111" not in str(caught.value)


def roster() -> RawTable:
    return raw_table(
        "roster/roster",
        "person_name firm_name id_no category edition",
        ["甄试样", "样例五金", PERSONAL_ID, "技能", "9"],
        ["贾样本", "甄试样", "", "技能", "9"],
        file="roster/a.xlsx",
        sheet="名单",
    )


@pytest.mark.slow
def test_personal_cells_are_not_corrected_where_people_are_real(tmp_path: Path) -> None:
    path = audit(tmp_path, roster(), id_no={"corrected": "990000199003071235"})
    with pytest.raises(
        ZgzxError, match=r"personal cells.*row 2 id_no.*system they come from"
    ) as caught:
        read_audit(path, [roster()], SECRET_KEY)
    assert "990000199003071235" not in str(caught.value)
    found = read_audit(path, [roster()], SECRET_KEY, real=False)
    assert by_row(found, "row", "column", "corrected") == [(2, "id_no", "990000199003071235")]
    result = clean([roster()], "roster", key=SECRET_KEY, corrections=found)
    assert result.tables["roster"]["id_key"].notna().tolist() == [True, False]
    assert "990000199003071235" not in result.quarantine.to_csv()


def test_a_name_is_no_correction_of_a_firm(tmp_path: Path) -> None:
    path = audit(tmp_path, roster(), firm_name={"corrected": "贾样本"})
    with pytest.raises(ZgzxError, match="personal cells cannot be corrected"):
        read_audit(path, [roster()], SECRET_KEY)


@pytest.mark.slow
def test_a_personal_row_may_be_dropped(tmp_path: Path) -> None:
    found = read_audit(audit(tmp_path, roster(), id_no={"action": "删除"}), [roster()], SECRET_KEY)
    result = clean([roster()], "roster", key=SECRET_KEY, corrections=found)
    assert (2, None, "dropped_by_decision", True) in reasons_of(result)
    assert not [secret for secret in ("甄试样", PERSONAL_ID) if secret in found.to_csv()]


def test_a_workbook_of_another_kind(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["甄试样"])
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(ZgzxError, match=r"not an audit workbook") as caught:
        read_audit(tmp_path / "x.xlsx", [registry(*ROWS)], SECRET_KEY)
    assert "甄试样" not in str(caught.value)


def test_a_broken_decision_file(tmp_path: Path) -> None:
    (tmp_path / "corrections.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"corrections.csv: not a decision file.*file, sheet, row"):
        read_corrections(tmp_path / "corrections.csv")
