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

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from zgzx_research.did.panel.chunks import chunk_bounds, in_chunks, one_thread

Influence = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Stratum -> slope (estimates, periods), 0 where unobserved, and level (estimates,)."""

Sums = tuple[float, np.ndarray, float, np.ndarray, np.ndarray]
"""Of a chunk of one stratum: Σw, Σwy, Σw², Σw²y, Σw²yy'."""

ClusterRows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of a chunk: clusters, Σw and Σwy of each."""


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums per stratum and cluster; a cluster may have several rows.

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
    seen = ~np.isnan(y)
    pattern = seen if known is None else np.hstack([seen, known])
    member, first_unit = observation_strata(cohort, pattern)
    units = np.bincount(member)
    # small integers are sorted by radix; clusters are brought together within a stratum
    small = member.astype(np.int16 if len(units) < 2**15 else np.int64)
    order = np.argsort(small, kind="stable") if cluster is None else np.lexsort((cluster, small))
    shift = _shifts(y, order, units, seen[first_unit])
    complete = seen.all()

    def kernel(piece: tuple[int, int, int]) -> tuple[Sums, ClusterRows]:
        stratum, start, stop = piece
        unit = order[start:stop]
        away = y[unit] - shift[stratum]
        if not complete:
            away = np.where(seen[first_unit[stratum]], away, 0.0)
        return _chunk_sums(away, weights[unit], None if cluster is None else cluster[unit])

    pieces = chunk_bounds(units)
    sums, rows = _added(pieces, in_chunks(kernel, pieces), shift.shape)
    weight, first, zeroth, cross, square = sums
    delta = first / weight[:, None]  # from the shift to the mean
    between = cross[:, :, None] * delta[:, None, :]
    square -= (
        between
        + between.transpose(0, 2, 1)
        - zeroth[:, None, None] * delta[:, :, None] * delta[:, None, :]
    )
    return Moments(
        cohort[first_unit],
        seen[first_unit],
        units,
        weight,
        shift + delta,
        zeroth,
        cross - zeroth[:, None] * delta,
        square,
        None if cluster is None else _cluster_sums(rows, delta, int(cluster.max()) + 1),
        None if known is None else known[first_unit],
    )


def _added(
    pieces: list[tuple[int, int, int]],
    parts: Iterable[tuple[Sums, ClusterRows]],
    shape: tuple[int, ...],
) -> tuple[tuple[np.ndarray, ...], list[tuple[int, ClusterRows]]]:
    """Return the sums per stratum (Σw, Σwy, Σw², Σw²y, Σw²yy'), and rows by stratum and cluster."""
    strata, periods = shape
    shapes = ((strata,), shape, (strata,), shape, (strata, periods, periods))
    sums = tuple(np.zeros(size) for size in shapes)
    rows: list[tuple[int, ClusterRows]] = []
    for (stratum, _, _), (own, by_cluster) in zip(pieces, parts, strict=True):
        for total, part in zip(sums, own, strict=True):
            total[stratum] += part
        rows.append((stratum, by_cluster))
    return sums, rows


def observation_strata(cohort: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(units,) stratum of each unit, by cohort and pattern, and the first unit of each stratum.

    Parameters
    ----------
    seen : (units, columns) bool
        The pattern: periods observed, and whatever else tells strata apart.
    """
    code = cohort.astype(np.int64)
    if not seen.all():
        for bits in np.packbits(seen, axis=1).T:
            _, code = np.unique(code * 256 + bits, return_inverse=True)
    counts = np.bincount(code)
    first = np.zeros(len(counts), dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    used = counts > 0
    return (np.cumsum(used) - 1)[code], first[used]


def _shifts(
    y: np.ndarray, order: np.ndarray, units: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """(strata, periods) the mean of a few units of each stratum: near the mean is near enough."""
    starts = np.cumsum(units) - units
    few = [
        y[order[start : start + min(n, 32)]].mean(axis=0)
        for start, n in zip(starts, units, strict=True)
    ]
    return np.where(observed, np.array(few), 0.0)


def _chunk_sums(
    away: np.ndarray, weight: np.ndarray, cluster: np.ndarray | None
) -> tuple[Sums, ClusterRows]:
    weighted = weight[:, None] * away
    own = (
        weight.sum(),
        weighted.sum(axis=0),
        weight @ weight,
        weight @ weighted,
        weighted.T @ weighted,
    )
    if cluster is None:
        nobody = np.zeros(0, dtype=np.int64)
        return own, (nobody, nobody, nobody)
    starts = np.flatnonzero(np.diff(cluster, prepend=-1))
    return own, (
        cluster[starts],
        np.add.reduceat(weight, starts),
        np.add.reduceat(weighted, starts, axis=0),
    )


def _cluster_sums(
    rows: list[tuple[int, ClusterRows]], delta: np.ndarray, count: int
) -> ClusterSums:
    stratum = np.concatenate([np.full(len(ids), s) for s, (ids, _, _) in rows])
    ids, weight, total = (np.concatenate([row[k] for _, row in rows]) for k in range(3))
    starts = np.searchsorted(stratum, np.arange(len(delta) + 1))
    return ClusterSums(starts, ids, count, weight, total - weight[:, None] * delta[stratum])


def influence_covariance(
    moments: Moments, influence: Influence
) -> tuple[np.ndarray, np.ndarray | None]:
    """(rows, rows) sum over units, or over clusters, of the products of their influence values.

    Where there are clusters, also the (clusters, rows) sums by cluster.
    """
    if moments.clusters is not None:
        sums = cluster_influence(moments, influence)
        return sums.T @ sums, sums
    rows = len(influence(0)[1])
    covariance = np.zeros((rows, rows))
    for s in range(len(moments.units)):
        slope, level = influence(s)
        used = np.flatnonzero(
            slope.any(axis=1) | (level != 0)
        )  # of many cells a stratum takes part in few
        both = np.column_stack([slope[used], level[used]])
        with one_thread():
            part = both @ _products(moments, s) @ both.T
        if len(used) == rows:
            covariance += part
        else:
            covariance[used[:, None], used] += part
    return covariance, None


def _products(moments: Moments, stratum: int) -> np.ndarray:
    """(periods + 1, periods + 1) sums of products of a stratum's deviations and of one."""
    first, zeroth = moments.first[stratum], moments.zeroth[stratum]
    return np.block(
        [[moments.second[stratum], first[:, None]], [first[None], np.atleast_2d(zeroth)]]
    )


def cluster_influence(moments: Moments, influence: Influence) -> np.ndarray:
    """(clusters, rows) sums of influence values by cluster; needs moments taken with clusters."""
    sums = moments.clusters
    assert sums is not None
    values = np.zeros((sums.count, len(influence(0)[1])))
    for s in range(len(moments.units)):
        slope, level = influence(s)
        part = slice(sums.starts[s], sums.starts[s + 1])
        np.add.at(
            values,
            sums.cluster[part],
            sums.total[part] @ slope.T + np.outer(sums.weight[part], level),
        )
    return values


def mean_weights(moments: Moments, influence: Influence, cohorts: int) -> np.ndarray:
    """(rows, cohorts, periods) weight each estimate gives to the mean of each cohort and period."""
    slope, _ = influence(0)
    weights = np.zeros((len(slope), cohorts, slope.shape[1]))
    for s, cohort in enumerate(moments.cohort):
        weights[:, cohort] += moments.weight[s] * influence(s)[0]
    return weights


def cohort_means(moments: Moments, cohorts: int) -> np.ndarray:
    """(cohorts, periods) means over all observed units, NaN where nobody is observed."""
    weight = moments.weight[:, None] * moments.observed
    total, sums = np.zeros((2, cohorts, weight.shape[1]))
    np.add.at(total, moments.cohort, weight)
    np.add.at(sums, moments.cohort, weight * moments.mean)
    return np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)
