"""Disclosure control: small counts, and all from which they could be calculated, are blank."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import (
    blank_small_counts,
    enough_cohorts,
    mark_close_samples,
    mean_is_told,
    pooled_categories,
    shown_categories,
    shown_event_times,
)
from zgzx_research.evidence.disclosure_rules import enforce, rules, written_rules
from zgzx_research.evidence.facts import Facts
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.pipeline.disclosure_log import enforce_facts, log_facts, logged, rule_facts
from zgzx_research.report.tables.disclosure_table import disclosure_table
from zgzx_research.report.tables.result_table import result_table


def test_small_counts_and_their_shares_are_blank() -> None:
    frame = pd.DataFrame({"arm": ["a", "b", "c"], "rows": [100, 12, 9], "linked": [90, 9, 9]})
    frame["linked_share"] = frame["linked"] / frame["rows"]
    shown = blank_small_counts(frame, ["rows", "linked"])
    assert shown["rows"].tolist() == [100, 12, pd.NA]
    assert shown["linked"].tolist() == [90, pd.NA, pd.NA]
    assert shown["linked_share"].isna().tolist() == [False, True, True]


def event_times(units: list[int], first: int) -> pd.DataFrame:
    times = range(first, first + len(units))
    frame = pd.DataFrame({"event_time": times, "n_treated": units, "n_comparison": 300})
    return frame.assign(base_mean=0.8)


def test_one_firm_less_at_the_next_event_time_is_not_told() -> None:
    # 71 firms with a mean of 0.836 and 70 with 0.833: the one has 71 * 0.836 - 70 * 0.833 = 1.05
    shown = shown_event_times(event_times([71, 70, 64, 58, 58, 56, 56], 0))
    assert shown["n_treated"].isna().tolist() == [False, True, False, False, False, True, True]
    assert shown["base_mean"].isna().equals(shown["n_treated"].isna())


def test_differences_of_three_firms_are_shown() -> None:
    shown = shown_event_times(event_times([20, 23, 23, 20, 17, 17], -2))
    assert shown["n_treated"].tolist() == [20, 23, 23, 20, 17, 17]


def test_event_times_before_and_after_are_apart_but_for_the_largest() -> None:
    # 57 before and 58 after: neither group lies in the other; 72 before lies in 73
    shown = shown_event_times(event_times([57, 72, 73, 58], -2))
    assert shown["n_treated"].isna().tolist() == [False, True, False, False]


def test_the_mean_of_a_headline_of_one_firm_less_is_told() -> None:
    events = shown_event_times(event_times([60, 60, 50], -1))
    for units, told in ((60, False), (59, True), (58, True), (57, False), (51, True)):
        assert mean_is_told(pd.DataFrame({"n_treated": [units]}), events) is told


def test_a_small_cohort_takes_the_next_with_it() -> None:
    frame = pd.DataFrame({"cohort": [2019, 2020, 2021, 2022], "n_treated": [2, 9, 4, 6]})
    shown = enough_cohorts(frame.assign(n_comparison=50))
    assert shown["cohort"].tolist() == [2020, 2022]


def test_a_sample_of_one_firm_less_is_blank() -> None:
    frame = pd.DataFrame({"sample": ["all", "no_other", "two_years_less"]}).assign(
        estimate=[0.1, 0.2, 0.3], n_treated=[74, 73, 71], n_comparison=900
    )
    marked = mark_close_samples(frame)
    facts = frame_facts("x", marked, "number", by="sample")
    assert [facts[f"x.{name}.n_treated"]["value"] for name in frame["sample"]] == [74, None, 71]
    assert facts["x.no_other.estimate"] == facts["x.no_other.estimate"] | {
        "value": None,
        "withheld": True,
    }
    table = result_table(
        "samples", marked, ["a", "b", "c"], label_column="sample", unit="number", language="en"
    )
    assert [row[1:] for row in table.rows] == [
        ("+0.100", "74", "900"),
        ("—", "—", "—"),
        ("+0.300", "71", "900"),
    ]
    assert table.blank == {"threshold": 1}


@pytest.mark.parametrize(
    ("name", "looser", "stricter"),
    [("persons", 9, 20), ("firms", 2, 5), ("nk_largest", 1, 3), ("nk_share", 0.95, 0.8)],
)
def test_a_study_makes_rules_stricter_only(name: str, looser: float, stricter: float) -> None:
    try:
        assert getattr(enforce({name: stricter}), name) == stricter
        with pytest.raises(ZgzxError, match="only make the rules of disclosure stricter"):
            enforce({name: looser})
        assert getattr(rules(), name) == stricter
    finally:
        enforce({})
    assert rules() == written_rules()


def test_the_written_rules_are_those_of_the_design() -> None:
    assert (rules().persons, rules().firms) == (10, 3)
    assert (rules().nk_largest, rules().nk_share) == (2, 0.9)


def test_stricter_rules_reach_figures_and_facts() -> None:
    frame = pd.DataFrame([(2021, "skill", 6), (2022, "skill", 4), (2023, "skill", 9)])
    frame.columns = pd.Index(["year", "category", "firms"])
    try:
        enforce({"firms": 5})
        # 4 is blank now, and 6 with it: 10 less 2 is more than 5
        assert pooled_categories(shown_categories(frame))["year"].tolist() == [2023]
        row = pd.DataFrame({"estimate": [0.1], "n_treated": [4], "n_comparison": [90]})
        assert frame_facts("x", row, "number")["x.n_treated"]["value"] is None
    finally:
        enforce({})
    assert pooled_categories(shown_categories(frame))["year"].tolist() == [2021, 2022, 2023]


def test_the_rules_travel_as_facts() -> None:
    try:
        enforce({"persons": 25})
        written = Facts(rule_facts(rules()))
        enforce({})
        enforce_facts(written)
        assert rules().persons == 25
        enforce_facts(Facts({}))
        assert rules() == written_rules()
    finally:
        enforce({})


def test_the_log_adds_up_tables_of_a_page_and_holds_no_value() -> None:
    kept = log_facts("1_data", "rows", {"threshold": 2, "secondary": 0}, {})
    kept |= log_facts("1_data", "rows", {"threshold": 3}, kept)
    kept |= log_facts("4_x", "rows", {"secondary": 4, "threshold": 1}, kept)
    log = logged(kept | rule_facts(rules()))
    assert log == [("rows", "threshold", 6), ("rows", "secondary", 4)]
    assert disclosure_table(log, "zh").rows == (
        ("行数核对", "低于下限", "6"),
        ("行数核对", "为保护其他数字一并不显示", "4"),
    )
    assert disclosure_table([], "en").rows == (("No number was left blank", "—", "—"),)
