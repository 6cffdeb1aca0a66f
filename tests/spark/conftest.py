"""One Spark session for all tests of this folder: one Java, stopped at the end.

On a desk without PySpark or Java the tests are skipped and say why; in continuous integration
(ZGZX_CI or CI is set) that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from zgzx_research.engine import Engine, check_engine
from zgzx_research.errors import ZgzxError
from zgzx_research.spark_tables import LOCAL_SETTINGS, running

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STOP = LOCAL_SETTINGS["spark.driver.extraJavaOptions"]


def missing() -> str:
    """What Spark needs and this machine lacks, or nothing."""
    try:
        check_engine(Engine("spark"))
    except ZgzxError as problem:
        return f"{problem.what}: run `make spark`"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip without Spark, but fail in continuous integration."""
    here = [item for item in items if "tests/spark/" in item.nodeid]
    reason = missing() if here else ""
    if not reason:
        return
    if os.environ.get("ZGZX_CI") or os.environ.get("CI"):
        raise pytest.UsageError(f"tests of Spark cannot run: {reason}")
    for item in here:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session; tests must leave its settings and tables as they found them."""
    folder = tmp_path_factory.mktemp("spark")
    options = {
        "spark.driver.memory": "1g",
        # short jobs: Java's slow compiler and parallel collector cost more than they save
        "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {STOP}",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.shuffle.partitions": "3",
    }
    with running(Engine("spark", options=options)) as session:
        yield session
