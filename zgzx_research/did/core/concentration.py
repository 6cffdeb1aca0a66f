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

from zgzx_research.did.core.comparisons import unit_weights
from zgzx_research.did.core.moments import observation_strata
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete, over_parts
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
    if not len(panel.y):
        return np.zeros(0)
    cohorts = panel.cohorts
    base = _base_periods(panel.periods, cohorts, masked, pooled)
    after = np.isfinite(cohorts)[:, None] & (panel.periods >= cohorts[:, None])
    whole = is_complete(panel)
    seen = np.ones((len(panel.y), 0), dtype=bool) if whole else ~np.isnan(panel.y)
    member, first = observation_strata(panel.cohort, seen)
    cohort, observed = panel.cohort[first], ~np.isnan(panel.y[first])
    used = (observed & after[cohort]).any(axis=1)
    if panel.gaps != "cross_section":
        used &= (observed & base[cohort]).any(axis=1)
    size = np.where(used[member], unit_weights(panel.weights), 0.0)
    if ratio:
        size *= np.maximum(_base_means(panel, base), 0.0)
    return size


def _base_periods(
    periods: np.ndarray, cohorts: np.ndarray, masked: int, pooled: bool
) -> np.ndarray:
    """(cohorts, periods) bool, all eligible periods before treatment, or the last of them."""
    eligible = periods + masked < cohorts[:, None]
    if pooled:
        return np.asarray(eligible)
    latest = periods.size - 1 - eligible[:, ::-1].argmax(axis=1)
    return np.asarray(eligible & (np.arange(periods.size) == latest[:, None]))


def _base_means(panel: PreparedPanel, base: np.ndarray) -> np.ndarray:
    """(units,) mean outcome over the base periods of the own cohort, zero without any."""
    mean = np.zeros(len(panel.y))
    units = _by_cohort(panel)
    for c in np.flatnonzero(np.isfinite(panel.cohorts)):
        own = units[c]
        y = panel.y[own][:, base[c]]
        count = np.maximum((~np.isnan(y)).sum(axis=1), 1)
        mean[own] = np.nansum(y, axis=1) / count
    return mean


def _by_cohort(panel: PreparedPanel) -> list[np.ndarray]:
    """Units of each cohort."""
    small = np.int16 if len(panel.cohorts) < 2**15 else np.int64  # small integers: by radix
    order = np.argsort(panel.cohort.astype(small), kind="stable")
    return np.split(order, np.cumsum(np.bincount(panel.cohort, minlength=len(panel.cohorts)))[:-1])


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
    units = _by_cohort(panel)
    for k, c in enumerate(cohorts):
        own = sizes[units[c]]
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
