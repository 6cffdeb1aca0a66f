"""What must hold for any panel.

Order, labels, shifts and scales do not matter where they should not.
"""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.did.core import inference
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError

pytestmark = pytest.mark.slow  # together more than five seconds


def event_frame(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    panel = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
    return estimate_effects(panel, **options).aggregate("event_time").to_frame()  # type: ignore[arg-type]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = draw(st.integers(12, 30)), draw(st.integers(3, 6))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:4] = [np.nan, np.nan, 2, 2]
    rows = [
        (u, t, rng.gamma(2.0) + u % 3, start[u])
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"])
    return table[rng.random(len(table)) > draw(st.sampled_from([0.0, 0.1]))]


NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]


def close(one: pd.DataFrame, other: pd.DataFrame, factor: float = 1.0) -> None:
    np.testing.assert_allclose(one[NUMBERS], other[NUMBERS] * factor, rtol=1e-7, atol=1e-9)


@pytest.mark.slow
@examples(40)
@given(
    tables(),
    st.sampled_from(["universal", "varying", "pooled"]),
    st.sampled_from(["difference", "ratio"]),
)
def test_rows_labels_and_clock_do_not_matter(table: pd.DataFrame, base: str, scale: str) -> None:
    expected = event_frame(table, base_period=base, scale=scale)
    shuffled = table.sample(frac=1, random_state=3)
    close(event_frame(shuffled, base_period=base, scale=scale), expected)
    renamed = table.assign(u=[f"unit {1000 - u}" for u in table["u"]])
    close(event_frame(renamed, base_period=base, scale=scale), expected)
    later = table.assign(t=table["t"] + 2000, g=table["g"] + 2000)
    close(event_frame(later, base_period=base, scale=scale), expected)


@pytest.mark.slow
@examples(40)
@given(tables(), st.floats(-1e6, 1e6), st.floats(0.01, 100))
def test_shifts_and_scales(table: pd.DataFrame, shift: float, factor: float) -> None:
    expected = event_frame(table)
    close(event_frame(table.assign(y=table["y"] * factor)), expected, factor)
    np.testing.assert_allclose(
        event_frame(table.assign(y=table["y"] + shift))[NUMBERS], expected[NUMBERS], atol=1e-8
    )
    close(
        event_frame(table.assign(y=table["y"] * factor), scale="ratio"),
        event_frame(table, scale="ratio"),
    )


# estimators that cancel what is constant within units, and whether they cancel what is alike for
# all in a period too. A pooled base does so only without gaps. Stacks have effects of event times,
# alike for all stacks, not of periods: what differs between the periods of two stacks stays in
# their residuals, as in Wing, Freedman & Hollingsworth.
CANCEL: tuple[tuple[dict[str, object], bool], ...] = (
    ({}, True),
    ({"base_period": "varying"}, True),
    ({"base_period": "pooled"}, False),
    ({"controls": "not_yet_treated"}, True),
    ({"cohort_correction": True}, True),
    ({"adjustment": "doubly_robust"}, True),
    ({"adjustment": "outcome_regression"}, True),
    ({"method": "imputation"}, True),
    ({"method": "imputation", "leave_one_out": True}, True),
    ({"method": "imputation", "adjustment": "outcome_regression"}, True),
    ({"method": "interaction_weighted"}, True),
    ({"method": "two_way_fixed_effects"}, True),
    ({"method": "extended_two_way"}, True),
    ({"method": "stacked", "event_window": (-1, 0)}, False),
)
RATIO: tuple[dict[str, object], ...] = (
    {},
    {"base_period": "varying"},
    {"base_period": "pooled"},
    {"controls": "not_yet_treated"},
    {"adjustment": "outcome_regression"},
    {"adjustment": "inverse_probability"},
    {"method": "imputation"},
    {"method": "extended_two_way"},
)


@st.composite
def tables_with_clusters(draw: st.DrawFn) -> pd.DataFrame:
    """Few units, many gaps, clusters that cut across cohorts, and a covariate."""
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    units, periods = draw(st.integers(8, 24)), draw(st.integers(3, 7))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:4] = [np.nan, np.nan, 2, 2]
    x = rng.normal(size=units)
    rows = [
        (u, t, rng.gamma(2.0) + u % 3, start[u], u % max(3, units // 3), x[u])
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "c", "x"])
    return table[rng.random(len(table)) > draw(st.sampled_from([0.0, 0.1, 0.3, 0.5]))]


def numbers_of(
    table: pd.DataFrame, options: dict[str, object], cluster: str | None, gaps: str
) -> np.ndarray | str:
    """(rows, numbers) of cells, event times and the overall effect.

    The reason where there is no estimate.
    """
    try:
        panel = prepare_panel(
            table,
            outcome="y",
            unit="u",
            period="t",
            first_treated="g",
            cluster=cluster,
            gaps=gaps,
            covariates=("x",) if "adjustment" in options else (),
        )
        effects = estimate_effects(panel, **options)  # type: ignore[arg-type]
        summaries = [effects.aggregate(kind) for kind in ("event_time", "overall")]
    except ZgzxError as error:
        return error.what
    with mock.patch.object(
        inference, "simultaneous_quantile", return_value=2.0
    ):  # 32 768 draws that nobody looks at
        frames = [part.to_frame()[NUMBERS].to_numpy(float) for part in (effects, *summaries)]
    return np.concatenate(frames)


def alike(one: np.ndarray | str, other: np.ndarray | str, atol: float) -> None:
    """The same numbers, NaN in the same places; or the same reason."""
    if isinstance(one, str) or isinstance(other, str):
        assert isinstance(one, str)
        assert one == other
    else:
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=atol)


@pytest.mark.slow
@examples(35)
@given(
    tables_with_clusters(),
    st.sampled_from(CANCEL),
    st.sampled_from([None, "c"]),
    st.sampled_from(["pairwise", "balance"]),
    st.sampled_from([1.0, 1e3, 1e6]),
)
def test_unit_effects_and_period_effects_cancel(
    table: pd.DataFrame,
    estimator: tuple[dict[str, object], bool],
    cluster: str | None,
    gaps: str,
    size: float,
) -> None:
    """Outcomes carry 1e-16 of the size of the effects as rounding.

    1e-11 leaves room for what weights make of it.
    """
    options, periods_too = estimator
    if options.get("method") == "extended_two_way":
        # it has effects of cohorts, which are those of units only where the same units are always
        # seen
        gaps = "balance"
    pooled = options.get("base_period") == "pooled"
    rng = np.random.default_rng(7)
    unit, period = (
        size * rng.normal(size=table["u"].max() + 1),
        rng.normal(size=table["t"].max() + 1),
    )
    moved = table.assign(
        y=table["y"]
        + unit[table["u"]]
        + (periods_too or (pooled and gaps == "balance")) * period[table["t"]]
    )
    expected = numbers_of(table, options, cluster, gaps)
    alike(numbers_of(moved, options, cluster, gaps), expected, atol=1e-9 + 1e-11 * size)


@pytest.mark.slow
@pytest.mark.slow
@examples(30)
@given(
    tables_with_clusters(),
    st.sampled_from(RATIO),
    st.sampled_from([None, "c"]),
    st.sampled_from(["pairwise", "balance"]),
    st.sampled_from([1e-9, 1e-3, 7.0, 1e12]),
)
def test_proportions_have_no_unit(
    table: pd.DataFrame, options: dict[str, object], cluster: str | None, gaps: str, factor: float
) -> None:
    options = {"scale": "ratio"} | options
    expected = numbers_of(table, options, cluster, gaps)
    alike(
        numbers_of(table.assign(y=table["y"] * factor), options, cluster, gaps), expected, atol=1e-8
    )


@pytest.mark.slow
@examples(25)
@given(tables())
def test_covariance_is_that_of_influence_values(table: pd.DataFrame) -> None:
    """The sums of moments equal a jackknife-free oracle.

    Unit influence values added up one by one.
    """
    panel = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
    effects = estimate_effects(panel)
    variance = []
    single = [
        g for g in panel.cohorts if (panel.cohorts[panel.cohort] == g).sum() == 1
    ]  # theirs is taken from others
    kept = (~effects.cells["cohort"].isin(single) & (effects.cells["n_treated"] > 1)).to_numpy()
    kept = kept & (effects.cells["n_comparison"] > 1).to_numpy()
    for cell in effects.cells[kept].itertuples():
        t = int(np.searchsorted(panel.periods, cell.period))
        b = int(np.flatnonzero(panel.periods < cell.cohort)[-1])
        change = panel.y[:, t] - panel.y[:, b]
        seen = ~np.isnan(change)
        total = 0.0
        for group in (
            panel.cohorts[panel.cohort] == cell.cohort,
            np.isinf(panel.cohorts[panel.cohort]),
        ):
            values = change[group & seen]
            total += ((values - values.mean()) ** 2).sum() / len(values) ** 2
        variance.append(total)
    np.testing.assert_allclose(np.diag(effects.covariance)[kept], variance, rtol=1e-9, atol=1e-12)


def adjusted(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    rows = prepare_panel(
        table, outcome="y", unit="u", period="t", first_treated="g", covariates=("x1", "x2")
    )
    return estimate_effects(rows, **options).aggregate("event_time").to_frame()  # type: ignore[arg-type]


@st.composite
def with_covariates(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    units, periods = 60, draw(st.integers(3, 5))
    start = rng.choice([np.nan, np.nan, 3.0, float(periods)], units)
    x = rng.normal(size=(units, 2))
    rows = [
        (u, t, rng.normal() + x[u, 0] * t, start[u], *x[u])
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    return pd.DataFrame(rows, columns=["u", "t", "y", "g", "x1", "x2"])


@pytest.mark.slow
@examples(20)
@given(
    with_covariates(),
    st.sampled_from(["doubly_robust", "outcome_regression", "inverse_probability"]),
    st.sampled_from(["never_treated", "not_yet_treated"]),
)
def test_covariates_may_be_rescaled_and_rows_shuffled(
    table: pd.DataFrame, adjustment: str, controls: str
) -> None:
    expected = adjusted(table, adjustment=adjustment, controls=controls)
    close(
        adjusted(table.sample(frac=1, random_state=1), adjustment=adjustment, controls=controls),
        expected,
    )
    turned = table.assign(x1=1e6 + 1e-3 * table["x1"], x2=5 * table["x2"] - table["x1"])
    np.testing.assert_allclose(
        adjusted(turned, adjustment=adjustment, controls=controls)[NUMBERS],
        expected[NUMBERS],
        rtol=1e-5,
        atol=1e-6,
    )
    later = table.assign(t=table["t"] + 100, g=table["g"] + 100, u=-table["u"])
    close(adjusted(later, adjustment=adjustment, controls=controls), expected)
    lifted = table.assign(y=3 * (table["y"] + table["u"] ** 2))
    np.testing.assert_allclose(
        adjusted(lifted, adjustment=adjustment, controls=controls)[NUMBERS],
        3 * expected[NUMBERS],
        atol=1e-6,
    )


@examples(10)
@given(with_covariates(), st.sampled_from(["doubly_robust", "none"]))
def test_estimation_changes_no_array(table: pd.DataFrame, adjustment: str) -> None:
    covariates = ("x1", "x2") if adjustment != "none" else ()
    panel = prepare_panel(
        table, outcome="y", unit="u", period="t", first_treated="g", covariates=covariates
    )
    before = [array.copy() for array in (panel.y, panel.cohort, panel.cohorts, panel.weights)]
    estimate_effects(panel, adjustment=adjustment)
    for old, new in zip(before, (panel.y, panel.cohort, panel.cohorts, panel.weights), strict=True):
        np.testing.assert_array_equal(old, new)
