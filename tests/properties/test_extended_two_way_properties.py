"""Extended two-way effects.

Order, labels, clocks and scales do not matter where they should not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError

NUMBERS = ["estimate", "std_error"]
CONTROLS = st.sampled_from(["never_treated", "not_yet_treated"])
FAMILIES = st.sampled_from(["linear", "poisson", "logit"])


def frames(
    table: pd.DataFrame, covariates: tuple[str, ...] = (), **options: object
) -> pd.DataFrame:
    """Cells and event times.

    Estimates (log ratios on the ratio scale) and errors, without drawing bands.
    """
    panel = prepare_panel(
        table, outcome="y", unit="u", period="t", first_treated="g", covariates=covariates
    )
    effects = estimate_effects(panel, method="extended_two_way", **options)  # type: ignore[arg-type]
    event = effects.aggregate("event_time").rows
    variance = np.concatenate(
        [np.diag(effects.covariance), np.diag(event.covariance(effects.numbers))]
    )
    estimate = np.concatenate([effects.estimates, event.value])
    return pd.DataFrame({"estimate": estimate, "std_error": np.sqrt(np.maximum(variance, 0))})


def close(one: pd.DataFrame, other: pd.DataFrame, factor: float = 1.0) -> None:
    np.testing.assert_allclose(one[NUMBERS], other[NUMBERS] * factor, rtol=1e-6, atol=1e-8 * factor)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Outcomes strictly between 0 and 1, which every family takes; x is constant within units."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = draw(st.integers(24, 40)), draw(st.integers(3, 5))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:12] = [np.nan] * 6 + [2] * 6
    x = rng.normal(size=units)
    rows = [
        (u, t, rng.uniform(0.1, 0.9), start[u], x[u])
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "x"])
    return table[rng.random(len(table)) > draw(st.sampled_from([0.0, 0.1]))]


@pytest.mark.slow
@examples(20)
@given(tables(), CONTROLS, FAMILIES, st.sampled_from([(), ("x",)]))
def test_rows_labels_and_clock_do_not_matter(
    table: pd.DataFrame, controls: str, family: str, covariates: tuple[str, ...]
) -> None:
    options = {"controls": controls, "family": family}
    expected = frames(table, covariates, **options)
    close(frames(table.sample(frac=1, random_state=3), covariates, **options), expected)
    close(
        frames(table.assign(u=[f"unit {1000 - u}" for u in table["u"]]), covariates, **options),
        expected,
    )
    close(
        frames(table.assign(t=table["t"] + 2000, g=table["g"] + 2000), covariates, **options),
        expected,
    )


@pytest.mark.slow
@examples(20)
@given(tables(), CONTROLS, st.floats(-1e5, 1e5), st.floats(0.01, 100))
def test_shifts_and_scales(table: pd.DataFrame, controls: str, shift: float, factor: float) -> None:
    expected = frames(table, controls=controls)
    close(frames(table.assign(y=table["y"] * factor), controls=controls), expected, factor)
    close(frames(table.assign(y=table["y"] + shift), controls=controls), expected)
    moved = np.random.default_rng(1).normal(size=(60, 2))
    effects = (
        moved[table["g"].fillna(0).astype(int), 0] + moved[table["t"], 1]
    )  # of cohort and of period
    close(frames(table.assign(y=table["y"] + effects), controls=controls), expected)


@pytest.mark.slow
@examples(20)
@given(tables(), CONTROLS, st.floats(0.01, 100), st.sampled_from([(), ("x",)]))
def test_ratios_do_not_depend_on_units(
    table: pd.DataFrame, controls: str, factor: float, covariates: tuple[str, ...]
) -> None:
    """Nor on factors of cohort and period, without covariates; nor on the units of a covariate."""
    options = {"controls": controls, "scale": "ratio"}
    expected = frames(table, covariates, **options)
    close(frames(table.assign(y=table["y"] * factor), covariates, **options), expected)
    close(frames(table.assign(x=1e3 - factor * table["x"]), covariates, **options), expected)
    counts = frames(
        table.assign(y=table["y"] * factor), covariates, controls=controls, family="poisson"
    )
    close(counts, frames(table, covariates, controls=controls, family="poisson"), factor)


@pytest.mark.slow
@examples(15)
@given(tables(), CONTROLS)
def test_logit_is_symmetric(table: pd.DataFrame, controls: str) -> None:
    """Failures instead of successes: the same effects with the other sign."""
    one = frames(table, ("x",), controls=controls, family="logit")
    other = frames(table.assign(y=1 - table["y"]), ("x",), controls=controls, family="logit")
    np.testing.assert_allclose(other["estimate"], -one["estimate"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other["std_error"], one["std_error"], rtol=1e-6, atol=1e-9)


@pytest.mark.slow
@examples(20)
@given(tables())
def test_saturated_ratio_is_the_ratio_of_four_means(table: pd.DataFrame) -> None:
    """Complete panel, never-treated controls.

    group_time's ratio, its error up to the small-sample factor.
    """
    whole = table.groupby("u")["t"].transform("size") == table["t"].nunique()
    panel = prepare_panel(table[whole], outcome="y", unit="u", period="t", first_treated="g")
    try:
        other = estimate_effects(panel, scale="ratio")
    except ZgzxError:  # nobody treated, or nobody never treated, is left
        return
    ours = estimate_effects(panel, method="extended_two_way", scale="ratio")
    np.testing.assert_allclose(ours.numbers.statistics, other.numbers.statistics, rtol=1e-9)
    size, k = ours.numbers.statistics.size, len(panel.periods) * len(panel.cohorts)
    factor = len(panel.y) / (len(panel.y) - 1) * (panel.y.size - 1) / (panel.y.size - k)
    expected = other.numbers.covariance[:size, :size] * factor
    np.testing.assert_allclose(
        ours.numbers.covariance, expected, rtol=1e-7, atol=1e-9 * expected.max()
    )


@examples(10)
@given(tables(), FAMILIES)
def test_the_panel_is_left_alone(table: pd.DataFrame, family: str) -> None:
    panel = prepare_panel(
        table, outcome="y", unit="u", period="t", first_treated="g", covariates=("x",)
    )
    assert panel.covariates is not None
    arrays = (panel.y, panel.cohort, panel.cohorts, panel.periods, panel.weights, panel.covariates)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    estimate_effects(panel, method="extended_two_way", family=family)
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)
