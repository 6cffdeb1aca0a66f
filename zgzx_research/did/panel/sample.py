"""Parts of a prepared panel: some units or periods, and the rows that one estimation uses.

Units first treated after the panel ends serve as comparison until their own declared window
(anticipation, leave_out) opens: their later rows leave, or, where an estimator compares groups of
units, they are cohorts of their own that leave the later comparisons. And where every row brings
its own covariates, as in a regression, rows without them leave.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel


def of_units(panel: PreparedPanel, kept: np.ndarray) -> PreparedPanel:
    """Return the panel of some of its units (mask or indices); `cohorts` stays as it is."""
    return replace(
        panel,
        y=panel.y[kept],
        cohort=panel.cohort[kept],
        weights=panel.weights[kept],
        cluster=None
        if panel.cluster is None
        else np.unique(panel.cluster[kept], return_inverse=True)[1],
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
    known = np.broadcast_to(~np.isnan(values).any(axis=2), panel.y.shape)
    return None if (known | np.isnan(panel.y)).all() else known


def with_late_cohorts(panel: PreparedPanel, masked: int) -> tuple[PreparedPanel, list[LedgerRow]]:
    """Return the panel with cohorts of their own for units whose window opens before it ends.

    `until` says when they are treated; a ledger row counts their observations in the window.
    """
    if panel.late is None:
        return panel, []
    early = np.where(panel.late - masked <= panel.periods[-1], panel.late, np.inf)
    starts, never = np.unique(early[np.isfinite(early)]), np.isinf(panel.cohorts[panel.cohort])
    if not len(starts):
        return replace(panel, late=None), []
    treated = panel.cohorts[np.isfinite(panel.cohorts)]
    cohort = np.where(never, len(treated) + np.searchsorted(starts, early), panel.cohort)
    last = np.full(1 if (never & np.isinf(early)).any() else 0, np.inf)
    cohorts = np.concatenate([treated, np.full(len(starts), np.inf), last])
    until = np.concatenate([np.full(len(treated), np.inf), starts, last])
    closed = ~np.isnan(panel.y) & (panel.periods + masked >= early[:, None])
    return replace(panel, cohort=cohort, cohorts=cohorts, until=until), [_late_note(closed, starts)]


def shown_cohorts(panel: PreparedPanel) -> np.ndarray:
    """(cohorts,) float, first treated period of each cohort, also where that is after the panel."""
    return panel.cohorts if panel.until is None else np.minimum(panel.cohorts, panel.until)


def _late_note(closed: np.ndarray, starts: np.ndarray) -> LedgerRow:
    reason = (
        "treated after the panel ends: no comparison from the start of its own declared window on"
    )
    shown = tuple(f"{g:g}" for g in starts[:3])
    return ("rows", reason, int(closed.sum()), int(closed.any(axis=1).sum()), shown)


def rows_left_out(panel: PreparedPanel, masked: int) -> tuple[np.ndarray | None, list[LedgerRow]]:
    """(units, periods) bool, rows that cannot be used (None: all can), and ledger rows on them.

    Parameters
    ----------
    masked : int
        Periods before treatment that are declared as anticipation or left out.
    """
    lost, notes, seen = None, list[LedgerRow](), ~np.isnan(panel.y)
    if panel.late is not None:
        closed = seen & (panel.periods + masked >= panel.late[:, None])
        if closed.any():
            notes.append(_late_note(closed, np.unique(panel.late[closed.any(axis=1)])))
            lost = closed
    known = covariates_known(panel)
    if known is not None:
        lacking = seen & ~known
        notes.append(
            ("rows", "covariate missing", int(lacking.sum()), int(lacking.any(axis=1).sum()), ())
        )
        lost = lacking if lost is None else lost | lacking
    return lost, notes


def without_rows(panel: PreparedPanel, lost: np.ndarray | None) -> PreparedPanel:
    """Return the panel without these rows, and without the units and periods that have no other."""
    panel = replace(panel, late=None)
    if lost is None:
        return panel
    y = np.where(lost, np.nan, panel.y)
    wide = panel.weights.shape[1] > 1
    weights = np.where(lost, np.nan, panel.weights) if wide else panel.weights
    covariates = panel.covariates
    if covariates is not None and covariates.shape[1] > 1:
        covariates = constant_if_possible(
            np.where(np.isnan(y)[:, :, None], np.nan, covariates), ~np.isnan(y)
        )
    panel = replace(panel, y=y, weights=weights, covariates=covariates)
    seen = ~np.isnan(y)
    units, periods = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    panel = panel if len(periods) == seen.shape[1] else in_periods(panel, periods)
    return panel if len(units) == len(seen) else of_units(panel, units)


def constant_if_possible(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(units, 1, k) of (units, periods, k) values that do not change within any unit.

    Parameters
    ----------
    seen : (units, periods) bool
    """
    first = values[np.arange(len(values)), seen.argmax(axis=1)][:, None]

    def changes(some: slice) -> bool:
        return bool((seen[some, :, None] & (values[some] != first[some])).any())

    # most values that change do so among the first units already
    return values if changes(slice(0, 1000)) or changes(slice(1000, None)) else first


def used_rows(panel: PreparedPanel, masked: int) -> tuple[PreparedPanel, list[LedgerRow]]:
    """Return the panel of the rows that one estimation uses, and ledger rows on the others.

    See `rows_left_out`.
    """
    lost, notes = rows_left_out(panel, masked)
    return without_rows(panel, lost), notes
