"""DuckDB in memory: the engine of one machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from zgzx_research.engine import Engine, sorted_frame

if TYPE_CHECKING:
    from splink.backends.duckdb import DuckDBAPI


def check() -> None:
    """Do nothing: DuckDB comes with the package."""


def running(engine: Engine) -> AbstractContextManager[None]:
    """Do nothing: every connection is a database of its own."""
    return nullcontext()


@contextmanager
def connect(engine: Engine, *, threads: int, memory: str) -> Iterator[DuckdbTables]:
    """Open a database in memory; see `engine.connect`."""
    scratch = Path(tempfile.gettempdir()) / f"zgzx-{os.getpid()}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory,
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": False,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        yield DuckdbTables(connection)


@dataclass(frozen=True)
class DuckdbTables:
    """An `engine.Connection`."""

    connection: duckdb.DuckDBPyConnection

    def lazy(self, table: pd.DataFrame | Path) -> nw.LazyFrame:
        if isinstance(table, Path):
            return nw.from_native(self.connection.read_parquet(str(table)))
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        return nw.from_native(self.connection.from_arrow(arrow))

    def kept(self, frame: nw.LazyFrame, name: str) -> nw.LazyFrame:
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        frame.to_native().create(name)
        return nw.from_native(self.connection.table(name))

    def parts(self, frame: nw.LazyFrame, by: str, rows: int) -> Iterator[nw.LazyFrame]:
        count = int(frame.select(nw.len()).collect("pyarrow").item()) // rows
        if count < 2:
            yield frame
            return
        # sorted once: then the groups of rows that a part reads are its own
        with tempfile.TemporaryDirectory(prefix="zgzx-parts-") as folder:
            path = Path(folder) / "sorted.parquet"
            numbered = frame.with_columns(part=nw.col(by) % count).sort("part")
            numbered.to_native().to_parquet(str(path))
            for part in range(count):
                yield self.lazy(path).filter(nw.col("part") == part).drop("part")

    def collect(self, frame: nw.LazyFrame, by: Sequence[str]) -> pd.DataFrame:
        return sorted_frame(frame, by)

    def splink(self) -> DuckDBAPI:
        from splink.backends.duckdb import DuckDBAPI

        return DuckDBAPI(self.connection)
