from __future__ import annotations

import math

import pandas as pd
import pytest
from words_cases import effect_row, event_frame, facts_of

from zgzx_research.evidence.facts import Facts
from zgzx_research.report.tables import data_tables, effect_tables, fact_tables, markdown_table
from zgzx_research.report.tables.estimate_rows import estimate_rows
from zgzx_research.report.tables.markdown_table import Table
from zgzx_research.report.wording import display_width

COUNTS = ("rows_in", "kept", "quarantined", "non_data_rows")


def sheet(file: str, name: str, *counts: int) -> dict[str, object]:
    """One entry of the ledger."""
    return {"file": file, "sheet": name, **dict(zip(COUNTS, counts, strict=True))}


LEDGER = {
    "roster": [
        sheet("roster/a.xlsx", "名单", 60, 50, 4, 6),
        sheet("roster/b.xlsx", "名单", 1040, 1030, 0, 10),
    ],
    "registry": [sheet("registry/r.csv", "", 11, 10, 0, 1)],
}


def test_markdown_escapes_and_keeps_its_shape() -> None:
    table = Table(
        "k", "c", ("A|B", "数"), ("left", "right"), (("x|y*", "1"), ("line\nbreak", "20"))
    )
    assert table.to_markdown().splitlines() == [
        r"| A\|B | 数 |",
        "| ---------- | --: |",
        r"| x\|y\* | 1 |",
        "| line break | 20 |",
    ]


def test_one_long_cell_cannot_take_the_whole_width() -> None:
    table = Table("k", "c", ("A", "B"), ("left", "left"), (("x" * 500, "1"),))
    assert (
        max(len(rule) for rule in table.to_markdown().splitlines()[1].split("|"))
        <= markdown_table.WIDEST + 2
    )


def test_chinese_characters_count_twice() -> None:
    assert display_width("a数，") == 5


def test_event_times_on_the_ratio_scale() -> None:
    table = effect_tables.event_time_table(event_frame(), "ratio", "en", outcome_label="Patents")
    assert table.columns[2] == "Estimate (%)"
    # 0.12 with error 0.05: 12 %, interval 2 to 22, band −3 to 27
    effect, counts = ("+12.0", "5.0", "[+2.0, +22.0]", "[−3.0, +27.0]"), ("360", "5,640", "0.500")
    assert table.rows[3] == ("0", "after", *effect, *counts)
    # the base has no error
    assert table.rows[1][1:6] == ("base", "0.0", "—", "—", "—")
    assert table.rows[2][0] == "−1" and table.rows[2][1] == "left out"
    assert table.caption.startswith("Patents: estimates by event time. Event times left out")
    assert all(len(row) == len(table.columns) == len(table.align) for row in table.rows)


def test_shares_are_shown_in_percentage_points_and_their_mean_in_percent() -> None:
    table = effect_tables.event_time_table(event_frame(), "difference", "zh", share=True)
    assert table.columns[2] == "估计（百分点）"
    assert (table.rows[3][2], table.rows[3][-1]) == ("+12.0", "50.0%")


def test_plain_differences_show_their_error_to_two_digits() -> None:
    frame = pd.DataFrame([effect_row(-0.0401, 0.0123) | {"cohort": 2004}])
    table = effect_tables.cohort_table(frame, "difference", "en")
    assert table.rows[0][:3] == ("2004", "−0.040", "0.012")


def test_estimates_come_from_facts_with_their_unit() -> None:
    rows = estimate_rows(
        facts_of("rose"), [("甲", "retention", "main"), ("乙", "patents_all", "not_yet")]
    )
    table = effect_tables.estimates_table(rows, "zh")
    # 2.8 × 5 points
    assert table.rows[0][:4] == ("甲", "+20.0 个百分点", "[+10.0, +30.0]", "14.0 个百分点")
    assert table.rows[1][:4] == ("乙", "+20.0%", "[+10.0, +30.0]", "14.0%")
    assert table.rows[0][-1] == "高于零"


def test_an_estimate_without_error_is_a_row_all_the_same() -> None:
    rows = estimate_rows(facts_of("unknown"), [("A", "retention", "main")])
    assert rows[0]["ci_low"] is None
    assert effect_tables.estimates_table(rows, "en").rows[0][2:4] == ("—", "not estimable")


def test_sheets_count_for_their_file_and_many_files_share_a_line_by_kind() -> None:
    counts = (3, 1, 0, 2)
    sheets = [sheet("roster/a.xlsx", name, *counts) for name in ("获奖名单", "草稿")]
    kept = data_tables.all_lines({"roster": sheets}, "en")["roster"]
    totals = {"rows_in": 6, "kept": 2, "quarantined": 0, "non_data_rows": 4}
    assert kept == {"roster/a.xlsx": totals | {"sheets": sheets}}
    assert data_tables.rows_table({"roster": sheets}, "en").rows[0] == (
        "Award rosters",
        "1",
        "6",
        "2",
        "0",
        "4",
    )
    files = [sheet(f"scores/edition_{n:02d}.xlsx", "", *counts) for n in range(1, 13)]
    files.append(sheet("scores/notes.csv", "", *counts))
    lines = data_tables.all_lines({"scores": files}, "zh")["scores"]
    assert [(name, line["rows_in"], line["kept"]) for name, line in lines.items()] == [
        ("scores/edition_*.xlsx（12 个文件）", 36, 12),
        ("scores/notes.csv", 3, 1),
    ]
    assert data_tables.rows_table({"scores": files}, "zh").rows == (
        ("评分表", "13", "39", "13", "0", "26"),
        ("合计", "13", "39", "13", "0", "26"),
    )


def test_rows_add_up_by_source_and_in_all() -> None:
    table = data_tables.rows_table(LEDGER, "en")
    assert table.rows == (
        ("Award rosters", "2", "1,100", "1,080", "4", "16"),
        ("Firm registry", "1", "11", "10", "0", "1"),
        ("Total", "3", "1,111", "1,090", "4", "17"),
    )


def test_reasons_are_ordered_by_count_and_unknown_codes_print_themselves() -> None:
    table = data_tables.quarantine_table({"new_code": 5, "duplicate_row": 7, "value_date": 5}, "zh")
    assert table.rows == (("重复行", "7"), ("new_code", "5"), ("未采用的值：日期", "5"))
    assert "只涉及一个单元格" in table.caption
    assert (
        "只涉及一个单元格" not in data_tables.quarantine_table({"duplicate_row": 1}, "zh").caption
    )


def test_linkage_by_furthest_stage_leaves_small_counts_blank() -> None:
    rows = [
        {"entity": "worker", "arm": "winner", "rows": 400, "linked": 380, "linked_share": 0.95},
        {"entity": "worker", "arm": "participant", "rows": 12}
        | {"linked": None, "linked_share": None},
    ]
    table = data_tables.arms_table(rows, "en")
    assert table.rows == (
        ("Winners", "the person", "400", "380", "95.0%"),
        ("Preliminary only", "the person", "12", "—", "—"),
    )


def test_linkage() -> None:
    table = data_tables.linkage_table(
        [{"source": "spell", "rows": 2000, "linked": 1500, "linked_share": 0.75}], "zh"
    )
    assert table.rows == (("参保记录", "2,000", "1,500", "75.0%"),)


def test_the_ledger_of_estimation_shows_no_examples() -> None:
    reason = "already treated in the first period"
    ledger = pd.DataFrame(
        [("units", reason, 30, 2, ("F7",))], columns=["step", "reason", "rows", "units", "examples"]
    )
    assert data_tables.ledger_table(ledger, "zh").rows == (("单位", "首期已受处理", "30", "2"),)


def test_the_grade_is_printed_with_its_arithmetic() -> None:
    rules = ["effective_treated", "pretest", "linkage", "detectable"]
    table = fact_tables.grade_table(
        facts_of("rose", p_value=0.02), "patents_all", "main", rules, "zh"
    )
    assert [row[-1] for row in table.rows] == ["中", "不降", "降 1 级", "不降", "不降", "低"]
    assert table.rows[2][1:3] == ("0.020", "0.050")
    assert table.rows[3][1:3] == ("90.0%", "85.0%")
    assert table.caption == "证据等级的计算：全部专利申请"


@pytest.mark.parametrize(
    ("effect", "high", "written"),
    [
        (134.0, 54.0, "> 54.0%"),  # the interval rules out more than 54 % already
        (40.0, 54.0, "40.0%"),
        (None, None, "none: the error grows with the effect"),
        (None, 54.0, "> 54.0%"),
    ],
)
def test_the_grade_names_no_detectable_effect_above_the_interval(
    effect: float | None, high: float | None, written: str
) -> None:
    start = "claim.patents_up"
    numbers = {"ci_low": -20.0, "ci_high": high, "grade_rule.detectable.value": effect}
    numbers["grade_rule.detectable.limit"] = 10.0
    found = {
        f"{start}.{name}": {"value": value, "unit": "percent", "kind": "x", "stage": "x"}
        for name, value in numbers.items()
    }
    words = {"grade": "low", "grade_start": "moderate", "grade_rule.detectable.change": -1}
    for name, value in words.items():
        found[f"{start}.{name}"] = {"value": value, "unit": "text", "kind": "x", "stage": "x"}
    table = fact_tables.grade_table(Facts(found), "claim", "patents_up", ["detectable"], "en")
    assert table.rows[1][1] == written


def test_panel_and_stamp() -> None:
    assert fact_tables.panel_table(facts_of("rose"), ["firms", "first_year"], "en").rows == (
        ("Firms", "1,234"),
        ("First year", "2010"),
    )
    stamp = fact_tables.stamp_table(
        {"new": 3, "seed": 7, "version": "0.1.0"}, "en"
    )  # in the order of our words
    assert stamp.rows == (("Software version", "0.1.0"), ("Random seed", "7"), ("new", "3"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_table_shows_nan(language: str) -> None:
    frame = event_frame().assign(std_error=math.nan, ci_low=math.nan, ci_high=math.nan)
    assert "nan" not in effect_tables.event_time_table(frame, "difference", language).to_markdown()


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "没有排除任何记录"), ("en", "nothing was left out")]
)
def test_an_empty_ledger_says_so(language: str, words: str) -> None:
    empty = pd.DataFrame(columns=["step", "reason", "rows", "units", "examples"])
    assert data_tables.ledger_table(empty, language).rows == (("—", words, "—", "—"),)
