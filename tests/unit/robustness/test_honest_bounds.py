"""`honest_bounds`: identified sets by hand, the linear program, original intervals, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import zgzx_research as zr
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.known_panels import KNOWN_PANELS
from zgzx_research.robustness.honest_bounds.confidence_set import (
    _statistics,
    confidence_set,
    largest_statistic,
    least_favourable,
    rejected,
    truncated_quantile,
)
from zgzx_research.robustness.honest_bounds.event_path import EventPath, path_of_estimates
from zgzx_research.robustness.honest_bounds.fixed_length import (
    folded_quantile,
    shortest,
)
from zgzx_research.robustness.honest_bounds.restrictions import (
    Pair,
    Restriction,
    increments,
    levels,
    pair,
    smoothness,
)

pytestmark = pytest.mark.slow  # together more than five seconds

ESTIMATES, TIMES = [0.1, -0.2, 1.0, 3.0], [-3, -2, 0, 1]
EXACT = 1e-16 * np.eye(4)  # a standard error of 1e-8: what is left is the identified set
# a covariance of seven estimates with a common base, unequal variances
ROOT = np.tril(np.full((7, 7), 0.3)) + np.diag([1.0, 0.8, 0.7, 0.9, 1.1, 1.2, 1.4])
SPREAD = 0.01 * ROOT @ ROOT.T
SEVEN = np.array([-4, -3, -2, 0, 1, 2, 3])


def ends(**arguments: Any) -> np.ndarray:
    """Ends of one interval of the small event study."""
    usual = {"estimates": ESTIMATES, "covariance": EXACT, "event_times": TIMES}
    found = zr.honest_bounds(**(usual | arguments))
    return np.array([found.ci_low[0], found.ci_high[0]])


def seven(center: np.ndarray, weights: Any = (0, 0, 0, 1, 0, 0, 0)) -> EventPath:
    return path_of_estimates(center, SPREAD, SEVEN, np.array(weights, dtype=float), -1)


# --- identified sets by hand ------------------------------------------------------------------
# changes before treatment: -.3 from -3 to -2, +.2 from -2 to the base -1; the largest is .3
@pytest.mark.parametrize("method", ["hybrid", "conditional"])
@pytest.mark.parametrize(
    ("target", "center", "half"), [(0, 1.0, 0.3), (1, 3.0, 0.6), ((0, 1), 2.0, 0.45)]
)
def test_increments_by_hand(target: Any, center: float, half: float, method: str) -> None:
    found = ends(target=target, bounds=[1.0], method=method)
    np.testing.assert_allclose(found, [center - half, center + half], atol=1e-6)


def test_a_left_out_time_is_a_step_of_the_clock() -> None:
    # base -2: changes before are .3 (-4 to -3) and .2; from -2 to 0 there are two steps
    arguments = {"event_times": [-4, -3, 0, 1], "base_time": -2, "bounds": [1.0]}
    np.testing.assert_allclose(ends(target=0, **arguments), [0.4, 1.6], atol=1e-6)
    np.testing.assert_allclose(ends(target=1, **arguments), [2.1, 3.9], atol=1e-6)


def test_estimates_between_base_and_treatment_take_no_part() -> None:
    times, estimates = [-4, -3, -1, 0, 1], [0.1, -0.2, 9.0, 1.0, 3.0]
    more = {"event_times": times, "estimates": estimates, "covariance": 1e-16 * np.eye(5)}
    found = ends(base_time=-2, target=0, bounds=[1.0], **more)
    np.testing.assert_allclose(found, [0.4, 1.6], atol=1e-6)


def test_waves_every_two_years_are_one_step_each() -> None:
    arguments = {"event_times": [-6, -4, 0, 2], "base_time": -2, "bounds": [1.0]}
    np.testing.assert_allclose(ends(target=(0, 2), **arguments), [1.55, 2.45], atol=1e-6)


def test_levels_by_hand() -> None:
    # the largest departure from the base is .2, whatever the target
    found = ends(target=(0, 1), bounds=[2.0], departures="levels")
    np.testing.assert_allclose(found, [1.6, 2.4], atol=1e-6)


# the slope before is .2 a step: 1 - .2 and 3 - .4 remain, with bends of M and M + 2 M
@pytest.mark.parametrize("method", ["fixed_length", "hybrid", "conditional"])
@pytest.mark.parametrize(("target", "center", "half"), [(0, 0.8, 0.1), (1, 2.6, 0.3)])
def test_smoothness_by_hand(target: int, center: float, half: float, method: str) -> None:
    found = ends(target=target, bounds=[0.1], restriction="smoothness", method=method)
    np.testing.assert_allclose(found, [center - half, center + half], atol=1e-6)


def test_smoothness_across_left_out_times_by_hand() -> None:
    # base -2, slope .2: at 0, two steps on, .4 is extrapolated and bends add M + 2 M
    arguments = {"event_times": [-4, -3, 0, 1], "base_time": -2, "restriction": "smoothness"}
    for method in ("fixed_length", "hybrid"):
        found = ends(target=0, bounds=[0.1], method=method, **arguments)
        np.testing.assert_allclose(found, [0.3, 0.9], atol=1e-6)


def test_smoothness_across_a_gap_before_the_base_by_hand() -> None:
    # slope .1 a step over the two steps before the base; its mean may differ by M (1 + 2) / 2
    arguments = {"event_times": [-3, 0], "estimates": [-0.2, 1.0], "covariance": EXACT[:2, :2]}
    found = ends(target=0, bounds=[0.1], restriction="smoothness", method="hybrid", **arguments)
    np.testing.assert_allclose(found, [0.75, 1.05], atol=1e-6)


def test_ratios_by_hand() -> None:
    # treated over counterfactual is 1.5 over both times after; before, 1.2 and .9
    totals = np.array([[12.0, 9.0, 10.0, 20.0], [10.0, 10.0, 8.0, 12.0]])
    path = EventPath(
        np.array([-2, -1, 1, 2]), np.array([0, 0, 0.4, 0.6]), totals, 1e-14 * np.eye(8)
    )
    assert path.estimate == pytest.approx(0.5, abs=1e-12)
    found = confidence_set(path, levels(path), 0.5, 0.05, hybrid=True)
    # N = r (1 + d) D with |d| <= .5 x .2
    np.testing.assert_allclose(found, [1.5 / 1.1 - 1, 1.5 / 0.9 - 1], atol=1e-5)


# --- the tests against slower ways ------------------------------------------------------------
def linear_program(path: EventPath, contrasts: Any, bound: float, effect: float, row: int) -> float:
    """Largest statistic of one departure before treatment, by the program it is the dual of."""
    departure, covariance = path.departures(np.array([effect]))
    after, size, load = contrasts.after, contrasts.size, contrasts.load
    before = np.vstack([contrasts.before, -contrasts.before])
    v = before[row] if len(before) else np.zeros(after.shape[1])
    constant = 0.0 if len(before) else bound * size
    sides = np.vstack([after - bound * np.outer(size, v), -after - bound * np.outer(size, v)])
    sd = np.sqrt(np.einsum("kr,rs,ks->k", sides, covariance[0], sides))
    value = sides @ departure[0] - np.tile(np.broadcast_to(constant, len(size)), 2)
    # the effects after treatment are free, but for the target: load @ changes = 0
    free = np.vstack([np.eye(len(size)), -np.eye(len(size))])
    solved = optimize.linprog(
        np.append(np.zeros(len(size)), 1.0),
        A_ub=np.column_stack([-free, -sd]),
        b_ub=-value,
        A_eq=np.append(load, 0.0)[None, :],
        b_eq=[0.0],
        bounds=[(None, None)] * (len(size) + 1),
    )
    return float(solved.fun)


@pytest.mark.parametrize("kind", [increments, levels, smoothness])
@pytest.mark.parametrize("bound", [0.3, 2.0])
def test_the_vertices_are_those_of_the_linear_program(kind: Any, bound: float) -> None:
    path = seven(np.array([0.1, -0.3, 0.2, 0.5, 0.9, 0.4, 1.5]), (0, 0, 0, 0.2, 0.3, 0.5, 0))
    restriction = kind(path)
    for effect in (-0.5, 0.4, 2.0):
        moments = pair(path, restriction, bound, np.array([effect]))
        on_y, on_v = _statistics(moments)
        largest = (on_y * moments.y[..., None] + on_v * moments.v[..., None]).max(axis=-1)[:, 0]
        slow = [
            linear_program(path, restriction, bound, effect, row) for row in range(len(largest))
        ]
        np.testing.assert_allclose(largest, slow, atol=1e-8)


@pytest.mark.parametrize("bound", [0.0, 0.5, 3.0])
def test_least_favourable_values_have_their_tail_probability(bound: float) -> None:
    path = seven(np.zeros(7))
    moments = pair(path, increments(path), bound, np.zeros(1))
    critical, draws = least_favourable(moments, 0.05)[:, 0], 200_000
    normal = np.random.default_rng(0).standard_normal((draws, 2))
    on_y, on_v = _statistics(moments)
    for row in range(len(critical)):
        var_y, cov, var_v = (
            float(part[row, 0]) for part in (moments.var_y, moments.cov, moments.var_v)
        )
        pairs = normal @ np.linalg.cholesky(np.array([[var_y, cov], [cov, var_v]])).T
        largest = (pairs[:, :1] * on_y[row, 0] + pairs[:, 1:] * on_v[row, 0]).max(axis=1)
        assert abs((largest > critical[row]).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / draws)


@pytest.mark.parametrize("bias", [0.0, 0.3, 2.0, 40.0])
def test_folded_quantiles_agree_with_scipy(bias: float) -> None:
    assert folded_quantile(bias, 0.95) == pytest.approx(stats.foldnorm.ppf(0.95, bias), abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("bound", [0.0, 0.01, 0.05, 0.3])
def test_no_other_linear_estimator_has_a_shorter_interval(bound: float) -> None:
    path = seven(np.zeros(7), (0, 0, 0, 0.5, 0.5, 0, 0))
    best = shortest(path, path.covariance, bound, 0.95)
    # weights on -4, -3, -2 with w_-2 from the linear trend: 3 a + 2 b + c = Σ l t = 1.5
    constant = abs(0.5 * 1 + 0.5 * 2) + 0.5

    def half(free: np.ndarray) -> float:
        weights = np.array([*free, 1.5 - 3 * free[0] - 2 * free[1], 0, 0.5, 0.5, 0, 0])
        weights[3] = -weights.sum()
        bends = abs(2 * weights[0] + weights[1]) + abs(weights[0])
        sd = np.sqrt(weights @ path.covariance @ weights)
        return sd * stats.foldnorm.ppf(0.95, bound * (constant + bends) / sd)

    starts = ([0.0, 0.0], [0.3, 0.1], [-0.2, 0.4])
    slow = min(
        optimize.minimize(half, start, method="Nelder-Mead", options={"xatol": 1e-9}).fun
        for start in starts
    )
    assert best.half_length(path.covariance, 0.95) == pytest.approx(slow, abs=1e-6)


# --- properties -------------------------------------------------------------------------------
CENTER = np.array([0.05, -0.1, 0.12, 0.9, 1.1, 0.8, 1.4])
METHODS = [
    ("relative_magnitude", "hybrid"),
    ("relative_magnitude", "conditional"),
    ("smoothness", "fixed_length"),
    ("smoothness", "hybrid"),
]


def bounds_of(estimates: np.ndarray, spread: np.ndarray, times: np.ndarray, **more: Any) -> Any:
    return zr.honest_bounds(estimates=estimates, covariance=spread, event_times=times, **more)


@pytest.mark.parametrize(("restriction", "method"), METHODS)
def test_order_sign_and_unit_do_not_matter(restriction: str, method: str) -> None:
    scale = 10.0 if restriction == "smoothness" else 1.0  # M is in units of the outcome
    arguments = {"restriction": restriction, "method": method, "target": (1, 2)}
    before = CENTER.copy(), SPREAD.copy(), SEVEN.copy()
    plain = bounds_of(CENTER, SPREAD, SEVEN, bounds=(0.1, 0.4), **arguments)
    order = np.array([3, 6, 0, 2, 5, 1, 4])
    mixed = bounds_of(
        CENTER[order], SPREAD[np.ix_(order, order)], SEVEN[order], bounds=(0.1, 0.4), **arguments
    )
    larger = bounds_of(
        -10 * CENTER, 100 * SPREAD, SEVEN, bounds=(0.1 * scale, 0.4 * scale), **arguments
    )
    np.testing.assert_allclose(mixed.ci_low, plain.ci_low, atol=1e-7)
    np.testing.assert_allclose(mixed.ci_high, plain.ci_high, atol=1e-7)
    np.testing.assert_allclose(larger.ci_low, -10 * np.array(plain.ci_high), atol=1e-5)
    np.testing.assert_allclose(larger.ci_high, -10 * np.array(plain.ci_low), atol=1e-5)
    assert larger.breakdown == pytest.approx(scale * plain.breakdown, rel=3e-3)
    for given, kept in zip(before, (CENTER, SPREAD, SEVEN), strict=True):
        np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize(("restriction", "method"), METHODS)
def test_intervals_widen_with_the_bound_and_break_down_where_they_say(
    restriction: str, method: str
) -> None:
    arguments = {"restriction": restriction, "method": method, "target": 1}
    found = bounds_of(CENTER, SPREAD, SEVEN, bounds=(0, 0.02, 0.1, 0.5, 2), **arguments)
    assert (np.diff(found.ci_low) < 0).all() and (np.diff(found.ci_high) > 0).all()
    assert found.breakdown > 0
    around = found.breakdown * np.array([0.99, 1.01])
    less, more = bounds_of(CENTER, SPREAD, SEVEN, bounds=around, **arguments).ci_low
    assert less > 0 > more


def test_nothing_breaks_down_where_the_original_interval_holds_zero() -> None:
    assert bounds_of(0.1 * CENTER, SPREAD, SEVEN).breakdown == 0.0


def test_the_frame_has_one_row_per_bound() -> None:
    found = bounds_of(CENTER, SPREAD, SEVEN, bounds=(0.5, 1))
    frame = found.to_frame()
    assert list(frame) == ["bound", "ci_low", "ci_high"]
    assert frame["bound"].tolist() == [0.5, 1.0]
    assert frame["ci_low"].tolist() == list(found.ci_low)
    assert "at most M times the largest such change" in found.restriction_in_words


# --- coverage ---------------------------------------------------------------------------------
def boundary(bound: float) -> np.ndarray:
    """Departures that need exactly M = `bound`: before treatment one step of several errors."""
    jump = 0.8
    return (
        np.concatenate([[0, 0, jump], jump + 0 * SEVEN[3:]])
        - jump
        + np.concatenate([np.zeros(3), bound * jump * np.arange(1, 5)])
    )


def drawn_pairs(restriction: Restriction, bound: float, mean: np.ndarray, draws: int) -> Pair:
    """Moments of the true effect, 0, in many draws of the estimates: one draw per "effect"."""
    weights = (0, 0, 0, 0.5, 0.5, 0, 0)
    moments = pair(seven(np.zeros(7), weights), restriction, bound, np.zeros(1))
    normal = np.random.default_rng(1).standard_normal((draws, 7)) @ np.linalg.cholesky(SPREAD).T
    departures = np.insert(mean + normal, 3, 0.0, axis=1)
    v = (departures @ restriction.before.T).T
    y = departures @ restriction.after.T @ restriction.load
    return replace(moments, y=np.broadcast_to(y, (2 * len(v), draws)), v=np.concatenate([v, -v]))


def decisions(moments: Pair, *, hybrid: bool) -> np.ndarray:
    return rejected(moments, 0.05, least_favourable(moments, 0.005) if hybrid else None)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [increments, levels])
@pytest.mark.parametrize("bound", [0.4, 1.5])
def test_the_conditional_quantile_is_exact_where_every_restriction_binds(
    kind: Any, bound: float
) -> None:
    restriction, draws = kind(seven(np.zeros(7), (0, 0, 0, 0.5, 0.5, 0, 0))), 40_000
    moments = drawn_pairs(restriction, bound, np.zeros(7), draws)
    eta, sd, low, high = largest_statistic(moments)
    above = (eta / sd > truncated_quantile(low / sd, high / sd, 0.05)).mean(axis=1)
    assert np.abs(above - 0.05).max() <= 4 * np.sqrt(0.05 * 0.95 / draws)


@pytest.mark.parametrize("hybrid", [True, False])
@pytest.mark.parametrize("bound", [0.5, 1.0, 2.0])
def test_the_truth_at_the_boundary_is_covered(bound: float, hybrid: bool) -> None:
    restriction, draws = increments(seven(np.zeros(7), (0, 0, 0, 0.5, 0.5, 0, 0))), 20_000
    moments = drawn_pairs(restriction, bound, boundary(bound), draws)
    covered = ~decisions(moments, hybrid=hybrid).all(axis=0)
    assert covered.mean() >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)
    assert covered.mean() <= 0.97  # with a departure this clear, the other ones do not matter
    # under parallel trends the interval would cover far less often
    naive = np.abs(moments.y[0]) <= 1.96 * np.sqrt(moments.var_y[0, 0])
    assert naive.mean() < 0.85


def test_intervals_of_fixed_length_cover_the_least_favourable_trend() -> None:
    bound, draws = 0.05, 4000
    path = seven(np.zeros(7), (0, 0, 0, 0.5, 0.5, 0, 0))
    best = shortest(path, path.covariance, bound, 0.95)
    # second differences of ±M with the sign of each coordinate
    x = np.array([np.maximum(-SEVEN[:3] - 1 - k, 0) for k in range(3)])
    signs = np.sign(x[1:] @ best.contrast[:3])
    before, after = bound * (signs @ x[1:]), bound * np.array([1.0, 3.0, 6.0, 10.0])
    normal = np.random.default_rng(2).standard_normal((draws, 7)) @ np.linalg.cholesky(SPREAD).T
    drawn = np.insert(np.append(before, after) + normal, 3, 0.0, axis=1)
    kept = np.abs(drawn @ best.contrast) <= best.half_length(path.covariance, 0.95)
    assert abs(kept.mean() - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / draws)


# --- our own event studies --------------------------------------------------------------------
def study(world: str, **options: Any) -> Aggregate:
    known = KNOWN_PANELS[world](np.random.default_rng(3))
    roles = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}
    panel = zr.prepare_panel(known.table, **roles)
    return zr.estimate_effects(panel, **options).aggregate("event_time")


OWN: list[tuple[str, dict[str, Any]]] = [
    ("staggered", {}),
    ("staggered", {"leave_out": 1}),
    ("staggered", {"base_period": "pooled", "leave_out": 1}),
    ("staggered", {"method": "interaction_weighted"}),  # t quantiles
    ("counts", {"scale": "ratio"}),
    ("counts", {"scale": "ratio", "base_period": "pooled", "leave_out": 1}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("world", "options"), OWN)
@pytest.mark.parametrize("target", [(1, 2), 1, "average"])
def test_without_departures_the_interval_is_the_reported_one(
    world: str, options: dict[str, Any], target: Any
) -> None:
    event = study(world, **options)
    found = zr.honest_bounds(event, target=target, bounds=[0.0], method="conditional")
    if target == "average":
        reported = event.overall.iloc[0]
    elif target == 1:
        reported = event.to_frame().set_index("event_time").loc[1]
    else:
        reported = event.window(*target).iloc[0]
    expected = reported[["ci_low", "ci_high"]].to_numpy(float)
    assert found.estimate == pytest.approx(reported["estimate"], abs=1e-12)
    np.testing.assert_allclose([found.original_low, found.original_high], expected, rtol=1e-12)
    assert (found.n_treated, found.n_comparison) == (
        reported["n_treated"],
        reported["n_comparison"],
    )
    np.testing.assert_allclose([found.ci_low[0], found.ci_high[0]], expected, atol=2e-6)


def test_an_event_study_and_its_numbers_give_the_same_bounds() -> None:
    event = study("staggered", leave_out=1)
    rows = event.labels["role"].isin(("pre", "post")).to_numpy()
    spread = event.rows.covariance(event.effects.numbers)
    raw = zr.honest_bounds(
        estimates=event.rows.value[rows],
        covariance=spread[np.ix_(rows, rows)],
        event_times=event.labels.loc[rows, "event_time"].astype(int),
        base_time=-2,
        target=1,
    )
    own = zr.honest_bounds(event, target=1)
    pd.testing.assert_frame_equal(own.to_frame(), raw.to_frame(), atol=1e-8)


@pytest.mark.slow
def test_a_pooled_base_limits_levels_and_ratios_are_proportions() -> None:
    event = study("counts", scale="ratio", base_period="pooled", leave_out=1)
    found = zr.honest_bounds(event, target=(1, 2), bounds=[0.5])
    assert (found.departures, found.scale) == ("levels", "ratio")
    assert "drifted apart from the base" in found.restriction_in_words
    assert "proportions" in found.restriction_in_words
    steps = zr.honest_bounds(event, target=(1, 2), bounds=[0.5], departures="increments")
    assert steps.departures == "increments"
    assert steps.ci_high[0] > found.ci_high[0]


def test_ratios_may_have_no_upper_end() -> None:
    totals, spread = np.array([[12.0, 9.0, 10.0], [10.0, 10.0, 8.0]]), 16.0 * np.eye(6)
    path = EventPath(np.array([-2, -1, 1]), np.array([0, 0, 1.0]), totals, spread)
    low, high = confidence_set(path, levels(path), 0.5, 0.05, hybrid=True)
    assert -1 <= low < 0.25 and high == np.inf


# --- refusals ---------------------------------------------------------------------------------
NOT_PSD = np.array([[1.0, 2.0], [2.0, 1.0]])
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"restriction": "linear"}, "restriction='linear' is unknown"),
    ({"method": "fixed_length"}, "method='fixed_length' is not offered"),
    ({"restriction": "smoothness", "departures": "levels"}, "departures='levels' is not offered"),
    ({"bounds": [0.5, -1]}, "bounds are not numbers from 0 on, 1 affected, e.g. -1.0"),
    ({"bounds": []}, "bounds are not numbers"),
    ({"level": 95}, "level=95 lies not between 0 and 1"),
    ({"target": (1, 3)}, "target=(1, 3) has no estimate, 2 affected, e.g. 2; 3"),
    ({"target": -2}, "target=-2 has no estimate"),
    ({"target": "all"}, "target='all' is unknown"),
    ({"target": 1.5}, "target=1.5 is unknown"),
    ({"estimates": [1.0]}, "estimates have shape (1,)"),
    ({"event_times": [-3, -3, 0, 1]}, "event times are not different whole numbers"),
    ({"base_time": 0}, "the base is not before 0"),
    ({"event_times": None}, "there is nothing to bound"),
    ({"estimates": [np.nan, 0, 1, 1]}, "an estimate or its covariance is unknown"),
    ({"covariance": np.kron(np.eye(2), NOT_PSD)}, "smallest eigenvalue -1"),
    ({"covariance": np.eye(4) + np.eye(4, k=1)}, "the covariance is not symmetric"),
    ({"covariance": np.diag([1.0, 1.0, 0.0, 1.0])}, "the target does not vary"),
    ({"base_time": -4}, "there is no estimate before the base"),
    (
        {"restriction": "smoothness", "event_times": [-4, -2, 0, 1]},
        "every event time before the base, 1 affected, e.g. 2 steps before the base",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSALS)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ZgzxError) as error:
        ends(**({"target": 0} | arguments))
    assert message in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_period": "varying"}, "with a varying base"),
        ({"method": "imputation"}, "imputation before and after treatment have no common base"),
    ],
)
def test_event_studies_without_a_common_base_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ZgzxError) as error:
        zr.honest_bounds(study("staggered", **options), target=1)
    assert message in str(error.value)


def test_other_refusals_of_event_studies() -> None:
    event = study("staggered")
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (event.effects, {}, "event is a Effects, not an event study"),
        (event, {"estimates": [1.0]}, "event and estimates are two choices"),
        (event, {"target": (1, 9)}, "no cohort is seen at every event time from 1 to 9"),
        (event, {"target": (-2, 1)}, "the target begins at event time -2"),
        (event, {"target": 9}, "target=9 has no estimate"),
        (event.effects.aggregate("cohort"), {}, "these estimates are not by event time"),
        (event.effects.aggregate("event_time", min_event=-1), {}, "no estimate before the base"),
    ]
    for given, arguments, message in cases:
        with pytest.raises(ZgzxError, match=message.replace("(", r"\(")):
            zr.honest_bounds(given, **({"target": 1} | arguments))
