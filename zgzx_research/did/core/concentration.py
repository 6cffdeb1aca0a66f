"""How few units an estimate rests on: Kish's effective number, and the share of the largest.

On the ratio scale an effect is a total over a counterfactual total, so a unit counts by its own
counterfactual total D_i: its outcome at the base, carried on by the growth of its comparison. On
the difference scale it counts by its weight. (ΣD)² / ΣD² of them is the number of equal units on
which an estimate would rest as much (Kish 1965, section 11.7). Growth is common to a cohort, so one
pass over the units gives the shares within cohorts, and the numbers of an aggregate weight the
cohorts. Units are never stored one by one: only Σp² and the largest shares of each cohort are, in
memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel

LARGEST = 3  # units whose common share is reported: the dominance rule of statistical offices
DOMINANT = 1 / 3  # a share of the largest from which on the estimate without them is shown too


@dataclass(frozen=True, slots=True)
class Concentration:
    """Shares of units within treated cohorts.

    Attributes
    ----------
    cohorts : (cohorts,) float
        First treated period.
    total : (cohorts,)
        ΣD of the base periods on the ratio scale, else Σw.
    squares : (cohorts,)
        Σp², p being a unit's share in its cohort.
    largest : (cohorts, LARGEST)
        The largest p, falling; 0 where there are fewer units.
    """

    cohorts: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    largest: np.ndarray


@dataclass(frozen=True, slots=True)
class EffectiveNumber:
    """How few units an estimate rests on.

    Attributes
    ----------
    number : float
        (ΣD)² / ΣD² over the treated units; NaN where nothing is known.
    largest_share : float
        Share of the three largest units in ΣD.
    """

    number: float
    largest_share: float

    @property
    def dominated(self) -> bool:
        """Whether the three largest units are more than a third of ΣD."""
        return self.largest_share > DOMINANT


def unit_sizes(panel: PreparedPanel, *, ratio: bool, masked: int, pooled: bool) -> np.ndarray:
    """(units,) weight times base outcome on the ratio scale, else weight.

    Zero for the never treated, and for units not observed at their base or never afterwards: they
    take no part.

    Parameters
    ----------
    ratio : bool
        Whether effects are ratios of totals.
    masked : int
        Periods before treatment that are no base.
    pooled : bool
        Whether the base is all earlier periods, or the last of them.
    """
    start, seen = panel.cohorts[panel.cohort], ~np.isnan(panel.y)
    first_seen = (~np.isnan(panel.weights)).argmax(axis=1)
    weight = panel.weights[np.arange(len(start)), first_seen]
    base = seen & _base_periods(panel.periods, start, masked, pooled)
    after = seen & (panel.periods >= start[:, None])
    used = np.isfinite(start) & after.any(axis=1)
    if panel.gaps != "cross_section":
        used = used & base.any(axis=1)
    size = np.where(used, weight, 0.0)
    if not ratio:
        return size
    mean = np.where(base, panel.y, 0.0).sum(axis=1) / np.maximum(base.sum(axis=1), 1)
    return np.asarray(size * np.maximum(mean, 0.0))


def _base_periods(periods: np.ndarray, start: np.ndarray, masked: int, pooled: bool) -> np.ndarray:
    """(units, periods) bool, all eligible periods before treatment, or the last of them."""
    eligible = periods + masked < start[:, None]
    if pooled:
        return np.asarray(eligible)
    latest = periods.size - 1 - eligible[:, ::-1].argmax(axis=1)
    return np.asarray(eligible & (np.arange(periods.size) == latest[:, None]))


def concentration(panel: Panel, *, ratio: bool, masked: int, pooled: bool) -> Concentration:
    """Shares of units within the treated cohorts of a panel.

    Parameters
    ----------
    ratio, masked, pooled : bool, int, bool
        As in `unit_sizes`.
    """
    kernel = partial(_cohort_sums, ratio=ratio, masked=masked, pooled=pooled)
    total, squares, largest = over_parts(panel, kernel, _add_cohort_sums)
    whole = np.where(total > 0, total, 1.0)
    starts = panel.cohorts[np.isfinite(panel.cohorts)]
    return Concentration(starts, total, squares / whole**2, largest / whole[:, None])


CohortSums = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Σ sizes, Σ sizes² and the largest sizes of each treated cohort."""


def _cohort_sums(panel: PreparedPanel, *, ratio: bool, masked: int, pooled: bool) -> CohortSums:
    sizes = unit_sizes(panel, ratio=ratio, masked=masked, pooled=pooled)
    cohorts = np.flatnonzero(np.isfinite(panel.cohorts))
    total, squares = np.zeros((2, len(cohorts)))
    largest = np.zeros((len(cohorts), LARGEST))
    for k, c in enumerate(cohorts):
        own = sizes[panel.cohort == c]
        total[k], squares[k] = own.sum(), own @ own
        top = np.sort(np.partition(own, -LARGEST)[-LARGEST:] if len(own) > LARGEST else own)
        largest[k, : len(top)] = top[::-1]
    return total, squares, largest


def _add_cohort_sums(one: CohortSums, other: CohortSums) -> CohortSums:
    both = np.sort(np.hstack([one[2], other[2]]), axis=1)
    return one[0] + other[0], one[1] + other[1], both[:, : -LARGEST - 1 : -1]


def effective_number(about: Concentration, by_cohort: np.ndarray) -> EffectiveNumber:
    """Effective number of units and share of the largest.

    Parameters
    ----------
    by_cohort : (cohorts,)
        ΣD of each cohort in an aggregate, or its weight; zero where it takes no part.

    Examples
    --------
    >>> about = Concentration(
    ...     np.array([2016.0]), np.ones(1), np.array([0.26]), np.array([[0.4, 0.3, 0.1]])
    ... )
    >>> shown = effective_number(about, np.ones(1))
    >>> round(shown.number, 2), round(shown.largest_share, 2), shown.dominated
    (3.85, 0.8, True)
    """
    used = np.maximum(by_cohort, 0.0)
    if not used.sum() > 0:
        return EffectiveNumber(np.nan, np.nan)
    used = used / used.sum()
    top = np.sort((used[:, None] * about.largest).ravel())[-LARGEST:]
    squares = float(used**2 @ about.squares)
    return EffectiveNumber(1 / squares if squares > 0 else np.nan, float(top.sum()))
