"""Parts of a group-time result: labels, weights on means, shares, single-unit cohorts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import ComparisonMeans, Comparisons
from zgzx_research.did.core.method_result import EstimateRows, MeanWeights
from zgzx_research.did.core.moments import Moments, cohort_means
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.core.small_cohorts import cohort_sizes, only_unit
from zgzx_research.did.methods.group_time.influence_sums import InfluenceSums
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.sample import shown_cohorts


@dataclass(frozen=True, slots=True)
class AdjustedComparisons:
    """Cells after adjustment, in the order of the plan.

    Attributes
    ----------
    statistics : (1 or 2, comparisons)
        As in JointStatistics.
    cohort_share : (comparisons, cohorts)
        Of what treated meet.
    trimmed : (comparisons,) int
        Comparison units trimmed.
    failed : (comparisons,)
        Why a cell cannot be made, or "".
    sums : InfluenceSums
        Sums of products of influence values.
    per_weight : (comparisons,), optional
        Departures per unit of weight of the treated, for their covariance about zero (see
        `score_test`); None where two periods are two samples.
    """

    statistics: np.ndarray
    cohort_share: np.ndarray
    trimmed: np.ndarray
    failed: list[str]
    sums: InfluenceSums
    per_weight: np.ndarray | None


def comparison_rows(
    panel: Panel, moments: Moments, comparisons: Comparisons, means: ComparisonMeans
) -> EstimateRows:
    """Labels of the comparisons."""
    start, now = panel.cohorts[comparisons.cohort], panel.periods[comparisons.period].astype(float)
    treated, compared = means.units.T
    _, clusters = cohort_sizes(moments, len(panel.cohorts))
    single = only_unit(moments, means.mask[:, :, :2]).any(axis=1)
    n_clusters = np.where(single, 1, np.minimum(treated, clusters[comparisons.cohort]))
    return EstimateRows(
        start, now, now - start, comparisons.role, treated, compared, means.value[:, 1], n_clusters
    )


def first_labels(panel: Panel, comparisons: Comparisons, rows: np.ndarray) -> tuple[str, ...]:
    """Return the first few of some comparisons, for the ledger."""
    return tuple(comparison_labels(panel, comparisons.take(rows))[:3])


def comparison_labels(panel: Panel, comparisons: Comparisons) -> np.ndarray:
    """(comparisons,) cohort and period of each as text."""
    at = zip(panel.cohorts[comparisons.cohort], panel.periods[comparisons.period], strict=True)
    return np.array([f"({g:g}, {t})" for g, t in at], dtype=object)


def weights_on_means(
    panel: Panel, moments: Moments, on_means: np.ndarray, kind: str
) -> MeanWeights:
    """Join weights on means with the means, cohorts and periods they belong to."""
    return MeanWeights(
        on_means,
        cohort_means(moments, len(panel.cohorts)),
        shown_cohorts(panel),
        panel.periods,
        kind,
    )


def cohort_shares(cohorts: np.ndarray, used: np.ndarray, moments: Moments) -> np.ndarray:
    """(cohorts,) share of each cohort with comparisons, and of the never treated, in the units."""
    part = np.isinf(cohorts) | np.isin(np.arange(len(cohorts)), used)
    by_cohort = np.bincount(moments.cohort, moments.weight, minlength=len(cohorts)) * part
    return by_cohort / by_cohort.sum()


def drawn_cohorts(panel: Panel, moments: Moments, shares: np.ndarray) -> np.ndarray:
    """(cohorts,) whether the size of a cohort in use counts as drawn.

    Not where it is one unit or cluster.
    """
    return (shares > 0) & (cohort_sizes(moments, len(panel.cohorts))[1] > 1)


def single_unit_part(
    panel: Panel,
    moments: Moments,
    comparisons: Comparisons,
    means: ComparisonMeans,
    on_means: np.ndarray,
    scale: str,
    notes: list[LedgerRow],
) -> np.ndarray:
    """Return the covariance that means of one unit or cluster add.

    Comparisons to which none can be single_unit_part go to the notes.
    """
    by_rows = panel.gaps == "cross_section"
    single = _single_units(moments, comparisons, means, by_rows)
    single = np.concatenate([single] * (len(on_means) // len(single)))
    added = single_unit_covariance(
        moments, on_means, single, relative=scale == "ratio", samples=by_rows
    )
    notes += single_unit_notes(added, comparison_labels(panel, comparisons))
    return added


def _single_units(
    moments: Moments, comparisons: Comparisons, means: ComparisonMeans, by_rows: bool
) -> np.ndarray:
    """(comparisons, cohorts[, periods]) number of the only unit (cluster) behind a mean, else 0.

    A treated cohort may be one unit, or several of which a cell observes one; a comparison of
    several cohorts has a spread about their common mean, though each be one unit. Where every row
    is used the mean at t and that at the base may rest on different units, so each is looked at by
    itself.
    """
    cohorts = np.arange(comparisons.controls.shape[1])
    number = only_unit(moments, means.mask)  # (comparisons, 4)
    number = np.where(number > 0, number + 1, 0)
    whole = (cohort_sizes(moments, len(cohorts))[1] == 1) * 1
    treated = comparisons.cohort[:, None] == cohorts

    def among(column: int) -> np.ndarray:
        own = (treated if column < 2 else comparisons.controls) * number[:, [column]]
        return np.where((whole > 0) & (own > 0), whole, own)

    if not by_rows:
        return np.maximum(among(0), among(2))
    now = (np.arange(comparisons.base.shape[1]) == comparisons.period[:, None])[:, None, :]
    base = (comparisons.base > 0)[:, None, :] & ~now
    return (
        np.maximum(among(0), among(2))[:, :, None] * now
        + np.maximum(among(1), among(3))[:, :, None] * base
    )
