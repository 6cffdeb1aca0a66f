"""Randomisation inference: the fast statistic, the permutations, exact size, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_panels import by_firm, panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.permutation_statistic import (
    first_treated,
    window_design,
    window_statistic,
)
from zgzx_research.robustness.randomisation import _lot, _permuted, permutation_p

OPTIONS: list[dict[str, Any]] = [
    {},
    {"base_period": "pooled", "leave_out": 1, "cohort_correction": True},
    {"controls": "not_yet_treated", "anticipation": 1},
    {"scale": "ratio"},
    {"scale": "ratio", "base_period": "pooled", "leave_out": 1, "cohort_correction": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("more", [{}, {"weights": "w"}, {"missing": 0.15}])
def test_the_fast_statistic_is_the_estimator(options: dict, more: dict) -> None:
    starts = (3, 4, 6, 9, np.nan, np.nan)  # the fourth is treated after the panel
    table = rows(1, 90, starts, counts=True, missing=more.get("missing", 0.0), effect=1.0)
    panel = panel_of(table, weights=more.get("weights"))
    design = window_design(panel, np.array([3.0, 4.0, 6.0, 9.0]), (0, 2), **options)
    fast = window_statistic(design, first_treated(panel))
    slow = zr.estimate_effects(panel, **options).aggregate("event_time").window(0, 2).iloc[0]
    ratio = options.get("scale") == "ratio"
    error = slow["std_error"] / (1 + slow["estimate"]) if ratio else slow["std_error"]
    assert fast.estimate == pytest.approx(slow["estimate"], abs=1e-10)
    assert fast.std_error == pytest.approx(error, rel=1e-10)


def test_p_values_by_hand() -> None:
    draws = np.array([1.0, -3.0, 2.0, np.nan])
    assert permutation_p(2.0, draws) == 4 / 5  # -3, the tie and the undefined one are extreme
    assert permutation_p(2.0, draws, "greater") == 3 / 5
    assert permutation_p(-2.0, draws, "less") == 3 / 5


def test_every_draw_is_one_of_all_assignments() -> None:
    """Six units, two treated: all fifteen assignments by the slow estimator."""
    table = rows(3, 6, (3, 3, np.nan, np.nan, np.nan, np.nan), years=4)
    panel = panel_of(table)
    found = zr.randomisation_inference(panel, target=(0, 1), permutations=200)
    firms, every = table["firm"].unique(), []
    for one in range(6):
        for other in range(one):
            start = dict.fromkeys((firms[one], firms[other]), 3.0)
            moved = panel_of(table.assign(start=table["firm"].map(start)))
            row = zr.estimate_effects(moved).aggregate("event_time").window(0, 1).iloc[0]
            every.append(row["estimate"] / row["std_error"])
    near = np.abs(found.draws[:, None] - np.array(every)).min(axis=1)
    assert near.max() < 1e-9
    assert len(np.unique(found.draws.round(9))) == 15
    extreme = (np.abs(every) >= abs(found.t) * (1 - 1e-9)).mean()
    assert found.p_value == pytest.approx(extreme, abs=4 * np.sqrt(extreme / 200))


def test_strata_keep_their_numbers_and_the_others_keep_their_treatment() -> None:
    table = rows(0, 40)
    panel, size = panel_of(table), by_firm(table, "size")
    strata = size.where(size.index != "F000").dropna()
    lot = _lot(panel, strata, None, ())
    start, kept = first_treated(panel), size.loc[list(panel.units)].to_numpy()
    moved = False
    for drawn in _permuted(lot, 20, 1):
        assert drawn[0] == start[0]
        for group in ("small", "large"):
            inside = (kept == group) & (panel.units != "F000")
            assert sorted(drawn[inside]) == sorted(start[inside])
        moved = moved or (drawn != start).any()
    assert moved


def contest() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries of 40 firms in two editions of two categories; four awards in each contest."""
    rng = np.random.default_rng(5)
    entries = pd.DataFrame(
        [
            (f"F{u:03d}", year, category)
            for year in (4, 6)
            for category in ("skill", "team")
            for u in rng.choice(40, 16, replace=False)
        ],
        columns=["unit", "year", "category"],
    )
    place = entries.groupby(["year", "category"]).cumcount()
    entries = entries.assign(edition=entries["year"], awarded=place < 4)
    table = rows(2, 60, (np.nan,))
    first = entries[entries["awarded"]].groupby("unit")["year"].min()
    return table.assign(start=table["firm"].map(first)), entries


def test_awards_are_drawn_among_the_entries_of_a_contest() -> None:
    table, entries = contest()
    panel = panel_of(table)
    lot = _lot(panel, None, entries, ("edition", "category"))
    entered = set(entries["unit"])
    for drawn in _permuted(lot, 20, 0):
        won = entries[drawn]
        assert (won.groupby(["edition", "category"]).size() == 4).all()
        start = pd.Series(lot.assign(drawn), panel.units)
        assert start[np.isfinite(start)].to_dict() == won.groupby("unit")["year"].min().to_dict()
        assert set(start.index[np.isfinite(start)]) <= entered
    found = zr.randomisation_inference(panel, entries=entries, target=(0, 1), permutations=99)
    slow = zr.estimate_effects(panel).aggregate("event_time").window(0, 1).iloc[0]
    assert found.estimate == pytest.approx(slow["estimate"], abs=1e-10)
    assert (found.strata, found.exchanged, found.permutations) == (4, 64, 99)
    outside = pd.concat([entries, entries.assign(unit="elsewhere", awarded=True)])
    again = zr.randomisation_inference(panel, entries=outside, target=(0, 1), permutations=99)
    assert again.p_value == found.p_value


def test_invariances() -> None:
    table = rows(4, 40, effect=0.8)
    options: dict[str, Any] = {"target": (0, 1), "permutations": 99, "seed": 3}
    panel = panel_of(table)
    before = panel.cohort.copy()
    found = zr.randomisation_inference(panel, strata=by_firm(table, "size"), **options)
    assert (panel.cohort == before).all()
    shuffled = panel_of(table.sample(frac=1, random_state=1))
    moved = panel_of(table.assign(y=5 + 3 * table["y"]))
    for other in (shuffled, moved):
        again = zr.randomisation_inference(other, strata=by_firm(table, "size"), **options)
        assert again.p_value == found.p_value
        np.testing.assert_allclose(again.draws, found.draws, rtol=1e-8)


@pytest.mark.slow
def test_size_is_exact_with_four_treated_units_and_skewed_counts() -> None:
    worlds, rejected = 150, 0
    for seed in range(worlds):
        table = rows(seed, 32, (3, *[np.nan] * 7), years=4, counts=True)
        table["y"] = np.where(table["y"] > 6, table["y"] ** 2, 0.0)
        found = zr.randomisation_inference(panel_of(table), target=(0, 1), permutations=99)
        rejected += found.p_value <= 0.05
    assert abs(rejected / worlds - 0.05) < 3 * np.sqrt(0.05 * 0.95 / worlds)


def test_refusals() -> None:
    table = rows(0, 20)
    panel = panel_of(table)
    alone = pd.Series({unit: unit for unit in panel.units})
    table_of, entries = contest()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"strata": alone}, "nothing to exchange"),
        ({"target": (-2, 1)}, "begins before treatment"),
        ({"target": "overall"}, "neither a window"),
        ({"target": (9, 9)}, "no cohort is seen"),
        ({"permutations": 0}, "permutations=0"),
        ({"alternative": "up"}, "alternative='up'"),
        ({"adjustment": "doubly_robust"}, "without adjustment"),
        ({"controls_": 1}, "no such option"),
        ({"strata": alone, "entries": entries}, "two forms"),
        ({"entries": entries.drop(columns="awarded")}, "lack a column"),
        ({"entries": entries.assign(unit="X")}, "no entry is of a unit"),
        ({"entries": entries.assign(year=np.nan)}, "without unit, year"),
    ]
    for given, message in cases:
        with pytest.raises(ZgzxError, match=message):
            zr.randomisation_inference(panel, **{"target": (0, 1), **given})
    with pytest.raises(ZgzxError, match="not the first treated period") as raised:
        zr.randomisation_inference(panel_of(table_of), entries=entries.assign(awarded=False))
    assert "F0" not in str(raised.value)
    with pytest.raises(ZgzxError, match="takes no clusters"):
        zr.randomisation_inference(panel_of(table, cluster="size"))
