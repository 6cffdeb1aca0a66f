"""Winners against the other entrants of their edition: by hand, properties, refusals."""

from __future__ import annotations

import itertools
import json
from math import comb, prod

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import zgzx_research as zr
from zgzx_research.designs.contest.entrants import chances, stack_entrants
from zgzx_research.errors import ZgzxError

pytestmark = pytest.mark.slow  # together more than five seconds

YEARS = range(2009, 2020)
ONE = {"weights": "one"}


def draw(seed: int, firms: int = 60, effect: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw three editions, each with two categories, in which awards are drawn among entries."""
    rng = np.random.default_rng(seed)
    names = np.array([f"F{k:03}" for k in range(firms)])
    level = np.exp(rng.normal(1.0, 0.8, firms))
    first = np.full(firms, np.nan)
    entries = []
    for edition, year in enumerate((2012, 2014, 2015), 1):
        for category, awards in (("team", 5), ("skill", 4)):
            entry = np.repeat(np.arange(firms), rng.poisson(0.3 * np.minimum(level, 4)))
            won = rng.permutation(len(entry)) < awards
            count = np.bincount(entry, minlength=firms)
            winners = np.bincount(entry, won, firms).astype(int)
            first = np.where((winners > 0) & np.isnan(first), year, first)
            row = {"edition": edition, "year": year, "category": category}
            row |= {"contest_entries": len(entry), "contest_winners": int(won.sum())}
            table = {"firm_id": names, "n_entries": count, "n_winners": winners}
            entries.append(pd.DataFrame(table).query("n_entries > 0").assign(**row))
    panel = pd.DataFrame(itertools.product(names, YEARS), columns=["firm_id", "year"])
    panel["first_award"] = np.repeat(first, len(YEARS))
    growth = 1.05 ** (panel["year"] - 2010)
    treated = 1 + effect * (panel["year"] >= panel["first_award"])
    mean = np.repeat(level, len(YEARS)) * growth * treated
    panel["patents_invention"] = rng.poisson(mean)
    panel["patents_all"] = panel["patents_invention"] + rng.poisson(mean)
    return panel, pd.concat(entries, ignore_index=True)


def test_the_probability_of_no_award_is_that_of_a_draw_without_return() -> None:
    base = {"edition": 1, "year": 2012, "firm_id": "A", "n_winners": 0}
    counts = ["category", "n_entries", "contest_entries", "contest_winners"]
    rows = pd.DataFrame([["team", 3, 10, 3], ["skill", 1, 6, 2]], columns=counts).assign(**base)
    expected = comb(7, 3) / comb(10, 3) * 4 / 6
    assert np.exp(chances(rows)["log_lose"][0]) == pytest.approx(expected, rel=1e-12)

    certain = rows.assign(n_entries=[8, 1])
    assert chances(certain)["log_lose"][0] == -np.inf  # eight entries cannot be the seven losers


@pytest.mark.slow
def test_odds_weights_of_the_others_stand_for_the_winners() -> None:
    """The others' weights add up, on average over draws, to the number of winners."""
    winners, others = 0.0, 0.0
    for seed in range(25):
        panel, entries = draw(seed)
        found = stack_entrants(
            panel,
            entries,
            outcome="patents_invention",
            weights="one",
            window=(1, 3),
            base=-1,
            first_event=-5,
        )
        winners += found.won.sum()
        others += found.weight[~found.won].sum()
    assert others / winners == pytest.approx(1, abs=0.08)


def by_hand(panel: pd.DataFrame, entries: pd.DataFrame, window: tuple[int, int]) -> float:
    """The ratio of totals, firm by firm, in plain Python."""
    value = panel.set_index(["firm_id", "year"])["patents_invention"].to_dict()
    first = panel.groupby("firm_id")["first_award"].first().to_dict()
    lose: dict[tuple[str, int], list[float]] = {}
    for row in entries.itertuples():
        out = comb(row.contest_entries - row.n_entries, row.contest_winners)
        share = out / comb(row.contest_entries, row.contest_winners)
        lose.setdefault((row.firm_id, row.year), []).append(share)

    sides: dict[int, dict[bool, list[tuple[float, float, float]]]] = {}
    for (firm, year), shares in lose.items():
        start = first[firm]
        if start < year or year < start <= year + window[1]:
            continue
        won, q = start == year, prod(shares)
        for later in range(year + 1, year + window[1] + 1):
            q *= 1.0 if won else prod(lose.get((firm, later), [1.0]))
        now = prod(shares)
        weight = 1.0 if won else (1 - now) / q
        base = float(np.mean([value[firm, t] for t in YEARS if t < year]))
        after = sum(value[firm, year + e] for e in range(window[0], window[1] + 1))
        sides.setdefault(year, {True: [], False: []})[won].append((weight, base, after))

    treated, own_base, others_base, others_after = 0.0, 0.0, 0.0, 0.0
    for edition in sides.values():
        scale = sum(w for w, *_ in edition[True]) / sum(w for w, *_ in edition[False])
        treated += sum(w * y for w, _, y in edition[True])
        own_base += sum(w * b for w, b, _ in edition[True])
        others_base += scale * sum(w * b for w, b, _ in edition[False])
        others_after += scale * sum(w * y for w, _, y in edition[False])
    return treated / (own_base * others_after / others_base) - 1


def test_totals_by_hand() -> None:
    panel, entries = draw(3, effect=0.5)
    found = zr.contest_effects(panel, entries, **ONE)
    assert found.estimate == pytest.approx(by_hand(panel, entries, (1, 3)), abs=1e-10)
    assert found.n_editions == 3
    assert found.df > 1
    assert found.ci_low < found.estimate < found.ci_high


def test_the_mean_without_the_award_by_hand() -> None:
    """One edition: 8 patents a year of the winners' two bases become 8 x 16 / 12 in two years."""
    years = [2011, 2012, 2013, 2014]
    filed = {"A": [2, 2, 4, 4], "B": [2, 2, 2, 2], "C": [1, 1, 2, 2], "D": [3, 3, 4, 4]}
    filed |= {"E": [2, 2, 3, 5]}
    rows = [
        (f, t, y, 2012.0 if f in "AE" else None)
        for f in filed
        for t, y in zip(years, filed[f], strict=True)
    ]
    columns = ["firm_id", "year", "patents_invention", "first_award"]
    panel = pd.DataFrame(rows, columns=columns)
    lists = {"edition": 1, "year": 2012, "firm_id": list("ABCDE"), "category": "team"}
    lists |= {"n_entries": 1, "n_winners": [1, 0, 0, 0, 1]}
    lists |= {"contest_entries": 5, "contest_winners": 2}
    found = zr.contest_effects(panel, pd.DataFrame(lists), window=(1, 2), weights="one")
    assert found.counterfactual_mean == pytest.approx(8 * 16 / 12 / 4, rel=1e-12)  # four firm-years
    actual = (4 + 4 + 3 + 5) / 4
    effect = found.estimate * found.counterfactual_mean
    assert effect == pytest.approx(actual - found.counterfactual_mean, rel=1e-12)


def test_weights_of_the_mean_winning_firm_by_hand() -> None:
    panel, entries = draw(4)
    found = stack_entrants(
        panel,
        entries,
        outcome="patents_invention",
        weights="level",
        window=(1, 3),
        base=-1,
        first_event=-5,
    )
    row = int(np.flatnonzero(found.won)[0])
    own = panel[(panel["firm_id"] == found.firm[row]) & (panel["year"] < panel["first_award"])]
    assert found.weight[row] == pytest.approx(1 / (3 + 0.35 * own["patents_all"].mean()), rel=1e-12)


def test_a_difference_by_hand() -> None:
    panel, entries = draw(5)
    one = entries[entries["edition"] == 1]
    found = zr.contest_effects(panel, one, scale="difference", window=(2, 2), **ONE)
    parts = stack_entrants(
        panel,
        one,
        outcome="patents_invention",
        weights="one",
        window=(2, 2),
        base=-1,
        first_event=-5,
    )
    change = parts.outcome[:, -1] - parts.base
    odds = np.where(parts.won, 0, parts.weight)
    expected = change[parts.won].mean() - odds @ change / odds.sum()
    assert found.estimate == pytest.approx(expected, abs=1e-10)
    factor = stats.t.ppf(0.975, found.df)
    assert found.ci_high - found.estimate == pytest.approx(factor * found.std_error, rel=1e-10)


def test_influence_is_the_change_without_a_firm() -> None:
    """Values divided by one minus the firm's share are near the jackknife (HC3)."""
    panel, entries = draw(6, firms=150)
    found = zr.contest_effects(panel, entries, **ONE)
    assert found.influence.pow(2).sum() ** 0.5 == pytest.approx(found.std_error, rel=1e-10)
    largest = found.influence.abs().nlargest(5).index
    for firm in largest:
        rest = panel[panel["firm_id"] != firm]
        without = zr.contest_effects(rest, entries, **ONE)
        moved = found.estimate - without.estimate
        assert moved == pytest.approx(found.influence[firm], rel=0.4)


def test_order_names_and_unit_do_not_matter_and_nothing_is_changed() -> None:
    panel, entries = draw(7)
    found = zr.contest_effects(panel, entries, **ONE)
    before = panel.copy(), entries.copy()
    renamed = panel.assign(firm_id="x" + panel["firm_id"].str[::-1])
    tripled = renamed.assign(patents_invention=3 * renamed["patents_invention"])
    lists = entries.assign(firm_id="x" + entries["firm_id"].str[::-1])
    other = zr.contest_effects(tripled.sample(frac=1, random_state=1), lists.iloc[::-1], **ONE)
    numbers = ["estimate", "ci_low", "ci_high", "df", "detectable", "effective_number"]
    for name in numbers:
        assert getattr(other, name) == pytest.approx(getattr(found, name), rel=1e-9)
    assert other.pretest["p_value"] == pytest.approx(found.pretest["p_value"], rel=1e-6)
    pd.testing.assert_frame_equal(panel, before[0])
    pd.testing.assert_frame_equal(entries, before[1])


def test_the_types_of_the_panel_of_firms_are_read() -> None:
    panel, entries = draw(7)
    found = zr.contest_effects(panel, entries, **ONE)
    nullable = panel.convert_dtypes()
    assert str(nullable["first_award"].dtype) == "Int64"
    unlinked = entries.head(1).assign(firm_id=None)
    lists = pd.concat([entries, unlinked], ignore_index=True).convert_dtypes()
    assert zr.contest_effects(nullable, lists, **ONE).estimate == found.estimate


def test_the_frame_says_what_the_number_is_about_and_names_no_firm() -> None:
    panel, entries = draw(8)
    found = zr.contest_effects(panel, entries)
    frame = found.to_frame()
    assert frame["estimand"][0].startswith("Effect of winning among firms that entered the same")
    assert "training by competing reaches winners and others alike" in frame["estimand"][0]
    text = json.dumps(frame.iloc[0].to_dict()) + repr(found) + found.path.to_json()
    assert not any(firm in text for firm in panel["firm_id"].unique())
    assert list(found.path["event_time"]) == list(range(-5, 4))
    assert found.pretest["df"] == 4


def test_what_is_left_out_is_counted() -> None:
    panel, entries = draw(9)
    found = zr.contest_effects(panel[panel["firm_id"] != "F001"], entries, **ONE)
    counts = found.ledger.set_index("reason")["rows"]
    assert (
        counts["firm not in the panel"] == entries.query("firm_id == 'F001'")["edition"].nunique()
    )
    assert counts["won before"] > 0
    late = zr.contest_effects(panel[panel["year"] < 2018], entries, **ONE)
    assert late.n_editions == 2
    assert late.ledger["rows"][0] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, e: (p.drop(columns="patents_all"), e), "firm_year: a column is missing"),
        (lambda p, e: (p, e.drop(columns="n_winners")), "firm_entries: a column is missing"),
        (lambda p, e: (pd.concat([p, p[:2]]), e), "a firm and year stand twice, 2 affected"),
        (lambda p, e: (p, e.assign(n_winners=99)), "more winners than entries"),
        (lambda p, e: (p, e.assign(n_winners=pd.NA)), "more winners than entries"),
        (lambda p, e: (p[p["year"] < 2013], e), "there are no winners"),
        (lambda p, e: (p, e[e["n_winners"] > 0]), "nobody entered without winning"),
        (lambda p, e: (p.assign(patents_invention=0), e), "no comparison in a year of the window"),
    ],
)
def test_refusals(change, message: str) -> None:
    panel, entries = draw(10)
    with pytest.raises(ZgzxError, match=message):
        zr.contest_effects(*change(panel, entries))


def test_options_are_checked() -> None:
    panel, entries = draw(10)
    with pytest.raises(ZgzxError, match="scale='log' is unknown"):
        zr.contest_effects(panel, entries, scale="log")
    with pytest.raises(ZgzxError, match="do not lie on the two sides of the edition"):
        zr.contest_effects(panel, entries, base=0)
    with pytest.raises(ZgzxError, match=r"firm_year: a column is missing.*staff"):
        zr.contest_effects(panel, entries, weights="staff")


@pytest.mark.slow
def test_intervals_cover_in_a_draw_of_awards() -> None:
    covered, estimates = [], []
    for seed in range(60):
        found = zr.contest_effects(*draw(seed, firms=150, effect=0.3))
        covered.append(found.ci_low <= 0.3 <= found.ci_high)
        estimates.append(found.estimate)
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(0.3, abs=3 * error)
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(covered))
