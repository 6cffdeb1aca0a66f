"""The public entry: from a prepared panel and a few words to effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did import counts, group_time
from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.effects import Effects
from zgzx_research.did.moments import Moments, cohort_moments
from zgzx_research.did.prepare import PreparedPanel
from zgzx_research.errors import ZgzxError

SCALES = {"difference": counts.difference_statistics, "ratio": counts.ratio_statistics}
OPTIONS = {
    "method": ("group_time",),
    "adjustment": ("none",),
    "controls": group_time.CONTROLS,
    "base_period": group_time.BASE_PERIODS,
    "scale": tuple(SCALES),
}


def estimate_effects(
    panel: PreparedPanel,
    *,
    method: str = "group_time",
    adjustment: str = "none",
    controls: str = "never_treated",
    base_period: str = "universal",
    anticipation: int = 0,
    leave_out: int = 0,
    scale: str = "difference",
) -> Effects:
    """Staggered difference-in-differences on a prepared panel.

    Parameters
    ----------
    controls : "never_treated" or "not_yet_treated" (not treated by the later of the two periods compared).
    base_period : "universal" (last period before treatment), "varying" (the period before, in pre-treatment cells) or
        "pooled" (the mean of all periods before treatment).
    anticipation : periods before treatment in which units may already react; the base lies before them.
    leave_out : periods before treatment that take no part (the donut): no base, no pre-test, no aggregate.
    scale : "difference", or "ratio" for counts (proportional effect).

    Raises
    ------
    ZgzxError : unknown option; no comparison group; no cohort with a base period.

    References
    ----------
    Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
    Wooldridge, J. (2023), Econometrics Journal 26(3).
    """
    options = {
        "method": method, "adjustment": adjustment, "controls": controls, "base_period": base_period,
        "anticipation": anticipation, "leave_out": leave_out, "scale": scale,
        "first_period": int(panel.periods[0]), "last_period": int(panel.periods[-1]),
    }  # fmt: skip
    _check_options(options)
    if controls == "never_treated" and not np.isinf(panel.cohorts).any():
        raise ZgzxError(
            "every unit is treated in the end, so nobody is left to compare with", where="estimate_effects",
            count=len(panel.cohort), remedy="Pass controls='not_yet_treated'.",
        )  # fmt: skip
    if scale == "ratio" and np.nanmin(panel.y) < 0:
        below = int((panel.y < 0).sum())
        raise ZgzxError(
            "the ratio scale needs outcomes of zero or more", where=f"column {panel.roles['outcome']!r}", count=below,
            examples=(f"{value:g}" for value in np.unique(panel.y[panel.y < 0])[:3]), remedy="Pass scale='difference'.",
        )  # fmt: skip
    plan = group_time.plan_cells(
        panel.cohorts, panel.periods, controls=controls, base_period=base_period,
        anticipation=anticipation, leave_out=leave_out,
    )  # fmt: skip
    moments = cohort_moments(panel.y, panel.cohort, panel.weights)
    notes: list[tuple] = list(panel.ledger.itertuples(index=False, name=None))
    _note_cohorts(panel, plan, moments, notes)
    means = group_time.cell_means(moments, plan, panel.gaps)
    usable = _usable(panel, plan, means, scale, notes)
    cells = plan.take(usable)
    means = group_time.cell_means(moments, cells, panel.gaps)
    return _effects(panel, moments, cells, means, options, notes)


def _check_options(options: dict[str, Any]) -> None:
    for name, allowed in OPTIONS.items():
        if options[name] not in allowed:
            remedy = f"Choose one of {', '.join(allowed)}."
            raise ZgzxError(f"{name}={options[name]!r} is unknown", where="estimate_effects", remedy=remedy)
    for name in ("anticipation", "leave_out"):
        if not isinstance(options[name], int) or options[name] < 0:
            raise ZgzxError(f"{name}={options[name]!r} must be 0 or a positive whole number", where="estimate_effects")


def _note_cohorts(panel: PreparedPanel, plan: group_time.Cells, moments: Moments, notes: list[tuple]) -> None:
    """Cohorts without a base period leave; cohorts of one unit have no standard error of their own."""
    for c, g in enumerate(panel.cohorts):
        units = int(moments.units[moments.cohort == c].sum())
        if np.isfinite(g) and c not in plan.cohort:
            notes.append(("cohorts", "no period before treatment to serve as base", 0, units, (f"{g:g}",)))
        elif np.isfinite(g) and units < 2:
            notes.append(("note", "cohort of one unit: no standard error of its own", 0, units, (f"{g:g}",)))


def _usable(
    panel: PreparedPanel, plan: group_time.Cells, means: group_time.CellMeans, scale: str, notes: list[tuple]
) -> np.ndarray:
    """Which cells can be estimated; the others go to the ledger with the reason."""
    empty = (means.weight == 0).any(axis=1)
    zero = (scale == "ratio") & ~empty & (means.value[:, 1:] <= 0).any(axis=1)
    for gone, reason in (
        (empty, "cell without observed treated or comparison units"),
        (zero, "cell whose base or comparison mean is not positive"),
    ):
        if gone.any():
            at = zip(panel.cohorts[plan.cohort[gone]], panel.periods[plan.period[gone]], strict=True)
            shown = tuple(f"({g:g}, {t})" for g, t in at)[:3]
            notes.append(("cells", reason, int(gone.sum()), 0, shown))
    usable = ~(empty | zero)
    if not len(plan.cohort):
        raise ZgzxError(
            "no unit is treated after a period that could serve as base", where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()), remedy="See that first_treated is the right column.",
        )  # fmt: skip
    if zero.all():
        raise ZgzxError(
            "no base or comparison mean is positive, so there is no ratio", where="estimate_effects",
            count=int(zero.sum()), remedy="Pass scale='difference' or base_period='pooled'.",
        )  # fmt: skip
    if not usable.any():
        raise ZgzxError(
            "no cohort can be compared: none has a base period together with a comparison group",
            where="estimate_effects", count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, lower anticipation or leave_out, or try controls='not_yet_treated'.",
        )  # fmt: skip
    return usable


def _effects(
    panel: PreparedPanel,
    moments: Moments,
    cells: group_time.Cells,
    means: group_time.CellMeans,
    options: dict,
    notes: list,
) -> Effects:
    used, cohort = np.unique(cells.cohort, return_inverse=True)
    with_base = np.isinf(panel.cohorts) | np.isin(np.arange(len(panel.cohorts)), used)
    by_cohort = np.bincount(moments.cohort, moments.weight, minlength=len(panel.cohorts)) * with_base
    shares = by_cohort / by_cohort.sum()
    statistics, gradient = SCALES[options["scale"]](means.value, means.weight)
    joint = group_time.joint_covariance(moments, cells, means, gradient, shares)
    keep = np.concatenate([np.arange(statistics.size), statistics.size + used])
    numbers = CellStatistics(options["scale"], statistics, cohort, shares[used], joint[np.ix_(keep, keep)])
    start = panel.cohorts[cells.cohort].astype(np.int64)
    frame = pd.DataFrame(
        {
            "cohort": start,
            "period": panel.periods[cells.period],
            "event_time": panel.periods[cells.period] - start,
            "role": cells.role,
            "n_treated": means.units[:, 0],
            "n_comparison": means.units[:, 1],
            "base_mean": means.value[:, 1],
        }
    )
    ledger = pd.DataFrame(notes, columns=panel.ledger.columns)
    return Effects(frame, numbers, panel.cohorts[used], ledger, options)
