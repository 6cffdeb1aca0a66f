"""Shares and estimates of the kinds of comparisons behind two-way fixed effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_panels import panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError


def three_firms() -> pd.DataFrame:
    """One firm treated in year 2, one in year 3, two never; outcomes made up."""
    outcomes = {"A": (1, 5, 6), "B": (2, 2, 9), "C": (3, 4, 4), "D": (1, 2, 4)}
    start = {"A": 2.0, "B": 3.0}
    found = [
        (firm, year, float(y), start.get(firm, np.nan))
        for firm, values in outcomes.items()
        for year, y in enumerate(values, 1)
    ]
    return pd.DataFrame(found, columns=["firm", "year", "y", "start"])


def test_kinds_by_hand() -> None:
    """Equations 7 to 10 of Goodman-Bacon (2021) with a pencil.

    Shares of units: A 1/4, B 1/4, never 1/2; shares of periods treated: A 2/3, B 1/3.
    Weights up to a factor: A-never 1/8 · 2/9, B-never 1/8 · 2/9; A-B before B's treatment
    1/16 · 1/3 · 1/3, after A's 1/16 · 1/3 · 1/3; in units of 1/144: 4, 4, 1, 1.
    Never: means 2, 3, 4. A: 5.5 - 1 - (3.5 - 2) = 3. B: 9 - 2 - (4 - 2.5) = 5.5.
    A against B: (5 - 1) - (2 - 2) = 4. B against A: (9 - 2) - (6 - 5) = 6.
    """
    found = zr.bacon_by_kind(panel_of(three_firms())).set_index("kind")
    assert found.index.tolist() == ["never", "not_yet", "already", "all"]
    assert found["pairs"].tolist() == [2, 1, 1, 4]
    assert found["share"].tolist() == pytest.approx([0.8, 0.1, 0.1, 1.0])
    assert found["estimate"].tolist() == pytest.approx([4.25, 4.0, 6.0, 4.4])
    assert found["n_treated"].tolist() == [2, 1, 1, 2]
    assert found["n_comparison"].tolist() == [2, 1, 1, 4]


def test_all_together_is_the_static_coefficient_and_shares_add_up() -> None:
    panel = panel_of(rows(2, 40, (3, 5, 6, np.nan), effect=2.0))
    found = zr.bacon_by_kind(panel).set_index("kind")
    static = zr.estimate_effects(panel, method="two_way_fixed_effects").aggregate("overall").overall
    assert found["estimate"]["all"] == pytest.approx(static["estimate"].item(), abs=1e-10)
    parts = found.drop("all")
    assert parts["share"].sum() == pytest.approx(1.0)
    assert (parts["share"] * parts["estimate"]).sum() == pytest.approx(found["estimate"]["all"])


def test_without_firms_never_treated_there_is_no_such_row() -> None:
    found = zr.bacon_by_kind(panel_of(rows(2, 40, (3, 5))))
    assert found["kind"].tolist() == ["not_yet", "already", "all"]
    assert zr.bacon_by_kind(panel_of(rows(2, 40, (3, np.nan))))["kind"].tolist() == ["never", "all"]


def test_a_panel_with_gaps_is_refused_and_a_balanced_one_is_not() -> None:
    table = rows(2, 40, missing=0.02)
    with pytest.raises(ZgzxError, match="gaps='balance'"):
        zr.bacon_by_kind(panel_of(table))
    assert len(zr.bacon_by_kind(panel_of(table, gaps="balance"))) == 4
