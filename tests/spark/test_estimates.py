"""Panels in Spark: the estimates and the errors of the table in memory."""

from __future__ import annotations

import operator
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.panel_in_parts import PanelInParts
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROLES: dict[str, Any] = {"outcome": "y", "unit": "u", "period": "t", "first_treated": "g"}
UNITS, YEARS = 80, 6


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    unit, year = np.repeat(np.arange(UNITS), YEARS), np.tile(2001 + np.arange(YEARS), UNITS)
    data = pd.DataFrame({"u": unit, "t": year})
    data["g"] = rng.choice([np.nan, 2003, 2004, 2009], UNITS)[unit]
    data["y"] = rng.poisson(3, len(data)) + 1.0 * (data["t"] >= data["g"])
    data["w"] = rng.uniform(0.5, 2, UNITS)[unit]
    data["c"] = "k" + pd.Series(unit % 20).astype(str)
    return data[rng.random(len(data)) >= 0.1]


def in_spark(spark: SparkSession, data: pd.DataFrame, folder: Path) -> DataFrame:
    """The rows in any order, in five partitions."""
    data.sample(frac=1, random_state=1).to_parquet(folder / "rows.parquet", index=False)
    return spark.read.parquet(str(folder / "rows.parquet")).repartition(5)


def in_parts(frame: DataFrame, **more: Any) -> PanelInParts:
    panel = prepare_panel(frame, **ROLES | more)
    assert isinstance(panel, PanelInParts)
    return panel


@pytest.fixture(scope="module")
def parts(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> PanelInParts:
    return in_parts(in_spark(spark, rows(), tmp_path_factory.mktemp("rows")))


def test_estimates_are_those_of_the_table(spark: SparkSession, tmp_path: Path) -> None:
    more = {"weights": "w", "cluster": "c"}
    whole, parts = (
        prepare_panel(rows(), **ROLES | more),
        in_parts(in_spark(spark, rows(), tmp_path), **more),
    )
    pd.testing.assert_frame_equal(parts.ledger, whole.ledger)
    for options in (
        {"anticipation": 1},
        {"method": "imputation", "scale": "ratio"},
    ):
        ours, theirs = estimate_effects(parts, **options), estimate_effects(whole, **options)
        np.testing.assert_allclose(ours.estimates, theirs.estimates, atol=1e-12)
        np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=1e-12)
        pd.testing.assert_frame_equal(ours.cells, theirs.cells)
        pd.testing.assert_frame_equal(ours.ledger, theirs.ledger)


def test_text_means_what_it_means_in_the_whole_table(spark: SparkSession, tmp_path: Path) -> None:
    start = rows()["g"].map(lambda g: None if np.isnan(g) else f"{g:.0f}年")
    data = rows().assign(t=rows()["t"].astype(str) + "年", g=start)
    parts = in_parts(in_spark(spark, data, tmp_path), covariates=("c",))
    whole = prepare_panel(data, **ROLES, covariates=("c",))
    pd.testing.assert_frame_equal(parts.ledger, whole.ledger)
    assert parts.covariate_names == whole.covariate_names


@pytest.mark.parametrize(
    ("column", "value"), [("y", np.inf), ("g", 2005.0), ("t", 2001.5)], ids=["y", "g", "t"]
)
def test_a_bad_row_is_the_error_of_the_table(
    spark: SparkSession, tmp_path: Path, column: str, value: float
) -> None:
    data = rows().astype({"t": float})
    data.loc[data.index[data["u"] == 7][1], column] = value
    with pytest.raises(ZgzxError) as theirs:
        prepare_panel(data, **ROLES)
    with pytest.raises(ZgzxError) as ours:
        in_parts(in_spark(spark, data, tmp_path))
    assert str(ours.value) == str(theirs.value)


def test_a_frame_without_rows(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match="no usable row is left"):
        in_parts(in_spark(spark, rows(), tmp_path).limit(0))


def test_an_error_in_a_block_travels_to_the_user(spark: SparkSession, tmp_path: Path) -> None:
    data = rows().assign(y=lambda d: d["y"].astype(str))
    with pytest.raises(ZgzxError, match="column 'y' holds str, not numbers"):
        in_parts(in_spark(spark, data, tmp_path))


def test_a_kernel_that_dies_once_is_run_again(parts: PanelInParts, tmp_path: Path) -> None:
    marker = str(tmp_path / "died")

    def dies_once(part: PreparedPanel) -> int:
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return len(part.y)
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert over_parts(parts, dies_once, operator.add) == UNITS
    assert Path(marker).exists()


def test_a_kernel_that_always_fails_is_an_error(parts: PanelInParts) -> None:
    def fails(part: PreparedPanel) -> int:
        raise RuntimeError("no such luck")

    with pytest.raises(ZgzxError, match=r"failed however often it was tried.*no such luck"):
        over_parts(parts, fails, operator.add)


def test_many_partitions_are_added_up_by_spark(
    parts: PanelInParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zgzx_research.did.panel.spark_parts.FEW", 1)
    assert over_parts(parts, lambda part: len(part.y), operator.add) == UNITS
