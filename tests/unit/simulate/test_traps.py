"""Traps: each row of world.toml names constants, removes its trap, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from tiny_worlds import SEED, tiny_world

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.files.employment_lines import employment_lines
from zgzx_research.simulate.files.insured_wages import insured_bases
from zgzx_research.simulate.files.monthly_files import registrant_lines
from zgzx_research.simulate.files.patent_files import publication_rows
from zgzx_research.simulate.files.registry_files import changes_table, registry_table
from zgzx_research.simulate.files.roster_files import roster_table
from zgzx_research.simulate.files.score_files import score_rows
from zgzx_research.simulate.world import contest, patent_rates
from zgzx_research.simulate.world.constants import Order, Rules, switched
from zgzx_research.simulate.world.firm_population import alive
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import stream
from zgzx_research.simulate.world.workers import wage_bases

pytestmark = pytest.mark.slow  # together more than five seconds

TRAPS, OPTIONAL = list(switched()["trap"]), list(switched()["optional_trap"])
YEARS = np.arange(2010, 2026)
FILED = {"patent", "patent_party", "patents_observed"}
PATENTS = FILED | {"patents_mu"}
STAFF = {
    "worker",
    "spell",
    "member",
    "award",
    "programme",
    "retention_mu",
    "retention_observed",
    "worker_final",
}
EVENTS = {"event", "name"}
ENTERED = {"entry", "score", "result"} | STAFF | EVENTS | PATENTS
CHANGES = {  # what may differ in a world with the trap switched
    "growth": PATENTS,
    "regression_to_the_mean": ENTERED,
    "size_selection": ENTERED | {"firm"},
    "dynamic_effects": PATENTS,
    "closure": ENTERED | {"firm"},
    "covid": STAFF | PATENTS,
    "subsidy_reform": PATENTS,
    "participation": PATENTS,
    "neighbours": PATENTS,
    "double_filing": FILED,
    "publication_rows": {"patent"},
    "bought_patents": FILED,
    "differential_linkage": set(),
    "truncation": {"patent", "patents_observed"},
    "concurrent_programmes": PATENTS,
    "city_trend": {"district_year"},
    "renames": EVENTS,
    "mergers": STAFF
    | EVENTS
    | PATENTS,  # staff and patents of the firms, and who is drawn after them
    "branches": {"name"},
    "dispatch": {"spell"},
    "homonyms": {"worker"},
    "insurance_gaps": {"worker"},  # and the files of months
    "giant_firm": PATENTS,
    "persistent_selection": ENTERED,
    "two_year_selection": ENTERED,
    "own_good_years": STAFF | {"patent_party"},  # others enter, so others stay
    "hidden_finalists": set(),  # files only
    "wage_noise": set(),
    "roster_qualifications": set(),
}


def order(name: str) -> Order:
    return Order("calibrated", "tiny", SEED, **switches(name))


def switches(name: str) -> dict[str, tuple[str, ...]]:
    return {"also": (name,)} if name in OPTIONAL else {"without": (name,)}


def switched_world(name: str) -> World:
    return tiny_world(**switches(name))


def parts(world: World) -> dict[str, pd.DataFrame]:
    names = (
        "firm",
        "worker",
        "spell",
        "edition",
        "entry",
        "score",
        "result",
        "member",
        "award",
        "patent",
    )
    found = {name: getattr(world, name) for name in (*names, "patent_party")}
    found |= {
        "event": world.events.event,
        "name": world.events.name,
        "worker_final": world.truth["worker_final"],
    }
    cells = world.truth["firm_year"]
    for name, rows in (
        ("retention", cells["outcome"] == "retention"),
        ("patents", cells["outcome"] != "retention"),
    ):
        found |= {
            f"{name}_mu": cells.loc[rows, ["mu0", "mu1"]],
            f"{name}_observed": cells.loc[rows, ["observed"]],
        }
    return found | world.programmes


# --- the rows
# --------------------------------------------------------------------------------------------------


def test_every_trap_is_tested() -> None:
    assert set(CHANGES) == set(GONE) == {*TRAPS, *OPTIONAL}


def set_at(rules: Rules, place: str, value: object) -> object:
    """Put a value at `section.constant`; what stood there."""
    *sections, constant = place.split(".")
    for section in sections:
        rules = rules[section]
    before, rules[constant] = rules[constant], value
    return before


@pytest.mark.parametrize("name", [*TRAPS, *OPTIONAL])
def test_a_trap_changes_existing_constants_only(name: str) -> None:
    usual, rules = switched(), order(name).rules
    places = usual["optional_trap" if name in OPTIONAL else "trap"][name]
    assert places
    assert rules != usual
    for place, value in places.items():
        usual_value = set_at(switched(), place, None)  # KeyError where there is no such constant
        assert type(usual_value) is type(value), place
        assert set_at(rules, place, usual_value) == value, place
    assert rules == usual


def test_a_changed_copy_changes_no_other_world() -> None:
    rules = switched()
    rules["events"].clear()
    assert switched()["events"] and Order().rules["events"]


@pytest.mark.parametrize(
    ("without", "also"), [(("wonder",), ()), ((), ("growth",)), (("giant_firm",), ())]
)
def test_an_unknown_trap_is_refused(without: tuple[str, ...], also: tuple[str, ...]) -> None:
    with pytest.raises(ZgzxError, match="unknown"):
        Order("null", "tiny", 1, without, also)


# --- worlds
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CHANGES))
def test_a_trap_changes_its_part_and_nothing_else(world: World, name: str) -> None:
    usual, other = parts(world), parts(switched_world(name))
    changed = {part for part, table in usual.items() if not table.equals(other[part])}
    assert bool(changed) == bool(CHANGES[name])  # a trap of files only changes no table
    assert changed <= CHANGES[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CHANGES))
def test_the_effect_of_a_trap_is_absent_without_it_and_present_with_it(
    world: World, name: str
) -> None:
    GONE[name](switched_world(name))
    with pytest.raises(AssertionError):
        GONE[name](world)


def no_growth(world: World) -> None:
    assert set(patent_rates.common_log_rates(world.rules, YEARS)) == {0.0, -0.05, -0.1}


def weights(world: World, transient: np.ndarray) -> np.ndarray:
    nil = np.zeros_like(transient)
    return contest.entry_weights(
        world.rules, world.firm, world.edition["year"].to_numpy(), transient, nil
    )


def no_selection_on_shocks(world: World) -> None:
    shock = stream(1, "x").normal(0, 1, (len(world.firm), 16))
    assert (weights(world, shock) == weights(world, 0 * shock)).all()


def no_selection_on_size(world: World) -> None:
    assert set(np.unique(weights(world, np.zeros((len(world.firm), 16))))) == {0.0, 1.0}
    assert world.firm["level"].notna().all()
    means = world.firm.groupby("size")["level"].mean()
    assert means.max() - means.min() < 0.5


def effects(world: World) -> np.ndarray:
    """Log points of the first award by firm and year, nothing from neighbours."""
    rules = order("neighbours").rules
    rules["effect"]["patents"]["by_event"] = world.rules["effect"]["patents"]["by_event"]
    first = contest.first_awards(
        rules, world.firm, world.entry.assign(firm_rank=entered_rank(world))
    )
    return patent_rates.award_effects(rules, world.firm, first, YEARS, 1.0)


def entered_rank(world: World) -> np.ndarray:
    return pd.Index(world.firm["firm_id"]).get_indexer(world.entry["firm_id"])


def no_dynamics(world: World) -> None:
    assert max(len(set(row)) for row in effects(world)) == 2


def nobody_closes(world: World) -> None:
    assert world.firm["closed"].isna().all()
    assert alive(world.firm, YEARS)[:, -1].all()


def no_bad_years(world: World) -> None:
    assert (np.diff(patent_rates.common_log_rates(world.rules, YEARS)) >= 0).all()
    assert not world.rules["labour"]["year_shock"]


def no_reform(world: World) -> None:
    share = patent_rates.type_shares(world.rules, 50, YEARS, stream(1, "x"))
    assert np.ptp(share, axis=1).max() == 0


def others(world: World, entered: float, named: float) -> np.ndarray:
    first = pd.DataFrame({"year": [np.nan]})
    since = patent_rates.Since(first, np.asarray([entered]), np.asarray([named]))
    return patent_rates.other_effects(world.rules, since, YEARS, 1.0)


def no_gain_by_taking_part(world: World) -> None:
    assert (others(world, 2014, np.nan) == 0).all()


def no_other_programme(world: World) -> None:
    assert (others(world, np.nan, 2014) == 0).all()
    assert (world.programmes["programme"]["programme"] == "specialised").any(), (
        "firms are named all the same"
    )


def no_neighbours(world: World) -> None:
    cells = world.truth["firm_year"].query("outcome == 'patents_invention'")
    never = cells[~cells["firm_id"].isin(world.truth["award"]["firm_id"])]
    assert never["mu1"].equals(never["mu0"])


def no_double_filing(world: World) -> None:
    assert world.patent["dual_app_no"].isna().all()
    assert world.patent["title"].is_unique


def no_grant_rows(world: World) -> None:
    rows = publication_rows(world, stream(1, "x"))
    assert not rows["publication_no"].str.endswith("B").any()
    assert rows["app_no"].is_unique


def nothing_bought(world: World) -> None:
    assert world.patent["firm_id"].notna().all()
    assert (world.patent["holder_id"] == world.patent["firm_id"]).all()
    assert not (world.patent_party["role"] == "holder").any()


def everything_is_seen(world: World) -> None:
    assert world.patent["seen"].all()
    assert len(world.truth["patent"]) == len(world.patent)


def flat_city(world: World) -> None:
    series = world.programmes["district_year"].query("indicator == 'city_high_skill_share'")[
        "value"
    ]
    assert series.nunique() == 1


def no_renames(world: World) -> None:
    assert not (world.events.event["type"] == "rename").any()
    assert not (world.events.name["kind"] == "曾用名").any()
    assert (registry_table(world, "x", stream(1, "x"))[0]["曾用名"] == "").all()


def no_mergers(world: World) -> None:
    assert not (world.truth["firm_event"]["type"] == "merger").any()
    assert not (changes_table(world, "x", stream(1, "x"))[0]["变更类型"] == "主体变更").any()


def no_branches(world: World) -> None:
    assert not (world.events.name["kind"] == "分公司").any()
    assert not employment_lines(world, stream(1, "x"))["branch"].any()


def no_dispatch(world: World) -> None:
    assert (world.spell["agency"] < 0).all()
    assert not world.truth["spell"]["via_dispatch"].any()


def names_are_unique(world: World) -> None:
    assert world.worker["name"].is_unique


def months_are_whole(world: World) -> None:
    line = registrant_lines(world, employment_lines(world, stream(1, "x")), stream(1, "y"))
    assert (line["mark"] == 0).all()
    assert (world.worker["second_no"] == "").all()


def one_firm_files_a_fifth(world: World) -> None:
    cells = world.truth["firm_year"].query("outcome != 'retention'")
    total = cells.groupby("firm_id")["mu0"].sum()
    assert total.max() / total.sum() == pytest.approx(
        0.2, abs=0.002
    )  # what merged firms file may be added to its own
    assert total.idxmax() in set(world.truth["award"]["firm_id"])


def picked_on_what_lasts(world: World) -> None:
    nil, shock = np.zeros((len(world.firm), 16)), stream(1, "x").normal(0, 1, (len(world.firm), 16))
    years = world.edition["year"].to_numpy()
    passing, lasting = (
        contest.entry_weights(world.rules, world.firm, years, *pair)
        for pair in ((shock, nil), (nil, shock))
    )
    plain = weights(world, nil)
    assert (passing == plain).all()
    assert ((lasting != plain) == (plain > 0)).all()


def picked_on_two_years(world: World) -> None:
    nil = np.zeros((len(world.firm), 16))
    for year, moves in ((2018, True), (2017, True), (2016, False), (2019, False)):
        good = nil.copy()
        good[:, year - 2010] = 1.0
        changed = weights(world, good) != weights(world, nil)
        assert changed[:, world.edition["year"] == 2019].any() == moves


def winners_have_no_ids_either(world: World) -> None:
    assert (roster_table(world, stream(1, "x"))[0]["身份证号码"] == "").all()


def named_and_entered_after_good_years(world: World) -> None:
    table = world.truth["worker_final"]
    assert "own_year" in table and table["own_year"].mean() > 0.2


def names_of_finalists_are_hidden(world: World) -> None:
    rows, _ = score_rows(world, stream(1, "x"))
    hidden = rows["选手"].str.contains("某")
    assert hidden.any()
    assert rows.loc[hidden, "stage"].eq("决赛").all()
    assert rows.loc[hidden, "outcome"].ne("获奖").all()


def wages_pass(world: World) -> None:
    person = np.zeros(2, dtype=int)
    july = np.asarray([2015, 2016]) * 12 + 6
    same, other = (
        insured_bases(world, person, np.asarray(spell), july) for spell in ([0, 0], [1, 1])
    )
    usual = wage_bases(world.rules, world.worker["log_wage"].to_numpy()[person], july, july + 99)
    assert (same != other).any() and (same != usual).any()


def rosters_have_qualifications(world: World) -> None:
    assert {"学历", "职称/技能等级"} <= set(roster_table(world, stream(1, "x"))[0])


GONE: dict[str, Callable[[World], None]] = {
    "growth": no_growth,
    "regression_to_the_mean": no_selection_on_shocks,
    "size_selection": no_selection_on_size,
    "dynamic_effects": no_dynamics,
    "closure": nobody_closes,
    "covid": no_bad_years,
    "subsidy_reform": no_reform,
    "participation": no_gain_by_taking_part,
    "neighbours": no_neighbours,
    "double_filing": no_double_filing,
    "publication_rows": no_grant_rows,
    "bought_patents": nothing_bought,
    "truncation": everything_is_seen,
    "differential_linkage": winners_have_no_ids_either,
    "concurrent_programmes": no_other_programme,
    "city_trend": flat_city,
    "renames": no_renames,
    "mergers": no_mergers,
    "branches": no_branches,
    "dispatch": no_dispatch,
    "homonyms": names_are_unique,
    "insurance_gaps": months_are_whole,
    "giant_firm": one_firm_files_a_fifth,
    "persistent_selection": picked_on_what_lasts,
    "two_year_selection": picked_on_two_years,
    "own_good_years": named_and_entered_after_good_years,
    "hidden_finalists": names_of_finalists_are_hidden,
    "wage_noise": wages_pass,
    "roster_qualifications": rosters_have_qualifications,
}
