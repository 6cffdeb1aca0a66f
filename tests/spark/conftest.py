"""One Spark session for all tests of this folder: one Java, stopped at the end.

On a desk without PySpark or Java the tests are skipped and say why; in continuous integration
(ZGZX_CI or CI is set) that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# two threads; a task that fails is tried four times, as on a cluster (plain local[2] tries once)
MASTER = "local[2,4]"


def missing() -> str:
    """What Spark needs and this machine lacks, or nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed: run `make spark`"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java: run `make spark` as root, or install Java 17 or later"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip without Spark, but fail in continuous integration."""
    here = [item for item in items if "tests/spark/" in item.nodeid]
    reason = missing()
    if not here or not reason:
        return
    if os.environ.get("ZGZX_CI") or os.environ.get("CI"):
        raise pytest.UsageError(f"tests of Spark cannot run: {reason}")
    for item in here:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session; tests must leave its settings and tables as they found them."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.memory": "768m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    builder = SparkSession.builder.master(MASTER).appName("zgzx tests").config(map=settings)
    session = builder.getOrCreate()
    yield session
    session.stop()
