"""`Moments` of a panel in memory or in parts: sums of strata about their means, put together.

Two parts of a stratum have means of their own. With m the mean of both together and d a part's mean
less m, its sums about m are Σw²(y-m) = Σw²(y-m_k) + d Σw² and so on (Chan, Golub & LeVeque 1983,
The American Statistician 37(3)), so no digits are lost however large the mean is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from zgzx_research.did.core.comparisons import unit_weights
from zgzx_research.did.core.moments import ClusterSums, Moments, panel_moments
from zgzx_research.did.core.strata import same_strata
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import known_rows, lacks_covariates


def moments_of(panel: Panel, *, weighted: bool = True, by_covariates: bool = False) -> Moments:
    """Return the sums per stratum of a panel.

    Parameters
    ----------
    weighted : bool, default True
        By the weight of each unit in the first period it is observed in; else all count alike.
    by_covariates : bool, default False
        Whether strata differ by the periods in which covariates are known, too.
    """
    lacking = by_covariates and lacks_covariates(panel)
    kernel = partial(part_moments, weighted=weighted, by_covariates=lacking)
    return numbered(over_parts(panel, kernel, add_moments))


def part_moments(panel: PreparedPanel, *, weighted: bool, by_covariates: bool) -> Moments:
    """Return the sums of some units; clusters have the numbers of the whole panel."""
    weights = unit_weights(panel.weights) if weighted else np.ones(len(panel.y))
    known = known_rows(panel) if by_covariates else None
    return panel_moments(panel.y, panel.cohort, weights, panel.cluster, known)


def add_moments(one: Moments, other: Moments) -> Moments:
    """Return the sums of two parts of a panel together."""
    both = (one, other)
    cohort = np.concatenate([part.cohort for part in both])
    observed = np.concatenate([part.observed for part in both])
    known = None
    if one.known is not None and other.known is not None:
        known = np.concatenate([one.known, other.known])
    pattern = observed if known is None else np.hstack([observed, known])
    group, first = same_strata(cohort, pattern)

    units, weight, zeroth = (
        _by_group(np.concatenate([getattr(part, name) for part in both]), group, len(first))
        for name in ("units", "weight", "zeroth")
    )
    own = np.concatenate([part.mean for part in both])
    shift = own[first]
    part_weight = np.concatenate([part.weight for part in both])[:, None]
    away = _by_group(part_weight * (own - shift[group]), group, len(first)) / weight[:, None]
    mean = shift + away
    apart = own - mean[group]  # from the mean of both to a part's own
    linear = np.concatenate([part.first for part in both])
    square = np.concatenate([part.second for part in both])
    own_zeroth = np.concatenate([part.zeroth for part in both])
    between = linear[:, :, None] * apart[:, None, :]
    square = square + between + between.transpose(0, 2, 1)
    square += own_zeroth[:, None, None] * apart[:, :, None] * apart[:, None, :]
    return Moments(
        cohort[first],
        observed[first],
        units,
        weight,
        mean,
        zeroth,
        _by_group(linear + own_zeroth[:, None] * apart, group, len(first)),
        _by_group(square, group, len(first)),
        _add_clusters(one, other, group, apart, len(first)),
        None if known is None else known[first],
    )


def _by_group(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    sums = np.zeros((count, *values.shape[1:]), dtype=values.dtype)
    np.add.at(sums, group, values)
    return sums


def _add_clusters(
    one: Moments, other: Moments, group: np.ndarray, apart: np.ndarray, strata: int
) -> ClusterSums | None:
    """One row per stratum and cluster, of both parts."""
    if one.clusters is None or other.clusters is None:
        return None
    both = (one.clusters, other.clusters)
    stratum = np.repeat(
        np.arange(len(group)), np.concatenate([np.diff(sums.starts) for sums in both])
    )
    weight = np.concatenate([sums.weight for sums in both])
    total = np.concatenate([sums.total for sums in both]) + weight[:, None] * apart[stratum]
    cluster, own = np.concatenate([sums.cluster for sums in both]), group[stratum]
    order = np.lexsort((cluster, own))
    cluster, own = cluster[order], own[order]
    starts = np.flatnonzero(np.diff(own, prepend=-1) | np.diff(cluster, prepend=-1))
    return ClusterSums(
        np.searchsorted(own[starts], np.arange(strata + 1)),
        cluster[starts],
        max(sums.count for sums in both),
        np.add.reduceat(weight[order], starts),
        np.add.reduceat(total[order], starts, axis=0),
    )


def numbered(moments: Moments) -> Moments:
    """Return the moments with clusters numbered from 0 without gaps."""
    sums = moments.clusters
    if sums is None:
        return moments
    there = np.bincount(sums.cluster, minlength=sums.count) > 0
    if there.all():
        return moments
    number = (np.cumsum(there) - 1)[sums.cluster]
    return replace(moments, clusters=replace(sums, cluster=number, count=int(there.sum())))
