"""What imputation fits and what it imputes, on either scale.

The untreated observations, the cells, the leads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zgzx_research.did.core.conflicts import EventWindow
from zgzx_research.did.core.method_result import EstimateRows, row_labels
from zgzx_research.did.core.moments import Moments
from zgzx_research.did.core.single_unit_cohorts import single_unit_covariance, single_unit_notes
from zgzx_research.did.core.small_cohorts import (
    clusters_within,
    cohort_sizes,
    only_unit,
    size_notes,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fitted and what is imputed.

    Attributes
    ----------
    untreated : (strata, periods) bool
        Observations the fit uses.
    own : numpy.ndarray
        The same as weights, rows sum to 1 (or 0).
    cohort, period : (cells,) int
        Indices.
    role : (cells,) str
    member : (cells, strata) bool
        Strata observed in the cell that have untreated observations.
    leads : (leads,)
        Event times of the pre-trend test.
    lead : (strata, periods, leads)
        Their 0/1 regressors.
    """

    untreated: np.ndarray
    own: np.ndarray
    cohort: np.ndarray
    period: np.ndarray
    role: np.ndarray
    member: np.ndarray
    leads: np.ndarray
    lead: np.ndarray

    def take(self, rows: np.ndarray) -> Plan:
        """Return the plan with these cells only."""
        return replace(
            self,
            cohort=self.cohort[rows],
            period=self.period[rows],
            role=self.role[rows],
            member=self.member[rows],
        )

    def with_leads(self, which: np.ndarray) -> Plan:
        """Return the plan with these leads only, in this order."""
        return replace(self, leads=self.leads[which], lead=self.lead[..., which])

    def weight(self, moments: Moments) -> np.ndarray:
        """(cells,) weight of the treated observations."""
        return self.member @ moments.weight


def make_plan(
    panel: Panel,
    moments: Moments,
    masked: int,
    leave_out: int,
    event_window: EventWindow | None,
    notes: list[LedgerRow],
) -> Plan:
    """Cells and leads of a panel; units and cells that cannot take part go to the notes.

    Leads fall, so that where not all of them are determined the earliest give way.
    """
    event = panel.periods - panel.cohorts[:, None]
    untreated = moments.observed & (event < -masked)[moments.cohort]
    count = untreated.sum(axis=1, keepdims=True)
    own = np.divide(untreated, count, out=np.zeros(untreated.shape), where=count > 0)
    first, last = event_window or (-np.inf, np.inf)
    treated = np.isfinite(event) & (event >= -masked) & (event <= last)
    cohort, period = np.nonzero(treated)
    now = event[cohort, period]
    if not (now >= 0).any():
        raise ZgzxError(
            "no unit is treated within the periods observed",
            where="estimate_effects",
            count=int(moments.units.sum()),
            remedy="See that first_treated is the right column.",
        )
    role = np.where(now >= 0, "post", np.where(now >= -leave_out, "left_out", "pre"))
    member = (moments.cohort == cohort[:, None]) & moments.observed.T[period] & (count[:, 0] > 0)
    by_stratum = event[moments.cohort]
    times = np.unique(by_stratum[untreated & np.isfinite(by_stratum)])
    leads = times[times >= first][::-1] if np.isfinite(first) else times[1:][::-1]
    lead = ((by_stratum[..., None] == leads) & untreated[..., None]).astype(float)
    plan = Plan(untreated, own, cohort, period, role, member, leads, lead)
    _note_units(panel, moments, untreated, notes)
    return usable(
        panel,
        plan,
        member.any(axis=1),
        "cell without treated units observed before treatment",
        notes,
    )


def _note_units(
    panel: Panel, moments: Moments, untreated: np.ndarray, notes: list[LedgerRow]
) -> None:
    """Treated units never seen untreated have no counterfactual; small cohorts are flagged."""
    start = panel.cohorts[moments.cohort]
    lost = np.isfinite(start) & ~untreated.any(axis=1)
    if lost.any():
        rows = int((moments.units * moments.observed.sum(axis=1))[lost].sum())
        shown = tuple(f"{g:g}" for g in np.unique(start[lost])[:3])
        reason = "treated unit without an untreated observation to impute from"
        notes.append(("units", reason, rows, int(moments.units[lost].sum()), shown))
    notes.extend(size_notes(panel.cohorts, *cohort_sizes(moments, len(panel.cohorts))))


def usable(panel: Panel, plan: Plan, keep: np.ndarray, reason: str, notes: list[LedgerRow]) -> Plan:
    """Return the plan without the cells that are not to be kept, which are named in the notes.

    Raises
    ------
    ZgzxError
        No cell after treatment is left.
    """
    if not keep.all():
        at = zip(panel.cohorts[plan.cohort[~keep]], panel.periods[plan.period[~keep]], strict=True)
        shown = tuple(f"({g:g}, {t})" for g, t in at)[:3]
        notes.append(("cells", reason, int((~keep).sum()), 0, shown))
    if not (keep & (plan.role == "post")).any():
        raise ZgzxError(
            "no outcome after treatment can be imputed",
            where="estimate_effects",
            count=len(keep),
            examples=(notes[-1][1],) if notes else (),
            remedy="Add untreated units or earlier periods, or lower anticipation or leave_out.",
        )
    return plan.take(keep)


def note_leads(leads: np.ndarray, notes: list[LedgerRow]) -> None:
    """Name the leads that had to go."""
    if len(leads):
        reason = "event time that unit and period effects and the others make up"
        notes.append(("cells", reason, len(leads), 0, tuple(f"{e:g}" for e in leads[:3])))


def labels(panel: Panel, moments: Moments, plan: Plan) -> EstimateRows:
    """Labels of the leads, then of the cells."""
    leads, nothing = len(plan.leads), np.full(len(plan.leads), np.nan)
    start, now = panel.cohorts[plan.cohort], panel.periods[plan.period].astype(float)
    touched = plan.lead.any(axis=1).T
    strata = np.vstack([touched, plan.member])
    fitted = plan.untreated.any(axis=1) @ moments.units
    treated = strata @ moments.units
    comparison = moments.units @ plan.untreated[:, plan.period]
    weight = strata * moments.weight
    base = weight @ (plan.own * moments.mean).sum(axis=1) / weight.sum(axis=1)
    return EstimateRows(
        np.concatenate([nothing, start]),
        np.concatenate([nothing, now]),
        np.concatenate([plan.leads, now - start]),
        np.concatenate([np.full(leads, "pre"), plan.role]).astype(str),
        treated,
        np.concatenate([fitted - treated[:leads], comparison]),
        base,
        clusters_within(moments, strata),
    )


def covariance_of_single_units(
    moments: Moments, plan: Plan, on_means: np.ndarray, rows: EstimateRows, notes: list[LedgerRow]
) -> np.ndarray:
    """(statistics, statistics) what means of one unit or cluster add to the covariance.

    Cells use the means of whole cohorts, or of the one unit of several that is observed in them. A
    lead that rests on more than one unit has their spread about what is fitted.

    Parameters
    ----------
    on_means : (statistics, cohorts, periods)
        Leads and cells once for each total.
    rows : EstimateRows
        Labels of each lead and cell.
    notes : list[LedgerRow]
        What nothing can be covariance_of_single_units to; grows.
    """
    cohorts, leads = np.arange(on_means.shape[1]), len(plan.leads)
    strata = np.vstack([plan.lead.any(axis=1).T, plan.member])
    number = only_unit(moments, strata.T)
    cohort = moments.cohort[strata.argmax(axis=1)]
    single = np.where((cohort[:, None] == cohorts) & (number[:, None] > 0), 1 + number[:, None], 0)
    whole = np.tile(cohort_sizes(moments, len(cohorts))[1] == 1, (len(strata), 1))
    whole[:leads] &= single[:leads] > 0
    single[whole] = 1
    totals = len(on_means) // len(single)
    covariance = single_unit_covariance(
        moments, on_means, np.tile(single, (totals, 1)), relative=totals == 2
    )
    notes.extend(single_unit_notes(covariance, row_labels(rows)))
    return covariance


def row_weights(moments: Moments, plan: Plan) -> np.ndarray:
    """(rows,) weight of the observations behind each lead and each cell."""
    behind_leads = moments.weight @ plan.lead.sum(axis=1)
    return np.concatenate([behind_leads, plan.weight(moments)])
