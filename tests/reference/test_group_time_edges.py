"""The 40 odd inputs R's did was given.

Where it answers well we agree, where it falls silent we speak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from golden import load, same, table

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

CASES = load("did_edge_cases")
ROLES = {"outcome": "lemp", "unit": "countyreal", "period": "year", "first_treated": "first"}
ADJUSTMENTS = {"dr": "doubly_robust", "ipw": "inverse_probability", "reg": "outcome_regression"}


def mpdta(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda data: data) -> pd.DataFrame:
    return change(table("mpdta"))


def recoded(code: int) -> pd.DataFrame:
    """The first 20 never treated counties take another first year."""
    data = mpdta()
    never = data.loc[data["first"].isna(), "countyreal"].unique()[:20]
    return data.assign(first=data["first"].mask(data["countyreal"].isin(never), code))


def one_unit() -> pd.DataFrame:
    data = mpdta()
    first = data.loc[data["first"] == 2004, "countyreal"].iloc[0]
    return data[(data["first"] != 2004) | (data["countyreal"] == first)]


def without_covariate() -> pd.DataFrame:
    """lpop is missing in the rows in which mpdta_na_y lacks its outcome."""
    holes = table("mpdta_na_y")[["countyreal", "year", "lemp"]].rename(columns={"lemp": "seen"})
    data = mpdta().merge(holes, on=["countyreal", "year"])
    return data.assign(lpop=data["lpop"].where(data["seen"].notna()))


def treated_only() -> pd.DataFrame:
    return mpdta(lambda data: data[data["first"].notna()])


def last_as_never() -> pd.DataFrame:
    """What R does by itself when nobody is never treated; here the caller has to say it."""
    data = treated_only().query("year < 2007")
    return data.assign(first=data["first"].where(data["first"] < 2007))


def mpdta_tv() -> pd.DataFrame:
    data = table("mpdta_tv_cov")
    return data.assign(first_weight=data.groupby("countyreal")["wtv"].transform("first"))


def small(name: str) -> tuple[Callable[[], pd.DataFrame], dict, dict]:
    """Panel and options of the cases small_group_3units_… and one_unit_group_…"""
    make = one_unit if name.startswith("one_unit") else (lambda: table("mpdta_small_group"))
    lpop = "lpop" in name
    adjustment = ADJUSTMENTS[name.rsplit("_", 1)[1]] if lpop else "none"
    return make, {"covariates": ("lpop",)} if lpop else {}, {"adjustment": adjustment}


DR = {"adjustment": "doubly_robust"}
# case -> how its panel comes about, roles beyond the usual, options
AGREE: dict[str, tuple[Callable[[], pd.DataFrame], dict[str, Any], dict[str, Any]]] = {
    "treated_in_first_period": (lambda: table("mpdta_treated_first_period"), {}, {}),
    "treated_in_first_period_nyt": (
        lambda: table("mpdta_treated_first_period"),
        {},
        {"controls": "not_yet_treated"},
    ),
    "treated_before_first_period": (lambda: recoded(2001), {}, {}),
    "treated_after_last_period": (lambda: recoded(2010), {}, {}),
    "gap_group_2005": (lambda: recoded(2005), {}, {}),
    "never_as_Inf": (mpdta, {}, {}),
    "never_as_NA": (last_as_never, {}, {}),
    "no_never_nevertreated": (last_as_never, {}, {}),
    "no_never_notyettreated": (treated_only, {}, {"controls": "not_yet_treated"}),
    "no_never_notyettreated_ant1": (
        treated_only,
        {},
        {"controls": "not_yet_treated", "anticipation": 1},
    ),
    **{name: small(name) for name in CASES if name.startswith(("small_group", "one_unit"))},
    "na_y_balanced": (lambda: table("mpdta_na_y"), {"gaps": "balance"}, {}),
    "na_y_unbalanced": (lambda: table("mpdta_na_y"), {"gaps": "cross_section"}, {}),
    "na_x_xformla1": (mpdta, {}, {}),
    "na_x_lpop": (without_covariate, {"covariates": ("lpop",)}, DR),
    "missing_period_2005": (lambda: mpdta(lambda data: data[data["year"] != 2005]), {}, {}),
    "missing_period_2005_univ": (
        lambda: mpdta(lambda data: data[data["year"] != 2005]),
        {},
        {"base_period": "universal"},
    ),
    "collinear_covariate": (
        lambda: mpdta(lambda data: data.assign(z=2 * data["lpop"] + 1)),
        {"covariates": ("lpop", "z")},
        DR,
    ),
    "quadratic": (
        lambda: mpdta(lambda data: data.assign(square=data["lpop"] ** 2)),
        {"covariates": ("lpop", "square")},
        DR,
    ),
    **{
        f"time_varying_cov_{base}_fast{fast}": (
            mpdta_tv,
            {"covariates": ("xtv",)},
            DR | {"base_period": base},
        )
        for base in ("varying", "universal")
        for fast in ("TRUE", "FALSE")
    },
    "tv_weights_fix_NULL": (mpdta_tv, {"weights": "wtv"}, {}),
    "tv_weights_fix_varying": (mpdta_tv, {"weights": "wtv", "gaps": "cross_section"}, {}),
    "tv_weights_fix_base_period": (
        mpdta_tv,
        {"weights": "wtv", "covariates_at": "base"},
        {"base_period": "universal"},
    ),
    "tv_weights_fix_first_period": (mpdta_tv, {"weights": "first_weight"}, {}),
}
REFUSED = {
    "duplicate_row": (
        lambda: mpdta(lambda data: pd.concat([data, data.iloc[[3]]])),
        "stands more than once",
    ),
    "time_varying_g": (
        lambda: mpdta(lambda data: data.assign(first=data["first"].where(data.index != 0, 2006.0))),
        "changes within a unit",
    ),
}
SPECS = [*AGREE, *REFUSED]


def estimate(data: pd.DataFrame, roles: dict[str, Any], options: dict[str, Any]) -> Effects:
    panel = prepare_panel(data, **(ROLES | {"covariates_at": "earlier"} | roles))
    return estimate_effects(panel, **({"base_period": "varying"} | options))


@pytest.mark.parametrize("name", AGREE)
def test_edge_case(name: str) -> None:
    make, roles, options = AGREE[name]
    spec = CASES[name]
    effects = estimate(make(), roles, options)
    if name == "collinear_covariate":  # R loses every cell; the right answer is that of lpop alone
        assert all(value is None for value in spec["att"])
        alone = estimate(make(), {"covariates": ("lpop",)}, options)
        np.testing.assert_allclose(effects.estimates, alone.estimates, rtol=1e-9)
        assert (effects.ledger["reason"].str.contains("combination of the others")).any()
        return
    theirs = pd.DataFrame(
        {"cohort": spec["group"], "period": spec["t"], "att": spec["att"], "se": spec["se"]}
    )
    both = effects.to_frame().merge(theirs, on=["cohort", "period"], how="right")
    if name == "tv_weights_fix_base_period":  # R's base before treatment still varies there
        both = both[both["role"] == "post"]
    own = both["std_error"].notna() | both["se"].isna() | (both["role"] == "reference")
    assert own.all() or (name.startswith("one_unit") and (both["cohort"][~own] == 2004).all())
    same(both["estimate"], both["att"], 1e-8, file="did_edge_cases", spec=name, quantity="estimate")
    same(
        both["std_error"][own],
        both["se"][own],
        1e-6,
        file="did_edge_cases",
        spec=name,
        quantity="std_error",
    )


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    make, words = REFUSED[name]
    assert CASES[name]["error"]
    with pytest.raises(ZgzxError, match=words):
        estimate(make(), {}, {})


@pytest.mark.parametrize("code", [np.inf, 0.0])
def test_a_number_for_never_is_an_error(code: float) -> None:
    """R reads infinity as never and a missing value as a row to drop.

    Here only missing means never.
    """
    with pytest.raises(ZgzxError, match="Set it to missing"):
        estimate(mpdta(lambda data: data.assign(first=data["first"].fillna(code))), {}, {})


def test_nobody_never_treated_is_an_error_that_offers_not_yet() -> None:
    with pytest.raises(ZgzxError, match="controls='not_yet_treated'"):
        estimate(treated_only(), {}, {})


def test_a_single_unit_cohort_never_looks_certain() -> None:
    """R: the aggregates count a one-unit cohort as known exactly.

    Here its spread is that of the other cohorts.
    """
    event = estimate(one_unit(), {}, {}).aggregate("event_time")
    ours = event.to_frame().set_index("event_time")
    reference = CASES["one_unit_group_dr"]["aggte"]["dynamic"]
    theirs = pd.Series(reference["se_egt"], index=reference["egt"], dtype=float)
    assert np.isnan(ours.loc[3, "std_error"]) and theirs[3] < 0.02  # seen in that cohort alone
    assert ours.loc[0, "std_error"] > theirs[0]


@pytest.mark.proof
def test_intervals_with_five_single_unit_cohorts_cover() -> None:
    """Coverage was 87 % when one-unit cohorts counted as certain."""
    covered = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        start = np.array([3, 4, 5, 6, 7, *[np.nan] * 20])
        y = rng.normal(size=(25, 1)) + rng.normal(size=(25, 8)).cumsum(axis=1)
        data = pd.DataFrame(
            {"u": np.repeat(range(25), 8), "t": np.tile(range(1, 9), 25), "y": y.ravel()}
        )
        data["g"] = start[data["u"]]
        panel = prepare_panel(data, outcome="y", unit="u", period="t", first_treated="g")
        row = (
            estimate_effects(panel)
            .aggregate("event_time")
            .to_frame()
            .set_index("event_time")
            .loc[0]
        )
        covered.append(row["ci_low"] <= 0 <= row["ci_high"])
    assert 0.92 < np.mean(covered) < 0.985
