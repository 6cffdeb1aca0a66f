"""What is known of all rows before the panel is made: its periods, starts, and what is wrong.

Each block of units is looked at by itself; what was found adds up, in whatever order blocks come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.blocks import Block
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.time_columns import TimeKind
from zgzx_research.did.panel.unit_names import spelled_alike

SHOWN = 3  # examples of one finding
COVARIATE = "covariate "  # roles of covariates begin so


@dataclass(frozen=True, slots=True)
class Found:
    """Rows and units of one finding, and its first few examples.

    Attributes
    ----------
    rows, units : int
    shown : tuple of (place, text)
        Examples with the place of their block, so that they are the same in whatever order blocks
        come.
    """

    rows: int
    units: int
    shown: tuple[tuple[Any, str], ...]

    def __add__(self, other: Found) -> Found:
        both = sorted((*self.shown, *other.shown), key=lambda one: one[0])
        return Found(self.rows + other.rows, self.units + other.units, tuple(both[:SHOWN]))

    @property
    def examples(self) -> tuple[str, ...]:
        """The first few examples."""
        return tuple(text for _, text in self.shown)


def place_of(units: np.ndarray) -> tuple[Any, ...]:
    """Return the place of a block among the others: that of its first unit."""
    if not len(units):
        return (0,)
    return (1, "", units[0]) if not isinstance(units[0], str) else (1, units[0])


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of some blocks, or of all.

    Attributes
    ----------
    found : dict[str, Found]
        What was left out, and what is wrong.
    periods : (periods,) int
        Rising.
    starts : pandas.Series
        Units by their first treated period as it was read; missing ones are not counted.
    kinds, levels : dict
        As in `Block`.
    widths : dict[str, int]
        Role -> 1, or more where values change within a unit.
    clusters : numpy.ndarray, optional
        Labels, rising.
    broken : (values,)
        Periods that are no whole numbers, and all others with them; empty where there are none.
    units : int
    """

    found: dict[str, Found]
    periods: np.ndarray
    starts: pd.Series
    kinds: dict[str, TimeKind]
    levels: dict[str, tuple[str, ...]]
    widths: dict[str, int]
    clusters: np.ndarray | None
    broken: np.ndarray
    units: int

    def __add__(self, other: Survey) -> Survey:
        known = {role: kind for role, kind in other.kinds.items() if kind.dated}
        clusters = self.clusters
        if clusters is not None and other.clusters is not None:
            clusters = np.union1d(clusters, other.clusters)
        return Survey(
            add_found(self.found, other.found),
            np.union1d(self.periods, other.periods),
            self.starts.add(other.starts, fill_value=0),
            self.kinds | known,  # a block in which every value is missing does not know
            self.levels or other.levels,
            {role: max(width, other.widths[role]) for role, width in self.widths.items()},
            clusters,
            np.union1d(self.broken, other.broken),
            self.units + other.units,
        )


def add_found(one: Mapping[str, Found], other: Mapping[str, Found]) -> dict[str, Found]:
    """Return the findings of two blocks together."""
    both = dict(one) | dict(other)
    return both | {what: one[what] + other[what] for what in both if what in one and what in other}


def survey_of(block: Block, *, roles: Roles) -> Survey:
    """Look at one block."""
    place = place_of(block.units)
    tally = block.tally | _wrong_values(block) | _alike(block)
    start = block.columns["first_treated"][:, 0].astype(float, copy=False)
    cluster = block.columns.get("cluster")
    labels = None
    if cluster is not None:
        _, labels = pd.factorize(cluster[:, 0], sort=True)  # without missing ones
    return Survey(
        {
            what: Found(rows, count, tuple((place, text) for text in shown))
            for what, (rows, count, shown) in tally.items()
        },
        block.periods,
        pd.Series(start).value_counts(sort=False),
        block.kinds,
        block.levels,
        {role: column.shape[1] for role, column in block.columns.items()},
        labels,
        block.broken,
        len(block.units),
    )


def _wrong_values(block: Block) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Weights that are not positive, missing clusters, infinite covariates."""
    wrong = {}
    weight, group = block.columns.get("weights"), block.columns.get("cluster")
    if weight is not None:
        bad = ~(np.isfinite(weight) & (weight > 0))
        wrong["weights"] = bad if weight.shape[1] == 1 else bad & ~np.isnan(block.y)
    if group is not None:
        wrong["cluster missing"] = pd.isna(group)
    for role, values in block.columns.items():
        if role.startswith(COVARIATE):
            wrong[f"infinite {role}"] = np.isinf(values)
    units = {what: rows.any(axis=1) for what, rows in wrong.items()}
    return {
        what: (0, int(which.sum()), tuple(str(unit) for unit in block.units[which][:SHOWN]))
        for what, which in units.items()
        if which.any()
    }


def _alike(block: Block) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Units whose names differ only in the way they are written."""
    groups = spelled_alike(block.units)
    if not groups:
        return {}
    shown = tuple(" and ".join(map(repr, group)) for group in groups[:SHOWN])
    return {"alike": (0, sum(map(len, groups)), shown)}
