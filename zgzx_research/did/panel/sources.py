"""Tables too large for memory, as blocks of units on disk.

Whatever the source is, its rows come sorted by unit: as they are in a Parquet file that is sorted,
else DuckDB sorts them once, with bounded memory and a scratch file.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zgzx_research.did.panel.blocks import Block, block_of
from zgzx_research.did.panel.part_files import PartFiles
from zgzx_research.did.panel.read_table import (
    Roles,
    is_text,
    open_parquet,
    parquet_batches,
    refuse_missing,
)
from zgzx_research.did.panel.text_columns import read_text_columns

if TYPE_CHECKING:
    import duckdb

# rows: some 400 MB with half a dozen columns, which every machine has; below, all methods and
# options can be had, and nothing is written to disk
IN_MEMORY = 5_000_000
SORT_MEMORY = "2GB"  # DuckDB sorts in so much, and spills the rest


class _NotSorted(Exception):
    """Units of a file do not come in rising order."""


def read_source(data: Any, roles: Roles) -> Any:
    """Return a table in memory, or `PartFiles` with the blocks of one that is too large for it.

    Parameters
    ----------
    data : Any
        Path or glob of Parquet files, duckdb relation, arrow dataset or reader of record batches,
        polars lazy frame; any other is returned as it is.
    """
    names = list(dict.fromkeys(name for name in roles.values() if name is not None))
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    if isinstance(data, str | Path):
        return _of_files(data, names, roles)
    if kind == "duckdb.DuckDBPyRelation":
        refuse_missing(names, data.columns)
        small = data.count("*").fetchall()[0][0] <= IN_MEMORY
        return data if small else _sorted_blocks(data, names, roles)
    if kind == "polars.LazyFrame":
        return _of_lazy_frame(data, names, roles)
    if kind.startswith("pyarrow.") and hasattr(data, "to_batches") and hasattr(data, "count_rows"):
        refuse_missing(names, data.schema.names)
        if data.count_rows() <= IN_MEMORY:
            return data.to_table(columns=names)
        with _database() as base:
            return _sorted_blocks(base.from_arrow(data), names, roles)
    if kind == "pyarrow.RecordBatchReader":
        return _of_reader(data, names, roles)
    return data


def _of_files(path: str | Path, names: list[str], roles: Roles) -> Any:
    """Return the rows of one or more Parquet files."""
    import pyarrow as pa

    files = _files(path)
    if not files:
        open_parquet(path, names)  # says that there is none
    opened = [open_parquet(file, names) for file in files]
    rows = sum(file.metadata.num_rows for file in opened)
    if rows <= IN_MEMORY:
        if len(files) == 1:
            return files[0]
        tables = [file.read(columns=names) for file in opened]
        return pa.concat_tables(tables, promote_options="permissive")
    if len(files) == 1:
        try:
            return PartFiles(_blocks_of_file(files[0], names, roles))
        except _NotSorted:
            pass
    with _database() as base:
        relation = base.read_parquet([str(file) for file in files])
        return _sorted_blocks(relation, names, roles)


def _files(path: str | Path) -> list[Path]:
    """Return the file, the files in a folder, or those that a pattern finds, in order."""
    if Path(path).is_file():
        return [Path(path)]
    if Path(path).is_dir():
        return sorted(Path(path).rglob("*.parquet"))
    found = glob.glob(str(path), recursive=True)  # noqa: PTH207 - Path.glob takes no whole path
    return sorted(map(Path, found))


def _of_lazy_frame(data: Any, names: list[str], roles: Roles) -> Any:
    """Return the rows of a polars lazy frame."""
    import polars as pl

    refuse_missing(names, data.collect_schema().names())
    data = data.select(names)
    if data.select(pl.len()).collect(engine="streaming").item() <= IN_MEMORY:
        return data.collect(engine="streaming")
    with tempfile.TemporaryDirectory(prefix="zgzx-rows-") as folder, _database() as base:
        path = Path(folder) / "rows.parquet"
        data.sink_parquet(path)
        return _sorted_blocks(base.read_parquet(str(path)), names, roles)


def _of_reader(data: Any, names: list[str], roles: Roles) -> Any:
    """Return the rows of a reader, which can be read only once."""
    import pyarrow as pa

    refuse_missing(names, data.schema.names)
    first, rows = [], 0
    for batch in data:
        first.append(batch)
        rows += batch.num_rows
        if rows > IN_MEMORY:
            break
    else:
        return pa.Table.from_batches(first, data.schema).select(names)
    every = pa.RecordBatchReader.from_batches(data.schema, chain(first, data))
    with _database() as base:
        return _sorted_blocks(base.from_arrow(every), names, roles)


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database in memory that spills beyond a bound, and downloads nothing."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="zgzx-spill-") as scratch:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": SORT_MEMORY,
            "temp_directory": scratch,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(":memory:", config=settings) as base:
            yield base


def _sorted_blocks(
    relation: duckdb.DuckDBPyRelation, names: Sequence[str], roles: Roles
) -> PartFiles:
    """Sort rows by unit and period, and return their blocks; the sorted file goes at once."""
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
    rows = relation.project(", ".join(quoted.values()))
    if roles["unit"] is not None:
        rows = rows.order(", ".join(quoted[str(roles[role])] for role in ("unit", "period")))
    with tempfile.TemporaryDirectory(prefix="zgzx-sorted-") as folder:
        path = Path(folder) / "sorted.parquet"
        rows.to_parquet(str(path))
        return PartFiles(_blocks_of_file(path, names, roles))


def _blocks_of_file(path: Path, names: Sequence[str], roles: Roles) -> Iterator[Block]:
    """Give the blocks of a file whose units come in rising order.

    Raises
    ------
    _NotSorted
        They do not.
    """
    file = open_parquet(path, names)
    readings = read_text_columns(
        roles,
        lambda name: is_text(file.schema_arrow.field(name).type),
        lambda name: _distinct(file, name),
    )
    last = None
    for batch in parquet_batches(path, names, roles["unit"]):
        block = block_of(batch, roles, readings)
        if len(block.units):
            if last is not None and not last < block.units[0]:
                raise _NotSorted
            last = block.units[-1]
        yield block


def _distinct(file: Any, name: str) -> tuple[list[Any], bool]:
    """Return the distinct values of a column, and whether they are in the order of categories."""
    import pyarrow as pa

    values: dict[Any, None] = {}
    ordered = pa.types.is_dictionary(file.schema_arrow.field(name).type)
    for batch in file.iter_batches(columns=[name]):
        column = batch.column(0)
        found = column.dictionary if ordered else column.unique().drop_null()
        values |= dict.fromkeys(found.to_pylist())
    return list(values), ordered
