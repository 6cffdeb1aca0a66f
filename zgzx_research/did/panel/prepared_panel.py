"""The panel that every estimator starts from: arrays by unit and period, and the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.panel.clock import Clock

LedgerRow = tuple[str, str, int, int, tuple[str, ...]]
"""step, reason, rows, units, examples: what left the panel or an estimate, and why."""

NEVER_TREATED_LOST = "every unit never treated left for the reasons above"


@dataclass(frozen=True, slots=True)
class PreparedPanel:
    """A panel as arrays; every estimator starts here and drops nothing more.

    Attributes
    ----------
    y : (units, periods) float, NaN where a unit is not observed.
    cohort : (units,) int, index into `cohorts`.
    cohorts : (cohorts,) float, first treated period in rising order; the never treated come last as
        infinity.
    periods : (periods,) int, rising.
    weights : (units, 1) float, or (units, periods) where they change within a unit, NaN where
        unobserved; ones where none were given.
    gaps : how incomplete units are used: "pairwise", "balance" or "cross_section".
    ledger : frame of step, reason, rows, units, examples: everything left out, and why.
    roles : the column behind each role.
    cluster : (units,) int from 0, or None where units are independent of each other.
    covariates : (units, 1 or periods, covariates) float, one period where they are constant within
        units, else NaN where unobserved; None without.
    covariate_names : one name per covariate.
    covariates_at : the period that covariates and varying weights are taken from in a comparison:
        its "base", or the "earlier" of its two periods (as R did).
    late : (units,) float, first treated period of the units treated after the last period, infinity
        for all others: these are among the never treated, until a declared window of their own
        opens; None where there are none.
    until : (cohorts,) float, infinity but for cohorts made of such units (see
        `sample.with_late_cohorts`).
    clock : how the periods were counted: its step, and what the table calls each period.
    """

    y: np.ndarray
    cohort: np.ndarray
    cohorts: np.ndarray
    periods: np.ndarray
    weights: np.ndarray
    gaps: str
    ledger: pd.DataFrame
    roles: dict[str, str | None]
    cluster: np.ndarray | None = None
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    covariates_at: str = "base"
    late: np.ndarray | None = None
    until: np.ndarray | None = None
    clock: Clock | None = None

    @property
    def never_treated_lost(self) -> bool:
        """Whether all units never treated have left for another reason."""
        return bool((self.ledger["reason"] == NEVER_TREATED_LOST).any())

    def left_out(self) -> list[str]:
        """Reasons for which units or rows left, the one with most units first."""
        rows = self.ledger[self.ledger["step"].isin(("units", "rows"))]
        rows = rows.sort_values("units", ascending=False)
        return [f"{row.reason}: {row.units}" for row in rows.itertuples()]
