"""The engine for large tables: DuckDB on this machine or Spark, both used through Narwhals.

An expression is written once and runs on either; `duckdb_tables.py` and `spark_tables.py` say how
a table comes in and a result goes out. Row order is undefined before `collect`: it sorts, so
neither the engine nor the number of threads can change a result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw
import pandas as pd


@dataclass(frozen=True)
class Engine:
    """The engine that a study asks for.

    Attributes
    ----------
    name : {"duckdb", "spark"}
        DuckDB works in memory and spills to the disk; Spark is for data beyond one machine.
    master : str
        Where Spark works. "local[2,4]" is this machine with two threads, and a task that fails is
        tried four times; plain "local[2]" tries once.
    options : mapping of str to str
        Settings of Spark, for instance {"spark.driver.memory": "8g"}.
    """

    name: str = "duckdb"
    master: str = "local[2,4]"
    options: Mapping[str, str] = field(default_factory=dict)


DUCKDB = Engine()


class Connection(Protocol):
    """Tables that an engine holds while a `with` lasts."""

    def lazy(self, table: pd.DataFrame | Path) -> nw.LazyFrame:
        """Give the engine a table, to be transformed by Narwhals expressions.

        A Parquet file is read as it is needed.
        """

    def kept(self, frame: nw.LazyFrame, name: str) -> nw.LazyFrame:
        """Compute rows once, for a table that several others are made of.

        It may spill like any other, and takes the place of an earlier one of the same name.
        """

    def parts(self, frame: nw.LazyFrame, by: str, rows: int) -> Iterator[nw.LazyFrame]:
        """Give a table in parts of about so many rows, each with all rows of some values of `by`.

        `by` is a column of whole numbers. An engine that divides its work itself gives one part.
        """

    def collect(self, frame: nw.LazyFrame, by: Sequence[str]) -> pd.DataFrame:
        """Return the result as pandas, sorted by the columns that identify its rows."""

    def splink(self) -> Any:
        """Return the database as Splink sees it."""


def check_engine(engine: Engine) -> None:
    """Check that an engine can start, before any work is done.

    Raises
    ------
    ZgzxError
        PySpark or Java is missing, or Java is older than 17.
    """
    _row(engine).check()


def running(engine: Engine) -> AbstractContextManager[Any]:
    """Keep an engine running for several connections.

    Spark is ended afterwards if it was started here.
    """
    return _row(engine).running(engine)


def connect(
    engine: Engine = DUCKDB, *, threads: int = 2, memory: str = "4GB"
) -> AbstractContextManager[Connection]:
    """Open an engine, to be used in a `with`; it downloads nothing.

    Parameters
    ----------
    engine : Engine
        The engine.
    threads, memory
        Limits of DuckDB, which spills to a scratch file beyond its memory; Spark has its own in
        `Engine.options`.
    """
    return _row(engine).connect(engine, threads=threads, memory=memory)


def sorted_frame(frame: nw.LazyFrame, by: Sequence[str]) -> pd.DataFrame:
    """Compute a result as pandas, sorted by the columns that identify its rows."""
    return frame.collect("pyarrow").to_pandas().sort_values(list(by), ignore_index=True)


def _row(engine: Engine) -> Any:
    """Return the module of an engine; each has check, running and connect."""
    from zgzx_research import duckdb_tables, spark_tables

    return {"duckdb": duckdb_tables, "spark": spark_tables}[engine.name]
