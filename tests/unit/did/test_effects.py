"""Effects by hand: small panels whose answer fits on paper."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core.inference import ratio_interval, simultaneous_quantile, wald_test
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError


def panel(
    units: dict[str, tuple[float | None, list[float | None]]], **options: str
) -> PreparedPanel:
    """Units as name: (first treated, outcomes from period 1 on)."""
    rows = [(u, t + 1, y, g) for u, (g, path) in units.items() for t, y in enumerate(path)]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"]).astype({"y": float, "g": float})
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", **options)


TWO_BY_TWO = {
    "a": (2, [1, 5]),
    "b": (2, [3, 9]),
    "c": (None, [2, 3]),
    "d": (None, [4, 8]),
    "e": (None, [6, 7]),
}


def test_two_by_two_by_hand() -> None:
    """Changes 4, 6 against 1, 4, 1: effect 5 - 2 = 3; variance (1+1)/2² + (1+4+1)/3²."""
    row = estimate_effects(panel(TWO_BY_TWO)).aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(3, abs=1e-12)
    assert row["std_error"] == pytest.approx(np.sqrt(2 / 4 + 6 / 9), abs=1e-12)
    assert row["ci_high"] == pytest.approx(
        3 + 1.959963984540054 * np.sqrt(2 / 4 + 6 / 9), abs=1e-10
    )
    assert (row["n_treated"], row["n_comparison"], row["base_mean"]) == (2, 3, 2)


def test_the_mean_without_treatment_by_hand() -> None:
    """Totals without treatment over the units and periods that are compared.

    The comparison doubles each period. Cohort 3 has a base of 4, so 8 and 16 without treatment.
    Cohort 2 has a base of 4, so 8; one period later only its unit of base 6 is still seen, so 24.
    """
    units = {
        "a": (3, [1, 3, 9, 20]),
        "b": (3, [2, 5, 9, 20]),
        "c": (2, [6, 15, 30, 50]),
        "d": (2, [2, 9, None, None]),
        "e": (None, [10, 20, 40, 80]),
        "f": (None, [10, 20, 40, 80]),
    }
    event = estimate_effects(panel(units), scale="ratio").aggregate("event_time")
    assert event.counterfactual_mean((0, 0)) == pytest.approx((2 * 8 + 2 * 8) / 4, abs=1e-12)
    both = (2 * 8 + 2 * 8 + 2 * 16 + 24) / (4 + 3)
    assert event.counterfactual_mean((0, 1)) == pytest.approx(both, abs=1e-12)
    frame = event.window(0, 1).iloc[0]
    treated = (9 + 9 + 15 + 9 + 20 + 20 + 30) / 7
    assert frame["estimate"] * both == pytest.approx(treated - both, abs=1e-12)
    difference = estimate_effects(panel(units)).aggregate("event_time")
    assert np.isnan(difference.counterfactual_mean((0, 1)))


def test_ratio_by_hand() -> None:
    """Treated 4 to 14, comparison 12 to 18: 14 against 4 · 18/12 = 6, so 4/3 more than without."""
    effects = estimate_effects(panel(TWO_BY_TWO), scale="ratio")
    row = effects.aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(14 / 6 - 1, abs=1e-12)
    treated = [(5 / 7 - 1 / 2) / 2, (9 / 7 - 3 / 2) / 2]
    comparison = [(3 / 6 - 2 / 4) / 3, (8 / 6 - 4 / 4) / 3, (7 / 6 - 6 / 4) / 3]
    error = np.sqrt(np.sum(np.square(treated + comparison)))
    assert row["std_error"] == pytest.approx(error * 14 / 6, abs=1e-12)
    for bound in (
        row["ci_low"],
        row["ci_high"],
    ):  # Fieller: |14 - r 6| is 1.96 standard errors of itself
        r = 1 + bound
        change = np.array([5 - 1.5 * r * 1, 9 - 1.5 * r * 3])
        others = r * 6 * np.array(comparison)
        assert abs(14 - 6 * r) == pytest.approx(
            1.959963984540054 * np.sqrt(((change - change.mean()) ** 2).sum() + (others**2).sum()),
            abs=1e-9,
        )


def changes(sizes: dict[float, int], seed: int) -> pd.DataFrame:
    """Long panel of two periods; units of a cohort change by chance."""
    rng, rows = np.random.default_rng(seed), []
    for start, size in sizes.items():
        for k in range(size):
            first = rng.normal()
            rows += [
                (f"{start}-{k}", 1, first, start),
                (f"{start}-{k}", 2, first + rng.normal(), start),
            ]
    return pd.DataFrame(rows, columns=["unit", "period", "y", "start"])


ROLES = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}


def test_cohort_correction_is_the_textbook_variance() -> None:
    """Two periods: s²/n of the treated changes plus that of the others; df is treated - 1."""
    table = changes({2.0: 4, np.nan: 9}, 1)
    row = (
        estimate_effects(prepare_panel(table, **ROLES), cohort_correction=True)
        .aggregate("overall")
        .to_frame()
        .iloc[0]
    )
    wide = table.pivot(index="unit", columns="period", values="y")
    change = wide[2] - wide[1]
    treated, others = (
        change[change.index.str.startswith("2")],
        change[~change.index.str.startswith("2")],
    )
    error = np.sqrt(treated.var(ddof=1) / 4 + others.var(ddof=1) / 9)
    assert row["std_error"] == pytest.approx(error, rel=1e-12)
    assert row["ci_high"] - row["estimate"] == pytest.approx(
        3.182446305284263 * error, rel=1e-9
    )  # t(3)


def test_cohort_correction_counts_clusters_where_there_are_any() -> None:
    """Units that stand twice, clustered, are the units once."""
    table = changes({2.0: 5, np.nan: 8}, 2)
    twice = pd.concat(
        [
            table.assign(cluster=table["unit"]),
            table.assign(unit=table["unit"] + "b", cluster=table["unit"]),
        ]
    )
    once = estimate_effects(prepare_panel(table, **ROLES), cohort_correction=True)
    both = estimate_effects(
        prepare_panel(twice, **ROLES, cluster="cluster"), cohort_correction=True
    )
    assert both.covariance == pytest.approx(once.covariance, rel=1e-12)
    assert both.df == once.df == 4


def test_cohort_correction_needs_no_covariates() -> None:
    table = changes({2.0: 5, np.nan: 8}, 3).assign(x=lambda t: t["unit"].str[-1].astype(int))
    data = prepare_panel(table, **ROLES, covariates=("x",))
    with pytest.raises(ZgzxError, match="correction for small cohorts"):
        estimate_effects(data, adjustment="outcome_regression", cohort_correction=True)


def test_ratio_interval_without_upper_end() -> None:
    """Where the counterfactual may be zero nothing can be ruled out above."""
    covariance = np.array([[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]])
    low, high = ratio_interval(np.array([4.0, 1.0]), np.array([1.0, 1.0]), covariance, 2.0)
    assert high.tolist() == [np.inf, np.inf]
    # (4 - r)² = 4 (1 + r²) at r = (-4 + √(16 + 36)) / 3... for the first row, and 0 is possible for
    # the second
    assert low[0] == pytest.approx((-4 + np.sqrt(52)) / 3, abs=1e-12)
    assert low[1] == 0


STAGGERED = {
    "a": (3, [1, 2, 9, 10, 4]),
    "b": (3, [2, 2, 6, 8, 7]),
    "c": (4, [1, 3, 4, 9, 9]),
    "d": (4, [5, 6, 6, 12, 10]),
    "e": (None, [2, 3, 3, 4, 6]),
    "f": (None, [0, 1, 3, 3, 2]),
    "g": (None, [4, 4, 5, 7, 7]),
    "h": (4, [2, 1, 3, 5, 8]),
}


def test_donut_is_anticipation_with_other_labels() -> None:
    data = panel(STAGGERED)
    donut, early = estimate_effects(data, leave_out=1), estimate_effects(data, anticipation=1)
    pd.testing.assert_series_equal(donut.to_frame()["estimate"], early.to_frame()["estimate"])
    roles = donut.cells.set_index(["cohort", "event_time"])["role"]
    assert roles[3, -1] == "left_out"
    assert roles[4, -2] == "reference"
    assert (early.cells["role"] == "left_out").sum() == 0
    assert donut.aggregate("event_time").pretest()["df"] == 1  # e = -3 alone; e = -1 takes no part


def test_window_keeps_one_set_of_cohorts() -> None:
    """Cohort 4 is not seen at e = 2, so the window 0..2 is cohort 3 alone."""
    effects = estimate_effects(panel(STAGGERED))
    cells = effects.to_frame()
    expected = cells[(cells["cohort"] == 3) & cells["event_time"].between(0, 2)]["estimate"].mean()
    row = effects.aggregate("event_time").window(0, 2).iloc[0]
    assert row["estimate"] == pytest.approx(expected, abs=1e-12)
    assert row["n_treated"] == 2
    with pytest.raises(ZgzxError, match="no cohort is seen at every event time from 0 to 9"):
        effects.aggregate("event_time").window(0, 9)


def test_pooled_base_by_hand() -> None:
    """Cohort 4, period 4: change from the mean of periods 1 to 3, less that of the controls."""
    effects = estimate_effects(panel(STAGGERED), base_period="pooled")
    cell = effects.to_frame().query("cohort == 4 and period == 4").iloc[0]
    treated = np.mean([9 - 8 / 3, 12 - 17 / 3, 5 - 6 / 3])
    comparison = np.mean([4 - 8 / 3, 3 - 4 / 3, 7 - 13 / 3])
    assert cell["estimate"] == pytest.approx(treated - comparison, abs=1e-12)
    assert (
        effects.aggregate("event_time").pretest()["df"] == 2
    )  # e = -3, -2, -1 sum to zero, so one is redundant
    assert effects.pretest()["df"] == 3  # two of the three of cohort 4, one of the two of cohort 3


def test_pairwise_gaps_use_units_seen_twice() -> None:
    holes = dict(TWO_BY_TWO) | {"f": (None, [None, 50]), "g": (2, [None, 70])}
    row = estimate_effects(panel(holes)).aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(3, abs=1e-12)
    crossed = (
        estimate_effects(panel(holes, gaps="cross_section")).aggregate("overall").to_frame().iloc[0]
    )
    assert crossed["estimate"] == pytest.approx((84 / 3 - 4 / 2) - (68 / 4 - 12 / 3), abs=1e-12)


def test_weights_repeat_units_in_the_estimate() -> None:
    weights = dict(zip(TWO_BY_TWO, (1, 3, 1, 1, 2), strict=True))
    rows = [
        (u, t + 1, y, g, weights[u])
        for u, (g, path) in TWO_BY_TWO.items()
        for t, y in enumerate(path)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g", "w"]).astype({"g": float})
    data = prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g", weights="w")
    row = estimate_effects(data).aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx((4 + 18) / 4 - (1 + 4 + 2) / 4, abs=1e-12)
    influence = np.array(
        [(4 - 5.5) / 4, 3 * (6 - 5.5) / 4, (1 - 1.75) / 4, (4 - 1.75) / 4, 2 * (1 - 1.75) / 4]
    )
    assert row["std_error"] == pytest.approx(np.sqrt((influence**2).sum()), abs=1e-12)


def test_zero_cells_leave_by_name_and_zero_treated_stays() -> None:
    zeros = {"a": (2, [1, 0]), "b": (2, [3, 0]), "c": (None, [2, 3]), "d": (None, [2, 1])}
    row = estimate_effects(panel(zeros), scale="ratio").aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == -1
    assert np.isnan(row["std_error"])
    nothing = {"a": (2, [1, 2]), "b": (2, [3, 2]), "c": (None, [2, 0]), "d": (None, [2, 0])}
    ledger = estimate_effects(panel(nothing), scale="ratio").ledger.set_index("reason")
    assert ledger.loc["cell whose comparison mean is not positive", "examples"] == ("(2, 2)",)


def test_a_cohort_with_nothing_at_its_base_stays_in_totals() -> None:
    """Without it totals would be of the cohorts with lucky bases alone."""
    never = {"e": [2, 3, 3], "f": [2, 1, 3]}
    lucky, idle = {"c": [2, 3, 4], "d": [0, 1, 1]}, {"a": [0, 0, 1], "b": [0, 0, 3]}
    rows = [
        {u: (g, path) for u, path in group.items()}
        for g, group in ((None, never), (2, lucky), (3, idle))
    ]
    effects = estimate_effects(panel(rows[0] | rows[1] | rows[2]), scale="ratio")
    ledger = effects.ledger.set_index("reason")
    kept = ledger.loc["cell whose treated base is zero: no ratio of its own, stays in totals"]
    assert kept["examples"] == ("(3, 1)", "(3, 2)", "(3, 3)")
    cells = effects.to_frame().set_index("cohort")
    assert cells.loc[3, ["estimate", "std_error", "ci_low", "ci_high", "mde"]].isna().all(axis=None)
    total, without = (4 + 5) + 4, 2 * 2 / 2 + 2 * 3 / 2  # means of the never treated: 2, 2, 3
    row = effects.aggregate("overall").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(total / without - 1, abs=1e-12)
    squares = 0.0
    for y1, y2, y3 in lucky.values():  # N is taken about means 2 and 2.5, D = (1 + 1.5) y1 about 1
        squares += ((y2 - 2 + y3 - 2.5) / total - 2.5 * (y1 - 1) / without) ** 2
    for _, _, y3 in idle.values():
        squares += ((y3 - 2) / total) ** 2
    for (
        y1,
        y2,
        y3,
    ) in never.values():  # growth c / d of two units each, times the lucky cohort's total base of 2
        growth = ((y2 - 2) / 2 - 2 * (y1 - 2) / 4 + (y3 - 3) / 2 - 3 * (y1 - 2) / 4) / 2
        squares += (2 * growth / without) ** 2
    assert row["std_error"] == pytest.approx(total / without * np.sqrt(squares), abs=1e-12)
    assert np.isfinite(
        effects.aggregate("event_time").to_frame().set_index("event_time").loc[0, "estimate"]
    )


def test_a_pretest_skips_cells_in_which_nobody_has_anything() -> None:
    usual = {
        f"u{k}": (5 if k < 6 else None, [2 + (k * j) % 5 for j in range(5)]) for k in range(12)
    }
    idle = {"a": (4, [0, 0, 0, 0, 1]), "b": (4, [0, 0, 0, 0, 3])}
    with_idle = estimate_effects(panel(usual | idle), scale="ratio")
    assert (with_idle.cells["cohort"] == 4).any()
    assert with_idle.pretest() == estimate_effects(panel(usual), scale="ratio").pretest()
    assert with_idle.pretest()["note"] == ""


def test_one_unit_cohort_has_no_confident_error() -> None:
    effects = estimate_effects(panel(dict(STAGGERED) | {"z": (5, [0, 9, 1, 2, 4])}))
    assert "cohort of one unit: no standard error of its own" in set(effects.ledger["reason"])
    cells = effects.to_frame()
    assert cells.loc[cells["cohort"] == 5, "std_error"].isna().all()


def test_nobody_left_to_compare_offers_the_remedy() -> None:
    everyone = {"a": (2, [1, 2, 3]), "b": (3, [1, 2, 5]), "c": (3, [2, 2, 3])}
    with pytest.raises(ZgzxError, match="Pass controls='not_yet_treated'"):
        estimate_effects(panel(everyone))
    assert len(estimate_effects(panel(everyone), controls="not_yet_treated").cells) == 2


def test_unknown_options_name_the_allowed() -> None:
    with pytest.raises(
        ZgzxError, match=r"scale='log' is unknown. Choose one of difference, ratio."
    ):
        estimate_effects(panel(TWO_BY_TWO), scale="log")
    with pytest.raises(
        ZgzxError, match=r"leave_out=-1 is not usable\. Pass a whole number of 0 or more"
    ):
        estimate_effects(panel(TWO_BY_TWO), leave_out=-1)


@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_json_round_trip_is_exact(scale: str) -> None:
    effects = estimate_effects(panel(STAGGERED), scale=scale, leave_out=1)
    again = Effects.from_json(effects.to_json())
    assert again.to_json() == effects.to_json()
    pd.testing.assert_frame_equal(
        again.aggregate("event_time").to_frame(), effects.aggregate("event_time").to_frame()
    )


def test_simultaneous_quantile_of_independent_rows() -> None:
    """For k independent normals P(max|Z| < c) = (2Φ(c) - 1)^k, so c = Φ⁻¹((1 + .95^(1/k)) / 2)."""
    from scipy.stats import norm

    assert simultaneous_quantile(np.diag([1.0, 4, 9, 16]), 0.95, 0) == pytest.approx(
        norm.ppf((1 + 0.95**0.25) / 2), abs=0.02
    )
    assert simultaneous_quantile(np.ones((3, 3)), 0.95, 0) == pytest.approx(
        norm.ppf(0.975), abs=0.02
    )


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_simultaneous_quantile_of_rows_with_one_common_part(rows: int, level: float) -> None:
    """Z = √.6 U + √.4 V_i: given U rows are independent, so P(max|Z| < c) is one integral."""
    from scipy.stats import norm

    u = norm.ppf((np.arange(4000) + 0.5) / 4000)
    quantile = simultaneous_quantile(0.6 * np.ones((rows, rows)) + 0.4 * np.eye(rows), level, 0)
    inside = [norm.cdf((side * quantile - np.sqrt(0.6) * u) / np.sqrt(0.4)) for side in (1, -1)]
    assert ((inside[0] - inside[1]) ** rows).mean() == pytest.approx(level, abs=0.012)


def test_simultaneous_quantile_of_t() -> None:
    """Rows independent given the common χ²: P(max|T| < c) = E (2Φ(c s) - 1)^k, s² = χ²(5) / 5."""
    from scipy.stats import chi2, norm

    s = np.sqrt(chi2.ppf((np.arange(4000) + 0.5) / 4000, 5) / 5)
    quantile = simultaneous_quantile(np.eye(6), 0.95, 0, 5)
    assert ((2 * norm.cdf(quantile * s) - 1) ** 6).mean() == pytest.approx(0.95, abs=0.002)


def test_singular_wald_is_refused_with_the_reason() -> None:
    result = wald_test(np.array([1.0, 2.0]), np.ones((2, 2)))
    assert np.isnan(result["p_value"])
    assert (
        result["note"]
        == "the covariance of the 2 estimates has rank 1: too few treated units for a joint test"
    )


def test_minimum_detectable_effect_is_found_with_the_promised_power() -> None:
    """Difference: 2.80 standard errors.

    Ratio: at the stated effect, N - D is 2.80 of its own standard errors.
    """
    difference = estimate_effects(panel(TWO_BY_TWO)).aggregate("overall").to_frame().iloc[0]
    assert difference["mde"] == pytest.approx(2.8015852 * difference["std_error"], abs=1e-6)
    many = {f"t{i}": (2, [4 + i % 3, 9 + i % 4]) for i in range(30)} | {
        f"c{i}": (None, [5 + i % 4, 6 + i % 3]) for i in range(40)
    }
    effects = estimate_effects(panel(many), scale="ratio")
    row = effects.aggregate("overall")
    mde = row.to_frame()["mde"].iloc[0]
    (treated,), (counterfactual,) = row.rows.totals
    covariance = np.einsum(
        "irm,mn,jrn->ij", row.rows.by_totals, effects.numbers.covariance, row.rows.by_totals
    )
    grown = (
        (1 + mde) * counterfactual / treated
    )  # the treated total if the effect were the stated one
    variance = grown**2 * covariance[0, 0] - 2 * grown * covariance[0, 1] + covariance[1, 1]
    assert mde * counterfactual == pytest.approx(2.8015852 * np.sqrt(variance), rel=1e-6)


def test_an_event_time_is_what_its_informative_cells_are() -> None:
    """A cohort with one early period is its own pooled base there.

    The event time still counts as before.
    """
    frame = (
        estimate_effects(panel(STAGGERED), base_period="pooled", leave_out=1)
        .aggregate("event_time")
        .to_frame()
    )
    assert frame["event_time"].tolist() == [-3, -2, -1, 0, 1, 2]
    assert frame["role"].tolist() == ["pre", "pre", "left_out", "post", "post", "post"]


def test_min_event_zero_is_not_taken_for_missing() -> None:
    frame = (
        estimate_effects(panel(STAGGERED))
        .aggregate("event_time", balance=1, min_event=0)
        .to_frame()
    )
    assert frame["event_time"].tolist() == [0, 1]


def test_ratio_refuses_negative_outcomes_and_says_why_there_is_none() -> None:
    with pytest.raises(ZgzxError, match=r"outcomes of zero or more, 1 affected, e\.g\. -5"):
        estimate_effects(panel(dict(TWO_BY_TWO) | {"z": (None, [-5, 1])}), scale="ratio")
    with pytest.raises(ZgzxError, match="no base or comparison mean is positive"):
        zeros = {"a": (2, [0, 5]), "b": (2, [0, 2]), "c": (None, [1, 2]), "d": (None, [1, 1])}
        estimate_effects(panel(zeros), scale="ratio")
    with pytest.raises(ZgzxError, match="no unit is treated after a period"):
        estimate_effects(panel({"c": (None, [1, 2]), "d": (None, [1, 1])}))
