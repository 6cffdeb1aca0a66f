"""Group-time effects adjusted for covariates.

Doubly robust, outcome regression, inverse probability weighting.

Sant'Anna & Zhao (2020), the Hájek-normalised estimators of R's DRDID. With r = Δy - x'β (β = 0
without an outcome regression) and odds weights O = w p / (1 - p) (none without a propensity score),
a cell's effect is Σ_T w r / Σ_T w - Σ_C O r / Σ_C O. Influence values carry what estimating β and
the propensity score adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from scipy import special

from zgzx_research.did.core.comparisons import Comparisons
from zgzx_research.did.methods.group_time.learners import assign_folds, cross_fit
from zgzx_research.did.methods.group_time.nuisances import (
    CAP,
    TRIM,
    Nuisances,
    fit_nuisances,
    models_of,
)
from zgzx_research.did.methods.group_time.options import Options
from zgzx_research.did.methods.group_time.passes import (
    AdjustedComparisons,
    Chunk,
    ModelGroup,
    Pass,
    gram_by_cluster,
    model_groups,
    share_influence,
    start_pass,
)
from zgzx_research.did.panel.chunks import in_chunks
from zgzx_research.did.panel.prepared_panel import PreparedPanel


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a group of comparisons comes to.

    Attributes
    ----------
    effect : (comparisons here,)
    treated, compared : (comparisons here,)
        The two means of r.
    weight : tuple[float, float]
        Σ_T w and Σ_C O.
    by_propensity : (1 + covariates, comparisons here)
        How influence depends on the fitted propensity score.
    by_outcome : (1 + covariates,)
        How influence depends on the fitted outcome regression.
    cohort_share : (cohorts,)
        Share of each cohort in what the treated are compared with.
    trimmed : int
        Comparison units left out for a propensity score of TRIM or more.
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
    chunk: Chunk, group: ModelGroup, fit: Nuisances
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Regressors, weights, propensity scores and r of a chunk of one cohort."""
    x, weight = chunk.design(group)
    if fit.fitted is not None and fit.score is not None:
        return x, weight, fit.score[chunk.rows], chunk.changes(group) - fit.fitted[chunk.rows]
    p = np.minimum(special.expit(x @ fit.propensity), CAP)
    return x, weight, p, chunk.changes(group) - x @ fit.outcome


@dataclass(slots=True)
class Totals:
    """Sums over the units of a group of comparisons.

    Attributes
    ----------
    w, wr, wx : float
        Of the treated, Σw, (comparisons here,) Σw r and (1 + covariates,) Σw x.
    odds, odds_r, odds_x, odds_xr : float
        Of the comparison units, ΣO, (comparisons here,) ΣO r, (1 + covariates,) ΣO x and (1 +
        covariates, comparisons here) ΣO x r.
    trimmed : int
        Comparison units left out for a propensity score of TRIM or more.
    by_cohort : (cohorts, 2 + covariates)
        ΣO and Σw x of each comparison cohort.
    """

    w: float
    wr: np.ndarray
    wx: np.ndarray
    odds: float
    odds_r: np.ndarray
    odds_x: np.ndarray
    odds_xr: np.ndarray
    trimmed: int
    by_cohort: np.ndarray

    @classmethod
    def nothing(cls, comparisons: int, width: int, cohorts: int) -> Totals:
        """Return sums over no unit."""
        r, x = np.zeros(comparisons), np.zeros(width)
        square, by_cohort = np.zeros((width, comparisons)), np.zeros((cohorts, 1 + width))
        return cls(0.0, r, x, 0.0, r.copy(), x.copy(), square, 0, by_cohort)

    def add_treated(self, x: np.ndarray, weight: np.ndarray, r: np.ndarray) -> None:
        """Add treated units."""
        self.w += weight.sum()
        self.wr += weight @ r
        self.wx += weight @ x

    def add_controls(
        self, cohort: int, x: np.ndarray, weight: np.ndarray, p: np.ndarray, r: np.ndarray
    ) -> None:
        """Add units of a comparison cohort, with their propensity scores p."""
        out = (p >= TRIM) & (weight > 0)
        odds = np.where(out, 0.0, weight * p / (1 - p))
        ox = odds[:, None] * x
        self.odds += odds.sum()
        self.odds_r += odds @ r
        self.odds_x += ox.sum(axis=0)
        self.odds_xr += ox.T @ r
        self.trimmed += int(out.sum())
        self.by_cohort[cohort] += np.append(odds.sum(), weight @ x)

    def add(self, other: Totals) -> None:
        """Add the sums over other units."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def adjust_groups(
    units: Pass,
    groups: Sequence[ModelGroup],
    fits: Sequence[Nuisances],
    *,
    outcome: bool,
    propensity: bool,
) -> list[Adjusted]:
    """Effects of all groups of comparisons in one pass."""
    cohorts, width = len(units.panel.cohorts), 1 + len(units.centre)

    def kernel(piece: tuple[int, int, int]) -> list[tuple[int, Totals]]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums = []
        for k, group in enumerate(groups):
            treated = group.treated == cohort
            if not (treated or group.controls[cohort]):
                continue
            x, weight, p, r = residuals(chunk, group, fits[k])
            own = Totals.nothing(len(group.comparisons), width, cohorts)
            if treated:
                own.add_treated(x, weight, r)
            else:
                own.add_controls(cohort, x, weight, p, r)
            sums.append((k, own))
        return sums

    totals = [Totals.nothing(len(group.comparisons), width, cohorts) for group in groups]
    for part in in_chunks(kernel, units.pieces):
        for k, own in part:
            totals[k].add(own)
    return [
        _adjusted(total, fit, outcome, propensity) for total, fit in zip(totals, fits, strict=True)
    ]


def _adjusted(total: Totals, fit: Nuisances, outcome: bool, propensity: bool) -> Adjusted:
    """Effects from the sums, and how influence depends on the fitted models."""
    odds = total.odds
    treated = total.wr / total.w
    compared = total.odds_r / odds if propensity else np.zeros_like(treated)
    by_propensity, by_outcome = np.zeros_like(fit.outcome), np.zeros(len(fit.outcome))
    share = np.zeros(len(total.by_cohort))
    if propensity:
        share += total.by_cohort[:, 0] / odds
        away = (total.odds_xr - np.outer(total.odds_x, compared)) / odds
        by_propensity = fit.propensity_inverse @ away
    if outcome:
        gap = total.wx / total.w - (total.odds_x / odds if propensity else 0.0)
        by_outcome = fit.outcome_inverse @ gap
        share += total.by_cohort[:, 1:] @ by_outcome
    return Adjusted(
        treated - compared,
        treated,
        compared,
        (total.w, odds if propensity else 0.0),
        by_propensity,
        by_outcome,
        share,
        total.trimmed,
    )


def influence_rows(
    chunk: Chunk,
    cohort: int,
    parts: Sequence[tuple[ModelGroup, Nuisances, Adjusted]],
    *,
    about_zero: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Comparisons that some units of one cohort take part in, and their influence values.

    The values are (units, these comparisons). With `about_zero` those of treated units are about
    what their comparison says, and not about their own mean.
    """
    comparisons, values = [np.zeros(0, int)], [np.zeros((len(chunk.rows), 0))]
    for group, fit, result in parts:
        treated = group.treated == cohort
        if not (treated or group.controls[cohort]):
            continue
        x, weight, p, r = residuals(chunk, group, fit)
        w, odds = result.weight
        if treated:
            centre = result.compared if about_zero else result.treated
            own = (weight / w)[:, None] * (r - centre)
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
        comparisons.append(group.comparisons)
        values.append(own)
    return np.concatenate(comparisons), np.hstack(values)


def adjust(panel: PreparedPanel, comparisons: Comparisons, options: Options) -> AdjustedComparisons:
    """All comparisons of a panel: units are compared with themselves at the base."""
    models = models_of(options.adjustment)
    units = start_pass(panel)
    groups = model_groups(panel, comparisons, units.complete)
    if options.outcome_model is not None and options.propensity_model is not None:
        fold = assign_folds(panel, options.folds, options.seed)
        fits = cross_fit(units, groups, options.outcome_model, options.propensity_model, fold)
    else:
        fits = fit_nuisances(units, groups, **models)
    good = [k for k, fit in enumerate(fits) if not fit.failed]
    results = adjust_groups(units, [groups[k] for k in good], [fits[k] for k in good], **models)

    count, cohorts = len(comparisons.cohort), len(panel.cohorts)
    failed = [""] * count
    for group, fit in zip(groups, fits, strict=True):
        for j in group.comparisons:
            failed[j] = fit.failed
    effect, share = np.full((1, count), np.nan), np.zeros((count, cohorts))
    trimmed = np.zeros(count, int)
    for k, result in zip(good, results, strict=True):
        here = groups[k].comparisons
        effect[0, here], share[here] = result.effect, result.cohort_share
        trimmed[here] = result.trimmed

    parts = [(groups[k], fits[k], result) for k, result in zip(good, results, strict=True)]

    def covariance(shares: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        of_shares = share_influence(panel, shares, drawn)

        def kernel(cohort: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            used, values = influence_rows(units.chunk(rows), cohort, parts)
            columns = np.concatenate([used, count + np.arange(cohorts)])
            return columns, np.hstack([values, of_shares(cohort, rows)])

        return gram_by_cluster(units, kernel, count + cohorts)

    null = partial(_null_covariance, units, parts)
    return AdjustedComparisons(effect, share, trimmed, failed, covariance, null)


def _null_covariance(
    units: Pass, parts: Sequence[tuple[ModelGroup, Nuisances, Adjusted]], tested: np.ndarray
) -> np.ndarray:
    """(comparisons, comparisons) covariance about zero of the tested ones, see `score_test`."""
    some = [part for part in parts if tested[part[0].comparisons].any()]

    def kernel(cohort: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        used, values = influence_rows(units.chunk(rows), cohort, some, about_zero=True)
        return used, values * tested[used]

    return gram_by_cluster(units, kernel, len(tested))[0]
