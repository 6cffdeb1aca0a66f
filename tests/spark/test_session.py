"""The session of the tests: partitions go through Arrow and the Python of the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_partitions_go_through_arrow_and_the_python_of_the_tests(spark: SparkSession) -> None:
    def python(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = sum(batch.num_rows for batch in batches)
        yield pa.RecordBatch.from_pydict({"python": [sys.executable], "rows": [rows]})

    found = spark.range(10, numPartitions=3).mapInArrow(python, "python string, rows long")
    assert [tuple(row) for row in found.collect()] == [(sys.executable, n) for n in (3, 3, 4)]
