"""The sheets of report.xlsx: one unit a column, its own language, facts last with their page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from zgzx_research.evidence.facts import Fact, Facts, fact, withheld_fact
from zgzx_research.pipeline import workbook_sheets as sheets
from zgzx_research.report import excel_workbook, workbook_words
from zgzx_research.report.excel_workbook import Absent, Amount
from zgzx_research.report.wording import LANGUAGES

WORDS = Path(workbook_words.__file__).with_name("workbook.toml")
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "mde")


def effect(prefix: str, unit: str, start: float) -> dict[str, Fact]:
    values = {
        f"{prefix}.{name}": fact(start + at, unit, "estimate", "estimate")
        for at, name in enumerate(NUMBERS)
    }
    return values | {
        f"{prefix}.n_treated": withheld_fact("count", "estimate", "estimate"),
        f"{prefix}.n_comparison": fact(40, "count", "estimate", "estimate"),
    }


def text(value: str) -> Fact:
    return fact(value, "text", "verdict", "estimate")


FACTS = Facts(
    effect("retention.main.headline", "percentage_point", 1.5)
    | effect("patents_all.contest.headline", "percent", 20.0)
    | {
        "claim.patents_up.estimate": fact(-4.0, "percent", "estimate", "estimate"),
        "claim.patents_up.from": text("patents_all.contest"),
        "claim.patents_up.verdict": text("supported"),
        "claim.patents_up.grade": text("high"),
        "study.synthetic": fact(True, "text", "design", "study"),
        "study.first_year": fact(2010, "year", "design", "study"),
        "a.few": withheld_fact("count", "data", "clean"),
        "a.unknown": fact(float("nan"), "share", "data", "clean"),
    }
)


def test_estimates_stand_by_unit_and_claims_come_first() -> None:
    percent, points = sheets.estimate_sheets(FACTS, "zh")
    assert (percent.name, points.name) == ("估计（%）", "估计（百分点）")
    assert percent.rows[0] == (
        *("获奖企业的专利申请", "与同届其他参赛者相比", "得到支持", "高"),
        *(-4.0, 21.0, 22.0, 23.0, 24.0, Absent.HIDDEN, 40),
    )
    assert percent.rows[1][:5] == ("全部专利申请", "与同届其他参赛者相比", None, None, 20.0)
    assert points.rows[0][4:] == (1.5, 2.5, 3.5, 4.5, 5.5, Absent.HIDDEN, 40)
    assert [head.name for head in points.heads][4:6] == ["估计（百分点）", "标准误（百分点）"]
    assert {head.unit for head in percent.heads} == {"text", "percent", "count"}


def test_event_studies_are_in_the_unit_of_their_sheet() -> None:
    columns = {name: [0.125, None] for name in sheets.EVENT_COLUMNS}
    columns |= {"event_time": [-1, 0], "role": ["pre", "reference"], "n_treated": [5, 6]}
    event = {"scale": "difference", "columns": columns}
    (made,) = sheets.event_sheets(FACTS, {"retention.main": event}, "en")
    assert made.name == "By event time (pp)"
    assert made.rows[0] == (
        *("Employee retention", "Main specification", -1, "before"),
        *(12.5,) * 6,
        *(5, 0.125, 0.125),
    )
    assert made.rows[1][3:6] == ("base", Absent.NONE, Absent.NONE)
    assert made.heads[-1].unit == "share"


def test_facts_are_sorted_with_number_text_unit_and_first_page() -> None:
    pages = {"0_brief": {"a.few": {}}, "3_retention": {"a.few": {}, "a.unknown": {}}}
    made = sheets.facts_sheet(FACTS, pages, "en")
    rows = {row[0]: row[1:] for row in made.rows}
    assert list(rows) == sorted(rows)
    assert rows["a.few"] == (Absent.HIDDEN, None, "count", "0_brief")
    assert rows["a.unknown"] == (Absent.NONE, None, "share (shown as %)", "3_retention")
    assert rows["study.first_year"] == (Amount(2010, "year"), None, "year", "")
    assert rows["study.synthetic"] == (None, "yes", "text", "")


def test_small_numbers_of_rows_are_marked() -> None:
    line = {"file": "roster/001", "sheet": "1", "rows_in": 50, "non_data_rows": 2}
    own = [{**line, "kept": 45, "quarantined": 3}, {**line, "kept": 30, "quarantined": 18}]
    made = sheets.rows_sheet({"roster": own}, "zh")
    assert [row[4:6] for row in made.rows] == [(Absent.HIDDEN, Absent.HIDDEN)] * 2
    assert [row[3] for row in made.rows] == [50, 50]


def test_every_word_has_both_languages_and_every_sheet_a_name_excel_takes() -> None:
    tree = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    pairs = [
        row
        for family in ("sheet", "title", "note", "unit", "design")
        for row in tree[family].values()
    ]
    pairs += [one[name] for one in tree["column"].values() for name in ("name", "meaning")]
    for pair in pairs:
        assert set(pair) == set(LANGUAGES)
        holes = [sorted(re.findall(r"\{(\w+)\}", pair[language])) for language in LANGUAGES]
        assert holes[0] == holes[1]
    units = [*tree["unit"], workbook_words.EFFECT, workbook_words.BASE]
    assert {one["unit"] for one in tree["column"].values()} <= set(units)
    for language in LANGUAGES:
        for unit in workbook_words.SHOWN:
            for key in tree["sheet"]:
                shown = workbook_words.unit_word(unit, language)
                assert len(workbook_words.words("sheet", key, language, unit=shown)) <= 31


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_english_workbook_holds_no_chinese(tmp_path: Path, language: str) -> None:
    import openpyxl

    made = [*sheets.estimate_sheets(FACTS, language), sheets.facts_sheet(FACTS, {}, language)]
    out = excel_workbook.write_workbook(
        made, tmp_path / "a.xlsx", language=language, synthetic=False, stamp={"a": "b"}
    )
    book = openpyxl.load_workbook(out)
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    chinese = [one for one in [*book.sheetnames, *cells] if re.search(r"[\u3400-\u9fff]", one)]
    assert (chinese == []) == (language == "en")
    assert book.sheetnames[-1] == workbook_words.words("sheet", "facts", language)
