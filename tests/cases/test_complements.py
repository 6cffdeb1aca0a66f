"""A complement below the threshold is a small count too, and so is a difference of totals."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.evidence.disclosure import (
    blank_few_units,
    blank_small_counts,
    hidden_parts,
    pooled_categories,
    pooled_counts,
    shown_categories,
)
from zgzx_research.evidence.disclosure_rules import written_rules
from zgzx_research.evidence.facts import Facts, effect_facts, grade_facts, shown_fact
from zgzx_research.evidence.grade import grade
from zgzx_research.evidence.row_balance import SHEETS, TOTAL, row_balance
from zgzx_research.pipeline.data_facts import FIRMS, counted
from zgzx_research.report.figures.raw_rows import plot_raw_rows
from zgzx_research.report.figures.report_figure import FigureStyle
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.tables.data_tables import ledger_table, rows_table
from zgzx_research.report.tables.fact_tables import grade_table

AUDIT = Path(__file__).parents[2] / "notebooks/1_data_audit"


def linked(rows: int, linked: int) -> dict:
    frame = pd.DataFrame({"rows": [rows], "linked": [linked], "linked_share": [linked / rows]})
    return blank_small_counts(frame, ["rows", "linked"]).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("rows", "part", "shown"),
    [
        (27, 26, False),  # tells of one
        (27, 27, True),  # nobody is left to be told from the others
        (100, 90, True),
        (100, 91, False),
        (40, 10, True),
        (40, 9, False),
        (19, 10, False),  # both sides cannot be ten
    ],
)
def test_a_count_tells_of_its_complement(rows: int, part: int, shown: bool) -> None:
    row = linked(rows, part)
    assert row["rows"] == rows
    assert (row["linked"] == part) is shown if shown else pd.isna(row["linked"])
    assert pd.notna(row["linked_share"]) is shown


def test_a_small_whole_is_blank_with_all_its_parts() -> None:
    row = linked(9, 9)
    assert all(pd.isna(value) for value in row.values())


def test_blank_parts_cannot_be_had_from_the_total() -> None:
    # 4 alone would be 104 less the others; 20 goes with it, the smallest with which each of the two
    # can have ten more values than one: 1 to 23
    assert hidden_parts([4, 20, 80], [True, False, False], 10) == [True, True, False]
    assert hidden_parts([4, 3, 20, 80], [True, True, False, False], 10) == [True, True, True, False]
    assert hidden_parts([6, 6, 80], [True, True, False], 10) == [True, True, False]  # 1 to 11
    assert hidden_parts([6, 5, 80], [True, True, False], 10) == [True, True, True]  # 1 to 10 only
    assert hidden_parts([4, 0, 80], [True, False, False], 10) == [
        True,
        False,
        True,
    ]  # a zero hides nothing
    assert hidden_parts([20, 80], [False, False], 10) == [False, False]
    assert hidden_parts([2, 98, 1400], [True, False, False], 3, largest=True) == [True, False, True]


def line(kept: int, quarantined: int, non_data_rows: int = 2) -> dict[str, int]:
    total = kept + quarantined + non_data_rows
    return {
        "rows_in": total,
        "kept": kept,
        "quarantined": quarantined,
        "non_data_rows": non_data_rows,
    }


def shown(balance: dict) -> dict:
    return {
        (source, name): counts["quarantined"]
        for source, own in balance.items()
        for name, counts in own.items()
    }


def test_the_row_balance_hides_a_small_line_and_a_second_with_it() -> None:
    lines = {
        "roster": {"a": line(100, 4), "b": line(300, 30), "c": line(500, 80)},
        "registry": {"r": line(900, 0)},
    }
    balance = row_balance(lines)
    assert shown(balance) == {
        ("roster", "a"): None,
        ("roster", "b"): None,
        ("roster", "c"): 80,
        ("roster", TOTAL): 114,
        ("registry", "r"): 0,
        ("registry", TOTAL): 0,
        (TOTAL, TOTAL): 114,
    }
    assert balance["roster"]["a"] == {
        SHEETS: [],
        "rows_in": 106,
        "kept": None,
        "quarantined": None,
        "non_data_rows": 2,
    }


def test_a_small_total_of_a_source_takes_another_source_with_it() -> None:
    lines = {
        "roster": {"a": line(100, 4)},
        "scores": {"s": line(700, 25)},
        "patents": {"p": line(9000, 1800)},
    }
    assert shown(row_balance(lines)) == {
        ("roster", "a"): None,
        ("roster", TOTAL): None,
        ("scores", "s"): None,
        ("scores", TOTAL): None,
        ("patents", "p"): 1800,
        ("patents", TOTAL): 1800,
        (TOTAL, TOTAL): 1829,
    }


def test_a_small_grand_total_hides_all_that_makes_it_up() -> None:
    lines = {"roster": {"a": line(100, 4), "b": line(100, 0)}, "scores": {"s": line(50, 0)}}
    assert shown(row_balance(lines)) == {
        ("roster", "a"): None,
        ("roster", "b"): 0,
        ("roster", TOTAL): None,
        ("scores", "s"): 0,
        ("scores", TOTAL): 0,
        (TOTAL, TOTAL): None,
    }


def test_few_rows_kept_beside_many_set_aside_are_small_too() -> None:
    lines = {"roster": {"a": line(3, 40), "b": line(500, 60)}}
    assert shown(row_balance(lines))[("roster", "a")] is None
    assert shown(row_balance(lines))[("roster", "b")] is None


def test_no_hidden_number_follows_from_the_shown_ones() -> None:
    """All tables of two sources with two lines each.

    What is hidden stays at least ten apart from being known.
    """
    for first in (0, 1, 9, 10, 25):
        for second in (0, 4, 30):
            for third in (0, 2, 50):
                lines = {
                    "a": {"x": line(90, first), "y": line(90, second)},
                    "b": {"z": line(90, third)},
                }
                balance = row_balance(lines)
                for source, own in balance.items():
                    if source == TOTAL or own[TOTAL]["quarantined"] is None:
                        continue
                    hidden = [name for name, c in own.items() if c["quarantined"] is None]
                    assert not hidden or len(hidden) > 1
                    assert (
                        not hidden
                        or sum(lines[source][name]["quarantined"] for name in hidden)
                        >= written_rules().persons
                    )


def test_the_sheets_of_the_workbook_follow_the_lines_of_the_table() -> None:
    def sheets(*own: dict[str, int], beside: int) -> list[int | None]:
        whole = {name: sum(sheet[name] for sheet in own) for name in own[0]}
        lines = {"s": {"f": whole | {"sheets": list(own)}, "g": line(90, beside)}}
        return [sheet["quarantined"] for sheet in row_balance(lines)["s"]["f"]["sheets"]]

    assert sheets(line(20, 0), line(20, 7), line(20, 30), beside=0) == [0, None, None]
    # the file is blank beside a small one: one of its sheets is blank as well
    assert sheets(line(20, 12), line(30, 15), beside=4) == [None, 15]
    assert sheets(line(20, 12), line(30, 15), beside=0) == [12, 15]


LEDGER = {
    "roster": [
        {"file": "roster/1", "sheet": "", **line(100, 4)},
        {"file": "roster/2", "sheet": "", **line(90, 30)},
    ],
    "scores": [],
}


def test_table_figure_and_alternative_text_leave_the_same_numbers_blank() -> None:
    table = rows_table(LEDGER, "zh", written_rules().persons)
    assert table.rows[0][2:] == ("228", "190", "34", "4")  # the files are in the workbook
    assert "不显示" not in table.caption
    one = {"roster": LEDGER["roster"][:1]}
    few = rows_table(one, "zh", written_rules().persons)
    assert few.rows[0][2:] == ("106", "—", "—", "2")
    assert "凭合计可以推出它们的数字也不显示" in few.caption
    text = plot_raw_rows(one).draw(FigureStyle(language="en", disclosure_control=True)).alt
    assert "106 rows read, 104 kept or quarantined, 2 titles and notes" in text


def test_firms_of_the_panel_below_three_are_blank_and_cannot_be_worked_out() -> None:
    counts = {"firms": 1500, "treated_firms": 98, "never_treated_firms": 1400, "left_out_firms": 2}
    told = {key: fact["value"] for key, fact in counted(counts, FIRMS).items()}
    assert told == {
        "panel.firms": 1500,
        "panel.treated_firms": 98,
        "panel.never_treated_firms": None,
        "panel.left_out_firms": None,
    }
    assert (
        counted(counts | {"left_out_firms": 0}, FIRMS)["panel.never_treated_firms"]["value"] == 1400
    )


def test_few_units_left_out_are_not_counted_in_public() -> None:
    ledger = pd.DataFrame(
        {"step": "units", "reason": ["a", "b", "c"], "rows": [32, 90, 500], "units": [2, 6, 40]}
    )
    told = blank_few_units(ledger)
    assert told["units"].tolist() == [None, None, 40]
    assert told["rows"].tolist() == [None, None, 500]
    assert ledger_table(told, "zh").rows[0][2:] == ("—", "—")


def test_a_result_of_two_firms_does_not_say_that_they_are_two() -> None:
    row = dict.fromkeys(
        ("estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "mde", "base_mean"),
        float("nan"),
    )
    facts = effect_facts(
        "retention",
        "main",
        "headline",
        pd.DataFrame([row | {"n_treated": 2, "n_comparison": 40}]),
        "difference",
        share=True,
    )
    assert facts["retention.main.headline.n_treated"] == shown_fact(
        None, "count", "estimate", "estimate"
    )
    assert facts["retention.main.headline.n_treated"]["withheld"] is True
    assert facts["retention.main.headline.n_comparison"]["value"] == 40


def test_the_grade_says_that_a_rule_failed_without_the_share_it_was_held_against() -> None:
    result = grade({"effective_treated": 60.0, "pretest": 0.4, "linkage": 22 / 27})
    facts = Facts(
        grade_facts("retention", "main", result, "percentage_point", withheld=["linkage"])
    )
    assert facts.record("retention.main.grade_rule.linkage.value")["value"] is None
    rows = grade_table(facts, "retention", "main", ["linkage"], "zh").rows
    assert rows[1][1:] == ("不显示", "85.0%", "降 1 级")


def test_the_data_audit_says_which_side_is_small_and_no_number() -> None:
    facts = {
        f"link.roster.{name}": shown_fact(None, "count", "data", "link")
        for name in ("linked", "linked_share")
    }
    facts |= {
        f"link.{source}.linked_share": shown_fact(None, "share", "data", "link")
        for source in ("spell", "patent_party")
    }
    facts["link.roster.rows"] = shown_fact(27, "count", "data", "link")
    few = {"value": "unlinked", "unit": "text", "kind": "data", "stage": "link"}
    zh = render_prose(AUDIT, "linkage", "zh", Facts(facts | {"link.roster.few": few}))
    assert "获奖名单 27 条中没有对上的不足十条（具体数字不显示）。" in zh
    assert "26" not in zh and "%" not in zh
    en = render_prose(
        AUDIT,
        "linkage",
        "en",
        Facts(facts | {"link.roster.few": few | {"value": "linked"}}),
    )
    assert (
        "Of the entries of the award rosters fewer than ten were matched (the number is not shown)."
        in en
    )


def test_small_categories_of_a_year_stand_together() -> None:
    frame = pd.DataFrame(
        [
            (2021, "skill", 5),
            (2021, "team", 1),
            (2021, "talent", 4),
            (2023, "skill", 2),
            (2024, "team", 3),
            (2025, "team", 6),
        ],
        columns=["year", "category", "firms"],
    )
    shown = shown_categories(frame)
    told = pooled_categories(shown)
    # the two of 2023 would follow from all winners and the other years, so 2024 is left out as well
    assert told.values.tolist() == [[2021, "several", 5], [2021, "skill", 5], [2025, "team", 6]]
    assert pooled_counts(frame, shown) == {"threshold": 2, "secondary": 2}
