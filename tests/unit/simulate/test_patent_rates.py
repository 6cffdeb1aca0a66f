"""Expected applications by hand.

Level, years, effects of the award, of neighbours, of taking part, giants, mergers.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import pandas as pd
import pytest

from zgzx_research.simulate.world import patent_rates
from zgzx_research.simulate.world.constants import Order, Rules, switched
from zgzx_research.simulate.world.contest import first_awards
from zgzx_research.simulate.world.model import World, simulate_contest, simulate_world
from zgzx_research.simulate.world.patent_rates import Rates, Shocks, Since
from zgzx_research.simulate.world.random_draws import stream

YEARS = np.arange(2010, 2026)
BY_EVENT = [0.03, 0.08, 0.12, 0.12, 0.1, 0.08]
MULTIPLE = {"innovation": 1.8, "skill": 1.2, "team": 1.0, "talent": 0.0}
NEVER = np.nan
INVENTION, UTILITY, DESIGN = range(3)


def alike(firms: int, **columns: object) -> pd.DataFrame:
    """Firms of two applications a year that live all the time, each in a street of its own."""
    rows = pd.DataFrame(
        {
            "level": [math.log(2)] * firms,
            "industry": "C3982",
            "street": [f"s{n}" for n in range(firms)],
        }
    )
    rows = rows.assign(founded=pd.Timestamp("2000-05-01"), closed=pd.NaT).assign(**columns)
    return rows.assign(closed=pd.to_datetime(rows["closed"]))


def awards(firms: int, *won: tuple[int, int, int, str]) -> pd.DataFrame:
    """First awards: firm, edition, year, category."""
    first = pd.DataFrame(index=range(firms), columns=["edition", "year", "category"]).astype(
        {"category": object}
    )
    for firm, *award in won:
        first.loc[firm] = award
    return first.astype({"edition": float, "year": float})


def rates(
    firm: pd.DataFrame,
    first: pd.DataFrame,
    *,
    entered: list | None = None,
    named: list | None = None,
    scale: float = 1.0,
    rules: Rules | None = None,
) -> Rates:
    """Rates without shocks and with the same mix of types in every firm."""
    rules = copy.deepcopy(rules or switched())
    rules["patents"]["utility_share_sd"] = 0.0
    nil = np.zeros((len(firm), len(YEARS)))
    never = [NEVER] * len(firm)
    since = Since(
        first, np.asarray(entered or never, dtype=float), np.asarray(named or never, dtype=float)
    )
    return patent_rates.application_rates(
        rules, firm, Shocks(nil, nil), since, scale=scale, rng=stream(1, "x")
    )


def test_level_growth_and_bad_years_by_hand() -> None:
    mu0 = rates(alike(1), awards(1)).mu0[0]
    for year, log_growth, utility, invention in (
        (2010, 0.0, 1.0, 1.0),
        (2013, 0.21, 1.0, 1.0),
        (2019, 0.63, 1.0, 1.0),
        (2020, 0.58, 1.0, 1.0),
        (2021, 0.63, 0.875, 1.0),  # the reform applies to half of its first year
        (2022, 0.53, 0.75, 1.0),
        (2024, 0.63, 0.75, 1.0),
        (2025, 0.63, 0.75, math.exp(-0.05)),
    ):
        shares = np.asarray([0.35 * invention, 0.5 * utility, 0.15])
        assert mu0[year - 2010] == pytest.approx(2 * math.exp(log_growth) * shares), year


def test_firms_that_never_patent_are_not_born_or_have_closed() -> None:
    firm = alike(
        3,
        level=[np.nan, 0.0, 0.0],
        founded=pd.to_datetime(["2000-01-01", "2013-12-31", "2000-01-01"]),
    )
    firm["closed"] = pd.to_datetime([None, None, "2015-01-01"])
    mu0 = rates(firm, awards(3)).mu0.sum(axis=2)
    assert (mu0[0] == 0).all()
    assert (np.isnan(mu0[1]) == (YEARS < 2013)).all()
    assert ((mu0[2] == 0) == (YEARS > 2015)).all()


@pytest.mark.parametrize("category", list(MULTIPLE))
@pytest.mark.parametrize(
    ("edition", "won", "version"), [(3, 2014, 1.0), (9, 2021, 1.0), (10, 2023, 1.3)]
)
@pytest.mark.parametrize("scale", [1.0, 0.0, -1.0])
def test_an_award_adds_its_log_points(
    category: str, edition: int, won: int, version: float, scale: float
) -> None:
    found = rates(alike(2), awards(2, (1, edition, won, category)), scale=scale)
    ratio = found.mu1 / found.mu0
    for year in YEARS:
        points = BY_EVENT[min(year - won, 5)] if year >= won else 0.0
        expected = math.exp(scale * points * MULTIPLE[category] * version)
        assert ratio[1, year - 2010, INVENTION] == pytest.approx(expected, rel=1e-12)
    assert (ratio[1, :, [UTILITY, DESIGN]] == 1).all()
    assert (ratio[0] == 1).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_award_is_the_first_of_another_firm_in_the_same_street_and_industry(
    seed: int,
) -> None:
    rng = stream(seed, "neighbours")
    firm = pd.DataFrame(
        {
            "street": rng.choice(["a", "b"], 40),
            "industry": rng.choice(["C3982", "C3911", "C4000"], 40),
        }
    )
    won = np.where(rng.random(40) < 0.3, rng.integers(2012, 2025, 40), patent_rates.NEVER)
    found = patent_rates.nearest_award_year(firm, won)
    for row in range(40):
        neighbour = (firm["street"] == firm["street"][row]) & (
            firm["industry"].str[:3] == firm["industry"].str[:3][row]
        )
        others = won[(neighbour & (firm.index != row)).to_numpy()]
        assert found[row] == min(others, default=patent_rates.NEVER)


def test_neighbours_gain_a_hundredth_from_the_first_award_on() -> None:
    firm = alike(4, street=["a", "a", "a", "b"], industry=["C3982", "C3911", "C4000", "C3982"])
    found = rates(firm, awards(4, (0, 3, 2014, "talent")), scale=3.0)
    ratio = found.mu1 / found.mu0
    assert ratio[1, :, INVENTION] == pytest.approx(np.where(YEARS >= 2014, math.exp(0.03), 1.0))
    assert (ratio[1, :, UTILITY:] == 1).all()
    assert (ratio[[0, 2, 3]] == 1).all()  # its own award, another industry, another street


def test_taking_part_and_the_other_programme_act_in_both_worlds() -> None:
    firm, first = alike(3), awards(3, (1, 3, 2014, "team"), (2, 3, 2014, "team"))
    for scale in (1.0, 0.0, 3.0):
        plain = rates(firm, first, scale=scale)
        found = rates(
            firm, first, entered=[2013, 2012, NEVER], named=[NEVER, NEVER, 2020], scale=scale
        )
        part, programme = math.exp(0.02 * scale), math.exp(0.1)  # the programme is of no scenario
        expected = np.ones((3, 16))
        expected[0, YEARS >= 2013], expected[1, YEARS >= 2012], expected[2, YEARS >= 2020] = (
            part,
            part,
            programme,
        )
        for after, before in ((found.mu0, plain.mu0), (found.mu1, plain.mu1)):
            assert np.allclose((after / before)[:, :, INVENTION], expected, rtol=1e-12)
            assert (after[:, :, UTILITY:] == before[:, :, UTILITY:]).all()


# --- giants, mergers, draws
# -----------------------------------------------------------------------------------------


def test_a_giant_has_exactly_its_share() -> None:
    contest = simulate_contest(Order("calibrated", "tiny", 7))
    first = first_awards(switched(), contest.firm, contest.entry)
    usual, giant = (
        rates(contest.firm, first, rules=switched((), also)) for also in ((), ("giant_firm",))
    )
    moved = np.flatnonzero((np.nan_to_num(usual.mu0) != np.nan_to_num(giant.mu0)).any(axis=(1, 2)))
    assert len(moved) == 1
    assert np.nansum(giant.mu0[moved]) / np.nansum(giant.mu0) == pytest.approx(0.2, rel=1e-9)
    totals = np.nansum(usual.mu0, axis=(1, 2))
    winner = first["year"].notna().to_numpy()
    assert winner[moved]
    assert totals[moved] == totals[winner].max()
    assert np.nansum(giant.mu1[moved]) / np.nansum(giant.mu0[moved]) == pytest.approx(
        np.nansum(usual.mu1[moved]) / np.nansum(usual.mu0[moved])
    )


def test_applications_of_merged_firms_belong_to_the_successor() -> None:
    values = stream(1, "x").integers(1, 50, (4, 3, 3))
    owners = np.asarray([[0, 0, 0], [1, 3, 3], [2, 2, 3], [3, 3, 3]])
    found = patent_rates.to_owners(values, owners)
    assert (found.sum(axis=0) == values.sum(axis=0)).all()
    assert (found[1, 1:] == 0).all()
    assert (found[2, 2] == 0).all()
    assert (found[0] == values[0]).all()
    assert (
        found[3] == values[3] + [values[1, 0] * 0, values[1, 1], values[1, 2] + values[2, 2]]
    ).all()
    assert (found[[1, 2], 0] == values[[1, 2], 0]).all()


def test_counts_scatter_as_a_gamma_poisson() -> None:
    mu = np.full((100_000, 1, 3), [0.5, 3.0, np.nan])
    count = patent_rates.draw_counts(switched(), Rates(mu, mu), stream(1, "x"))[:, 0]
    assert (count[:, 2] == 0).all()
    for column, mean in enumerate((0.5, 3.0)):
        variance = mean + mean**2 / 2
        drawn = count[:, column]
        assert abs(drawn.mean() - mean) < 4 * math.sqrt(variance / len(drawn))
        squares = (drawn - mean) ** 2
        assert abs(squares.mean() - variance) < 4 * squares.std() / math.sqrt(len(drawn))


def test_the_transient_shock_passes_and_the_persistent_one_is_autoregressive() -> None:
    shocks = patent_rates.draw_shocks(switched(), 50_000, stream(1, "a"), stream(1, "b"))
    for values, lag in ((shocks.transient, 0.0), (shocks.persistent, 0.4)):
        assert values.shape == (50_000, 16)
        assert values.std(axis=0) == pytest.approx(np.full(16, 0.5), abs=0.01)
        for year in (1, 8, 15):
            assert np.corrcoef(values[:, year - 1], values[:, year])[0, 1] == pytest.approx(
                lag, abs=0.02
            )
    again = patent_rates.draw_shocks(switched(), 50_000, stream(1, "a"), stream(2, "b"))
    assert (again.transient == shocks.transient).all()


# --- the truth of a world
# -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apart() -> World:
    """Awards reach nobody else, and nobody's patents go to another firm."""
    return simulate_world(Order("calibrated", "tiny", 7, without=("neighbours", "mergers")))


def treated_cells(world: World, outcome: str) -> pd.DataFrame:
    """Return winners' firm-years with `event_year`, category and edition of the first award."""
    order = {name: place for place, name in enumerate(["innovation", "skill", "team", "talent"])}
    first = world.truth["award"].sort_values(
        ["edition", "category"], key=lambda c: c.replace(order)
    )
    first = first.drop_duplicates("firm_id").rename(columns={"year": "award_year"})
    cells = world.truth["firm_year"].query("outcome == @outcome").merge(first, on="firm_id")
    return cells.assign(event_year=cells["year"] - cells["award_year"])


@pytest.mark.slow
def test_the_effect_is_positive_after_the_award_and_zero_before(apart: World) -> None:
    outcome = "patents_invention"
    cells = treated_cells(apart, outcome)
    after, before = cells[cells["event_year"] >= 0], cells[cells["event_year"] < 0]
    assert after["mu1"].sum() / after["mu0"].sum() - 1 > 0
    assert before["mu1"].equals(before["mu0"])
    never = apart.truth["firm_year"].query("outcome == @outcome and firm_id not in @cells.firm_id")
    assert never["mu1"].equals(never["mu0"])


def test_truth_has_the_effects_of_world_toml(apart: World) -> None:
    cells = treated_cells(apart, "patents_invention").query("mu0 > 0.5 and event_year >= 0")
    points = np.asarray(BY_EVENT)[cells["event_year"].clip(upper=5)] * cells["category"].map(
        MULTIPLE
    )
    expected = np.exp(points * np.where(cells["edition"] >= 10, 1.3, 1.0))
    assert np.allclose(cells["mu1"] / cells["mu0"], expected, rtol=1e-5)
    assert set(cells["category"]) == set(MULTIPLE)
    assert (cells["edition"] >= 10).any()


def test_with_neighbours_firms_that_never_win_gain_a_little(apart: World, world: World) -> None:
    cells = world.truth["firm_year"].query("outcome == 'patents_invention' and mu0 > 0.5")
    never = cells[~cells["firm_id"].isin(world.truth["award"]["firm_id"])]
    merged = world.truth["firm_event"].query("type == 'merger'")["into_firm_id"]
    never = never[~never["firm_id"].isin(merged)]
    gain = np.log(never["mu1"] / never["mu0"])
    assert (np.isclose(gain, 0, atol=1e-5) | np.isclose(gain, 0.01, atol=1e-5)).all()
    assert 0 < np.isclose(gain, 0.01, atol=1e-5).mean() < 1


@pytest.mark.parametrize("outcome", ["patents_utility_model", "patents_design"])
def test_awards_do_not_change_patents_of_other_types(world: World, outcome: str) -> None:
    cells = world.truth["firm_year"].query("outcome == @outcome")
    assert cells["mu1"].equals(cells["mu0"])
