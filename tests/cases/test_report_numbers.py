"""Numbers in reports have significant digits, whatever the size of the outcome."""

from __future__ import annotations

import math
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.evidence.facts import Facts, effect_facts, fact
from zgzx_research.pipeline import estimates, grading
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.report import excel_workbook
from zgzx_research.report.figures.event_study import plot_event_study
from zgzx_research.report.figures.figure_style import SignedTicks
from zgzx_research.report.number_format import effect_digits, format_number, format_value
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.tables.effect_tables import (
    cohort_table,
    estimates_table,
    event_time_table,
)
from zgzx_research.report.tables.estimate_rows import estimate_rows

DATA = Path(__file__).with_name("data")
PAGE = Path(__file__).parents[2] / "notebooks/9_any_panel"
ROLES = {"unit": "unit", "period": "year", "outcome": "y", "first_treated": "first"}
EVENT = {
    "language": "en",
    "scale": "difference",
    "outcome_label": "y",
    "synthetic": False,
    "about": "unit",
}


@pytest.fixture(scope="module")
def small() -> Summary:
    panel = prepare_panel(pd.read_csv(DATA / "small_numbers.csv"), **ROLES)
    return summarise(estimate_effects(panel), (-9, 9), 0)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3.0099e-07, 10, "3.010E−7"),
        (-7.2e-09, 10, "−7.2E−9"),
        (0.0, 10, "0"),
        (1e-12, 10, "0"),
        (0.05, 9, "0.050000000"),
        (0.0005, 6, "0.000500"),
        (1234567.0, 0, "1,234,567"),
        (2.5e18, 0, "2.50E+18"),
        (-0.00001, 2, "0.00"),
    ],
)
def test_sizes_from_tiny_to_huge(value: float, digits: int, text: str) -> None:
    assert format_number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.34, "percent", "12.3%"),
        (0.34, "percent", "0.3%"),
        (0.0342, "percent", "0.03%"),
        (0.0, "percent", "0.0%"),
        (0.842, "share", "84.2%"),
        (0.0002, "share", "0.02%"),
        (2e-06, "number", "2.00E−6"),
        (0.5, "number", "0.500"),
        (1234, "count", "1,234"),
    ],
)
def test_values_show_what_they_are(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit, language="en") == text


def test_digits_of_effects_follow_their_errors() -> None:
    assert effect_digits("number", [2.6e-9]) == 10
    assert (
        effect_digits("number", [None, math.nan], [0.02]) == 4
    )  # no error is known: the estimate itself
    assert [effect_digits("percent", [error]) for error in (12.0, 1.2, 0.35, 0.04)] == [1, 1, 1, 2]


def test_small_numbers_in_tables(small: Summary) -> None:
    rows = event_time_table(small.event_time, "difference", "en").rows
    after = [row for row in rows if row[1] == "after"]
    assert after[0][2] == "+3.005E−7" and after[0][3] == "3.4E−9"
    assert not any("0.0000" in cell for row in rows for cell in row)
    assert cohort_table(small.cohort, "difference", "zh").rows[0][1] == "+3.010E−7"
    assert all(row[-1] == "2.00E−6" for row in rows)


def test_small_numbers_in_prose_and_alternative_texts(small: Summary) -> None:
    facts = estimates.summary_facts(small, "outcome", "main")
    facts |= {
        f"study.{name}": fact("x", "text", "design", "study") for name in ("outcome_name", "name")
    }
    facts |= grading.graded(facts, "outcome", "main")
    facts["study.compared"] = fact("never_treated", "text", "design", "study")
    zh = render_prose(PAGE, "headline", "zh", Facts(facts))
    assert (
        "**3.010E−7**（95% 区间 +2.960E−7 至 +3.060E−7）" in zh
        and "只要达到 7.2E−9" in zh
        and "小数点" in zh
    )
    alt = plot_event_study(small.event_time, **EVENT).draw().alt
    assert "+3.0" in alt and "0.000" not in alt


def test_small_numbers_on_axes(small: Summary) -> None:
    figure = plot_event_study(small.event_time, **EVENT).draw().figure
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"0", "+1E−7", "+2E−7", "+3E−7"} <= set(labels)


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([-0.5, 0.0, 0.5, 1.0], ["−0.5", "0", "+0.5", "+1.0"]),
        ([0.0, 2.5e-8, 5e-8], ["0", "+2.5E−8", "+5.0E−8"]),
        ([-0.30000000000000004, 1e-17, 0.1], ["−0.3", "0", "+0.1"]),
        ([0.0, 2e16], ["0", "+2E16"]),
        ([0.0], ["0"]),
    ],
)
def test_ticks(ticks: list[float], labels: list[str]) -> None:
    assert SignedTicks().format_ticks(ticks) == labels


def test_small_numbers_in_workbooks(tmp_path: Path) -> None:
    cells = (3.01e-07, 0.0123, 12.5, 1234567.891, -2.5e18)
    sheet = excel_workbook.SheetTable("a", "a", tuple("abcde"), (cells,))
    excel_workbook.write_workbook(
        [sheet], tmp_path / "w.xlsx", language="en", synthetic=False, stamp={}
    )
    read = openpyxl.load_workbook(tmp_path / "w.xlsx")["a"]
    assert tuple(cell.value for cell in read[3]) == cells
    assert [cell.number_format for cell in read[3]] == [
        "0.00#E+0",
        "0.0#####",
        "#,##0.0##",
        "#,##0.0##",
        "0.00#E+0",
    ]


def test_an_estimate_without_error_has_digits_and_a_dash() -> None:
    row = {
        "estimate": 0.0213,
        "std_error": math.nan,
        "ci_low": math.nan,
        "ci_high": math.nan,
        "mde": math.nan,
    }
    row |= {
        "band_low": math.nan,
        "band_high": math.nan,
        "n_treated": 30,
        "n_comparison": 30,
        "base_mean": 1.0,
    }
    facts = effect_facts("outcome", "main", "headline", pd.DataFrame([row]), "difference")
    shown = estimates_table(estimate_rows(Facts(facts), [("A", "outcome", "main")]), "en").rows[0]
    assert shown[1:4] == ("+0.0213", "—", "not estimable")
