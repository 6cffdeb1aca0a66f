"""Least squares on the untreated observations, and the effects and leads that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.moments import Moments
from zgzx_research.did.core.poisson_regression import UNDETERMINED, inverse_of
from zgzx_research.did.core.small_cohorts import clusters_within
from zgzx_research.did.core.unit_passes import Contribution, UnitChunk
from zgzx_research.did.methods.imputation.imputation_plan import Plan, note_leads, usable
from zgzx_research.did.methods.imputation.unit_passes import (
    Part,
    StratumPasses,
    regressors_and_outcomes,
)
from zgzx_research.did.panel.collinear import independent
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums per stratum, with z = (1, covariates).

    Attributes
    ----------
    square : (strata, z, z)
        Σw zz'.
    cross : (strata, periods, z)
        Σw yz'.
    z_twice : (strata, z)
        Σw² z.
    y_twice : (strata, periods)
        Σw² y.
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
    coefficient, kept : (regressors,)
    bread, gram : (regressors, regressors)
        An inverse and what it inverts.
    design : (strata, z, periods, regressors)
    fitted : (strata, z, periods)
        design times coefficient.
    swept : (strata, z, periods, regressors)
        The design less its mean over the unit's untreated periods, 0 elsewhere.
    """

    coefficient: np.ndarray
    kept: np.ndarray
    bread: np.ndarray
    gram: np.ndarray
    design: np.ndarray
    fitted: np.ndarray
    swept: np.ndarray


def stratum_sums(moments: Moments, passes: StratumPasses | None) -> Sums:
    """Sum per stratum what the regression and the effects need.

    Parameters
    ----------
    passes : StratumPasses, optional
        Over the units, where there are covariates.
    """
    if passes is None or passes.scaling.width == 1:
        weight = moments.weight[:, None]
        twice = moments.zeroth[:, None]
        y_twice = twice * moments.mean + moments.first
        return Sums(weight[..., None], (weight * moments.mean)[..., None], twice, y_twice)
    (strata, periods), scaling = moments.mean.shape, passes.scaling
    width = scaling.width

    def kernel(chunk: UnitChunk) -> list[Contribution]:
        (z, y), weight = regressors_and_outcomes(chunk, scaling), chunk.weights
        twice = np.dot(weight[:, 0] ** 2, np.hstack([z, y]))
        return [
            (0, chunk.group, np.dot((weight * z).T, z)),
            (1, chunk.group, np.dot(y.T, weight * z)),
            (2, chunk.group, twice[:width]),
            (3, chunk.group, twice[width:]),
        ]

    shapes = [(strata, width, width), (strata, periods, width), (strata, width), (strata, periods)]
    return Sums(*passes.units.totals(shapes, kernel))


def untreated_regression(plan: Plan, sums: Sums, leads: int) -> Regression:
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


def imputed_cells(
    panel: Panel,
    moments: Moments,
    plan: Plan,
    base: Regression,
    sums: Sums,
    notes: list[LedgerRow],
) -> tuple[Plan, Part]:
    """Effects of the cells that can be imputed.

    What is observed, less period effects and the unit's own past.
    """
    past = base.design - np.einsum("st,sqtk->sqk", plan.own, base.design)[:, :, None]
    share = plan.member / plan.weight(moments)[:, None]
    by_effects = -np.einsum(
        "cs,sq,sqck->ck", share, sums.square[:, 0], past[:, :, plan.period], optimize=True
    )
    tied = np.abs(by_effects @ base.bread @ base.gram - by_effects).max(axis=1) < UNDETERMINED
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


def lead_tests(
    panel: Panel, moments: Moments, plan: Plan, sums: Sums, notes: list[LedgerRow]
) -> tuple[Plan, Part, float]:
    """Regress untreated outcomes on leads too: the pre-trend test, with fixest's factor."""
    tests = untreated_regression(plan, sums, len(plan.leads))
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
