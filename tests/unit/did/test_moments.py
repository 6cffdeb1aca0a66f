"""Sums per stratum, and what follows from them, against sums over units written out."""

from __future__ import annotations

import numpy as np
import pytest

from zgzx_research.did.core.moments import (
    FEW_STRATA,
    Moments,
    cluster_influence,
    covariance_by_stratum,
    influence_covariance,
    panel_moments,
)

PERIODS, COHORTS = 7, 3


def panel(units: int, *, gaps: bool, level: float = 0.0) -> tuple[np.ndarray, ...]:
    """Outcomes, cohorts, weights and clusters that lie in several cohorts."""
    rng = np.random.default_rng(units)
    y = rng.normal(size=(units, PERIODS)) + level
    if gaps:
        y[rng.random(y.shape) < 0.3] = np.nan
        y[np.isnan(y).all(axis=1), 0] = level
    cohort = rng.integers(0, COHORTS, units)
    return y, cohort, rng.uniform(0.5, 2.0, units), rng.integers(0, units // 3, units)


def members(moments: Moments, y: np.ndarray, cohort: np.ndarray) -> list[np.ndarray]:
    """Units of each stratum."""
    seen = ~np.isnan(y)
    return [
        np.flatnonzero((cohort == c) & (seen == observed).all(axis=1))
        for c, observed in zip(moments.cohort, moments.observed, strict=True)
    ]


def linear(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and levels of four estimates, of which each stratum moves some."""
    rng = np.random.default_rng(1)
    shape = (len(moments.units), 4, PERIODS)
    slope = rng.normal(size=shape) * moments.observed[:, None]
    level = rng.normal(size=shape[:2])
    moved = rng.random(shape[:2]) < 0.7
    return slope * moved[:, :, None], level * moved


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("level", [0.0, 1e7])
def test_sums_are_those_over_units(gaps: bool, level: float) -> None:
    y, cohort, weights, _ = panel(2000, gaps=gaps, level=level)
    moments = panel_moments(y, cohort, weights)
    assert (len(moments.units) > FEW_STRATA) == gaps
    assert moments.units.sum() == len(y)
    for s, units in enumerate(members(moments, y, cohort)):
        seen, w = moments.observed[s], weights[units]
        own = y[units][:, seen] - level
        mean = np.average(own, axis=0, weights=w)
        away = w[:, None] * (own - mean)
        accuracy = 1e-12 if level == 0 else 1e-6  # y itself has so many digits
        assert moments.units[s] == len(units)
        np.testing.assert_allclose(moments.weight[s], w.sum(), rtol=1e-12)
        np.testing.assert_allclose(moments.zeroth[s], w @ w, rtol=1e-12)
        np.testing.assert_allclose(moments.mean[s, seen] - level, mean, atol=accuracy)
        np.testing.assert_allclose(moments.first[s, seen], w @ away, atol=100 * accuracy)
        second = moments.second[s][np.ix_(seen, seen)]
        np.testing.assert_allclose(second, away.T @ away, atol=1000 * accuracy)
        assert not moments.second[s][~seen].any()


@pytest.mark.parametrize("gaps", [False, True])
def test_equal_weights_are_weights(gaps: bool) -> None:
    """Units that all weigh one take a shorter way to the same sums."""
    y, cohort, _, _ = panel(300, gaps=gaps)
    one, two = (panel_moments(y, cohort, np.full(len(y), size)) for size in (1.0, 2.0))
    np.testing.assert_allclose(4 * one.second, two.second, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(4 * one.first, two.first, atol=1e-12)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_covariance_is_that_of_influence_by_cluster(gaps: bool, nested: bool) -> None:
    """Clusters within a stratum enter by products, others by their sums: both as written out."""
    y, cohort, weights, cluster = panel(600, gaps=gaps)
    if nested:  # half of the units are clusters of their own
        cluster = np.where(np.arange(600) % 2, np.arange(600), cluster)
        cluster = np.unique(cluster, return_inverse=True)[1]
    moments = panel_moments(y, cohort, weights, cluster)
    slope, level = linear(moments)
    by_unit = np.zeros((len(y), 4))
    for s, units in enumerate(members(moments, y, cohort)):
        away = np.where(moments.observed[s], y[units] - moments.mean[s], 0.0)
        by_unit[units] = weights[units, None] * (away @ slope[s].T + level[s])
    by_cluster = np.zeros((cluster.max() + 1, 4))
    np.add.at(by_cluster, cluster, by_unit)

    def influence(strata: slice) -> tuple[np.ndarray, np.ndarray]:
        return slope[strata], level[strata]

    np.testing.assert_allclose(cluster_influence(moments, influence), by_cluster, atol=1e-11)
    expected = by_cluster.T @ by_cluster
    np.testing.assert_allclose(covariance_by_stratum(moments, influence), expected, atol=1e-10)
    np.testing.assert_allclose(influence_covariance(moments, influence)[0], expected, atol=1e-10)
    alone = panel_moments(y, cohort, weights)
    np.testing.assert_allclose(
        covariance_by_stratum(alone, influence), by_unit.T @ by_unit, atol=1e-10
    )
