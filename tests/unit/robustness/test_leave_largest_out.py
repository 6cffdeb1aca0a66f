"""Kish's effective number, the share of the largest three, and the estimate without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.leave_largest_out import unit_totals

# unit: first treated period, outcome in the periods 1 to 4
UNITS: dict[str, tuple[float | None, tuple[float, ...]]] = {
    "a": (3, (30, 10, 24, 30)),
    "b": (3, (10, 2, 3, 5)),
    "c": (4, (3, 3, 4, 9)),
    "d": (None, (4, 4, 6, 8)),
    "e": (None, (6, 6, 9, 12)),
}


def prepared(
    units: dict[str, tuple[float | None, tuple[float, ...]]], **roles: Any
) -> PreparedPanel:
    rows = [
        {"unit": name, "period": t, "start": start, "y": float(y), "weight": 1.0 + (name == "c")}
        for name, (start, values) in units.items()
        for t, y in enumerate(values, 1)
    ]
    columns = {"unit": "unit", "period": "period", "first_treated": "start", "outcome": "y"}
    return zr.prepare_panel(pd.DataFrame(rows), **columns, **roles)


def kish(totals: list[float]) -> float:
    return sum(totals) ** 2 / sum(total**2 for total in totals)


AFTER = (7.5 + 10) / 5  # growth of the comparison in the two periods from 3 on, and in period 4


@pytest.mark.parametrize(
    ("options", "bases", "growth"),
    [
        # base: period 2 of those treated in 3, period 3 of those treated in 4
        ({}, (10, 2, 4), (AFTER, AFTER, 10 / 7.5)),
        # pooled base: means of periods 1-2 and of 1-3; the comparison's are 5 and 17.5 / 3
        ({"base_period": "pooled"}, (20, 6, 10 / 3), (AFTER, AFTER, 10 / (17.5 / 3))),
        # one period left out: the base lies one period earlier
        ({"leave_out": 1}, (30, 10, 3), (AFTER, AFTER, 10 / 5)),
    ],
)
def test_by_hand_on_the_ratio_scale(
    options: dict[str, Any], bases: tuple[float, ...], growth: tuple[float, ...]
) -> None:
    totals = [base * factor for base, factor in zip(bases, growth, strict=True)]
    effects = zr.estimate_effects(prepared(UNITS), scale="ratio", **options)
    found = effects.aggregate("event_time").effective_number()
    assert found.number == pytest.approx(kish(totals), rel=1e-10)
    assert found.largest_share == pytest.approx(1.0)
    own = unit_totals(prepared(UNITS), {"scale": "ratio", **options})
    assert own[:3] == pytest.approx(totals, rel=1e-10)
    assert (own[3:] == 0).all()


def test_on_the_difference_scale_units_count_by_their_weight() -> None:
    """Window 0..0: cohorts 3 (two units of weight 1) and 4 (one of weight 2)."""
    effects = zr.estimate_effects(prepared(UNITS, weights="weight"))
    found = effects.aggregate("event_time").effective_number((0, 0))
    assert found.number == pytest.approx(kish([1, 1, 2]), rel=1e-10)


def test_a_window_takes_only_cohorts_seen_at_all_of_it() -> None:
    effects = zr.estimate_effects(prepared(UNITS), scale="ratio")
    found = effects.aggregate("event_time").effective_number((0, 1))
    assert found.number == pytest.approx(kish([10, 2]), rel=1e-10)


def test_units_without_a_base_or_without_later_periods_do_not_count() -> None:
    nan = float("nan")
    gaps = {
        "f": (3.0, (5.0, nan, 6.0, 7.0)),  # not seen at the base, period 2
        "g": (3.0, (5.0, 5.0, nan, nan)),  # never seen afterwards
    }
    for scale, expected in (("difference", 2.0), ("ratio", kish([10, 2]))):
        effects = zr.estimate_effects(prepared(UNITS | gaps), scale=scale)
        found = effects.aggregate("event_time").effective_number((0, 1))
        assert found.number == pytest.approx(expected, rel=1e-10)


def test_equal_units_count_in_full_and_order_does_not_matter() -> None:
    equal = {f"t{k}": (3.0, (5.0, 5.0, 6.0, 7.0)) for k in range(8)}
    units = equal | {name: UNITS[name] for name in "de"}
    found = zr.estimate_effects(prepared(units), scale="ratio").aggregate("event_time")
    assert found.effective_number().number == pytest.approx(8.0)
    assert found.effective_number().largest_share == pytest.approx(3 / 8)
    assert found.effective_number().dominated
    turned = dict(reversed(units.items()))
    again = zr.estimate_effects(prepared(turned), scale="ratio").aggregate("event_time")
    assert again.effective_number() == found.effective_number()


def test_no_unit_is_written_to_a_file() -> None:
    effects = zr.estimate_effects(prepared(UNITS), scale="ratio")
    text = effects.to_json()
    assert "concentration" not in text and "largest" not in text
    read = zr.Effects.from_json(text).aggregate("event_time").effective_number()
    assert np.isnan(read.number) and np.isnan(read.largest_share)


def test_without_the_largest_the_others_are_estimated() -> None:
    panel = prepared(UNITS)
    without = zr.leave_largest_out(panel, {"scale": "ratio"}, n=1)
    others = {name: row for name, row in UNITS.items() if name != "a"}
    plain = zr.estimate_effects(prepared(others), scale="ratio")
    shown, expected = (
        effects.aggregate("overall").overall["estimate"].item() for effects in (without, plain)
    )
    assert shown == pytest.approx(expected, rel=1e-10)
    assert len(panel.y) == len(UNITS)
    reasons = without.ledger.set_index("reason")["units"]
    assert reasons["largest treated units left out, to see what the estimate owes to them"] == 1


def test_a_cohort_may_lose_all_its_units() -> None:
    """The only unit of cohort 4 is the largest: cohort 3 is left."""
    units = UNITS | {"c": (4.0, (300.0, 300.0, 400.0, 900.0))}
    without = zr.leave_largest_out(prepared(units), {"scale": "ratio"}, n=1)
    assert set(without.cells["cohort"]) == {3}


def test_the_window_decides_which_units_are_large() -> None:
    late = UNITS | {"c": (4.0, (9.0, 9.0, 9.5, 20.0))}
    first = zr.leave_largest_out(prepared(late), {"scale": "ratio"}, n=1, window=(0, 1))
    assert first.cells["cohort"].nunique() == 2  # "a" left, one of two units of cohort 3


def test_refusals() -> None:
    with pytest.raises(ZgzxError, match="n=0 is not usable"):
        zr.leave_largest_out(prepared(UNITS), n=0)
    with pytest.raises(ZgzxError, match="without the 3 largest no treated unit is left"):
        zr.leave_largest_out(prepared(UNITS))
