"""Placebo dates, negative controls, and the paired difference to the full base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_panels import ROLES, panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.negative_controls import NegativeControl

OTHERS = {name: column for name, column in ROLES.items() if name != "outcome"}


@pytest.mark.slow
@pytest.mark.slow
def test_a_placebo_date_is_the_estimate_on_a_panel_cut_before_treatment() -> None:
    table = rows(1, 60, (7, 8, np.nan), effect=5.0, missing=0.05)
    found = zr.placebo_dates(panel_of(table), (3,), leave_out=1, base_period="pooled").iloc[0]
    before = table[table["start"].isna() | (table["year"] < table["start"] - 1)]
    moved = panel_of(before.assign(start=before["start"] - 3))
    effects = zr.estimate_effects(moved, leave_out=1, base_period="pooled")
    expected = effects.aggregate("event_time").window(0, 1).iloc[0]
    for name in ("estimate", "std_error", "ci_low", "n_treated"):
        assert found[name] == pytest.approx(expected[name], rel=1e-10)
    assert (found["first"], found["last"], found["reason"]) == (0, 1, "")


@pytest.mark.slow
@pytest.mark.slow
def test_what_happens_from_the_declared_window_on_does_not_matter() -> None:
    table = rows(2, 60, (7, np.nan))
    later = table.assign(y=table["y"] + 1e3 * (table["year"] >= table["start"] - 1))
    one, two = (zr.placebo_dates(panel_of(t), (2, 4), leave_out=1) for t in (table, later))
    pd.testing.assert_frame_equal(one, two)
    full = zr.placebo_dates(panel_of(later), (2,))  # without the donut it does
    assert full["estimate"][0] > 100


@pytest.mark.slow
@pytest.mark.slow
def test_a_date_too_early_is_a_row_with_its_reason() -> None:
    found = zr.placebo_dates(panel_of(rows(3, 40, (5, np.nan))), (2, 6))
    assert found["reason"].tolist()[0] == "" and "base" in found["reason"][1]
    assert np.isnan(found["estimate"][1]) and np.isnan(found["p_adjusted"][1])
    assert found["p_adjusted"][0] == found["p_value"][0]


@pytest.mark.parametrize("shifts", [(1, 2), (), (2.5,), (True,)])
def test_shifts_inside_the_window_are_refused(shifts: tuple) -> None:
    with pytest.raises(ZgzxError, match="before the declared window"):
        zr.placebo_dates(panel_of(rows()), shifts, leave_out=1)


@pytest.mark.slow
@pytest.mark.slow
def test_negative_controls_are_rows_of_data() -> None:
    table = rows(4, 80, (5, 6, np.nan, np.nan))
    table["kind"] = table["size"].map({"large": "talent", "small": "team"})
    keep = NegativeControl("talent", "y", keep={"kind": ["talent"]})
    late = NegativeControl("late", "y", first_from=6, options={"leave_out": 1})
    early = NegativeControl("before", "y", shift=2)
    lost = NegativeControl("lost", "z", keep={"nothing": [1]})
    found = zr.negative_controls(table, [keep, late, early, lost], roles=OTHERS, target=(0, 1))
    found = found.set_index("name")
    by_hand = {
        "talent": (table[table["start"].isna() | (table["kind"] == "talent")], {}),
        "late": (table[table["start"].isna() | (table["start"] >= 6)], {"leave_out": 1}),
    }
    for name, (kept, options) in by_hand.items():
        effects = zr.estimate_effects(panel_of(kept), **options)
        expected = effects.aggregate("event_time").window(0, 1)["estimate"].item()
        assert found.loc[name, "estimate"] == pytest.approx(expected, rel=1e-10)
    placebo = zr.placebo_dates(panel_of(table), (2,))["estimate"][0]
    assert found.loc["before", "estimate"] == pytest.approx(placebo, rel=1e-10)
    assert "nothing" in found.loc["lost", "reason"]
    assert found["p_adjusted"].notna().sum() == 3


def test_the_declared_controls_of_the_programme_can_be_read(tmp_path: Path) -> None:
    rows_declared = zr.declared_controls()
    names = {row.name for row in rows_declared}
    assert {"talent_on_inventions", "utility_models_after_reform"} <= names
    assert all(row.zh and row.en for row in rows_declared)
    wrong = tmp_path / "own.toml"
    wrong.write_text('[x]\noutcome = "y"\nyears = 3\n', encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"'x' has an unknown key.*years"):
        zr.declared_controls(wrong)


def test_the_full_base_less_the_donut_by_hand() -> None:
    """One cohort: the difference is that of y(-2) and y(-1) between the two groups."""
    table = rows(5, 24, (6, np.nan, np.nan), effect=2.0)
    found = zr.base_sensitivity(panel_of(table), target=(0, 2), leave_out=1)
    wide = table.pivot(index="firm", columns="year", values="y")
    change = (wide[4] - wide[5]).to_numpy()
    treated = table.groupby("firm")["start"].first().notna().to_numpy()
    expected = change[treated].mean() - change[~treated].mean()
    variance = sum(
        ((part - part.mean()) ** 2).sum() / len(part) ** 2
        for part in (change[treated], change[~treated])
    )
    assert found.difference == pytest.approx(expected, abs=1e-10)
    assert found.std_error == pytest.approx(np.sqrt(variance), abs=1e-10)
    assert found.other - found.main == pytest.approx(found.difference, abs=1e-12)


def test_a_good_year_before_treatment_gives_a_negative_difference() -> None:
    table = rows(6, 90, (6, np.nan, np.nan))
    good = table.assign(y=table["y"] + 2 * (table["year"] == table["start"] - 1))
    found = zr.base_sensitivity(panel_of(good), target=(0, 2), leave_out=1)
    assert (found.sign, found.to_frame()["sign"].item()) == (-1, -1)
    bad = table.assign(y=table["y"] - 2 * (table["year"] == table["start"] - 1))
    assert zr.base_sensitivity(panel_of(bad), target=(0, 2), leave_out=1).sign == 1
    scaled = zr.base_sensitivity(panel_of(good.assign(y=7 * good["y"])), target=(0, 2), leave_out=1)
    assert scaled.p_value == pytest.approx(found.p_value, rel=1e-8)


@pytest.mark.slow
def test_the_size_of_the_paired_test() -> None:
    worlds = 50
    p = [
        zr.base_sensitivity(panel_of(rows(s, 60)), target=(0, 1), leave_out=1).p_value
        for s in range(worlds)
    ]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / worlds)


def test_base_sensitivity_refusals() -> None:
    panel = panel_of(rows(counts=True))
    with pytest.raises(ZgzxError, match="give the same estimate"):
        zr.base_sensitivity(panel, target=(0, 1))
    with pytest.raises(ZgzxError, match="no difference"):
        zr.base_sensitivity(panel, against={"scale": "ratio"}, target=(0, 1), leave_out=1)
    with pytest.raises(ZgzxError, match="no such option"):
        zr.base_sensitivity(panel, against={"donut": 1})
