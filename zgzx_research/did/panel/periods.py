"""The two columns of times of a panel, counted by one clock.

What was found stands in the ledger.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zgzx_research.did.panel.clock import Clock, read_clock
from zgzx_research.did.panel.never_codes import refuse_never_codes
from zgzx_research.did.panel.number_codes import refuse_coded_dates
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.survey import Survey
from zgzx_research.did.panel.time_columns import time_text
from zgzx_research.errors import ZgzxError


def count_periods(survey: Survey, roles: Roles, clock: str, ledger: list[LedgerRow]) -> Clock:
    """Return the clock of the periods, which counts the first treated periods too."""
    starts = survey.starts.sort_index()
    start, units = starts.index.to_numpy(float), starts.to_numpy(float).astype(np.int64)
    kind, first_kind = survey.kinds["period"], survey.kinds["first_treated"]
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
        refuse_coded_dates(survey.periods, np.full(1, np.nan), columns, clock)
    refuse_never_codes(
        start, units, survey.periods, replace(first_kind, dated=kind.dated), columns[1]
    )
    if not kind.dated:
        _refuse_broken(start, units, columns[1])
        refuse_coded_dates(survey.periods, start, columns, clock)
    counted = read_clock(survey.periods, kind, clock, columns[0])
    _note_clock(counted, ledger)
    _note_between(counted, start, units, ledger)
    return counted


def _refuse_broken(start: np.ndarray, units: np.ndarray, column: str) -> None:
    broken = np.floor(start) != start
    if broken.any():
        raise ZgzxError(
            "first treated periods must be whole numbers",
            where=f"column {column!r}",
            count=int(units[broken].sum()),
            examples=(f"{v:g}" for v in start[broken]),
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
    clock: Clock, start: np.ndarray, units: np.ndarray, ledger: list[LedgerRow]
) -> None:
    """First dates that are no observed date: the period that counts as the first treated one."""
    number = clock.count_starts(start)
    inside = (number >= clock.numbers[0]) & (number <= clock.numbers[-1])
    between = inside & ~np.isin(start, clock.written)
    if not clock.dated and clock.unit != "observed period":
        between &= ~np.isin(number, clock.numbers)
    if between.any():
        shown = tuple(
            f"{time_text(start[k], clock.dated)} = {number[k]:.0f}"
            for k in np.flatnonzero(between)[:3]
        )
        ledger.append(
            (
                "note",
                "first treated between observed dates: counted in this period",
                0,
                int(units[between].sum()),
                shown,
            )
        )
