"""What must hold for any panel: order, labels, shifts and scales do not matter where they should not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.prepare import prepare_panel


def event_frame(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    panel = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
    return estimate_effects(panel, **options).aggregate("event_time").to_frame()  # type: ignore[arg-type]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = draw(st.integers(12, 30)), draw(st.integers(3, 6))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:4] = [np.nan, np.nan, 2, 2]
    rows = [(u, t, rng.gamma(2.0) + u % 3, start[u]) for u in range(units) for t in range(1, periods + 1)]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"])
    return table[rng.random(len(table)) > draw(st.sampled_from([0.0, 0.1]))]


NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]


def close(one: pd.DataFrame, other: pd.DataFrame, factor: float = 1.0) -> None:
    np.testing.assert_allclose(one[NUMBERS], other[NUMBERS] * factor, rtol=1e-7, atol=1e-9)


@examples(40)
@given(tables(), st.sampled_from(["universal", "varying", "pooled"]), st.sampled_from(["difference", "ratio"]))
def test_rows_labels_and_clock_do_not_matter(table: pd.DataFrame, base: str, scale: str) -> None:
    expected = event_frame(table, base_period=base, scale=scale)
    shuffled = table.sample(frac=1, random_state=3)
    close(event_frame(shuffled, base_period=base, scale=scale), expected)
    renamed = table.assign(u=[f"unit {1000 - u}" for u in table["u"]])
    close(event_frame(renamed, base_period=base, scale=scale), expected)
    later = table.assign(t=table["t"] + 2000, g=table["g"] + 2000)
    close(event_frame(later, base_period=base, scale=scale), expected)


@examples(40)
@given(tables(), st.floats(-1e6, 1e6), st.floats(0.01, 100))
def test_shifts_and_scales(table: pd.DataFrame, shift: float, factor: float) -> None:
    expected = event_frame(table)
    close(event_frame(table.assign(y=table["y"] * factor)), expected, factor)
    np.testing.assert_allclose(event_frame(table.assign(y=table["y"] + shift))[NUMBERS], expected[NUMBERS], atol=1e-8)
    close(event_frame(table.assign(y=table["y"] * factor), scale="ratio"), event_frame(table, scale="ratio"))


@examples(25)
@given(tables())
def test_unit_effects_and_period_effects_cancel(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(7)
    unit, period = rng.normal(size=table["u"].max() + 1), rng.normal(size=table["t"].max() + 1)
    moved = table.assign(y=table["y"] + unit[table["u"]] + period[table["t"]])
    np.testing.assert_allclose(event_frame(moved)[NUMBERS], event_frame(table)[NUMBERS], atol=1e-8)


@examples(25)
@given(tables())
def test_covariance_is_that_of_influence_values(table: pd.DataFrame) -> None:
    """The sums of moments equal a jackknife-free oracle: unit influence values added up one by one."""
    panel = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
    effects = estimate_effects(panel)
    variance = []
    lonely = [g for g in panel.cohorts if (panel.cohorts[panel.cohort] == g).sum() == 1]  # theirs is borrowed
    kept = (~effects.cells["cohort"].isin(lonely) & (effects.cells["n_treated"] > 1)).to_numpy()
    kept = kept & (effects.cells["n_comparison"] > 1).to_numpy()
    for cell in effects.cells[kept].itertuples():
        t = int(np.searchsorted(panel.periods, cell.period))
        b = int(np.flatnonzero(panel.periods < cell.cohort)[-1])
        change = panel.y[:, t] - panel.y[:, b]
        seen = ~np.isnan(change)
        total = 0.0
        for group in (panel.cohorts[panel.cohort] == cell.cohort, np.isinf(panel.cohorts[panel.cohort])):
            values = change[group & seen]
            total += ((values - values.mean()) ** 2).sum() / len(values) ** 2
        variance.append(total)
    np.testing.assert_allclose(np.diag(effects.covariance)[kept], variance, rtol=1e-9, atol=1e-12)


def adjusted(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    rows = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", covariates=("x1", "x2"))
    return estimate_effects(rows, **options).aggregate("event_time").to_frame()  # type: ignore[arg-type]


@st.composite
def with_covariates(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = 60, draw(st.integers(3, 5))
    start = rng.choice([np.nan, np.nan, 3.0, float(periods)], units)
    x = rng.normal(size=(units, 2))
    rows = [(u, t, rng.normal() + x[u, 0] * t, start[u], *x[u]) for u in range(units) for t in range(1, periods + 1)]
    return pd.DataFrame(rows, columns=["u", "t", "y", "g", "x1", "x2"])


@examples(20)
@given(
    with_covariates(),
    st.sampled_from(["doubly_robust", "outcome_regression", "inverse_probability"]),
    st.sampled_from(["never_treated", "not_yet_treated"]),
)
def test_covariates_may_be_rescaled_and_rows_shuffled(table: pd.DataFrame, adjustment: str, controls: str) -> None:
    expected = adjusted(table, adjustment=adjustment, controls=controls)
    close(adjusted(table.sample(frac=1, random_state=1), adjustment=adjustment, controls=controls), expected)
    turned = table.assign(x1=1e6 + 1e-3 * table["x1"], x2=5 * table["x2"] - table["x1"])
    np.testing.assert_allclose(
        adjusted(turned, adjustment=adjustment, controls=controls)[NUMBERS], expected[NUMBERS], rtol=1e-5, atol=1e-6
    )
    later = table.assign(t=table["t"] + 100, g=table["g"] + 100, u=-table["u"])
    close(adjusted(later, adjustment=adjustment, controls=controls), expected)
    lifted = table.assign(y=3 * (table["y"] + table["u"] ** 2))
    np.testing.assert_allclose(
        adjusted(lifted, adjustment=adjustment, controls=controls)[NUMBERS], 3 * expected[NUMBERS], atol=1e-6
    )


@examples(10)
@given(with_covariates(), st.sampled_from(["doubly_robust", "none"]))
def test_estimation_changes_no_array(table: pd.DataFrame, adjustment: str) -> None:
    covariates = ("x1", "x2") if adjustment != "none" else ()
    panel = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", covariates=covariates)
    before = [array.copy() for array in (panel.y, panel.cohort, panel.cohorts, panel.weights)]
    estimate_effects(panel, adjustment=adjustment)
    for old, new in zip(before, (panel.y, panel.cohort, panel.cohorts, panel.weights), strict=True):
        np.testing.assert_array_equal(old, new)
