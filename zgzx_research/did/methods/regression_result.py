"""From a regression with unit and period effects to the result of a method."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.method_result import (
    EXACT,
    EstimateRows,
    MeanWeights,
    MethodResult,
    row_labels,
)
from zgzx_research.did.core.moment_passes import moments_of
from zgzx_research.did.core.regression import Regressions, is_plain
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


def regression_result(
    panel: Panel,
    used: Panel,
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
    panel, used : Panel
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
        moments = moments_of(used)
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
    kind = "reweighted" if not is_plain(panel) else EXACT if is_complete(used) else "pairwise"
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


def cohort_and_cluster_sizes(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts,) units and clusters of each cohort; units where no clusters were given."""
    return strata_of(panel).sizes(len(panel.cohorts))


def treated_groups(rows: EstimateRows) -> np.ndarray:
    """(rows,) treated clusters, or units where no clusters were given."""
    return rows.n_treated if rows.n_clusters is None else rows.n_clusters


def event_roles(event: np.ndarray, reference: np.ndarray, leave_out: int) -> np.ndarray:
    """(rows,) role by event time."""
    before = np.where(event >= -leave_out, "left_out", "pre")
    return np.where(reference, "reference", np.where(event >= 0, "post", before))


def treated_clusters(panel: Panel, rows: list[tuple[np.ndarray, ...]]) -> np.ndarray | None:
    """(rows,) clusters seen in the cohorts and periods of each row, given as indices.

    None without clusters.
    """
    strata = strata_of(panel)
    if strata.clusters is None:
        return None
    stratum, cluster = strata.clusters[:, 0], strata.clusters[:, 1]
    names, number = np.unique(cluster, return_inverse=True)
    present = np.zeros((len(panel.cohorts), len(panel.periods), len(names)), dtype=bool)
    for period, seen in enumerate(strata.observed.T):
        pair = seen[stratum]
        present[strata.cohort[stratum[pair]], period, number[pair]] = True
    return np.array([present[row].reshape(-1, len(names)).any(axis=0).sum() for row in rows])


def single_period_notes(panel: Panel) -> list[LedgerRow]:
    """Note units observed in one period only; refuse panels of no other units."""
    strata = strata_of(panel)
    seen = strata.observed.sum(axis=1)
    single = int(strata.units[seen == 1].sum())
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


def note_dropped_covariates(panel: Panel, kept: np.ndarray, notes: list[LedgerRow]) -> None:
    """Note covariates that unit effects or other covariates make up."""
    dropped = tuple(
        name for name, stays in zip(panel.covariate_names, kept, strict=True) if not stays
    )
    if dropped:
        reason = "covariate constant within units, or made up of others: dropped"
        notes.append(("note", reason, 0, 0, dropped[:3]))


def nothing_to_compare(panel: Panel) -> ZgzxError:
    """Return the error for treatment that unit and period effects make up."""
    return ZgzxError(
        "treatment cannot be separated from unit and period effects",
        where="estimate_effects",
        count=int(np.isfinite(panel.cohorts).sum()),
        remedy="Add units never treated, or treated at other times.",
    )
