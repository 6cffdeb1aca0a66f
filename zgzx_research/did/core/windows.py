"""Event times and declared windows on a clock whose periods are several apart or have gaps.

Event times, `anticipation`, `leave_out` and windows all count the numbers of the periods: years
where these are years, even if a wave comes every second year. What holds no observed period is
said, never passed over.
"""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import warn

EMPTY = "declared window in which the cohort has no observed period"
MOST_NAMED = 12  # event times in a message


def note_empty_windows(panel: Panel, anticipation: int, leave_out: int) -> list[LedgerRow]:
    """Ledger rows for cohorts whose anticipation or leave_out holds no observed period.

    They are warned of too.

    Parameters
    ----------
    panel : Panel
        What was estimated.
    anticipation, leave_out : int
        Widths of the two windows.
    """
    notes: list[LedgerRow] = []
    masked = anticipation + leave_out
    seen = strata_of(panel).observed_units(len(panel.cohorts)) > 0 if masked else None
    for name, width in (("anticipation", anticipation), ("leave_out", leave_out)):
        if not width or seen is None:
            continue
        empty = [
            c
            for c in np.flatnonzero(np.isfinite(panel.cohorts))
            if _is_empty(panel, seen[c], int(c), width, masked)
        ]
        if not empty:
            continue
        units = int(strata_of(panel).sizes(len(panel.cohorts))[0][empty].sum())
        starts = [f"{panel.cohorts[c]:g}" for c in empty]
        notes.append(
            ("note", EMPTY, 0, units, tuple(f"{name}={width} before {g}" for g in starts[:3]))
        )
        warn(
            f"{name}={width} holds no observed period of {len(empty)} cohorts "
            f"(first treated e.g. in {', '.join(starts[:3])}), "
            f"so it changes nothing for them.{_advice(panel, name, width)}"
        )
    return notes


def _is_empty(panel: Panel, seen: np.ndarray, cohort: int, width: int, masked: int) -> bool:
    """No observed period within `width` before treatment, of a cohort that has a base at all."""
    start, periods = panel.cohorts[cohort], panel.periods[seen]
    return (
        bool((periods + masked < start).any())
        and not ((periods >= start - width) & (periods < start)).any()
    )


def _advice(panel: Panel, name: str, width: int) -> str:
    apart = period_step(panel.periods)
    if apart < 2:
        return ""
    return (
        f" The periods are {apart} apart: pass {name}={apart * width} for {width} of them, "
        "or prepare the panel with clock='observed'."
    )


def period_step(periods: np.ndarray) -> int:
    """Return the largest number of which all distances between periods are multiples."""
    return int(np.gcd.reduce(np.diff(periods).astype(np.int64))) if len(periods) > 1 else 1


def possible_events(
    event_times: np.ndarray, periods: np.ndarray, first: int, last: int
) -> np.ndarray:
    """Return the event times from first to last that the clock has.

    On a clock of 2 years every second one.

    Parameters
    ----------
    event_times : (cells,)
        Those of the cells.
    periods : (periods,)
        Of the panel.
    """
    step = period_step(periods)
    wanted = np.arange(first, last + 1)
    known = event_times[~np.isnan(event_times)]
    return wanted[np.isin(np.mod(wanted, step), np.mod(known, step))] if step > 1 else wanted


def named_events(event_times: np.ndarray) -> str:
    """Return the event times there are, for messages."""
    known = np.unique(event_times[~np.isnan(event_times)])
    shown = ", ".join(f"{e:g}" for e in known[:MOST_NAMED])
    return f"Event times are {shown}{', ...' if len(known) > MOST_NAMED else ''}."
