"""Extended two-way effects by hand and against the same models written out with dummies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods.extended_two_way.cell_roles import plan_roles
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

FAMILIES = {
    "linear": sm.families.Gaussian(),
    "poisson": sm.families.Poisson(),
    "logit": sm.families.Binomial(),
}


def panel(
    units: dict[str, tuple[float | None, list[float | None]]], **options: Any
) -> PreparedPanel:
    """Units as name: (first treated, outcomes from period 1 on)."""
    rows = [(u, t + 1, y, g) for u, (g, path) in units.items() for t, y in enumerate(path)]
    return prepared(
        pd.DataFrame(rows, columns=["u", "t", "y", "g"]).astype({"y": float, "g": float}), **options
    )


def prepared(data: pd.DataFrame, **options: Any) -> PreparedPanel:
    return prepare_panel(data, outcome="y", unit="u", period="t", first_treated="g", **options)


def fitted(data: PreparedPanel, **options: Any) -> Effects:
    return estimate_effects(data, method="extended_two_way", **options)


def reasons(effects: Effects) -> dict[str, tuple]:
    return dict(zip(effects.ledger["reason"], effects.ledger["examples"], strict=True))


TWO_BY_TWO = {
    "a": (2, [1, 5]),
    "b": (2, [3, 9]),
    "c": (None, [2, 3]),
    "d": (None, [4, 8]),
    "e": (None, [6, 7]),
}


def test_two_by_two_by_hand() -> None:
    """Changes 4, 6 against 1, 4, 1: effect 5 - 2 = 3.

    Ten rows, four coefficients, five units: factor 5/4 · 9/6.
    """
    effects = fitted(panel(TWO_BY_TWO))
    row = effects.aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(3, abs=1e-12)
    error = np.sqrt((2 / 4 + 6 / 9) * 5 / 4 * 9 / 6)
    assert row["std_error"] == pytest.approx(error, abs=1e-12)
    assert row["ci_high"] == pytest.approx(
        3 + 2.7764451051977987 * error, abs=1e-9
    )  # t with 4 degrees of freedom
    assert (row["n_treated"], row["n_comparison"], row["base_mean"]) == (2, 3, 2)
    assert effects.df == 4


def test_ratio_by_hand() -> None:
    """Treated 4 to 14, comparison 12 to 18: 14 against 4 · 18/12 = 6, so 4/3 more than without."""
    effects = fitted(panel(TWO_BY_TWO), scale="ratio")
    row = effects.aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(14 / 6 - 1, abs=1e-12)
    treated = [(5 / 7 - 1 / 2) / 2, (9 / 7 - 3 / 2) / 2]
    compared = [(3 / 6 - 2 / 4) / 3, (8 / 6 - 4 / 4) / 3, (7 / 6 - 6 / 4) / 3]
    log_error = np.sqrt(sum(v**2 for v in treated + compared) * 5 / 4 * 9 / 6)
    assert row["std_error"] == pytest.approx(14 / 6 * log_error, abs=1e-12)
    assert effects.options["scale"] == "ratio"


def test_logit_by_hand() -> None:
    """Odds of the treated 1:3 then 2:2, of the others 2:2 then 3:1, so times 3.

    Without, 1/3 · 3 = 1:1, a half.
    """
    paths = {"a": (2, [1, 1]), "b": (2, [0, 1]), "c": (2, [0, 0]), "d": (2, [0, 0])}
    paths |= {"e": (None, [1, 1]), "f": (None, [1, 1]), "g": (None, [0, 1]), "h": (None, [0, 0])}
    row = fitted(panel(paths), family="logit").aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(2 / 4 - 1 / 2, abs=1e-12)
    # d logit = residual / (n p (1 - p)); the counterfactual moves by p (1 - p) = 1/4 of their sum
    before, after = np.array([3, -1, -1, -1]) / 4 / (4 * 3 / 16), np.array([1, 1, -1, -1]) / 2 / 4
    treated = after - before / 4
    compared = (
        np.array([1, 1, 1, -3]) / 4 / (4 * 3 / 16) - np.array([1, 1, -1, -1]) / 2 / (4 / 4)
    ) / 4
    variance = (treated @ treated + compared @ compared) * 8 / 7 * 15 / 12
    assert row["std_error"] == pytest.approx(np.sqrt(variance), abs=1e-12)


def simulated(seed: int, family: str, holes: float = 0.0, k: int = 0, n: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.choice([np.nan, 3, 4, 6], n, p=[0.4, 0.2, 0.2, 0.2])
    x = rng.normal(size=(n, k)) + 0.3 * (start[:, None] == 3)
    rows = pd.DataFrame(
        {
            "u": np.repeat(np.arange(n), 6),
            "t": np.tile(np.arange(1, 7), n),
            "g": np.repeat(start, 6),
        }
    )
    for j in range(k):
        rows[f"x{j}"] = np.repeat(x[:, j], 6)
    eta = (
        0.4
        + 0.1 * rows["t"]
        + np.repeat(rng.normal(size=n) * 0.4, 6)
        + 0.3 * (rows["g"] <= rows["t"])
    )
    eta = eta + 0.2 * np.repeat(x.sum(axis=1), 6)
    draw = {
        "linear": lambda: eta + rng.normal(size=len(rows)),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "logit": lambda: (rng.random(len(rows)) < 1 / (1 + np.exp(1.2 - eta))).astype(float),
    }
    rows["y"] = draw[family]()
    rows["w"] = np.repeat(rng.uniform(0.5, 2, n), 6)
    rows["v"] = rng.uniform(0.5, 2, len(rows))
    rows["k"] = rows["u"] // 4
    return rows[rng.random(len(rows)) >= holes]


def oracle(
    data: pd.DataFrame, effects: Effects, family: str, *, weights: str | None, cluster: str, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Effects and covariance of the same cells, by statsmodels with every dummy written out.

    Average partial effects (1, cells); for a ratio, totals (2, cells); errors by the delta method,
    sample held fixed.
    """
    start = data["g"].fillna(np.inf).to_numpy()
    x = data[[f"x{j}" for j in range(k)]].to_numpy()
    z = np.hstack([np.ones((len(data), 1)), x])
    common = [z * (start == g)[:, None] for g in np.unique(start)]
    common += [z * (data["t"] == t).to_numpy()[:, None] for t in range(2, 7)]
    cells = effects.cells
    masks = [
        ((start == c) & (data["t"] == t)).to_numpy()
        for c, t in zip(cells["cohort"], cells["period"], strict=True)
    ]
    role = cells["role"].to_numpy()
    own = [z * m[:, None] for m, r in zip(masks, role, strict=True) if r != "reference"]
    design = np.hstack(common + own)
    without = np.hstack(common + [0 * block for block in own])
    weight = np.ones(len(data)) if weights is None else data[weights].to_numpy()
    result = sm.GLM(data["y"].to_numpy(), design, family=FAMILIES[family], var_weights=weight).fit(
        tol=1e-14, maxiter=200
    )
    link = FAMILIES[family].link
    score = design * (weight * (data["y"].to_numpy() - result.fittedvalues))[:, None]
    bread = np.linalg.pinv(
        (design * (weight * link.inverse_deriv(design @ result.params))[:, None]).T @ design
    )
    sums = pd.DataFrame(score @ bread.T).groupby(data[cluster].to_numpy()).sum().to_numpy()
    rank = np.linalg.matrix_rank(design)
    groups, rows = len(sums), len(data)
    variance = sums.T @ sums * groups / (groups - 1) * (rows - 1) / (rows - rank)
    totals, slopes = [], []
    for matrix in (design, without):
        eta = matrix @ result.params
        totals.append([(weight * link.inverse(eta))[m].sum() for m in masks])
        slopes.append(
            [((weight * link.inverse_deriv(eta))[:, None] * matrix)[m].sum(axis=0) for m in masks]
        )
    if effects.options["scale"] == "difference":
        size = np.array([weight[m].sum() for m in masks])
        gradient = (np.array(slopes[0]) - np.array(slopes[1])) / size[:, None]
        return (np.array(totals[0]) - np.array(totals[1])) / size, gradient @ variance @ gradient.T
    gradient = np.concatenate(slopes)
    return np.concatenate(totals), gradient @ variance @ gradient.T


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize(
    ("k", "holes", "options", "weights", "cluster"),
    [
        (0, 0.0, {}, None, "u"),
        (0, 0.2, {}, "w", "u"),
        (0, 0.2, {"leave_out": 1}, "w", "k"),
        (0, 0.2, {"anticipation": 1}, "v", "u"),
        (2, 0.0, {}, None, "u"),
        (2, 0.15, {"leave_out": 1}, "w", "k"),
        (1, 0.15, {}, "v", "u"),
    ],
)
def test_is_the_model_with_every_dummy(
    family: str,
    controls: str,
    k: int,
    holes: float,
    options: dict,
    weights: str | None,
    cluster: str,
) -> None:
    data = simulated(5, family, holes, k, 160 if family == "logit" else 90)
    ready = prepared(
        data,
        covariates=[f"x{j}" for j in range(k)],
        weights=weights,
        cluster=None if cluster == "u" else cluster,
    )
    effects = fitted(ready, family=family, controls=controls, **options)
    value, covariance = oracle(data, effects, family, weights=weights, cluster=cluster, k=k)
    np.testing.assert_allclose(effects.numbers.statistics[0], value, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        effects.numbers.covariance, covariance, rtol=1e-6, atol=1e-8 * covariance.max()
    )
    if family == "poisson" and weights != "v":
        ratio = fitted(ready, scale="ratio", controls=controls, **options)
        totals, covariance = oracle(data, ratio, family, weights=weights, cluster=cluster, k=k)
        np.testing.assert_allclose(ratio.numbers.statistics.ravel(), totals, rtol=1e-8)
        np.testing.assert_allclose(
            ratio.numbers.covariance, covariance, rtol=1e-6, atol=1e-8 * covariance.max()
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_units_and_strata_give_the_same(family: str) -> None:
    """A weight that changes by rounding within units sends the fit unit by unit."""
    data = simulated(8, family, 0.2)
    one = fitted(prepared(data, weights="w"), family=family)
    other = fitted(
        prepared(data.assign(w=data["w"] * (1 + 1e-13 * data["t"])), weights="w"), family=family
    )
    np.testing.assert_allclose(other.estimates, one.estimates, rtol=1e-9)
    np.testing.assert_allclose(other.covariance, one.covariance, rtol=1e-9, atol=1e-14)


def test_linear_not_yet_treated_is_imputation() -> None:
    """On a complete panel: unit and period effects of untreated rows, carried over to treated."""
    data = simulated(3, "linear")
    effects = fitted(prepared(data), controls="not_yet_treated")
    untreated = ~(data["g"] <= data["t"]).to_numpy()
    dummies = np.hstack(
        [pd.get_dummies(data["u"]).to_numpy(float), pd.get_dummies(data["t"]).to_numpy(float)]
    )
    solution = np.linalg.lstsq(dummies[untreated], data["y"][untreated], rcond=None)[0]
    gap = (
        data.assign(gap=data["y"] - dummies @ solution)[~untreated]
        .groupby(["g", "t"])["gap"]
        .mean()
    )
    np.testing.assert_allclose(effects.estimates, gap.to_numpy(), atol=1e-10)


def test_linear_weights_times_means_are_the_estimate() -> None:
    for holes in (0.0, 0.2):
        effects = fitted(prepared(simulated(4, "linear", holes)))
        assert effects.weights.kind == "exact"
        np.testing.assert_allclose(
            (effects.weights.weights * effects.weights.means).sum(axis=(1, 2)),
            effects.estimates,
            atol=1e-10,
        )
    with_covariate = fitted(prepared(simulated(4, "linear", k=1), covariates=["x0"]))
    assert with_covariate.weights.kind == "reweighted"
    assert fitted(prepared(simulated(4, "poisson")), family="poisson").weights.kind == "linearised"


def test_roles() -> None:
    cohorts, periods = np.array([3.0, 5.0, np.inf]), np.arange(1, 7)
    roles = plan_roles(cohorts, periods, controls="never_treated", masked=1, leave_out=1)
    assert roles[0].tolist() == ["reference", "left_out", *["post"] * 4]
    assert roles[1].tolist() == ["pre", "pre", "reference", "left_out", "post", "post"]
    assert set(roles[2]) == {"base"}
    roles = plan_roles(cohorts, periods, controls="not_yet_treated", masked=2, leave_out=1)
    assert roles[0].tolist() == [""] * 6
    assert roles[1].tolist() == ["base", "base", "pre", "left_out", "post", "post"]


def test_no_never_treated() -> None:
    """From the last cohort's start on everybody is treated: those cells leave, named."""
    data = simulated(2, "linear")
    data = data[data["g"].notna()]
    with pytest.raises(ZgzxError, match="nobody is left to compare with"):
        fitted(prepared(data))
    effects = fitted(prepared(data), controls="not_yet_treated")
    assert reasons(effects)["cell without observed treated or comparison units"] == (
        "(3, 6)",
        "(4, 6)",
        "(6, 6)",
    )
    value, covariance = oracle(
        data[data["t"] < 6], effects, "linear", weights=None, cluster="u", k=0
    )
    np.testing.assert_allclose(effects.estimates, value, atol=1e-10)
    np.testing.assert_allclose(effects.covariance, covariance, rtol=1e-8, atol=1e-12)


def test_no_treated_outcome_is_minus_everything() -> None:
    paths = TWO_BY_TWO | {"f": (3, [2, 1, 0]), "g": (3, [3, 2, 0])}
    paths = {
        u: (g, path if len(path) == 3 else [*path, path[1] + 1]) for u, (g, path) in paths.items()
    }
    effects = fitted(panel(paths), scale="ratio")
    assert reasons(effects)[
        "treated outcomes of the cell all 0 (or all 1): no spread of its own"
    ] == ("(3, 3)",)
    frame = effects.to_frame().set_index(["cohort", "period"])
    assert frame.loc[(3, 3), "estimate"] == -1
    assert np.isnan(frame.loc[(3, 3), "std_error"])
    row = effects.aggregate("overall").to_frame().iloc[0]
    treated = (5 + 9) + (6 + 10)  # cohort 2 in periods 2 and 3; cohort 3 has none
    without = 4 * 18 / 12 + 4 * 21 / 12 + 3 * 21 / 18
    assert row["estimate"] == pytest.approx(treated / without - 1, abs=1e-12)
    assert np.isfinite(row["std_error"])
    difference = fitted(panel(paths), family="poisson").to_frame().set_index(["cohort", "period"])
    assert difference.loc[(3, 3), "estimate"] == pytest.approx(-3 * 21 / 18 / 2, abs=1e-12)


def test_zeros_without_treatment_leave_named() -> None:
    paths = {"a": (3, [0, 0, 5]), "b": (3, [0, 0, 4]), "c": (2, [2, 3, 4]), "d": (2, [1, 3, 2])}
    paths |= {"e": (None, [2, 3, 0]), "f": (None, [1, 5, 0]), "g": (None, [4, 4, 0])}
    effects = fitted(panel(paths), scale="ratio")
    found = effects.ledger[effects.ledger["reason"] == "untreated outcomes all 0 (or all 1)"]
    assert dict(zip(found["step"], found["examples"], strict=True)) == {
        "cohorts": ("3",),
        "periods": ("3",),
    }
    assert found["rows"].tolist() == [6, 7]
    assert effects.cells[["cohort", "period"]].to_numpy().tolist() == [[2, 1], [2, 2]]
    ones = {u: (g, [float(v > 0) for v in path]) for u, (g, path) in paths.items()}
    with pytest.raises(ZgzxError, match="no cohort can be compared"):
        fitted(panel(ones), family="logit")


def test_flat_logit_cell() -> None:
    paths = {
        "a": (2, [0, 1]),
        "b": (2, [1, 1]),
        "c": (None, [1, 0]),
        "d": (None, [1, 1]),
        "e": (None, [0, 1]),
    }
    effects = fitted(panel(paths), family="logit")
    assert effects.estimates[1] == pytest.approx(1 - 1 / 2, abs=1e-12)
    assert "treated outcomes of the cell all 0 (or all 1): no spread of its own" in reasons(effects)


def test_small_and_single_unit_cohorts() -> None:
    effects = fitted(panel(TWO_BY_TWO | {"z": (1, [3, 3]), "f": (2, [1, None])}))
    assert "already treated in the first period" in reasons(effects)
    single = {u: (g, [*path, path[-1]]) for u, (g, path) in TWO_BY_TWO.items()} | {
        "f": (3, [4, 2, 9])
    }
    effects = fitted(panel(single))
    assert reasons(effects)["cohort of one unit: no standard error of its own"] == ("3",)
    frame = effects.to_frame()
    assert frame.loc[frame["cohort"] == 3, "std_error"].isna().all()
    # in aggregates it has the spread of others, as in group_time: 18 rows, 9 coefficients, 6 units
    other, size = estimate_effects(panel(single)), len(effects.cells)
    expected = other.numbers.covariance[:size, :size] * 6 / 5 * 17 / 9
    np.testing.assert_allclose(effects.numbers.covariance, expected, atol=1e-12)
    early = fitted(panel(single), anticipation=1)
    assert reasons(early)["no period before treatment to serve as base"] == ("2",)


def test_covariates_that_say_nothing_new() -> None:
    data = simulated(6, "linear", k=1)
    data["same"], data["twice"] = 3.0, 1e6 + 2 * data["x0"]
    effects = fitted(prepared(data, covariates=["same", "x0", "twice"]))
    expected = fitted(prepared(data, covariates=["x0"]))
    np.testing.assert_allclose(effects.estimates, expected.estimates, rtol=1e-10)
    np.testing.assert_allclose(effects.covariance, expected.covariance, rtol=1e-8, atol=1e-14)


@pytest.mark.slow
def test_cells_smaller_than_their_coefficients() -> None:
    data = simulated(6, "linear", k=2)
    small = data["g"] == 4
    data = data[~small | data["u"].isin(data.loc[small, "u"].unique()[:2])]
    effects = fitted(prepared(data, covariates=["x0", "x1"]))
    reason = "cell of no more units than coefficients: no spread of its own"
    assert reasons(effects)[reason] == ("(4, 1)", "(4, 2)", "(4, 4)")
    value, covariance = oracle(data, effects, "linear", weights=None, cluster="u", k=2)
    np.testing.assert_allclose(effects.estimates, value, atol=1e-9)
    np.testing.assert_allclose(effects.covariance, covariance, rtol=1e-6, atol=1e-9)


def test_units_whose_covariates_were_never_seen_untreated() -> None:
    """Two units of one cohort, seen at its base with one value of x only.

    The other value comes in after treatment.
    """
    data = simulated(6, "linear", k=1)
    late = data["g"] == 4
    first, second = data.loc[late, "u"].unique()[:2]
    data = data[~late | (data["u"] == first) | ((data["u"] == second) & (data["t"] >= 4))]
    effects = fitted(prepared(data, covariates=["x0"]))
    reason = "cell whose covariates were not seen among its untreated rows"
    assert reasons(effects)[reason] == ("(4, 4)", "(4, 5)", "(4, 6)")


def test_separation_is_an_error_that_names_it() -> None:
    data = simulated(6, "poisson", k=1)
    data["x0"] = (data["u"] % 2).astype(float)
    data.loc[data["g"].isna() & (data["x0"] == 1), "y"] = 0
    with pytest.raises(ZgzxError, match=r"does not settle(?s:.*)\(never treated, 1\)"):
        fitted(prepared(data, covariates=["x0"]), family="poisson")
    with pytest.raises(ZgzxError, match="does not settle"):
        fitted(
            prepared(data.assign(y=data["y"] > 0).astype({"y": float}), covariates=["x0"]),
            family="logit",
        )


def test_separated_treated_cell_still_counts() -> None:
    """A treated cell whose outcomes a covariate splits perfectly.

    Its total is what it is, its own spread is none.
    """
    data = simulated(6, "logit", k=1, n=160)
    cell = (data["g"] == 4) & (data["t"] == 5)
    data.loc[cell, "y"] = (data.loc[cell, "x0"] > 0).astype(float)
    effects = fitted(prepared(data, covariates=["x0"]), family="logit")
    row = (effects.cells["cohort"] == 4) & (effects.cells["period"] == 5)
    assert np.isfinite(effects.estimates[row]).all()
    assert np.isfinite(effects.covariance).all()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"y": -1.0}, {"family": "poisson"}, "needs outcomes of zero or more"),
        ({"y": 2.0}, {"family": "logit"}, "needs outcomes from 0 to 1"),
        ({}, {"family": "linear", "scale": "ratio"}, "the ratio scale needs family='poisson'"),
        ({"g": np.nan}, {}, "no unit is treated"),
    ],
)
def test_errors(change: dict, options: dict, message: str) -> None:
    data = simulated(1, "poisson").assign(**change)
    with pytest.raises(ZgzxError, match=message):
        fitted(prepared(data), **options)


def test_covariates_must_be_constant() -> None:
    data = simulated(1, "poisson")
    with pytest.raises(ZgzxError, match="constant within units"):
        fitted(prepared(data.assign(x=data["t"] * data["u"]), covariates=["x"]))


def test_pretest_and_json() -> None:
    effects = fitted(prepared(simulated(9, "poisson")), scale="ratio", leave_out=1)
    result = effects.pretest()
    assert result["df"] == (effects.cells["role"] == "pre").sum()
    assert 0 < result["p_value"] < 1
    again = Effects.from_json(effects.to_json())
    pd.testing.assert_frame_equal(again.to_frame(), effects.to_frame())
