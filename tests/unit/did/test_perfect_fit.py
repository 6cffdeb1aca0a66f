"""Standard errors near zero: precise whatever the level of units is.

Unknown, and named, where any outcomes fit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core import perfect_fit
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.effects import Effects

METHODS = (
    "group_time",
    "imputation",
    "interaction_weighted",
    "two_way_fixed_effects",
    "extended_two_way",
    "stacked",
)


def effects(
    table: pd.DataFrame, method: str, covariates: tuple[str, ...] = (), **options: object
) -> Effects:
    panel = prepare_panel(
        table, outcome="y", unit="u", period="t", first_treated="g", covariates=covariates
    )
    if method == "stacked":
        options["event_window"] = (-1, 0)
    return estimate_effects(panel, method=method, **options)  # type: ignore[arg-type]


def overall_error(table: pd.DataFrame, method: str) -> float:
    return float(effects(table, method).aggregate("overall").to_frame()["std_error"].iloc[0])


def table_of(noise: float) -> pd.DataFrame:
    rows = [
        (u, t, 0.1 * t + (u < 6 and t >= 3), 3 if u < 6 else np.nan)
        for u in range(20)
        for t in range(1, 6)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"])
    return table.assign(y=table["y"] + noise * np.random.default_rng(5).normal(size=len(table)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e3, 1e6])
def test_small_errors_beside_large_unit_effects(method: str, size: float) -> None:
    level = size * np.random.default_rng(1).normal(size=20)
    small = table_of(1e-3)
    moved = small.assign(y=small["y"] + level[small["u"]])
    # outcomes of 1e6 carry errors of 1e-10, a millionth of a percent of the noise
    np.testing.assert_allclose(
        overall_error(moved, method), overall_error(small, method), rtol=1e-7
    )
    still = table_of(0.0)
    assert np.isnan(overall_error(still, method))
    assert np.isnan(overall_error(still.assign(y=still["y"] + level[still["u"]]), method))


@pytest.mark.parametrize("size", [0.0, 1e3, 1e6])
def test_perfect_fit_is_unknown_and_named(size: float) -> None:
    """Twelve units with many gaps and a covariate.

    Both leads have as many coefficients as observations.
    """
    rng = np.random.default_rng(5831)
    units, periods = int(rng.integers(8, 30)), int(rng.integers(3, 8))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:4] = [np.nan, np.nan, 2, 2]
    rows = [
        (u, t, rng.gamma(2.0) + u % 3, start[u], rng.random())
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "x"])
    table["x"] = table.groupby("u")["x"].transform("first")
    table = table[rng.random(len(table)) > rng.choice([0, 0.1, 0.3, 0.5])]
    table["y"] += size * rng.normal(size=units)[table["u"]]
    result = effects(table, "imputation", ("x",), adjustment="outcome_regression")
    leads = result.to_frame().query("event_time < 0")
    assert leads["event_time"].tolist() == [-3, -2]
    assert leads["std_error"].isna().all()
    named = result.ledger[result.ledger["reason"].str.startswith("fitted perfectly")]
    assert named["examples"].tolist() == [("-3", "-2")]


def test_many_units_are_no_reason_for_a_second_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    # the standard error is 1e-6 of the outcomes because units are many, not because of rounding
    units, rng = 40_000, np.random.default_rng(3)
    y = 100 + 0.02 * rng.normal(size=2 * units)
    table = pd.DataFrame({"u": np.repeat(np.arange(units), 2), "t": np.tile([1, 2], units), "y": y})
    table["g"] = np.where(table["u"] % 2 == 0, 2.0, np.nan)

    def refused(panel: object) -> object:
        raise AssertionError("fitted again")

    monkeypatch.setattr(perfect_fit, "_with_outcomes_about_units", refused)
    found = effects(table, "group_time").aggregate("overall").to_frame().iloc[0]
    change = y[1::2] - y[::2]
    treated, others = change[::2], change[1::2]
    error = np.sqrt(treated.var() / len(treated) + others.var() / len(others))
    assert found["std_error"] == pytest.approx(error, rel=1e-8)
    assert error / (2 * y.max()) < 2e-6
