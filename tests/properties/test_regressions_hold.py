"""What must hold for regressions with unit effects on any panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.bacon import bacon_decomposition
from zgzx_research.robustness.wild_bootstrap import wild_cluster_bootstrap

OPTIONS: dict[str, dict[str, Any]] = {
    "two_way_fixed_effects": {},
    "interaction_weighted": {},
    "stacked": {"event_window": (-1, 1)},
}
METHODS = st.sampled_from(list(OPTIONS))


@st.composite
def tables(draw: st.DrawFn, gaps: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = draw(st.integers(14, 30)), draw(st.integers(4, 6))
    start = rng.choice([np.nan, np.nan, *range(2, periods)], units)
    start[:6] = [np.nan, np.nan, np.nan, 3, 3, 3]
    rows = [
        (u, t, rng.normal() + u % 3 + t, start[u], u // 2)
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "k"])
    missing = draw(st.sampled_from([0.0, 0.1])) if gaps else 0.0
    return table[rng.random(len(table)) >= missing]


def panel_of(table: pd.DataFrame, **roles: Any) -> PreparedPanel:
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", **roles)


def fitted(table: pd.DataFrame, method: str, **roles: Any) -> Effects:
    try:
        return estimate_effects(panel_of(table, **roles), method=method, **OPTIONS[method])
    except ZgzxError:  # a draw with nothing to compare
        assume(False)
        raise


def close(one: Effects, other: Effects, factor: float = 1.0) -> None:
    np.testing.assert_allclose(one.estimates, factor * other.estimates, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(one.covariance, factor**2 * other.covariance, rtol=1e-7, atol=1e-8)
    assert one.df == other.df


@pytest.mark.slow
@examples(30)
@given(tables(), METHODS)
def test_order_labels_and_clock_do_not_matter(table: pd.DataFrame, method: str) -> None:
    expected = fitted(table, method)
    close(fitted(table.sample(frac=1, random_state=3), method), expected)
    close(fitted(table.assign(u=[f"unit {1000 - u}" for u in table["u"]]), method), expected)
    close(fitted(table.assign(t=table["t"] + 2000, g=table["g"] + 2000), method), expected)


@pytest.mark.slow
@examples(30)
@given(tables(), METHODS, st.floats(-1e5, 1e5), st.floats(0.01, 100))
def test_scales_constants_unit_and_period_effects(
    table: pd.DataFrame, method: str, shift: float, factor: float
) -> None:
    expected = fitted(table, method)
    close(fitted(table.assign(y=table["y"] * factor), method), expected, factor)
    rng = np.random.default_rng(7)
    unit, period = rng.normal(size=table["u"].max() + 1), rng.normal(size=table["t"].max() + 1)
    moved = table.assign(y=table["y"] + shift + unit[table["u"]])
    close(fitted(moved, method), expected)
    both = fitted(moved.assign(y=moved["y"] + period[table["t"]]), method)
    np.testing.assert_allclose(both.estimates, expected.estimates, rtol=1e-7, atol=1e-8)
    if (
        method != "stacked"
    ):  # its regression knows event times only, so period effects stay in the residuals
        close(both, expected)


@pytest.mark.slow
@pytest.mark.slow
@examples(20)
@given(tables(), METHODS)
def test_clusters_of_one_unit_are_units_and_equal_weights_are_none(
    table: pd.DataFrame, method: str
) -> None:
    expected = fitted(table, method)
    close(fitted(table.assign(own=table["u"]), method, cluster="own"), expected)
    close(fitted(table.assign(w=2.5), method, weights="w"), expected)
    if method != "stacked":  # the pass over units (weights that move) gives what the moments give
        wiggle = 1 + 1e-12 * (np.arange(len(table)) % 2)
        close(fitted(table.assign(w=wiggle), method, weights="w"), expected)


@examples(15)
@given(tables(), METHODS)
def test_the_panel_is_left_as_it_was(table: pd.DataFrame, method: str) -> None:
    panel = panel_of(table, cluster="k")
    before = [
        panel.y.copy(),
        panel.cohort.copy(),
        panel.cohorts.copy(),
        panel.weights.copy(),
        panel.periods.copy(),
    ]
    try:
        estimate_effects(panel, method=method, **OPTIONS[method])
    except ZgzxError:
        assume(False)
    after = [panel.y, panel.cohort, panel.cohorts, panel.weights, panel.periods]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))


@examples(20)
@given(tables(gaps=False))
def test_the_decomposition_adds_up(table: pd.DataFrame) -> None:
    frame = bacon_decomposition(panel_of(table))
    static = fitted(table, "two_way_fixed_effects").estimates[-1]
    np.testing.assert_allclose(
        [frame["weight"].sum(), frame["weight"] @ frame["estimate"]], [1, static], atol=1e-9
    )
    assert (frame["weight"] > 0).all()


@examples(15)
@given(tables(), st.floats(0.01, 100))
def test_the_wild_bootstrap_follows_shifts_of_the_effect_and_scales(
    table: pd.DataFrame, factor: float
) -> None:
    after = table["t"] >= table["g"]
    panel, moved = (
        panel_of(table, cluster="k"),
        panel_of(table.assign(y=factor * (table["y"] + 3 * after)), cluster="k"),
    )
    one, other = wild_cluster_bootstrap(panel, draws=399), wild_cluster_bootstrap(moved, draws=399)
    # the same draws: estimate and interval move with the effect
    for name in ("estimate", "ci_low", "ci_high"):
        np.testing.assert_allclose(other[name], factor * (one[name] + 3), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other["std_error"], factor * one["std_error"], rtol=1e-8)
