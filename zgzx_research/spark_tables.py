"""Spark: the engine for data beyond one machine. PySpark is an extra, Java comes from the system.

Nothing is downloaded: no package of Spark, and none of the similarity functions of Splink, for
linkage compares exact tokens only.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import pandas as pd
import pyarrow as pa

from zgzx_research.engine import Engine, sorted_frame
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from splink.backends.spark import SparkAPI

JAVA = 17  # the oldest version that PySpark 4 runs on
WHERE = '[engine] name = "spark"'
SCRATCH = Path(tempfile.gettempdir()) / f"zgzx-spark-{os.getpid()}"  # no table is saved
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # what a user interface would show of past queries, held in memory though there is none
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "200",
    "spark.sql.ui.retainedExecutions": "5",
}
# one machine speaks to itself only; its tables are small, and every partition is a task
LOCAL_SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError",  # an error, not a standstill
    "spark.sql.shuffle.partitions": "8",
}


def check() -> None:
    """Check that PySpark and Java are there; see `engine.check_engine`."""
    if importlib.util.find_spec("pyspark") is None:
        raise ZgzxError(
            "PySpark is not installed",
            where=WHERE,
            remedy="Run 'pip install zgzx-research[spark]', or write name = \"duckdb\".",
        )
    version = java_version()
    if version < JAVA:
        found = f"Java {version} is too old" if version else "there is no Java"
        raise ZgzxError(
            f"{found}; Spark needs Java {JAVA} or later",
            where=WHERE,
            remedy=f"Install it (Debian: 'apt-get install openjdk-{JAVA}-jre-headless'), or write "
            'name = "duckdb".',
        )


def java_version() -> int:
    """Return the version of the Java that Spark would start; 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    number = re.search(r'version "(?:1\.)?(\d+)', said)  # 8 calls itself 1.8
    return int(number.group(1)) if number else 0


def session(engine: Engine) -> SparkSession:
    """Return the session that runs in this process, else start one with the engine's settings."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.active()
    except PySparkRuntimeError:
        check()
    local = engine.master.startswith("local")
    if local:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        **SETTINGS,
        **(LOCAL_SETTINGS if local else {}),
        "spark.sql.warehouse.dir": str(SCRATCH),
        **engine.options,
    }
    named = SparkSession.builder.master(engine.master).appName("zgzx")
    return named.config(map=settings).getOrCreate()


@contextmanager
def running(engine: Engine) -> Iterator[SparkSession]:
    """Keep Spark running for several connections; see `engine.running`."""
    from pyspark.sql import SparkSession

    was_running = SparkSession._instantiatedSession is not None
    started = session(engine)
    try:
        yield started
    finally:
        if not was_running:
            started.stop()
            shutil.rmtree(SCRATCH, ignore_errors=True)


@contextmanager
def connect(engine: Engine, *, threads: int, memory: str) -> Iterator[SparkTables]:
    """Use the running session, or start one; what is kept in it is let go afterwards.

    A session that is started here stays until Python ends, or as long as `running` says.
    """
    tables = SparkTables(session(engine))
    try:
        yield tables
    finally:
        tables.let_go()


def _failed(message: str) -> ZgzxError:
    """Make the error for a job that Spark gave up, from the last line of its cause in Python."""
    lines = [line for line in message.splitlines() if line.strip()]
    causes = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
    return ZgzxError(
        "Spark could not finish a table",
        where="spark",
        examples=[(causes or lines or ["Java has ended"])[-1 if causes else 0]],
        remedy="A task that dies is tried again where the master says so, e.g. local[2,4]. For "
        'memory, raise "spark.driver.memory" under [engine.spark] options.',
    )


@dataclass(frozen=True)
class SparkTables:
    """An `engine.Connection`."""

    session: SparkSession
    held: dict[str, DataFrame] = field(default_factory=dict)
    linking: list[SparkSession] = field(default_factory=list)

    def lazy(self, table: pd.DataFrame | Path) -> nw.LazyFrame:
        if isinstance(table, Path):
            return nw.from_native(self.session.read.parquet(str(table)))
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        return nw.from_native(self.session.createDataFrame(arrow))

    def kept(self, frame: nw.LazyFrame, name: str) -> nw.LazyFrame:
        if name in self.held:
            self.held.pop(name).unpersist()
        self.held[name] = frame.to_native().persist()
        return nw.from_native(self.held[name])

    def parts(self, frame: nw.LazyFrame, by: str, rows: int) -> Iterator[nw.LazyFrame]:
        yield frame  # Spark divides tables itself

    def collect(self, frame: nw.LazyFrame, by: Sequence[str]) -> pd.DataFrame:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            return sorted_frame(frame, by)
        except (PySparkException, Py4JError) as problem:
            raise _failed(str(problem)) from problem

    def splink(self) -> SparkAPI:
        from splink.backends.spark import SparkAPI

        self.linking.append(self.session.newSession())  # its views are not among those of others
        return SparkAPI(
            spark_session=self.linking[-1],
            break_lineage_method="persist",
            register_udfs_automatically=False,
        )

    def let_go(self) -> None:
        """Free what was kept here and what Splink kept."""
        for frame in self.held.values():
            frame.unpersist()
        for views in (session.catalog for session in self.linking):
            for table in views.listTables():
                views.uncacheTable(table.name)
                views.dropTempView(table.name)
