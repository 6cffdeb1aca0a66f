"""Leaving out units, cohorts and groups: exact, and no unit is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_panels import by_firm, panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.unit_groups import OTHERS


def window(table: pd.DataFrame, **options: object) -> float:
    event = zr.estimate_effects(panel_of(table), **options).aggregate("event_time")
    return event.window(0, 1)["estimate"].item()


@pytest.mark.slow
def test_units_left_out_by_hand() -> None:
    table = rows(0, 16, effect=1.0)
    found = zr.leave_one_out(panel_of(table), target=(0, 1), exact=16)
    every = [window(table[table["firm"] != firm]) for firm in table["firm"].unique()]
    assert found.count == 16 and found.groups.empty
    assert (found.low, found.high) == pytest.approx((min(every), max(every)), rel=1e-9)
    assert found.sign_changes == sum(np.sign(every) != np.sign(found.estimate))
    few = zr.leave_one_out(panel_of(table), target=(0, 1), exact=4)
    assert found.low <= few.low <= few.high <= found.high


@pytest.mark.slow
def test_one_firm_that_is_the_answer_is_seen_and_not_named() -> None:
    table = rows(1, 40)
    giant = (table["firm"] == "F004") & (table["year"] >= table["start"])
    found = zr.leave_one_out(panel_of(table.assign(y=table["y"] + 200 * giant)), target=(0, 1))
    assert found.estimate > 5 and found.low < 2
    assert found.largest_share > 0.8
    assert found.largest_three_share >= found.largest_share
    assert "F004" not in repr(found) + found.to_frame().to_string() + found.groups.to_string()


def test_cohorts_and_groups_by_hand() -> None:
    table = rows(2, 60, (4, 5, 6, np.nan, np.nan), effect=1.0)
    by_cohort = zr.leave_one_out(panel_of(table), "cohort", target=(0, 1)).groups
    assert by_cohort["left_out"].tolist() == [4, 5, 6]
    for row in by_cohort.itertuples():
        assert row.estimate == pytest.approx(window(table[table["start"] != row.left_out]))
    assert 0 < by_cohort["share"].sum() < 1
    groups = zr.leave_one_out(panel_of(table), by_firm(table, "size"), target=(0, 1)).groups
    for row in groups.itertuples():
        assert row.estimate == pytest.approx(window(table[table["size"] != row.left_out]))
    assert groups["share"].sum() == pytest.approx(1)


def test_groups_of_fewer_than_three_treated_units_are_not_named() -> None:
    table = rows(3, 40)
    panel = panel_of(table)
    industry = pd.Series(dict.fromkeys(panel.units, "big"))
    industry["F000"] = industry["F002"] = "tiny one"  # F000 is treated
    industry["F001"] = industry["F005"] = industry["F009"] = "named"
    found = zr.leave_one_out(panel, industry, target=(0, 1), name="industry")
    assert found.by == "industry" and found.count == 3
    assert found.groups["left_out"].tolist() == ["big", "named", OTHERS]
    assert found.groups["estimate"].isna().tolist() == [False, False, True]
    assert "1 groups are not named" in found.groups["reason"][2]


def test_other_programmes() -> None:
    table = pd.DataFrame(
        {
            "firm_id": [1, 1, 2, 3, 4],
            "first_award": [2015, 2015, 2015, None, 2015],
            "visit": [2013, 2013, 2012, 2015, None],
            "craftsman": [None, None, None, 2015, 2017],
        }
    )
    found = zr.near_other_programme(table, ["visit", "craftsman"])
    assert found.to_dict() == {1: True, 2: False, 3: False, 4: True}
    with pytest.raises(ZgzxError, match=r"lacks a column.*nothing"):
        zr.near_other_programme(table, ["nothing"])


def test_refusals() -> None:
    panel = panel_of(rows())
    one = pd.Series(dict.fromkeys(panel.units, "x"))
    for by, message in (
        (one, "1 groups to leave out"),
        ("industry", "by='industry' is unknown"),
        (pd.Series({"elsewhere": 1}), "no unit of the panel"),
        (np.arange(3), "3 values for 60 units"),
        (pd.concat([one, one]), "more than one value"),
        (pd.Series({u: u for u in [*panel.units, *"abc"]}).map(str) + "x", None),
    ):
        if message is None:
            continue
        with pytest.raises(ZgzxError, match=message):
            zr.leave_one_out(panel, by, target=(0, 1))
    many = panel_of(rows(0, 80))
    with pytest.raises(ZgzxError, match="80 groups"):
        zr.leave_one_out(many, pd.Series({u: u for u in many.units}), target=(0, 1))
