"""Poisson regression with unit and period effects (PPML), from the sums of strata."""

from __future__ import annotations

from functools import partial

import numpy as np

from zgzx_research.designs.ppml.checks import check_counts
from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.method_result import EstimateRows, MeanWeights, MethodResult
from zgzx_research.did.core.moments import (
    Moments,
    cohort_means,
    each_stratum,
    influence_covariance,
    mean_weights,
    panel_moments,
)
from zgzx_research.did.core.poisson_regression import PoissonFit, poisson_regression, separated
from zgzx_research.did.core.small_cohorts import clusters_within
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.did.panel.sample import used_rows
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

DESIGNS = ("event_time", "static", "cohort_event")


def ppml(panel: PreparedPanel, design: str = "event_time", *, leave_out: int = 0) -> Effects:
    """Poisson regression of counts on treatment, with unit and period effects.

    Standard errors clustered by unit.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`; outcomes of zero or more, weights constant within units.
    design : str, default "event_time"
        "event_time" (one effect per event time; base: the last one before -leave_out), "static"
        (one effect), or "cohort_event" (one per cohort and event time, as Sun & Abraham 2021, on
        the log scale).
    leave_out : int, default 0
        Periods before treatment that take no part in "static", and are marked as left out
        otherwise.

    Returns
    -------
    Effects
        Estimates are coefficients: differences of logs, where exp(b) - 1 is the
        proportion.

    Raises
    ------
    ZgzxError
        Unknown design; negative outcomes; covariates; weights that change within units; nothing to
        estimate.

    References
    ----------
    Santos Silva, J. & Tenreyro, S. (2006), Review of Economics and Statistics 88(4).

    Examples
    --------
    >>> import pandas as pd
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> zr.ppml(panel, "static").to_frame()["estimate"].round(3).tolist()  # a difference of logs
    [1.699]
    """
    _check(panel, design, leave_out)
    panel, windows = used_rows(panel, leave_out)
    moments = panel_moments(panel.y, panel.cohort, panel.weights[:, 0], panel.cluster)
    event = panel.periods - panel.cohorts[:, None]
    allowed = (event >= 0) | (event < -leave_out) | (design != "static")
    total = np.zeros(event.shape)
    np.add.at(total, moments.cohort, moments.weight[:, None] * moments.mean)
    used = moments.observed & allowed[moments.cohort] & (total.sum(axis=0) > 0)
    effects, dummies = _dummies(panel.cohorts, event, design, -leave_out - 1)
    dummies = dummies[moments.cohort]
    gone = separated(moments, dummies, used)
    used &= ~dummies[..., gone].any(
        axis=2
    )  # what only a separated effect explains says nothing about the others
    periods = np.broadcast_to(np.eye(len(panel.periods)), (len(used), *used.shape[1:] * 2))
    fit = poisson_regression(moments, np.concatenate([periods, dummies * ~gone], axis=2), used)
    kept = fit.kept[len(panel.periods) :]
    notes = _effect_notes(effects, gone, kept)
    if not kept.any():
        raise ZgzxError(
            "no effect can be separated from unit and period effects",
            where="ppml",
            count=len(kept),
            remedy="Add units never treated, or earlier periods.",
        )
    result = _fit(panel, moments, fit, used, effects[kept], dummies[..., kept], leave_out)
    result.notes.extend([*windows, *notes])
    options = {
        "method": "ppml",
        "design": design,
        "base_period": "universal",
        "leave_out": leave_out,
        "first_period": int(panel.periods[0]),
        "last_period": int(panel.periods[-1]),
    }
    return Effects.from_result(result, panel.ledger, options)


def _check(panel: PreparedPanel, design: str, leave_out: int) -> None:
    check_counts(panel, design, DESIGNS, leave_out, "ppml")
    if panel.covariates is not None:
        raise ZgzxError(
            "ppml uses no covariates, but the panel has some",
            where="ppml",
            count=len(panel.covariate_names),
            examples=panel.covariate_names[:3],
            remedy="Call ppml_with_covariates, or prepare the panel without covariates.",
        )
    if design == "cohort_event" and not np.isinf(panel.cohorts).any():
        raise ZgzxError(
            "every unit is treated in the end, so nobody is left to compare with",
            where="ppml",
            count=len(panel.cohort),
            remedy="Pass design='event_time'.",
        )


def _dummies(
    cohorts: np.ndarray, event: np.ndarray, design: str, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effects and their regressors of 0 and 1.

    The effects are (effects, 2), cohort and event time, NaN where for all; the regressors are
    (cohorts, periods, effects).

    Late event times come first, so that where not all effects are determined the earliest give way.
    """
    if design == "static":
        return np.array([[np.nan, np.nan]]), (event >= 0)[..., None].astype(float)
    finite = np.isfinite(event)
    times = np.unique(event[finite & (event != base)])[::-1]
    if design == "event_time":
        return np.column_stack([np.full(len(times), np.nan), times]), (
            event[..., None] == times
        ).astype(float)
    pairs = np.array([(g, e) for e in times for g in cohorts if (event[cohorts == g] == e).any()])
    of_cohort = cohorts[:, None, None] == pairs[:, 0]
    return pairs, (of_cohort & (event[..., None] == pairs[:, 1])).astype(float)


def _effect_notes(effects: np.ndarray, gone: np.ndarray, kept: np.ndarray) -> list[LedgerRow]:
    notes = []
    for left, reason in (
        (gone, "effect without outcomes above zero to set it by"),
        (~kept & ~gone, "event time that unit and period effects and the others make up"),
    ):
        if left.any():
            shown = tuple(
                f"{e:g}" if np.isnan(g) else f"({g:g}, {e:g})" for g, e in effects[left][:3]
            )
            notes.append(("cells", reason, int(left.sum()), 0, shown))
    return notes


def _fit(
    panel: PreparedPanel,
    moments: Moments,
    fit: PoissonFit,
    used: np.ndarray,
    effects: np.ndarray,
    dummies: np.ndarray,
    leave_out: int,
) -> MethodResult:
    """Return rows in rising order with their clustered covariance, by fixest's factor."""
    order = np.lexsort((effects[:, 1], effects[:, 0]))
    effects, dummies = effects[order], dummies[..., order]
    chosen = len(panel.periods) + np.flatnonzero(fit.kept[len(panel.periods) :])[order]
    parameters = int(fit.kept.sum()) + 1  # unit effects lie within clusters and do not count
    rows, units, clusters, notes = _informative(panel, moments, used, parameters)
    influence = each_stratum(partial(_influence, fit.slope[:, chosen], moments.mean))
    covariance, by_cluster = influence_covariance(moments, influence)
    factor = (rows - 1) / (rows - parameters) * clusters / (clusters - 1)
    by_cluster = None if by_cluster is None else np.sqrt(factor) * by_cluster

    shares = (moments.weight[:, None, None] * dummies * used[..., None]).sum(axis=(0, 1))
    numbers = JointStatistics(
        "difference",
        fit.coefficient[chosen][None],
        np.arange(len(chosen)),
        shares,
        factor * covariance,
    )
    count = len(panel.cohorts)
    weights = MeanWeights(
        mean_weights(moments, influence, count),
        cohort_means(moments, count),
        panel.cohorts,
        panel.periods,
        "linearised",
    )
    labels = _labels(moments, used, effects, dummies, units, leave_out)
    return MethodResult(
        labels, numbers, weights, df=clusters - 1.0, notes=notes, influence=by_cluster
    )


def _labels(
    moments: Moments,
    used: np.ndarray,
    effects: np.ndarray,
    dummies: np.ndarray,
    units: int,
    leave_out: int,
) -> EstimateRows:
    """Label the effects, and count the units behind them."""
    cohort, event = effects.T
    role = np.where(event >= 0, "post", np.where(event >= -leave_out, "left_out", "pre"))
    touched = (dummies * used[..., None] > 0).any(axis=1)  # (strata, rows)
    size = moments.units @ touched
    off = (dummies == 0) & used[..., None] & touched[:, None]
    weight = moments.weight[:, None, None] * off
    base = (weight * moments.mean[..., None]).sum(axis=(0, 1)) / weight.sum(axis=(0, 1))
    return EstimateRows(
        cohort,
        cohort + event,
        event,
        np.where(np.isnan(event), "static", role),
        size,
        np.full(len(size), units) - size,
        base,
        clusters_within(moments, touched.T),
    )


def _influence(slope: np.ndarray, mean: np.ndarray, s: int) -> tuple[np.ndarray, np.ndarray]:
    return slope[s], slope[s] @ mean[s]


def _informative(
    panel: PreparedPanel, moments: Moments, used: np.ndarray, parameters: int
) -> tuple[int, int, int, list[LedgerRow]]:
    """Rows, units and clusters that say something, and notes on the units that do not.

    Their fit is perfect.
    """
    part = np.zeros((len(panel.cohorts), used.shape[1]), dtype=bool)
    for s, cohort in enumerate(moments.cohort):
        part[cohort] |= used[s]
    seen = np.zeros(len(panel.y), dtype=np.int64)
    positive = np.zeros(len(panel.y), dtype=bool)
    for t, y in enumerate(panel.y.T):
        here = part[panel.cohort, t] & ~np.isnan(y)
        seen += here
        positive |= here & (y > 0)
    notes: list[LedgerRow] = []
    for silent, reason in (
        (
            ~positive & (seen > 0),
            "unit without any outcome above zero: says nothing about proportions",
        ),
        (positive & (seen == 1), "unit observed in one period only: its own effect takes it up"),
    ):
        if silent.any():
            notes.append(("units", reason, int(seen[silent].sum()), int(silent.sum()), ()))
    speaks = positive & (seen > 1)
    clusters = speaks.sum() if panel.cluster is None else len(np.unique(panel.cluster[speaks]))
    rows = int(seen[speaks].sum())
    if clusters < 2 or rows <= parameters:
        raise ZgzxError(
            "too few clusters or rows for a standard error",
            where="ppml",
            examples=(f"{clusters} clusters", f"{rows} rows", f"{parameters} parameters"),
            remedy="Use a longer or larger panel, or clusters of fewer units.",
        )
    return rows, int(speaks.sum()), int(clusters), notes
