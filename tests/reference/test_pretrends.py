"""Power of tests before treatment, held to the R package pretrends (Roth 2022)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import zgzx_research as zr
from tests.reference.golden import load, numbers, same, table
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.pretrend_power import rectangle, truncated_mean

GOLDEN = load("pretrends")["specs"]
# pretrends takes its probabilities from mvtnorm, whose error is up to .001
PROBABILITY, SLOPE = 1e-3, 2e-3


@cache
def event_study() -> Aggregate:
    panel = zr.prepare_panel(
        table("mpdta"), unit="countyreal", period="year", first_treated="first", outcome="lemp"
    )
    return zr.estimate_effects(panel).aggregate("event_time")


def test_slopes_are_those_of_r() -> None:
    for power, name in ((0.5, "slope50"), (0.8, "slope80")):
        assert zr.slope_for_power(event_study(), power) == pytest.approx(GOLDEN[name], rel=SLOPE)


def test_power_factors_and_means_are_those_of_r() -> None:
    found, golden = zr.pretrend_power(event_study(), 0.01), GOLDEN["slope0.01"]
    power = golden["df_power"]
    assert found.power == pytest.approx(power["Power"], abs=PROBABILITY)
    assert found.bayes_factor == pytest.approx(power["Bayes.Factor"], abs=PROBABILITY)
    assert found.likelihood_ratio == pytest.approx(power["Likelihood.Ratio"], rel=1e-9)
    plot = golden["df_eventplot"]
    others = np.array(plot["t"]) != -1  # R adds the base
    assert found.table["event_time"].tolist() == GOLDEN["tVec"]
    for ours, theirs, tolerance in (
        ("estimate", "betahat", 1e-9),
        ("std_error", "se", 1e-9),
        ("drift", "deltatrue", 1e-9),
        ("mean_after_passing", "meanAfterPretesting", 1e-4),
    ):
        same(found.table[ours].to_numpy(), numbers(plot[theirs])[others], tolerance)


def test_the_default_slope_is_found_with_the_power_asked_for() -> None:
    found = zr.pretrend_power(event_study(), power=0.6)
    assert found.power == pytest.approx(0.6, abs=1e-5)
    assert found.slope == zr.slope_for_power(event_study(), 0.6)


def test_rectangles_and_truncated_means_against_known_values() -> None:
    """Independent coordinates: products, and the mean of a truncated normal in closed form."""
    low, high = np.array([-1.0, -0.5]), np.array([2.0, 1.5])
    from scipy import stats

    expected = np.prod(stats.norm.cdf(high) - stats.norm.cdf(low))
    assert rectangle(low, high, np.eye(2)) == pytest.approx(expected, abs=1e-6)
    mean = [stats.truncnorm.mean(a, b) for a, b in zip(low, high, strict=True)]
    assert truncated_mean(low, high, np.eye(2)) == pytest.approx(mean, abs=1e-6)


def test_refusals() -> None:
    with pytest.raises(ZgzxError, match=r"no slope has a power of 0\.01"):
        zr.slope_for_power(event_study(), 0.01)
    after = event_study().effects.aggregate("event_time", min_event=0)
    with pytest.raises(ZgzxError, match="no event time before treatment to test"):
        zr.pretrend_power(after)
