"""The influence of units on a summary gives its standard error; windows of the wild bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_panels import panel_of, rows

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.summaries import summary_row

CHOICES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"weights": "w"}, {"cohort_correction": True, "base_period": "pooled", "leave_out": 1}),
    ({"cluster": "block"}, {"cohort_correction": True}),
    ({"cluster": "block"}, {"method": "two_way_fixed_effects"}),
    ({}, {"method": "imputation"}),
    ({"covariates": ("w",)}, {"adjustment": "doubly_robust"}),
    ({}, {"scale": "ratio"}),
]


@pytest.mark.parametrize(("preparing", "options"), CHOICES)
@pytest.mark.parametrize("target", [(0, 2), 1, "average", "overall"])
def test_influence_gives_the_standard_error(preparing: dict, options: dict, target: Any) -> None:
    table = rows(3, 80, (4, 5, np.nan, np.nan), counts=True, missing=0.05, effect=1.0)
    table["block"] = table["firm"].str[:3] + table["start"].fillna(0).astype(str)
    panel = panel_of(table, **preparing)
    found = zr.summary_influence(panel, target, **options)
    row = summary_row(zr.estimate_effects(panel, **options), target)
    log = options.get("scale") == "ratio"
    error = row["std_error"] / (1 + row["estimate"]) if log else row["std_error"]
    assert found.std_error == pytest.approx(error, rel=1e-9)
    assert found.value == pytest.approx(np.log1p(row["estimate"]) if log else row["estimate"])
    assert found.unexplained == 0


def test_cohorts_of_one_unit_leave_a_part_that_no_unit_explains() -> None:
    table = rows(4, 31, (4, 4, np.nan, np.nan, np.nan))
    alone = table.assign(start=table["start"].where(table["firm"] != "F000", 5.0))
    found = zr.summary_influence(panel_of(alone), (0, 1))
    row = summary_row(zr.estimate_effects(panel_of(alone)), (0, 1))
    assert found.unexplained > 0
    assert found.std_error == pytest.approx(row["std_error"], rel=1e-9)


@pytest.mark.parametrize("target", [(1, 0), (0, 1, 2), "window", 1.5, (0, None), True])
def test_targets_that_are_none(target: Any) -> None:
    with pytest.raises(ZgzxError, match="neither a window of event times nor one event time"):
        zr.summary_influence(panel_of(rows()), target)


@pytest.mark.parametrize("method", ["two_way_fixed_effects", "interaction_weighted"])
def test_the_wild_bootstrap_of_a_window(method: str) -> None:
    panel = panel_of(rows(5, 60, (4, 5, 7, np.nan), effect=1.0))
    event = zr.estimate_effects(panel, method=method).aggregate("event_time")
    for window in ((0, 2), (0, 1), (1, 1)):
        found = zr.wild_cluster_bootstrap(panel, method=method, window=window, draws=199)
        expected = event.window(*window).iloc[0]
        assert found["estimate"] == pytest.approx(expected["estimate"], abs=1e-10)
        assert found["std_error"] == pytest.approx(expected["std_error"], rel=1e-9)
        assert found["ci_low"] < found["estimate"] < found["ci_high"]
    one = zr.wild_cluster_bootstrap(panel, method=method, event_time=1, draws=199)
    assert one == zr.wild_cluster_bootstrap(panel, method=method, window=(1, 1), draws=199)
    with pytest.raises(ZgzxError, match="two choices"):
        zr.wild_cluster_bootstrap(panel, method=method, event_time=1, window=(0, 1))
    with pytest.raises(ZgzxError, match="every event time from 0 to 9"):
        zr.wild_cluster_bootstrap(panel, method=method, window=(0, 9))
