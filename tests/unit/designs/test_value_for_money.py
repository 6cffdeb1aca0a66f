"""Costs, prices and the effect that breaks even, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from zgzx_research.designs.value_for_money import (
    award_costs,
    break_even,
    position,
    price_of_one_more,
    winners_after,
    without_award,
)
from zgzx_research.errors import ZgzxError

COST = pd.DataFrame(
    {"edition": [1, 1, 2, 3, 4], "amount_cny": [60_000, 40_000, 120_000, 50_000, 7_000.0]}
)
# edition 1: 4 winning entries of 10; edition 2: two contests, 2 of 5 and 3 of 15; edition 3 has no
# list of those who won nothing; edition 4 has costs only, edition 5 winners only
CONTESTS = pd.DataFrame(
    [
        (1, 2014, "A", "skill", 10, 4),
        (1, 2014, "B", "skill", 10, 4),
        (2, 2016, "A", "skill", 5, 2),
        (2, 2016, "A", "team", 15, 3),
        (3, 2018, "B", "team", 5, 5),
        (5, 2020, "B", "team", 9, 1),
    ],
    columns=["edition", "year", "firm_id", "category", "contest_entries", "contest_winners"],
)
ROSTER = pd.DataFrame({"edition": [1] * 4 + [2] * 10 + [3] * 20 + [5]})


def test_costs_by_edition_and_in_total() -> None:
    found = award_costs(COST, CONTESTS, ROSTER)
    table = found.by_edition
    assert table["edition"].tolist() == [1, 2, 3]
    assert table["cost"].tolist() == [100_000, 120_000, 50_000]
    assert table["winning_entries"].tolist() == [4, 5, 5]
    assert table["winners"].tolist() == [4, 10, 20]
    assert table["entrants"].tolist()[:2] == [10, 20] and table["entrants"].isna()[2]
    assert table["cost_per_entry"].tolist() == [25_000, 24_000, 10_000]
    assert table["cost_per_winner"].tolist() == [25_000, 12_000, 2_500]
    assert table["cost_per_entrant"].tolist()[:2] == [10_000, 6_000]

    total = found.total
    assert total["edition"] == 3 and total["cost"] == 270_000
    assert total["cost_per_entry"] == pytest.approx(270_000 / 14)
    assert total["cost_per_winner"] == pytest.approx(270_000 / 34)
    # only editions whose entrants are known: 220,000 for 30 entries
    assert total["cost_per_entrant"] == pytest.approx(220_000 / 30)
    assert found.without_winners == 7_000
    assert found.of_years(2014, 2017) == (220_000, 2)


def test_nobody_is_known_to_have_entered() -> None:
    found = award_costs(COST, CONTESTS[CONTESTS["edition"].eq(3)], ROSTER)
    assert found.total["cost"] == 50_000
    assert math.isnan(found.total["entrants"]) and math.isnan(found.total["cost_per_entrant"])


def firm_years() -> pd.DataFrame:
    """A wins in 2012, B in 2013, C in 2015, D never; 2010 to 2016, each firm files its number."""
    awards = {"A": 2012, "B": 2013, "C": 2015, "D": None}
    rows = [
        (firm, year, award, 1 + number)
        for number, (firm, award) in enumerate(awards.items())
        for year in range(2010, 2017)
    ]
    table = pd.DataFrame(rows, columns=["firm_id", "year", "first_award", "filed"])
    return table.astype({"first_award": "Int64", "filed": "Int64"})


def test_the_years_after_the_first_award_are_added_up() -> None:
    found = winners_after(firm_years(), "filed")
    # A: 2013 to 2015, 1 each; B: 2014 to 2016, 2 each; the window of C ends in 2018
    assert (found.years, found.firms, found.total) == ((2012, 2013), 2, 9.0)
    wider = winners_after(firm_years(), "filed", window=(0, 1))
    assert (wider.years, wider.firms, wider.total) == ((2012, 2013, 2015), 3, 12.0)


def test_years_that_are_not_known_end_the_window() -> None:
    table = firm_years()
    table["filed"] = table["filed"].where(table["year"].lt(2016))
    found = winners_after(table, "filed")
    assert (found.years, found.firms, found.total) == ((2012,), 1, 3.0)
    table.loc[table["firm_id"].eq("A") & table["year"].eq(2014), "filed"] = pd.NA
    assert winners_after(table, "filed").total == 2.0


def test_prices_and_the_effect_that_breaks_even() -> None:
    assert without_award(440, 0.1) == pytest.approx(400)
    assert price_of_one_more(1_000_000, 400, 0.1) == pytest.approx(25_000)
    assert break_even(1_000_000, 400, 50_000) == pytest.approx(0.05)
    # at the effect that breaks even, one more costs what it is worth
    assert price_of_one_more(1_000_000, 400, 0.05) == pytest.approx(50_000)
    for nothing in (0.0, -0.2, math.nan):
        assert math.isnan(price_of_one_more(1_000_000, 400, nothing))
    assert math.isnan(without_award(440, -1.0)) and math.isnan(without_award(440, math.nan))
    assert math.isnan(break_even(1_000_000, 0.0, 50_000))


def test_where_an_effect_lies() -> None:
    assert position(0.3, -0.1, 0.2) == "above"
    assert position(0.2, -0.1, 0.2) == "inside"
    assert position(0.1, -0.1, math.inf) == "inside"
    assert position(-0.3, -0.1, 0.2) == "below"
    assert position(0.1, math.nan, 0.2) == "" == position(math.nan, 0.0, 0.2)


def test_refusals() -> None:
    with pytest.raises(ZgzxError, match=r"there are no costs\. Deliver the costs of each edition"):
        award_costs(COST[:0], CONTESTS, ROSTER)
    with pytest.raises(ZgzxError, match="missing or negative, 2 affected"):
        award_costs(COST.assign(amount_cny=[-1, None, 1, 1, 1]), CONTESTS, ROSTER)
    with pytest.raises(ZgzxError, match="no edition has both costs and winners"):
        award_costs(COST[COST["edition"].eq(4)], CONTESTS, ROSTER)
    with pytest.raises(ZgzxError, match="no column edition"):
        award_costs(COST[["amount_cny"]], CONTESTS, ROSTER)
    never = firm_years().assign(first_award=pd.NA)
    with pytest.raises(ZgzxError, match="no winning firm is seen in years 1 to 3"):
        winners_after(never, "filed")
