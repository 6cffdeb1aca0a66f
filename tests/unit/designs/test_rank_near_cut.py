"""Local randomisation by rank: moments against all permutations; one winner against one loser."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from people_tables import people

from zgzx_research.designs.rank_near_cut import rank_near_cut, window_moments
from zgzx_research.did.core.inference import t_quantile
from zgzx_research.errors import ZgzxError


def all_differences(value: np.ndarray, winners: int) -> np.ndarray:
    """The difference in means under every assignment of so many winners."""
    found = []
    for chosen in combinations(range(len(value)), winners):
        won = np.isin(np.arange(len(value)), chosen)
        found.append(value[won].mean() - value[~won].mean())
    return np.array(found)


def test_moments_of_all_permutations() -> None:
    value = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
    won = np.array([True, True, False, False, False, True, False])
    contest = np.array([0, 0, 0, 0, 0, 1, 1])
    found = window_moments(value, won, contest)
    parts = [all_differences(value[:5], 2), all_differences(value[5:], 1)]
    variance = (2 / 3) ** 2 * parts[0].var() + (1 / 3) ** 2 * parts[1].var()
    assert found.std_error() ** 2 == pytest.approx(variance, abs=1e-12)
    assert found.difference == pytest.approx(2 / 3 * (2 - 10 / 3) + 1 / 3 * (9 - 2), abs=1e-12)


def test_one_winner_and_one_loser_have_an_error() -> None:
    """About the means of arms it would be zero."""
    found = window_moments(np.array([5.0, 2.0]), np.array([True, False]), np.zeros(2, dtype=int))
    assert found.std_error() == pytest.approx(3.0)


def test_the_ends_of_the_interval_are_just_not_rejected() -> None:
    rng = np.random.default_rng(2)
    value, won = rng.normal(size=60), np.arange(60) % 3 == 0
    contest = np.arange(60) // 6
    found = window_moments(value, won, contest)
    for end in found.interval():
        shifted = window_moments(value - end * won, won, contest)
        statistic = abs(shifted.difference) / shifted.std_error()
        assert statistic == pytest.approx(t_quantile(0.95), rel=1e-9)


def test_three_contests_of_two_can_exclude_nothing() -> None:
    value, won = np.array([9.0, 1, 8, 1, 9, 1]), np.array([True, False] * 3)
    found = window_moments(value, won, np.array([0, 0, 1, 1, 2, 2]))
    assert found.interval() == (-np.inf, np.inf)


def test_windows_hold_the_ranks_near_the_cut_and_an_entry_counts_once() -> None:
    table = people()
    found = rank_near_cut(table, windows=[1, 3, 50]).to_frame().set_index("window")
    assert found["winners"].tolist() == [8, 24, 32]  # 8 contests with 4 winners each
    assert found["losers"].tolist() == [8, 24, 64]
    one = table[table["cut_distance"].abs().eq(1)]
    mean = one.groupby(["edition", "category", "arm"])["retention_24_group"].mean().unstack()
    assert found.loc[1, "estimate"] == pytest.approx((mean["winner"] - mean["finalist"]).mean())


def test_placebos_stand_beside_the_outcome() -> None:
    found = rank_near_cut(people(), windows=[2], placebo=["tenure_months"]).to_frame()
    assert found["role"].tolist() == ["outcome", "placebo"]
    assert found["column"].tolist() == ["retention_24_group", "tenure_months"]


def test_an_entry_without_a_sharp_cut_takes_no_part_and_is_counted() -> None:
    table = people().astype({"cut_distance": "Int64", "category": "category"})
    table.loc[table["edition"].eq(2) & table["category"].eq("skill"), "cut_distance"] = pd.NA
    found = rank_near_cut(table, windows=[1])
    assert found.to_frame()["contests"].tolist() == [7]
    assert found.left_out.set_index("reason")["rows"]["cut_distance is missing"] == 12


def test_scale_and_row_order() -> None:
    table = people()
    other = table.sample(frac=1, random_state=0)
    other = other.assign(retention_24_group=100 * other["retention_24_group"] + other["edition"])
    columns = ["estimate", "std_error", "ci_low", "ci_high", "detectable"]
    one, two = (rank_near_cut(t).to_frame()[columns].to_numpy() for t in (table, other))
    np.testing.assert_allclose(two, 100 * one, rtol=1e-9)


def test_refusals() -> None:
    table = people()
    with pytest.raises(
        ZgzxError, match=r"winners stand below the cut.*edition 1, skill, entry 100"
    ):
        rank_near_cut(table.assign(cut_distance=-table["cut_distance"]))
    with pytest.raises(ZgzxError, match="no column cut_distance"):
        rank_near_cut(table.drop(columns="cut_distance"))
    with pytest.raises(ZgzxError, match=r"1 edition.*Within 5 ranks the smallest difference"):
        rank_near_cut(table[table["edition"].eq(1)])
    far = table.assign(cut_distance=table["cut_distance"] * 10)
    with pytest.raises(ZgzxError, match="within 5 ranks of the cut"):
        rank_near_cut(far)
    empty = table.assign(wage=np.nan)
    with pytest.raises(ZgzxError, match=r"rank_near_cut, placebo wage: .* wage is missing: 192"):
        rank_near_cut(empty, placebo=["wage"])
