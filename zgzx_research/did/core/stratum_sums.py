"""Sums of a chunk of units by stratum and by cluster, and how chunks are put together.

A chunk is neighbouring units, so that what is read of a panel stays in the processor's cache; units
are sorted by stratum within it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from zgzx_research.did.panel.chunks import CHUNK

FEW_STRATA = 64  # up to so many, the units of a chunk are neighbours in memory

Sums = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""By stratum: Σw, Σwy, Σw², Σw²y, Σw²yy'."""

ClusterRows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Strata and clusters, Σw and Σwy of each pair."""

ChunkSums = tuple[np.ndarray, Sums, ClusterRows | None]
"""The strata of a chunk, and its sums."""


def chunks_of_units(order: np.ndarray, strata: int) -> list[slice | np.ndarray]:
    """Return the units of each chunk: neighbours, which are near each other in memory.

    Where there are many strata, units in the `order` of their strata, so that a chunk has few.
    """
    starts = range(0, len(order), CHUNK)
    if strata <= FEW_STRATA:
        return [slice(start, start + CHUNK) for start in starts]
    return [order[start : start + CHUNK] for start in starts]


def sums_by_stratum(
    away: np.ndarray, weighted: np.ndarray, weight: np.ndarray, stratum: np.ndarray
) -> tuple[np.ndarray, Sums]:
    """Return the strata of some units, and their sums; units are sorted by stratum.

    Parameters
    ----------
    away, weighted : (units, periods)
        Outcomes less the shift, and the same times the weight.
    """
    starts = np.flatnonzero(np.diff(stratum, prepend=-1))
    sums = _no_sums((len(starts), away.shape[1]))
    for s, (start, stop) in enumerate(pairwise([*starts.tolist(), len(stratum)])):
        w, part = weight[start:stop], weighted[start:stop]
        sums[0][s] = w.sum()
        sums[1][s] = np.dot(w, away[start:stop])
        sums[2][s] = np.dot(w, w)
        sums[3][s] = np.dot(w, part)
        sums[4][s] = np.dot(part.T, part)
    return stratum[starts], sums


def _no_sums(shape: tuple[int, int]) -> Sums:
    strata, periods = shape
    shapes = ((strata,), shape, (strata,), shape, (strata, periods, periods))
    weight, first, zeroth, cross, square = (np.zeros(size) for size in shapes)
    return weight, first, zeroth, cross, square


def sums_by_cluster(
    weighted: np.ndarray, weight: np.ndarray, stratum: np.ndarray, cluster: np.ndarray
) -> ClusterRows:
    """Return sums by stratum and cluster; units are sorted by them."""
    other = np.diff(stratum, prepend=-1) != 0
    other |= np.diff(cluster, prepend=-1) != 0
    starts = np.flatnonzero(other)
    return (
        stratum[starts].astype(np.int64),
        cluster[starts],
        np.add.reduceat(weight, starts),
        np.add.reduceat(weighted, starts, axis=0),
    )


def added_sums(
    parts: Iterable[ChunkSums], shape: tuple[int, int]
) -> tuple[Sums, list[ClusterRows]]:
    """Return the sums per stratum, and rows by stratum and cluster."""
    sums, rows = _no_sums(shape), list[ClusterRows]()
    for strata, own, by_cluster in parts:
        for total, part in zip(sums, own, strict=True):
            total[strata] += part
        if by_cluster is not None:
            rows.append(by_cluster)
    return sums, rows


def stratum_shifts(
    y: np.ndarray, order: np.ndarray, units: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """(strata, periods) the mean of a few units of each stratum: near the mean is near enough."""
    few = np.minimum(units, 32)
    ends = np.cumsum(few)
    ahead = np.repeat(np.cumsum(units) - units - (ends - few), few)
    sums = np.add.reduceat(y[order[np.arange(len(ahead)) + ahead]], ends - few, axis=0)
    return np.where(observed, sums / few[:, None], 0.0)
