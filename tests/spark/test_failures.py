"""A task that dies is tried again; what cannot be done is our error, never a wrong number."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.engine import Engine, connect
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Batches = Iterator[pa.RecordBatch]
ROWS, PARTITIONS = 12, 4


def total(spark: SparkSession, kernel: Callable[[Batches], Batches]) -> int:
    """The sum of 0, 1, …, ROWS - 1, after a kernel has seen each partition."""
    rows = spark.range(ROWS, numPartitions=PARTITIONS).mapInArrow(kernel, "id long")
    with connect(Engine("spark")) as tables:
        summed = nw.from_native(rows).select(total=nw.col("id").sum())
        return int(tables.collect(summed, by=["total"])["total"].iloc[0])


def dies(batches: Batches) -> Batches:
    os.kill(os.getpid(), signal.SIGKILL)
    yield from batches


def dies_once(marker: Path) -> Callable[[Batches], Batches]:
    """A kernel that kills the first worker that meets it, after a batch."""
    path = str(marker)

    def kernel(batches: Batches) -> Batches:
        yield from itertools.islice(batches, 1)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            yield from batches
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    return kernel


def test_a_task_whose_worker_dies_once_is_done_again(spark: SparkSession, tmp_path: Path) -> None:
    marker = tmp_path / "died"
    assert total(spark, dies_once(marker)) == ROWS * (ROWS - 1) // 2
    assert marker.exists()


def test_a_task_whose_worker_always_dies_is_an_error(spark: SparkSession) -> None:
    with pytest.raises(ZgzxError, match="Spark could not finish"):
        total(spark, dies)


def test_a_partition_with_a_bad_row_is_an_error_that_names_the_row(spark: SparkSession) -> None:
    def refuses(batches: Batches) -> Batches:
        for batch in batches:
            if pc.any(pc.equal(batch["id"], 7)).as_py():
                raise ValueError("row 7 has no year")
            yield batch

    with pytest.raises(ZgzxError, match=r"Spark could not finish.*row 7 has no year"):
        total(spark, refuses)
    assert total(spark, lambda batches: batches) == ROWS * (ROWS - 1) // 2  # Spark goes on


def in_spark(spark: SparkSession, data: pd.DataFrame, kernel: Callable[[Batches], Batches]) -> Any:
    """A panel of two partitions that a kernel has seen before it is prepared."""
    frame = spark.createDataFrame(pa.Table.from_pandas(data, preserve_index=False)).repartition(2)
    return frame.mapInArrow(kernel, frame.schema)


def panel_rows() -> pd.DataFrame:
    unit, year = np.repeat(np.arange(30), 5), np.tile(np.arange(2010, 2015), 30)
    first = np.where(unit % 3 == 0, np.nan, 2012.0 + unit % 2)
    drawn = np.random.default_rng(0).normal(size=len(unit))
    return pd.DataFrame({"unit": unit, "year": year, "first": first, "y": drawn})


ROLES: dict[str, Any] = {
    "outcome": "y",
    "unit": "unit",
    "period": "year",
    "first_treated": "first",
}


def test_estimates_survive_a_worker_and_not_all_of_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows, marker = panel_rows(), tmp_path / "died"
    panel = prepare_panel(in_spark(spark, rows, dies_once(marker)), **ROLES)
    found, expected = estimate_effects(panel), estimate_effects(prepare_panel(rows, **ROLES))
    assert marker.exists()
    np.testing.assert_allclose(found.estimates, expected.estimates, atol=1e-12)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-12)
    with pytest.raises(ZgzxError, match="task failed however often it was tried"):
        prepare_panel(in_spark(spark, rows, dies), **ROLES)
