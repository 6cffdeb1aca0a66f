"""Where the rows of a table lie by unit and period, and its columns read by that.

Where rows lie unit by unit with every period in order, the grid is the rows themselves; otherwise
one counting sort finds the row of each unit and period. Either way every column is then read once,
in chunks of units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.panel.chunks import CHUNK, in_chunks
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.time_columns import TimeKind, time_text

Tally = dict[str, tuple[int, int, tuple[str, ...]]]
"""What was found -> rows, units, the first few as text."""

CONSTANT = ("first_treated", "cluster")  # one value per unit, or it is an error


@dataclass(frozen=True, slots=True)
class TableRows:
    """Typed columns of some rows.

    `unit` and `cluster` as keys, with their labels where keys are not the values.
    """

    unit: np.ndarray
    labels: np.ndarray | None
    columns: dict[str, np.ndarray]
    cluster_labels: np.ndarray | None
    kinds: dict[str, TimeKind]
    levels: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the rows of each unit and period are.

    Attributes
    ----------
    units, periods : (units,)
        (periods,) keys, rising.
    rows : (units, periods)
        Row of each cell, -1 where there is none; None where cell after cell is row after row.
    """

    units: np.ndarray
    periods: np.ndarray
    rows: np.ndarray | None


def count_left_out(
    tally: Tally, reason: str, mask: np.ndarray, rows: TableRows, roles: Roles
) -> None:
    """Count rows that leave, or that something is wrong with, and name the first few units."""
    if mask.any():
        unit = np.unique(rows.unit[mask])
        unit = unit if rows.labels is None else rows.labels[unit[unit >= 0]]
        shown = tuple(f"{roles['unit'] or 'row'}={label}" for label in unit[:3])
        tally[reason] = (int(mask.sum()), len(unit), shown)


def aligned_grid(unit: np.ndarray, period: np.ndarray) -> Grid | None:
    """Return the grid of rows that lie unit by unit, each with the same periods in rising order.

    None for other rows, and where a period is missing or no whole number. Keys below zero stand for
    missing units where `unit` are numbers of labels; here they are units as others.
    """
    if not len(unit):
        return None
    width = int((unit != unit[0]).argmax()) or len(unit)
    units, periods = unit[::width], period[:width]
    if len(unit) % width or not _rising(units) or not _rising(periods):
        return None
    if (np.floor(periods) != periods).any():
        return None
    pattern = np.tile(periods, min(CHUNK, len(units)))

    def kernel(start: int) -> bool:
        rows = slice(start * width, (start + CHUNK) * width)
        times, names = period[rows], unit[rows].reshape(-1, width)
        return bool((times == pattern[: len(times)]).all()) and _same_within(names)

    if not all(in_chunks(kernel, range(0, len(units), CHUNK))):
        return None
    return Grid(units.copy(), periods.astype(np.int64), None)


def _same_within(values: np.ndarray) -> bool:
    """Whether each row of some has one value, bit by bit: so missing equals missing.

    One comparison of all neighbours is several times faster than one by row. Two zeros of different
    sign, which are equal but not alike, are for the caller to look at.
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    flat = flat.view(f"i{flat.itemsize}") if flat.itemsize in (1, 2, 4, 8) else flat
    same = flat[1:] == flat[:-1]
    same[values.shape[1] - 1 :: values.shape[1]] = True  # from one row to the next
    return bool(same.all())


def _rising(values: np.ndarray) -> bool:
    return bool((values[1:] > values[:-1]).all())


def counted_grid(
    rows: TableRows, period: np.ndarray, present: np.ndarray, roles: Roles, tally: Tally
) -> Grid:
    """Return the grid of rows in any order; `present` (rows,) are the rows to use."""
    whole = len(present) == len(period)
    cell, units = _ranks(rows.unit if whole else rows.unit[present])
    column, periods = _ranks(period if whole else period[present])
    small = np.int32 if max(len(period), len(units) * len(periods)) < 2**31 else np.int64
    cell = cell.astype(small, copy=False)
    cell *= len(periods)
    cell += column.astype(small, copy=False)
    at: np.ndarray = np.full(len(units) * len(periods), -1, dtype=small)
    at[cell] = present.astype(small)
    if np.count_nonzero(at >= 0) < len(cell):
        twice = np.flatnonzero(np.bincount(cell) > 1)
        pairs = zip(
            units[twice[:3] // len(periods)], periods[twice[:3] % len(periods)], strict=True
        )
        shown = tuple(
            f"({_label(rows, u)}, {time_text(t, rows.kinds['period'].dated)})" for u, t in pairs
        )
        tally["twice"] = (len(twice), 0, shown)
    return Grid(units, periods, at.reshape(len(units), len(periods)))


def _ranks(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) rank of each key and the keys in rising order; by counting where keys are dense."""
    low, high = (int(unit.min()), int(unit.max())) if len(unit) else (0, -1)
    if high - low > 4 * len(unit):
        return pd.factorize(unit, sort=True)
    small = np.int32 if high - low < 2**31 - 1 else np.int64
    away: np.ndarray = (unit - low).astype(small)
    there = np.zeros(high - low + 1, dtype=bool)
    there[away] = True
    number: np.ndarray = np.cumsum(there, dtype=small) - 1
    rank = away if there.all() else number.take(away)
    return rank, np.flatnonzero(there) + low


def _label(rows: TableRows, key: np.int64) -> object:
    return key if rows.labels is None else rows.labels[key]


def _cells(grid: Grid, column: np.ndarray, start: int) -> np.ndarray:
    """Return (a chunk of units, periods) of a column; where there is no row, anything."""
    if grid.rows is not None:
        return column.take(grid.rows[start : start + CHUNK])  # faster than an index
    width = len(grid.periods)
    return column[start * width : (start + CHUNK) * width].reshape(-1, width)


def fill_grid(
    grid: Grid, outcome: np.ndarray, rows: TableRows, roles: Roles, tally: Tally
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Outcomes by unit and period, and every other column by unit."""
    count = len(grid.units)
    y = np.empty((count, len(grid.periods)))
    first = {role: np.empty(count, dtype=column.dtype) for role, column in rows.columns.items()}
    changes, holes = ({role: np.zeros(count, dtype=bool) for role in first} for _ in range(2))

    def kernel(start: int) -> None:
        at = slice(start, start + CHUNK)
        y[at] = _cells(grid, outcome, start)
        if grid.rows is not None:
            y[at][grid.rows[at] < 0] = np.nan
        seen = None if not np.isnan(y[at].min()) else ~np.isnan(y[at])
        for role, column in rows.columns.items():
            values = _cells(grid, column, start)
            first[role][at], changes[role][at], holes[role][at] = _within(values, seen)

    _run(kernel, count)
    columns: dict[str, np.ndarray] = {}
    for role in rows.columns:
        if role in CONSTANT:
            if changes[role].any():
                shown = (
                    _values_text(rows, grid, y, role, u) for u in np.flatnonzero(changes[role])[:3]
                )
                tally[f"{role} changes"] = (0, int(changes[role].sum()), tuple(shown))
            columns[role] = (
                _labelled(first[role], rows.cluster_labels)
                if role == "cluster"
                else first[role][:, None]
            )
        elif (
            changes[role] if role.startswith("covariate ") else changes[role] & ~holes[role]
        ).any():
            columns[role] = _wide(grid, rows.columns[role], y)
        else:
            values = first[role].astype(float, copy=False)
            if holes[role].any():
                values = np.where(holes[role], np.nan, values)
            columns[role] = values[:, None]
    return y, columns


def _run(kernel: Callable[[int], None], units: int) -> None:
    for _ in in_chunks(kernel, range(0, units, CHUNK)):
        pass


def _within(
    values: np.ndarray, seen: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(units,) the first observed value, whether another follows, whether one is missing.

    Missing equals missing.
    """
    if _same_within(values):
        first = values[:, 0]
        missing = np.isnan(first) if values.dtype.kind == "f" else np.zeros(len(first), dtype=bool)
        return first, np.zeros(len(first), dtype=bool), missing
    first = values[:, 0] if seen is None else values[np.arange(len(values)), seen.argmax(axis=1)]
    differs = values != first[:, None]
    if seen is not None:
        differs &= seen
    holes = np.zeros(len(values), dtype=bool)
    if values.dtype.kind == "f" and differs.any():
        missing = np.isnan(values) if seen is None else np.isnan(values) & seen
        differs &= ~(missing & np.isnan(first)[:, None])
        holes = missing.any(axis=1)
    return first, differs.any(axis=1), holes


def _wide(grid: Grid, column: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(units, periods) of a column that changes within units, NaN where unobserved."""
    wide = np.empty(y.shape)

    def kernel(start: int) -> None:
        at = slice(start, start + CHUNK)
        wide[at] = np.where(np.isnan(y[at]), np.nan, _cells(grid, column, start))

    _run(kernel, len(y))
    return wide


def _labelled(codes: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """(units, 1) labels of clusters, None where missing."""
    if labels is None:
        return codes[:, None]
    padded = np.array([*labels, None], dtype=object)
    return padded[np.where(np.isnan(codes), -1, codes).astype(np.int64)][:, None]


def _values_text(rows: TableRows, grid: Grid, y: np.ndarray, role: str, unit: int) -> str:
    """Return a unit and the values it has where one was asked for."""
    start = unit // CHUNK * CHUNK
    values = np.unique(_cells(grid, rows.columns[role], start)[unit - start][~np.isnan(y[unit])])[
        :3
    ]
    if role == "cluster" and rows.cluster_labels is not None:
        shown = ["missing" if np.isnan(v) else str(rows.cluster_labels[int(v)]) for v in values]
    else:
        shown = [_time_or_code(v, rows.kinds.get(role, TimeKind())) for v in values]
    return f"{_label(rows, grid.units[unit])}: {', '.join(shown)}"


def _time_or_code(value: float, kind: TimeKind) -> str:
    return kind.codes[0] if kind.codes and value == -np.inf else time_text(value, kind.dated)
