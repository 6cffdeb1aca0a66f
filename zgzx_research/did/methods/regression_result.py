"""From a regression with unit and period effects to the result of a method."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.comparisons import unit_weights
from zgzx_research.did.core.method_result import (
    EXACT,
    EstimateRows,
    MeanWeights,
    MethodResult,
    row_labels,
)
from zgzx_research.did.core.moments import panel_moments
from zgzx_research.did.core.regression import Regressions, is_plain
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.errors import ZgzxError


def regression_result(
    panel: PreparedPanel,
    used: PreparedPanel,
    rows: EstimateRows,
    pick: np.ndarray,
    result: Regressions,
    shares: np.ndarray,
    keep: np.ndarray,
    single_unit: np.ndarray,
    notes: list[LedgerRow],
) -> MethodResult:
    """Return the result of the kept rows.

    Parameters
    ----------
    panel, used : PreparedPanel
        The whole, and the part that was regressed.
    rows : EstimateRows
        Labels.
    pick : (rows, coefficients)
        Leads from the coefficients of the regressions to the rows.
    result : Regressions
        Of the used panel.
    shares : (rows,)
        Weight of each row in aggregates.
    keep : (rows,) bool
        Those that could be estimated.
    single_unit : (rows, cohorts) bool
        Where the mean of a cohort rests on one unit or cluster and is fitted perfectly.
    notes : list[LedgerRow]
        What was left out so far; grows.
    """
    pick, single_unit = pick[keep], single_unit[keep]
    on_means, covariance = np.tensordot(pick, result.weights, 1), pick @ result.covariance @ pick.T
    if single_unit.any():
        moments = panel_moments(used.y, used.cohort, unit_weights(used.weights), used.cluster)
        single_unit_part = single_unit_covariance(moments, on_means, single_unit)
        notes += single_unit_notes(single_unit_part, row_labels(rows)[keep])
        covariance += single_unit_part
    numbers = JointStatistics(
        "difference",
        (pick @ result.coefficients)[None],
        np.arange(len(pick)),
        shares[keep],
        covariance,
        null_covariance=_null_covariance(result, pick, rows.role[keep] == "pre"),
    )
    kind = "reweighted" if not is_plain(panel) else "pairwise" if np.isnan(used.y).any() else EXACT
    weights = MeanWeights(on_means, result.sums.mean, panel.cohorts, used.periods, kind)
    labels = {name: getattr(rows, name) for name in EstimateRows.__dataclass_fields__}
    kept = EstimateRows(
        **{name: value[keep] for name, value in labels.items() if value is not None}
    )
    by_cluster = None if result.influence is None else result.influence @ pick.T
    return MethodResult(kept, numbers, weights, result.df, notes, by_cluster)


def _null_covariance(
    result: Regressions, pick: np.ndarray, tested: np.ndarray
) -> np.ndarray | None:
    """(rows, rows) covariance of the tested rows with no effect imposed, zero elsewhere."""
    if result.null_covariance is None:
        return None
    covariance = pick @ result.null_covariance @ pick.T
    return np.asarray(covariance * np.outer(tested, tested))


def cohort_and_cluster_sizes(panel: PreparedPanel) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts,) units and clusters of each cohort; units where no clusters were given."""
    count = len(panel.cohorts)
    units = np.bincount(panel.cohort, minlength=count)
    if panel.cluster is None:
        return units, units
    pairs = np.unique(panel.cluster * count + panel.cohort)
    return units, np.bincount(pairs % count, minlength=count)


def treated_groups(rows: EstimateRows) -> np.ndarray:
    """(rows,) treated clusters, or units where no clusters were given."""
    return rows.n_treated if rows.n_clusters is None else rows.n_clusters


def event_roles(event: np.ndarray, reference: np.ndarray, leave_out: int) -> np.ndarray:
    """(rows,) role by event time."""
    before = np.where(event >= -leave_out, "left_out", "pre")
    return np.where(reference, "reference", np.where(event >= 0, "post", before))


def treated_clusters(panel: PreparedPanel, rows: list[tuple[np.ndarray, ...]]) -> np.ndarray | None:
    """(rows,) clusters seen in the cohorts and periods of each row, given as indices.

    None without clusters.
    """
    if panel.cluster is None:
        return None
    present = np.zeros(
        (len(panel.cohorts), len(panel.periods), int(panel.cluster.max()) + 1), dtype=bool
    )
    unit, period = np.nonzero(~np.isnan(panel.y))
    present[panel.cohort[unit], period, panel.cluster[unit]] = True
    return np.array([present[row].reshape(-1, present.shape[2]).any(axis=0).sum() for row in rows])


def single_period_notes(panel: PreparedPanel) -> list[LedgerRow]:
    """Note units observed in one period only; refuse panels of no other units."""
    seen = (~np.isnan(panel.y)).sum(axis=1)
    single = int((seen == 1).sum())
    if (seen <= 1).all():
        raise ZgzxError(
            "every unit is seen once, so its own effect takes up its outcome",
            where="estimate_effects",
            count=single,
            remedy="Use method='group_time' with gaps='cross_section', which compares groups, "
            "or name the right unit.",
        )
    reason = "unit observed in one period only: its own effect takes it up"
    return [("note", reason, single, single, ())] if single else []


def note_dropped_covariates(panel: PreparedPanel, kept: np.ndarray, notes: list[LedgerRow]) -> None:
    """Note covariates that unit effects or other covariates make up."""
    dropped = tuple(
        name for name, stays in zip(panel.covariate_names, kept, strict=True) if not stays
    )
    if dropped:
        reason = "covariate constant within units, or made up of others: dropped"
        notes.append(("note", reason, 0, 0, dropped[:3]))


def nothing_to_compare(panel: PreparedPanel) -> ZgzxError:
    """Return the error for treatment that unit and period effects make up."""
    return ZgzxError(
        "treatment cannot be separated from unit and period effects",
        where="estimate_effects",
        count=int(np.isfinite(panel.cohorts).sum()),
        remedy="Add units never treated, or treated at other times.",
    )
