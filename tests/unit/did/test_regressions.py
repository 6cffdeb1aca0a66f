"""Regression-type estimators against written-out arithmetic and least squares on dummies."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core.regression import regress
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.bacon import bacon_decomposition
from zgzx_research.robustness.wild_bootstrap import wild_cluster_bootstrap

TIGHT: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-10}


def rows_of(
    seed: int = 1,
    units: int = 40,
    periods: int = 6,
    starts: tuple = (np.nan, 3, 4, 6),
    missing: float = 0.0,
) -> pd.DataFrame:
    """A random panel: u, t, y, g, x (moves), z and w (constant), v (moving weight), k (cluster)."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(list(product(range(units), range(1, periods + 1))), columns=["u", "t"])
    start = np.array(starts, dtype=float)[np.arange(units) % len(starts)]
    table["g"] = start[table["u"]]
    event = (table["t"] - table["g"]).fillna(-9)
    table["x"] = rng.normal(size=len(table)) + 0.2 * table["t"]
    noise = rng.normal(size=len(table)) + rng.normal(size=units)[table["u"]] * table["t"] * 0.3
    table["y"] = (
        50
        + table["u"] % 7
        + table["t"] ** 1.5
        + (event >= 0) * (1 + event)
        + 0.7 * table["x"]
        + noise
    )
    table["z"], table["w"] = (
        rng.normal(size=units)[table["u"]],
        rng.gamma(3.0, size=units)[table["u"]],
    )
    table["v"], table["k"] = rng.gamma(3.0, size=len(table)), table["u"] // 3
    return table[rng.random(len(table)) >= missing]


def panel_of(table: pd.DataFrame, **roles: Any) -> PreparedPanel:
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", **roles)


def dummies(panel: PreparedPanel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows,) unit and period of every observed row, and its weight."""
    unit, period = np.nonzero(~np.isnan(panel.y))
    return unit, period, np.broadcast_to(panel.weights, panel.y.shape)[unit, period]


def dense(panel: PreparedPanel, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients on columns (cohorts, periods, k), and (clusters, k) influence with factor."""
    unit, period, weight = dummies(panel)
    x = columns[panel.cohort[unit], period]
    slopes = x.shape[1]
    if panel.covariates is not None:
        covariates = np.broadcast_to(panel.covariates, (*panel.y.shape, panel.covariates.shape[2]))
        x = np.hstack([x, covariates[unit, period]])
    parameters = x.shape[1] + len(panel.periods)
    x = np.hstack([x, np.eye(len(panel.periods))[period][:, 1:], np.eye(len(panel.y))[unit]])
    y = panel.y[unit, period]
    inverse = np.linalg.inv(x.T @ (weight[:, None] * x))
    beta = inverse @ x.T @ (weight * y)
    score = x * (weight * (y - x @ beta))[:, None]
    cluster = np.arange(len(panel.y)) if panel.cluster is None else panel.cluster
    by_cluster = np.zeros((cluster.max() + 1, x.shape[1]))
    np.add.at(by_cluster, cluster[unit], score)
    count = len(by_cluster)
    factor = (len(y) - 1) / (len(y) - parameters) * count / (count - 1)
    return beta[:slopes], np.sqrt(factor) * (by_cluster @ inverse)[:, :slopes]


def event_columns(panel: PreparedPanel, events: list[int]) -> np.ndarray:
    return (panel.periods - panel.cohorts[:, None])[..., None] == np.array(events, dtype=float)


ROLES: list[dict[str, Any]] = [
    {},
    {"weights": "w"},
    {"weights": "v"},
    {"covariates": ["x"]},
    {"covariates": ["x"], "weights": "v"},
]


def test_two_periods_are_the_difference_of_mean_changes() -> None:
    changes = {1: 3.0, 2: 5.0, 3: 1.0, 4: 2.0, 5: 0.0}  # 1 and 2 are treated
    rows = [
        (u, t, 10.0 * u + d * (t == 2), 2 if u < 3 else np.nan)
        for u, d in changes.items()
        for t in (1, 2)
    ]
    effects = estimate_effects(
        panel_of(pd.DataFrame(rows, columns=["u", "t", "y", "g"])), method="two_way_fixed_effects"
    )
    static = effects.to_frame().query("role == 'static'").iloc[0]
    assert static["estimate"] == pytest.approx(4.0 - 1.0, abs=1e-10)
    # Σ(d - 4)²/2² + Σ(d - 1)²/3², times (N-1)/(N-K) · G/(G-1) with 10 rows, 1 slope, 2 periods, 5
    # units
    variance = (2 / 4 + 2 / 9) * 9 / 7 * 5 / 4
    assert static["std_error"] == pytest.approx(np.sqrt(variance), abs=1e-10)
    # t quantile of 4 degrees of freedom
    assert static["ci_high"] - static["estimate"] == pytest.approx(
        2.7764451051977987 * np.sqrt(variance), abs=1e-9
    )
    assert (static["n_treated"], static["n_comparison"], static["base_mean"]) == (2, 3, 15.0)
    assert effects.df == 4


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("cluster", [None, "k"])
@pytest.mark.parametrize("roles", ROLES)
def test_event_study_and_static_are_least_squares(
    roles: dict, cluster: str | None, missing: float
) -> None:
    panel = panel_of(rows_of(missing=missing), cluster=cluster, **roles)
    effects = estimate_effects(panel, method="two_way_fixed_effects")
    events = [-5, -4, -3, -2, 0, 1, 2, 3]
    study, by_study = dense(panel, event_columns(panel, events))
    static, by_static = dense(panel, (panel.periods >= panel.cohorts[:, None])[..., None])
    influence = np.hstack([by_study, by_static])
    used = effects.cells["event_time"].ne(-1).to_numpy()
    assert effects.cells["event_time"].tolist()[:-1] == [-5, -4, -3, -2, -1, 0, 1, 2, 3]
    np.testing.assert_allclose(effects.estimates[used], np.append(study, static), **TIGHT)
    np.testing.assert_allclose(
        effects.covariance[np.ix_(used, used)], influence.T @ influence, **TIGHT
    )
    assert effects.estimates[~used] == 0
    assert effects.df == (40 if cluster is None else 14) - 1
    overall = effects.aggregate("overall").overall
    assert overall["estimate"].item() == pytest.approx(static.item(), rel=1e-9)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("cluster", [None, "k"])
@pytest.mark.parametrize("roles", ROLES)
def test_interaction_weighted_is_least_squares(
    roles: dict, cluster: str | None, missing: float
) -> None:
    panel = panel_of(rows_of(missing=missing), cluster=cluster, **roles)
    effects = estimate_effects(panel, method="interaction_weighted")
    cells = [
        (c, t)
        for c, g in enumerate(panel.cohorts)
        if g < np.inf
        for t in range(6)
        if t + 1 != g - 1
    ]
    columns = np.zeros((*panel.cohorts.shape, 6, len(cells)))
    for number, (c, t) in enumerate(cells):
        columns[c, t, number] = 1
    beta, influence = dense(panel, columns)
    used = effects.cells["role"].ne("reference").to_numpy()
    np.testing.assert_allclose(effects.estimates[used], beta, **TIGHT)
    np.testing.assert_allclose(
        effects.covariance[np.ix_(used, used)], influence.T @ influence, **TIGHT
    )
    # aggregates hold shares fixed: weighted rows of each cell over all rows of the event time
    unit, period, weight = dummies(panel)
    size = np.array([weight[(panel.cohort[unit] == c) & (period == t)].sum() for c, t in cells])
    event = np.array([t + 1 - panel.cohorts[c] for c, t in cells])
    share = np.where(event == 1, size, 0) / size[event == 1].sum()
    at_one = effects.aggregate("event_time").to_frame().query("event_time == 1")
    assert at_one["estimate"].item() == pytest.approx(share @ beta, rel=1e-9)
    assert at_one["std_error"].item() == pytest.approx(np.linalg.norm(influence @ share), rel=1e-9)


@pytest.mark.parametrize("method", ["two_way_fixed_effects", "interaction_weighted"])
def test_weights_times_means_are_the_estimates(method: str) -> None:
    effects = estimate_effects(panel_of(rows_of(), weights="w"), method=method)
    assert effects.weights.kind == "exact"
    np.testing.assert_allclose(
        np.einsum("rct,ct->r", effects.weights.weights, effects.weights.means),
        effects.estimates,
        rtol=1e-9,
        atol=1e-9,
    )


def test_masked_event_times_take_no_part_in_the_static_coefficient() -> None:
    panel = panel_of(rows_of())
    effects = estimate_effects(panel, method="two_way_fixed_effects", leave_out=1)
    after = (panel.periods >= panel.cohorts[:, None])[..., None]
    static, influence = dense(panel, np.concatenate([after, event_columns(panel, [-1])], axis=2))
    row = effects.to_frame().iloc[-1]
    assert row["estimate"] == pytest.approx(static[0], rel=1e-9)
    assert row["std_error"] == pytest.approx(np.linalg.norm(influence[:, 0]), rel=1e-9)
    roles = effects.cells.set_index("event_time")["role"]
    assert (roles[-3], roles[-2], roles[-1], roles[0]) == ("pre", "reference", "left_out", "post")
    pre = estimate_effects(panel, method="two_way_fixed_effects", anticipation=1).cells.set_index(
        "event_time"
    )["role"]
    assert (pre[-2], pre[-1]) == ("reference", "pre")


def test_nobody_never_treated() -> None:
    panel = panel_of(rows_of(starts=(3, 4, 6)))
    effects = estimate_effects(panel, method="two_way_fixed_effects")
    beta, _ = dense(panel, event_columns(panel, [-4, -3, -2, 0, 1, 2, 3]))
    assert effects.cells.query("role == 'reference'")["event_time"].tolist() == [-5, -1]
    used = ~effects.cells["role"].isin(["reference", "static"]).to_numpy()
    np.testing.assert_allclose(effects.estimates[used], beta, **TIGHT)
    assert effects.ledger["reason"].str.contains("second reference").any()
    # Sun and Abraham: the last cohort, in the periods before its treatment
    table = rows_of(starts=(3, 4, 6))
    short = table[table["t"] < 6].assign(g=table["g"].where(table["g"] < 6))
    ours = estimate_effects(panel, method="interaction_weighted")
    theirs = estimate_effects(panel_of(short), method="interaction_weighted")
    np.testing.assert_allclose(ours.estimates, theirs.estimates, **TIGHT)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, **TIGHT)
    assert ours.ledger["reason"].str.contains("last cohort is the comparison").any()
    assert ours.weights.cohorts[-1] == 6 and ours.weights.periods[-1] == 5


def test_what_cannot_be_estimated_leaves_with_a_note() -> None:
    table = rows_of(missing=0.0)
    hidden = table[~(table["g"].isna() & (table["t"] == 5))]  # nobody to compare with in period 5
    effects = estimate_effects(panel_of(hidden), method="interaction_weighted")
    note = effects.ledger.set_index("reason").loc["period in which no comparison unit is observed"]
    assert note[["rows", "units", "examples"]].tolist() == [30, 30, ("5",)]
    assert 5 not in effects.cells["period"].tolist() and len(effects.cells) == 3 * 5
    group_time = estimate_effects(panel_of(hidden)).cells.assign(
        effect=estimate_effects(panel_of(hidden)).estimates
    )
    both = effects.cells.assign(effect=effects.estimates).merge(group_time, on=["cohort", "period"])
    used = both["cohort"] != 6  # whose base is the hidden period there, the one before it here
    np.testing.assert_allclose(both["effect_x"][used], both["effect_y"][used], **TIGHT)
    # z is constant within units, and so is x2 - 2 x
    both = panel_of(table.assign(x2=2 * table["x"] + table["w"]), covariates=["x", "z", "x2"])
    plain = estimate_effects(panel_of(table, covariates=["x"]), method="two_way_fixed_effects")
    effects = estimate_effects(both, method="two_way_fixed_effects")
    np.testing.assert_allclose(effects.estimates, plain.estimates, **TIGHT)
    np.testing.assert_allclose(effects.covariance, plain.covariance, **TIGHT)
    assert effects.ledger.iloc[-1]["examples"] == ("z", "x2")
    early = panel_of(table.assign(g=table["g"].replace(3, 2)))
    effects = estimate_effects(early, method="interaction_weighted", anticipation=1)
    assert effects.ledger.iloc[-1][["reason", "units"]].tolist() == [
        "no period before treatment to serve as base",
        10,
    ]
    assert 2 not in effects.cells["cohort"].tolist()


def test_units_seen_once_change_only_the_count_of_rows() -> None:
    table = rows_of()
    extra = pd.DataFrame({"u": [900, 901], "t": [2, 5], "y": [1e3, -1e3], "g": [np.nan, 4.0]})
    more, less = panel_of(pd.concat([table, extra])), panel_of(table)
    columns = (less.periods >= less.cohorts[:, None])[..., None] * 1.0
    one, other = regress(more, [columns]), regress(less, [columns])
    np.testing.assert_allclose(one.coefficients, other.coefficients, **TIGHT)
    expected = (241 / 235 * 42 / 41) / (239 / 233 * 40 / 39)
    np.testing.assert_allclose(one.covariance / other.covariance, expected, **TIGHT)
    effects = estimate_effects(more, method="two_way_fixed_effects")
    note = effects.ledger.set_index("reason").loc[
        "unit observed in one period only: its own effect takes it up"
    ]
    assert note["units"] == 2


def test_refusals() -> None:
    table = rows_of()
    same = panel_of(table.assign(g=4.0))
    with pytest.raises(ZgzxError, match="cannot be separated from"):
        estimate_effects(same, method="two_way_fixed_effects")
    with pytest.raises(ZgzxError, match="no unit is treated after a period"):
        estimate_effects(panel_of(table), method="two_way_fixed_effects", anticipation=6)
    with pytest.raises(ZgzxError, match="no unit is treated after a period"):
        estimate_effects(panel_of(table), method="interaction_weighted", anticipation=6)
    with pytest.raises(ZgzxError, match="too few clusters"):
        estimate_effects(panel_of(table.assign(k=1), cluster="k"), method="two_way_fixed_effects")
    with pytest.raises(ZgzxError, match="no such option"):
        estimate_effects(panel_of(table), method="interaction_weighted", controls="not_yet_treated")


def stacked_data(panel: PreparedPanel, window: tuple[int, int], later: bool) -> pd.DataFrame:
    """The stacked data set, row by row, with the weights of Wing, Freedman and Hollingsworth."""
    events, rows = range(window[0], window[1] + 1), []
    for g in panel.cohorts[np.isfinite(panel.cohorts)]:
        if g + window[0] < panel.periods[0] or g + window[1] > panel.periods[-1]:
            continue
        at = [int(np.flatnonzero(panel.periods == g + e)[0]) for e in events]
        for unit, c in enumerate(panel.cohort):
            start = panel.cohorts[c]
            control = np.isinf(start) or (later and start > g + window[1])
            if (start == g or control) and not np.isnan(panel.y[unit, at]).any():
                own = (start == g, panel.weights[unit, 0])
                rows += [
                    (g, unit, e, panel.y[unit, t], *own) for e, t in zip(events, at, strict=True)
                ]
    data = pd.DataFrame(rows, columns=["stack", "unit", "event", "y", "treated", "w"])
    at_zero = data[data["event"] == 0].groupby(["stack", "treated"])["w"].sum().unstack()
    q = (at_zero[True] / at_zero[True].sum()) / (at_zero[False] / at_zero[False].sum())
    return data.assign(w=data["w"] * np.where(data["treated"], 1.0, data["stack"].map(q)))


@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize(
    ("weights", "missing", "cluster"), [(None, 0, None), ("w", 0.05, None), (None, 0.05, "k")]
)
def test_stacked_is_least_squares_on_the_stack(
    controls: str, weights: str | None, missing: float, cluster: str | None
) -> None:
    panel = panel_of(
        rows_of(starts=(np.nan, 3, 4, 7), periods=8, missing=missing),
        weights=weights,
        cluster=cluster,
    )
    effects = estimate_effects(panel, method="stacked", event_window=(-2, 1), controls=controls)
    data = stacked_data(panel, (-2, 1), controls == "not_yet_treated")
    by_event = (data["event"].to_numpy()[:, None] == [-2, 0, 1]) * 1.0
    treated = data["treated"].to_numpy(float)[:, None]
    x = np.hstack([by_event * treated, treated, by_event, np.ones_like(treated)])
    weight, y = data["w"].to_numpy(), data["y"].to_numpy()
    inverse = np.linalg.inv(x.T @ (weight[:, None] * x))
    beta = inverse @ x.T @ (weight * y)
    group = data["unit"].to_numpy() if panel.cluster is None else panel.cluster[data["unit"]]
    group = np.unique(group, return_inverse=True)[1]
    meat = np.zeros((group.max() + 1, 8))
    np.add.at(meat, group, x * (weight * (y - x @ beta))[:, None])
    count = len(meat)
    covariance = (
        inverse @ meat.T @ meat @ inverse * (len(y) - 1) / (len(y) - 8) * count / (count - 1)
    )
    used = effects.cells["event_time"].ne(-1).to_numpy()
    np.testing.assert_allclose(effects.estimates[used], beta[:3], **TIGHT)
    np.testing.assert_allclose(effects.covariance[np.ix_(used, used)], covariance[:3, :3], **TIGHT)
    assert effects.df == count - 1
    assert effects.cells["role"].tolist() == ["pre", "reference", "post", "post"]
    overall = effects.aggregate("overall").overall
    assert overall["estimate"].item() == pytest.approx(beta[1:3].mean(), rel=1e-9)


def test_stacked_says_what_it_leaves_out() -> None:
    panel = panel_of(rows_of(missing=0.1))
    effects = estimate_effects(panel, method="stacked", event_window=(-3, 1))
    reasons = effects.ledger.set_index("reason")
    assert reasons.loc["event window reaches outside the panel", "examples"] == ("3", "6")
    assert (
        reasons.loc["unit and stack left out: not observed over the whole event window", "units"]
        > 0
    )
    with pytest.raises(ZgzxError, match=r"last\): \(-2, 0\) keeps every cohort"):
        estimate_effects(panel, method="stacked")
    with pytest.raises(ZgzxError, match="must reach from -1"):
        estimate_effects(panel, method="stacked", event_window=(0, 1))
    with pytest.raises(ZgzxError, match="no cohort has a full event window"):
        estimate_effects(panel, method="stacked", event_window=(-5, 5))


@pytest.mark.parametrize("weights", [None, "w"])
def test_bacon_weights_times_estimates_are_the_static_coefficient(weights: str | None) -> None:
    for starts in ((np.nan, 3, 4, 6), (3, 4, 6)):
        panel = panel_of(rows_of(starts=starts), weights=weights)
        frame = bacon_decomposition(panel)
        static = (
            estimate_effects(panel, method="two_way_fixed_effects").aggregate("overall").overall
        )
        assert frame["weight"].sum() == pytest.approx(1, abs=1e-12)
        assert (frame["weight"] * frame["estimate"]).sum() == pytest.approx(
            static["estimate"].item(), abs=1e-10
        )
        assert len(frame) == (9 if len(starts) == 4 else 6)


def test_bacon_refuses_gaps_and_covariates() -> None:
    with pytest.raises(ZgzxError, match="every unit in every period"):
        bacon_decomposition(panel_of(rows_of(missing=0.1)))
    with pytest.raises(ZgzxError, match="neither covariates"):
        bacon_decomposition(panel_of(rows_of(), covariates=["x"]))


def brute_force(
    panel: PreparedPanel, columns: np.ndarray, null: float, patterns: np.ndarray
) -> tuple[float, float]:
    """t and p-value of the first column.

    The restricted fit, new outcomes for every draw, least squares again.
    """
    unit, period, weight = dummies(panel)
    cluster = (np.arange(len(panel.y)) if panel.cluster is None else panel.cluster)[unit]
    x = np.hstack(
        [
            columns[panel.cohort[unit], period],
            np.eye(len(panel.periods))[period][:, 1:],
            np.eye(len(panel.y))[unit],
        ]
    )
    root = np.sqrt(weight)
    y = panel.y[unit, period] - null * x[:, 0]
    inverse = np.linalg.inv((x * root[:, None]).T @ (x * root[:, None]))

    def t(outcome: np.ndarray) -> float:
        beta = inverse @ (x.T @ (weight * outcome))
        sums = np.zeros((cluster.max() + 1, x.shape[1]))
        np.add.at(sums, cluster, x * (weight * (outcome - x @ beta))[:, None])
        parameters, count = columns.shape[2] + len(panel.periods), len(sums)
        factor = (len(y) - 1) / (len(y) - parameters) * count / (count - 1)
        return beta[0] / np.sqrt(factor * ((sums @ inverse)[:, 0] ** 2).sum())

    restricted = x[:, 1:] @ np.linalg.lstsq(x[:, 1:] * root[:, None], y * root, rcond=None)[0]
    own = t(y)
    drawn = [abs(t(restricted + v[cluster] * (y - restricted))) for v in patterns]
    return own, float(np.mean(np.array(drawn) >= abs(own) * (1 - 1e-10)))


@pytest.mark.parametrize(
    ("roles", "missing"),
    [({"cluster": "k"}, 0.15), ({"cluster": "k", "weights": "w"}, 0.0), ({}, 0.15)],
)
def test_wild_bootstrap_is_that_of_regressions_run_again(roles: dict, missing: float) -> None:
    table = rows_of(units=9 if not roles else 24, missing=missing, seed=3)
    panel = panel_of(table, **roles)
    clusters = 9 if not roles else 8
    patterns = 1.0 - 2.0 * np.array(list(product([0, 1], repeat=clusters)))
    after = (panel.periods >= panel.cohorts[:, None])[..., None] * 1.0
    result = wild_cluster_bootstrap(panel)
    t, p = brute_force(panel, after, 0.0, patterns)
    assert (result["enumerated"], result["draws"], result["clusters"]) == (
        True,
        2**clusters,
        clusters,
    )
    assert result["t"] == pytest.approx(t, rel=1e-10)
    assert result["p_value"] == pytest.approx(p, abs=1e-10)
    # the ends of the interval: not rejected just inside, rejected just outside
    width = result["ci_high"] - result["ci_low"]
    for end, side in ((result["ci_low"], -1), (result["ci_high"], 1)):
        inside, outside = (
            brute_force(panel, after, end + side * step * width, patterns)[1]
            for step in (-1e-6, 1e-6)
        )
        assert outside <= 0.05 < inside
    assert result["ci_low"] < result["estimate"] < result["ci_high"]


def test_wild_bootstrap_draws_are_those_of_the_seed() -> None:
    panel = panel_of(rows_of(units=24, seed=4), cluster="k")
    points = np.outer([-1.0, 1.0], np.sqrt([0.5, 1.0, 1.5])).ravel()
    patterns = points[np.random.default_rng(5).integers(6, size=(99, 8))]
    patterns[0] = 1
    events = [e for e in range(-5, 4) if e != -1]
    columns = event_columns(panel, [1, *(e for e in events if e != 1)]) * 1.0
    result = wild_cluster_bootstrap(panel, event_time=1, draws=99, weights="webb", seed=5)
    assert (result["enumerated"], result["draws"]) == (False, 99)
    np.testing.assert_allclose(
        (result["t"], result["p_value"]), brute_force(panel, columns, 0.0, patterns), rtol=1e-10
    )


def test_wild_bootstrap_of_interaction_weighted_starts_from_its_estimate() -> None:
    panel = panel_of(rows_of(missing=0.1), cluster="k")
    effects = estimate_effects(panel, method="interaction_weighted")
    for event, frame in ((None, effects.aggregate("overall").overall), (2, event_row(effects, 2))):
        result = wild_cluster_bootstrap(
            panel, method="interaction_weighted", event_time=event, draws=199
        )
        assert result["estimate"] == pytest.approx(frame["estimate"].item(), rel=1e-10)
        assert result["std_error"] == pytest.approx(frame["std_error"].item(), rel=1e-10)
    with pytest.raises(ZgzxError, match="has no estimate"):
        wild_cluster_bootstrap(panel, event_time=40)
    with pytest.raises(ZgzxError, match="neither covariates"):
        wild_cluster_bootstrap(panel_of(rows_of(), covariates=["x"]))


def event_row(effects: Effects, event: int) -> pd.DataFrame:
    return effects.aggregate("event_time").to_frame().query(f"event_time == {event}")


@pytest.mark.slow
def test_the_interval_of_five_cohorts_of_one_unit_covers() -> None:
    rng, covered = np.random.default_rng(12), []
    rows = pd.DataFrame(list(product(range(30), range(1, 8))), columns=["u", "t"])
    rows["g"] = np.append([3, 4, 5, 6, 7], np.full(25, np.nan))[rows["u"]]
    for _ in range(30):
        y = np.cumsum(0.6 * rng.normal(size=(30, 7)), axis=1) + rng.normal(size=(30, 7))
        effects = estimate_effects(
            panel_of(rows.assign(y=y.ravel())), method="interaction_weighted"
        )
        overall = effects.aggregate("overall").overall.iloc[0]
        covered.append(overall["ci_low"] <= 0 <= overall["ci_high"])
    assert np.mean(covered) >= 0.92
    alone = effects.ledger.query("reason == 'cohort of one unit: no standard error of its own'")
    assert alone["units"].tolist() == [5]


def test_the_only_treated_unit_takes_the_spread_of_the_others() -> None:
    table = rows_of(units=30, starts=(np.nan,)).assign(g=lambda d: np.where(d["u"] == 3, 4, np.nan))
    for method, options in (("two_way_fixed_effects", {}), ("stacked", {"event_window": (-3, 2)})):
        effects = estimate_effects(panel_of(table), method=method, **options)
        error = effects.aggregate("overall").to_frame()["std_error"].iloc[-1]
        summary = effects.aggregate("overall").rows
        assert np.isnan(error) or error > 0
        # one change varies as 29 do: their mean's variance is 1/29 of it
        y = panel_of(table).y
        change = (
            y[:, 3:].mean(axis=1) - y[:, :3].mean(axis=1)
            if method.startswith("two")
            else y[:, 3:].mean(1) - y[:, 2]
        )
        expected = np.delete(change, 3).std(ddof=1) * np.sqrt(1 + 1 / 29)
        assert np.sqrt(summary.covariance(effects.numbers)[0, 0]) == pytest.approx(
            expected, rel=0.02
        )


def test_units_seen_once_are_named_as_the_cause() -> None:
    table = rows_of().assign(u=lambda d: range(len(d)))
    for method in ("two_way_fixed_effects", "interaction_weighted"):
        with pytest.raises(ZgzxError, match="every unit is seen once"):
            estimate_effects(panel_of(table, gaps="cross_section"), method=method)


@pytest.mark.parametrize("clusters", [2, 3, 4])
def test_wild_bootstrap_with_too_few_clusters_to_reject_anything(clusters: int) -> None:
    table = rows_of(units=24).assign(
        k=lambda d: d["u"] % clusters, g=lambda d: np.where(d["u"] % 5 < 2, 4, np.nan)
    )
    result = wild_cluster_bootstrap(panel_of(table, cluster="k"))
    assert (result["ci_low"], result["ci_high"]) == (-np.inf, np.inf)
    assert result["p_value"] >= 2 / 2**clusters


def test_wild_bootstrap_checks_its_options() -> None:
    panel = panel_of(rows_of())
    wrong: list[dict[str, Any]] = [
        {"draws": 1.5},
        {"draws": "a"},
        {"draws": 0},
        {"seed": -1},
        {"anticipation": -1},
        {"leave_out": 0.5},
        {"level": 1.0},
        {"level": "a"},
        {"leave_out": 50},
    ]
    for options in wrong:
        with pytest.raises(ZgzxError):
            wild_cluster_bootstrap(panel, **options)
    exact = rows_of().assign(y=lambda d: d["u"] / 7 + d["t"] ** 2 / 3 + (d["t"] >= d["g"]))
    with pytest.raises(ZgzxError, match="zero but for rounding"):
        wild_cluster_bootstrap(panel_of(exact))
