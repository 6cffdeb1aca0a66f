"""Parts of a prepared panel: some units or periods, and the rows that one estimation uses.

Units first treated after the panel ends serve as comparison until their own declared window
(anticipation, leave_out) opens: their later rows leave, or, where an estimator compares groups of
units, they are cohorts of their own that leave the later comparisons. And where every row brings
its own covariates, as in a regression, rows without them leave.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from zgzx_research.did.panel.panel_in_parts import Panel, PanelInParts
from zgzx_research.did.panel.parts import changed, once, over_parts
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel

P = TypeVar("P", PreparedPanel, PanelInParts, Panel)


def of_units(panel: PreparedPanel, kept: np.ndarray) -> PreparedPanel:
    """Return the panel of some of its units (mask or indices); `cohorts` stays as it is."""
    return with_numbered_clusters(some_units(panel, kept))


def with_numbered_clusters(panel: P) -> P:
    """Return the panel with clusters that are numbered from 0 without gaps.

    In parts the numbers stay as they are: no part knows which of them the others have.
    """
    if isinstance(panel, PanelInParts) or panel.cluster is None:
        return panel
    there = np.bincount(panel.cluster) > 0
    return panel if there.all() else replace(panel, cluster=(np.cumsum(there) - 1)[panel.cluster])


def some_units(panel: PreparedPanel, kept: np.ndarray) -> PreparedPanel:
    """Return the same with the numbers of clusters as they are, for parts of a panel."""
    return replace(
        panel,
        y=panel.y[kept],
        cohort=panel.cohort[kept],
        weights=panel.weights[kept],
        cluster=None if panel.cluster is None else panel.cluster[kept],
        covariates=None if panel.covariates is None else panel.covariates[kept],
        late=None if panel.late is None else panel.late[kept],
        units=None if panel.units is None else panel.units[kept],
    )


def in_periods(panel: PreparedPanel, kept: np.ndarray) -> PreparedPanel:
    """Return the panel in some of its periods (mask or indices)."""
    weights = panel.weights[:, kept] if panel.weights.shape[1] > 1 else panel.weights
    covariates = panel.covariates
    if covariates is not None and covariates.shape[1] > 1:
        covariates = covariates[:, kept]
    return replace(
        panel,
        y=panel.y[:, kept],
        periods=panel.periods[kept],
        weights=weights,
        covariates=covariates,
    )


def covariates_known(panel: PreparedPanel) -> np.ndarray | None:
    """(units, periods) bool, whether all covariates of an observed row are known.

    None where they are everywhere.
    """
    values = panel.covariates
    if values is None or not values.size or not np.isnan(values.min()):
        return None
    known = known_rows(panel)
    return None if (known | np.isnan(panel.y)).all() else known


def known_rows(panel: PreparedPanel) -> np.ndarray:
    """(units, periods) bool, whether all covariates are known."""
    if panel.covariates is None:
        return np.ones(panel.y.shape, dtype=bool)
    return np.broadcast_to(~np.isnan(panel.covariates).any(axis=2), panel.y.shape)


def lacks_covariates(panel: Panel) -> bool:
    """Whether an observed row of the panel lacks a covariate."""
    return panel.has_covariates and once(panel, _lacks_covariates, operator.or_)


def _lacks_covariates(panel: PreparedPanel) -> bool:
    return covariates_known(panel) is not None


def with_late_cohorts(panel: P, masked: int) -> tuple[P, list[LedgerRow]]:
    """Return the panel with cohorts of their own for units whose window opens before it ends.

    `until` says when they are treated; a ledger row counts their observations in the window.
    """
    if not panel.has_late:
        return panel, []
    found = over_parts(panel, partial(_late_units, masked=masked), LateUnits.__add__)
    if not len(found.starts):
        return changed(panel, without_late), []
    change = partial(_in_late_cohorts, starts=found.starts, masked=masked, stays=found.stays)
    return changed(panel, change), [_late_note(found.rows, found.units, found.starts)]


@dataclass(frozen=True, slots=True)
class LateUnits:
    """Units never treated in the panel.

    Attributes
    ----------
    starts : (starts,)
        First treated periods of those whose window opens before the panel ends, rising.
    stays : bool
        Whether there are others.
    rows, units : int
        Observations in the window, and units that have any.
    """

    starts: np.ndarray
    stays: bool
    rows: int
    units: int

    def __add__(self, other: LateUnits) -> LateUnits:
        return LateUnits(
            np.union1d(self.starts, other.starts),
            self.stays or other.stays,
            self.rows + other.rows,
            self.units + other.units,
        )


def _late_units(panel: PreparedPanel, *, masked: int) -> LateUnits:
    early, closed = _early_starts(panel, masked), _closed(panel, masked)
    never = np.isinf(panel.cohorts[panel.cohort])
    return LateUnits(
        np.unique(early[np.isfinite(early)]),
        bool((never & np.isinf(early)).any()),
        int(closed.sum()),
        int(closed.any(axis=1).sum()),
    )


def _late(panel: PreparedPanel) -> np.ndarray:
    """(units,) `late`, infinity where the panel has none."""
    return np.full(len(panel.y), np.inf) if panel.late is None else panel.late


def _early_starts(panel: PreparedPanel, masked: int) -> np.ndarray:
    """(units,) first treated period of units whose window opens in the panel, else infinity."""
    late = _late(panel)
    return np.where(late - masked <= panel.periods[-1], late, np.inf)


def _closed(panel: PreparedPanel, masked: int) -> np.ndarray:
    """(units, periods) bool, observations in the window of a unit treated after the panel."""
    return ~np.isnan(panel.y) & (panel.periods + masked >= _late(panel)[:, None])


def _in_late_cohorts(
    panel: PreparedPanel, *, starts: np.ndarray, masked: int, stays: bool
) -> PreparedPanel:
    treated = panel.cohorts[np.isfinite(panel.cohorts)]
    never = np.isinf(panel.cohorts[panel.cohort])
    place = len(treated) + np.searchsorted(starts, _early_starts(panel, masked))
    last = np.full(1 if stays else 0, np.inf)
    return replace(
        panel,
        cohort=np.where(never, place, panel.cohort),
        cohorts=np.concatenate([treated, np.full(len(starts), np.inf), last]),
        until=np.concatenate([np.full(len(treated), np.inf), starts, last]),
    )


def without_late(panel: PreparedPanel) -> PreparedPanel:
    """Return the panel without `late`."""
    return replace(panel, late=None)


def shown_cohorts(panel: Panel) -> np.ndarray:
    """(cohorts,) float, first treated period of each cohort, also where that is after the panel."""
    return panel.cohorts if panel.until is None else np.minimum(panel.cohorts, panel.until)


def _late_note(rows: int, units: int, starts: np.ndarray) -> LedgerRow:
    reason = (
        "treated after the panel ends: no comparison from the start of its own declared window on"
    )
    return ("rows", reason, rows, units, tuple(f"{g:g}" for g in starts[:3]))


def rows_left_out(panel: PreparedPanel, masked: int) -> np.ndarray | None:
    """(units, periods) bool, rows that cannot be used; None: all can.

    Parameters
    ----------
    masked : int
        Periods before treatment that are declared as anticipation or left out.
    """
    closed = _closed(panel, masked) if panel.late is not None else None
    lost = closed if closed is not None and closed.any() else None
    known = covariates_known(panel)
    if known is None:
        return lost
    lacking = ~np.isnan(panel.y) & ~known
    return lacking if lost is None else lost | lacking


@dataclass(frozen=True, slots=True)
class RowsLeftOut:
    """What rows that cannot be used leave behind.

    Attributes
    ----------
    closed : tuple of int, and (starts,)
        Rows and units in a declared window of their own, and their first treated periods.
    lacking : tuple of int
        Rows and units without covariates.
    seen : (periods,) bool
        Periods that other rows observe.
    vary : bool
        Whether covariates change within units in the other rows.
    """

    closed: tuple[int, int, np.ndarray]
    lacking: tuple[int, int]
    seen: np.ndarray
    vary: bool

    def __add__(self, other: RowsLeftOut) -> RowsLeftOut:
        rows, units, starts = self.closed
        more = other.closed
        return RowsLeftOut(
            (rows + more[0], units + more[1], np.union1d(starts, more[2])),
            (self.lacking[0] + other.lacking[0], self.lacking[1] + other.lacking[1]),
            self.seen | other.seen,
            self.vary or other.vary,
        )

    def notes(self) -> list[LedgerRow]:
        """Return the ledger rows."""
        notes = [_late_note(*self.closed)] if self.closed[0] else []
        if self.lacking[0]:
            notes.append(("rows", "covariate missing", *self.lacking, ()))
        return notes


def _count_rows_left_out(panel: PreparedPanel, *, masked: int) -> RowsLeftOut:
    closed, known = _closed(panel, masked), covariates_known(panel)
    lacking = ~np.isnan(panel.y) & ~(True if known is None else known)
    seen = ~np.isnan(panel.y) & ~closed & ~lacking
    touched = closed.any(axis=1)
    return RowsLeftOut(
        (int(closed.sum()), int(touched.sum()), np.unique(_late(panel)[touched])),
        (int(lacking.sum()), int(lacking.any(axis=1).sum())),
        seen.any(axis=0),
        panel.covariates is not None and changes_within(panel.covariates, seen),
    )


def without_rows(panel: PreparedPanel, lost: np.ndarray | None) -> PreparedPanel:
    """Return the panel without these rows, and without the units and periods that have no other."""
    if lost is None:
        return without_late(panel)
    seen = ~np.isnan(panel.y) & ~lost
    vary = panel.covariates is not None and changes_within(panel.covariates, seen)
    return with_numbered_clusters(_without(panel, lost, seen.any(axis=0), vary))


def _without(
    panel: PreparedPanel, lost: np.ndarray, periods: np.ndarray, vary: bool
) -> PreparedPanel:
    """Return some units without these rows.

    Parameters
    ----------
    periods : (periods,) bool
        Those that the whole panel still observes.
    vary : bool
        Whether covariates still change within units in the whole panel.
    """
    seen = ~np.isnan(panel.y) & ~lost
    wide = panel.weights.shape[1] > 1
    weights = np.where(lost, np.nan, panel.weights) if wide else panel.weights
    covariates = panel.covariates
    if covariates is not None and covariates.shape[1] > 1:
        covariates = np.where(seen[:, :, None], covariates, np.nan)
        covariates = covariates if vary else first_seen(covariates, seen)
    y = np.where(lost, np.nan, panel.y)
    panel = replace(panel, y=y, weights=weights, covariates=covariates, late=None)
    panel = panel if periods.all() else in_periods(panel, periods)
    units = seen.any(axis=1)
    return panel if units.all() else some_units(panel, units)


def first_seen(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(units, 1, k) of (units, periods, k) values in the first period a unit is seen in."""
    return values[np.arange(len(values)), seen.argmax(axis=1)][:, None]


def changes_within(values: np.ndarray, seen: np.ndarray) -> bool:
    """Whether (units, periods, k) values change within a unit, where it is seen.

    Parameters
    ----------
    seen : (units, periods) bool
    """
    if values.shape[1] == 1 or not len(values):
        return False
    first = first_seen(values, seen)

    def changes(some: slice) -> bool:
        return bool((seen[some, :, None] & (values[some] != first[some])).any())

    # most values that change do so among the first units already
    return changes(slice(0, 1000)) or changes(slice(1000, None))


def used_rows(panel: P, masked: int) -> tuple[P, list[LedgerRow]]:
    """Return the panel of the rows that one estimation uses, and ledger rows on the others.

    See `rows_left_out`.
    """
    if not panel.has_late and not panel.has_covariates:
        return panel, []
    if not over_parts(panel, partial(_loses_rows, masked=masked), operator.or_):
        return changed(panel, without_late), []
    found = over_parts(panel, partial(_count_rows_left_out, masked=masked), RowsLeftOut.__add__)
    change = partial(_without_unusable, masked=masked, periods=found.seen, vary=found.vary)
    return with_numbered_clusters(changed(panel, change)), found.notes()


def _loses_rows(panel: PreparedPanel, *, masked: int) -> bool:
    return rows_left_out(panel, masked) is not None


def _without_unusable(
    panel: PreparedPanel, *, masked: int, periods: np.ndarray, vary: bool
) -> PreparedPanel:
    lost = rows_left_out(panel, masked)
    nothing = np.zeros(panel.y.shape, dtype=bool)
    return _without(panel, nothing if lost is None else lost, periods, vary)
