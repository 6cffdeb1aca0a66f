"""The mean of one unit (one cluster) has the variance of the change that it is used for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core.moments import panel_moments
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

CASE = Path(__file__).parent / "data" / "gaps_lone_cohorts.csv"
NOTHING_LENT = (
    "rests on one unit, and no two others of a cohort see the same periods: no standard error"
)
NOTHING_JOINT = (
    "rests on one unit as others do, and no two units see the periods of both: "
    "no joint standard error"
)
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]

# group-time effects with a universal or varying base, imputation and regressions remove effects of
# units and periods
WITH_PERIODS: tuple[dict[str, Any], ...] = (
    {},
    {"base_period": "varying"},
    {"controls": "not_yet_treated"},
    {"leave_out": 1},
    {"cohort_correction": True},
    {"method": "imputation"},
    {"method": "imputation", "leave_one_out": True},
    {"method": "two_way_fixed_effects"},
    {"method": "interaction_weighted"},
    {"adjustment": "doubly_robust"},
    {"adjustment": "outcome_regression"},
    {"adjustment": "inverse_probability"},
    {"method": "imputation", "adjustment": "outcome_regression"},
)
# a pooled base with gaps, and stacks of several years, remove effects of units only
UNITS_ONLY: tuple[dict[str, Any], ...] = (
    {"base_period": "pooled"},
    {"method": "stacked", "event_window": (-1, 0)},
    {"method": "stacked", "event_window": (-1, 0), "controls": "not_yet_treated"},
)


def estimate(
    table: pd.DataFrame, cluster: str | None = None, gaps: str = "pairwise", **options: Any
) -> Effects:
    covariates = ("x",) if "adjustment" in options else ()
    panel = prepare_panel(
        table,
        outcome="y",
        unit="unit",
        period="period",
        first_treated="first",
        cluster=cluster,
        gaps=gaps,
        covariates=covariates,
    )
    return estimate_effects(panel, **options)


def summaries(effects: Effects) -> list[pd.DataFrame]:
    """All numbers of cells and aggregates, without bands, which are Monte Carlo."""
    frames = [effects.to_frame()[NUMBERS]]
    for kind in ("overall", "event_time", "cohort"):
        try:
            frames.append(effects.aggregate(kind).to_frame()[NUMBERS])
        except ZgzxError:  # two-way effects belong to no cohort
            continue
    return frames


def random_table(seed: int) -> pd.DataFrame:
    """A small panel in which up to half of the rows are missing."""
    rng = np.random.default_rng(seed)
    units, periods = int(rng.integers(9, 26)), int(rng.integers(3, 7))
    start = rng.choice([np.nan, np.nan, *range(2, periods + 1)], units)
    start[:4] = [np.nan, np.nan, 2, 2]
    rows = [
        (u, t, rng.gamma(2.0), start[u], u % max(3, units // 3), float((7 * u) % 11))
        for u in range(units)
        for t in range(1, periods + 1)
    ]
    table = pd.DataFrame(rows, columns=["unit", "period", "y", "first", "cluster", "x"])
    return table[rng.random(len(table)) > rng.choice([0.0, 0.1, 0.3, 0.5])]


@pytest.mark.parametrize("seed", range(16))
def test_effects_of_units_cancel_in_standard_errors(seed: int) -> None:
    table, rng = random_table(seed), np.random.default_rng(100 + seed)
    unit = 100 * rng.normal(size=table["unit"].max() + 1)[table["unit"]]
    period = rng.normal(size=table["period"].max() + 1)[table["period"]]
    every = [(one, unit + period) for one in WITH_PERIODS] + [(one, unit) for one in UNITS_ONLY]
    options, added = every[seed % len(every)]
    cluster = "cluster" if seed % 3 == 0 else None
    for one, moved in ((options, added), ({}, unit + period)):
        try:
            before = estimate(table, cluster, **one)
        except ZgzxError:  # so small a panel may have nothing to compare
            continue
        after = estimate(table.assign(y=table["y"] + moved), cluster, **one)
        for left, right in zip(summaries(before), summaries(after), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"base_period": "pooled"}, {"method": "imputation"}])
def test_the_case(options: dict[str, Any]) -> None:
    table = pd.read_csv(CASE)
    moved = table.assign(y=table["y"] + 50 * np.sin(table["unit"]))
    before, after = (
        estimate(one, **options).aggregate("event_time").to_frame() for one in (table, moved)
    )
    assert before["std_error"].notna().sum() >= 3
    np.testing.assert_allclose(before[NUMBERS], after[NUMBERS], rtol=1e-9, atol=1e-11)


def table_of(
    paths: dict[str, tuple[float | None, list[float | None]]], **columns: dict[str, Any]
) -> pd.DataFrame:
    rows = [
        (unit, t, y, first)
        for unit, (first, path) in paths.items()
        for t, y in enumerate(path, start=1)
        if y is not None
    ]
    table = pd.DataFrame(rows, columns=["unit", "period", "y", "first"])
    return table.assign(**{name: table["unit"].map(values) for name, values in columns.items()})


# one unit is treated in 3 and one in 4; the others see different periods
GAPS: dict[str, tuple[float | None, list[float | None]]] = {
    "a": (3, [1.0, 2.0, 6.0, None]),
    "b": (4, [4.0, None, 5.0, 9.0]),
    "c": (None, [1.0, 2.0, 4.0, 3.0]),
    "d": (None, [2.0, 5.0, 4.0, None]),
    "e": (None, [7.0, None, 8.0, 12.0]),
    "f": (None, [3.0, 3.0, None, 7.0]),
}


def changes(t: int, s: int) -> np.ndarray:
    """Changes from s to t of the never treated that see both, a unit each."""
    paths = [GAPS[unit][1] for unit in "cdef"]
    return np.array(
        [p[t - 1] - p[s - 1] for p in paths if p[t - 1] is not None and p[s - 1] is not None]
    )  # type: ignore[operator]


def test_each_change_by_hand() -> None:
    """A cell at t with base s.

    Spread of the comparison's changes, and the same change's variance for the unit.
    """
    effects = estimate(table_of(GAPS))
    covariance, cells = effects.numbers.covariance, effects.cells
    for cohort, t, base in ((3, 1, 2), (3, 3, 2), (4, 1, 3), (4, 4, 3)):
        change = changes(t, base)
        away = ((change - change.mean()) ** 2).sum()
        expected = away / len(change) ** 2 + away / (len(change) - 1)
        at = int(cells.index[(cells["cohort"] == cohort) & (cells["period"] == t)][0])
        np.testing.assert_allclose(covariance[at, at], expected, rtol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1e3])
def test_a_joint_covariance_by_hand(scale: float) -> None:
    """Two changes of one unit that share their base.

    cov(y4 - y3, y1 - y3) = [D(4,3) + D(1,3) - D(4,1)] / 2.
    """
    rng = np.random.default_rng(5)
    y = rng.normal(size=(40, 4)) + scale * rng.normal(size=(40, 1))
    y[:36][rng.random((36, 4)) < 0.3] = np.nan
    cohort = np.array([*[0] * 12, *[2] * 27, 1])  # the last unit is a cohort of its own

    def spread(t: int, s: int) -> float:
        parts = [y[cohort == c, t - 1] - y[cohort == c, s - 1] for c in (0, 2)]
        parts = [part[~np.isnan(part)] for part in parts]
        squares = sum(((part - part.mean()) ** 2).sum() for part in parts)
        return float(squares / sum(len(part) - 1 for part in parts))

    on_means = np.zeros((2, 3, 4))
    on_means[0, 1], on_means[1, 1] = [0, 0, -1, 1], [1, 0, -1, 0]
    moments = panel_moments(y, cohort, np.ones(40))
    added = single_unit_covariance(moments, on_means, np.array([[0, 1, 0], [0, 1, 0]]))
    d43, d13, d41 = spread(4, 3), spread(1, 3), spread(4, 1)
    expected = [[d43, (d43 + d13 - d41) / 2], [(d43 + d13 - d41) / 2, d13]]
    np.testing.assert_allclose(added, expected, rtol=1e-8)


def test_changes_that_contradict_each_other_keep_their_variances() -> None:
    """From different units D(4,3) = 12.5, D(1,3) = 1 and D(4,1) = 2.33.

    A correlation above 1, which is taken as 1.
    """
    table = table_of(GAPS)
    panel = prepare_panel(table, outcome="y", unit="unit", period="period", first_treated="first")
    moments = panel_moments(panel.y, panel.cohort, panel.weights[:, 0])
    on_means = np.zeros((2, 3, 4))
    on_means[0, 1], on_means[1, 1] = [0, 0, -1, 1], [1, 0, -1, 0]
    added = single_unit_covariance(moments, on_means, np.array([[0, 1, 0], [0, 1, 0]]))
    d43, d13, d41 = (changes(t, s).var(ddof=1) for t, s in ((4, 3), (1, 3), (4, 1)))
    assert (d43 + d13 - d41) / 2 > np.sqrt(d43 * d13)
    np.testing.assert_allclose(
        added, [[d43, np.sqrt(d43 * d13)], [np.sqrt(d43 * d13), d13]], rtol=1e-12
    )


def test_where_no_variance_can_be_taken_the_error_is_missing_and_named() -> None:
    """Only d sees both 2 and 3: one unit has no spread to lend.

    What uses other periods keeps its errors.
    """
    paths = GAPS | {"c": (None, [1.0, None, 4.0, 3.0]), "d": (None, [2.0, 5.0, 4.0, 6.0])}
    paths |= {"f": (None, [3.0, 3.0, None, 7.0]), "g": (None, [3.5, 3.1, None, 5.0])}
    paths |= {"p": (2, [1.0, 2.0, None, 3.0]), "q": (2, [2.0, 5.0, None, 7.0])}
    effects = estimate(table_of(paths))
    frame = effects.cells.assign(variance=np.diag(effects.covariance)).set_index(
        ["cohort", "period"]
    )["variance"]
    assert np.isnan(frame[3, 3]) and frame[3, 1] > 0 and frame[4, 4] > 0
    named = effects.ledger.set_index("reason")["examples"]
    assert named[NOTHING_LENT] == ("(3, 3)",)
    event = effects.aggregate("event_time").to_frame().set_index("event_time")
    assert np.isnan(event.loc[0, "std_error"]) and np.isnan(event.loc[0, "band_low"])
    assert event.loc[2, "std_error"] > 0 and event.loc[2, "band_low"] <= event.loc[2, "ci_low"]
    assert np.isnan(effects.aggregate("overall").to_frame()["std_error"]).all()


def test_two_cells_of_one_unit_whose_periods_nobody_sees_together() -> None:
    """Cells 3 and 4 of the single unit have errors of their own.

    Nobody else sees 3 and 4, so their mean has none.
    """
    paths: dict[str, tuple[float | None, list[float | None]]] = {
        "a": (3, [1.0, 2.0, 6.0, 4.0]),
        "b": (None, [1.0, 2.0, 4.0, None]),
        "c": (None, [1.0, 3.0, 3.0, None]),
        "d": (None, [1.0, 4.0, 8.0, None]),
        "e": (None, [1.0, 2.0, None, 5.0]),
        "f": (None, [2.0, 2.0, None, 4.0]),
        "g": (None, [2.0, 7.0, None, 4.0]),
    }
    effects = estimate(table_of(paths))
    cells = effects.cells.query("role == 'post'").index
    covariance = effects.numbers.covariance
    assert (np.diag(covariance)[cells] > 0).all() and np.isnan(covariance[cells[0], cells[1]])
    assert effects.ledger.set_index("reason")["examples"][NOTHING_JOINT] == ("(3, 3)", "(3, 4)")
    assert np.isnan(effects.aggregate("overall").rows.covariance(effects.numbers)).all()
    assert 0 < float(effects.pretest()["p_value"]) < 1  # uses neither
    assert Effects.from_json(effects.to_json()).to_frame()["std_error"].isna().all()


def test_clusters_lend_the_change_of_their_means_by_hand() -> None:
    """The treated cluster is one of four.

    E leaves after period 1, so cluster 2 has the change of d alone.
    """
    paths: dict[str, tuple[float | None, list[float | None]]] = {
        "a": (2, [1.0, 5.0]),
        "b": (2, [2.0, 5.0]),
        "c": (None, [1.0, 2.0]),
        "d": (None, [2.0, 4.0]),
        "e": (None, [7.0, None]),
        "f": (None, [3.0, 8.0]),
        "g": (None, [1.0, 1.0]),
    }
    district = {"a": 0, "b": 0, "c": 1, "d": 2, "e": 2, "f": 3, "g": 3}
    effects = estimate(table_of(paths, cluster=district), "cluster")
    change, size = np.array([1.0, 2.0, 2.5]), np.array([1.0, 1.0, 2.0])  # of clusters 1, 2 and 3
    away = change - np.average(change, weights=size)
    own = ((size * away) ** 2).sum() / size.sum() ** 2
    added = (size * away**2).sum() / (size.sum() - (size**2).sum() / size.sum())
    at = effects.cells.query("role == 'post'").index
    np.testing.assert_allclose(np.diag(effects.numbers.covariance)[at], own + added, rtol=1e-12)


def test_a_comparison_of_several_single_units_has_its_own_spread() -> None:
    """Not yet treated b and c, a cohort each, differ from each other.

    That is their spread, nothing is lent to them.
    """
    paths: dict[str, tuple[float | None, list[float | None]]] = {
        "a": (2, [1.0, 5.0, 1.0]),
        "d": (2, [0.0, 3.0, 1.0]),
        "b": (3, [1.0, 2.0, 6.0]),
        "c": (4, [1.0, 4.0, 9.0]),
        "e": (4, [2.0, 4.0, 9.0]),
    }
    effects = estimate(table_of(paths), controls="not_yet_treated")
    at = effects.cells.query("cohort == 2 and period == 2").index[0]
    treated, compared = np.array([4.0, 3.0]), np.array([1.0, 3.0, 2.0])
    expected = sum(((x - x.mean()) ** 2).sum() / len(x) ** 2 for x in (treated, compared))
    np.testing.assert_allclose(effects.covariance[at, at], expected, rtol=1e-12)


def test_repeated_cross_sections_lend_the_variance_of_levels() -> None:
    """One treated row in period 2 and three in period 1.

    The variance of a level at 2, and the spread at 1.
    """
    first = [2.0, 2.0, 2.0, 2.0, *[np.nan] * 6]
    table = pd.DataFrame(
        {
            "period": [1, 1, 1, 2, 1, 1, 1, 2, 2, 2],
            "y": [1.0, 2.0, 4.0, 9.0, 1.0, 2.0, 2.0, 3.0, 5.0, 9.0],
            "first": first,
        }
    )
    panel = prepare_panel(
        table, outcome="y", unit=None, period="period", first_treated="first", gaps="cross_section"
    )
    effects = estimate_effects(panel)
    at = effects.cells.query("role == 'post'").index[0]

    def squares(values: list[float]) -> float:
        return float(((np.array(values) - np.mean(values)) ** 2).sum())

    own = squares([1.0, 2.0, 4.0]) / 9 + squares([1.0, 2.0, 2.0]) / 9 + squares([3.0, 5.0, 9.0]) / 9
    np.testing.assert_allclose(
        effects.numbers.covariance[at, at], own + squares([3.0, 5.0, 9.0]) / 2, rtol=1e-12
    )


@pytest.mark.parametrize("options", [{}, {"base_period": "pooled"}, {"method": "imputation"}])
@pytest.mark.parametrize("seed", [3, 8])
def test_on_the_ratio_scale_units_of_measurement_do_not_matter(
    seed: int, options: dict[str, Any]
) -> None:
    table = random_table(seed)
    ours, scaled = (
        estimate(one, scale="ratio", **options).aggregate("overall").to_frame()[NUMBERS]
        for one in (table, table.assign(y=1000 * table["y"]))
    )
    np.testing.assert_allclose(ours, scaled, rtol=1e-9)
