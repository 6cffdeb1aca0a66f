"""The engine for large tables: DuckDB in memory, used through Narwhals."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa


def connect(*, threads: int = 2, memory: str = "4GB") -> duckdb.DuckDBPyConnection:
    """Open a database in memory, to be used in a `with`; it downloads nothing.

    Beyond `memory` it spills to a scratch file.

    Row order is undefined before `collect`: it sorts, so the number of threads cannot
    change a result.
    """
    scratch = Path(tempfile.gettempdir()) / f"zgzx-{os.getpid()}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory,
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": False,
    }
    return duckdb.connect(":memory:", config=settings)


def lazy(connection: duckdb.DuckDBPyConnection, table: pd.DataFrame | Path) -> nw.LazyFrame:
    """Give the engine a table, to be transformed by Narwhals expressions.

    A Parquet file is read as it is needed.
    """
    if isinstance(table, Path):
        return nw.from_native(connection.read_parquet(str(table)))
    return nw.from_native(connection.from_arrow(pa.Table.from_pandas(table, preserve_index=False)))


def kept(connection: duckdb.DuckDBPyConnection, frame: nw.LazyFrame, name: str) -> nw.LazyFrame:
    """Compute rows once, for a table that several others are made of.

    It may spill like any other.
    """
    frame.to_native().create(name)
    return nw.from_native(connection.table(name))


def collect(frame: nw.LazyFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return the result as pandas, sorted by the columns that identify its rows."""
    return frame.collect("pyarrow").to_pandas().sort_values(list(by), ignore_index=True)
