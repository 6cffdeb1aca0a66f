"""Imputation on the ratio scale.

A Poisson fit of unit and period effects where nobody is treated, in proportion.

A unit's outcome without treatment in period t is its own untreated total times λ_t over the sum of
λ in those periods. So a cell's counterfactual total needs the strata's sums and λ only, and
influence is linear in a unit's outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.method_result import MeanWeights, MethodResult
from zgzx_research.did.core.moments import (
    Influence,
    Moments,
    cohort_means,
    influence_covariance,
    mean_weights,
)
from zgzx_research.did.core.poisson_regression import (
    UNDETERMINED,
    poisson_regression,
    separated,
)
from zgzx_research.did.methods.imputation.imputation_plan import (
    Plan,
    covariance_of_single_units,
    labels,
    note_leads,
    row_weights,
    usable,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.errors import ZgzxError


def fit_ratio(panel: Panel, moments: Moments, plan: Plan, notes: list[LedgerRow]) -> MethodResult:
    """Treated and counterfactual totals of the leads and of the cells.

    Parameters
    ----------
    moments, plan : Moments
        Of the panel.
    notes : list[LedgerRow]
        What was left out so far; grows.
    """
    _note_zeros(panel, plan, moments, notes)
    total = moments.weight[:, None] * moments.mean * plan.untreated
    used = plan.untreated & (total.sum(axis=0) > 0)
    plan, cells = _cells(panel, moments, plan, used, notes)
    plan, leads = _leads(moments, plan, used, notes)
    statistics = np.concatenate([leads.totals, cells.totals], axis=1)
    direct, indirect = (
        np.concatenate([getattr(leads, name), getattr(cells, name)], axis=2)
        for name in ("direct", "indirect")
    )
    influence = _influence(moments, direct, indirect, len(panel.cohorts))
    covariance, by_cluster = influence_covariance(moments, influence)
    rows, on_means = (
        labels(panel, moments, plan),
        mean_weights(moments, influence, len(panel.cohorts)),
    )
    numbers = JointStatistics(
        "ratio",
        statistics,
        np.arange(statistics.shape[1]),
        row_weights(moments, plan),
        covariance + covariance_of_single_units(moments, plan, on_means, rows, notes),
    )
    weights = MeanWeights(
        on_means,
        cohort_means(moments, len(panel.cohorts)),
        panel.cohorts,
        panel.periods,
        "linearised",
    )
    return MethodResult(rows, numbers, weights, notes=notes, influence=by_cluster)


@dataclass(frozen=True, slots=True)
class Totals:
    """Some rows of the result; the first axis of two is (treated, counterfactual).

    Attributes
    ----------
    totals : (2, rows)
    direct, indirect : (strata, 2, rows, periods)
        What a unit's outcomes do to them by themselves, and by way of the regression.
    """

    totals: np.ndarray
    direct: np.ndarray
    indirect: np.ndarray


def _note_zeros(panel: Panel, plan: Plan, moments: Moments, notes: list[LedgerRow]) -> None:
    """Count the units whose untreated outcomes are all zero: so are their counterfactuals."""
    part = np.zeros((len(panel.cohorts), len(panel.periods)), dtype=bool)
    for s, cohort in enumerate(moments.cohort):
        part[cohort] |= plan.untreated[s]
    zero = over_parts(panel, partial(_zero_units, cells=part), int.__add__)
    if zero:
        reason = "unit whose untreated outcomes are all zero: its counterfactual is zero"
        notes.append(("note", reason, 0, zero, ()))


def _zero_units(panel: PreparedPanel, *, cells: np.ndarray) -> int:
    """Units seen in these (cohorts, periods) cells whose outcomes there are all zero."""
    seen, positive = np.zeros((2, len(panel.y)), dtype=bool)
    for t, y in enumerate(panel.y.T):
        seen |= cells[panel.cohort, t] & ~np.isnan(y)
        positive |= cells[panel.cohort, t] & (y > 0)
    return int((seen & ~positive).sum())


def _cells(
    panel: Panel, moments: Moments, plan: Plan, used: np.ndarray, notes: list[LedgerRow]
) -> tuple[Plan, Totals]:
    """Cells with a counterfactual.

    Observed total, and untreated totals carried on by period effects.
    """
    strata, periods = used.shape
    base = poisson_regression(
        moments, np.broadcast_to(np.eye(periods), (strata, periods, periods)), used
    )
    effect = np.exp(base.coefficient) * used.any(axis=0)
    below = used @ effect
    carried = np.divide(effect, below[:, None], out=np.zeros(used.shape), where=below[:, None] > 0)
    past = moments.weight * (moments.mean * used).sum(axis=1)
    counterfactual = np.einsum("cs,s,sc->c", plan.member, past, carried[:, plan.period])
    reason = "cell without untreated outcomes above zero to impute from"
    empty = counterfactual <= 0
    plan, counterfactual = usable(panel, plan, ~empty, reason, notes), counterfactual[~empty]
    by_stratum = plan.member.T * past[:, None] * carried[:, plan.period]
    by_effects = -by_stratum.T @ base.share
    by_effects[np.arange(len(counterfactual)), plan.period] += counterfactual
    relative = by_effects / counterfactual[:, None]
    tied = np.abs(relative @ base.bread @ base.gram - relative).max(axis=1) < UNDETERMINED
    reason = "cell whose period no untreated observation ties to the earlier ones"
    plan, by_effects = usable(panel, plan, tied, reason, notes), by_effects[tied]
    treated = np.einsum(
        "cs,sc->c", plan.member, (moments.weight[:, None] * moments.mean)[:, plan.period]
    )
    direct = np.zeros((strata, 2, len(plan.period), periods))
    direct[:, 0, np.arange(len(plan.period)), plan.period] = plan.member.T
    direct[:, 1] = (plan.member.T * carried[:, plan.period])[..., None] * used[:, None]
    indirect = np.zeros(direct.shape)
    indirect[:, 1] = np.einsum("ck,skt->sct", by_effects, base.slope, optimize=True)
    return plan, Totals(np.stack([treated, counterfactual[tied]]), direct, indirect)


def _leads(
    moments: Moments, plan: Plan, used: np.ndarray, notes: list[LedgerRow]
) -> tuple[Plan, Totals]:
    """Return the pre-trend test: untreated outcomes regressed on leads too.

    Their totals with and without the effect.
    """
    gone = separated(moments, plan.lead, used)
    if gone.any():
        shown = tuple(f"{e:g}" for e in plan.leads[gone][:3])
        notes.append(
            ("cells", "effect without outcomes above zero to set it by", int(gone.sum()), 0, shown)
        )
    used = used & ~plan.lead[..., gone].any(axis=2)
    plan = plan.with_leads(np.flatnonzero(~gone))
    periods = used.shape[1]
    effects = np.broadcast_to(np.eye(periods), (len(used), periods, periods))
    try:
        tests = poisson_regression(moments, np.concatenate([effects, plan.lead], axis=2), used)
    except ZgzxError:
        reason = "pre-trend test left out: its Poisson regression has no finite solution"
        notes.append(("cells", reason, len(plan.leads), 0, tuple(f"{e:g}" for e in plan.leads[:3])))
        nothing = np.zeros((len(used), 2, 0, periods))
        return plan.with_leads(np.arange(0)), Totals(np.zeros((2, 0)), nothing, nothing)
    note_leads(plan.leads[~tests.kept[periods:]], notes)
    rising = np.flatnonzero(tests.kept[periods:])[::-1]
    plan = plan.with_leads(rising)
    total = np.einsum("s,st,stl->l", moments.weight, moments.mean, plan.lead)
    without = total * np.exp(-tests.coefficient[periods + rising])
    direct = np.stack(
        [plan.lead, plan.lead * without / np.where(total > 0, total, 1)], axis=1
    ).swapaxes(2, 3)
    indirect = np.zeros(direct.shape)
    indirect[:, 1] = -without[:, None] * tests.slope[:, periods + rising]
    return plan, Totals(np.stack([total, without]), direct, indirect)


def _influence(
    moments: Moments, direct: np.ndarray, indirect: np.ndarray, cohorts: int
) -> Influence:
    """Influence of (treated, counterfactual) totals.

    What is direct is centred in its cohort, whose size is fixed.
    """
    strata, _, rows, periods = direct.shape
    slope = (direct + indirect).reshape(strata, 2 * rows, periods)
    touched = direct.any(axis=3).reshape(strata, -1)
    own = np.einsum("srkt,st->srk", direct, moments.mean).reshape(strata, -1)
    weight, sums = np.zeros((2, cohorts, 2 * rows))
    np.add.at(weight, moments.cohort, moments.weight[:, None] * touched)
    np.add.at(sums, moments.cohort, moments.weight[:, None] * own)
    mean = (
        np.divide(sums, weight, out=np.zeros_like(sums), where=weight > 0)[moments.cohort] * touched
    )
    level = np.einsum("skt,st->sk", slope, moments.mean) - mean
    return lambda s: (slope[s], level[s])
