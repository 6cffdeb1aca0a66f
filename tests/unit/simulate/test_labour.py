"""Stays by hand, expectations against draws, people of the entries, mergers, wages."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tiny_worlds import tiny_world

from zgzx_research.simulate.world import job_months, labour, staying_hazards
from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.contest import first_awards, simulate_editions, simulate_entries
from zgzx_research.simulate.world.entry_members import contest_places, draw_jobs
from zgzx_research.simulate.world.firm_events import simulate_events
from zgzx_research.simulate.world.firm_population import simulate_firms
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.months import year_month
from zgzx_research.simulate.world.patent_rates import draw_shocks
from zgzx_research.simulate.world.truth import retention_years
from zgzx_research.simulate.world.workers import wage_bases

pytestmark = pytest.mark.slow  # together more than five seconds

SEED = 7
RULES = switched()
HAZARD = RULES["labour"]["hazard"]
SETTLED = 0.99  # monthly chance to stay after three years


def logs_of(tenure: int, power: float = 1.0) -> np.ndarray:
    return staying_hazards.month_logs(RULES, np.asarray([0]), tenure, np.full((1, 24), power))


# --- by hand
# --------------------------------------------------------------------------------------------------


def test_hazards_and_stays_by_hand() -> None:
    hazards = staying_hazards.monthly_hazards(*HAZARD)
    assert hazards[0] == pytest.approx(0.028)
    assert hazards[36] == hazards[500] == pytest.approx(0.01)
    assert math.exp(staying_hazards.log_year(*HAZARD)[36]) == pytest.approx(SETTLED**12)
    assert math.exp(staying_hazards.log_year(*HAZARD)[0]) == pytest.approx(
        math.prod(1 - hazards[:12])
    )
    assert np.exp(logs_of(40).sum()) == pytest.approx(SETTLED**24)


@pytest.mark.parametrize(
    ("category", "outcome", "points"),
    [
        ("team", "获奖", (0.035, 0.06)),
        ("innovation", "获奖", (0.023, 0.04)),
        ("talent", "获奖", (0.011, 0.02)),
        ("skill", "获奖", (0.03, -0.01)),
        ("skill", "淘汰", (-0.006, -0.01)),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 3.0, -1.0])
def test_a_final_adds_exactly_its_points(
    category: str, outcome: str, points: tuple[float, float], scale: float
) -> None:
    entry = pd.DataFrame({"category": [category], "outcome": [outcome]})
    aims = staying_hazards.people_points(RULES, entry, scale)
    logs = logs_of(60, power=2.0)  # a settled worker at a firm where people leave twice as fast
    first, second = staying_hazards.final_factors(RULES, logs, aims)
    stay_12 = SETTLED ** (24 * first[0])
    assert stay_12 == pytest.approx(SETTLED**24 + scale * points[0])
    assert stay_12 * SETTLED ** (24 * second[0]) == pytest.approx(SETTLED**48 + scale * points[1])


def test_targets_stay_within_the_bounds_and_stays_never_grow_with_time() -> None:
    low, high = RULES["effect"]["retention"]["bounds"]
    aims = np.asarray([[0.3, 0.5], [-0.95, -0.9], [-0.05, 0.2]])
    logs = np.repeat(logs_of(60, power=0.2), 3, axis=0)
    first, second = staying_hazards.final_factors(RULES, logs, aims)
    year, later = (
        np.exp(logs[:, :12].sum(axis=1) * first),
        np.exp(logs[:, 12:].sum(axis=1) * second),
    )
    assert year[0] == pytest.approx(max(high, SETTLED ** (12 * 0.2)))
    assert year[1] == pytest.approx(max(low, SETTLED**2.4 - 0.95))
    assert (later <= 1).all()
    assert (later >= low).all()


def test_without_points_nothing_changes() -> None:
    first, second = staying_hazards.final_factors(RULES, logs_of(5), np.zeros((1, 2)))
    assert (first, second) == (1.0, 1.0)


def test_colleagues_gain_half_a_point_a_year() -> None:
    tenure, power = np.asarray([11, 71]), np.asarray([1.2, 1.2])
    base = np.exp(staying_hazards.log_year(*HAZARD)[tenure])
    for points in (0.005, -0.005):
        lifted = staying_hazards.year_powers(RULES, tenure, power, np.full(2, points))
        assert np.allclose(base**lifted, base**1.2 + points)
    first = pd.DataFrame({"year": [2015.0, np.nan], "category": ["talent", None]})
    added = staying_hazards.colleague_points(
        RULES, first, np.asarray([2014, 2015, 2016, 2022]), 1.0
    )
    assert np.allclose(added, [[0.0, 0.0015, 0.005, 0.003], [0, 0, 0, 0]])


def one_firm(jobs: int, final: int) -> job_months.JobSetting:
    places = pd.DataFrame({"firm_rank": [0], "month": [final], "priority": [0], "wanted": [1]})
    return job_months.JobSetting(
        RULES,
        np.arange(2008, 2027),
        np.zeros(jobs, dtype=int),
        np.zeros(jobs, dtype=int),
        np.full(jobs, 10**6),
        np.ones((1, 19)),
        np.zeros((1, 19)),
        {},
        places,
        np.asarray([[0.035, 0.06]]),
    )


@pytest.mark.parametrize("waits", [3, 4, 11])  # finals in March, April, November
def test_expected_retention_uses_a_final_within_the_year(waits: int) -> None:
    month = 2015 * 12 + 11
    setting = one_firm(2, month + waits)
    world = job_months.JobHolders(
        np.asarray([month - 60] * 2), np.ones(2), staying_hazards.Finals.none(2)
    )
    coming = pd.DataFrame(
        {"entry_rank": [0], "ord": [1], "job": [1], "month": [month + waits], "finalist": [True]}
    )
    plain = job_months.mean_stay(setting, world, month, coming[:0])[0]
    lifted = job_months.mean_stay(setting, world, month, coming)[0]
    factor = math.log(SETTLED**12 + 0.035) / math.log(SETTLED**12)
    assert plain == pytest.approx(SETTLED**12)
    assert lifted == pytest.approx((SETTLED**12 + SETTLED ** (waits + factor * (12 - waits))) / 2)


@pytest.mark.parametrize("since", [1, 8, 9, 13, 20, 30])
def test_expected_retention_uses_a_past_final(since: int) -> None:
    month = 2015 * 12 + 11
    setting = one_firm(1, month - since)
    finals = staying_hazards.Finals(
        np.asarray([month - since]), np.asarray([0.5]), np.asarray([2.0])
    )
    world = job_months.JobHolders(np.asarray([month - 90]), np.asarray([9.0]), finals)
    factors = [0.5] * 12 + [2.0] * 12 + [1.0] * 60
    expected = SETTLED ** sum(factors[since : since + 12])
    assert job_months.mean_stay(setting, world, month, setting.no_members())[0] == pytest.approx(
        expected
    )


def test_a_final_inside_the_window_of_another_changes_nothing() -> None:
    old = staying_hazards.Finals(np.asarray([100, 100, 10**6]), np.full(3, 0.5), np.full(3, 0.6))
    new = staying_hazards.Finals(np.asarray([123, 124, 124]), np.full(3, 0.8), np.full(3, 0.9))
    met = old.entered(new)
    assert met.month.tolist() == [100, 124, 124]
    assert met.first.tolist() == [0.5, 0.8, 0.8]
    assert met.factor(124).tolist() == [1.0, 0.8, 0.8]


# --- people of the entries
# ------------------------------------------------------------------------------------------


def test_every_entry_gets_one_before_any_gets_two() -> None:
    places = pd.DataFrame(
        {"firm_rank": [1, 1, 1, 0], "priority": [2, 0, 1, 1], "wanted": [1, 5, 1, 2]},
        index=[7, 8, 9, 10],
    )
    firm = np.asarray([0, 1, 1, 1, 1])
    member = draw_jobs(RULES, places, firm, np.zeros(5, dtype=int), np.random.default_rng(1))
    assert member.groupby("entry_rank").size().to_dict() == {7: 1, 8: 2, 9: 1, 10: 1}
    assert member["job"].is_unique
    assert (firm[member["job"]] == places["firm_rank"].loc[member["entry_rank"]].to_numpy()).all()
    assert member[member["entry_rank"] == 8]["ord"].tolist() == [1, 2]


def test_places_follow_persons_wanted_and_stage() -> None:
    edition = pd.DataFrame(
        {"edition": [3, 9], "final_date": pd.to_datetime(["2014-11-15", "2021-03-31"])}
    )
    entry = pd.DataFrame(
        {
            "edition": [9, 3, 3],
            "firm_rank": [5, 6, 7],
            "category": ["team", "skill", "team"],
            "stage": ["决赛", "决赛", "初赛"],
            "outcome": ["获奖", "淘汰", "淘汰"],
            "persons": [6, 1, 8],
        }
    )
    places = contest_places(RULES, entry, edition, np.random.default_rng(1))
    assert places["month"].tolist() == [2021 * 12 + 2, 2014 * 12 + 10, 2014 * 12 + 10]
    assert places["priority"].tolist() == [0, 1, 2]
    assert places["wanted"].tolist() == [6, 1, 8]
    older = contest_places(
        RULES, entry.drop(columns=["stage", "persons"]), edition, np.random.default_rng(1)
    )
    assert older["priority"].tolist() == [0, 1, 1]
    assert older["wanted"].between(1, 8).all()


def test_members_work_at_the_firm_in_the_month_of_the_final(world: World) -> None:
    entry = world.entry.set_index("entry_id")
    final = world.edition.set_index("edition")["final_date"]
    member = world.member.assign(
        firm_id=entry["firm_id"].loc[world.member["entry_id"]].to_numpy(),
        edition=entry["edition"].loc[world.member["entry_id"]].to_numpy(),
        row=range(len(world.member)),
    )
    day = final.loc[member["edition"]]
    member["month"] = (day.dt.year * 100 + day.dt.month).to_numpy()
    met = member.merge(world.spell, on=["firm_id", "worker_id"])
    there = met[(met["start_ym"] <= met["month"]) & (met["end_ym"].fillna(999_912) >= met["month"])]
    assert set(there["row"]) == set(member["row"])
    assert not member.duplicated(["edition", "worker_id"]).any()
    assert set(member["entry_id"]) == set(world.entry["entry_id"])
    won = world.entry.loc[world.entry["outcome"] == "获奖", "entry_id"]
    assert set(world.award["entry_id"]) == set(won)


def test_stated_points_are_the_difference_of_expectations(world: World) -> None:
    table = world.truth["worker_final"].sort_values("edition").drop_duplicates("worker_id").dropna()
    aims = {**{(k, "获奖"): v for k, v in RULES["effect"]["retention"]["winners"].items()}}
    for (category, outcome), rows in table[table["mu0_24"] > 0].groupby(["category", "outcome"]):
        points = aims.get((category, outcome), RULES["effect"]["retention"]["finalists"])
        inside = (rows["mu1_12"] < 0.965) & (rows["mu1_24"] < 0.965 * rows["mu1_12"])
        assert inside.mean() > 0.8
        for horizon, point in zip((12, 24), points, strict=True):
            added = rows[f"mu1_{horizon}"] - rows[f"mu0_{horizon}"]
            assert np.allclose(added[inside], point / 100, atol=2e-6)


def test_observed_stays_are_those_of_the_spells(world: World) -> None:
    table = world.truth["worker_final"]
    month = world.edition.set_index("edition")["final_date"].loc[table["edition"]]
    firm = world.entry.set_index("entry_id")["firm_id"].loc[table["entry_id"]]
    spells = world.spell.assign(end=world.spell["end_ym"].fillna(999_912)).groupby("worker_id")
    rows = zip(table["worker_id"], firm, month, table["stay_24"], strict=True)
    for worker, where, day, stay in list(rows)[::25]:
        later = (day.year + 2) * 100 + day.month
        own = spells.get_group(worker)
        there = own[(own["start_ym"] <= later) & (own["end"] >= later)]
        if later >= 202603:
            assert math.isnan(stay)
        else:
            assert stay == float((there["firm_id"] == where).any())


# --- expectations against draws
# -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_expectations_are_the_means_of_draws() -> None:
    # effects eight times as large: without them, expectations would miss by more than four standard
    # errors
    order = Order("teaching", "tiny", SEED)
    rules, counts = order.rules, order.counts
    firm = simulate_firms(rules, counts["firms"], order.stream("firms"))
    edition = simulate_editions(rules)
    jobs = labour.jobs_per_firm(rules, firm, counts["workers"], order.stream("jobs"))
    shocks = draw_shocks(rules, len(firm), order.stream("transient"), order.stream("persistent"))
    entry = simulate_entries(
        rules,
        firm,
        edition,
        shocks.transient,
        shocks.persistent,
        jobs,
        counts,
        order.stream("entries"),
    )
    first = first_awards(rules, firm, entry)
    events = simulate_events(rules, firm, entry, order.stream("events"))
    cells, people = [], []
    for draw in range(8):
        found = labour.simulate_labour(
            rules,
            firm,
            jobs,
            events.event,
            first,
            entry,
            edition,
            scale=8.0,
            workers=counts["workers"],
            rng=np.random.default_rng([SEED, draw]),
        )
        spell = found.spell.assign(
            worker_id=found.spell["worker_rank"],
            firm_id=firm["firm_id"].to_numpy()[found.spell["firm_rank"]],
            start_ym=year_month(found.spell["start"]),
            end_ym=year_month(found.spell["end"])
            .astype("Int64")
            .mask(found.spell["end"] == job_months.OPEN),
        )
        cells.append(retention_years(rules, firm, events, found, spell).dropna())
        people.append(found.member[found.member["finalist"]])
    cell, person = pd.concat(cells), pd.concat(people)
    assert len(cell) > 100_000
    assert_centred(cell["observed"] - cell["mu1"])
    moved = cell[cell["mu1"] != cell["mu0"]]
    assert_centred(moved["observed"] - moved["mu1"])
    with pytest.raises(AssertionError):
        assert_centred(moved["observed"] - moved["mu0"])
    won = (entry["outcome"] == "获奖").to_numpy()[person["entry_rank"]]
    for rows in (won, ~won):
        for horizon in (12, 24):
            gap = (person[f"stay_{horizon}"] - person[f"mu1_{horizon}"])[rows].dropna()
            assert len(gap) > 1000
            assert_centred(gap)


def assert_centred(gaps: pd.Series) -> None:
    """Mean within four standard errors of nil."""
    assert abs(gaps.mean()) < 4 * gaps.std() / math.sqrt(len(gaps))


# --- the two worlds, retention
# --------------------------------------------------------------------------------------


def test_firms_without_a_finalist_are_the_same_in_both_worlds(world: World) -> None:
    table = world.truth["firm_year"].query("outcome == 'retention'")
    apart = ~table["firm_id"].isin(world.entry["firm_id"])
    assert table.loc[apart, "mu1"].equals(table.loc[apart, "mu0"])
    assert (table.loc[~apart, "mu1"] != table.loc[~apart, "mu0"]).any()
    begun = world.entry.groupby("firm_id")["year"].min()
    before = table[table["year"] < table["firm_id"].map(begun)]
    assert before["mu1"].equals(before["mu0"])


def test_losing_a_final_lowers_and_winning_raises_retention(world: World) -> None:
    table = world.truth["firm_year"].query("outcome == 'retention'").dropna()
    won = set(world.truth["award"]["firm_id"])
    change = (table["mu1"] - table["mu0"]).groupby(table["firm_id"].isin(won)).sum()
    assert change[True] > 0 > change[False]


def test_spells_of_a_person_do_not_overlap_and_begin_of_age(world: World) -> None:
    spell = world.spell.sort_values(["worker_id", "start_ym"])
    before = spell.groupby("worker_id")["end_ym"].shift()
    again = spell["worker_id"].duplicated()
    assert (spell.loc[again, "start_ym"] > before[again].astype("Int64")).all()
    assert (spell["end_ym"].fillna(999_912) >= spell["start_ym"]).all()
    born = world.worker.set_index("worker_id")["born"].loc[spell["worker_id"]]
    assert (spell["start_ym"].to_numpy() // 100 - born.dt.year.to_numpy() >= 17).all()


def test_observed_retention_is_the_count_of_spells(world: World) -> None:
    spell = world.spell.assign(end=world.spell["end_ym"].fillna(999_912).astype(int))
    table = (
        world.truth["firm_year"]
        .query("outcome == 'retention'")
        .set_index(["firm_id", "year"])["observed"]
    )
    merger = world.truth["firm_event"].query("type == 'merger'").set_index("firm_id")
    for firm in [*world.firm["firm_id"][::100], *merger.index, *merger["into_firm_id"]]:
        for year in (2010, 2018, 2025, *merger["date"].dt.year[merger.index == firm]):
            gone = firm in merger.index and merger["date"].dt.year[firm] <= year
            group = merger["into_firm_id"][firm] if gone else firm
            before = staff_of(spell, firm, (year - 1) * 100 + 12)
            now = staff_of(spell, group, year * 100 + 12)
            if before:
                assert table[firm, year] == pytest.approx(len(before & now) / len(before))
            else:
                assert math.isnan(table[firm, year])


def staff_of(spell: pd.DataFrame, firm: str, period: int) -> set[str]:
    there = (spell["firm_id"] == firm) & (spell["start_ym"] <= period) & (spell["end"] >= period)
    return set(spell.loc[there, "worker_id"])


def test_staff_of_a_merged_firm_goes_to_the_other_firm(world: World) -> None:
    spell = world.spell.assign(end=world.spell["end_ym"].fillna(999_912).astype(int))
    moved = 0
    for event in world.truth["firm_event"].query("type == 'merger'").itertuples():
        december = (event.date.year - 1) * 100 + 12
        before = staff_of(spell, event.firm_id, december)
        ends = spell.query("firm_id == @event.firm_id and end == @december")["worker_id"]
        begins = spell.query("firm_id == @event.into_firm_id and start_ym == @december + 89")[
            "worker_id"
        ]
        moved += len(set(ends) & set(begins) & before)
        assert not (spell.loc[spell["firm_id"] == event.firm_id, "end"] > december).any()
        cells = world.truth["firm_year"].query(
            "firm_id == @event.firm_id and outcome == 'retention'"
        )
        assert (
            cells.loc[cells["year"] > event.date.year, ["observed", "mu0", "mu1"]]
            .isna()
            .all(axis=None)
        )
    assert moved > 10


# --- dispatch, wages
# ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_dispatch_has_its_share_and_can_be_switched_off() -> None:
    for without, share in (((), 0.09), (("dispatch",), 0.0)):
        spell = tiny_world(without=without).truth["spell"]
        assert spell["via_dispatch"].mean() == pytest.approx(share, abs=0.004)


def test_bases_bunch_at_floor_and_ceiling_and_a_skill_award_raises_the_wage() -> None:
    low, high, growth = RULES["labour"]["base_bounds"]
    period = np.full(3, 2012 * 12 + 7)  # August 2012
    far = np.full(3, 10**6)
    assert wage_bases(RULES, np.asarray([-3.0, 0.0, 3.0]), period, far).tolist() == [
        round(low * growth**2),
        round(2900 * 1.07**2),
        round(high * growth**2),
    ]
    assert wage_bases(RULES, np.zeros(1), period[:1] - 2, far[:1]) == round(
        2900 * 1.07
    )  # June is still last year's
    assert wage_bases(RULES, np.zeros(1), period[:1], period[:1]) == round(2900 * 1.07**2 * 1.015)


@pytest.mark.slow
def test_homonyms_can_be_switched_off(world: World) -> None:
    shared = world.worker["name"].duplicated(keep=False).mean()
    assert 0.6 < shared < 0.75
    plain = tiny_world(without=("homonyms",)).worker["name"]
    assert plain.is_unique
    assert world.worker["name"].str.contains("[䶮㛃𬍛]").sum() == 18  # .3 % of 6,000
