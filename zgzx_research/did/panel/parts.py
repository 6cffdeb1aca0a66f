"""A pass over a panel, in memory or in parts: one kernel, and how its results are added.

Every estimator asks a panel for sums over units, and for nothing else. A kernel makes them of a
panel of some units; for a panel in memory that is the answer, for a panel in parts the results of
all parts are added up. So there is one implementation of every sum, whatever the size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import numpy as np

from zgzx_research.did.panel.panel_in_parts import Change, Panel, PanelInParts
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

T = TypeVar("T")
P = TypeVar("P", PreparedPanel, PanelInParts, Panel)


@dataclass(frozen=True, slots=True)
class AfterChanges(Generic[T]):
    """A kernel behind the changes that each part goes through first; None where no unit is left."""

    changes: tuple[Change, ...]
    kernel: Callable[[PreparedPanel], T]

    def __call__(self, part: PreparedPanel) -> T | None:
        """Return the kernel's result for one part."""
        for change in self.changes:
            part = change(part)
        return self.kernel(part) if len(part.y) else None


def over_parts(panel: Panel, kernel: Callable[[PreparedPanel], T], add: Callable[[T, T], T]) -> T:
    """Return the kernel's result for a whole panel.

    Parameters
    ----------
    kernel : Callable[[PreparedPanel], T]
        What is asked of some units. All parts have the same cohorts and periods. It must not keep
        the part, nor change it, and Spark sends it to other processes (cloudpickle).
    add : Callable[[T, T], T]
        The result of two parts together from the results of each; in whatever order parts come and
        are put together, the sum must be the same but for rounding. It may change its first
        argument.
    """
    if isinstance(panel, PreparedPanel):
        return kernel(panel)
    total = panel.store.reduce(AfterChanges(panel.changes, kernel), add)
    return kernel(panel.header) if total is None else total


def once(panel: Panel, kernel: Callable[[PreparedPanel], T], add: Callable[[T, T], T]) -> T:
    """Return the same, and let the panel remember it: the result must be small.

    Parameters
    ----------
    kernel : Callable[[PreparedPanel], T]
        A function of a module, by which the result is remembered.
    """
    if kernel not in panel.known:
        panel.known[kernel] = over_parts(panel, kernel, add)
    return cast(T, panel.known[kernel])


def changed(panel: P, change: Change) -> P:
    """Return the panel after a change that each unit goes through by itself.

    In parts it is made to each part when a pass asks for it. Cohorts, periods and everything else
    that is not by unit must change alike in every part, one of no units too.
    """
    if isinstance(panel, PreparedPanel):
        return change(panel)
    return PanelInParts(change(panel.header), panel.store, (*panel.changes, change))


def in_memory(panel: Panel, needs: str) -> PreparedPanel:
    """Return a panel in memory as it is, and refuse one in parts.

    Parameters
    ----------
    needs : str
        What needs all units at once.

    Raises
    ------
    ZgzxError
        The panel is in parts.
    """
    if isinstance(panel, PanelInParts):
        raise ZgzxError(
            f"{needs} need a panel in memory, and this one is in parts",
            count=unit_count(panel),
            remedy="Prepare a sample of the units, or a table that fits into memory.",
        )
    return panel


def unit_count(panel: Panel) -> int:
    """Units of a panel."""
    return once(panel, _counts, _add_counts)[0]


def is_complete(panel: Panel) -> bool:
    """Whether every unit is observed in every period."""
    return once(panel, _counts, _add_counts)[1]


def _counts(panel: PreparedPanel) -> tuple[int, bool]:
    return len(panel.y), _sees_all(panel)


def _sees_all(panel: PreparedPanel) -> bool:
    return not len(panel.y) or not bool(np.isnan(panel.y.min()))


def _add_counts(one: tuple[int, bool], other: tuple[int, bool]) -> tuple[int, bool]:
    return one[0] + other[0], one[1] and other[1]
