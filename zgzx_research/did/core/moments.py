"""Sums over units per stratum, a stratum being a cohort with one pattern of observed periods.

With w a unit's weight and m the weighted mean of its stratum, the sums are Σw, Σwy (kept as m),
Σw², Σw²(y-m) and Σw²(y-m)(y-m)'. They are taken about a shift near the mean, so no digits are lost
however large the mean is.

An estimator without covariates has influence values that are linear in a unit's outcomes and alike
within a stratum, w [slope (y - m) + level]. It says only slope and level (an `Influence`);
covariances, sums by cluster and the weight it gives to every mean follow from that, here, for all
estimators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from zgzx_research.did.core.stratum_sums import (
    ChunkSums,
    ClusterRows,
    added_sums,
    chunks_of_units,
    stratum_shifts,
    sums_by_cluster,
    sums_by_stratum,
)
from zgzx_research.did.panel.chunks import CHUNK, in_chunks, one_thread

Influence = Callable[[slice], tuple[np.ndarray, np.ndarray]]
"""Strata -> slope (strata, estimates, periods), 0 where unobserved, and level (strata, estimates).

See `each_stratum` for one that is written for a single stratum.
"""

DENSE = 8  # whole numbers below so many times their number are counted, not sorted
BLOCK = 2**19  # numbers of an influence that are in memory at once


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums per stratum and cluster, one row for each pair; a cluster may be in several strata.

    Attributes
    ----------
    starts : (strata + 1,) int
        Where the rows of a stratum begin.
    cluster : (rows,) int
    count : int
        Clusters in all.
    weight : (rows,)
        Σw.
    total : (rows, periods)
        Σw(y-m).
    """

    starts: np.ndarray
    cluster: np.ndarray
    count: int
    weight: np.ndarray
    total: np.ndarray


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums per stratum.

    Attributes
    ----------
    cohort : (strata,) int
        Index of the cohort.
    observed : (strata, periods) bool
    units : (strata,) int
    weight : (strata,)
        Σw.
    mean : (strata, periods)
        0 where unobserved.
    zeroth : (strata,)
        Σw².
    first : (strata, periods)
        Σw²(y-m).
    second : (strata, periods, periods)
        Σw²(y-m)(y-m)'.
    clusters : ClusterSums, optional
        Sums by cluster, where clusters were given.
    known : (strata, periods) bool
        Periods whose covariates are known; None where they are in all that are observed.
    """

    cohort: np.ndarray
    observed: np.ndarray
    units: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    zeroth: np.ndarray
    first: np.ndarray
    second: np.ndarray
    clusters: ClusterSums | None = None
    known: np.ndarray | None = None


def panel_moments(
    y: np.ndarray,
    cohort: np.ndarray,
    weights: np.ndarray,
    cluster: np.ndarray | None = None,
    known: np.ndarray | None = None,
) -> Moments:
    """Return sums per stratum of a panel.

    Parameters
    ----------
    y : (units, periods) float
        NaN where unobserved.
    cohort : (units,) int
    weights : (units,)
        Positive.
    cluster : (units,) int, optional
        From 0, or None for units that are independent.
    known : (units, periods) bool, optional
        Where covariates are known, if not everywhere: strata differ by that too.
    """
    complete = not len(y) or not np.isnan(y.min())
    seen = np.ones((len(y), 0), dtype=bool) if complete else ~np.isnan(y)
    pattern = seen if known is None else np.hstack([seen, known])
    member, first_unit = observation_strata(cohort, pattern)
    units, observed = np.bincount(member), ~np.isnan(y[first_unit])
    member = member.astype(_small(len(units)))
    order = np.argsort(member, kind="stable")  # of small integers: by radix
    shift = stratum_shifts(y, order, units, observed)
    plain = bool((weights == 1).all())

    def kernel(rows: slice | np.ndarray) -> ChunkSums:
        group = None if cluster is None else cluster[rows]
        inner = np.lexsort((member[rows],) if group is None else (group, member[rows]))
        # take is several times faster than an index
        stratum, away = member[rows].take(inner), y[rows].take(inner, axis=0)
        away -= shift.take(stratum.astype(np.intp), axis=0)
        if not complete:
            away[np.isnan(away)] = 0.0
        weight = weights[rows].take(inner)
        weighted = away if plain else weight[:, None] * away
        own = sums_by_stratum(away, weighted, weight, stratum)
        return *own, None if group is None else sums_by_cluster(
            weighted, weight, stratum, group[inner]
        )

    sums, rows = added_sums(in_chunks(kernel, chunks_of_units(order, len(units))), shift.shape)
    weight, first, zeroth, cross, square = sums
    delta = first / weight[:, None]  # from the shift to the mean
    return Moments(
        cohort[first_unit],
        observed,
        units,
        weight,
        shift + delta,
        zeroth,
        cross - zeroth[:, None] * delta,
        _about_means(square, cross, zeroth, delta),
        None if cluster is None else _cluster_sums(rows, delta, int(cluster.max()) + 1),
        None if known is None else known[first_unit],
    )


def _about_means(
    square: np.ndarray, cross: np.ndarray, zeroth: np.ndarray, delta: np.ndarray
) -> np.ndarray:
    """(strata, periods, periods) Σw²(y-m)(y-m)', from sums about a shift `delta` below m."""
    between = cross[:, :, None] * delta[:, None, :]
    both = zeroth[:, None, None] * delta[:, :, None] * delta[:, None, :]
    return square - between - between.transpose(0, 2, 1) + both


def _small(count: int) -> type[np.signedinteger]:
    """Return the smallest signed type for numbers below `count`."""
    return np.int8 if count < 2**7 else np.int16 if count < 2**15 else np.int64


def observation_strata(cohort: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(units,) stratum of each unit, by cohort and pattern, and the first unit of each stratum.

    Parameters
    ----------
    seen : (units, columns) bool
        The pattern: periods observed, and whatever else tells strata apart.
    """
    code = _ranks(cohort.astype(np.int64))
    if not seen.all():
        for bits in np.packbits(seen, axis=1).T:
            code = _ranks(code * 256 + bits)
    first = np.zeros(code.max(initial=-1) + 1, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return code, first


def _ranks(code: np.ndarray) -> np.ndarray:
    """Ranks from 0 of whole numbers; by counting, or by sorting where they are far apart."""
    if code.max(initial=0) > DENSE * len(code):
        return np.unique(code, return_inverse=True)[1]
    there = np.zeros(code.max(initial=-1) + 1, dtype=bool)
    there[code] = True
    return code if there.all() else (np.cumsum(there) - 1)[code]


def _cluster_sums(rows: list[ClusterRows], delta: np.ndarray, count: int) -> ClusterSums:
    """Join the rows of all chunks, one for each stratum and cluster, about the means."""
    stratum, cluster, weight, total = (np.concatenate(part) for part in zip(*rows, strict=True))
    order = np.argsort(stratum, kind="stable")
    code = stratum[order] * count + cluster[order]
    if (code[1:] <= code[:-1]).any():  # one cluster in several chunks
        order = order[np.argsort(code, kind="stable")]
        code = stratum[order] * count + cluster[order]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    stratum, cluster = stratum[order][starts], cluster[order][starts]
    weight, total = weight[order], total[order]
    if len(starts) < len(order):
        weight, total = (np.add.reduceat(part, starts, axis=0) for part in (weight, total))
    bounds = np.searchsorted(stratum, np.arange(len(delta) + 1))
    for s, (start, stop) in enumerate(pairwise(bounds.tolist())):
        total[start:stop] -= weight[start:stop, None] * delta[s]
    return ClusterSums(bounds, cluster, count, weight, total)


def each_stratum(one: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> Influence:
    """Return the influence of any strata from that of one: slope and level of its number."""

    def influence(strata: slice) -> tuple[np.ndarray, np.ndarray]:
        slope, level = zip(*(one(s) for s in range(strata.start, strata.stop)), strict=True)
        return np.array(slope), np.array(level)

    return influence


def _blocks(moments: Moments, influence: Influence) -> Iterator[slice]:
    """Strata in blocks whose influence is of bounded size."""
    size = max(1, BLOCK // max(1, influence(slice(0, 1))[0].size))
    strata = len(moments.units)
    return (slice(start, min(start + size, strata)) for start in range(0, strata, size))


def influence_covariance(
    moments: Moments, influence: Influence
) -> tuple[np.ndarray, np.ndarray | None]:
    """Covariance as `covariance_by_stratum` gives it.

    Where there are clusters, also the (clusters, rows) sums by cluster.
    """
    if moments.clusters is None:
        return covariance_by_stratum(moments, influence), None
    sums = cluster_influence(moments, influence)
    with one_thread():
        return sums.T @ sums, sums


def covariance_by_stratum(moments: Moments, influence: Influence) -> np.ndarray:
    """(rows, rows) sum over units, or over clusters, of the products of their influence values.

    Units, and clusters that lie in one stratum, are not looked at one by one.
    """
    rows = influence(slice(0, 1))[1].shape[1]
    covariance = np.zeros((rows, rows))
    if moments.clusters is None:
        products = _products(moments)
    else:
        products, others = _products_of_clusters(moments.clusters)
        if others.count:
            values = cluster_influence(replace(moments, clusters=others), influence)
            with one_thread():
                covariance += values.T @ values
    with one_thread():
        for strata in _blocks(moments, influence):
            both = _slope_and_level(influence, strata)
            used = np.flatnonzero(both.any(axis=(0, 2)))  # of many rows a stratum is in few
            both = both if len(used) == rows else both[:, used]
            spread = (both @ products[strata]).transpose(1, 0, 2).reshape(len(used), -1)
            part = spread @ both.transpose(1, 0, 2).reshape(len(used), -1).T
            if len(used) == rows:
                covariance += part
            else:
                covariance[used[:, None], used] += part
    return covariance


def _slope_and_level(influence: Influence, strata: slice) -> np.ndarray:
    """(strata, rows, periods + 1) slope, and level behind it."""
    slope, level = influence(strata)
    return np.concatenate([slope, level[:, :, None]], axis=2)


def _products(moments: Moments) -> np.ndarray:
    """(strata, periods + 1, periods + 1) sums of products of deviations and of one."""
    strata, periods = moments.first.shape
    products = np.empty((strata, periods + 1, periods + 1))
    products[:, :-1, :-1] = moments.second
    products[:, -1, :-1] = products[:, :-1, -1] = moments.first
    products[:, -1, -1] = moments.zeroth
    return products


def _products_of_clusters(sums: ClusterSums) -> tuple[np.ndarray, ClusterSums]:
    """Return the same of clusters that lie in one stratum, and the sums of the others."""
    times = np.bincount(sums.cluster, minlength=sums.count)
    alone = times[sums.cluster] == 1
    strata, periods = len(sums.starts) - 1, sums.total.shape[1]
    products = np.zeros((strata, periods + 1, periods + 1))
    left = np.zeros(strata, dtype=np.int64)
    for s, (first, last) in enumerate(pairwise(sums.starts.tolist())):
        left[s] = last - first - np.count_nonzero(alone[first:last])
        for start in range(first, last, CHUNK):
            part = slice(start, min(start + CHUNK, last))
            own = np.column_stack([sums.total[part], sums.weight[part]])
            own = own if alone[part].all() else own[alone[part]]
            products[s] += own.T @ own
    rows = np.flatnonzero(~alone)
    starts = np.concatenate([[0], np.cumsum(left)])
    number = np.cumsum(times > 1) - 1
    others = (number[sums.cluster[rows]], int((times > 1).sum()), sums.weight[rows])
    return products, ClusterSums(starts, *others, sums.total[rows])


def cluster_influence(moments: Moments, influence: Influence) -> np.ndarray:
    """(clusters, rows) sums of influence values by cluster; needs moments taken with clusters."""
    sums = moments.clusters
    assert sums is not None
    values = np.zeros((sums.count, influence(slice(0, 1))[1].shape[1]))
    with one_thread():
        for strata in _blocks(moments, influence):
            for s, both in enumerate(_slope_and_level(influence, strata), strata.start):
                for start in range(sums.starts[s], sums.starts[s + 1], CHUNK):
                    part = slice(start, min(start + CHUNK, sums.starts[s + 1]))
                    own = np.column_stack([sums.total[part], sums.weight[part]])
                    values[sums.cluster[part]] += own @ both.T  # a cluster has one row in a stratum
    return values


def mean_weights(moments: Moments, influence: Influence, cohorts: int) -> np.ndarray:
    """(rows, cohorts, periods) weight each estimate gives to the mean of each cohort and period."""
    slope, _ = influence(slice(0, 1))
    weights = np.zeros((slope.shape[1], cohorts, slope.shape[2]))
    for strata in _blocks(moments, influence):
        slope, _ = influence(strata)
        cohort = moments.cohort[strata]
        for c in np.unique(cohort):
            own = moments.weight[strata][cohort == c]
            weights[:, c] += np.tensordot(own, slope[cohort == c], 1)
    return weights


def cohort_means(moments: Moments, cohorts: int) -> np.ndarray:
    """(cohorts, periods) means over all observed units, NaN where nobody is observed."""
    weight = moments.weight[:, None] * moments.observed
    total, sums = np.zeros((2, cohorts, weight.shape[1]))
    np.add.at(total, moments.cohort, weight)
    np.add.at(sums, moments.cohort, weight * moments.mean)
    return np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)
