"""The candidates of links come as a workbook.

Filled in and handed back, it becomes lines of links.csv.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from small_study import NAME, World, make_small_study
from typer.testing import CliRunner

from zgzx_research.cli import app
from zgzx_research.errors import ZgzxError
from zgzx_research.link.candidates import REVIEW_COLUMNS
from zgzx_research.link.decisions import read_decisions, write_decisions
from zgzx_research.link.review_workbook import (
    ACCEPT,
    HEADINGS,
    NOWHERE,
    OURS,
    REJECT,
    SHEET,
    is_review,
    read_review,
    write_review,
)
from zgzx_research.pipeline.place import SOURCES, Place
from zgzx_research.pipeline.review import take_workbook
from zgzx_research.pipeline.steps import data

CODES = ("91449900MA00000015", "91449900MA0000002Y")
LINES = pd.DataFrame(
    [
        ("roster", "鸿源精密", 2, 1, "F000001", "深圳市鸿远精密科技有限公司", 0.92),
        ("roster", "鸿源精密", 2, 2, "F000002", "深圳市鸿源电子有限公司", 0.81),
        ("entry", "=1+1五金厂", 1, 1, "F000003", "深圳市无码五金有限公司", 0.78),
    ],
    columns=REVIEW_COLUMNS,
)
FIRM = pd.DataFrame({"firm_id": ["F000001", "F000002", "F000003"], "uscc": [*CODES, None]}).astype(
    {"uscc": "str"}
)
COLUMN = {name: place + 1 for place, name in enumerate(HEADINGS.values())}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_review(LINES, FIRM, tmp_path / "link_review.xlsx")


def decide(path: Path, row: int, decision: str, **more: str) -> Path:
    """One line of the workbook filled in as a person would, in place."""
    book = load_workbook(path)
    said = {"decision": decision, "reviewer": "LM", "date": "2026-04-02", **more}
    for name, text in said.items():
        book[SHEET].cell(row, COLUMN[name], text or None)
    book.save(path)
    return path


def test_the_workbook_shows_the_candidates_as_they_are(workbook: Path) -> None:
    sheet = load_workbook(workbook)[SHEET]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[0]) == list(HEADINGS)
    assert rows[1][:OURS] == (
        "roster",
        "鸿源精密",
        2,
        1,
        "深圳市鸿远精密科技有限公司",
        CODES[0],
        0.92,
    )
    assert rows[3][1] == "=1+1五金厂" and sheet.cell(4, 2).data_type == "s"  # never a formula
    assert rows[3][COLUMN["uscc"] - 1] is None
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == f'"{ACCEPT},{REJECT},{NOWHERE}"' and str(rule.sqref) == "H2:H4"
    assert is_review(workbook)


def test_equal_bytes_each_time(workbook: Path, tmp_path: Path) -> None:
    assert write_review(LINES, FIRM, tmp_path / "again.xlsx").read_bytes() == workbook.read_bytes()


def test_decisions_come_back_as_lines_of_links_csv(workbook: Path, tmp_path: Path) -> None:
    decide(workbook, 2, REJECT)
    decide(workbook, 3, ACCEPT, reason="同一地址")
    decide(workbook, 4, NOWHERE, date="2026年4月3日")
    decided = read_review(workbook)
    expected = [
        ["roster", "鸿源精密", CODES[0], None, "reject", "LM", "2026-04-02", "link_review.xlsx"],
        ["roster", "鸿源精密", CODES[1], None, "accept", "LM", "2026-04-02", "同一地址"],
        ["entry", "=1+1五金厂", None, None, "reject", "LM", "2026-04-03", "link_review.xlsx"],
    ]
    assert decided.astype(object).where(decided.notna(), None).values.tolist() == expected
    path = write_decisions(decided, tmp_path / "links.csv")
    pd.testing.assert_frame_equal(read_decisions(path), decided)
    assert len(read_decisions(write_decisions(decided, path))) == 3  # handed back twice


def test_a_firm_without_a_code_goes_by_its_name_and_another_firm_may_be_named(
    workbook: Path,
) -> None:
    decide(workbook, 2, ACCEPT, other="91449900ma0000003w")
    decide(workbook, 4, ACCEPT)
    decided = read_review(workbook)
    assert decided["uscc"].tolist()[0] == "91449900MA0000003W"
    assert decided["firm_name"].tolist()[1] == "深圳市无码五金有限公司"
    decide(workbook, 4, ACCEPT, other="深圳市另一家有限公司")
    assert read_review(workbook)["firm_name"].tolist()[1] == "深圳市另一家有限公司"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(2, "也许", {})], "unknown decisions, 1 affected, e.g. row 2"),
        (
            [(2, ACCEPT, {"reviewer": ""})],
            "decisions without reviewer or date, 1 affected, e.g. row 2",
        ),
        ([(2, ACCEPT, {"date": "昨天"})], "decisions without reviewer or date"),
        ([(2, REJECT, {"other": "深圳市另一家有限公司"})], "another firm beside a rejection"),
        (
            [(2, ACCEPT, {}), (3, ACCEPT, {})],
            "one name accepted for two firms, 2 affected, e.g. row 2; row 3",
        ),
        ([(2, ACCEPT, {}), (3, NOWHERE, {})], f"one name both {ACCEPT} and {NOWHERE}"),
    ],
)
def test_decisions_that_cannot_be_taken_name_their_rows(
    workbook: Path, rows: list, message: str
) -> None:
    for row, decision, more in rows:
        decide(workbook, row, decision, **more)
    with pytest.raises(ZgzxError, match=message):
        read_review(workbook)


def test_an_empty_review_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    path = write_review(LINES.iloc[:0], FIRM, tmp_path / "none.xlsx")
    assert is_review(path) and read_review(path).empty


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, in which one winner's firm is written with a wrong character.

    Built as far as the links.
    """
    project = make_small_study(tmp_path_factory.mktemp("links"), sources=("employment", "patents"))
    path = project / f"data/raw/{NAME}/roster/9.xlsx"
    book = load_workbook(path)
    cell = book.worksheets[0].cell(2, 7)
    cell.value = str(cell.value).replace("科技", "科枝")
    book.save(path)
    place = Place(project, NAME, project / f"data/raw/{NAME}")
    for source in SOURCES:
        data.clean(place, source, b"k" * 32)
    data.link(place)
    return project


@pytest.mark.slow
def test_the_command_takes_either_workbook_by_what_it_holds(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "表.xlsx"  # people rename files
    shutil.copy(study / f"data/work/{NAME}/link/link_review.xlsx", path)
    monkeypatch.chdir(study)
    empty = CliRunner().invoke(app, ["review", NAME, str(path)])
    assert isinstance(
        empty.exception, ZgzxError
    ) and "no row of the workbook holds a decision" in str(empty.exception)
    rows = list(load_workbook(path)[SHEET].iter_rows(values_only=True))
    at = next(n for n, row in enumerate(rows, start=1) if row[0] == "roster" and row[3] == 1)
    assert rows[at - 1][COLUMN["firm_name"] - 1] == World().firms[0]
    decide(path, at, ACCEPT)
    said = CliRunner().invoke(app, ["review", NAME, str(path)])
    assert said.exit_code == 0, said.output
    assert (
        f"decisions written to data/decisions/{NAME}/links.csv: 1; apply them with zgzx run {NAME}"
        in said.output
    )
    place = Place(study, NAME, study / f"data/raw/{NAME}")
    data.link(place)
    audit = pd.read_parquet(place.stage("link", "link_audit")[0])
    lines = audit.query("source == 'roster' and entity == 'firm'")
    assert lines["decision"].eq("accepted").sum() == 1 and lines["firm_id"].notna().all()
    decide(path, at, ACCEPT, other="深圳市没有这家有限公司")
    with pytest.raises(ZgzxError, match="the firm of a decision is none of the registry"):
        take_workbook(study, NAME, path)
