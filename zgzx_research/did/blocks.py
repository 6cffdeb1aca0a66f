"""Rows to arrays by unit and period, block by block.

A table is one block, a Parquet file sorted by unit has many.

Where rows lie unit by unit with every period in order, the cells are the rows themselves; otherwise
one counting sort finds the row of each cell. Either way every column is then read once, in chunks
of units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.categories import level_codes
from zgzx_research.did.chunks import CHUNK, in_chunks
from zgzx_research.did.number_codes import refuse_parts
from zgzx_research.did.table import Columns, has_text, keys, numbers, parquet_batches, whole_table
from zgzx_research.did.time_columns import TimeKind, read_times, time_text

Roles = Mapping[str, str | None]
Tally = dict[str, tuple[int, int, tuple[str, ...]]]
"""What was found -> rows, units, the first few as text."""

CONSTANT = ("first_treated", "cluster")  # one value per unit, or it is an error
TIMES = (
    "period",
    "first_treated",
)  # in this order: the spelling of the periods helps to read the other


@dataclass(frozen=True, slots=True)
class Block:
    """Some units with all their rows.

    Attributes
    ----------
    units : (units,) labels, rising. periods : (periods,) int, rising. y : (units, periods), NaN
        where unobserved.
    columns : role -> (units, 1), or (units, periods) where it changes within a unit; missing where
        an observed row has no value. Clusters are labels, all else numbers.
    tally : rows left out, and what is wrong. kinds : what the two columns of times hold.
    levels : role -> levels of a covariate that is text; its column holds their places.
    """

    units: np.ndarray
    periods: np.ndarray
    y: np.ndarray
    columns: dict[str, np.ndarray]
    tally: Tally
    kinds: dict[str, TimeKind]
    levels: dict[str, tuple[str, ...]]

    def take(self, units: np.ndarray) -> Block:
        """The units in `units` (mask)."""
        columns = {role: column[units] for role, column in self.columns.items()}
        return replace(self, units=self.units[units], y=self.y[units], columns=columns)


@dataclass(frozen=True, slots=True)
class Rows:
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
    units, periods : (units,), (periods,) keys, rising.
    rows : (units, periods) row of each cell, -1 where there is none; None where cell after cell is
        row after row.
    """

    units: np.ndarray
    periods: np.ndarray
    rows: np.ndarray | None


def read_blocks(data: Any, roles: Roles) -> Block:
    """All rows of a table. A Parquet file whose units come in rising order is never in memory as a whole."""
    names = list(dict.fromkeys(name for name in roles.values() if name is not None))
    block = _in_parts(data, names, roles) if isinstance(data, str | Path) else None
    return block or _block(whole_table(data, names, roles["unit"]), roles)


def _in_parts(path: str | Path, names: list[str], roles: Roles) -> Block | None:
    """A Parquet file batch by batch.

    None without rows, with text to be read as a whole, or units not in order.
    """
    if has_text(
        path,
        [
            name
            for role, name in roles.items()
            if name and (role in TIMES or role.startswith("covariate"))
        ],
    ):
        return None
    blocks: list[Block] = []
    last = None
    for batch in parquet_batches(path, names, roles["unit"]):
        block = _block(batch, roles)
        if len(block.units):
            if last is not None and not last < block.units[0]:
                return None
            last = block.units[-1]
        blocks.append(block)
    return _joined(blocks) if blocks else None


def _block(table: Columns, roles: Roles) -> Block:
    tally: Tally = {}
    rows = _without_key(_typed(table, roles), roles, tally)
    outcome = rows.columns.pop("outcome")
    finite = np.isfinite(outcome)
    missing = None
    if not finite.all():
        missing = np.isnan(outcome)
        _tell(tally, "outcome missing", missing, rows, roles)
        _tell(tally, "outcome infinite", ~finite & ~missing, rows, roles)
    period = rows.columns.pop("period").astype(np.int64, copy=False)
    grid = _aligned(rows.unit, period)
    if grid is None:
        present = np.arange(len(period)) if missing is None else np.flatnonzero(~missing)
        grid = _counted(rows, period, present, roles, tally)
    y, columns = _fill(grid, outcome, rows, roles, tally)
    labels = grid.units if rows.labels is None else rows.labels[grid.units]
    block = Block(labels, grid.periods, y, columns, tally, rows.kinds, rows.levels)
    return block if missing is None or not missing.any() else observed(block)


def _typed(table: Columns, roles: Roles) -> Rows:
    unit, labels = keys(table[roles["unit"]], str(roles["unit"]))
    columns, cluster_labels = {}, None
    kinds: dict[str, TimeKind] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for role, name in roles.items():
        if name is None or role == "unit":
            continue
        if role in TIMES:
            hint = kinds["period"].spelling if role == "first_treated" else ""
            columns[role], kinds[role] = read_times(
                table[name], name, codes=role == "first_treated", hint=hint
            )
        elif role == "cluster":
            codes, cluster_labels = keys(table[name], name)
            missing = cluster_labels is not None and (codes < 0).any()
            columns[role] = np.where(codes < 0, np.nan, codes) if missing else codes
        elif role.startswith("covariate") and (found := level_codes(table[name], name)):
            columns[role], levels[role] = found
        else:
            columns[role] = numbers(table[name], name)
    return Rows(unit, labels, columns, cluster_labels, kinds, levels)


def _without_key(rows: Rows, roles: Roles, tally: Tally) -> Rows:
    """Rows without unit or period leave; periods must be whole."""
    period = rows.columns["period"]
    gone = {"unit missing": rows.unit < 0} if rows.labels is not None else {}
    if period.dtype.kind == "f":
        gone["period missing"] = np.isnan(period) & ~gone.get(
            "unit missing", np.zeros(len(period), bool)
        )
    for reason, mask in gone.items():
        _tell(tally, reason, mask, rows, roles)
    if any(mask.any() for mask in gone.values()):
        kept = ~np.any(list(gone.values()), axis=0)
        columns = {role: column[kept] for role, column in rows.columns.items()}
        rows, period = replace(rows, unit=rows.unit[kept], columns=columns), columns["period"]
    if period.dtype.kind == "f" and (broken := period - np.floor(period) != 0).any():
        refuse_parts(period, broken, str(roles["period"]))
    return rows


def _tell(tally: Tally, reason: str, mask: np.ndarray, rows: Rows, roles: Roles) -> None:
    if mask.any():
        unit = np.unique(rows.unit[mask])
        unit = unit if rows.labels is None else rows.labels[unit[unit >= 0]]
        shown = tuple(f"{roles['unit'] or 'row'}={label}" for label in unit[:3])
        tally[reason] = (int(mask.sum()), len(unit), shown)


def _aligned(unit: np.ndarray, period: np.ndarray) -> Grid | None:
    """The grid of rows that lie unit by unit, each with the same periods in rising order.

    None for other rows.
    """
    if not len(unit):
        return None
    width = int((unit != unit[0]).argmax()) or len(unit)
    units, periods = unit[::width], period[:width]
    if len(unit) % width or not _rising(units) or not _rising(periods):
        return None

    def kernel(start: int) -> bool:
        at, rows = slice(start, start + CHUNK), slice(start * width, (start + CHUNK) * width)
        same_unit = unit[rows].reshape(-1, width) == units[at, None]
        return bool(same_unit.all()) and bool((period[rows].reshape(-1, width) == periods).all())

    return (
        Grid(units.copy(), periods.copy(), None)
        if all(in_chunks(kernel, range(0, len(units), CHUNK)))
        else None
    )


def _rising(values: np.ndarray) -> bool:
    return bool((values[1:] > values[:-1]).all())


def _counted(
    rows: Rows, period: np.ndarray, present: np.ndarray, roles: Roles, tally: Tally
) -> Grid:
    """The grid of rows in any order; `present` (rows,) are the rows to use."""
    whole = len(present) == len(period)
    cell, units = _ranks(rows.unit if whole else rows.unit[present])
    column, periods = pd.factorize(period if whole else period[present], sort=True)
    cell *= len(periods)
    cell += column
    small = np.int32 if len(period) < 2**31 else np.int64
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
    away = unit - low
    there = np.zeros(high - low + 1, dtype=bool)
    there[away] = True
    return (np.cumsum(there) - 1)[away], np.flatnonzero(there) + low


def _label(rows: Rows, key: Any) -> Any:
    return key if rows.labels is None else rows.labels[key]


def _cells(grid: Grid, column: np.ndarray, start: int) -> np.ndarray:
    """(a chunk of units, periods) of a column; where there is no row, anything."""
    if grid.rows is not None:
        return column[grid.rows[start : start + CHUNK]]
    width = len(grid.periods)
    return column[start * width : (start + CHUNK) * width].reshape(-1, width)


def _fill(
    grid: Grid, outcome: np.ndarray, rows: Rows, roles: Roles, tally: Tally
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
        seen = ~np.isnan(y[at])
        for role, column in rows.columns.items():
            values = _cells(grid, column, start)
            first[role][at], changes[role][at], holes[role][at] = _within(
                values, None if seen.all() else seen
            )

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
            columns[role] = np.where(holes[role], np.nan, first[role])[:, None]
    return y, columns


def _run(kernel: Any, units: int) -> None:
    for _ in in_chunks(kernel, range(0, units, CHUNK)):
        pass


def _within(
    values: np.ndarray, seen: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(units,) the first observed value, whether another follows, whether one is missing.

    Missing equals missing.
    """
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
    """(units, periods) of a column that changes within units, NaN where the outcome is not observed."""
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


def _values_text(rows: Rows, grid: Grid, y: np.ndarray, role: str, unit: int) -> str:
    """A unit and the values it has where one was asked for."""
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


def observed(block: Block) -> Block:
    """Units and periods with at least one outcome."""
    seen = ~np.isnan(block.y)
    unit, period = seen.any(axis=1), seen.any(axis=0)
    block = block if unit.all() else block.take(unit)
    if period.all():
        return block
    columns = {role: c if c.shape[1] == 1 else c[:, period] for role, c in block.columns.items()}
    return replace(block, periods=block.periods[period], y=block.y[:, period], columns=columns)


def _joined(blocks: list[Block]) -> Block:
    """One block of many whose units follow each other.

    Empties the list as it goes, so outcomes stand only once.
    """
    if len(blocks) == 1:
        return blocks[0]
    periods = np.unique(np.concatenate([block.periods for block in blocks]))
    ends = np.cumsum([len(block.units) for block in blocks])
    wide = {
        role: max(block.columns[role].shape[1] for block in blocks) > 1
        for role in blocks[0].columns
    }
    y = np.empty((ends[-1], len(periods)))
    changing = {role: np.empty(y.shape) for role, many in wide.items() if many}
    parts: list[tuple] = []
    tally: Tally = {}
    kinds = blocks[0].kinds | {
        role: kind for block in blocks for role, kind in block.kinds.items() if kind.dated
    }  # a batch in which every value is missing does not know
    for end in ends:
        block = blocks.pop(0)
        at, period = slice(end - len(block.units), end), np.searchsorted(periods, block.periods)
        for whole, part in (
            (y, block.y),
            *((changing[role], block.columns[role]) for role in changing),
        ):
            part = (
                part if part.shape == block.y.shape else np.where(np.isnan(block.y), np.nan, part)
            )
            if len(period) == len(periods):
                whole[at] = part
            else:
                whole[at] = np.nan
                whole[at, period] = part
        parts.append(
            (block.units, {role: block.columns[role] for role, many in wide.items() if not many})
        )
        for what, (rows, units, shown) in block.tally.items():
            before = tally.get(what, (0, 0, ()))
            tally[what] = (before[0] + rows, before[1] + units, (before[2] + shown)[:3])
    columns = {
        role: np.concatenate([part[1][role] for part in parts])
        for role, many in wide.items()
        if not many
    }
    return Block(
        np.concatenate([part[0] for part in parts]),
        periods,
        y,
        columns | changing,
        tally,
        kinds,
        {},
    )
