"""Passes over the units of a panel, in memory or in parts: what its chunks of units add up to.

Units are put in order by a group (their cohort, or their stratum), so that a chunk is of one group.
A panel in memory is put in order once, a part of a panel whenever it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from zgzx_research.did.panel.chunks import CHUNK, chunk_bounds, in_chunks
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel

T = TypeVar("T")

Piece = tuple[int, int, int]
"""Group, and where in the order its units begin and end."""

Contribution = tuple[int, Any, Any]
"""Which of several totals, where in it (an index without repetition), and what to add there."""

Influence = Callable[["UnitChunk"], tuple[np.ndarray, np.ndarray]]
"""Chunk -> columns (used,), and influence values (units, used); all other columns are zero."""

ByCluster = tuple[np.ndarray, np.ndarray]
"""(clusters,) numbers, rising, of those with units here, and (clusters, columns) their sums."""


@dataclass(frozen=True, slots=True)
class UnitChunk:
    """Some units of one group.

    Attributes
    ----------
    panel : PreparedPanel
        That they are of.
    group : int
    rows : (units,) int
        Their places in the panel.
    """

    panel: PreparedPanel
    group: int
    rows: np.ndarray

    @property
    def y(self) -> np.ndarray:
        """(units, periods) outcomes."""
        return self.panel.y.take(self.rows, axis=0)

    @property
    def weights(self) -> np.ndarray:
        """(units, 1 or periods) weights."""
        weights = self.panel.weights
        if weights.strides[0] == 0:  # one for all units: `take` would write them all out first
            return weights[: len(self.rows)]
        return weights.take(self.rows, axis=0)


@dataclass(frozen=True, slots=True)
class OrderedUnits:
    """The units of a panel, or of a part of one, cut into pieces of one group.

    Attributes
    ----------
    order : (units,) int
        By group (and cluster) within blocks of neighbours: what a piece reads lies close together.
    pieces : list[Piece]
    """

    panel: PreparedPanel
    order: np.ndarray
    pieces: list[Piece]

    def results(self, kernel: Callable[[UnitChunk], T]) -> Iterator[T]:
        """Return the kernel's result for each chunk, in order."""

        def of_piece(piece: Piece) -> T:
            group, start, stop = piece
            return kernel(UnitChunk(self.panel, group, self.order[start:stop]))

        return in_chunks(of_piece, self.pieces)


@dataclass(frozen=True, slots=True)
class UnitPasses:
    """A panel that passes go over.

    Attributes
    ----------
    panel : Panel
    group_of : Callable[[PreparedPanel], numpy.ndarray]
        (units,) int, group of each unit of a part; sent to other processes with every pass.
    ordered : OrderedUnits, optional
        The units of a panel in memory, in order.
    """

    panel: Panel
    group_of: Callable[[PreparedPanel], np.ndarray]
    ordered: OrderedUnits | None

    def over(self, kernel: Callable[[OrderedUnits], T], add: Callable[[T, T], T]) -> T:
        """Return the kernel's result for all units (see `parts.over_parts`)."""
        if self.ordered is not None:
            return kernel(self.ordered)
        group_of = self.group_of
        return over_parts(self.panel, lambda part: kernel(order_units(part, group_of(part))), add)

    def totals(
        self,
        shapes: Sequence[tuple[int, ...]],
        kernel: Callable[[UnitChunk], Iterable[Contribution]],
    ) -> list[np.ndarray]:
        """Totals of these shapes: what the chunks of all units contribute to them."""

        def of_part(units: OrderedUnits) -> list[np.ndarray]:
            totals = [np.zeros(shape) for shape in shapes]
            for contributions in units.results(kernel):
                for total, where, values in contributions:
                    totals[total][where] += values
            return totals

        return self.over(of_part, add_arrays)

    def products(self, kernel: Influence, size: int) -> tuple[np.ndarray, np.ndarray | None]:
        """(size, size) sum over units, or over clusters, of products of influence values.

        Where there are clusters, also the (clusters, size) sums by cluster.
        """
        if not self.panel.has_clusters:
            (gram,) = self.totals([(size, size)], lambda chunk: [(0, *_square(*kernel(chunk)))])
            return gram, None
        _, sums = self.by_cluster(kernel, size)
        return sums.T @ sums, sums

    def by_cluster(self, kernel: Influence, size: int) -> ByCluster:
        """Sums of influence values by cluster; a cluster may have units in several parts."""
        return self.over(lambda units: _by_cluster(units, kernel, size), _of_all_clusters)


def start_passes(panel: Panel, group_of: Callable[[PreparedPanel], np.ndarray]) -> UnitPasses:
    """Prepare passes over a panel."""
    if isinstance(panel, PreparedPanel):
        return UnitPasses(panel, group_of, order_units(panel, group_of(panel)))
    return UnitPasses(panel, group_of, None)


def cohort_of(panel: PreparedPanel) -> np.ndarray:
    """(units,) int, cohort of each unit: the usual group."""
    return panel.cohort


def order_units(panel: PreparedPanel, group: np.ndarray) -> OrderedUnits:
    """Order the units by group within blocks, and cut them into pieces."""
    groups = int(group.max(initial=0)) + 1
    blocks = max(1, round(len(group) / (CHUNK * groups)))
    key = np.arange(len(group)) // max(1, -(-len(group) // blocks)) * groups + group
    counts = np.bincount(key)
    if panel.cluster is None:
        order = np.argsort(key.astype(np.int16) if len(counts) < 2**15 else key, kind="stable")
    else:  # units of a cluster come together
        order = np.argsort(key * (int(panel.cluster.max(initial=0)) + 1) + panel.cluster)
    pieces = [(key % groups, start, stop) for key, start, stop in chunk_bounds(counts)]
    return OrderedUnits(panel, order, pieces)


def add_arrays(one: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """Return the sums of arrays, one by one."""
    return [a + b for a, b in zip(one, other, strict=True)]


def _square(used: np.ndarray, values: np.ndarray) -> tuple[Any, np.ndarray]:
    return np.ix_(used, used), np.dot(values.T, values)


def _by_cluster(units: OrderedUnits, kernel: Influence, size: int) -> ByCluster:
    """Sum the influence values of some units by cluster."""
    cluster = units.panel.cluster
    assert cluster is not None
    here = np.bincount(cluster) > 0
    place = np.cumsum(here) - 1

    def chunk_sums(chunk: UnitChunk) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        used, values = kernel(chunk)
        numbers = cluster[chunk.rows]
        starts = np.flatnonzero(np.diff(numbers, prepend=-1))
        if len(starts) < len(numbers):
            values = np.add.reduceat(values, starts, axis=0)
        return place[numbers[starts]], used, values

    sums, wide = np.zeros((int(here.sum()), size)), np.zeros((CHUNK, size))
    for rows, used, values in units.results(chunk_sums):
        own = wide[: len(rows)]
        own[:, used] = values
        sums[rows] += own  # whole rows are added faster than some of their columns
        own[:, used] = 0.0
    return np.flatnonzero(here), sums


def _of_all_clusters(one: ByCluster, other: ByCluster) -> ByCluster:
    """Add sums of two parts, of which a cluster may have units in both."""
    numbers = np.union1d(one[0], other[0])
    sums = np.zeros((len(numbers), one[1].shape[1]))
    for own, values in (one, other):
        sums[np.searchsorted(numbers, own)] += values
    return numbers, sums
