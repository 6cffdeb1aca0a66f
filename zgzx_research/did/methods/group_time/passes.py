"""Passes of group-time effects: chunks of one cohort, with regressors, samples and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from zgzx_research.did.core.scaling import Scaling, find_scaling
from zgzx_research.did.core.unit_passes import (
    Contribution,
    UnitChunk,
    UnitPasses,
    cohort_of,
    start_passes,
)
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.panel.panel_in_parts import Panel

Block = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Groups (numbers), their regressors (rows, 1 + covariates), weights (1 or groups, rows)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some units of one cohort.

    Regressors by period and outcomes are read when first asked for, once for all groups.
    """

    units: UnitChunk
    scaling: Scaling
    designs: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    read: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def cohort(self) -> int:
        """Index of the cohort."""
        return self.units.group

    @property
    def rows(self) -> np.ndarray:
        """(units,) int, places in the panel."""
        return self.units.rows

    @property
    def weights(self) -> np.ndarray:
        """(units, 1 or periods) weights, as in the panel."""
        return self.units.weights

    @property
    def y(self) -> np.ndarray:
        """(units, periods) outcomes, 0 where unobserved."""
        if "y" not in self.read:
            y = self.units.y
            if not self.scaling.complete:  # periods are asked for one by one: they lie together
                self.read["seen"] = np.asfortranarray(~np.isnan(y))
                y = np.where(self.read["seen"], y, 0.0)
            self.read["y"] = y
        return self.read["y"]

    @property
    def seen(self) -> np.ndarray:
        """(units, periods) bool, what is observed."""
        shape = self.y.shape
        return np.ones(shape, dtype=bool) if self.scaling.complete else self.read["seen"]

    def design(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        """(units, 1 + covariates) intercept and standardised covariates, (units,) weights."""
        if at not in self.designs:
            self.designs[at] = self._load(at)
        return self.designs[at]

    def _load(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        x = self.scaling.design(self.units.panel, self.rows, at)
        weights = self.weights
        weight = weights[:, at if weights.shape[1] > 1 else 0]
        # without covariates a unit is in no comparison that takes them from this period
        if self.scaling.lacking:
            weight = np.where(np.isnan(x).any(axis=1), 0.0, weight)
        if self.scaling.complete and not self.scaling.lacking:
            return x, weight
        return np.nan_to_num(x, copy=False), np.nan_to_num(weight)

    def sample(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """Regressors, and (units,) weights that are 0 outside the sample of the comparisons."""
        x, weight = self.design(group.at)
        if self.scaling.complete:
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
        """(1 or groups, units) weights of groups with the same regressors."""
        alike = groups[:1] if self.scaling.complete else groups
        return np.stack([self.sample(group)[1] for group in alike])

    def outcomes(self, group: ModelGroup) -> tuple[np.ndarray, np.ndarray]:
        """(units, comparisons) outcomes at t, and means over the base periods a unit is seen in."""
        y, used = self.y, np.flatnonzero((group.base > 0).any(axis=0))
        base = y[:, used] @ group.base[:, used].T
        if not self.scaling.complete and len(used) > 1:
            share = self.seen[:, used] @ group.base[:, used].T
            base = np.divide(base, share, out=np.zeros_like(share), where=share > 0)
        return y[:, group.period], base

    def rows_of(self, group: ModelGroup) -> np.ndarray:
        """(1 + covariates + responses, units) regressors, and below them responses.

        Responses are the outcomes of all periods, less the first one, so that the level of a unit
        costs no digits; in panels with gaps the change of the one comparison of a group. The
        contrast of the group makes its changes of them.
        """
        if not self.scaling.complete:
            now, base = self.outcomes(group)
            return np.vstack([self.design(group.at)[0].T, (now - base).T])
        name = f"rows {group.at}"
        if name not in self.read:
            x, y = self.design(group.at)[0].T, self.units.y.T
            rows = np.empty((len(x) + len(y), len(self.rows)))
            rows[: len(x)] = x
            np.subtract(y, y[0], out=rows[len(x) :])
            self.read[name] = rows
        return self.read[name]

    def changes(self, group: ModelGroup) -> np.ndarray:
        """(units, comparisons) outcomes at t less those at the base."""
        return (group.contrast @ self.rows_of(group)[self.scaling.width :]).T


@dataclass(frozen=True, slots=True)
class Passes:
    """Passes over the units of a panel, by cohort.

    Attributes
    ----------
    units : UnitPasses
    scaling : Scaling
        Of the covariates.
    """

    units: UnitPasses
    scaling: Scaling

    @property
    def panel(self) -> Panel:
        """The panel they go over."""
        return self.units.panel

    def totals(
        self, shapes: Sequence[tuple[int, ...]], kernel: Callable[[Chunk], Iterable[Contribution]]
    ) -> list[np.ndarray]:
        """Totals of these shapes: what the chunks of all units contribute to them."""
        scaling = self.scaling
        return self.units.totals(shapes, lambda units: kernel(Chunk(units, scaling)))

    def products(
        self, kernel: Callable[[Chunk], tuple[np.ndarray, np.ndarray]], size: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """(size, size) sum of products of influence values (see `UnitPasses.products`)."""
        scaling = self.scaling
        return self.units.products(lambda units: kernel(Chunk(units, scaling)), size)


def passes_by_cohort(panel: Panel) -> Passes:
    """Prepare passes over a panel."""
    return Passes(start_passes(panel, cohort_of), find_scaling(panel))
