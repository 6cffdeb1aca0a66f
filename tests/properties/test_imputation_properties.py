"""Imputation and PPML on any panel.

Order, labels, shifts and scales do not matter where they should not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.designs.ppml import ppml
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects

METHODS = ("difference", "ratio", "ppml", "leave_one_out")


def prepared(table: pd.DataFrame) -> PreparedPanel:
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", weights="w")


def effects(panel: PreparedPanel, method: str) -> Effects:
    if method == "ppml":
        return ppml(panel)
    scale = "ratio" if method == "ratio" else "difference"
    return estimate_effects(
        panel, method="imputation", scale=scale, leave_one_out=method == "leave_one_out"
    )


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = draw(st.integers(12, 30)), draw(st.integers(3, 6))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:6] = [np.nan, np.nan, np.nan, 2, 2, periods]
    weight = rng.uniform(0.5, 2, units)
    rows = [
        (u, t, rng.gamma(2.0) + u % 3, start[u], weight[u])
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "w"])
    return table[rng.random(len(table)) > draw(st.sampled_from([0.0, 0.1]))]


def same(one: Effects, other: Effects, factor: float = 1.0, shift: float = 0.0) -> None:
    scale = 1 + abs(shift)
    np.testing.assert_allclose(
        one.estimates, other.estimates * factor, rtol=1e-7, atol=1e-10 * scale
    )
    np.testing.assert_allclose(
        one.covariance, other.covariance * factor**2, rtol=1e-6, atol=1e-10 * scale
    )


@pytest.mark.slow
@examples(25)
@given(tables(), st.sampled_from(METHODS))
def test_rows_labels_and_clock_do_not_matter(table: pd.DataFrame, method: str) -> None:
    expected = effects(prepared(table), method)
    same(effects(prepared(table.sample(frac=1, random_state=3)), method), expected)
    same(
        effects(prepared(table.assign(u=[f"unit {1000 - u}" for u in table["u"]])), method),
        expected,
    )
    same(
        effects(prepared(table.assign(t=table["t"] + 2000, g=table["g"] + 2000)), method), expected
    )
    same(effects(prepared(table.assign(w=table["w"] * 7)), method), expected)


@pytest.mark.slow
@pytest.mark.slow
@examples(25)
@given(tables(), st.sampled_from(METHODS), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_scales_and_effects_of_units_and_periods(
    table: pd.DataFrame, method: str, factor: float, shift: float
) -> None:
    expected = effects(prepared(table), method)
    linear = method in ("difference", "leave_one_out")
    same(
        effects(prepared(table.assign(y=table["y"] * factor)), method),
        expected,
        factor if linear else 1.0,
    )
    if linear:  # effects of units and periods, however large, are no effects of treatment
        moved = table["y"] + shift + 3.0 * table["u"] + 15 * np.sin(table["t"])
        same(effects(prepared(table.assign(y=moved)), method), expected, shift=shift)


def known_part(covariance: np.ndarray) -> np.ndarray:
    """Rows and columns without NaN: what rests on one unit may have no standard error (named)."""
    own = ~np.isnan(np.diag(covariance))
    part = covariance[np.ix_(own, own)]
    whole = ~np.isnan(part).any(axis=1)
    return part[np.ix_(whole, whole)]


@examples(20)
@given(tables(), st.sampled_from(METHODS))
def test_nothing_is_changed_and_weights_give_the_estimate(table: pd.DataFrame, method: str) -> None:
    panel = prepared(table)
    before = [
        np.copy(getattr(panel, name)) for name in ("y", "cohort", "cohorts", "periods", "weights")
    ]
    result = effects(panel, method)
    for name, value in zip(("y", "cohort", "cohorts", "periods", "weights"), before, strict=True):
        np.testing.assert_array_equal(getattr(panel, name), value)
    known = known_part(result.numbers.covariance)
    assert np.linalg.eigvalsh(known).min(initial=0.0) >= -1e-8 * np.trace(known)
    if result.weights.kind == "exact":
        on_means = (result.weights.weights * np.nan_to_num(result.weights.means)).sum(axis=(1, 2))
        np.testing.assert_allclose(on_means, result.estimates, rtol=1e-9, atol=1e-10)


@pytest.mark.slow
@pytest.mark.slow
@examples(20)
@given(tables(), st.integers(1, 5))
def test_an_effect_put_in_is_found(table: pd.DataFrame, effect: int) -> None:
    """Without noise the imputation is exact, in levels and in proportion."""
    level, period = 2.0 + table["u"] % 4, 1.0 + 0.2 * table["t"]
    on = table["t"] >= table["g"]
    for scale, y, truth in (
        ("difference", level + period + effect * on, effect),
        ("ratio", level * period * np.where(on, effect, 1), np.log(effect)),
    ):
        found = effects(prepared(table.assign(y=y)), scale)
        post = (found.cells["role"] == "post").to_numpy()
        np.testing.assert_allclose(found.estimates[post], truth, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.estimates[~post], 0, atol=1e-9)
