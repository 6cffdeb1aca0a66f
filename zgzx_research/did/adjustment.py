"""Group-time effects adjusted for covariates.

Doubly robust, outcome regression, inverse probability weighting.

Sant'Anna & Zhao (2020), the Hájek-normalised estimators of R's DRDID. With r = Δy - x'β (β = 0
without an outcome regression) and odds weights O = w p / (1 - p) (none without a propensity score),
a cell's effect is Σ_T w r / Σ_T w - Σ_C O r / Σ_C O. Influence values carry what estimating β and
the propensity score adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from zgzx_research.did.cells import Cells
from zgzx_research.did.chunks import in_chunks
from zgzx_research.did.learners import cross_fit
from zgzx_research.did.nuisances import (
    CAP,
    TRIM,
    AdjustedCells,
    Chunk,
    Comparison,
    Nuisances,
    Pass,
    fit_nuisances,
    gram_by_cluster,
    models_of,
    plan_comparisons,
    share_influence,
    start_pass,
)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a comparison's cells come to.

    Attributes
    ----------
    effect : (cells here,). treated, compared : (cells here,) the two means of r. weight : Σ_T w and
        Σ_C O.
    by_propensity : (1 + covariates, cells here), by_outcome : (1 + covariates,) how influence
        depends on fitted models.
    cohort_share : (cohorts,) share of each cohort in what the treated are compared with.
    trimmed : comparison units left out for a propensity score of TRIM or more.
    """

    effect: np.ndarray
    treated: np.ndarray
    compared: np.ndarray
    weight: tuple[float, float]
    by_propensity: np.ndarray
    by_outcome: np.ndarray
    cohort_share: np.ndarray
    trimmed: int


def residuals(
    chunk: Chunk, one: Comparison, fit: Nuisances
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Regressors, weights, propensity scores and r of a chunk of one cohort."""
    x, weight = chunk.design(one)
    if fit.fitted is not None and fit.score is not None:
        return x, weight, fit.score[chunk.rows], chunk.changes(one) - fit.fitted[chunk.rows]
    p = np.minimum(special.expit(x @ fit.propensity), CAP)
    return x, weight, p, chunk.changes(one) - x @ fit.outcome


def adjust_comparisons(
    units: Pass,
    comparisons: Sequence[Comparison],
    fits: Sequence[Nuisances],
    *,
    outcome: bool,
    propensity: bool,
) -> list[Adjusted]:
    """Effects of all comparisons in one pass."""
    cohorts = len(units.panel.cohorts)
    totals: list[list[Any]] = [[0.0] * 8 for _ in comparisons]
    by_cohort = np.zeros(
        (len(comparisons), cohorts, 2 + len(units.centre))
    )  # odds weight, then Σwx

    def kernel(piece: tuple[int, int, int]) -> list[tuple]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums: list[tuple] = []
        for k, one in enumerate(comparisons):
            if one.treated == cohort:
                x, weight, _, r = residuals(chunk, one, fits[k])
                sums.append((k, (weight.sum(), weight @ r, weight @ x, 0.0, 0.0, 0.0, 0.0, 0), 0.0))
            elif one.controls[cohort]:
                x, weight, p, r = residuals(chunk, one, fits[k])
                out = (p >= TRIM) & (weight > 0)
                odds = np.where(out, 0.0, weight * p / (1 - p))
                ox = odds[:, None] * x
                own = (
                    0.0,
                    0.0,
                    0.0,
                    odds.sum(),
                    odds @ r,
                    ox.sum(axis=0),
                    ox.T @ r,
                    int(out.sum()),
                )
                sums.append((k, own, np.append(odds.sum(), weight @ x)))
        return [(cohort, *part) for part in sums]

    for part in in_chunks(kernel, units.pieces):
        for cohort, k, own, compared in part:
            totals[k] = [a + b for a, b in zip(totals[k], own, strict=True)]
            by_cohort[k, cohort] += compared
    return [
        _adjusted(total, fit, own, outcome, propensity)
        for total, fit, own in zip(totals, fits, by_cohort, strict=True)
    ]


def _adjusted(
    total: list, fit: Nuisances, by_cohort: np.ndarray, outcome: bool, propensity: bool
) -> Adjusted:
    w, wr, wx, odds, odds_r, odds_x, odds_xr, trimmed = total
    treated = wr / w
    compared = odds_r / odds if propensity else np.zeros_like(treated)
    by_propensity, by_outcome = np.zeros_like(fit.outcome), np.zeros(len(fit.outcome))
    share = np.zeros(len(by_cohort))
    if propensity:
        share += by_cohort[:, 0] / odds
        by_propensity = fit.propensity_inverse @ ((odds_xr - np.outer(odds_x, compared)) / odds)
    if outcome:
        gap = wx / w - (odds_x / odds if propensity else 0.0)
        by_outcome = fit.outcome_inverse @ gap
        share += by_cohort[:, 1:] @ by_outcome
    return Adjusted(
        treated - compared,
        treated,
        compared,
        (w, odds if propensity else 0.0),
        by_propensity,
        by_outcome,
        share,
        trimmed,
    )


def influence_rows(
    chunk: Chunk, cohort: int, parts: Sequence[tuple[Comparison, Nuisances, Adjusted]]
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that some units of one cohort take part in, and their influence values.

    Units, these cells.
    """
    cells, values = [np.zeros(0, int)], [np.zeros((len(chunk.rows), 0))]
    for one, fit, result in parts:
        treated = one.treated == cohort
        if not (treated or one.controls[cohort]):
            continue
        x, weight, p, r = residuals(chunk, one, fit)
        w, odds = result.weight
        if treated:
            own = (weight / w)[:, None] * (r - result.treated)
            own -= ((weight * (1 - p))[:, None] * x) @ result.by_propensity
        else:
            kept = (
                np.where(p >= TRIM, 0.0, weight * p / (1 - p)) / odds
                if odds > 0
                else np.zeros(len(p))
            )
            own = ((weight * p)[:, None] * x) @ result.by_propensity + np.outer(
                kept, result.compared
            )
            own -= (weight * (x @ result.by_outcome) + kept)[:, None] * r
        cells.append(one.cells)
        values.append(own)
    return np.concatenate(cells), np.hstack(values)


def adjust(panel: Any, cells: Cells, options: dict[str, Any]) -> AdjustedCells:
    """All cells of a panel: units are compared with themselves at the base."""
    models = models_of(options["adjustment"])
    units = start_pass(panel)
    comparisons = plan_comparisons(panel, cells, units.complete)
    if options["outcome_model"] is not None:
        fits = cross_fit(units, comparisons, options)
    else:
        fits = fit_nuisances(units, comparisons, **models)
    good = [k for k, fit in enumerate(fits) if not fit.failed]
    results = adjust_comparisons(
        units, [comparisons[k] for k in good], [fits[k] for k in good], **models
    )
    count, cohorts = len(cells.cohort), len(panel.cohorts)
    effect, share, trimmed = (
        np.full((1, count), np.nan),
        np.zeros((count, cohorts)),
        np.zeros(count, int),
    )
    failed = [""] * count
    for one, fit in zip(comparisons, fits, strict=True):
        for j in one.cells:
            failed[j] = fit.failed
    for k, result in zip(good, results, strict=True):
        here = comparisons[k].cells
        effect[0, here], share[here], trimmed[here] = (
            result.effect,
            result.cohort_share,
            result.trimmed,
        )

    def covariance(shares: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        own = share_influence(panel, shares, drawn)

        def kernel(cohort: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            parts = [
                (comparisons[k], fits[k], result) for k, result in zip(good, results, strict=True)
            ]
            used, values = influence_rows(units.chunk(rows), cohort, parts)
            return np.concatenate([used, count + np.arange(cohorts)]), np.hstack(
                [values, own(cohort, rows)]
            )

        return gram_by_cluster(units, kernel, count + cohorts)

    return AdjustedCells(effect, share, trimmed, failed, covariance)
