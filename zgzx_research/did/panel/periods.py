"""The two columns of times of a panel, counted by one clock.

What was found stands in the ledger.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zgzx_research.did.panel.blocks import Block
from zgzx_research.did.panel.clock import Clock, read_clock
from zgzx_research.did.panel.never_codes import refuse_never_codes
from zgzx_research.did.panel.number_codes import refuse_coded_dates
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.time_columns import time_text
from zgzx_research.errors import ZgzxError


def count_periods(
    block: Block, roles: Roles, clock: str, ledger: list[LedgerRow]
) -> tuple[Clock, np.ndarray]:
    """Return the clock of the periods, and the (units,) first treated period counted by it."""
    start = block.columns["first_treated"][:, 0].astype(float)
    kind, first_kind = block.kinds["period"], block.kinds["first_treated"]
    columns = (str(roles["period"]), str(roles["first_treated"]))
    known = np.isfinite(start).any()
    if known and kind.dated != first_kind.dated:
        raise ZgzxError(
            f"only one of {columns[0]!r} and {columns[1]!r} holds dates",
            where="prepare_panel",
            remedy="Give both as dates, or both as whole numbers.",
        )
    if known and kind.zone != first_kind.zone:
        raise ZgzxError(
            "the columns of dates have more than one time zone",
            where="prepare_panel",
            examples=(
                f"{columns[0]}: {kind.zone or 'none'}",
                f"{columns[1]}: {first_kind.zone or 'none'}",
            ),
            remedy=f'Call table["{columns[1]}"].dt.tz_convert or .dt.tz_localize '
            "with the zone of the place.",
        )
    if not kind.dated:
        refuse_coded_dates(block.periods, np.full(1, np.nan), columns, clock)
    refuse_never_codes(start, block.periods, replace(first_kind, dated=kind.dated), columns[1])
    if not kind.dated:
        _refuse_broken(start, columns[1])
        refuse_coded_dates(block.periods, start, columns, clock)
    counted = read_clock(block.periods, kind, clock, columns[0])
    number = counted.count_starts(start)
    _note_clock(counted, ledger)
    _note_between(counted, start, number, block, ledger)
    return counted, number


def _refuse_broken(start: np.ndarray, column: str) -> None:
    broken = np.floor(start) != start
    broken &= ~np.isnan(start)
    if broken.any():
        raise ZgzxError(
            "first treated periods must be whole numbers",
            where=f"column {column!r}",
            count=int(broken.sum()),
            examples=(f"{v:g}" for v in np.unique(start[broken])),
            remedy="Give the period in which treatment began.",
        )


def _note_clock(clock: Clock, ledger: list[LedgerRow]) -> None:
    """Note what the step is, and in which periods within the panel nobody is observed."""
    labels = clock.labels()
    first, apart = f"{labels[0]} = {clock.numbers[0]}", f"step: {clock.counted_step}"
    if clock.unit == "observed period":
        last = f"{labels[-1]} = {clock.numbers[-1]}"
        ledger.append(("note", "periods are counted as observed", 0, 0, (first, last)))
        return
    if clock.dated:
        several = clock.unit == "month" and clock.months > 1
        unit = "steps of several months" if several else f"{clock.unit}s"
        shown = (first,) if clock.count == 1 else (first, apart)
        ledger.append(("note", f"periods are dates: read as {unit}", 0, 0, shown))
    else:
        ledger.append(("note", "periods are whole numbers, counted as written", 0, 0, (apart,)))
    gap = np.diff(clock.numbers)
    usual = clock.count if clock.unit == "year" else gap.min(initial=1)
    at = np.flatnonzero(gap > usual)
    if len(at):
        between = tuple(f"between {labels[k]} and {labels[k + 1]}" for k in at[:3])
        ledger.append(("note", "periods that nobody is observed in", 0, 0, between))


def _note_between(
    clock: Clock, start: np.ndarray, number: np.ndarray, block: Block, ledger: list[LedgerRow]
) -> None:
    """First dates that are no observed date: the period that counts as the first treated one."""
    inside = (number >= clock.numbers[0]) & (number <= clock.numbers[-1])
    between = inside & ~np.isin(start, clock.written)
    if not clock.dated and clock.unit != "observed period":
        between &= ~np.isin(number, clock.numbers)
    if between.any():
        one = np.unique(start[between], return_index=True)[1][:3]
        shown = tuple(
            f"{time_text(start[between][k], clock.dated)} = {number[between][k]:.0f}" for k in one
        )
        ledger.append(
            (
                "note",
                "first treated between observed dates: counted in this period",
                0,
                int(between.sum()),
                shown,
            )
        )
