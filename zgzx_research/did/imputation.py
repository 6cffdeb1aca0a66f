"""Imputation (Borusyak, Jaravel & Spiess 2024).

Fit unit and period effects where nobody is treated, impute the rest.

The fit needs, per stratum, Σw zz' and Σw yz' with z = (1, covariates), and so do the effects. A
unit's influence on an estimate is w [v'(y - fit) - v'τ̄]: v holds the estimate's weights on the
unit's periods, τ̄ the mean effect of its cohort and period, taken off treated outcomes. Without
covariates v is alike within a stratum and `Moments` say it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.chunks import chunk_bounds, in_chunks
from zgzx_research.did.collinear import independent
from zgzx_research.did.fit import EXACT, Fit, MeanWeights
from zgzx_research.did.imputation_plan import (
    Plan,
    labels,
    lent,
    make_plan,
    note_leads,
    row_weights,
    usable,
)
from zgzx_research.did.moments import (
    Moments,
    cohort_means,
    influence_covariance,
    mean_weights,
    observation_strata,
    panel_moments,
)
from zgzx_research.did.multiplicative_imputation import fit_ratio
from zgzx_research.did.ppml import UNTIED, clusters_within, inverse_of
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums per stratum, with z = (1, covariates).

    Attributes
    ----------
    square : (strata, z, z) Σw zz'. cross : (strata, periods, z) Σw yz'.
    z_twice : (strata, z) Σw² z. y_twice : (strata, periods) Σw² y.
    """

    square: np.ndarray
    cross: np.ndarray
    z_twice: np.ndarray
    y_twice: np.ndarray


@dataclass(frozen=True, slots=True)
class Regression:
    """Least squares with unit effects on untreated observations.

    Regressors are z times period effects, then leads.

    Attributes
    ----------
    coefficient, kept : (regressors,). bread, gram : (regressors, regressors), an inverse and what
        it inverts.
    design : (strata, z, periods, regressors). fitted : (strata, z, periods) design times
        coefficient.
    swept : (strata, z, periods, regressors) the design less its mean over the unit's untreated
        periods, 0 elsewhere.
    """

    coefficient: np.ndarray
    kept: np.ndarray
    bread: np.ndarray
    gram: np.ndarray
    design: np.ndarray
    fitted: np.ndarray
    swept: np.ndarray


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the result.

    A unit's influence is w [Σ_z z slope (y - Σ_z z fitted) - slope_0 τ̄].

    Attributes
    ----------
    estimate : (rows,). slope : (strata, z, rows, periods). fitted : (strata, z, periods).
    mean_effect : (strata, periods) τ̄, 0 where nobody is treated.
    """

    estimate: np.ndarray
    slope: np.ndarray
    fitted: np.ndarray
    mean_effect: np.ndarray


def fit(panel: Any, options: dict[str, Any]) -> Fit:
    """Imputation on a PreparedPanel; `options` as in `estimate_effects`."""
    _check(panel, options)
    moments = panel_moments(panel.y, panel.cohort, panel.weights[:, 0], panel.cluster)
    notes: list[tuple] = []
    plan = make_plan(panel, moments, options, notes)
    if options["scale"] == "ratio":
        return fit_ratio(panel, moments, plan, notes)
    z = (
        _regressors(panel)
        if options["adjustment"] == "outcome_regression"
        else np.ones((len(panel.y), 1))
    )
    sums = _sums(panel, moments, z)
    base = _regression(plan, sums, 0)
    plan, cells = _cells(panel, moments, plan, base, sums, notes)
    plan, leads, factor = _leads(panel, moments, plan, sums, notes)
    parts = [leads, cells]
    influence = partial(
        _influence, parts, moments.mean, sums.square[:, 0] / moments.weight[:, None]
    )
    if z.shape[1] == 1 and not options["leave_one_out"]:
        covariance, by_cluster = influence_covariance(moments, influence)
    else:
        covariance, by_cluster = _unit_pass(panel, plan, parts, z, options["leave_one_out"])
    rows, on_means = (
        labels(panel, moments, plan),
        mean_weights(moments, influence, len(panel.cohorts)),
    )
    scale = np.concatenate(
        [np.full(len(leads.estimate), np.sqrt(factor)), np.ones(len(cells.estimate))]
    )
    numbers = CellStatistics(
        "difference",
        np.concatenate([part.estimate for part in parts])[None],
        np.arange(len(scale)),
        row_weights(moments, plan),
        covariance * np.outer(scale, scale) + lent(moments, plan, on_means, rows, notes),
    )
    weights = MeanWeights(
        on_means,
        cohort_means(moments, len(panel.cohorts)),
        panel.cohorts,
        panel.periods,
        "reweighted" if z.shape[1] > 1 else EXACT if moments.observed.all() else "pairwise",
    )
    by_cluster = None if by_cluster is None else by_cluster * scale
    return Fit(rows, numbers, weights, notes=notes, influence=by_cluster)


def _check(panel: Any, options: dict[str, Any]) -> None:
    """Refuse what imputation cannot do.

    `estimate_effects` has seen that covariates and adjustment go together.
    """
    adjusted, remedy = options["adjustment"] != "none", ""
    if adjusted and options["adjustment"] != "outcome_regression":
        what, remedy = (
            f"imputation knows no adjustment={options['adjustment']!r}",
            "Pass 'outcome_regression'.",
        )
    elif adjusted and panel.covariates.shape[1] > 1:
        what, remedy = (
            "imputation needs covariates that are constant within units",
            "Take them at one period.",
        )
    elif panel.weights.shape[1] > 1:
        what, remedy = (
            "imputation needs weights that are constant within units",
            "Take the weight of one period.",
        )
    elif not _reaches(options["event_window"]):
        what = (
            f"event_window={options['event_window']!r} must reach from -1 or earlier to 0 or later"
        )
        remedy = "Pass (first lead, last effect), e.g. event_window=(-3, 5), or None for all."
    elif options["scale"] == "ratio" and (adjusted or options["leave_one_out"]):
        what, remedy = (
            "the ratio scale has no covariates and no leave_one_out",
            "Pass scale='difference'.",
        )
    if remedy:
        raise ZgzxError(what, where="estimate_effects", remedy=remedy)


def _reaches(window: Any) -> bool:
    """Whether an event window is None, or a pair around the start of treatment."""
    return window is None or bool(window[0] <= -1 and window[1] >= 0)


def _regressors(panel: Any) -> np.ndarray:
    """(units, 1 + covariates) one, and the covariates about their means in standard deviations."""
    x = panel.covariates[:, 0]
    spread = x.std(axis=0)
    return np.column_stack(
        [np.ones(len(x)), (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)]
    )


def _over_units(panel: Any, kernel: Any) -> list[tuple[int, np.ndarray, Any]]:
    """(stratum, units, result) of kernel(stratum, units, outcomes with 0 where unobserved), in chunks."""
    seen = ~np.isnan(panel.y)
    member, _ = observation_strata(panel.cohort, seen)
    order = np.argsort(member, kind="stable")

    def one(piece: tuple[int, int, int]) -> tuple[int, np.ndarray, Any]:
        stratum, start, stop = piece
        unit = order[start:stop]
        return stratum, unit, kernel(stratum, unit, np.where(seen[unit], panel.y[unit], 0.0))

    return list(in_chunks(one, chunk_bounds(np.bincount(member))))


def _sums(panel: Any, moments: Moments, z: np.ndarray) -> Sums:
    if z.shape[1] == 1:
        weight = moments.weight[:, None]
        twice = moments.zeroth[:, None]
        y_twice = twice * moments.mean + moments.first
        return Sums(weight[..., None], (weight * moments.mean)[..., None], twice, y_twice)
    strata, width = len(moments.units), z.shape[1]
    sums = Sums(
        np.zeros((strata, width, width)),
        np.zeros((*moments.mean.shape, width)),
        np.zeros((strata, width)),
        np.zeros(moments.mean.shape),
    )

    def kernel(_: int, unit: np.ndarray, y: np.ndarray) -> tuple:
        weight, own = panel.weights[unit], z[unit]
        return (weight * own).T @ own, y.T @ (weight * own), (weight**2).T @ own, (weight**2).T @ y

    for stratum, _, (square, cross, z_twice, y_twice) in _over_units(panel, kernel):
        sums.square[stratum] += square
        sums.cross[stratum] += cross
        sums.z_twice[stratum] += z_twice[0]
        sums.y_twice[stratum] += y_twice[0]
    return sums


def _regression(plan: Plan, sums: Sums, leads: int) -> Regression:
    """Regress on z times period effects and the first `leads` leads."""
    (strata, periods), width = plan.untreated.shape, sums.square.shape[1]
    design = np.zeros((strata, width, periods, width * periods + leads))
    for q in range(width):
        design[:, q, :, q * periods : (q + 1) * periods] = np.eye(periods)
    design[:, 0, :, width * periods :] = plan.lead[..., :leads]
    mean = np.einsum("st,sqtk->sqk", plan.own, design)
    swept = np.where(plan.untreated[:, None, :, None], design - mean[:, :, None], 0.0)
    gram = np.einsum("sqr,sqtk,srtl->kl", sums.square, swept, design, optimize=True)
    kept = independent(gram)
    bread = inverse_of(gram, kept)
    coefficient = bread @ np.einsum("sqtk,stq->k", swept, sums.cross)
    return Regression(coefficient, kept, bread, gram, design, design @ coefficient, swept)


def _cells(
    panel: Any, moments: Moments, plan: Plan, base: Regression, sums: Sums, notes: list[tuple]
) -> tuple[Plan, Part]:
    """Effects of the cells that can be imputed.

    What is observed, less period effects and the unit's own past.
    """
    past = base.design - np.einsum("st,sqtk->sqk", plan.own, base.design)[:, :, None]
    share = plan.member / plan.weight(moments)[:, None]
    by_effects = -np.einsum(
        "cs,sq,sqck->ck", share, sums.square[:, 0], past[:, :, plan.period], optimize=True
    )
    tied = np.abs(by_effects @ base.bread @ base.gram - by_effects).max(axis=1) < UNTIED
    reason = "cell whose period no untreated observation ties to the earlier ones"
    plan, share, by_effects = (
        usable(panel, plan, tied, reason, notes),
        share[tied],
        by_effects[tied],
    )
    outcome = sums.cross[..., 0] - np.einsum("st,st->s", plan.own, sums.cross[..., 0])[:, None]
    estimate = np.einsum("cs,sc->c", share, outcome[:, plan.period]) + by_effects @ base.coefficient
    slope = np.einsum("ck,sqtk->sqct", by_effects @ base.bread, base.swept, optimize=True)
    slope[:, 0] -= share.T[..., None] * plan.own[:, None]
    slope[:, 0, np.arange(len(share)), plan.period] += share.T
    twice = sums.y_twice - np.einsum("st,st->s", plan.own, sums.y_twice)[:, None]
    twice = twice - np.einsum("sq,sqtk,k->st", sums.z_twice, past, base.coefficient, optimize=True)
    mean_effect = np.zeros((len(panel.cohorts), len(panel.periods)))
    mean_effect[plan.cohort, plan.period] = np.einsum(
        "cs,sc->c", plan.member, twice[:, plan.period]
    ) / (plan.member @ moments.zeroth)
    return plan, Part(estimate, slope, base.fitted, mean_effect[moments.cohort])


def _leads(
    panel: Any, moments: Moments, plan: Plan, sums: Sums, notes: list[tuple]
) -> tuple[Plan, Part, float]:
    """The pre-trend test: untreated outcomes regressed on leads too, with fixest's factor for its standard errors."""
    tests = _regression(plan, sums, len(plan.leads))
    start = len(tests.kept) - len(plan.leads)
    note_leads(plan.leads[~tests.kept[start:]], notes)
    rising = np.flatnonzero(tests.kept[start:])[::-1]
    slope = np.einsum("kl,sqtl->sqkt", tests.bread[start + rising], tests.swept, optimize=True)
    nothing = np.zeros(plan.untreated.shape)
    part = Part(tests.coefficient[start + rising], slope, tests.fitted, nothing)
    rows = int(moments.units @ plan.untreated.sum(axis=1))
    fitted = plan.untreated.sum(axis=1) > 0
    clusters = int(clusters_within(moments, fitted[None])[0])
    spare = rows - int(tests.kept.sum()) - 1  # unit effects lie within clusters and do not count
    if spare < 1 or clusters < 2:
        note_leads(plan.leads[rising], notes)
        return (
            plan.with_leads(rising[:0]),
            Part(part.estimate[:0], slope[:, :, :0], tests.fitted, nothing),
            1.0,
        )
    return plan.with_leads(rising), part, (rows - 1) / spare * clusters / (clusters - 1)


def _influence(
    parts: list[Part], mean: np.ndarray, at_mean: np.ndarray, s: int
) -> tuple[np.ndarray, np.ndarray]:
    """Slope and level of a stratum; with covariates, of a unit at its mean."""
    slopes, levels = [], []
    for part in parts:
        slope = np.einsum("q,qkt->kt", at_mean[s], part.slope[s])
        slopes.append(slope)
        levels.append(
            slope @ (mean[s] - at_mean[s] @ part.fitted[s]) - part.slope[s, 0] @ part.mean_effect[s]
        )
    return np.concatenate(slopes), np.concatenate(levels)


def _unit_pass(
    panel: Any, plan: Plan, parts: list[Part], z: np.ndarray, leave_one_out: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """(rows, rows) the covariance by a pass over the units, and (clusters, rows) influence where there are clusters."""
    others = _means_of_others(panel, plan, parts[-1], z) if leave_one_out else None

    def kernel(s: int, unit: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows = []
        for part in parts:
            value = np.einsum(
                "nq,qkt,nt->nk", z[unit], part.slope[s], y - z[unit] @ part.fitted[s], optimize=True
            )
            centre = (
                part.mean_effect[s] if others is None else others[unit] * (part.mean_effect[s] != 0)
            )
            rows.append(value - centre @ part.slope[s, 0].T)
        influence = panel.weights[unit] * np.concatenate(rows, axis=1)
        return influence if panel.cluster is not None else influence.T @ influence

    size = sum(len(part.estimate) for part in parts)
    if panel.cluster is None:
        return sum(
            (result for _, _, result in _over_units(panel, kernel)), np.zeros((size, size))
        ), None
    by_cluster = np.zeros((int(panel.cluster.max()) + 1, size))
    for _, unit, influence in _over_units(panel, kernel):
        np.add.at(by_cluster, panel.cluster[unit], influence)
    return by_cluster.T @ by_cluster, by_cluster


def _means_of_others(panel: Any, plan: Plan, cells: Part, z: np.ndarray) -> np.ndarray:
    """(units, periods) mean effect of the cohort and period without the unit's own cluster.

    The cell's if it is alone.

    Units count by their squared weights, as in the mean effect itself.
    """
    treated = np.zeros(plan.untreated.shape, dtype=bool)
    for period, member in zip(plan.period, plan.member, strict=True):
        treated[member, period] = True

    def kernel(s: int, unit: np.ndarray, y: np.ndarray) -> np.ndarray:
        away = y - z[unit] @ cells.fitted[s]
        effect = away - (away @ plan.own[s])[:, None]
        weight = panel.weights[unit] ** 2 * treated[s]
        return np.stack([weight * effect, weight, treated[s] & (weight > 0)])

    sums = np.zeros((3, *panel.y.shape))
    alone = np.zeros(panel.y.shape)
    for stratum, unit, result in _over_units(panel, kernel):
        sums[:, unit] = result
        alone[unit] = cells.mean_effect[stratum]
    everyone = np.stack(
        [[np.bincount(panel.cohort, column) for column in part.T] for part in sums]
    ).swapaxes(1, 2)
    if panel.cluster is not None:
        own = panel.cluster * len(panel.cohorts) + panel.cohort
        group = np.unique(own, return_inverse=True)[1]
        sums = np.stack(
            [np.stack([np.bincount(group, c)[group] for c in part.T], axis=1) for part in sums]
        )
    total, weight, others = everyone[:, panel.cohort] - sums
    return np.divide(total, weight, out=alone, where=(others > 0) & (weight > 0))
