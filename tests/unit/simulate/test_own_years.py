"""Traps of persons: good years of their own, hidden names of finalists, wages that pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_worlds import SEED, tiny_world

from zgzx_research.simulate.files.insured_wages import insured_bases
from zgzx_research.simulate.files.score_files import score_rows
from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.entry_members import draw_jobs
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.own_years import entry_odds, inventing_jobs, own_shocks
from zgzx_research.simulate.world.random_draws import stream
from zgzx_research.simulate.world.workers import wage_bases

RULES, ON = switched(), switched(also=("own_good_years",))
NOBODY = np.zeros(2, dtype=int)
# a firm of two jobs, one of a single job; in 2008 the second job is three times the first
SHOCKS = np.log(np.asarray([[1.0, 1.0], [3.0, 1.0], [9.0, 1.0]]))


def test_usually_there_are_no_shocks() -> None:
    assert own_shocks(RULES, 5, stream(1, "x")) is None
    assert entry_odds(RULES, None, 2015) is None
    assert own_shocks(ON, 5, stream(1, "x")).shape == (5, 2025 - 2008 + 1)


def test_inventors_are_drawn_by_the_shocks_of_the_year() -> None:
    def drawn(year: int, *draws: float) -> list[int]:
        rows = np.zeros(len(draws), dtype=int)
        years, number = rows + year, np.asarray(draws)
        return inventing_jobs(ON, rows, rows + 2, years, number, SHOCKS).tolist()

    assert drawn(2008, 0.0, 0.24, 0.26, 0.99) == [0, 0, 1, 1]  # 1 of 4, 3 of 4
    assert drawn(2009, 0.0, 0.49, 0.51, 0.99) == [0, 0, 1, 1]
    firsts, jobs, years = np.asarray([0, 2]), np.asarray([2, 1]), np.asarray([2008, 2009])
    both = inventing_jobs(ON, firsts, jobs, years, np.asarray([0.5, 0.999]), SHOCKS)
    assert both.tolist() == [1, 2]


def test_without_shocks_every_job_is_as_likely() -> None:
    firsts, jobs = np.asarray([3, 3]), np.asarray([4, 4])
    draws, years = np.asarray([0.0, 0.76]), np.asarray([2010, 2011])
    assert inventing_jobs(RULES, firsts, jobs, years, draws, None).tolist() == [3, 6]


def test_a_good_year_sends_a_person() -> None:
    odds = entry_odds(ON, SHOCKS, 2008)
    assert np.allclose(np.exp(odds), np.asarray([1.0, 3.0, 9.0]) ** 0.8)
    place = pd.DataFrame({"firm_rank": [0], "priority": [0], "wanted": [1]})
    firm, tenure = np.zeros(3, dtype=int), np.zeros(3, dtype=int)
    never = np.asarray([0.0, -50.0, -50.0])
    for seed in range(20):
        found = draw_jobs(ON, place, firm, tenure, stream(seed, "x"), never)
        assert found["job"].tolist() == [0]


@pytest.fixture(scope="module")
def good_years() -> World:
    return tiny_world("null", also=("own_good_years",))


def peak(world: World) -> float:
    """Applications naming a contestant in the year before the final, beside those around it."""
    inventor = world.patent_party[world.patent_party["role"].eq("inventor")]
    year = inventor["app_no"].map(world.patent.set_index("app_no")["filed"]).dt.year
    count = inventor.assign(year=year).groupby(["worker_id", "year"]).size()
    who = world.member["worker_id"]
    final = world.entry.set_index("entry_id")["year"].loc[world.member["entry_id"]].to_numpy()
    before, last, same = (
        count.reindex(pd.MultiIndex.from_arrays([who, final + ahead]), fill_value=0).sum()
        for ahead in (-2, -1, 0)
    )
    return float(2 * last / (before + same))


@pytest.mark.slow
def test_patents_of_contestants_fall_after_their_good_year(good_years: World) -> None:
    usual = tiny_world("null")
    assert good_years.patent.equals(usual.patent)  # the firms file as before
    assert peak(good_years) > 1.2 * peak(usual)


@pytest.mark.slow
def test_the_shock_before_the_final_is_in_the_truth(good_years: World) -> None:
    own = good_years.truth["worker_final"]["own_year"]
    assert own.notna().all()
    assert own.std() == pytest.approx(1.0, abs=0.15)
    assert "own_year" not in tiny_world("null").truth["worker_final"]


@pytest.mark.slow
def test_names_of_those_who_left_are_hidden_more_often() -> None:
    world = tiny_world("calibrated", also=("hidden_finalists",))
    rows, _ = score_rows(world, stream(1, "x"))
    assert rows["dirt"].str.contains("name_hidden").equals(rows["选手"].str.contains("某"))
    lost = rows[rows["stage"].eq("决赛") & rows["outcome"].ne("获奖")]
    stays = world.truth["worker_final"].groupby("entry_id")["stay_12"].mean()
    there = lost["entry_id"].map(stays)
    hidden = lost["选手"].str.contains("某")
    assert hidden[there < 0.5].mean() > hidden[there >= 0.5].mean() + 0.1
    usual, _ = score_rows(tiny_world(), stream(1, "x"))
    others = ~rows["选手"].str.contains("某")
    assert rows.loc[others, "选手"].equals(usual.loc[others, "选手"])


def wages(world: World, spell: np.ndarray, period: np.ndarray) -> np.ndarray:
    return insured_bases(world, np.zeros(len(spell), dtype=int), spell, period)


@pytest.mark.slow
def test_a_wage_is_one_for_a_job_and_a_wage_year() -> None:
    world = tiny_world(also=("wage_noise",))
    july = np.asarray([2015 * 12 + 6, 2016 * 12 + 5, 2016 * 12 + 6])
    first, june, next_year = wages(world, np.zeros(3, dtype=int), july)
    assert first == june != next_year
    assert wages(world, np.asarray([0, 1]), july[:2]).tolist()[1] != june


@pytest.mark.slow
def test_the_mean_of_wages_stays() -> None:
    world = tiny_world(also=("wage_noise",))
    people = np.arange(2000) % len(world.worker)
    july = np.full(len(people), 2015 * 12 + 6)
    wage = world.worker["log_wage"].to_numpy()[people]
    inside = np.abs(wage) < 0.2  # far from floor and ceiling
    usual = wage_bases(RULES, wage, july, july + 99)
    noisy = insured_bases(world, people, np.arange(len(people)), july)
    change = np.log(noisy / usual)[inside]
    spread = np.hypot(0.08, 0.12)
    assert change.std() == pytest.approx(spread, rel=0.1)
    assert abs(change.mean()) < 3 * spread / np.sqrt(len(change))


@pytest.mark.slow
def test_off_is_exactly_as_before() -> None:
    world = tiny_world()
    assert world.order == Order("calibrated", "tiny", SEED)
    july = np.asarray([2015 * 12 + 6, 2016 * 12 + 6])
    wage, raised = (world.worker[name].to_numpy()[NOBODY] for name in ("log_wage", "raised_from"))
    assert wages(world, NOBODY, july).tolist() == wage_bases(RULES, wage, july, raised).tolist()
