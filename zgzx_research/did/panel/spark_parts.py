"""Parts of a panel in Spark: rows are sorted by unit, and passes run where the rows are.

A partition becomes blocks of units, pickled in a column of bytes. Spark keeps them on its disks for
the passes to come: a pass reads them once, and in memory they would push out what a sort needs. A
pass sends a kernel to the blocks; every partition sends back one sum, and Spark adds these up in
turn, so only the sum of all comes to the driver. A problem that the user can correct travels as a
row, too, and is raised here; a task that dies is repeated by Spark.
"""

from __future__ import annotations

import math
import pickle
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from zgzx_research.did.panel.blocks import block_of
from zgzx_research.did.panel.read_table import Roles, refuse_missing, series, whole_units
from zgzx_research.did.panel.text_columns import Readings, read_text_columns
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
Batches = Iterator["pa.RecordBatch"]

ROWS = 1 << 18  # rows of a block: some ten megabytes, far from what one value may hold
# a batch that goes to Python holds 10,000 rows by default: thousands of blocks, gigabytes
BATCH_BYTES, BYTES = "spark.sql.execution.arrow.maxBytesPerBatch", 32 << 20
FEW = 32  # sums that the driver adds up by itself
SCHEMA = "kind string, value binary"
SUM, ERROR = "sum", "error"


def is_spark(data: Any) -> bool:
    """Whether a table is a Spark DataFrame."""
    return type(data).__module__.startswith("pyspark.sql") and hasattr(data, "mapInArrow")


class KeptFrame:
    """A DataFrame that Spark keeps until nothing refers to this object any more.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        What to keep, on disk.
    """

    def __init__(self, frame: DataFrame) -> None:
        from pyspark.storagelevel import StorageLevel

        self.frame = frame.persist(StorageLevel.DISK_ONLY)
        self._partitions = 0
        weakref.finalize(self, _let_go, self.frame)

    @property
    def partitions(self) -> int:
        """How many there are, asked once; where Spark does not say, as many as a shuffle makes."""
        if not self._partitions:
            try:
                self._partitions = int(self.frame.rdd.getNumPartitions())
            except Exception:
                shuffled = self.frame.sparkSession.conf.get("spark.sql.shuffle.partitions")
                self._partitions = int(shuffled or FEW)
        return self._partitions


def _let_go(frame: DataFrame) -> None:
    with suppress(Exception):  # the session may have ended before
        frame.unpersist()


@dataclass(frozen=True, slots=True)
class SparkParts:
    """A store of parts in a Spark DataFrame.

    Attributes
    ----------
    kept : KeptFrame
        One row per part: the bytes of a block of rows.
    change : Callable, optional
        Made to each block before a kernel has it.
    """

    kept: KeptFrame
    change: Callable[[Any], Any] | None = None

    def reduce(self, kernel: Callable[[Any], T | None], add: Callable[[T, T], T]) -> T | None:
        """Return the sum of the kernel's results over all parts; None adds nothing."""
        frame = self.kept.frame
        sums = frame.mapInArrow(partial(_sum_of_parts, self.change, kernel, add), SCHEMA)
        count = self.kept.partitions
        while count > FEW:
            count = math.isqrt(count)
            sums = sums.repartition(count).mapInArrow(partial(_sum_of_sums, add), SCHEMA)
        rows = _collected(sums)
        _raise_first([row.value for row in rows if row.kind == ERROR])
        total = None
        for row in rows:
            found = pickle.loads(row.value)
            total = found if total is None else add(total, found)
        return total

    def map(self, change: Callable[[Any], Any]) -> SparkParts:
        """Return a store of all parts after a change, made whenever they are asked for."""
        before = self.change
        return SparkParts(self.kept, change if before is None else partial(_both, before, change))


def spark_blocks(data: Any, roles: Roles) -> SparkParts:
    """Return the rows of a Spark DataFrame as blocks of units, in the order of the units.

    Raises
    ------
    ZgzxError
        A column is missing, or PySpark does not work here.
    """
    _refuse_without_spark()
    names = list(dict.fromkeys(name for name in roles.values() if name is not None))
    refuse_missing(names, data.columns)
    unit, period = roles["unit"], str(roles["period"])
    kinds = {field.name: field.dataType.typeName() for field in data.schema.fields}
    rows = data.select(*(_quoted(name) for name in names))
    readings = read_text_columns(
        roles,
        lambda name: kinds[name] in ("string", "varchar", "char"),
        lambda name: (_distinct(rows, name), False),
    )
    if unit is not None:
        rows = rows.repartitionByRange(_quoted(unit))
        rows = rows.sortWithinPartitions(_quoted(unit), _quoted(period))
    blocks = rows.mapInArrow(partial(_blocks_of_rows, names, roles, readings), SCHEMA)
    return SparkParts(KeptFrame(blocks))


def _refuse_without_spark() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise ZgzxError(
            "a Spark DataFrame needs PySpark, which is not installed",
            where="prepare_panel",
            remedy="Install it with pip install zgzx-research[spark]; "
            "it needs Java 17 or later (java -version).",
        ) from None


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _distinct(rows: DataFrame, name: str) -> list[str]:
    found = _collected(rows.select(_quoted(name)).distinct())
    return sorted(row[0] for row in found if row[0] is not None)


def _collected(frame: DataFrame) -> list[Any]:
    """Return the rows; a task that always dies is our error."""
    try:
        with _bounded_batches(frame.sparkSession):
            return list(frame.collect())
    except Exception as error:  # Spark has an exception for each of its layers
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        shown = next((line for line in reversed(lines) if "Error" in line), lines[0])
        raise ZgzxError(
            "a Spark task failed however often it was tried",
            where="prepare_panel and estimate_effects",
            examples=[shown[:300]],
            remedy="See the log of the Spark job. Workers need the same version of this package, "
            "and memory for a block of 262,144 rows.",
        ) from error


@contextmanager
def _bounded_batches(session: SparkSession) -> Iterator[None]:
    """Bound the bytes of a batch that goes to Python, and leave the session as it was."""
    before = session.conf.get(BATCH_BYTES, None)
    session.conf.set(BATCH_BYTES, BYTES)
    try:
        yield
    finally:
        with suppress(Exception):  # the session may have ended
            if before is None:
                session.conf.unset(BATCH_BYTES)
            else:
                session.conf.set(BATCH_BYTES, before)


def _blocks_of_rows(
    names: list[str], roles: Roles, readings: Readings, batches: Batches
) -> Iterator[pa.RecordBatch]:
    """Give the blocks of one partition, or the first error."""
    row = 0
    try:
        for rows in whole_units(batches, roles["unit"], ROWS):
            yield _row(SUM, block_of(series(rows, names, roles["unit"], row), roles, readings))
            row += rows.num_rows
    except ZgzxError as error:
        yield _row(ERROR, _fields(error))


def _sum_of_parts(
    change: Callable[[Any], Any] | None,
    kernel: Callable[[Any], T | None],
    add: Callable[[T, T], T],
    batches: Batches,
) -> Iterator[pa.RecordBatch]:
    """Give the sum of the kernel's results over one partition, or the first error."""
    total = None
    try:
        for kind, value in _values(batches):
            if kind == ERROR:
                yield _row_of_bytes(ERROR, value)
                return
            part = pickle.loads(value)
            found = kernel(part if change is None else change(part))
            if found is not None:
                total = found if total is None else add(total, found)
    except ZgzxError as error:
        yield _row(ERROR, _fields(error))
        return
    if total is not None:
        yield _row(SUM, total)


def _sum_of_sums(add: Callable[[T, T], T], batches: Batches) -> Iterator[pa.RecordBatch]:
    """Give the sum of some sums, and any errors."""
    total = None
    for kind, value in _values(batches):
        if kind == ERROR:
            yield _row_of_bytes(ERROR, value)
            continue
        found = pickle.loads(value)
        total = found if total is None else add(total, found)
    if total is not None:
        yield _row(SUM, total)


def _values(batches: Batches) -> Iterator[tuple[str, bytes]]:
    for batch in batches:
        for kind, value in zip(batch.column(0), batch.column(1), strict=True):
            yield kind.as_py(), value.as_py()


def _row(kind: str, value: Any) -> pa.RecordBatch:
    return _row_of_bytes(kind, pickle.dumps(value, protocol=5))


def _row_of_bytes(kind: str, value: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [pa.array([kind], pa.string()), pa.array([value], pa.binary())]
    return pa.RecordBatch.from_arrays(columns, ["kind", "value"])


def _fields(error: ZgzxError) -> dict[str, Any]:
    names = ("what", "where", "count", "examples", "remedy")
    return {name: getattr(error, name) for name in names}


def _raise_first(errors: list[bytes]) -> None:
    """Raise the error that comes first in the alphabet, so that it is the same every time."""
    found = [ZgzxError(**pickle.loads(error)) for error in errors]
    if found:
        raise min(found, key=str)


def _both(one: Callable[[Any], Any], other: Callable[[Any], Any], part: Any) -> Any:
    return other(one(part))
