"""Imputation by hand, and against regressions with a dummy for every unit and period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError


def prepared(table: pd.DataFrame, **options: Any) -> PreparedPanel:
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", **options)


def imputed(table: pd.DataFrame, roles: dict[str, Any] | None = None, **options: Any) -> Effects:
    return estimate_effects(prepared(table, **(roles or {})), method="imputation", **options)


def tidy(values: dict[str, tuple[float | None, list[float]]]) -> pd.DataFrame:
    rows = [(u, t, y, g) for u, (g, ys) in values.items() for t, y in enumerate(ys, start=1)]
    return pd.DataFrame(rows, columns=["u", "t", "y", "g"]).astype({"g": float})


HAND = tidy({"a": (None, [1, 2, 4]), "b": (3, [3, 5, 10]), "c": (3, [2, 3, 9])})


def random_table(
    seed: int, units: int = 40, holes: float = 0.15, counts: bool = False
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.choice([np.nan, 4, 5, 7], units)
    level, weight, x = (
        rng.normal(size=units),
        rng.uniform(0.5, 3, units),
        rng.normal(size=(units, 2)),
    )
    rows = []
    for u in range(units):
        for t in range(1, 9):
            mean = level[u] + 0.2 * t + 0.1 * t * x[u, 0] + 0.4 * (t >= start[u])
            y = rng.poisson(np.exp(mean / 2)) if counts else mean + rng.normal()
            rows.append((u, t, float(y), start[u], weight[u], u % 7, *x[u]))
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "w", "c", "x1", "x2"])
    return table[rng.random(len(table)) >= holes].reset_index(drop=True)


def dense(
    table: pd.DataFrame,
    masked: int = 0,
    covariates: tuple[str, ...] = (),
    by: str = "u",
    loo: bool = False,
):
    """(cohort, period) cells with effects and conservative covariance, by explicit matrices."""
    untreated = ~(table["t"] >= table["g"] - masked)
    table = table[table["u"].isin(table["u"][untreated])]
    untreated = (~(table["t"] >= table["g"] - masked)).to_numpy()
    dummies = [pd.get_dummies(table[name], dtype=float) for name in ("u", "t")]
    blocks = dummies + [dummies[1].mul(table[name], axis=0) for name in covariates]
    z, y = np.hstack([block.to_numpy() for block in blocks]), table["y"].to_numpy()
    w = table["w"].to_numpy() if "w" in table else np.ones(len(table))
    inverse = np.linalg.pinv(z[untreated].T @ (z * w[:, None])[untreated], rcond=1e-10)
    residual = y - z @ inverse @ z[untreated].T @ (w * y)[untreated]
    cells = sorted(
        {(g, t) for g, t in zip(table["g"][~untreated], table["t"][~untreated], strict=True)}
    )
    group = table[by].to_numpy()
    estimates, influence = [], []
    centred = [residual.copy() for _ in cells]
    for k, (g, t) in enumerate(cells):
        cell = ((table["g"] == g) & (table["t"] == t) & ~untreated).to_numpy()
        v = np.where(cell, w, 0.0) / w[cell].sum()
        estimates.append(v @ residual)
        for i in np.flatnonzero(cell):
            others = cell & (group != group[i]) if loo else cell
            centred[k][i] -= np.average(residual[others], weights=w[others] ** 2)
        v = np.where(untreated, -w * (z @ (inverse @ (z.T @ v))), v)
        influence.append([(v * centred[k])[group == one].sum() for one in np.unique(group)])
    return cells, np.array(estimates), np.array(influence) @ np.array(influence).T


def matches(effects: Effects, expected: tuple) -> None:
    cells, estimates, covariance = expected
    own = effects.cells[effects.cells["cohort"].notna()]
    assert list(zip(own["cohort"], own["period"], strict=True)) == cells
    np.testing.assert_allclose(effects.estimates[own.index], estimates, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        effects.covariance[np.ix_(own.index, own.index)], covariance, rtol=1e-8, atol=1e-13
    )


def test_by_hand() -> None:
    # period 2 cancels: effect = mean of b, c of y3 - (y1+y2)/2, less the same of a: (6 + 6.5)/2 -
    # 2.5
    effects = imputed(HAND)
    cell = effects.cells["role"] == "post"
    np.testing.assert_allclose(effects.estimates[cell], [3.75], rtol=1e-10)
    # b and c are .25 off their mean with weight 1/2 each; their untreated residuals and those of a
    # cancel. a has no spread of its own and takes that of b and c, ±(.5, 1, .5) about their mean,
    # on (.5, .5, -1)
    taken = 2 * (0.5 * 0.5 + 0.5 * 1 - 0.5) ** 2
    np.testing.assert_allclose(
        effects.covariance[np.ix_(cell, cell)], [[2 * 0.125**2 + taken]], rtol=1e-10
    )
    # against the mean of the other one, each is off by .5
    alone = imputed(HAND, leave_one_out=True)
    np.testing.assert_allclose(
        alone.covariance[np.ix_(cell, cell)], [[2 * 0.25**2 + taken]], rtol=1e-10
    )
    weights = effects.weights.weights[cell][0]  # cohorts 3, never
    np.testing.assert_allclose(weights, [[-0.5, -0.5, 1], [0.5, 0.5, -1]], atol=1e-12)


def test_ratio_by_hand() -> None:
    # period 3 is fitted by a alone: 4 = (3 + 4) λ3 / (λ1 + λ2 + λ3), so λ3 / (λ1 + λ2) = 4/3
    effects = imputed(HAND, scale="ratio")
    cell = (effects.cells["role"] == "post").to_numpy()
    # b and c had 13 before and 19 after
    np.testing.assert_allclose(effects.estimates[cell], [np.log(19 / 13 / (4 / 3))], rtol=1e-10)
    # influence of b, c: y3/19 - (y1+y2)/13; of a: 0, being the whole comparison
    psi = np.array([10 / 19 - 8 / 13, 9 / 19 - 5 / 13])
    # so a takes the spread of b and c, ±(.5, 1, .5), on the weights (1/3, 1/3, -1/4) of its log
    # growth, in proportion to the mean: a has 7 in three periods, b and c 16 each
    taken = 2 * (7 / 16 * ((0.5 + 1) / 3 - 0.5 / 4)) ** 2
    np.testing.assert_allclose(
        effects.covariance[np.ix_(cell, cell)], [[psi @ psi + taken]], rtol=1e-9
    )


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("masks", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_dense_least_squares(holes: float, masks: tuple[int, int]) -> None:
    table = random_table(1, holes=holes)
    effects = imputed(table, {"weights": "w"}, anticipation=masks[0], leave_out=masks[1])
    matches(effects, dense(table, sum(masks)))


@pytest.mark.parametrize("by", ["u", "c"])
@pytest.mark.parametrize("loo", [False, True])
@pytest.mark.parametrize("covariates", [(), ("x1", "x2")])
def test_dense_clusters_covariates_and_leave_one_out(
    by: str, loo: bool, covariates: tuple[str, ...]
) -> None:
    table = random_table(2, units=60, holes=0.05)
    roles = {"weights": "w", "cluster": None if by == "u" else "c", "covariates": covariates}
    adjustment = "outcome_regression" if covariates else "none"
    effects = imputed(table, roles, leave_one_out=loo, adjustment=adjustment)
    matches(effects, dense(table, 0, covariates, by, loo))
    treated = table[table["t"] >= table["g"]].groupby(["g", "t"])[by].nunique()
    assert effects.cells.query("cohort.notna()")["n_clusters"].tolist() == treated.tolist()


@pytest.mark.parametrize("covariates", [(), ("x1",)])
def test_leads_are_a_regression_of_their_own(covariates: tuple[str, ...]) -> None:
    table = random_table(3)
    adjustment = "outcome_regression" if covariates else "none"
    roles = {"weights": "w", "covariates": covariates}
    effects = imputed(table, roles, event_window=(-3, 2), adjustment=adjustment)
    untreated = table[~(table["t"] >= table["g"])]
    untreated = untreated.reset_index(drop=True)
    leads = np.column_stack(
        [(untreated["t"] - untreated["g"] == e).astype(float) for e in (-3, -2, -1)]
    )
    period = pd.get_dummies(untreated["t"], dtype=float)
    blocks = [
        leads,
        period.iloc[:, 1:],
        *(period.iloc[:, 1:].mul(untreated[x], axis=0) for x in covariates),
    ]
    slopes = np.hstack(blocks)
    z = np.hstack([slopes, pd.get_dummies(untreated["u"], dtype=float)])
    w, y = untreated["w"].to_numpy(), untreated["y"].to_numpy()
    inverse = np.linalg.inv(z.T @ (z * w[:, None]))
    coefficient = inverse @ z.T @ (w * y)
    scores = (
        pd.DataFrame(z * (w * (y - z @ coefficient))[:, None])
        .groupby(untreated["u"])
        .sum()
        .to_numpy()
    )
    rows, units = len(y), len(scores)
    # K counts the slopes and one for the unit effects, which lie within clusters
    factor = (rows - 1) / (rows - slopes.shape[1] - 1) * units / (units - 1)
    covariance = factor * (inverse @ scores.T @ scores @ inverse)[:3, :3]
    own = effects.cells[effects.cells["cohort"].isna()]
    assert own["event_time"].tolist() == [-3, -2, -1]
    np.testing.assert_allclose(effects.estimates[own.index], coefficient[:3], rtol=1e-9)
    np.testing.assert_allclose(
        effects.covariance[np.ix_(own.index, own.index)], covariance, rtol=1e-8
    )
    assert effects.cells["event_time"].max() == 2


def test_ratio_is_poisson_on_untreated_rows() -> None:
    table = random_table(4, counts=True)
    effects = imputed(table, {"weights": "w"}, scale="ratio", leave_out=1)
    untreated = (~(table["t"] >= table["g"] - 1)).to_numpy()
    table = table[table["u"].isin(table["u"][untreated])]
    untreated = (~(table["t"] >= table["g"] - 1)).to_numpy()
    u, t, y, w = (table[name].to_numpy() for name in "utyw")
    un, tn, yn, wn = u[untreated], t[untreated], y[untreated], w[untreated]
    period = np.ones(9)
    for _ in range(3000):  # alternate until both sets of first-order conditions hold
        level = np.bincount(un, yn) / np.maximum(np.bincount(un, period[tn]), 1e-300)
        period = np.bincount(tn, yn * wn) / np.maximum(np.bincount(tn, level[un] * wn), 1e-300)
    treated = table[~untreated]
    without = (level[u] * period[t] * w)[~untreated]
    totals = pd.DataFrame(
        {"y": treated["y"] * treated["w"], "without": without, "g": treated["g"], "t": treated["t"]}
    )
    expected = totals.groupby(["g", "t"])[["y", "without"]].sum()
    own = effects.cells[effects.cells["cohort"].notna()]
    np.testing.assert_allclose(
        effects.numbers.statistics[:, own.index], expected.to_numpy().T, rtol=1e-9
    )


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_influence_is_what_a_little_more_weight_does(scale: str) -> None:
    """On the ratio scale the estimate's derivative by a unit's weight is its influence.

    Leads included.
    """
    table, step = random_table(5, units=24, holes=0.1, counts=True), 1e-5
    effects = imputed(table, {"weights": "w"}, scale=scale)
    rows = (
        effects.cells["role"] == "pre"
        if scale == "difference"
        else np.ones(len(effects.cells), dtype=bool)
    )
    derivative = []
    for u in table["u"].unique():
        ends = [
            imputed(
                table.assign(w=table["w"] * np.where(table["u"] == u, 1 + s, 1)),
                {"weights": "w"},
                scale=scale,
            )
            for s in (step, -step)
        ]
        derivative.append((ends[0].estimates - ends[1].estimates) / (2 * step))
    psi = np.array(derivative)[:, rows]
    part = effects.covariance[np.ix_(rows, rows)]
    if scale == "difference":  # the factor of the leads' regression
        psi *= np.sqrt(part[0, 0] / (psi[:, 0] @ psi[:, 0]))
    np.testing.assert_allclose(part, psi.T @ psi, rtol=1e-5, atol=1e-9)


def test_what_cannot_be_imputed_is_named() -> None:
    table = random_table(6)
    lost = (table["u"] == table.loc[table["g"] == 5, "u"].iloc[0]) & (table["t"] < 5)
    notes = imputed(table[~lost]).ledger.set_index("reason")
    assert notes.loc["treated unit without an untreated observation to impute from", "units"] == 1
    late = imputed(table[table["g"].notna()])  # from 7 on everybody is treated
    assert late.cells["period"].max() == 6
    reason = "cell whose period no untreated observation ties to the earlier ones"
    assert late.ledger.set_index("reason").loc[reason, "rows"] == 6
    assert not late.weights.weights[:, :, 6:].any()


def test_zeros_on_the_ratio_scale() -> None:
    counts = {
        "a": (None, [1, 2, 0]),
        "b": (3, [3, 5, 10]),
        "z": (2, [0, 1, 2]),
        "n": (None, [2, 2, 0]),
    }
    table = tidy(counts)
    with pytest.raises(ZgzxError, match="no outcome after treatment can be imputed"):
        imputed(
            table[table["u"] != "z"], scale="ratio"
        )  # nobody untreated has an outcome in period 3
    table = tidy(counts | {"n": (None, [2, 2, 3])})
    effects = imputed(table, scale="ratio")
    assert effects.cells.query("role == 'post'")["cohort"].tolist() == [
        3
    ]  # cohort 2 has counterfactual 0
    notes = effects.ledger.set_index("reason")
    assert notes.loc["cell without untreated outcomes above zero to impute from", "examples"] == (
        "(2, 2)",
        "(2, 3)",
    )
    assert (
        notes.loc["unit whose untreated outcomes are all zero: its counterfactual is zero", "units"]
        == 1
    )


def test_periods_that_no_counts_tie_together_are_an_error() -> None:
    counts = {"n": (None, [0, 3]), "a": (3, [1, 1, 2, 2]), "m": (None, [2, 1, 1, 1])}
    table = tidy(counts)
    untied = table[
        ~((table["u"] != "n") & (table["t"] == 2))
    ]  # period 2 is seen in n alone, with all its counts
    with pytest.raises(ZgzxError, match="no finite solution"):
        imputed(untied, scale="ratio")


def test_collinear_covariates_change_nothing() -> None:
    table = random_table(7).assign(twice=lambda d: 2 * d["x1"] + 1, same=3.0)
    adjusted = {"adjustment": "outcome_regression"}
    one = imputed(table, {"covariates": ["x1"]}, **adjusted)
    more = imputed(table, {"covariates": ["x1", "twice", "same"]}, **adjusted)
    np.testing.assert_allclose(more.estimates, one.estimates, rtol=1e-8)
    np.testing.assert_allclose(more.covariance, one.covariance, rtol=1e-7, atol=1e-12)
    # from 7 on nobody to be treated is left untreated, so what they have of their own cannot be
    # told from the effect
    own = imputed(table.assign(own=table["g"].notna() * 1.0), {"covariates": ["own"]}, **adjusted)
    assert own.cells["period"].max() == 6


@pytest.mark.parametrize(
    ("roles", "options", "message"),
    [
        ({"covariates": ["x1"]}, {"adjustment": "doubly_robust"}, "knows no adjustment"),
        ({"covariates": ["t2"]}, {"adjustment": "outcome_regression"}, "constant within units"),
        ({"weights": "w2"}, {}, "constant within units"),
        ({}, {"scale": "ratio", "leave_one_out": True}, "no leave_one_out"),
        ({}, {"anticipation": 9}, "no outcome after treatment can be imputed"),
    ],
)
def test_errors(roles: dict[str, Any], options: dict[str, Any], message: str) -> None:
    table = random_table(8, counts=True).assign(
        t2=lambda d: d["t"] * d["x1"], w2=lambda d: d["t"] + 1.0
    )
    with pytest.raises(ZgzxError, match=message):
        imputed(table, roles, **options)


def test_the_pretest_finds_a_trend_and_aggregates_hold() -> None:
    table = random_table(9, units=200)
    trend = table.assign(y=table["y"] + 0.5 * table["t"] * table["g"].notna())
    assert imputed(trend).pretest()["p_value"] < 1e-6 < 0.001 < imputed(table).pretest()["p_value"]
    effects = imputed(table)
    assert (
        effects.aggregate("event_time").to_frame()[["std_error", "band_low"]].notna().all(axis=None)
    )
    cells = effects.cells.query("role == 'post'")
    share = effects.numbers.shares[cells.index]
    overall = effects.aggregate("overall").overall["estimate"].iloc[0]
    assert overall == pytest.approx(
        np.average(effects.estimates[cells.index], weights=share), rel=1e-12
    )
    assert np.allclose(Effects.from_json(effects.to_json()).covariance, effects.covariance)


@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_a_cohort_of_one_cluster_takes_the_spread_of_the_others(scale: str) -> None:
    table = random_table(10, units=60, holes=0, counts=True)
    table["c"] = np.where(table["g"] == 5, 100, table["u"])
    ours, free = imputed(table, {"cluster": "c"}, scale=scale), imputed(table, scale=scale)
    own = (ours.cells["cohort"] == 5).to_numpy()
    assert (ours.cells["n_clusters"][own] == 1).all()
    assert (np.diag(ours.covariance)[own] > np.diag(free.covariance)[own]).all()


@pytest.mark.slow
def test_the_interval_of_five_cohorts_of_one_unit_covers() -> None:
    rng, units, periods, covered = np.random.default_rng(11), 45, 9, []
    start = np.append([3, 4, 5, 6, 7], np.full(units - 5, np.nan))
    for _ in range(100):
        y = np.cumsum(0.6 * rng.normal(size=(units, periods)), axis=1) + rng.normal(
            size=(units, periods)
        )
        rows = pd.DataFrame(
            {"u": np.repeat(range(units), periods), "t": np.tile(range(1, periods + 1), units)}
        )
        overall = (
            imputed(rows.assign(y=y.ravel(), g=start[rows["u"]]))
            .aggregate("overall")
            .overall.iloc[0]
        )
        covered.append(overall["ci_low"] <= 0 <= overall["ci_high"])
    assert np.mean(covered) >= 0.92


def test_nobody_treated_and_windows_beside_the_start_are_named() -> None:
    table = random_table(12)
    with pytest.raises(ZgzxError, match=r"no unit is treated within the periods.*first_treated"):
        imputed(table.assign(g=np.nan))
    for window in ((2, 3), (-3, -1), (0, 4)):
        with pytest.raises(ZgzxError, match="must reach from -1 or earlier to 0 or later"):
            imputed(table, event_window=window)


@pytest.mark.slow
def test_rare_outcomes_have_a_solution_or_a_plain_error() -> None:
    solved, untested = 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = random_table(seed, units=30, holes=0).assign(
            y=lambda d, r=rng: (r.random(len(d)) < 0.04) * 1.0
        )
        try:
            ledger = imputed(table, scale="ratio").ledger
            solved += 1
            untested += ledger["reason"].str.startswith("pre-trend test left out").any()
        except ZgzxError as error:
            assert error.remedy
    assert 0 < untested < solved < 40
