"""The files of the scale benchmark, from a seed, written in blocks so that making them is cheap."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from panels import PIECE, staggered

FIRMS, WORKERS_AT_ONCE, MONTHS_EACH = 60_000, 20_000, 60
FIRST_MONTH, MONTHS = 2012 * 12, 14 * 12


def write_panel(units: int, path: Path) -> None:
    """unit period start y x1 x2 x3 x4, ten periods, sorted by unit."""

    def pieces() -> Iterable[pa.Table]:
        for first in range(0, units, PIECE):
            piece = staggered(min(PIECE, units - first), covariates=True, first=first)
            piece["start"] = piece["start"].where(piece["start"] > 0).astype("Int64")
            yield pa.Table.from_pandas(piece, preserve_index=False)

    _write(pieces(), path)


def write_months(months: int, path: Path) -> None:
    """worker_id firm_id start_ym end_ym: a row per insured month; a worker has 60, at two firms."""

    def pieces() -> Iterable[pa.Table]:
        rng = np.random.default_rng(months)
        for first in range(0, months // MONTHS_EACH, WORKERS_AT_ONCE):
            workers = min(WORKERS_AT_ONCE, months // MONTHS_EACH - first)
            start = rng.integers(0, MONTHS - MONTHS_EACH, workers)
            moves = rng.integers(1, MONTHS_EACH, workers)
            firms = rng.integers(0, FIRMS, (workers, 2))
            at = np.arange(MONTHS_EACH)
            month = FIRST_MONTH + (start[:, None] + at).ravel()
            firm = np.where(at < moves[:, None], firms[:, :1], firms[:, 1:]).ravel()
            worker = np.repeat(first + np.arange(workers), MONTHS_EACH)
            ym = pa.array(month // 12 * 100 + month % 12 + 1)
            yield pa.table(
                {
                    "worker_id": _codes("W", 8, worker),
                    "firm_id": _codes("F", 6, firm),
                    "start_ym": ym,
                    "end_ym": ym,
                }
            )

    _write(pieces(), path)


def _codes(letter: str, digits: int, numbers: np.ndarray) -> pa.Array:
    """F000001 and so on."""
    used, place = np.unique(numbers, return_inverse=True)
    names = pa.array([f"{letter}{number:0{digits}d}" for number in used])
    return names.take(pa.array(place))


def _write(pieces: Iterable[pa.Table], path: Path) -> None:
    """Write under another name first, so that a file that is there is whole."""
    writer, begun = None, path.with_suffix(".part")
    for piece in pieces:
        writer = writer or pq.ParquetWriter(begun, piece.schema)
        writer.write_table(piece)
    if writer is not None:
        writer.close()
        begun.replace(path)
