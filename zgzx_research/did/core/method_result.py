"""What every method hands over.

Its rows, the numbers behind them, and the weight it gives to every mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.panel.prepared_panel import LedgerRow

EXACT = "exact"
KINDS = {
    EXACT: "weights times means give the estimate exactly",
    "pairwise": "weights on the means of the units each comparison observes",
    "reweighted": "weights on means reweighted by covariates",
    "linearised": "weights on means, to first order",
    "approximate": "weights on means, roughly: covariates weight units within a cohort",
}


@dataclass(frozen=True, slots=True)
class MeanWeights:
    """How much each statistic makes of the mean of each cohort and period.

    Attributes
    ----------
    weights : (statistics, cohorts, periods)
        Statistics in the order of the covariance.
    means : (cohorts, periods)
        NaN where nobody is observed.
    cohorts : (cohorts,) float
        Infinity = never treated.
    periods : (periods,) int
    kind : str
        a key of KINDS.
    """

    weights: np.ndarray
    means: np.ndarray
    cohorts: np.ndarray
    periods: np.ndarray
    kind: str

    @property
    def size(self) -> np.ndarray:
        """(statistics,) Σ |weight| |mean|: rounding errors are in proportion to it."""
        return np.asarray(np.abs(self.weights * np.nan_to_num(self.means)).sum(axis=(1, 2)))


@dataclass(frozen=True, slots=True)
class EstimateRows:
    """Labels of a method's estimates; NaN where an estimate belongs to no single cohort or period.

    Attributes
    ----------
    cohort, period, event_time : (rows,) float
    role : (rows,)
        "post", "pre", "reference" (zero by construction), "left_out", or "static" (one effect for
        all).
    n_treated, n_comparison : (rows,) int
        Units.
    base_mean : (rows,)
        Mean outcome of the treated at their base.
    n_clusters : (rows,) int
        Treated clusters; None where every unit is its own.
    """

    cohort: np.ndarray
    period: np.ndarray
    event_time: np.ndarray
    role: np.ndarray
    n_treated: np.ndarray
    n_comparison: np.ndarray
    base_mean: np.ndarray
    n_clusters: np.ndarray | None = None


def row_labels(rows: EstimateRows) -> np.ndarray:
    """(rows,) text of each row for the ledger: cohort and period, or event time, or its role."""
    cells = zip(rows.cohort, rows.period, rows.event_time, rows.role, strict=True)
    named = [
        str(role) if np.isnan(e) else f"{e:g}" if np.isnan(g) else f"({g:g}, {t:g})"
        for g, t, e, role in cells
    ]
    return np.array(named, dtype=object)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One estimation.

    Attributes
    ----------
    rows : EstimateRows
        Labels.
    numbers : JointStatistics
        Statistics, shares and joint covariance (see JointStatistics).
    weights : MeanWeights
        What drives the estimates.
    df : float
        Degrees of freedom of the t quantile; infinity = normal.
    notes : list[LedgerRow]
        Ledger rows (step, reason, rows, units, examples) of what this estimation left out.
    influence : (clusters, statistics)
        Influence values summed by cluster, where the panel has clusters; or what makes them, for
        they may be many and are seldom asked for.
    """

    rows: EstimateRows
    numbers: JointStatistics
    weights: MeanWeights
    df: float = np.inf
    notes: list[LedgerRow] = field(default_factory=list)
    influence: np.ndarray | Callable[[], np.ndarray] | None = None

    def influence_values(self) -> np.ndarray | None:
        """Return the influence values, made where they are not there yet."""
        return self.influence() if callable(self.influence) else self.influence
