"""Treated and counterfactual totals of one year since the edition, with their influence values.

With T the winners, C the others, a the weights (those of C scaled within each edition to the sum of
T), y the outcome and b the mean of the base:

    N = Σ_T a y,   D = Σ_T a ρ b + k Σ_C a (y - ρ b).

Ratio: ρ = Σ_C a y / Σ_C a b and k = Σ_T a b / Σ_C a b, so that D = ρ Σ_T a b. Difference: ρ = 1 and
k = 1. Scaling within editions makes the mean residual m_g of the others of an edition part of the
influence of its winners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.designs.contest.entrants import Entrants


@dataclass(frozen=True, slots=True)
class YearTotals:
    """One year since the edition.

    Attributes
    ----------
    treated, counterfactual : float
        N and D; on the difference scale over the sum of the winners' weights.
    size : float
        Sum of the winners' weights.
    by_treated, by_counterfactual : (rows,) float
        Influence values, about means, divided by one minus the row's share of its side.
    score : (rows,) float
        Values about zero that sum to N - D: under no effect each has mean zero.
    expected : (rows,) float
        Each winner's part of D; 0 for the others.
    """

    treated: float
    counterfactual: float
    size: float
    by_treated: np.ndarray
    by_counterfactual: np.ndarray
    score: np.ndarray
    expected: np.ndarray


def year_totals(entrants: Entrants, event: int, scale: str) -> YearTotals | None:
    """Compute the totals of one year since the edition.

    Parameters
    ----------
    entrants : Entrants
        The rows.
    event : int
        The year.
    scale : {"ratio", "difference"}
        See the module.

    Returns
    -------
    YearTotals or None
        None where winners or others are not seen, or the others had none of the outcome.
    """
    y = entrants.outcome[:, int(event - entrants.events[0])]
    won, others = _weights(entrants, ~np.isnan(y))
    y, base, size = np.nan_to_num(y), entrants.base, won.sum()
    if size == 0:
        return None

    rho, k, share = 1.0, 1.0, (won + others) / size
    if scale == "ratio":
        treated_base, others_base = won @ base, others @ base
        if others_base <= 0 or others @ y <= 0:
            return None
        rho, k = others @ y / others_base, treated_base / others_base
        share = base * (won / max(treated_base, np.finfo(float).tiny) + others / others_base)

    residual = y - rho * base
    of_edition = _edition_means(entrants.edition, others, residual)
    expected = won * rho * base
    treated, counterfactual = won @ y, expected.sum() + k * (others @ residual)
    by_treated = won * (y - treated / size)
    by_counterfactual = won * (rho * base + k * of_edition - counterfactual / size) + k * others * (
        residual - of_edition
    )
    score = won * (residual - k * of_edition) - k * others * (residual - of_edition)

    unit = size if scale == "difference" else 1.0
    grown = unit * np.maximum(1 - share, np.finfo(float).eps)
    return YearTotals(
        treated / unit,
        counterfactual / unit,
        float(size),
        by_treated / grown,
        by_counterfactual / grown,
        score / unit,
        expected if scale == "ratio" else won,
    )


def _weights(entrants: Entrants, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) weights of winners, and of others scaled to them, in editions that have both."""
    won = entrants.weight * entrants.won * seen
    others = entrants.weight * ~entrants.won * seen
    count = int(entrants.edition.max()) + 1
    treated, compared = (
        np.bincount(entrants.edition, side, minlength=count) for side in (won, others)
    )
    both = (treated > 0) & (compared > 0)
    factor = np.divide(treated, compared, out=np.zeros(count), where=both)
    return won * both[entrants.edition], others * factor[entrants.edition]


def _edition_means(edition: np.ndarray, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(rows,) weighted mean of the row's edition."""
    total, sums = (np.bincount(edition, part) for part in (weight, weight * values))
    return np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)[edition]
