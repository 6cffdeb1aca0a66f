"""Designs on people in a few synthetic worlds; `make proofs` runs many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from zgzx_research.proofs.inventor_worlds import inventor_panel
from zgzx_research.proofs.people import ROWS, PeopleRow, page, prove, to_markdown
from zgzx_research.proofs.people_methods import METHODS, SOURCES
from zgzx_research.proofs.person_worlds import person_panel
from zgzx_research.simulate.world.constants import Order

TINY = [replace(row, size="tiny") for row in ROWS]


def rows_of(*labels: str) -> list[PeopleRow]:
    return [row for row in TINY if row.label in labels]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return person_panel(Order("calibrated", "tiny", 3))


def test_rows_name_methods_and_worlds() -> None:
    assert {row.label for row in ROWS} == set(METHODS)
    assert {row.world for row in ROWS} == set(SOURCES)


@pytest.mark.slow
def test_the_persons_of_a_world_are_as_the_panel_of_persons_has_them(panel: pd.DataFrame) -> None:
    assert not panel.duplicated(["edition", "worker_id"]).any()
    won = panel["arm"].eq("winner")
    assert panel.loc[won, "cut_distance"].min() == 1
    assert panel.loc[~won, "cut_distance"].max() == -1
    seen = panel["observed_months"].ge(24)
    stayed = panel["leave_month"].isna() | panel["leave_month"].gt(24)
    expected = stayed.astype(float).where(seen)
    pd.testing.assert_series_equal(panel["retention_24_group"], expected, check_names=False)
    assert panel["tenure_months"].ge(0).all()


@pytest.mark.study
def test_a_few_tiny_worlds_hold() -> None:
    rows = rows_of("24 months, persons", "24 months, entries", "rank, window 3", "colleagues")
    for row, result in zip(rows, prove(rows, range(12), processes=1), strict=True):
        assert result["errors"] == 0, row.label
        assert abs(result["bias"]) < 4 * result["bias_error"], row.label
        assert result["coverage"] >= 0.75, row.label


@pytest.mark.slow
def test_before_and_after_fails_where_the_double_difference_holds() -> None:
    good, bad = prove(
        rows_of("inventions, winners less finalists", "inventions, before and after"),
        range(20),
        processes=1,
    )
    assert abs(good["bias"]) < 4 * good["bias_error"]
    assert bad["bias"] > 8 * bad["bias_error"]


def test_inventors_who_enter_had_a_good_year() -> None:
    years = pd.concat([inventor_panel(seed, effect=0.0) for seed in range(4)])
    mean = years.filter(like="inventions").mean()
    trend = np.sqrt(mean["inventions_m2"] * mean["inventions_0"])
    assert mean["inventions_m1"] > 1.2 * trend


def test_the_page_says_what_it_measured() -> None:
    rows = rows_of("inventions, winners less finalists")
    results = prove(rows, range(3), processes=1)
    text = page(rows, results, 3)
    assert to_markdown(rows, results) in text
    assert "| inventors | 3 | +0.1000 |" in text


@pytest.mark.proof
def test_the_designs_hold_in_default_worlds() -> None:
    results = prove(ROWS, range(60))
    for row, result in zip(ROWS, results, strict=True):
        assert result["verdict"].startswith("holds" if not row.fails else "fails as it should")
