"""PPML by hand, and against Poisson regression with a dummy for every unit and period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.designs.ppml import ppml, ppml_with_covariates
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError


def prepared(table: pd.DataFrame, **options: Any) -> PreparedPanel:
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", **options)


def tidy(values: dict[str, tuple[float | None, list[float]]]) -> pd.DataFrame:
    rows = [(u, t, y, g) for u, (g, ys) in values.items() for t, y in enumerate(ys, start=1)]
    return pd.DataFrame(rows, columns=["u", "t", "y", "g"]).astype({"g": float})


def random_table(seed: int, units: int = 40, holes: float = 0.15) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.choice([np.nan, np.nan, 3, 5], units)
    level, weight = rng.normal(size=units), rng.uniform(0.5, 3, units)
    rows = []
    for u in range(units):
        for t in range(1, 7):
            x = rng.normal()
            y = rng.poisson(np.exp(level[u] + 0.1 * t + 0.3 * x + 0.4 * (t >= start[u])))
            rows.append((u, t, float(y), start[u], weight[u], u % 9, x, level[u]))
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "w", "c", "x", "k"])
    return table[rng.random(len(table)) >= holes].reset_index(drop=True)


def dense(table: pd.DataFrame, slopes: np.ndarray, by: str = "u") -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of `slopes` and clustered covariance by Newton on all dummies, as fixest."""
    seen = table.groupby("u")["y"].transform(lambda y: (y.sum() > 0) * len(y)).to_numpy() > 1
    table, slopes = table[seen], slopes[seen]
    period = pd.get_dummies(table["t"], dtype=float).iloc[:, 1:]
    z = np.hstack([slopes, period, pd.get_dummies(table["u"], dtype=float)])
    y, w = table["y"].to_numpy(), table["w"].to_numpy()
    b = np.linalg.lstsq(z, np.log(y + 0.5), rcond=None)[0]
    for _ in range(60):
        mean = np.exp(z @ b)
        b = b + np.linalg.solve(z.T @ (z * (w * mean)[:, None]), z.T @ (w * (y - mean)))
    mean = np.exp(z @ b)
    inverse = np.linalg.inv(z.T @ (z * (w * mean)[:, None]))
    scores = (
        pd.DataFrame(z * (w * (y - mean))[:, None]).groupby(table[by].to_numpy()).sum().to_numpy()
    )
    rows, parameters, groups = len(y), slopes.shape[1] + period.shape[1] + 1, len(scores)
    factor = (rows - 1) / (rows - parameters) * groups / (groups - 1)
    k = slopes.shape[1]
    return b[:k], factor * (inverse @ scores.T @ scores @ inverse)[:k, :k]


def test_by_hand() -> None:
    table = tidy(
        {
            "a": (None, [1, 2]),
            "b": (None, [4, 3]),
            "c": (2, [2, 6]),
            "d": (2, [3, 3]),
            "z": (None, [0, 0]),
        }
    )
    effects = ppml(prepared(table), "static")
    # treated 5 -> 9, comparison 5 -> 5
    np.testing.assert_allclose(effects.estimates, [np.log(9 / 5)], rtol=1e-10)
    psi = np.array([6 / 9 - 2 / 5, 3 / 9 - 3 / 5, 2 / 5 - 1 / 5, 3 / 5 - 4 / 5])
    # 8 rows and 4 units with counts; K is the effect and two periods
    np.testing.assert_allclose(effects.covariance, [[psi @ psi * 7 / 5 * 4 / 3]], rtol=1e-10)
    assert effects.df == 3
    frame = effects.to_frame()
    assert frame[["role", "n_treated", "n_comparison", "base_mean"]].iloc[0].tolist() == [
        "static",
        2,
        2,
        2.5,
    ]


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("by", ["u", "c"])
def test_dense_poisson(holes: float, by: str) -> None:
    table = random_table(1, holes=holes)
    panel = prepared(table, weights="w", cluster=None if by == "u" else "c")
    effects = ppml(panel, "event_time")
    event = (table["t"] - table["g"]).to_numpy()
    slopes = np.column_stack([(event == e).astype(float) for e in effects.cells["event_time"]])
    coefficient, covariance = dense(table, slopes, by)
    np.testing.assert_allclose(effects.estimates, coefficient, rtol=1e-9)
    np.testing.assert_allclose(effects.covariance, covariance, rtol=1e-8)


def test_dense_poisson_with_the_donut() -> None:
    table = random_table(2)
    effects = ppml(prepared(table, weights="w"), "static", leave_out=1)
    kept = table[table["t"] != table["g"] - 1].reset_index(drop=True)
    slope = (kept["t"] >= kept["g"]).to_numpy(float)[:, None]
    coefficient, covariance = dense(kept, slope)
    np.testing.assert_allclose(effects.estimates, coefficient, rtol=1e-9)
    np.testing.assert_allclose(effects.covariance, covariance, rtol=1e-8)
    roles = ppml(prepared(table), leave_out=1).cells.set_index("event_time")["role"]
    assert roles[-1] == "left_out" and -2 not in roles.index and roles[-3] == "pre"


@pytest.mark.parametrize("covariate", ["x", "k"])
def test_covariates_by_pyfixest(covariate: str) -> None:
    table = random_table(3)
    frame = ppml_with_covariates(
        prepared(table, weights="w", cluster="c", covariates=[covariate]), "static"
    )
    columns = [(table["t"] >= table["g"]).to_numpy(float)]
    if covariate == "x":
        columns.append(table["x"].to_numpy())
    else:  # constant within units: once per period
        columns += [(table["k"] * (table["t"] == t)).to_numpy() for t in range(2, 7)]
    coefficient, covariance = dense(table, np.column_stack(columns), "c")
    np.testing.assert_allclose(frame["estimate"], coefficient, rtol=1e-6)
    np.testing.assert_allclose(frame["std_error"], np.sqrt(np.diag(covariance)), rtol=1e-6)
    assert frame["term"].tolist()[:2] == ["treatment", "x" if covariate == "x" else "k in 2"]


def test_on_complete_panels_cohort_effects_give_the_same() -> None:
    """Regressors alike within a cohort.

    Unit effects and cohort effects have one profile likelihood.
    """
    table = random_table(4, holes=0)
    effects = ppml(prepared(table), "cohort_event")
    sums = table.assign(g=table["g"].fillna(99)).groupby(["g", "t"], as_index=False)["y"].sum()
    pairs = effects.cells[["cohort", "event_time"]].to_numpy()
    slopes = np.column_stack(
        [((sums["g"] == g) & (sums["t"] - g == e)).to_numpy(float) for g, e in pairs]
    )
    coefficient, _ = dense(sums.assign(u=sums["g"], w=1.0), slopes)
    np.testing.assert_allclose(effects.estimates, coefficient, rtol=1e-9)


def test_effects_without_counts_are_named() -> None:
    table = random_table(5, holes=0)
    table.loc[(table["t"] - table["g"]) == 2, "y"] = 0
    effects = ppml(prepared(table))
    note = effects.ledger.set_index("reason").loc["effect without outcomes above zero to set it by"]
    assert note["examples"] == ("2",)
    assert 2 not in effects.cells["event_time"].tolist()
    rest = table[(table["t"] - table["g"]) != 2]
    np.testing.assert_allclose(effects.estimates, ppml(prepared(rest)).estimates, rtol=1e-9)
    np.testing.assert_allclose(effects.covariance, ppml(prepared(rest)).covariance, rtol=1e-8)


def test_an_empty_period_and_nobody_never_treated() -> None:
    table = random_table(6, holes=0)
    empty = table.assign(y=table["y"] * (table["t"] != 4))
    np.testing.assert_allclose(
        ppml(prepared(empty), "static").covariance,
        ppml(prepared(table[table["t"] != 4]), "static").covariance,
    )
    treated = prepared(table[table["g"].notna()])
    effects = ppml(treated)
    note = effects.ledger.set_index("reason").loc[
        "event time that unit and period effects and the others make up"
    ]
    assert note["examples"] == (
        "-3",
        "-4",
    )  # the earliest; two, as all first treatments lie two periods apart
    with pytest.raises(ZgzxError, match="nobody is left to compare with"):
        ppml(treated, "cohort_event")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"y": lambda d: d["y"] - 1}, {}, "zero or more"),
        ({"y": lambda d: d["y"] * 0}, {}, "no outcome is above zero"),
        ({"v": lambda d: d["t"] + 0.0}, {"weights": "v"}, "weights change within units"),
    ],
)
@pytest.mark.parametrize("estimate", [ppml, ppml_with_covariates])
def test_errors(
    estimate: Any, change: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    panel = prepared(random_table(7).assign(**change), **options)
    with pytest.raises(ZgzxError, match=message) as error:
        estimate(panel)
    assert error.value.remedy and (error.value.examples or "zero or more" not in message)
    with pytest.raises(ZgzxError, match="unknown"):
        estimate(panel, "event")
    for leave_out in (-1, 1.5, "a"):
        with pytest.raises(ZgzxError, match="must be 0 or a positive whole number"):
            estimate(panel, leave_out=leave_out)


def test_ppml_points_to_the_one_with_covariates() -> None:
    with pytest.raises(ZgzxError, match="ppml_with_covariates"):
        ppml(prepared(random_table(7), covariates=["x"]))


def test_an_effect_that_covariates_take_over_is_an_error() -> None:
    table = random_table(8).assign(d=lambda t: (t["t"] >= t["g"]) * 2.0)
    with pytest.raises(ZgzxError, match="cannot be separated from"):
        ppml_with_covariates(prepared(table, covariates=["d"]), "static")
    with pytest.raises(ZgzxError, match="no effect can be separated"):
        ppml(prepared(table[table["g"] == 3]), "static")


def test_one_cluster_is_an_error() -> None:
    with pytest.raises(ZgzxError, match="too few clusters"):
        ppml(prepared(random_table(8).assign(one=1), cluster="one"), "static")


def test_public_names_and_json() -> None:
    effects = zr.ppml(prepared(random_table(9)))
    assert zr.ppml_with_covariates is ppml_with_covariates
    again = zr.Effects.from_json(effects.to_json())
    np.testing.assert_array_equal(again.covariance, effects.covariance)
    assert effects.pretest()["df"] == (effects.cells["role"] == "pre").sum()
