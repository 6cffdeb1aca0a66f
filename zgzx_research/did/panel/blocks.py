"""Rows to arrays by unit and period, block by block.

A table is one block, a Parquet file sorted by unit has many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zgzx_research.did.panel.categories import level_codes
from zgzx_research.did.panel.chunks import in_chunks
from zgzx_research.did.panel.grid import (
    TableRows,
    Tally,
    aligned_grid,
    count_left_out,
    counted_grid,
    fill_grid,
)
from zgzx_research.did.panel.read_table import (
    Columns,
    Roles,
    has_text,
    keys,
    numbers,
    parquet_batches,
    whole_table,
)
from zgzx_research.did.panel.text_columns import TIMES, Readings
from zgzx_research.did.panel.time_columns import TimeKind, read_times

ROWS = 1 << 16  # looked at at once: they stay in the processor's cache
NOTHING_READ: Readings = {}


@dataclass(frozen=True, slots=True)
class Block:
    """Some units with all their rows.

    Attributes
    ----------
    units : (units,)
        Labels, rising.
    periods : (periods,) int
        Rising.
    y : (units, periods)
        NaN where unobserved.
    columns : dict[str, numpy.ndarray]
        Role -> (units, 1), or (units, periods) where it changes within a unit; missing where an
        observed row has no value. Clusters are labels, all else numbers.
    tally : Tally
        Rows left out, and what is wrong.
    kinds : dict[str, TimeKind]
        What the two columns of times hold.
    levels : dict[str, tuple[str, ...]]
        Role -> levels of a covariate that is text; its column holds their places.
    broken : (values,)
        Where some periods are no whole numbers, all periods as they were read; else empty.
    """

    units: np.ndarray
    periods: np.ndarray
    y: np.ndarray
    columns: dict[str, np.ndarray]
    tally: Tally
    kinds: dict[str, TimeKind]
    levels: dict[str, tuple[str, ...]]
    broken: np.ndarray

    def take(self, units: np.ndarray) -> Block:
        """Return the units in `units` (mask)."""
        columns = {role: column[units] for role, column in self.columns.items()}
        return replace(self, units=self.units[units], y=self.y[units], columns=columns)


def read_blocks(data: Any, roles: Roles) -> Block:
    """Read all rows of a table.

    A Parquet file whose units come in rising order is never in memory as a whole.
    """
    names = list(dict.fromkeys(name for name in roles.values() if name is not None))
    block = _in_parts(data, names, roles) if isinstance(data, str | Path) else None
    return block or block_of(whole_table(data, names, roles["unit"]), roles)


def _in_parts(path: str | Path, names: list[str], roles: Roles) -> Block | None:
    """Return a Parquet file batch by batch.

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
        block = block_of(batch, roles)
        if len(block.units):
            if last is not None and not last < block.units[0]:
                return None
            last = block.units[-1]
        blocks.append(block)
    return _joined(blocks) if blocks else None


def block_of(table: Columns, roles: Roles, readings: Readings = NOTHING_READ) -> Block:
    """Return the units of some rows.

    Parameters
    ----------
    readings : Readings, optional
        What text means in the whole table; else these rows must be all.
    """
    tally: Tally = {}
    rows = _typed(table, roles, readings)
    grid = aligned_grid(rows.unit, rows.columns["period"])
    if grid is None or (rows.labels is not None and grid.units[0] < 0):
        grid, rows = None, _without_key(rows, roles, tally)
    outcome, period = rows.columns.pop("outcome"), rows.columns.pop("period")
    missing = None
    if not _all_finite(outcome):
        missing = np.isnan(outcome)
        count_left_out(tally, "outcome missing", missing, rows, roles)
        count_left_out(tally, "outcome infinite", np.isinf(outcome), rows, roles)
    broken = np.zeros(0)
    if grid is None:
        if period.dtype.kind == "f" and (apart := period - np.floor(period) != 0).any():
            broken, tally["period broken"] = np.unique(period), (int(apart.sum()), 0, ())
        period = period.astype(np.int64, copy=False)
        present = np.arange(len(period)) if missing is None else np.flatnonzero(~missing)
        grid = counted_grid(rows, period, present, roles, tally)
    y, columns = fill_grid(grid, outcome, rows, roles, tally)
    labels = grid.units if rows.labels is None else rows.labels[grid.units]
    block = Block(labels, grid.periods, y, columns, tally, rows.kinds, rows.levels, broken)
    return block if missing is None or not missing.any() else observed(block)


def _all_finite(values: np.ndarray) -> bool:
    """Whether no number is missing or infinite."""
    chunks = range(0, len(values), ROWS)
    return all(in_chunks(lambda k: bool(np.isfinite(values[k : k + ROWS]).all()), chunks))


def _typed(table: Columns, roles: Roles, readings: Readings) -> TableRows:
    unit, labels = keys(table[roles["unit"]], str(roles["unit"]))
    columns, cluster_labels = {}, None
    kinds: dict[str, TimeKind] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for role, name in roles.items():
        if name is None or role == "unit":
            continue
        if reading := readings.get(role):
            columns[role] = reading.numbers(table[name])
            if reading.kind is None:
                levels[role] = reading.levels
            else:
                kinds[role] = reading.kind
        elif role in TIMES:
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
    return TableRows(unit, labels, columns, cluster_labels, kinds, levels)


def _without_key(rows: TableRows, roles: Roles, tally: Tally) -> TableRows:
    """Rows without unit or period leave."""
    period = rows.columns["period"]
    gone = {"unit missing": rows.unit < 0} if rows.labels is not None else {}
    if period.dtype.kind == "f":
        gone["period missing"] = np.isnan(period) & ~gone.get(
            "unit missing", np.zeros(len(period), bool)
        )
    for reason, mask in gone.items():
        count_left_out(tally, reason, mask, rows, roles)
    if any(mask.any() for mask in gone.values()):
        kept = ~np.any(list(gone.values()), axis=0)
        columns = {role: column[kept] for role, column in rows.columns.items()}
        rows, period = replace(rows, unit=rows.unit[kept], columns=columns), columns["period"]
    return rows


def observed(block: Block) -> Block:
    """Units and periods with at least one outcome."""
    seen = ~np.isnan(block.y)
    unit, period = seen.any(axis=1), seen.any(axis=0)
    block = block if unit.all() else block.take(unit)
    if period.all():
        return block
    columns = {role: c if c.shape[1] == 1 else c[:, period] for role, c in block.columns.items()}
    return replace(block, periods=block.periods[period], y=block.y[:, period], columns=columns)


def in_periods_of(block: Block, periods: np.ndarray) -> Block:
    """Return a block in the periods of the whole panel, unobserved in those that it has not."""
    if len(block.periods) == len(periods):
        return block
    shape = (len(block.units), len(periods))
    y, columns = np.empty(shape), dict(block.columns)
    _put(y, block.y, block, periods)
    for role, column in block.columns.items():
        if column.shape[1] > 1:
            columns[role] = np.empty(shape)
            _put(columns[role], column, block, periods)
    return replace(block, periods=periods, y=y, columns=columns)


def _joined(blocks: list[Block]) -> Block:
    """Return one block of many whose units follow each other.

    Empties the list as it goes, so that outcomes are in memory only once.
    """
    if len(blocks) == 1:
        return blocks[0]
    periods = np.unique(np.concatenate([block.periods for block in blocks]))
    ends = np.cumsum([len(block.units) for block in blocks])
    roles = blocks[0].columns
    changing = [r for r in roles if max(block.columns[r].shape[1] for block in blocks) > 1]
    wide = {role: np.empty((ends[-1], len(periods))) for role in ("", *changing)}  # "": outcomes
    narrow: dict[str, list[np.ndarray]] = {role: [] for role in roles if role not in changing}
    units: list[np.ndarray] = []
    tally: Tally = {}
    broken = np.concatenate([block.broken for block in blocks])
    kinds = blocks[0].kinds | {
        role: kind for block in blocks for role, kind in block.kinds.items() if kind.dated
    }  # a batch in which every value is missing does not know
    for end in ends:
        block = blocks.pop(0)
        at = slice(end - len(block.units), end)
        _put(wide[""][at], block.y, block, periods)
        for role in changing:
            _put(wide[role][at], block.columns[role], block, periods)
        for role, parts in narrow.items():
            parts.append(block.columns[role])
        units.append(block.units)
        _add_tally(tally, block.tally)
    y = wide.pop("")
    columns = {role: np.concatenate(parts) for role, parts in narrow.items()}
    return Block(
        np.concatenate(units), periods, y, columns | wide, tally, kinds, {}, np.unique(broken)
    )


def _put(whole: np.ndarray, part: np.ndarray, block: Block, periods: np.ndarray) -> None:
    """Write a column of a block into the periods of the whole, NaN elsewhere."""
    if part.shape != block.y.shape:
        part = np.where(np.isnan(block.y), np.nan, part)
    if len(block.periods) == len(periods):
        whole[:] = part
    else:
        whole[:] = np.nan
        whole[:, np.searchsorted(periods, block.periods)] = part


def _add_tally(tally: Tally, more: Tally) -> None:
    for what, (rows, units, shown) in more.items():
        before = tally.get(what, (0, 0, ()))
        tally[what] = (before[0] + rows, before[1] + units, (before[2] + shown)[:3])
