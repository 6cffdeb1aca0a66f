"""The pre-test in score form: by hand, by units, alike in two methods, and its size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import zgzx_research as zr
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.pretest import two_bins
from zgzx_research.errors import ZgzxError

PERIODS = np.arange(2010, 2018)


def table(seed: int = 1, units: int = 60, drift: float = 0.0, **changes: Any) -> pd.DataFrame:
    """Two cohorts and the never treated; counts around a level of the unit's own."""
    rng = np.random.default_rng(seed)
    start = np.array([2014.0, 2015.0, np.inf])[np.arange(units) % 3]
    event = np.where(np.isinf(start), 0.0, PERIODS[:, None] - start).T
    level = rng.gamma(2, 4, (units, 1))
    y = rng.poisson(level * np.exp(drift * event)).astype(float)
    columns = {
        "unit": np.repeat(np.arange(units), len(PERIODS)),
        "period": np.tile(PERIODS, units),
        "start": np.repeat(np.where(np.isinf(start), np.nan, start), len(PERIODS)),
        "y": y.ravel(),
        "size": np.repeat(level.ravel() > 8, len(PERIODS)).astype(float),
        "group": np.repeat(np.arange(units) % 20, len(PERIODS)),
        "weight": np.repeat(1.0 + np.arange(units) % 4, len(PERIODS)),
    }
    return pd.DataFrame(columns | changes)


def prepared(data: pd.DataFrame, **roles: Any) -> PreparedPanel:
    names = {"unit": "unit", "period": "period", "first_treated": "start", "outcome": "y"}
    return zr.prepare_panel(data, **names, **roles)


def event_study(data: pd.DataFrame, roles: dict[str, Any], **options: Any) -> Any:
    return zr.estimate_effects(prepared(data, **roles), **options).aggregate(
        "event_time", min_event=-4, max_event=2
    )


def test_by_hand_on_one_cohort() -> None:
    """Two treated units, changes 1 and 3 less the comparison's 0: statistic 4² / (1² + 3² + 2²)."""
    rows = [(1, 0, 0), (1, 1, 1), (2, 0, 0), (2, 1, 3), (3, 0, 0), (3, 1, 1), (4, 0, 0), (4, 1, -1)]
    data = pd.DataFrame(rows, columns=["unit", "period", "y"])
    # a varying base: period 1 against 0 is before treatment in period 2
    later = data[data["period"] == 1].assign(period=2)
    data = pd.concat([data, later]).assign(start=lambda frame: np.where(frame["unit"] < 3, 2, None))
    effects = zr.estimate_effects(prepared(data), base_period="varying")
    found = effects.aggregate("event_time").pretest()
    # units of the comparison change by 1 and -1 about their mean 0; two units on either side
    statistic = (4 / 2) ** 2 / ((1**2 + 3**2) / 4 + (1 + 1) / 4)
    assert found["statistic"] == pytest.approx(statistic, rel=1e-10)
    assert (found["df"], found["form"]) == (1, "score")
    assert found["p_value"] == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-10)
    # a drift d moves the estimate by d: found with 80 % power where d² / variance = 2.8²
    slope = 2.8015852 * np.sqrt(3.0)
    assert found["slope_detectable"] == pytest.approx(slope, rel=2e-4)


def by_units(data: pd.DataFrame, weight: np.ndarray, cluster: np.ndarray, ratio: bool) -> float:
    """Score statistic from a (units, event times) matrix, base -1, never-treated comparison."""
    wide = data.pivot_table(index="unit", columns="period", values="y")
    y, start = wide.to_numpy(), data.groupby("unit")["start"].first().to_numpy(float)
    never, total = np.isnan(start), 0.0
    psi = np.zeros((len(y), 3))
    sizes = {g: weight[start == g].sum() for g in (2014.0, 2015.0)}
    for k, e in enumerate((-4, -3, -2)):
        for g, size in sizes.items():
            t, b = int(g + e - 2010), int(g - 1 - 2010)
            own, total = start == g, weight[never].sum()
            at, before = (weight[never] @ y[never, p] / total for p in (t, b))
            growth = at / before if ratio else 1.0
            shift = 0.0 if ratio else at - before
            away = y[:, t] - growth * y[:, b] - shift
            base = weight[own] @ y[own, b] / size
            share = 1.0 if ratio else size / sum(sizes.values()) / size
            factor = size * base / before / total if ratio else size / sum(sizes.values()) / total
            psi[own, k] += share * weight[own] * away[own]
            psi[never, k] -= factor * weight[never] * away[never]
    sums = pd.DataFrame(psi).groupby(cluster).sum().to_numpy()
    value = psi.sum(axis=0)
    return float(value @ np.linalg.solve(sums.T @ sums, value))


@pytest.mark.parametrize("scale", ["difference", "ratio"])
@pytest.mark.parametrize("roles", [{}, {"cluster": "group"}, {"weights": "weight"}])
def test_it_is_the_sum_of_squares_of_units_about_zero(scale: str, roles: dict[str, str]) -> None:
    data = table()
    units = np.arange(60)
    weight = 1.0 + units % 4 if "weights" in roles else np.ones(60)
    cluster = units % 20 if "cluster" in roles else units
    found = event_study(data, roles, scale=scale).pretest()
    expected = by_units(data, weight, cluster, scale == "ratio")
    assert found["statistic"] == pytest.approx(expected, rel=1e-9)
    assert found["df"] == 3


@pytest.mark.parametrize(
    ("scale", "adjustment"),
    [
        ("difference", "outcome_regression"),
        ("difference", "inverse_probability"),
        ("difference", "doubly_robust"),
        ("ratio", "outcome_regression"),
        ("ratio", "inverse_probability"),
    ],
)
def test_covariates_that_say_nothing_change_nothing(scale: str, adjustment: str) -> None:
    """A covariate balanced in every cohort leaves the statistic of the difference scale alone."""
    data = table(units=60)
    half = np.repeat((np.arange(60) // 3) % 2, len(PERIODS)).astype(float)
    # each unit twice, once with the covariate 0 and once 1: balanced exactly, and idle
    twice = pd.concat([data.assign(half=0.0), data.assign(unit=data["unit"] + 100, half=1.0)])
    assert half.mean() == 0.5
    plain = event_study(twice, {}, scale=scale).pretest()
    adjusted = event_study(
        twice, {"covariates": ("half",)}, scale=scale, adjustment=adjustment
    ).pretest()
    assert adjusted["form"] == "score"
    assert adjusted["statistic"] == pytest.approx(plain["statistic"], rel=1e-6)


def test_stacked_and_group_time_agree_where_they_are_the_same_estimate() -> None:
    data = table(units=90)
    stacked = event_study(data, {}, method="stacked", event_window=(-4, 2))
    group_time = event_study(data, {})
    for two in (False, True):
        one, other = (found.pretest(two_bins=two) for found in (stacked, group_time))
        assert one["statistic"] == pytest.approx(other["statistic"], rel=1e-10)
        assert one["form"] == other["form"] == "score"


@pytest.mark.parametrize("roles", [{}, {"cluster": "group"}, {"weights": "weight"}])
def test_regressions_that_are_the_same_estimates_have_the_same_test(roles: dict[str, str]) -> None:
    """Interaction-weighted is group-time; two-way is, where one cohort is treated."""
    data = table(units=90)
    cells = [
        zr.estimate_effects(prepared(data, **roles), method=method).pretest()
        for method in ("interaction_weighted", "group_time")
    ]
    one_cohort = data[data["start"] != 2015]
    events = [
        event_study(one_cohort, roles, method=method).pretest(two_bins=True)
        for method in ("two_way_fixed_effects", "group_time")
    ]
    for one, other in (cells, events):
        assert one["form"] == other["form"] == "score"
        assert one["statistic"] == pytest.approx(other["statistic"], rel=1e-10)
        assert one["slope_detectable"] == pytest.approx(other["slope_detectable"], rel=1e-10)


def test_covariates_in_a_regression_keep_the_score_form() -> None:
    """A covariate that is noise: the statistic moves little, and the form is the same."""
    data = table(units=90)
    noise = np.random.default_rng(2).normal(size=len(data))
    found = [
        event_study(data.assign(noise=noise), roles, method="two_way_fixed_effects").pretest()
        for roles in ({}, {"covariates": ("noise",)})
    ]
    assert [test["form"] for test in found] == ["score", "score"]
    assert found[0]["statistic"] == pytest.approx(found[1]["statistic"], rel=0.2)


def test_the_wald_form_is_kept_and_named() -> None:
    event = event_study(table(), {})
    score, wald = event.pretest(), event.pretest("wald")
    assert (score["form"], wald["form"]) == ("score", "wald")
    assert score["statistic"] < wald["statistic"]
    imputed = event_study(table(), {}, method="imputation")
    assert imputed.pretest()["form"] == "wald"
    by_rows = zr.estimate_effects(prepared(table(), gaps="cross_section"))
    assert by_rows.pretest()["form"] == "wald"
    with pytest.raises(ZgzxError, match="form='f' is unknown"):
        event.pretest("f")


def test_the_score_form_survives_a_file() -> None:
    effects = zr.estimate_effects(prepared(table()), scale="ratio")
    again = zr.Effects.from_json(effects.to_json())
    assert again.pretest() == effects.pretest()


@pytest.mark.parametrize("base_period", ["universal", "pooled"])
@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_rows_in_another_order_and_other_units_change_nothing(scale: str, base_period: str) -> None:
    data = table()
    options = {"scale": scale, "base_period": base_period, "leave_out": 1}
    usual = event_study(data, {}, **options)
    mixed = event_study(data.sample(frac=1, random_state=3), {}, **options)
    larger = event_study(data.assign(y=data["y"] * 7), {}, **options)
    factor = 7.0 if scale == "difference" else 1.0
    for two in (False, True):
        one, other, scaled = (found.pretest(two_bins=two) for found in (usual, mixed, larger))
        assert other["statistic"] == pytest.approx(one["statistic"], rel=1e-8)
        assert scaled["statistic"] == pytest.approx(one["statistic"], rel=1e-8)
        assert scaled["slope_detectable"] == pytest.approx(
            factor * one["slope_detectable"], rel=1e-6
        )


def test_two_bins_hold_the_last_time_and_all_earlier_ones() -> None:
    event = event_study(table(), {})
    frame = event.to_frame().set_index("event_time")
    times = np.array([-4.0, -3.0, -2.0])
    assert two_bins(times, mean=True) @ frame.loc[[-4, -3, -2], "estimate"] == pytest.approx(
        [frame.loc[[-4, -3], "estimate"].mean(), frame.loc[-2, "estimate"]]
    )
    assert event.pretest(two_bins=True)["df"] == 2
    alone = zr.estimate_effects(prepared(table())).aggregate("event_time", min_event=-2)
    assert alone.pretest(two_bins=True) == alone.pretest()


def test_the_statistic_is_never_above_the_number_of_treated_units() -> None:
    """Σψψ' of n treated units is at least dd'/n, so two units never reject: no false alarm."""
    for drift in (-0.5, 0.0, 0.5):
        data = table(drift=drift)
        few = data[data["start"].isna() | (data["unit"] < 3)]
        assert event_study(few, {}).pretest()["statistic"] < 2


def test_a_drift_of_the_detectable_size_moves_estimates_as_it_says() -> None:
    """Adding a drift of 1 per period to the treated moves the departures by `drift_of_cells`."""
    from zgzx_research.did.results.pretest import drift_of_cells

    data = table()
    event = (data["period"] - data["start"]).fillna(0.0)
    for options in ({}, {"base_period": "pooled", "leave_out": 1}, {"method": "imputation"}):
        plain = zr.estimate_effects(prepared(data), **options)
        moved = zr.estimate_effects(prepared(data.assign(y=data["y"] + event)), **options)
        shift = moved.numbers.statistics[0] - plain.numbers.statistics[0]
        pre = (plain.cells["role"] == "pre").to_numpy()
        assert drift_of_cells(plain)[pre] == pytest.approx(shift[pre], abs=1e-8)


@pytest.mark.slow
def test_size_with_few_skewed_units() -> None:
    """27 treated in nine cohorts of three, heavy tails: the Wald form rejects too often.

    150 worlds; the Monte-Carlo error at 5 % is 1.8 points.
    """
    rejected = np.array([_rejections(seed) for seed in range(150)])
    score, wald, bins = rejected.mean(axis=0)
    assert score < 0.1 and bins < 0.1
    assert wald > score + 0.03


def _rejections(seed: int) -> tuple[bool, bool, bool]:
    rng = np.random.default_rng(seed)
    start = np.concatenate([np.repeat(np.arange(2015, 2024), 3), np.full(80, np.nan)])
    periods = np.arange(2009, 2025)
    y = rng.poisson(rng.lognormal(0, 1.2, (107, 1)) * rng.gamma(2, 0.5, (107, 16)))
    data = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(107), 16),
            "period": np.tile(periods, 107),
            "start": np.repeat(start, 16),
            "y": y.ravel().astype(float),
        }
    )
    options = {"scale": "ratio", "base_period": "pooled", "leave_out": 1}
    event = zr.estimate_effects(prepared(data), **options).aggregate(
        "event_time", min_event=-5, max_event=3
    )
    tests = (event.pretest(), event.pretest("wald"), event.pretest(two_bins=True))
    return tuple(float(test["p_value"]) < 0.05 for test in tests)
