"""Doubly robust effects by Spark: the same numbers, though rows come in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.panel_in_parts import PanelInParts
from zgzx_research.did.panel.prepare import prepare_panel

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROLES: dict[str, Any] = {
    "outcome": "y",
    "unit": "u",
    "period": "t",
    "first_treated": "g",
    "covariates": ("x1", "x2"),
    "cluster": "town",
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """150 units in 4 periods with gaps, treated in 3 or never, in towns of seven, rows shuffled."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(150, 2))
    start = np.where(x[:, 0] + rng.normal(size=150) > 0.4, 3.0, np.nan)
    frame = pd.DataFrame({"u": np.repeat(np.arange(150), 4), "t": np.tile(np.arange(1, 5), 150)})
    frame["g"], frame["town"] = start[frame["u"]], frame["u"] // 7
    frame[["x1", "x2"]] = x[frame["u"]]
    after = frame["t"] >= frame["g"].fillna(99)
    frame["y"] = 0.3 * frame["x1"] * frame["t"] + 0.5 * after + rng.normal(size=len(frame))
    frame = frame[rng.random(len(frame)) > 0.05]
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


def test_doubly_robust(spark: SparkSession, table: pd.DataFrame) -> None:
    rows = spark.createDataFrame(table).repartition(3)
    panel = prepare_panel(rows, **ROLES)
    assert isinstance(panel, PanelInParts)
    found = estimate_effects(panel, adjustment="doubly_robust")
    want = estimate_effects(prepare_panel(table, **ROLES), adjustment="doubly_robust")
    for one, other in ((want.estimates, found.estimates), (want.covariance, found.covariance)):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-12 * np.abs(one).max())
