"""From blocks of units to a prepared panel: every unit gets its cohort, weight and cluster.

A table in memory is one block, and gives a panel in memory; a store of blocks gives one in parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from zgzx_research.did.panel.blocks import Block, in_periods_of
from zgzx_research.did.panel.clock import Clock
from zgzx_research.did.panel.panel_in_parts import Panel, PanelInParts, PartStore
from zgzx_research.did.panel.parts import changed
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.did.panel.sample import with_numbered_clusters, without_late
from zgzx_research.did.panel.survey import COVARIATE, Found, Survey, add_found, place_of
from zgzx_research.did.panel.units_left_out import Sample, sample_units

T = TypeVar("T")

LEDGER_COLUMNS = ["step", "reason", "rows", "units", "examples"]


@dataclass(frozen=True, slots=True)
class OneBlock:
    """All units in memory; it is asked as a store of blocks is."""

    whole: Any

    def reduce(self, kernel: Callable[[Any], T | None], add: Callable[[T, T], T]) -> T | None:
        """Return what the kernel says of it."""
        return kernel(self.whole)

    def map(self, change: Callable[[Any], Any]) -> OneBlock:
        """Return it after a change."""
        return OneBlock(change(self.whole))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a panel of any block, known from the survey of all.

    Attributes
    ----------
    clock : Clock
    periods : (periods,) int
        As they were read.
    cohorts : (cohorts,) float
        All that a unit could be in.
    clusters : numpy.ndarray, optional
        Labels, rising.
    covariates : tuple[str, ...]
        Columns.
    widths : dict[str, int]
        Role -> 1, or more where values change within a unit of some block.
    """

    clock: Clock
    periods: np.ndarray
    cohorts: np.ndarray
    clusters: np.ndarray | None
    covariates: tuple[str, ...]
    widths: dict[str, int]
    roles: dict[str, str | None]
    gaps: str
    covariates_at: str

    @property
    def by_base(self) -> bool:
        """Whether a unit without a covariate leaves comparisons with that base only."""
        return self.gaps == "pairwise" and self.covariates_at == "base"

    def sample(self, block: Block) -> tuple[Block, Sample]:
        """Return a block in all periods of the panel, and which of its units stay."""
        block = in_periods_of(block, self.periods)
        start = self.clock.count_starts(
            block.columns["first_treated"][:, 0].astype(float, copy=False)
        )
        return block, sample_units(block, self.clock.numbers, start, self.by_base, self.gaps)


def recipe_of(
    survey: Survey,
    clock: Clock,
    roles: dict[str, str | None],
    covariates: tuple[str, ...],
    gaps: str,
    covariates_at: str,
) -> Recipe:
    """Return the recipe."""
    counted = np.unique(clock.count_starts(survey.starts.index.to_numpy(float)))
    within = counted[(counted > clock.numbers[0]) & (counted <= clock.numbers[-1])]
    cohorts = np.append(within, np.inf)
    names = (clock, survey.periods, cohorts, survey.clusters, covariates, survey.widths)
    return Recipe(*names, roles, gaps, covariates_at)


def make_panel(blocks: PartStore, survey: Survey, recipe: Recipe) -> tuple[Panel, dict[str, Found]]:
    """Return the panel, its covariates as they were read, and what was found in its units."""
    parts = blocks.map(partial(part_of, recipe=recipe))
    panel: Panel
    if isinstance(parts, OneBlock):
        panel = parts.whole
    else:
        header = part_of(no_unit(survey, recipe), recipe=recipe)
        panel = PanelInParts(replace(header, late=np.zeros(0)), parts)
    left = parts.reduce(_left_of, _Left.__add__)  # of parts that all units have left, too
    assert left is not None
    if not left.cohorts.all():
        panel = changed(panel, partial(_in_cohorts, used=left.cohorts))
    if not left.late:
        panel = changed(panel, without_late)
    return with_numbered_clusters(panel), left.found


def no_unit(survey: Survey, recipe: Recipe) -> Block:
    """Return a block of no unit."""
    wide = len(survey.periods)
    columns = {role: np.zeros((0, min(width, wide))) for role, width in survey.widths.items()}
    nothing = np.zeros(0)
    return Block(
        np.zeros(0, dtype=object),
        survey.periods,
        np.zeros((0, wide)),
        columns,
        {},
        survey.kinds,
        survey.levels,
        nothing,
    )


def part_of(block: Block, *, recipe: Recipe) -> PreparedPanel:
    """Return the panel of the units of a block; its ledger holds what was found in them."""
    block, sample = recipe.sample(block)
    keep, place = sample.keep, place_of(block.units)
    found = {
        what: Found(rows, units, tuple((place, text) for text in shown))
        for what, (rows, units, shown) in sample.found.items()
    }
    start, late = sample.start, sample.late
    if not keep.all():
        block, start, late = block.take(keep), start[keep], None if late is None else late[keep]
    weight, group = block.columns.get("weights"), block.columns.get("cluster")
    if weight is None:
        weight = np.broadcast_to(1.0, (len(start), 1))  # one number in memory
    return PreparedPanel(
        block.y,
        np.searchsorted(recipe.cohorts, start),
        recipe.cohorts,
        recipe.clock.numbers,
        _of_width(weight.astype(float, copy=False), block, recipe.widths.get("weights", 1)),
        recipe.gaps,
        pd.DataFrame({"found": [found]}),
        recipe.roles,
        None if group is None else pd.Index(recipe.clusters).get_indexer(pd.Index(group[:, 0])),
        _covariates(block, recipe),
        recipe.covariates,
        recipe.covariates_at,
        late=late,
        clock=recipe.clock,
        units=block.units,
    )


def _of_width(values: np.ndarray, block: Block, width: int) -> np.ndarray:
    """Return values by unit; by unit and period where those of some block are."""
    if values.shape[1] > 1 or width == 1:
        return values
    return np.where(np.isnan(block.y), np.nan, values)


def _covariates(block: Block, recipe: Recipe) -> np.ndarray | None:
    """(units, 1 or periods, covariates), NaN where unobserved; None without."""
    if not recipe.covariates:
        return None
    roles = [f"{COVARIATE}{name}" for name in recipe.covariates]
    wide = max(recipe.widths[role] for role in roles) > 1
    shape = (len(block.y), block.y.shape[1] if wide else 1, len(roles))
    values = np.empty(shape)
    for k, role in enumerate(roles):
        values[:, :, k] = block.columns[role]
    if wide:
        values[np.isnan(block.y)] = np.nan
    return values


@dataclass(frozen=True, slots=True)
class _Left:
    """What was found in the units of a part, which cohorts stay, and whether any is late."""

    found: dict[str, Found]
    cohorts: np.ndarray
    late: bool

    def __add__(self, other: _Left) -> _Left:
        return _Left(
            add_found(self.found, other.found),
            self.cohorts | other.cohorts,
            self.late or other.late,
        )


def _left_of(panel: PreparedPanel) -> _Left:
    units = np.bincount(panel.cohort, minlength=len(panel.cohorts))
    late = panel.late is not None and bool(np.isfinite(panel.late).any())
    return _Left(panel.ledger["found"].iloc[0], units > 0, late)


def _in_cohorts(panel: PreparedPanel, *, used: np.ndarray) -> PreparedPanel:
    """Return the panel without cohorts that no unit is in."""
    number = np.cumsum(used) - 1
    return replace(panel, cohort=number[panel.cohort], cohorts=panel.cohorts[used])


def with_ledger(panel: Panel, ledger: list[LedgerRow]) -> Panel:
    """Return the panel with its ledger."""
    frame = pd.DataFrame(ledger, columns=LEDGER_COLUMNS)
    if isinstance(panel, PanelInParts):
        return replace(panel, header=replace(panel.header, ledger=frame))
    return replace(panel, ledger=frame)
