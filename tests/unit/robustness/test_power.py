"""Detectable effects, equivalence, and editions needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import zgzx_research as zr
from zgzx_research.did.core.inference import ratio_interval
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.power import NO_ERROR, NO_SIZE, editions_needed


def counts(seed: int, effect: float, treated: int = 60, spread: float = 1.0) -> pd.DataFrame:
    """Counts of treated units and of four times as many others; treatment in period 5 of 0..7."""
    rng = np.random.default_rng(seed)
    units, periods = 5 * treated, np.arange(8)
    own = np.arange(units)[:, None] < treated
    level = rng.lognormal(0, spread, (units, 1)) * rng.gamma(4, 0.25, (units, 8))
    y = rng.poisson(level * np.where(own & (periods >= 5), 1 + effect, 1.0))
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), 8),
            "period": np.tile(periods, units),
            "start": np.repeat(np.where(own.ravel(), 5.0, np.nan), 8),
            "y": y.ravel().astype(float),
        }
    )


def effects_of(data: pd.DataFrame, scale: str = "ratio") -> Effects:
    panel = zr.prepare_panel(data, unit="unit", period="period", first_treated="start", outcome="y")
    return zr.estimate_effects(panel, scale=scale, base_period="pooled", cohort_correction=True)


def test_on_the_difference_scale_it_is_a_number_of_standard_errors() -> None:
    effects = effects_of(counts(1, 0.0), "difference")
    row = effects.aggregate("overall").overall.iloc[0]
    factor = stats.t.ppf(0.975, effects.df) + stats.t.ppf(0.9, effects.df)
    found = zr.minimum_detectable_effect(effects, power=0.9)
    assert found.effect == pytest.approx(factor * row["std_error"], rel=1e-9)
    assert (found.excluded_below, found.excluded_above) == (row["ci_low"], row["ci_high"])
    assert found.reason == ""


def test_on_the_ratio_scale_it_inverts_the_interval_at_the_effect() -> None:
    """Data whose estimate is the effect: the interval with the larger quantile ends at zero."""
    effects = effects_of(counts(1, 0.0))
    event = effects.aggregate("event_time")
    found = zr.minimum_detectable_effect(event, window=(0, 2))
    _, row = event.select(window=(0, 2))
    (treated, without), numbers = row.totals[:, 0], effects.numbers
    covariance = np.einsum("irn,nm,jrm->ijr", row.by_totals, numbers.covariance, row.by_totals)
    grown = (1 + found.effect) * without / treated
    scaled = covariance * np.array([[grown**2, grown], [grown, 1.0]])[..., None]
    factor = stats.t.ppf(0.975, effects.df) + stats.t.ppf(0.8, effects.df)
    low, _ = ratio_interval(np.array([grown * treated]), np.array([without]), scaled, factor)
    assert low[0] == pytest.approx(1.0, abs=1e-9)


def test_more_power_needs_a_larger_effect_and_scaling_changes_nothing() -> None:
    data = counts(1, 0.0)
    small, usual = (
        zr.minimum_detectable_effect(effects_of(data), power=power).effect for power in (0.5, 0.8)
    )
    larger = zr.minimum_detectable_effect(effects_of(data.assign(y=data["y"] * 3)))
    assert 0 < small < usual and larger.effect == pytest.approx(usual, rel=1e-9)
    high = zr.minimum_detectable_effect(effects_of(data)).excluded_above
    assert small < usual and np.isfinite(high)


def test_a_reason_in_words_where_there_is_no_number() -> None:
    few = zr.minimum_detectable_effect(effects_of(counts(3, 0.0, treated=12, spread=2.5)))
    assert np.isinf(few.effect) and few.reason == NO_SIZE
    same = counts(1, 0.0).assign(y=1.0)
    none = zr.minimum_detectable_effect(effects_of(same, "difference"))
    assert np.isnan(none.effect) and none.reason == NO_ERROR


@pytest.mark.slow
def test_an_effect_of_this_size_is_found_in_four_of_five_worlds() -> None:
    """60 treated, 100 worlds: 80 %, Monte-Carlo error 4 points."""
    wanted = np.median(
        [zr.minimum_detectable_effect(effects_of(counts(seed, 0.0))).effect for seed in range(40)]
    )
    found = [
        zr.minimum_detectable_effect(effects_of(counts(1000 + seed, wanted))).excluded_below > 0
        for seed in range(100)
    ]
    assert 0.68 <= np.mean(found) <= 0.92


def test_equivalence_is_the_90_percent_interval_within_the_range() -> None:
    for scale in ("difference", "ratio"):
        effects = effects_of(counts(1, 0.0), scale)
        event = effects.aggregate("overall", level=0.9)
        row = event.overall.iloc[0]
        wide = float(max(-row["ci_low"], row["ci_high"]))
        for claimed, inside in ((1.01 * wide, True), (0.99 * wide, False)):
            found = zr.equivalence_test(event, claimed)
            assert (found.low, found.high) == pytest.approx((row["ci_low"], row["ci_high"]))
            assert found.equivalent == inside == (found.p_value < 0.05)
        assert zr.equivalence_test(event, wide).p_value == pytest.approx(0.05, abs=1e-8)


def test_refusals() -> None:
    effects = effects_of(counts(1, 0.0))
    with pytest.raises(ZgzxError, match="claimed=-1 is no effect"):
        zr.equivalence_test(effects, -1)
    with pytest.raises(ZgzxError, match=r"power=1\.5 lies not between \.5 and 1"):
        zr.minimum_detectable_effect(effects, power=1.5)


def test_editions_grow_with_the_square_of_the_standard_error() -> None:
    one = editions_needed(0.1, 0.1, 12, ratio=False)
    assert one == int(np.ceil(12 * (1.959964 + 0.841621) ** 2))
    assert editions_needed(0.05, 0.1, 12, ratio=False) == int(np.ceil(12 * 7.848879 / 4))
    # on the ratio scale 10 % up is log 1.1
    assert editions_needed(0.1, 0.1, 12, ratio=True) == int(
        np.ceil(12 * 7.848879 * (0.1 / np.log(1.1)) ** 2)
    )
