"""One number out of an estimation: the window, event time or mean that a robustness check is about.

All checks name it alike, by `target`: a pair of event times (first, last) for the mean over a
window, one event time, "average" for the mean over all event times after treatment, or "overall"
for the mean over all treated observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.did.core.comparisons import unit_weights
from zgzx_research.did.core.inference import t_quantile
from zgzx_research.did.estimate import DEFAULTS, estimate_effects, unit_influence
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

Target = tuple[int, int] | int | Literal["average", "overall"]
ROUNDING = 1e-8  # part of a variance that is rounding
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n_treated", "n_comparison")


@dataclass(frozen=True, slots=True)
class SummaryInfluence:
    """One summary of one estimation, and how much each unit moves it.

    Attributes
    ----------
    value : float
        Difference, or log ratio on the ratio scale.
    influence : (units,) float
        Σ ψ² is the variance (Σ over clusters of the squared sums where there are clusters).
    units : (units,)
        Name of each unit.
    cluster : (units,)
        Name or number of its cluster: the unit itself without clusters.
    unexplained : float
        Part of the variance that no unit's influence holds: what cohorts of a single unit take
        from other cohorts.
    df : float
        Degrees of freedom of the t quantile; infinity = normal.
    totals : (2,) float
        Treated and counterfactual total on the ratio scale; None on the difference scale.
    by_totals : (units, 2) float
        Influence on the two totals.
    """

    value: float
    influence: np.ndarray
    units: np.ndarray
    cluster: np.ndarray
    unexplained: float
    df: float = np.inf
    totals: np.ndarray | None = None
    by_totals: np.ndarray | None = None

    @property
    def by_cluster(self) -> pd.Series:
        """Influence summed by cluster."""
        return pd.Series(self.influence).groupby(self.cluster).sum()

    @property
    def std_error(self) -> float:
        """Standard error."""
        return float(np.sqrt((self.by_cluster**2).sum() + self.unexplained))


def select_summary(effects: Effects, target: Target) -> tuple[pd.DataFrame, AggregatedValues]:
    """Labels and value of the summary that `target` names, as `Aggregate.select` gives them.

    Parameters
    ----------
    effects : Effects
        Of `estimate_effects`.
    target : (int, int), int, "average" or "overall"
        See the head of this module.

    Raises
    ------
    ZgzxError
        Unknown target, or no cohort is seen at these event times.
    """
    aggregate, window, row = _opened(effects, target)
    return aggregate.select(row, window)


def _opened(
    effects: Effects, target: Target
) -> tuple[Aggregate, tuple[int, int] | None, str | None]:
    """Return the aggregate that holds the target, and its window or row there."""
    if target == "overall":
        return effects.aggregate("overall"), None, "overall"
    event = effects.aggregate("event_time")
    if target == "average":
        return event, None, "overall"
    return event, check_target(target), None


def check_target(target: Target) -> tuple[int, int]:
    """Return the first and last event time of a target that is a window or one event time.

    Raises
    ------
    ZgzxError
        It is neither.
    """
    pair: Any = target if isinstance(target, tuple | list) else (target, target)
    whole = [isinstance(e, int | np.integer) and not isinstance(e, bool) for e in pair]
    if len(pair) != 2 or not all(whole) or pair[0] > pair[1]:
        raise ZgzxError(
            f"target={target!r} is neither a window of event times nor one event time",
            where="target",
            remedy="Pass e.g. target=(1, 3), target=1, target='average' or target='overall'.",
        )
    return int(pair[0]), int(pair[1])


def summary_row(effects: Effects, target: Target) -> dict[str, Any]:
    """Estimate, standard error, 95 % interval, p-value and units of one summary.

    Parameters
    ----------
    effects : Effects
        Of `estimate_effects`.
    target : (int, int), int, "average" or "overall"
        See the head of this module.

    Returns
    -------
    dict
        `NUMBERS`. On the ratio scale the estimate is a proportion, the interval is Fieller's, and
        the p-value is of treated total minus counterfactual total, so that both agree.
    """
    aggregate, window, row = _opened(effects, target)
    frame = aggregate.window(*window) if window else aggregate.overall
    _, values = aggregate.select(row, window)
    test = values.test_zero(effects.numbers, np.array([True]), effects.df)
    known = np.isfinite(frame["std_error"].iloc[0])
    found = {name: frame[name].iloc[0] for name in NUMBERS if name != "p_value"}
    return found | {"p_value": float(test["p_value"]) if known else np.nan}


def summary_influence(
    panel: PreparedPanel, target: Target = (1, 3), **options: Any
) -> SummaryInfluence:
    """How much each unit moves one summary: two of them have a joint covariance.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary.
    **options
        As in `estimate_effects`.

    Returns
    -------
    SummaryInfluence
        The value with the influence of each unit. Cohort shares count as in the estimation.

    Raises
    ------
    ZgzxError
        As `estimate_effects`; a method without influence values.

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
    >>> found = zr.summary_influence(panel, (0, 2))
    >>> len(found.influence), round(found.value, 2), round(found.std_error, 2)
    (14, 8.9, 0.9)
    """
    effects = estimate_effects(panel, **options)
    _, values = select_summary(effects, target)
    _, statistics = unit_influence(panel, **options)
    gradient = values.gradient[0]
    count = statistics.shape[1]
    influence = statistics @ gradient[:count]
    if len(effects.numbers.covariance) > count:
        influence = influence + _by_shares(panel, effects, gradient[count:])
    totals = by_totals = None
    if values.totals is not None and values.by_totals is not None:
        totals = values.totals[:, 0]
        by_totals = statistics @ values.by_totals[:, 0, :count].T
    units = np.arange(len(panel.y)) if panel.units is None else panel.units
    cluster = units if panel.cluster is None else panel.cluster
    summed = pd.Series(influence).groupby(cluster).sum().to_numpy()
    variance = float(values.covariance(effects.numbers)[0, 0])
    held = float(summed @ summed)
    if panel.cluster is not None:  # finite-sample factors are of clusters, not of units
        influence = influence * np.sqrt(variance / held) if held > 0 else influence
        held = variance
    rest = variance - held if variance - held > ROUNDING * variance else 0.0
    return SummaryInfluence(
        float(values.value[0]), influence, units, cluster, rest, effects.df, totals, by_totals
    )


def _by_shares(panel: PreparedPanel, effects: Effects, by_share: np.ndarray) -> np.ndarray:
    """(units,) influence through the cohort shares, which are estimates on the difference scale.

    A share is the cohort's part of all weights; what the other cohorts take off it cancels, for
    summaries do not change when all shares grow alike.
    """
    numbers = effects.numbers
    assert numbers.cohorts is not None
    start = panel.cohorts[panel.cohort]
    place = np.searchsorted(numbers.cohorts, start)
    inside = np.isin(start, numbers.cohorts)
    place = np.where(inside, place, 0)
    weight, size = unit_weights(panel.weights), np.bincount(place[inside], minlength=len(by_share))
    total = weight[inside].sum() / numbers.shares.sum()
    factor = np.sqrt(size / np.maximum(size - 1, 1)) if effects.options["cohort_correction"] else 1
    level = np.where(size > 1, by_share * factor / total, 0.0)
    return np.where(inside, weight * level[place], 0.0)


def two_sided_p(z: float, df: float = np.inf) -> float:
    """Two-sided p-value of a t-statistic; infinite df = normal."""
    from scipy import special

    tail = special.ndtr(-abs(z)) if np.isinf(df) else special.stdtr(df, -abs(z))
    return float(2 * tail)


def interval(value: float, std_error: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Both ends of a symmetric interval."""
    half = t_quantile(level, df) * std_error
    return value - half, value + half


def check_options(given: dict[str, Any], where: str) -> None:
    """Refuse names that are no option of `estimate_effects`.

    Raises
    ------
    ZgzxError
        An unknown name.
    """
    unknown = sorted(set(given) - {*DEFAULTS, "method"})
    if unknown:
        raise ZgzxError(
            "no such option of estimate_effects",
            where=where,
            count=len(unknown),
            examples=unknown,
            remedy=f"Options are method, {', '.join(DEFAULTS)}.",
        )
