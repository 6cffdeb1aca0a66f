"""A panel in parts gives what the panel in memory gives, however its units are divided."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.examples import examples
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel import read_table, sources
from zgzx_research.did.panel.panel_in_parts import PanelInParts
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import some_units
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

ROLES = {"outcome": "y", "unit": "u", "period": "t", "first_treated": "g"}
ESTIMATES: tuple[dict[str, Any], ...] = (
    {},
    {"controls": "not_yet_treated", "base_period": "varying", "anticipation": 1},
    {"base_period": "pooled", "leave_out": 1},
    {"scale": "ratio"},
    {"cohort_correction": True},
    {"method": "two_way_fixed_effects"},
    {"method": "interaction_weighted"},
    {"method": "stacked", "event_window": (-2, 1)},
    {"method": "imputation", "anticipation": 1},
    {"method": "imputation", "scale": "ratio"},
    {"method": "extended_two_way", "leave_out": 1},
    {"method": "extended_two_way", "scale": "ratio"},
)


@dataclass
class InOrder:
    """Some panels, asked one after another."""

    parts: list[PreparedPanel]

    def reduce(self, kernel: Callable[[Any], Any], add: Callable[[Any, Any], Any]) -> Any:
        found = [kernel(part) for part in self.parts]
        found = [one for one in found if one is not None]
        return functools.reduce(add, found) if found else None

    def map(self, change: Callable[[Any], Any]) -> InOrder:
        return InOrder([change(part) for part in self.parts])


def divided(panel: PreparedPanel, group: np.ndarray, rng: np.random.Generator) -> PanelInParts:
    """The panel in parts: the units of each group, in any order; a group may have none."""
    units = [rng.permutation(np.flatnonzero(group == k)) for k in range(group.max() + 1)]
    return PanelInParts(
        some_units(panel, np.zeros(0, dtype=int)), InOrder([some_units(panel, u) for u in units])
    )


def counts(seed: int, gaps: float, level: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    units, periods = 90, 6
    data = pd.DataFrame(
        {"u": np.repeat(np.arange(units), periods), "t": np.tile(np.arange(1, 7), units)}
    )
    data["g"] = rng.choice([np.nan, np.nan, 3, 4, 5, 8], units)[data["u"]]
    data["y"] = level + rng.poisson(3, len(data)) + (data["t"] >= data["g"]) * 1.0
    data["w"] = rng.uniform(0.5, 2, units)[data["u"]]
    data["c"] = data["u"] % 20
    return data[rng.random(len(data)) >= gaps]


def outcome(panel: Any, options: dict[str, Any]) -> Effects | str:
    try:
        return estimate_effects(panel, **options)
    except ZgzxError as error:
        return str(error)


def same_effects(ours: Effects | str, theirs: Effects | str, scale: float = 1.0) -> None:
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    near = {"rtol": 0.0, "atol": 1e-12 * scale}
    np.testing.assert_allclose(ours.numbers.statistics, theirs.numbers.statistics, **near)
    largest = np.nanmax(np.abs(theirs.numbers.covariance), initial=0.0)
    np.testing.assert_allclose(
        ours.numbers.covariance, theirs.numbers.covariance, rtol=1e-9, atol=1e-12 * largest
    )
    pd.testing.assert_frame_equal(ours.cells, theirs.cells, rtol=1e-11)
    pd.testing.assert_frame_equal(ours.ledger, theirs.ledger)
    assert ours.df == theirs.df
    assert ours.concentration is not None
    assert theirs.concentration is not None
    for name in ("total", "squares", "largest"):
        np.testing.assert_allclose(
            getattr(ours.concentration, name), getattr(theirs.concentration, name), rtol=1e-12
        )


@pytest.mark.filterwarnings("ignore::UserWarning")
@examples(12)
@given(
    seed=st.integers(0, 10**6),
    groups=st.integers(1, 40),
    gaps=st.sampled_from([0.0, 0.15]),
    roles=st.sampled_from([{}, {"weights": "w"}, {"cluster": "c"}, {"gaps": "cross_section"}]),
    options=st.sampled_from(ESTIMATES),
)
def test_parts_give_the_whole(
    seed: int, groups: int, gaps: float, roles: dict[str, Any], options: dict[str, Any]
) -> None:
    rng = np.random.default_rng(seed)
    panel = prepare_panel(counts(seed, gaps), **ROLES, **roles)
    assert isinstance(panel, PreparedPanel)
    parts = divided(panel, rng.integers(0, groups, len(panel.y)), rng)
    whole = outcome(panel, options)
    scale = 1.0 if isinstance(whole, str) else 1 + np.nanmax(np.abs(whole.numbers.statistics))
    same_effects(outcome(parts, options), whole, scale)


@pytest.mark.filterwarnings("ignore::UserWarning")
@examples(5)
@given(
    seed=st.integers(0, 10**6),
    batch=st.integers(9, 300),
    shuffled=st.booleans(),
    options=st.sampled_from(ESTIMATES),
)
def test_block_size_and_row_order_do_not_matter(
    seed: int, batch: int, shuffled: bool, options: dict[str, Any]
) -> None:
    data = counts(seed, 0.1)
    whole = outcome(prepare_panel(data, **ROLES, cluster="c"), options)
    if shuffled:
        data = data.sample(frac=1, random_state=seed)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        data.to_parquet(Path(folder) / "rows.parquet", row_group_size=1 + seed % 90)
        patch.setattr(sources, "IN_MEMORY", 0)
        patch.setattr(read_table, "BATCH", batch)
        parts = prepare_panel(f"{folder}/rows.parquet", **ROLES, cluster="c")
    assert isinstance(parts, PanelInParts)
    scale = 1.0 if isinstance(whole, str) else 1 + np.nanmax(np.abs(whole.numbers.statistics))
    same_effects(outcome(parts, options), whole, scale)


@pytest.mark.parametrize("options", ESTIMATES, ids=str)
def test_every_method_with_every_unit_a_part(options: dict[str, Any]) -> None:
    panel = prepare_panel(counts(3, 0.1), **ROLES, cluster="c")
    assert isinstance(panel, PreparedPanel)
    parts = divided(panel, np.arange(len(panel.y)), np.random.default_rng(0))
    same_effects(outcome(parts, options), outcome(panel, options), 1000.0)


def test_no_digits_are_lost_where_outcomes_are_large() -> None:
    """A mean a million times the spread: sums of squares as they are would lose everything."""
    small, large = counts(5, 0.0), counts(5, 0.0, level=1e6)
    panels = [prepare_panel(data, **ROLES) for data in (small, large)]
    group = np.arange(90) % 7
    at_zero, high = (
        estimate_effects(divided(panel, group, np.random.default_rng(0)))  # type: ignore[arg-type]
        for panel in panels
    )
    np.testing.assert_allclose(high.estimates, at_zero.estimates, atol=1e-8)
    np.testing.assert_allclose(high.covariance, at_zero.covariance, rtol=1e-6, atol=1e-10)


def test_perfect_fits_are_known_in_parts() -> None:
    """Outcomes made of unit and period effects alone: errors are rounding, and exact zeros."""
    data = counts(1, 0.0)
    data["y"] = 10.0 * data["u"] + data["t"] ** 2
    panel = prepare_panel(data, **ROLES)
    assert isinstance(panel, PreparedPanel)
    parts = divided(panel, np.arange(90) % 4, np.random.default_rng(0))
    for method in ("group_time", "two_way_fixed_effects", "imputation"):
        ours, theirs = (outcome(one, {"method": method}) for one in (parts, panel))
        assert isinstance(ours, Effects)
        assert isinstance(theirs, Effects)
        np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=1e-20)
        assert ours.notes == theirs.notes
