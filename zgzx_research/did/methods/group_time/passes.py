"""Passes over the units of a panel, in memory or in parts: chunks of one cohort, and their sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.panel.chunks import CHUNK, chunk_bounds, in_chunks
from zgzx_research.did.panel.collinear import CONSTANT
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel

ENOUGH = 50_000  # units of a part to take centre and scale from

T = TypeVar("T")

Contribution = tuple[int, Any, np.ndarray]
"""Which of several totals, where in it (an index without repetition), and what to add there."""

Block = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Groups (numbers), their regressors (rows, 1 + covariates), weights (rows, 1 or groups)."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """What all parts of a panel share.

    Attributes
    ----------
    centre, scale : (covariates,)
        Of the standardisation.
    complete : bool
        Every outcome and weight is observed.
    lacking : bool
        Some covariates are not known.
    weight : float
        Mean of the weights.
    """

    centre: np.ndarray
    scale: np.ndarray
    complete: bool
    lacking: bool
    weight: float

    @property
    def width(self) -> int:
        """Regressors: the constant and the covariates."""
        return 1 + len(self.centre)


@dataclass(frozen=True, slots=True)
class OrderedUnits:
    """The units of a panel, or of a part of one, cut into pieces of one cohort.

    Attributes
    ----------
    order : (units,) int
        By cohort (and cluster) within blocks of neighbours: what a piece reads lies close together.
    pieces : list[tuple[int, int, int]]
        Cohort, start and stop in `order`.
    """

    panel: PreparedPanel
    scaling: Scaling
    order: np.ndarray
    pieces: list[tuple[int, int, int]]

    def sample(self, every: int) -> OrderedUnits:
        """Return about one in so many units of each cohort."""
        by_cohort: dict[int, list[tuple[int, int, int]]] = {}
        for piece in self.pieces:
            by_cohort.setdefault(piece[0], []).append(piece)
        few = []
        for own in by_cohort.values():
            units = sum(stop - start for _, start, stop in own)
            most = units if len(own) >= every else -(-units // every)
            few += [(c, start, min(stop, start + most)) for c, start, stop in own[::every]]
        return replace(self, pieces=few)

    def chunk(self, piece: tuple[int, int, int]) -> Chunk:
        """Return the units of a piece, to be loaded once for all groups they take part in."""
        cohort, start, stop = piece
        return Chunk(self, cohort, self.order[start:stop])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some units of one cohort.

    Regressors by period and outcomes are read when first asked for.
    """

    units: OrderedUnits
    cohort: int
    rows: np.ndarray
    designs: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    read: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def y(self) -> np.ndarray:
        """(units, periods) outcomes, 0 where unobserved."""
        if "y" not in self.read:
            y = self.units.panel.y.take(self.rows, axis=0)
            if not self.units.scaling.complete:
                self.read["seen"] = ~np.isnan(y)
                y = np.where(self.read["seen"], y, 0.0)
            self.read["y"] = y
        return self.read["y"]

    @property
    def seen(self) -> np.ndarray:
        """(units, periods) bool, what is observed."""
        shape = self.y.shape
        return np.ones(shape, dtype=bool) if self.units.scaling.complete else self.read["seen"]

    @property
    def weights(self) -> np.ndarray:
        """(units, 1 or periods) weights, as in the panel."""
        return self.units.panel.weights.take(self.rows, axis=0)

    def design(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        """(units, 1 + covariates) intercept and standardised covariates, (units,) weights."""
        if at not in self.designs:
            self.designs[at] = self._load(at)
        return self.designs[at]

    def _load(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        panel, scaling = self.units.panel, self.units.scaling
        x = np.ones((len(self.rows), scaling.width))
        if panel.covariates is not None:
            values = panel.covariates[:, at if panel.covariates.shape[1] > 1 else 0]
            np.subtract(values.take(self.rows, axis=0), scaling.centre, out=x[:, 1:])
            x[:, 1:] /= scaling.scale
        weight = panel.weights[:, at if panel.weights.shape[1] > 1 else 0].take(self.rows)
        # without covariates a unit is in no comparison that takes them from this period
        if scaling.lacking:
            weight = np.where(np.isnan(x).any(axis=1), 0.0, weight)
        if scaling.complete and not scaling.lacking:
            return x, weight
        return np.nan_to_num(x, copy=False), np.nan_to_num(weight, copy=False)

    def sample(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """Regressors, and (units,) weights that are 0 outside the sample of the comparisons."""
        x, weight = self.design(group.at)
        if self.units.scaling.complete:
            return x, weight
        based = self.seen[:, group.base[0] > 0]
        base = based[:, 0] if based.shape[1] == 1 else based.any(axis=1)
        return x, weight * (self.seen[:, group.period[0]] & base)

    def blocks(self, groups: Sequence[ModelGroup], numbers: Iterable[int]) -> list[Block]:
        """Return those of the numbered groups that this cohort is in, by their regressors."""
        by_source: dict[int, list[int]] = {}
        for k in numbers:
            if groups[k].has(self.cohort):
                by_source.setdefault(groups[k].at, []).append(k)
        return [
            (np.array(ks), self.design(at)[0], self._weights([groups[k] for k in ks]))
            for at, ks in by_source.items()
        ]

    def _weights(self, groups: list[ModelGroup]) -> np.ndarray:
        """(units, 1 or groups) weights of groups with the same regressors."""
        alike = groups[:1] if self.units.scaling.complete else groups
        return np.stack([self.sample(group)[1] for group in alike], axis=1)

    def outcomes(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """(units, comparisons) outcomes at t, and means over the base periods a unit is seen in."""
        y, used = self.y, (group.base > 0).any(axis=0)
        base = y[:, used] @ group.base[:, used].T
        if not self.units.scaling.complete and used.sum() > 1:
            share = self.seen[:, used] @ group.base[:, used].T
            base = np.divide(base, share, out=np.zeros_like(share), where=share > 0)
        return y[:, group.period], base

    def changes(self, group: ModelGroup) -> np.ndarray:
        """(units, comparisons) outcomes at t less those at the base."""
        if self.units.scaling.complete:
            contrast = -group.base
            contrast[np.arange(len(contrast)), group.period] += 1
            return self.y @ contrast.T
        now, base = self.outcomes(group)
        return now - base


@dataclass(frozen=True, slots=True)
class Passes:
    """A panel that passes go over.

    Attributes
    ----------
    ordered : OrderedUnits, optional
        The units of a panel in memory, put in order once; a part is put in order as it comes.
    """

    panel: Panel
    scaling: Scaling
    ordered: OrderedUnits | None

    def over(self, kernel: Callable[[OrderedUnits], T], add: Callable[[T, T], T]) -> T:
        """Return the kernel's result for all units (see `parts.over_parts`)."""
        if self.ordered is not None:
            return kernel(self.ordered)
        scaling = self.scaling
        return over_parts(self.panel, lambda part: kernel(order_units(part, scaling)), add)

    def totals(
        self,
        shapes: Sequence[tuple[int, ...]],
        kernel: Callable[[Chunk], Iterable[Contribution]],
    ) -> list[np.ndarray]:
        """Totals of these shapes: what the chunks of all units contribute to them."""

        def of_part(units: OrderedUnits) -> list[np.ndarray]:
            totals = [np.zeros(shape) for shape in shapes]
            found = in_chunks(lambda piece: kernel(units.chunk(piece)), units.pieces)
            for contributions in found:
                for total, where, values in contributions:
                    totals[total][where] += values
            return totals

        return self.over(of_part, add_arrays)


def add_arrays(one: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """Return the sums of arrays, one by one."""
    return [a + b for a, b in zip(one, other, strict=True)]


def order_units(panel: PreparedPanel, scaling: Scaling) -> OrderedUnits:
    """Order the units by cohort within blocks, and cut them into pieces."""
    cohorts = len(panel.cohorts)
    key = np.arange(len(panel.cohort)) // (CHUNK * cohorts) * cohorts + panel.cohort
    counts = np.bincount(key)
    if panel.cluster is None:
        order = np.argsort(key.astype(np.int16) if len(counts) < 2**15 else key, kind="stable")
    else:  # units of a cluster come together
        order = np.argsort(key * (int(panel.cluster.max(initial=0)) + 1) + panel.cluster)
    pieces = [(key % cohorts, start, stop) for key, start, stop in chunk_bounds(counts)]
    return OrderedUnits(panel, scaling, order, pieces)


@dataclass(frozen=True, slots=True)
class Spread:
    """What a part says about the scaling.

    Attributes
    ----------
    rows, mean, square : (covariates,)
        Rows, means, and sums of squares about these.
    weight : (2,)
        Sum of the weights, and their number.
    complete, lacking : bool
        As in `Scaling`.
    """

    rows: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    weight: np.ndarray
    complete: bool
    lacking: bool

    def and_of(self, other: Spread) -> Spread:
        """Return that of two parts together (Chan's formula)."""
        rows = self.rows + other.rows
        share = other.rows / np.maximum(rows, 1)
        gap = other.mean - self.mean
        return Spread(
            rows,
            self.mean + gap * share,
            self.square + other.square + gap**2 * self.rows * share,
            self.weight + other.weight,
            self.complete and other.complete,
            self.lacking or other.lacking,
        )


def start_passes(panel: Panel) -> Passes:
    """Prepare passes over a panel; centre and scale of covariates come from some units."""
    spread = over_parts(panel, _spread, Spread.and_of)
    scale = np.sqrt(spread.square / np.maximum(spread.rows, 1))
    varies = scale > CONSTANT * np.abs(spread.mean)
    weight = float(spread.weight[0] / spread.weight[1])
    scaling = Scaling(
        spread.mean, np.where(varies, scale, 1.0), spread.complete, spread.lacking, weight
    )
    ordered = order_units(panel, scaling) if isinstance(panel, PreparedPanel) else None
    return Passes(panel, scaling, ordered)


def _spread(panel: PreparedPanel) -> Spread:
    weighed = ~np.isnan(panel.weights)
    complete = bool(weighed.all()) and not np.isnan(panel.y.min(initial=0.0))
    weight = np.array([np.where(weighed, panel.weights, 0.0).sum(), weighed.sum()])
    if panel.covariates is None:
        nothing = np.zeros(0)
        return Spread(nothing, nothing, nothing, weight, complete, lacking=False)
    # near the mean is near enough
    some = panel.covariates[:: max(1, len(panel.covariates) // ENOUGH)]
    flat = some.reshape(-1, some.shape[2])
    seen = ~np.isnan(flat)
    rows = seen.sum(axis=0)
    mean = np.where(seen, flat, 0.0).sum(axis=0) / np.maximum(rows, 1)
    square = (np.where(seen, flat - mean, 0.0) ** 2).sum(axis=0)
    lacking = bool(np.isnan(panel.covariates.min(initial=0.0)))
    return Spread(rows, mean, square, weight, complete, lacking)
