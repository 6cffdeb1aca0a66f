"""Entries and awards: published figures, rules by hand, selection at the entry only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from zgzx_research.simulate.world import contest
from zgzx_research.simulate.world.constants import Order, Rules, switched
from zgzx_research.simulate.world.firm_population import alive, simulate_firms
from zgzx_research.simulate.world.labour import jobs_per_firm
from zgzx_research.simulate.world.random_draws import stream

DRAWS = 8
SD = switched()["patents"]["transient_sd"]


class Field:
    """The firms of one default world, and contests drawn for them from other shocks and numbers."""

    def __init__(self) -> None:
        self.order = Order("null", "default", 3)
        rules, counts = self.order.rules, self.order.counts
        self.firm = simulate_firms(rules, counts["firms"], self.order.stream("firms"))
        self.jobs = jobs_per_firm(rules, self.firm, counts["workers"], self.order.stream("jobs"))
        self.edition = contest.simulate_editions(rules)

    def entries(self, rules: Rules, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Entries with the transient and the persistent shocks they were drawn with."""
        rng = stream(seed, "shocks")
        transient, persistent = rng.normal(0, SD, (2, len(self.firm), 16))
        drawn = contest.simulate_entries(
            rules,
            self.firm,
            self.edition,
            transient,
            persistent,
            self.jobs,
            self.order.counts,
            stream(seed, "entries"),
        )
        return drawn, transient, persistent


@pytest.fixture(scope="module")
def field() -> Field:
    return Field()


@pytest.fixture(scope="module")
def entry(field: Field) -> pd.DataFrame:
    return field.entries(switched(), 1)[0]


def shocks(
    field: Field, rules: Rules, which: int, back: int, pick: Callable = lambda e: e
) -> tuple[float, float]:
    """Return the mean shock `back` years before the contest over picked entries, and its error.

    Parts are 1 (transient) and 2 (persistent).
    """
    means = []
    for seed in range(DRAWS):
        drawn = field.entries(rules, seed)
        rows = pick(drawn[0])
        means.append(drawn[which][rows["firm_rank"], rows["year"] - back - 2010].mean())
    return float(np.mean(means)), float(np.std(means, ddof=1) / np.sqrt(DRAWS))


def with_constants(**constants: object) -> Rules:
    rules = switched()
    rules["selection"].update(constants)
    return rules


# --- published figures
# ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "part"), [("default", 1), ("large", 1), ("tiny", 3)])
def test_stars_are_the_published_ones(size: str, part: int) -> None:
    order = Order("null", size, 0)
    stars = [
        sum(contest.edition_awards(order.rules, order.counts["awards"], n).values())
        for n in range(1, 13)
    ]
    assert sum(stars[:9]) * part == pytest.approx(350, rel=0.02)
    assert sum(stars) * part == pytest.approx(452, rel=0.02)
    assert part > 1 or (stars[8] == 40 and sum(stars) > 450)


def test_awards_of_the_skill_contest_go_to_innovation_before_it_began() -> None:
    awards = [[1, {"innovation": 3, "skill": 2}], [9, {"innovation": 1, "skill": 1}]]
    assert contest.edition_awards(switched(), awards, 3) == {"innovation": 5}
    assert contest.edition_awards(switched(), awards, 4) == {"innovation": 3, "skill": 2}
    assert contest.edition_awards(switched(), awards, 12) == {"innovation": 1, "skill": 1}


def test_entries_of_a_default_world(entry: pd.DataFrame) -> None:
    by_edition = entry.groupby("edition").size()
    assert by_edition.mean() == 900
    assert by_edition[1] == 450
    assert by_edition.is_monotonic_increasing
    won = entry[entry["outcome"] == "获奖"]
    assert len(won) == 454
    # With 454 stars, 15 % repeats and 300 to 360 firms cannot be had together: the stars and the
    # repeats are kept.
    editions = won.groupby("firm_id")["edition"].nunique()
    assert 0.10 < (editions > 1).mean() < 0.20
    assert 350 <= len(editions) <= 400


# --- mechanics
# --------------------------------------------------------------------------------------------------


def test_places_stage_and_outcome_agree(field: Field, entry: pd.DataFrame) -> None:
    for (number, category), rows in entry.groupby(["edition", "category"]):
        stars = contest.edition_awards(switched(), field.order.counts["awards"], number)[category]
        there = rows["preliminary"].dropna()
        assert sorted(there) == list(range(1, len(there) + 1))
        finalists = rows[rows["stage"] == "决赛"]
        assert len(finalists) == round(3.5 * stars)
        assert set(finalists["preliminary"]) == set(range(1, len(finalists) + 1))
        assert rows.loc[rows["stage"] == "初赛", "final"].isna().all()
        assert set(rows.loc[rows["outcome"] == "获奖", "final"]) == set(range(1, stars + 1))


def test_a_few_are_absent(entry: pd.DataFrame) -> None:
    finalists = entry[entry["stage"] == "决赛"]
    assert entry["preliminary"].isna().sum() == 432  # 4 % of 10,800
    assert finalists["final"].isna().sum() == np.ceil(0.03 * len(finalists))


def test_entries_come_from_open_firms_with_enough_people(field: Field, entry: pd.DataFrame) -> None:
    assert len(entry.drop_duplicates(["edition", "firm_id"])) < len(entry), (
        "a firm may send several"
    )
    sent = entry.groupby(["edition", "firm_rank"]).size().reset_index(name="count")
    assert (sent["count"] <= field.jobs[sent["firm_rank"]]).all()
    is_open = alive(field.firm, np.arange(2010, 2027))
    assert is_open[entry["firm_rank"], entry["year"] - 1 - 2010].all()
    assert is_open[entry["firm_rank"], entry["year"] + 1 - 2010].all()
    teams = entry[entry["category"] == "team"]
    assert teams["persons"].between(4, 8).all()
    assert set(teams["persons"]) == {4, 5, 6, 7, 8}
    assert (entry.loc[entry["category"] != "team", "persons"] == 1).all()
    assert (field.jobs[teams["firm_rank"]] >= 5).all()
    assert (entry["route"] == "行业").mean() == pytest.approx(0.2, abs=0.015)


def test_weights_by_hand() -> None:
    firm = pd.DataFrame(
        {
            "size_rank": [0, 3, 0],
            "union": [False, True, False],
            "level": [np.nan, 0.5, np.nan],
            "founded": pd.to_datetime(["2000-01-01", "2000-01-01", "2014-01-01"]),
            "closed": pd.to_datetime(["2020-01-01", None, None]),
        }
    )
    rules = with_constants(
        size=[0, 1, 2, 3],
        union=0.7,
        level=0.4,
        transient=0.8,
        persistent=0.5,
        transient_years=[1, 2],
    )
    transient, persistent = np.zeros((3, 16)), np.zeros((3, 16))
    transient[1, [0, 1, 2]], persistent[1, [0, 1]] = [1.0, 0.1, 9.0], [9.0, 2.0]
    weight = contest.entry_weights(
        rules, firm, np.asarray([2012, 2019, 2020]), transient, persistent
    )
    assert weight[:, 0] == pytest.approx(
        [1.0, np.exp(3 + 0.7 + 0.2 + 0.8 * (1.0 + 0.1) + 0.5 * 2.0), 0.0]
    )
    assert weight[[0, 2]] == pytest.approx(np.asarray([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))


def test_the_first_award_is_the_one_closest_to_patents() -> None:
    entry = pd.DataFrame(
        [
            (2, 2013, "talent", 1, "获奖"),
            (2, 2013, "skill", 1, "获奖"),
            (1, 2012, "innovation", 1, "淘汰"),
            (3, 2014, "innovation", 1, "获奖"),
            (4, 2015, "team", 2, "获奖"),
        ],
        columns=["edition", "year", "category", "firm_rank", "outcome"],
    )
    first = contest.first_awards(switched(), pd.DataFrame(index=range(3)), entry)
    assert first["category"].tolist()[1:] == ["skill", "team"]
    assert first["edition"].tolist()[1:] == [2, 4]
    assert first.loc[0].isna().all()


# --- selection: a weight exp(b x shock) on normal shocks moves their mean among the entries by b x
# sd^2 ---------------


@pytest.mark.slow
def test_entries_follow_a_good_year_and_awards_select_no_further(field: Field) -> None:
    shift = 0.8 * SD**2
    entered, error = shocks(field, switched(), 1, 1)
    assert entered == pytest.approx(shift, abs=3 * error)
    won, error = shocks(field, switched(), 1, 1, lambda rows: rows[rows["outcome"] == "获奖"])
    assert won == pytest.approx(shift, abs=3 * error)
    two_years_ago, error = shocks(field, switched(), 1, 2)
    assert two_years_ago == pytest.approx(0, abs=3 * error)


@pytest.mark.slow
@pytest.mark.slow
def test_merit_does_not_depend_on_the_firm(field: Field) -> None:
    gaps: dict[str, list[float]] = {"决赛": [], "获奖": []}
    sizes = field.firm["size_rank"].to_numpy()
    for seed in range(DRAWS):
        rows = field.entries(switched(), seed)[0]
        size = pd.Series(sizes[rows["firm_rank"]])
        gaps["决赛"].append(size[rows["stage"] == "决赛"].mean() - size.mean())
        gaps["获奖"].append(size[rows["outcome"] == "获奖"].mean() - size.mean())
    for gap in gaps.values():
        assert np.mean(gap) == pytest.approx(0, abs=3 * np.std(gap, ddof=1) / np.sqrt(DRAWS))


@pytest.mark.slow
def test_selection_on_the_shock_of_two_years_ago(field: Field) -> None:
    rules = with_constants(transient_years=[2])
    two_years_ago, error = shocks(field, rules, 1, 2)
    assert two_years_ago == pytest.approx(0.8 * SD**2, abs=3 * error)
    last_year, error = shocks(field, rules, 1, 1)
    assert last_year == pytest.approx(0, abs=3 * error)


@pytest.mark.slow
def test_selection_on_the_persistent_shock(field: Field) -> None:
    mean, error = shocks(field, switched(), 2, 1)
    assert mean == pytest.approx(0, abs=3 * error)
    mean, error = shocks(field, with_constants(persistent=0.6), 2, 1)
    assert mean == pytest.approx(0.6 * SD**2, abs=3 * error)


@pytest.mark.slow
def test_selection_traps_switch(field: Field) -> None:
    mean, error = shocks(field, switched(["regression_to_the_mean"]), 1, 1)
    assert mean == pytest.approx(0, abs=3 * error)
    sizes = field.firm["size_rank"].to_numpy()
    even, _, _ = field.entries(switched(["size_selection", "regression_to_the_mean"]), 1)
    talent = even[even["category"] == "talent"]
    assert sizes[even["firm_rank"]].mean() == pytest.approx(sizes.mean(), abs=0.06)
    assert len(talent) > 0
    usual, _, _ = field.entries(switched(), 1)
    assert sizes[usual["firm_rank"]].mean() > sizes.mean() + 0.5
