"""The panel that every estimator starts from: arrays by unit and period, and the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

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
    y : (units, periods) float
        NaN where a unit is not observed.
    cohort : (units,) int
        Index into `cohorts`.
    cohorts : (cohorts,) float
        First treated period in rising order; the never treated come last as infinity.
    periods : (periods,) int
        Rising.
    weights : (units, 1) float
        Or (units, periods) where they change within a unit, NaN where unobserved; ones where none
        were given.
    gaps : str
        How incomplete units are used: "pairwise", "balance" or "cross_section".
    ledger : pandas.DataFrame
        Frame of step, reason, rows, units, examples: everything left out, and why.
    roles : dict[str, str or None]
        The column behind each role.
    cluster : (units,) int
        From 0, or None where units are independent of each other.
    covariates : (units, 1 or periods, covariates) float
        One period where they are constant within units, else NaN where unobserved; None without.
    covariate_names : tuple[str, ...]
        One name per covariate.
    covariates_at : str
        The period that covariates and varying weights are taken from in a comparison: its "base",
        or the "earlier" of its two periods (as R did).
    late : (units,) float
        First treated period of the units treated after the last period, infinity for all others:
        these are among the never treated, until a declared window of their own opens; None where
        there are none.
    until : (cohorts,) float
        Infinity but for cohorts made of such units (see `sample.with_late_cohorts`).
    clock : Clock, optional
        How the periods were counted: its step, and what the table calls each period.
    units : (units,)
        Name of each unit, so that groups and strata can be given by unit; never shown in results.
    known : dict
        Small results of passes that are asked for again (see `parts.once`); a changed panel starts
        with none.
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
    units: np.ndarray | None = None
    known: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> list[Any]:
        """Leave out what is only remembered: two equal panels have equal bytes."""
        return [{} if f.name == "known" else getattr(self, f.name) for f in fields(self)]

    @property
    def has_covariates(self) -> bool:
        """Whether the panel has covariates."""
        return self.covariates is not None

    @property
    def covariates_vary(self) -> bool:
        """Whether covariates change within units."""
        return self.covariates is not None and self.covariates.shape[1] > 1

    @property
    def weights_vary(self) -> bool:
        """Whether weights change within units."""
        return self.weights.shape[1] > 1

    @property
    def has_clusters(self) -> bool:
        """Whether units belong to clusters."""
        return self.cluster is not None

    @property
    def has_late(self) -> bool:
        """Whether some units are first treated after the last period."""
        return self.late is not None

    @property
    def never_treated_lost(self) -> bool:
        """Whether all units never treated have left for another reason."""
        return bool((self.ledger["reason"] == NEVER_TREATED_LOST).any())

    def left_out(self) -> list[str]:
        """Reasons for which units or rows left, the one with most units first."""
        rows = self.ledger[self.ledger["step"].isin(("units", "rows"))]
        rows = rows.sort_values("units", ascending=False)
        return [f"{row.reason}: {row.units}" for row in rows.itertuples()]
