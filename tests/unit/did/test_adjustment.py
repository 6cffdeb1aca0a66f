"""Covariate adjustment against explicit formulas.

Small samples written out, derivatives taken numerically.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression, LogisticRegression

from zgzx_research.did.estimate import estimate_effects, unit_influence
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

pytestmark = pytest.mark.slow  # together more than five seconds

ADJUSTMENTS = ("doubly_robust", "outcome_regression", "inverse_probability")


def data(units: int = 120, periods: int = 4, seed: int = 0, holes: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(units, 2))
    late = rng.random(units) < 1 / (1 + np.exp(-x[:, 0]))
    start = np.where(late, rng.choice([3.0, 4.0], units), np.nan)
    t = np.arange(1, periods + 1)
    mean = 1 + 0.3 * x[:, :1] * t + 0.5 * (t >= np.nan_to_num(start, nan=99)[:, None])
    frame = pd.DataFrame({"u": np.repeat(np.arange(units), periods), "t": np.tile(t, units)})
    frame["y"] = (mean + rng.normal(size=mean.shape)).ravel()
    frame["count"] = rng.poisson(np.exp(mean / 3)).ravel()
    frame["g"], frame["group"] = start[frame["u"]], frame["u"] // 3
    frame[["x1", "x2"]] = x[frame["u"]]
    return frame[rng.random(len(frame)) >= holes]


def prepare(table: pd.DataFrame, **roles: Any) -> PreparedPanel:
    usual = {
        "outcome": "y",
        "unit": "u",
        "period": "t",
        "first_treated": "g",
        "covariates": ("x1", "x2"),
    }
    return prepare_panel(table, **(usual | roles))


def by_hand(panel: PreparedPanel, cohort: float, now: int, base: int, adjustment: str) -> float:
    """Sant'Anna & Zhao (2020), eq. 2.6, with statsmodels' regressions."""
    start = panel.cohorts[panel.cohort]
    rows = (start == cohort) | np.isinf(start)
    treated = (start == cohort)[rows]
    change = (panel.y[:, now] - panel.y[:, base])[rows]
    assert panel.covariates is not None
    x = sm.add_constant(panel.covariates[rows, 0])
    fitted = np.zeros(len(change))
    if adjustment != "inverse_probability":
        fitted = sm.OLS(change[~treated], x[~treated]).fit().predict(x)
    effect = (change - fitted)[treated].mean()
    if adjustment != "outcome_regression":
        p = sm.Logit(treated.astype(float), x).fit(disp=False, tol=1e-14).predict(x)
        odds = (p / (1 - p))[~treated]
        effect -= odds @ (change - fitted)[~treated] / odds.sum()
    return float(effect)


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_cells_are_the_formula(adjustment: str) -> None:
    panel = prepare(data())
    frame = estimate_effects(panel, adjustment=adjustment).to_frame()
    for row in frame[frame["role"] != "reference"].itertuples():
        now, base = int(row.period) - 1, int(row.cohort) - 2
        np.testing.assert_allclose(
            row.estimate, by_hand(panel, row.cohort, now, base, adjustment), rtol=1e-9
        )


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize(
    "options", [{}, {"gaps": "cross_section"}, {"holes": 0.2}, {"weights": "weight"}]
)
def test_influence_is_the_derivative_by_a_unit_s_weight(
    adjustment: str, options: dict[str, Any]
) -> None:
    """Whatever is estimated on the way (regressions, propensity scores).

    All of it moves when one unit weighs more.
    """
    roles = dict(options)
    table = data(holes=roles.pop("holes", 0.0))
    table["weight"] = 1 + table["u"] % 4
    panel = prepare(table, **roles)
    moves_like_its_influence(panel, adjustment=adjustment)


@pytest.mark.parametrize("adjustment", ("outcome_regression", "inverse_probability"))
def test_ratio_influence_is_the_derivative(adjustment: str) -> None:
    """On the ratio scale cohort sizes count as fixed, which cancels in log ratios."""
    panel = prepare(data(), outcome="count")
    labels, values = unit_influence(panel, adjustment=adjustment, scale="ratio")
    effects = estimate_effects(panel, adjustment=adjustment, scale="ratio")
    treated, without = effects.numbers.statistics
    count = len(labels)
    on_log = values[:, :count] / treated - values[:, count:] / without
    for unit in (0, 5, 50):
        moved = derivative(panel, unit, adjustment=adjustment, scale="ratio")
        np.testing.assert_allclose(moved, on_log[unit], rtol=1e-4, atol=1e-7)


def moves_like_its_influence(panel: PreparedPanel, **options: Any) -> None:
    _, values = unit_influence(panel, **options)
    for unit in (0, 5, 50):
        moved = derivative(panel, unit, **options)
        # weights times (1 + h): the derivative by h is the influence
        np.testing.assert_allclose(moved, values[unit], rtol=1e-4, atol=1e-7)


def derivative(panel: PreparedPanel, unit: int, **options: Any) -> np.ndarray:
    step = 1e-5
    up, down = panel.weights.copy(), panel.weights.copy()
    up[unit] *= 1 + step
    down[unit] *= 1 - step
    high, low = (
        estimate_effects(replace(panel, weights=w), **options).estimates for w in (up, down)
    )
    return (high - low) / (2 * step)


def test_ratio_regression_is_statsmodels() -> None:
    panel = prepare(data(), outcome="count")
    effects = estimate_effects(panel, adjustment="outcome_regression", scale="ratio")
    start, never = panel.cohorts[panel.cohort], np.isinf(panel.cohorts[panel.cohort])
    assert panel.covariates is not None
    x = sm.add_constant(panel.covariates[:, 0])
    poisson = [
        sm.GLM(panel.y[never, t], x[never], family=sm.families.Poisson()).fit(tol=1e-14).params
        for t in range(4)
    ]
    for j, row in enumerate(effects.cells.itertuples()):
        now, base, own = int(row.period) - 1, int(row.cohort) - 2, start == row.cohort
        expected = panel.y[own, base] @ np.exp(x[own] @ (poisson[now] - poisson[base]))
        np.testing.assert_allclose(
            effects.numbers.statistics[:, j], [panel.y[own, now].sum(), expected], rtol=1e-9
        )


def test_covariates_that_do_not_matter_change_no_ratio() -> None:
    """A covariate balanced within every group leaves the plain ratio.

    Weighting and regression find nothing.
    """
    table = data().assign(x1=lambda frame: (frame["u"] % 2) * 0.0 + 1.0)
    plain = estimate_effects(
        prepare(table, outcome="count", covariates=()), scale="ratio"
    ).estimates
    doubled = pd.concat([table.assign(x1=-1.0), table.assign(x1=1.0, u=table["u"] + 1000)])
    panel = prepare(doubled, outcome="count", covariates=("x1",))
    for adjustment in ("outcome_regression", "inverse_probability"):
        effects = estimate_effects(panel, adjustment=adjustment, scale="ratio")
        np.testing.assert_allclose(effects.estimates, plain, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_clusters_add_up_their_units(adjustment: str) -> None:
    panel = prepare(data(), cluster="group")
    _, values = unit_influence(panel, adjustment=adjustment)
    assert panel.cluster is not None
    sums = np.zeros((panel.cluster.max() + 1, values.shape[1]))
    np.add.at(sums, panel.cluster, values)
    effects = estimate_effects(panel, adjustment=adjustment)
    np.testing.assert_allclose(effects.covariance, sums.T @ sums, rtol=1e-9, atol=1e-14)


def test_pairwise_gaps_use_the_units_seen_at_both_ends() -> None:
    table = data(holes=0.15)
    panel = prepare(table)
    frame = estimate_effects(panel, adjustment="outcome_regression").to_frame()
    row = frame[(frame["cohort"] == 3) & (frame["period"] == 4)].iloc[0]
    both = ~np.isnan(panel.y[:, [1, 3]]).any(axis=1)
    complete = replace(
        panel,
        y=panel.y[both],
        cohort=panel.cohort[both],
        weights=panel.weights[both],
        covariates=None if panel.covariates is None else panel.covariates[both],
    )
    np.testing.assert_allclose(
        row["estimate"], by_hand(complete, 3.0, 3, 1, "outcome_regression"), rtol=1e-9
    )


def test_threads_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = prepare(data())
    whole = estimate_effects(panel, adjustment="doubly_robust")
    monkeypatch.setattr("zgzx_research.did.panel.chunks.CHUNK", 7)
    parts = estimate_effects(panel, adjustment="doubly_robust")
    np.testing.assert_allclose(parts.estimates, whole.estimates, rtol=1e-10)
    # Newton's method starts elsewhere and stops a step before its Hessian is exact to the last
    # digit
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-7, atol=1e-12)
    again = estimate_effects(panel, adjustment="doubly_robust")
    assert (again.covariance == parts.covariance).all(), (
        "the same sums in the same order, whatever thread was first"
    )


def test_learners_are_cross_fitted_by_cluster() -> None:
    """With two folds and plain learners: every unit is predicted by the fit on the other fold."""
    panel = prepare(data(), cluster="group")
    outcome, propensity = LinearRegression(), LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    options: dict[str, Any] = {
        "outcome_model": outcome,
        "propensity_model": propensity,
        "folds": 2,
        "seed": 4,
    }
    effects = estimate_effects(panel, adjustment="doubly_robust", **options)
    assert not hasattr(outcome, "coef_"), "the caller's learner was fitted"
    assert panel.cluster is not None and panel.covariates is not None
    fold = (np.random.default_rng(4).permutation(panel.cluster.max() + 1) % 2)[panel.cluster]
    start = panel.cohorts[panel.cohort]
    rows = np.flatnonzero((start == 3) | np.isinf(start))
    treated, change, x = (
        start[rows] == 3,
        panel.y[rows, 3] - panel.y[rows, 1],
        panel.covariates[rows, 0],
    )
    fitted, p = np.zeros(len(rows)), np.zeros(len(rows))
    for f in (0, 1):
        ask, learn = fold[rows] == f, fold[rows] != f
        fitted[ask] = (
            LinearRegression().fit(x[learn & ~treated], change[learn & ~treated]).predict(x[ask])
        )
        logit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[learn], treated[learn])
        p[ask] = logit.predict_proba(x[ask])[:, 1]
    odds = np.where(treated, 0, p / (1 - p))
    expected = (change - fitted)[treated].mean() - odds @ (change - fitted) / odds.sum()
    frame = effects.to_frame()
    ours = frame[(frame["cohort"] == 3) & (frame["period"] == 4)]["estimate"].iloc[0]
    np.testing.assert_allclose(ours, expected, rtol=1e-4)  # scikit-learn's solver stops early
    assert effects.options["outcome_model"] == "LinearRegression"


def test_a_separating_covariate_is_found() -> None:
    """A peer answers -484,653 here."""
    table = data()
    table["x1"] = table["g"].eq(3) * 10.0 + table["u"] % 2
    with_reason = estimate_effects(
        prepare(table, covariates=("x1",)), adjustment="inverse_probability"
    )
    reason = (
        "cell left out: a covariate separates treated from comparison units, or is collinear "
        "among them"
    )
    found = with_reason.ledger[with_reason.ledger["reason"] == reason].iloc[0]
    assert (found["rows"], found["examples"]) == (4, ("(3, 1)", "(3, 2)", "(3, 3)"))
    assert set(with_reason.cells["cohort"]) == {4}
    table["x1"] = table["g"].notna() * 10.0 + table["u"] % 2
    with pytest.raises(ZgzxError, match="no cell can be adjusted for these covariates, 8 affected"):
        estimate_effects(prepare(table, covariates=("x1",)), adjustment="doubly_robust")


def test_trimmed_units_are_counted() -> None:
    """A comparison unit that looks surely treated takes no part, and is named."""
    rng = np.random.default_rng(2)
    units = 400
    x = np.where(np.arange(units) < 200, 3.0, -3.0) + rng.normal(size=units)
    treated = rng.random(units) < 1 / (1 + np.exp(-2.2 * x))
    x[0], treated[0] = 5.5, False
    table = pd.DataFrame(
        {
            "u": np.repeat(range(units), 2),
            "t": np.tile([1, 2], units),
            "y": rng.normal(size=2 * units),
        }
    )
    table["g"], table["x1"] = np.where(treated, 2.0, np.nan)[table["u"]], x[table["u"]]
    effects = estimate_effects(prepare(table, covariates=("x1",)), adjustment="inverse_probability")
    row = effects.ledger[effects.ledger["reason"].str.contains("trimmed")].iloc[0]
    p = sm.Logit(treated.astype(float), sm.add_constant(x)).fit(disp=False).predict()
    assert row["units"] == ((p >= 0.995) & ~treated).sum() > 0


@pytest.mark.parametrize(
    ("roles", "options", "message"),
    [
        ({}, {}, "the panel has covariates, but adjustment='none' does not use them"),
        (
            {"covariates": ()},
            {"adjustment": "doubly_robust"},
            "there are no covariates to adjust for",
        ),
        (
            {},
            {"adjustment": "doubly_robust", "outcome_model": LinearRegression()},
            "learners come in pairs",
        ),
        (
            {},
            {
                "adjustment": "outcome_regression",
                "outcome_model": LinearRegression(),
                "propensity_model": LogisticRegression(),
            },
            "learners are for doubly robust differences in panels",
        ),
        (
            {"outcome": "count"},
            {"adjustment": "doubly_robust", "scale": "ratio"},
            "the ratio scale has no such",
        ),
        (
            {"gaps": "cross_section"},
            {"adjustment": "outcome_regression", "base_period": "pooled"},
            "repeated cross-sections with covariates or weights that change have no pooled base",
        ),
        (
            {},
            {"adjustment": "doubly_robust", "folds": 1},
            "folds=1 is not usable. Pass a whole number of 2 or more",
        ),
        (
            {},
            {"adjustment": "doubly_robust", "outcome_model": LinearRegression},
            "outcome_model has no fit and predict",
        ),
        (
            {"covariates": ()},
            {"method": "stacked", "event_window": (-1,)},
            "is not a first and a last event time",
        ),
        ({"covariates": ("one",)}, {"adjustment": "doubly_robust"}, "every covariate was dropped"),
        (
            {"covariates": ()},
            {"method": "two_way_fixed_effects", "controls": "not_yet_treated"},
            "has no such option",
        ),
    ],
)
def test_options_that_do_not_go_together(
    roles: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ZgzxError, match=message):
        estimate_effects(prepare(data().assign(one=1.0), **roles), **options)


def test_varying_weights_with_gaps_use_the_first_weight_a_unit_has() -> None:
    table = data(holes=0.1)
    table["weight"] = 1 + table["t"] * (1 + table["u"] % 3)
    effects = estimate_effects(prepare(table, weights="weight", covariates=()))
    frame = effects.to_frame()
    assert frame.loc[frame["role"] != "reference", ["estimate", "std_error"]].notna().all(axis=None)
    assert np.isfinite(effects.numbers.shares).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["group_time", "imputation", "interaction_weighted", "extended_two_way"]
)
def test_one_never_treated_unit_is_not_certain(method: str) -> None:
    """Its mean varies as the others' do.

    With one comparison unit the interval must be wide, whoever computes it.
    """
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        start = np.array([3.0] * 8 + [4.0] * 8 + [np.nan])
        table = pd.DataFrame({"u": np.repeat(range(17), 5), "t": np.tile(range(1, 6), 17)})
        table["y"], table["g"] = rng.normal(size=len(table)), start[table["u"]]
        event = estimate_effects(prepare(table, covariates=()), method=method).aggregate(
            "event_time"
        )
        row = event.to_frame().set_index("event_time").loc[0]
        covered.append(row["ci_low"] <= 0 <= row["ci_high"])
    assert np.mean(covered) > 0.85


@pytest.mark.slow
def test_a_cell_of_one_unit_in_a_larger_cohort_is_not_certain() -> None:
    """Attrition leaves one treated unit.

    Alone it has no standard error, in aggregates that of the others.
    """
    covered = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        start = np.array([3.0] * 3 + [4.0] * 3 + [np.nan] * 20)
        table = pd.DataFrame({"u": np.repeat(range(26), 5), "t": np.tile(range(1, 6), 26)})
        table["y"], table["g"] = rng.normal(size=len(table)), start[table["u"]]
        gone = table["g"].notna() & (table["u"] % 3 > 0) & (table["t"] >= table["g"])
        row = (
            estimate_effects(prepare(table[~gone], covariates=()))
            .aggregate("event_time")
            .to_frame()
        )
        row = row.set_index("event_time").loc[0]
        covered.append(row["ci_low"] <= 0 <= row["ci_high"])
    assert np.mean(covered) > 0.85


@pytest.mark.parametrize("method", METHODS)
def test_influence_of_units_squares_to_the_covariance(method: str) -> None:
    """For every method: what each unit contributes, squared and added up, is the covariance."""
    panel = prepare(data(), covariates=())
    options = {"event_window": (-1, 0)} if method == "stacked" else {}
    labels, values = unit_influence(panel, method=method, **options)
    effects = estimate_effects(panel, method=method, **options)
    np.testing.assert_allclose(values.T @ values, effects.covariance, rtol=1e-9, atol=1e-12)
    assert len(labels) == len(effects.cells) == values.shape[1]
