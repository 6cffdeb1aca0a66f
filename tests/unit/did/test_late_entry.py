"""Units that enter late: imputation is biased where outcomes change with age, and says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.did.core.late_entry import LATE_ENTRY
from zgzx_research.did.panel.prepared_panel import PreparedPanel

PERIODS = np.arange(2010, 2021)
METHODS: dict[str, dict[str, Any]] = {
    "group_time": {},
    "pooled": {"base_period": "pooled"},
    "stacked": {"method": "stacked", "event_window": (-2, 2)},
    "imputation": {"method": "imputation"},
    "extended_two_way": {"method": "extended_two_way"},
    "two_way_fixed_effects": {"method": "two_way_fixed_effects"},
    "interaction_weighted": {"method": "interaction_weighted"},
}
POOL_PERIODS = {
    "imputation",
    "extended_two_way",
    "two_way_fixed_effects",
    "interaction_weighted",
}


def world(seed: int, *, late: bool, units: int = 300) -> pd.DataFrame:
    """Draw a panel without any effect: outcomes rise with age, ever less; entry is no selection.

    Treatment falls on units already seen, whatever their age, so that treated units and the units
    seen at the same base are alike.
    """
    rng = np.random.default_rng(seed)
    entry = rng.choice([2010, 2014, 2016, 2018] if late else [2010], units)
    age = PERIODS - entry[:, None] + np.where(entry == 2010, rng.integers(1, 6, units), 0)[:, None]
    start = np.where(rng.random(units) < 0.3, rng.choice([2015, 2017], units), np.inf)
    start = np.where(start <= entry, np.inf, start)
    y = 3 * (1 - np.exp(-age / 3)) + rng.normal(0, 0.5, (units, 1))
    y = np.where(entry[:, None] <= PERIODS, y + rng.normal(0, 0.3, y.shape), np.nan)
    columns = {
        "unit": np.repeat(np.arange(units), len(PERIODS)),
        "period": np.tile(PERIODS, units),
        "start": np.repeat(np.where(np.isinf(start), np.nan, start), len(PERIODS)),
        "entry": np.repeat(entry.astype(str), len(PERIODS)),
    }
    return pd.DataFrame(columns | {"y": y.ravel()}).dropna(subset="y")


def prepared(table: pd.DataFrame, **options: Any) -> PreparedPanel:
    return zr.prepare_panel(
        table, unit="unit", period="period", first_treated="start", outcome="y", **options
    )


def mean_effects(seeds: range, name: str, **options: Any) -> np.ndarray:
    return np.array(
        [
            zr.estimate_effects(prepared(world(seed, late=True), **options), **METHODS[name])
            .aggregate("event_time", min_event=-3, max_event=2)
            .overall["estimate"]
            .iloc[0]
            for seed in seeds
        ]
    )


@pytest.mark.parametrize("name", METHODS)
def test_the_note_stands_where_period_effects_are_pooled_and_units_enter_late(name: str) -> None:
    late, even = (
        zr.estimate_effects(prepared(world(1, late=late)), **METHODS[name])
        for late in (True, False)
    )
    assert (LATE_ENTRY in late.notes) == (name in POOL_PERIODS)
    assert LATE_ENTRY not in even.notes


def test_the_note_counts_the_units_and_names_their_first_periods() -> None:
    table = world(1, late=True)
    effects = zr.estimate_effects(prepared(table), method="imputation")
    row = effects.ledger[effects.ledger["reason"] == LATE_ENTRY].iloc[0]
    late = table.groupby("unit")["period"].min() > 2010
    assert (row["step"], row["units"]) == ("note", late.sum())
    assert row["examples"] == ("2014", "2016", "2018")


@pytest.mark.slow
def test_imputation_is_biased_and_group_time_is_not() -> None:
    """12 worlds: group-time and stacked within 4 Monte-Carlo errors of 0, the others beyond."""
    for name in ("group_time", "stacked", "imputation", "extended_two_way"):
        found = mean_effects(range(12), name)
        away = found.mean() / (found.std(ddof=1) / np.sqrt(len(found)))
        assert (abs(away) > 4) == (name in POOL_PERIODS), name


@pytest.mark.slow
def test_the_remedies_work() -> None:
    balanced = mean_effects(range(8), "imputation", gaps="balance")
    assert abs(balanced.mean()) < 4 * balanced.std(ddof=1) / np.sqrt(8)
    tables = [world(seed, late=True) for seed in range(8)]
    adjusted = np.array(
        [
            zr.estimate_effects(
                prepared(table, covariates=("entry",)),
                method="imputation",
                adjustment="outcome_regression",
            )
            .aggregate("event_time", max_event=2)
            .overall["estimate"]
            .iloc[0]
            for table in tables
        ]
    )
    assert abs(adjusted.mean()) < 4 * adjusted.std(ddof=1) / np.sqrt(8)
