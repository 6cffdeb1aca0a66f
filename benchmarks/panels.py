"""The data of the benchmark: the same numbers for everyone, from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PERIODS = np.arange(1, 11)
STARTS = np.array([0, 4, 5, 6, 7, 8])  # 0 = never treated
SHARES = np.array([0.4, 0.12, 0.12, 0.12, 0.12, 0.12])
COVARIATES = ["x1", "x2", "x3", "x4"]
PIECE = 500_000  # units per row group of the Parquet file


def staggered(units: int, *, covariates: bool = False, first: int = 0) -> pd.DataFrame:
    """unit period start y [x1 x2 x3 x4], sorted; start is 0 for the never treated.

    Random-walk outcomes whose trend depends on the covariates, which differ a little by cohort;
    effects grow.
    """
    rng = np.random.default_rng([units, first])
    cohort = rng.choice(len(STARTS), units, p=SHARES)
    start = STARTS[cohort]
    y = rng.normal(size=(units, len(PERIODS))).cumsum(axis=1)
    y += 0.2 * (PERIODS - start[:, None] + 1).clip(0) * (start > 0)[:, None]
    x = (
        rng.normal(size=(units, len(COVARIATES))) + 0.1 * (start > 0)[:, None]
        if covariates
        else None
    )
    if x is not None:
        y += (x @ [0.3, 0.2, 0.1, 0.0])[:, None] * PERIODS / len(PERIODS)
    return _long(y, start, x, first)


def counts(units: int) -> pd.DataFrame:
    """The same columns in the programme's shape: 15 years, 12 yearly cohorts of 1 % each.

    y is Poisson with a gamma unit effect and proportional effects.
    """
    rng = np.random.default_rng(units)
    periods = np.arange(1, 16)
    start = rng.choice(np.arange(2, 15), units, p=[0.88, *[0.01] * 12])
    start = np.where(start == 2, 0, start)
    treated = (start[:, None] <= periods) & (start > 0)[:, None]
    mean = rng.gamma(2.0, 0.5, (units, 1)) * np.exp(0.05 * periods) * (1 + 0.3 * treated)
    return _long(rng.poisson(mean).astype(float), start, None, 0)


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in random order."""
    return frame.sample(frac=1, random_state=0, ignore_index=True)


def write_parquet(units: int, path: Path) -> None:
    """`staggered`, piece by piece, with never treated as missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for first in range(0, units, PIECE):
        piece = staggered(min(PIECE, units - first), first=first)
        piece["start"] = piece["start"].where(piece["start"] > 0).astype("Int64")
        table = pa.Table.from_pandas(piece, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _long(y: np.ndarray, start: np.ndarray, x: np.ndarray | None, first: int) -> pd.DataFrame:
    units, periods = y.shape
    columns = {
        "unit": np.repeat(np.arange(first, first + units), periods),
        "period": np.tile(np.arange(1, periods + 1), units),
        "start": np.repeat(start, periods),
        "y": y.ravel(),
    }
    if x is not None:
        columns |= {name: np.repeat(x[:, k], periods) for k, name in enumerate(COVARIATES)}
    return pd.DataFrame(columns)
