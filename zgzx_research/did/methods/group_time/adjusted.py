"""Group-time effects adjusted for covariates, or for weights that change within units."""

from __future__ import annotations

from functools import partial

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.comparisons import Comparisons, comparison_means
from zgzx_research.did.core.method_result import MethodResult
from zgzx_research.did.core.moments import Moments, cohort_means
from zgzx_research.did.methods.group_time import adjustment, cross_section, ratio_adjustment
from zgzx_research.did.methods.group_time.influence_sums import share_influence
from zgzx_research.did.methods.group_time.nuisances import TRIM
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.result_parts import (
    AdjustedComparisons,
    cohort_shares,
    comparison_rows,
    drawn_cohorts,
    first_labels,
    single_unit_part,
    weights_on_means,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


def adjusted_effects(
    panel: Panel,
    moments: Moments,
    comparisons: Comparisons,
    options: Options,
    notes: list[LedgerRow],
) -> MethodResult:
    """Comparisons reweighted by covariates (or by weights that change within units)."""
    result = _adjust(panel, comparisons, options)
    kept = _made(panel, comparisons, result, notes)
    used, cohort = np.unique(comparisons.cohort[kept], return_inverse=True)
    statistics, every = result.statistics[:, kept], len(kept)
    keep = np.concatenate(
        [np.flatnonzero(np.tile(kept, len(statistics))), len(statistics) * every + used]
    )

    shares = cohort_shares(panel.cohorts, used, moments)
    by_cohort = np.zeros((len(shares), len(shares)))
    if options.scale == "difference":  # on the ratio scale cohort sizes count as fixed
        weight = np.bincount(moments.cohort, moments.weight, minlength=len(shares))
        by_cohort = share_influence(weight, shares, drawn_cohorts(panel, moments, shares))
    joint = result.sums.covariance(by_cohort)[np.ix_(keep, keep)]
    null = _null_covariance(result, comparisons, kept)
    comparisons = comparisons.take(kept)
    means = comparison_means(moments, comparisons, panel.gaps)
    on_means = _on_means(panel, moments, comparisons, result.cohort_share[kept], statistics)
    joint[: statistics.size, : statistics.size] += single_unit_part(
        panel, moments, comparisons, means, on_means, options.scale, notes
    )

    sums, by_rows = result.sums.by_cluster, panel.gaps == "cross_section"
    kind = "approximate" if by_rows or len(statistics) > 1 else "reweighted"
    return MethodResult(
        comparison_rows(panel, moments, comparisons, means),
        JointStatistics(
            options.scale, statistics, cohort, shares[used], joint, panel.cohorts[used], null
        ),
        weights_on_means(panel, moments, on_means, kind),
        notes=notes,
        influence=None if sums is None else partial(np.take, sums, keep[: statistics.size], axis=1),
    )


def _null_covariance(
    result: AdjustedComparisons, comparisons: Comparisons, kept: np.ndarray
) -> np.ndarray | None:
    """Covariance of the kept comparisons about zero; None where two periods are two samples."""
    if result.per_weight is None:
        return None
    tested = kept & (comparisons.role == "pre")
    return result.sums.about_zero(result.per_weight, tested)[np.ix_(kept, kept)]


def _adjust(panel: Panel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """Return the adjustment of the scale and of the kind of panel."""
    if options.scale == "ratio":
        return ratio_adjustment.adjust(panel, comparisons, options)
    if panel.gaps == "cross_section":
        return cross_section.adjust(panel, comparisons, options)
    return adjustment.adjust(panel, comparisons, options)


def _made(
    panel: Panel,
    comparisons: Comparisons,
    result: AdjustedComparisons,
    notes: list[LedgerRow],
) -> np.ndarray:
    """(comparisons,) bool, those that could be adjusted; the others go to the notes."""
    for reason in dict.fromkeys(filter(None, result.failed)):
        gone = np.flatnonzero(np.array(result.failed) == reason)
        shown = first_labels(panel, comparisons, gone)
        notes.append(("cells", f"cell left out: {reason}", len(gone), 0, shown))
    kept = np.array([not reason for reason in result.failed])
    if not kept.any():
        raise ZgzxError(
            "no cell can be adjusted for these covariates",
            where="estimate_effects",
            count=len(comparisons.cohort),
            examples=[result.failed[0]],
            remedy="Leave out or coarsen covariates.",
        )
    if result.trimmed.any():
        reason = (
            f"comparison units with a propensity score of {TRIM} or more, "
            "trimmed (in the cell with most)"
        )
        shown = first_labels(panel, comparisons, result.trimmed.nonzero()[0])
        notes.append(("units", reason, 0, int(result.trimmed.max()), shown))
    return kept


def _on_means(
    panel: Panel,
    moments: Moments,
    comparisons: Comparisons,
    share: np.ndarray,
    statistics: np.ndarray,
) -> np.ndarray:
    """(statistics, cohorts, periods) weights on means.

    Treated now and at the base, compared by their shares.
    """
    treated = (np.arange(len(panel.cohorts)) == comparisons.cohort[:, None])[:, :, None]
    now = (np.arange(len(panel.periods)) == comparisons.period[:, None])[:, None, :]
    base, share = comparisons.base[:, None, :], share[:, :, None]
    if len(statistics) == 1:
        return (treated * 1.0 - share) * (now - base)
    means = np.nan_to_num(cohort_means(moments, len(panel.cohorts)))

    def level(who: np.ndarray, when: np.ndarray) -> np.ndarray:
        return (who * when * means).sum(axis=(1, 2))[:, None, None]

    total, without = statistics[:, :, None, None]
    grown = share * now / level(share, now) - share * base / level(share, base)
    return np.concatenate(
        [
            _over(total, level(treated, now)) * treated * now,
            without * (_over(treated * base, level(treated, base)) + grown),
        ]
    )


def _over(part: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Part / level, 0 where nobody has anything: such a mean moves no total."""
    return np.divide(
        part, level, out=np.zeros(np.broadcast_shapes(part.shape, level.shape)), where=level > 0
    )
