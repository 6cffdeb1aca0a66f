"""Effects by group: the subsets by hand, the joint test, few cuts only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_panels import by_firm, panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError

pytestmark = pytest.mark.slow  # together more than five seconds


def window(table: pd.DataFrame, **options: object) -> pd.Series:
    event = zr.estimate_effects(panel_of(table), **options).aggregate("event_time")
    return event.window(0, 1).iloc[0]


@pytest.mark.slow
@pytest.mark.slow
def test_two_groups_by_hand() -> None:
    table = rows(0, 80, effect=1.0)
    found = zr.heterogeneity(panel_of(table), {"size": by_firm(table, "size")}, target=(0, 1))
    one, two = (window(table[table["size"] == size]) for size in ("large", "small"))
    np.testing.assert_allclose(found.groups["estimate"], [one["estimate"], two["estimate"]])
    z = (two["estimate"] - one["estimate"]) / np.hypot(one["std_error"], two["std_error"])
    test = found.tests.iloc[0]
    assert test["statistic"] == pytest.approx(z**2, rel=1e-9)
    assert test["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert test["p_adjusted"] == test["p_value"]
    assert found.groups["difference"][1] == pytest.approx(two["estimate"] - one["estimate"])
    assert found.groups["difference_p"][1] == pytest.approx(test["p_value"], abs=0.006)


@pytest.mark.slow
@pytest.mark.slow
def test_shared_comparison_units_make_groups_depend_on_each_other() -> None:
    """Two categories of one cohort: their difference does not contain the comparison units."""
    table = rows(1, 90, (4, np.nan, np.nan))
    kind = by_firm(table, "size").where(by_firm(table, "start").notna()).dropna()
    found = zr.heterogeneity(panel_of(table), {"kind": kind}, target=(0, 1), comparison="all")
    wide = table.pivot(index="firm", columns="year", values="y")
    change = (wide[4] + wide[5]) / 2 - wide[3]
    parts = [change[kind.index[kind == name]] for name in ("large", "small")]
    variance = sum(((part - part.mean()) ** 2).sum() / len(part) ** 2 for part in parts)
    row = found.groups.iloc[1]
    assert row["difference"] == pytest.approx(parts[1].mean() - parts[0].mean(), abs=1e-10)
    assert row["difference_std_error"] == pytest.approx(np.sqrt(variance), abs=1e-10)


@pytest.mark.slow
@pytest.mark.slow
def test_ratios_are_compared_by_totals_and_a_group_may_have_none() -> None:
    table = rows(2, 120, (4, np.nan), counts=True)
    nothing = (table["size"] == "large") & (table["year"] >= table["start"])
    table = table.assign(y=table["y"].where(~nothing, 0.0))
    cut = {"size": by_firm(table, "size")}
    found = zr.heterogeneity(panel_of(table), cut, target=(0, 1), scale="ratio")
    assert found.groups["estimate"][0] == -1
    assert found.tests["p_value"][0] < 0.001
    scaled = zr.heterogeneity(
        panel_of(table.assign(y=3 * table["y"])), cut, target=(0, 1), scale="ratio"
    )
    assert scaled.tests["statistic"][0] == pytest.approx(found.tests["statistic"][0], rel=1e-8)


@pytest.mark.slow
def test_size_and_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gc.collect", lambda *_: 0)  # statsmodels collects garbage in each call
    worlds = 40
    p, planted = [], []
    for seed in range(worlds):
        table = rows(seed, 80, (4, np.nan), years=5)
        cut = {"size": by_firm(table, "size")}
        p.append(zr.heterogeneity(panel_of(table), cut, target=(0, 1)).tests["p_value"][0])
        if seed < 10:
            effect = 1.5 * ((table["size"] == "large") & (table["year"] >= table["start"]))
            other = panel_of(table.assign(y=table["y"] + effect))
            planted.append(zr.heterogeneity(other, cut, target=(0, 1)).tests["p_value"][0])
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / worlds)
    assert np.mean(np.array(planted) < 0.05) > 0.6


@pytest.mark.slow
@pytest.mark.slow
def test_cuts_are_adjusted_together_and_small_groups_leave() -> None:
    table = rows(3, 120)
    panel = panel_of(table)
    small = by_firm(table, "size").mask(np.arange(120) < 12, "few")
    cuts = {"size": by_firm(table, "size"), "small": small, "one": small.map(lambda s: "all")}
    found = zr.heterogeneity(panel, cuts, target=(0, 1))
    few = found.groups[found.groups["group"] == "few"].iloc[0]
    assert few["n_treated"] == 6 and few["reason"] == "fewer than 10 treated units"
    assert found.tests["groups"].tolist() == [2, 2, 1]
    assert found.tests["reason"][2] == "fewer than two groups have an estimate"
    p = found.tests["p_value"][:2].tolist()
    np.testing.assert_allclose(found.tests["p_adjusted"][:2], zr.holm(p)["p_adjusted"])
    known = found.groups["difference_p_adjusted"].dropna()
    assert (known >= found.groups.loc[known.index, "difference_p"]).all()


def test_refusals() -> None:
    panel = panel_of(rows())
    with pytest.raises(ZgzxError, match="6 cuts; with many"):
        zr.heterogeneity(panel, dict.fromkeys("abcdef", "cohort"))
    with pytest.raises(ZgzxError, match="0 cuts"):
        zr.heterogeneity(panel, {})
    with pytest.raises(ZgzxError, match="comparison='others' is unknown"):
        zr.heterogeneity(panel, {"a": "cohort"}, comparison="others")
