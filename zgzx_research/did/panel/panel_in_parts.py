"""A panel that is not in memory: it gives some of its units at a time, as prepared panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from zgzx_research.did.panel.clock import Clock
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

T = TypeVar("T")

Change = Callable[[PreparedPanel], PreparedPanel]
"""A change that each unit goes through by itself: a panel of some units -> the same, changed."""


# arrays of a `PreparedPanel` that have a row per unit
BY_UNIT = ("y", "cohort", "weights", "cluster", "covariates", "late", "units")


class PartStore(Protocol):
    """Where the parts are: files of this machine, or a Spark DataFrame.

    Parts are panels of some units, or, before the panel is made, blocks of rows.
    """

    def reduce(self, kernel: Callable[[Any], T | None], add: Callable[[T, T], T]) -> T | None:
        """Return the sum of the kernel's results over all parts; None adds nothing."""

    def map(self, change: Callable[[Any], Any]) -> PartStore:
        """Return a store of all parts after a change; this store is used no more."""


@dataclass(frozen=True, slots=True)
class PanelInParts:
    """A prepared panel of any size; passes over it are made by `parts.over_parts`.

    It has what a `PreparedPanel` has but the arrays by unit.

    Attributes
    ----------
    header : PreparedPanel
        The panel of no unit: cohorts, periods, roles and all else that is not by unit.
    store : PartStore
        Gives the parts as they were prepared: panels of some units each, with the cohorts, periods
        and cluster numbers of the whole.
    changes : tuple[Change, ...]
        Made to each part, in this order, whenever a pass asks for it.
    known : dict
        Results of passes that are asked for again (see `parts.once`).
    """

    header: PreparedPanel
    store: PartStore
    changes: tuple[Change, ...] = ()
    known: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    if not TYPE_CHECKING:  # what a type checker knows not to be there stays an error for it

        def __getattr__(self, name):
            """Say that the arrays by unit are not in memory."""
            if name not in BY_UNIT:
                raise AttributeError(name)
            raise ZgzxError(
                "this needs all units in memory, and the panel is in parts",
                where=f"panel.{name}",
                remedy="Prepare a sample of the units, or a table that fits into memory. "
                "estimate_effects takes panels in parts.",
            )

    @property
    def cohorts(self) -> np.ndarray:
        """(cohorts,) float, as in `PreparedPanel`."""
        return self.header.cohorts

    @property
    def periods(self) -> np.ndarray:
        """(periods,) int, rising."""
        return self.header.periods

    @property
    def gaps(self) -> str:
        """How incomplete units are used."""
        return self.header.gaps

    @property
    def ledger(self) -> pd.DataFrame:
        """Everything left out, and why."""
        return self.header.ledger

    @property
    def roles(self) -> dict[str, str | None]:
        """The column behind each role."""
        return self.header.roles

    @property
    def covariate_names(self) -> tuple[str, ...]:
        """One name per covariate."""
        return self.header.covariate_names

    @property
    def covariates_at(self) -> str:
        """The period that covariates and varying weights are taken from."""
        return self.header.covariates_at

    @property
    def until(self) -> np.ndarray | None:
        """(cohorts,) float, as in `PreparedPanel`."""
        return self.header.until

    @property
    def clock(self) -> Clock | None:
        """How the periods were counted."""
        return self.header.clock

    @property
    def has_covariates(self) -> bool:
        """Whether the panel has covariates."""
        return self.header.has_covariates

    @property
    def covariates_vary(self) -> bool:
        """Whether covariates change within units."""
        return self.header.covariates_vary

    @property
    def weights_vary(self) -> bool:
        """Whether weights change within units."""
        return self.header.weights_vary

    @property
    def has_clusters(self) -> bool:
        """Whether units belong to clusters."""
        return self.header.has_clusters

    @property
    def has_late(self) -> bool:
        """Whether some units are first treated after the last period."""
        return self.header.has_late

    @property
    def never_treated_lost(self) -> bool:
        """Whether all units never treated have left for another reason."""
        return self.header.never_treated_lost

    def left_out(self) -> list[str]:
        """Reasons for which units or rows left, the one with most units first."""
        return self.header.left_out()


Panel = PreparedPanel | PanelInParts
"""What every estimator takes: a panel in memory, or in parts."""
