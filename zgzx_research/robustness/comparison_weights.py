"""Which comparisons drive an estimate: its weight on the mean of each cohort and period.

Every method hands over the weight of its statistics on these means (`Effects.weights`); every
summary knows its derivative by the statistics (`AggregatedValues.gradient`). The product is the
weight behind any estimate of any method.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

ESTIMAND = ["estimand", "cohort", "period", "event_time"]


def comparison_weights(
    result: Effects | Aggregate, *, row: str | None = None, window: tuple[int, int] | None = None
) -> pd.DataFrame:
    """Return the weight of every estimate on the mean outcome of each cohort and period.

    Parameters
    ----------
    result : Effects or Aggregate
        Effects (one estimate per cell), or an aggregate (one per row).
    row : str, optional
        "overall" for the overall estimate of an aggregate.
    window : (int, int), optional
        First and last event time, as in `Aggregate.window`.

    Returns
    -------
    pandas.DataFrame
        One row per estimate, cohort and period: estimand cohort period event_time (of the estimate)
        mean_cohort (missing = never treated) mean_period weight mean contribution (weight times
        mean) kind.

    Notes
    -----
    `kind` says what the weights are. "exact": the contributions of an estimate add up to it.
    "pairwise": each comparison uses only the units it observes in both periods, so its means are
    not quite these. "reweighted": covariates change the weights within a cohort. "linearised"
    (ratio scale): the derivative of the log ratio, so a contribution says by how many percent
    "treated over counterfactual" rises when that mean rises by one percent. `check_weights`
    measures how near weights times means come to the estimate.

    Raises
    ------
    ZgzxError
        A row or window asked of effects that are not aggregated.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> table = pd.DataFrame({"firm": [1, 1, 2, 2, 3, 3, 4, 4], "year": [1, 2] * 4})
    >>> table["patents"] = [1, 5, 3, 9, 2, 3, 4, 8]
    >>> table["first_award"] = [2.0] * 4 + [None] * 4
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> event = zr.estimate_effects(panel).aggregate("event_time")
    >>> columns = ["mean_cohort", "mean_period", "weight", "mean"]
    >>> zr.comparison_weights(event, row="overall")[columns]
       mean_cohort  mean_period  weight  mean
    0            2            1    -1.0   2.0
    1            2            2     1.0   7.0
    2         <NA>            1     1.0   3.0
    3         <NA>            2    -1.0   5.5
    """
    labels, rows = _selected(result, row, window)
    weights = _effects(result).weights
    weight = _weight_on_means(rows, _effects(result))
    estimates, cohorts, periods = weight.shape
    frame = (
        labels[ESTIMAND]
        .iloc[np.repeat(np.arange(estimates), cohorts * periods)]
        .reset_index(drop=True)
    )
    treated = np.where(np.isinf(weights.cohorts), np.nan, weights.cohorts)
    return frame.assign(
        mean_cohort=pd.array(np.tile(np.repeat(treated, periods), estimates), dtype="Int64"),
        mean_period=np.tile(weights.periods, estimates * cohorts),
        weight=weight.ravel(),
        mean=np.tile(weights.means.ravel(), estimates),
        contribution=_contribution(weight, weights.means).ravel(),
        kind=weights.kind,
    )


def check_weights(
    result: Effects | Aggregate, *, row: str | None = None, window: tuple[int, int] | None = None
) -> pd.DataFrame:
    """How near weights times means come to each estimate.

    Parameters
    ----------
    result, row, window : Effects or Aggregate, str, (int, int)
        As in `comparison_weights`.

    Returns
    -------
    pandas.DataFrame
        One row per estimate: its labels, estimate (a log ratio on the ratio scale), weighted_sum,
        difference, kind. Where kind is "exact", the difference is rounding. On the ratio scale the
        weighted sum is zero by construction: a ratio stays as it is when all means grow alike.

    Raises
    ------
    ZgzxError
        A row or window asked of effects that are not aggregated.
    """
    labels, rows = _selected(result, row, window)
    effects = _effects(result)
    weighted_sum = _contribution(_weight_on_means(rows, effects), effects.weights.means).sum(
        axis=(1, 2)
    )
    return labels[ESTIMAND].assign(
        estimate=rows.value,
        weighted_sum=weighted_sum,
        difference=weighted_sum - rows.value,
        kind=effects.weights.kind,
    )


def _effects(result: Effects | Aggregate) -> Effects:
    return result.effects if isinstance(result, Aggregate) else result


def _selected(
    result: Effects | Aggregate, row: str | None, window: tuple[int, int] | None
) -> tuple[pd.DataFrame, AggregatedValues]:
    if isinstance(result, Aggregate):
        return result.select(row, window)
    if row or window:
        raise ZgzxError(
            "row and window are parts of an aggregate",
            where="comparison_weights",
            remedy="Pass effects.aggregate('event_time') instead of the effects.",
        )
    return result.select()


def _weight_on_means(rows: AggregatedValues, effects: Effects) -> np.ndarray:
    """(estimates, cohorts, periods); cohort shares are held where they are."""
    weights = effects.weights.weights
    return np.tensordot(rows.gradient[:, : len(weights)], weights, axes=1)


def _contribution(weight: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(estimates, cohorts, periods) weight times mean.

    A mean nobody is observed for has weight and part zero.
    """
    return np.where(weight == 0, 0.0, weight * means)
