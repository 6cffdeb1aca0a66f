"""A task that dies is tried again; what cannot be done is our error, never a wrong number."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pytest

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


def test_a_task_whose_worker_dies_once_is_done_again(spark: SparkSession, tmp_path: Path) -> None:
    marker = str(tmp_path / "died")

    def dies_once(batches: Batches) -> Batches:
        yield next(batches)
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            yield from batches
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    assert total(spark, dies_once) == ROWS * (ROWS - 1) // 2
    assert Path(marker).exists()


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
