"""From any table to typed columns: unit keys and numbers; a Parquet file comes batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

BATCH = 1 << 20  # rows of a Parquet file read at once
MANY_COLUMNS = 12  # above this an error names the nearest columns only

Roles = Mapping[str, str | None]
"""Role -> column; None where no column was named."""

Columns = dict[str | None, pd.Series]
"""Name -> column; where no unit is named, the row numbers under None."""


def whole_table(data: Any, names: Sequence[str], unit: str | None) -> Columns:
    """Return the named columns; where no unit is named, the row numbers under None.

    Parameters
    ----------
    data : Any
        Pandas, polars, arrow or duckdb table, eager or lazy, or the path of a Parquet file.
    """
    if isinstance(data, str | Path):
        return series(open_parquet(data, names).read(columns=list(names)), names, unit, 0)
    if isinstance(data, pd.DataFrame) and not data.columns.is_unique:
        twice = data.columns[data.columns.duplicated()].unique()
        raise ZgzxError(
            "the table has columns of the same name",
            where="prepare_panel",
            count=len(twice),
            examples=twice,
            remedy="Rename one of them.",
        )
    if isinstance(data, pd.DataFrame):  # its columns may be named by whole numbers
        refuse_missing(names, list(data.columns))
        columns: Columns = {name: data[name] for name in names}
        return columns if unit is not None else columns | {None: pd.Series(np.arange(len(data)))}
    try:
        frame = nw.from_native(data)
    except TypeError:
        raise ZgzxError(
            f"a {type(data).__name__} is not a table",
            where="prepare_panel",
            remedy="Pass a pandas, polars, arrow or duckdb table, or the path of a Parquet file.",
        ) from None
    refuse_missing(names, frame.collect_schema().names())
    if isinstance(frame, nw.LazyFrame):
        frame = frame.select(list(names)).collect()
    columns = {}
    for name in names:
        column = frame[name]
        columns[name] = (
            column.to_native() if isinstance(column.to_native(), pd.Series) else column.to_pandas()
        )
    if unit is None:
        columns[None] = pd.Series(np.arange(len(frame)))
    return columns


def parquet_batches(path: str | Path, names: Sequence[str], unit: str | None) -> Iterator[Columns]:
    """Return the named columns of a Parquet file, batch by batch, with whole units in each."""
    batches = open_parquet(path, names).iter_batches(batch_size=BATCH, columns=list(names))
    row = 0
    for rows in whole_units(batches, unit, BATCH):
        yield series(rows, names, unit, row)
        row += rows.num_rows


def whole_units(batches: Iterable[Any], unit: str | None, least: int) -> Iterator[Any]:
    """Join record batches to arrow tables of at least so many rows, but for the last.

    The last unit of a table waits for the next one, in rows that come unit by unit.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    waiting, count = [], 0
    for batch in batches:
        waiting.append(pa.Table.from_batches([batch]))
        count += batch.num_rows
        if count < least:
            continue
        rows = pa.concat_tables(waiting)
        cut = rows.num_rows
        if unit is not None and cut:
            other = pc.fill_null(pc.not_equal(rows[unit], rows[unit][-1]), True).to_numpy()
            cut = len(other) - int(other[::-1].argmax()) if other.any() else 0
        waiting, count = [rows.slice(cut)], rows.num_rows - cut
        if cut:
            yield rows.slice(0, cut)
    if count:
        yield pa.concat_tables(waiting)


def has_text(path: str | Path, names: Sequence[str]) -> bool:
    """Whether one of these columns of a Parquet file is text or categories."""
    schema = open_parquet(path, names).schema_arrow
    return any(is_text(schema.field(name).type) for name in names)


def is_text(kind: Any) -> bool:
    """Whether an arrow type is text or categories."""
    import pyarrow as pa

    types = pa.types
    kinds = (types.is_string, types.is_large_string, types.is_string_view, types.is_dictionary)
    return any(is_kind(kind) for is_kind in kinds)


def open_parquet(path: str | Path, names: Sequence[str]) -> Any:
    """Open a Parquet file that has the named columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).is_file():
        raise ZgzxError(
            "there is no such file", where=str(path), remedy="Pass the path of a Parquet file."
        )
    try:
        file = pq.ParquetFile(path, pre_buffer=False)  # else what was read stays in memory
    except pa.ArrowInvalid:
        raise ZgzxError(
            "this is no Parquet file", where=str(path), remedy="Save the table as Parquet."
        ) from None
    refuse_missing(names, file.schema_arrow.names)
    return file


def series(rows: Any, names: Sequence[str], unit: str | None, first_row: int) -> Columns:
    """Return the columns of an arrow table, and row numbers where no unit is named."""
    columns: Columns = {name: rows[name].to_pandas(date_as_object=False) for name in names}
    if unit is None:
        columns[None] = pd.Series(np.arange(first_row, first_row + rows.num_rows))
    return columns


def refuse_missing(names: Sequence[str], there: Sequence[str]) -> None:
    """Refuse names of columns that are not there."""
    missing = [name for name in names if name not in there]
    if missing:
        there = [str(name) for name in there]
        near = list(
            dict.fromkeys(
                close for name in missing for close in get_close_matches(str(name), there, 2)
            )
        )
        asked = f"Did you mean {' or '.join(near)}? " if near else ""
        listed = f"Its columns are {', '.join(there)}." if len(there) <= MANY_COLUMNS else ""
        raise ZgzxError(
            "the table has no such column",
            where="prepare_panel",
            count=len(missing),
            examples=missing,
            remedy=(asked + listed).strip() or f"It has {len(there)} columns.",
        )


def keys(column: pd.Series, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Whole numbers in the order of the values, and their labels: (rows,) and (keys,).

    Whole numbers are their own keys (labels None); otherwise a key is an index into the labels, -1
    where missing.
    """
    refuse_booleans(column, name)
    if pd.api.types.is_signed_integer_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(dtype=np.int64), None
    if isinstance(column.dtype, pd.CategoricalDtype):
        rank, labels = pd.factorize(np.asarray(column.cat.categories), sort=True)
        codes = column.cat.codes.to_numpy()
        return np.append(rank, -1)[codes], _whole(labels)
    if column.dtype == object and "mixed" in pd.api.types.infer_dtype(column, skipna=True):
        raise ZgzxError(
            f"column {name!r} mixes types",
            where="prepare_panel",
            examples=(repr(value) for value in {type(v): v for v in column.dropna()}.values()),
            remedy="Make them one type, e.g. with astype(str).",
        )
    codes, labels = pd.factorize(column, sort=True)
    return codes, _whole(np.asarray(labels))


def _whole(labels: np.ndarray) -> np.ndarray:
    """Whole numbers that became floats because some are missing, as whole numbers again."""
    if labels.dtype.kind == "f" and (np.floor(labels) == labels).all():
        return labels.astype(np.int64)
    return labels if labels.dtype.kind in "iu" else labels.astype(object)


def numbers(column: pd.Series, name: str) -> np.ndarray:
    """(rows,) numbers, NaN where missing; no copy where the column is plain."""
    refuse_booleans(column, name)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "decimal":
        return column.to_numpy(float, na_value=np.nan)
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(
        column.dtype
    ):
        raise ZgzxError(
            f"column {name!r} holds {column.dtype}, not numbers",
            where="prepare_panel",
            examples=column.dropna().drop_duplicates().head(3),
            remedy="Convert it first, e.g. with pandas.to_numeric.",
        )
    return (
        column.to_numpy()
        if isinstance(column.dtype, np.dtype)
        else column.to_numpy(float, na_value=np.nan)
    )


def refuse_booleans(column: pd.Series, name: str) -> None:
    """Refuse true and false, which are neither numbers nor names."""
    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
    if pd.api.types.is_bool_dtype(column.dtype) or kind == "boolean":
        raise ZgzxError(
            f"column {name!r} holds true and false",
            where="prepare_panel",
            remedy="Name another column, or write 1 and 0 where numbers are meant.",
        )
