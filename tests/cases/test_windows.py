"""A declared window (anticipation, leave_out) reaches late cohorts, pre-test and base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.designs.ppml import ppml, ppml_with_covariates
from zgzx_research.did.estimate import estimate_effects, unit_influence
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.robustness.comparison_weights import check_weights, comparison_weights
from zgzx_research.robustness.wild_bootstrap import wild_cluster_bootstrap

DATA = Path(__file__).parent / "data"
CLOSED = "treated after the panel ends: no comparison from the start of its own declared window on"
METHODS: tuple[dict[str, Any], ...] = (
    {},
    {"controls": "not_yet_treated"},
    {"base_period": "pooled"},
    {"base_period": "varying"},
    {"method": "imputation"},
    {"method": "interaction_weighted"},
    {"method": "two_way_fixed_effects"},
    {"method": "stacked", "event_window": (-3, 1)},
)


def prepared(table: pd.DataFrame, gaps: str = "pairwise", **roles: Any) -> PreparedPanel:
    return prepare_panel(
        table, outcome="y", unit="unit", period="year", first_treated="first", gaps=gaps, **roles
    )


def late_panel(seed: int = 1, *, counts: bool = False) -> pd.DataFrame:
    """Twenty units of each cohort, 2011 to 2018.

    Cohorts 2019, 2020 and 2030 are treated after the panel.
    """
    rng, rows = np.random.default_rng(seed), []
    for unit in range(140):
        first = [2014, 2016, 2019, 2020, 2030, np.nan, np.nan][unit % 7]
        level = rng.normal() + (unit % 7)
        for year in range(2011, 2019):
            y = (
                level
                + 0.3 * (year - 2011)
                + rng.normal()
                + (year >= first)
                + 3 * (year == first - 1)
            )
            rows.append((unit, year, first, float(rng.poisson(np.exp(y / 4))) if counts else y))
    return pd.DataFrame(rows, columns=["unit", "year", "first", "y"])


def before_own_window(table: pd.DataFrame, window: int) -> pd.DataFrame:
    """The table without the late cohorts' rows in their own window, as never treated."""
    late = table["first"] > 2018
    kept = table[~late | (table["year"] + window < table["first"])]
    return kept.assign(first=kept["first"].where(kept["first"] <= 2018))


def by_event(effects: Effects) -> pd.Series:
    return effects.aggregate("event_time").to_frame().set_index("event_time")["estimate"]


def test_a_late_cohort_compares_until_its_own_window_opens() -> None:
    table = pd.read_csv(DATA / "window_late_cohort.csv")
    effects = estimate_effects(prepared(table), leave_out=1)
    event = by_event(effects)
    assert effects.aggregate("overall").to_frame()["estimate"].item() == pytest.approx(
        0.981880, abs=5e-7
    )
    assert event[2] == pytest.approx(0.959386, abs=5e-7) and event[5] == pytest.approx(
        1.035357, abs=5e-7
    )
    row = effects.ledger.set_index("reason").loc[CLOSED]
    assert (row["rows"], row["units"], row["examples"]) == (50, 50, ("2020",))


@pytest.mark.parametrize("options", METHODS)
@pytest.mark.parametrize("window", [{"leave_out": 2}, {"anticipation": 1}])
def test_every_method_as_if_those_rows_were_absent(
    options: dict[str, Any], window: dict[str, int]
) -> None:
    table = late_panel()
    ours = estimate_effects(prepared(table), **options, **window)
    absent = estimate_effects(
        prepared(before_own_window(table, *window.values())), **options, **window
    )
    np.testing.assert_allclose(ours.estimates, absent.estimates, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.covariance, absent.covariance, rtol=1e-7, atol=1e-12)
    assert CLOSED in set(ours.ledger["reason"])


def test_without_a_window_late_cohorts_compare_throughout() -> None:
    table = late_panel()
    never = table.assign(first=table["first"].where(table["first"] <= 2018))
    ours, theirs = estimate_effects(prepared(table)), estimate_effects(prepared(never))
    np.testing.assert_array_equal(ours.covariance, theirs.covariance)
    assert CLOSED not in set(ours.ledger["reason"])


def test_extended_two_way_keeps_their_level_apart() -> None:
    """The late cohorts differ in level.

    Pooled with the never treated, their leaving would look like a change.
    """
    table = late_panel().assign(y=lambda frame: frame["y"] + 50 * (frame["first"] == 2019))
    ours = by_event(estimate_effects(prepared(table), method="extended_two_way", leave_out=1))
    theirs = by_event(estimate_effects(prepared(table), method="interaction_weighted", leave_out=1))
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_cross_sections_leave_a_late_cohort_out_of_both_periods() -> None:
    """Were only its later rows to leave, its level would stay in the mean at the base."""
    table = late_panel().assign(y=lambda frame: frame["y"] + 50 * (frame["first"] == 2019))
    options = {"leave_out": 1, "controls": "never_treated"}
    ours = estimate_effects(prepared(table, "cross_section"), **options).cells.assign(
        estimate=estimate_effects(prepared(table, "cross_section"), **options).estimates
    )
    for cell in ours.itertuples():
        latest, base = max(cell.period, cell.cohort - 2), cell.cohort - 2
        used = table[
            (table["first"].isna())
            | (table["first"] > max(latest + 1, 2018))
            | (table["first"] == cell.cohort)
        ]
        mean = used.groupby([used["first"] == cell.cohort, "year"])["y"].mean()
        expected = (
            mean[True, cell.period]
            - mean[True, base]
            - mean[False, cell.period]
            + mean[False, base]
        )
        assert cell.estimate == pytest.approx(expected, abs=1e-10)


def test_a_unit_seen_in_its_own_window_only_takes_no_part() -> None:
    table = late_panel()
    absent = table[table["first"] != 2019]
    table = table[(table["first"] != 2019) | (table["year"] == 2018)]
    for options in METHODS[:7]:
        ours, theirs = (
            estimate_effects(prepared(x), leave_out=1, **options) for x in (table, absent)
        )
        np.testing.assert_allclose(ours.estimates, theirs.estimates, rtol=1e-9, atol=1e-12)
    labels, values = unit_influence(prepared(table), method="imputation", leave_out=1)
    assert values.shape == (140, len(labels)) and not values[2::7].any() and values[0].any()


@pytest.mark.slow
def test_counts_and_the_wild_bootstrap_too() -> None:
    table = late_panel(counts=True)
    panel, absent = prepared(table), prepared(before_own_window(table, 1))
    for one in (ppml, ppml_with_covariates):
        ours, theirs = one(panel, leave_out=1), one(absent, leave_out=1)
        left, right = (
            x.estimates if isinstance(x, Effects) else x["estimate"] for x in (ours, theirs)
        )
        np.testing.assert_allclose(left, right, rtol=1e-6)
    ratio, without = (
        estimate_effects(x, scale="ratio", leave_out=1).estimates for x in (panel, absent)
    )
    np.testing.assert_allclose(ratio, without, rtol=1e-9)
    boot, other = (wild_cluster_bootstrap(x, leave_out=1, draws=99) for x in (panel, absent))
    assert boot["estimate"] == pytest.approx(other["estimate"]) and boot[
        "std_error"
    ] == pytest.approx(other["std_error"])


@pytest.mark.parametrize("method", ["group_time", "imputation", "interaction_weighted"])
def test_influence_has_a_row_per_unit(method: str) -> None:
    table = late_panel()
    labels, values = unit_influence(prepared(table), method=method, leave_out=2)
    panel = prepared(table)
    assert values.shape == (len(panel.cohort), len(labels))
    effects = estimate_effects(panel, method=method, leave_out=2)
    np.testing.assert_allclose(
        (values**2).sum(axis=0), np.diag(effects.covariance), rtol=1e-6, atol=1e-12
    )


def test_comparison_weights_name_the_late_cohort() -> None:
    effects = estimate_effects(prepared(late_panel()), leave_out=1)
    weights = comparison_weights(effects).query("weight != 0")
    assert {2019, 2014} <= set(weights["mean_cohort"].dropna())
    assert not ((weights["mean_cohort"] == 2019) & (weights["mean_period"] == 2018)).any()
    assert check_weights(effects)["difference"].abs().max() < 1e-10


def test_the_pre_test_excludes_anticipated_times() -> None:
    panel = prepared(pd.read_csv(DATA / "window_anticipation.csv"))
    for window in ({"anticipation": 1}, {"leave_out": 1}):
        test = estimate_effects(panel, **window).pretest("wald")
        assert test["statistic"] == pytest.approx(4.990270, abs=5e-7) and test["df"] == 8
        assert test["p_value"] == pytest.approx(0.758616, abs=5e-7)


def test_a_varying_base_is_the_last_period_before_the_window() -> None:
    panel = prepared(pd.read_csv(DATA / "window_anticipation.csv"))
    varying = by_event(estimate_effects(panel, anticipation=2, base_period="varying"))
    universal = by_event(estimate_effects(panel, anticipation=2))
    assert varying[-1] == pytest.approx(2.008849, abs=5e-7)
    # inside the window and after it both bases are the same; before it the varying one is the
    # period before
    np.testing.assert_allclose(
        varying[varying.index >= -2], universal[universal.index >= -2], rtol=1e-12
    )
    assert varying[-3] != universal[-3] == 0
    donut = by_event(estimate_effects(panel, leave_out=1, anticipation=1, base_period="varying"))
    np.testing.assert_allclose(donut, varying, rtol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"base_period": "varying"},
        {"base_period": "pooled"},
        {"controls": "not_yet_treated"},
        {"method": "imputation"},
        {"method": "interaction_weighted"},
        {"method": "two_way_fixed_effects"},
        {"method": "extended_two_way"},
        {"method": "stacked", "event_window": (-4, 1)},
        {"scale": "ratio"},
    ],
)
def test_no_method_tests_what_may_react(options: dict[str, Any]) -> None:
    """A huge reaction in e = -1 and e = -2 moves neither statistic nor degrees of freedom."""
    table = pd.read_csv(DATA / "window_anticipation.csv").assign(y=lambda frame: frame["y"] + 10)
    event = table["year"] - table["first"]
    moved = table.assign(y=table["y"] + 40 * event.isin([-1, -2]))
    window = {"anticipation": 1, "leave_out": 1}
    quiet, loud = (estimate_effects(prepared(one), **options, **window) for one in (table, moved))
    for shown in (lambda effects: effects, lambda effects: effects.aggregate("event_time")):
        before, after = shown(quiet).pretest(), shown(loud).pretest()
        assert before["df"] == after["df"] > 0
        if options.get("base_period") != "pooled" or np.isfinite(before["statistic"]):
            assert after["statistic"] == pytest.approx(before["statistic"], rel=1e-6)


def test_extended_two_way_with_not_yet_treated_has_nothing_to_test() -> None:
    panel = prepared(pd.read_csv(DATA / "window_anticipation.csv"))
    effects = estimate_effects(
        panel, method="extended_two_way", controls="not_yet_treated", anticipation=1
    )
    assert (
        effects.pretest()["df"] == 0
        and effects.pretest()["note"] == "no estimate before treatment to test"
    )
