"""Holm, Benjamini-Hochberg and Romano-Wolf: by hand, limits, and the rate of false rejections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_panels import panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.multiple_testing import joint_covariance, step_down

P = {"a": 0.001, "b": 0.04, "c": 0.03, "d": 0.6}


@pytest.mark.slow
@pytest.mark.slow
def test_holm_and_benjamini_hochberg_by_hand() -> None:
    by_holm, by_bh = zr.holm(P), zr.benjamini_hochberg(P)
    assert by_holm["name"].tolist() == list(P)
    np.testing.assert_allclose(by_holm["p_adjusted"], [0.004, 0.09, 0.09, 0.6], atol=1e-12)
    np.testing.assert_allclose(by_bh["p_adjusted"], [0.004, 4 / 75, 4 / 75, 0.6], atol=1e-12)
    assert by_holm["rejected"].tolist() == [True, False, False, False]


def test_step_down_by_hand() -> None:
    draws = np.array([[1.0, 0.5], [3.0, 0.1], [0.2, 2.5], [0.1, 0.2]])
    own, adjusted = step_down(np.array([2.0, 1.0]), draws)
    np.testing.assert_allclose(own, [2 / 5, 2 / 5])  # 3.0; 2.5; plus the sample itself
    # at first the largest of both is at least 2 in two draws; b alone comes to 2 / 5, but not less
    np.testing.assert_allclose(adjusted, [3 / 5, 3 / 5])
    _, undefined = step_down(np.array([2.0]), np.array([[np.nan], [0.0]]))
    assert undefined == pytest.approx([2 / 3])


def test_romano_wolf_between_no_adjustment_and_sidak() -> None:
    t = {"a": 2.4, "b": 1.0, "c": -0.5}
    alone = 2 * stats.norm.sf(2.4)
    same = zr.romano_wolf(t, covariance=np.ones((3, 3)))["p_adjusted"][0]
    apart = zr.romano_wolf(t, covariance=np.eye(3))["p_adjusted"][0]
    assert same == pytest.approx(alone, abs=0.0036)  # four Monte-Carlo errors
    assert apart == pytest.approx(1 - (1 - alone) ** 3, abs=0.0061)
    scaled = zr.romano_wolf({k: 9 * v for k, v in t.items()}, covariance=81 * np.eye(3))
    assert scaled["p_adjusted"][0] == apart
    wide = zr.romano_wolf(t, covariance=np.eye(3), df=5)["p_adjusted"][0]
    assert wide > apart


def test_joint_covariance_of_summaries_is_that_of_the_aggregate() -> None:
    panel = panel_of(rows(2, 60, effect=1.0))
    event = zr.estimate_effects(panel).aggregate("event_time", min_event=0, max_event=1)
    expected = event.rows.covariance(event.effects.numbers)
    tests = {str(e): zr.summary_influence(panel, e) for e in (0, 1)}
    np.testing.assert_allclose(joint_covariance(tests), expected, rtol=1e-9)
    shuffled = panel_of(rows(2, 60, effect=1.0).sample(frac=1, random_state=0))
    again = tests | {"1": zr.summary_influence(shuffled, 1)}
    np.testing.assert_allclose(joint_covariance(again), expected, rtol=1e-9)
    adjusted = zr.romano_wolf(tests)
    assert (adjusted["p_adjusted"] >= adjusted["p_value"]).all()


def test_clusters_are_matched_by_their_units_across_panels() -> None:
    """A second panel lacks the first clusters, so it numbers the same clusters otherwise."""
    table = rows(7, 60, effect=1.0)
    block = table["firm"].str[1:].astype(int) // 3
    table = table.assign(block="B" + block.astype(str).str.zfill(2))
    part = table[block >= 4]
    whole, less = (
        zr.summary_influence(panel_of(t, cluster="block"), (0, 1)) for t in (table, part)
    )
    found = joint_covariance({"whole": whole, "less": less})
    names = table.groupby("firm")["block"].first()
    sums = [
        pd.Series(one.influence).groupby(names[one.units].to_numpy()).sum() for one in (whole, less)
    ]
    expected = sums[0].mul(sums[1], fill_value=0.0).sum()
    assert found[0, 1] == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(np.diag(found), [whole.std_error**2, less.std_error**2])


def test_randomisation_tests_are_adjusted_by_their_joint_draws() -> None:
    table = rows(6, 40)
    both = {
        name: zr.randomisation_inference(panel_of(t), target=(0, 1), permutations=199)
        for name, t in {"y": table, "double": table.assign(y=2 * table["y"])}.items()
    }
    adjusted = zr.romano_wolf(both)
    np.testing.assert_allclose(adjusted["p_adjusted"], both["y"].p_value)  # the same test twice
    other = zr.randomisation_inference(panel_of(table), target=(0, 1), permutations=99)
    with pytest.raises(ZgzxError, match="same permutations"):
        zr.romano_wolf({"y": both["y"], "other": other})


def test_false_rejections_of_a_family_under_the_null() -> None:
    rng = np.random.default_rng(0)
    spread = 0.5 * np.eye(4) + 0.5
    root = np.linalg.cholesky(spread)
    draws = np.abs(rng.normal(size=(1999, 4)) @ root.T)
    worlds = np.abs(rng.normal(size=(600, 4)) @ root.T)
    false = np.mean([step_down(world, draws)[1].min() <= 0.05 for world in worlds])
    by_holm = np.mean(4 * 2 * stats.norm.sf(worlds.max(axis=1)) <= 0.05)
    assert abs(false - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 600)
    assert by_holm <= false + 0.01


def test_refusals() -> None:
    for bad in ({"a": np.nan}, {"a": 1.2}, {}):
        with pytest.raises(ZgzxError, match="needs a p-value between 0 and 1"):
            zr.holm(bad)
    with pytest.raises(ZgzxError, match="level=2"):
        zr.benjamini_hochberg(P, level=2)
    with pytest.raises(ZgzxError, match="no joint law"):
        zr.romano_wolf({"a": 1.0, "b": 2.0})
    with pytest.raises(ZgzxError, match="without estimate or standard error"):
        zr.romano_wolf({"a": 1.0, "b": 2.0}, covariance=np.diag([1.0, 0.0]))
