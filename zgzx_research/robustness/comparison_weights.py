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
NOTHING = 1e-9  # a weight this small beside the sum is rounding
LEAST = 3  # units of a cohort that is named


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
        mean) kind units (of the mean's cohort, and of the never treated the largest comparison
        group; missing where the method does not say).

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
        units=pd.array(np.tile(np.repeat(_units(result), periods), estimates), dtype="Int64"),
    )


def weight_summary(weights: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Say which cohorts and years of the treated carry one estimate.

    What counts is the weight on the means of the treated from their first treated period on; where
    weights are derivatives (ratio scale), the weight times the mean. Each enters with its size.

    Parameters
    ----------
    weights : DataFrame
        Result of `comparison_weights`, the rows of one estimate.
    least : int, default 3
        Cohorts of fewer units count among all, but are never the largest: a weight times a mean
        would tell the outcome of one or two.

    Returns
    -------
    pandas.DataFrame
        One row: groups (cohorts with any weight), largest_cohort (first treated period of the
        cohort with most), largest_share, largest_three_share (of all, 0 to 1), effective_number
        (1 / sum of the squared shares: as many cohorts of equal weight would be as concentrated).
        No rows where no treated mean has any weight, or no cohort has enough units.

    Examples
    --------
    >>> table = pd.DataFrame({"mean_cohort": [2012, 2012, 2014, None], "kind": "exact"})
    >>> table["mean_period"] = [2011, 2012, 2014, 2014]
    >>> table["weight"], table["units"] = [-0.75, 0.75, 0.25, -1.0], [6, 6, 4, 90]
    >>> weight_summary(table)[["groups", "largest_cohort", "largest_share"]].values.tolist()
    [[2.0, 2012.0, 0.75]]
    """
    treated = weights[weights["mean_cohort"].notna()]
    cohort = treated["mean_cohort"].astype("int64")
    after = treated["mean_period"].ge(cohort)
    size = treated[shown_column(weights)].abs().where(after, 0.0).groupby(cohort).sum()
    units = treated.groupby(cohort)["units"].max()
    shares = size[size.gt(NOTHING * size.sum())] / size.sum()
    named = shares[units.reindex(shares.index).ge(least).fillna(False)]
    if named.empty:
        return pd.DataFrame()
    named = named.sort_values(ascending=False, kind="stable")
    row = {
        "groups": len(shares),
        "largest_cohort": int(named.index[0]),
        "largest_share": named.iloc[0],
        "largest_three_share": named.iloc[:3].sum(),
        "effective_number": 1 / (shares**2).sum(),
    }
    return pd.DataFrame([row])


def shown_column(weights: pd.DataFrame) -> str:
    """Choose the column: weights, or weights times means where weights are derivatives.

    With means of different size, plain derivatives cannot be compared.
    """
    return "contribution" if weights["kind"].eq("linearised").any() else "weight"


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

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> event = zr.estimate_effects(panel).aggregate("event_time")
    >>> bool(zr.check_weights(event)["difference"].abs().max() < 1e-12)
    True
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


def _units(result: Effects | Aggregate) -> np.ndarray:
    """(cohorts,) units of each cohort, NaN where the method does not say."""
    effects = _effects(result)
    cells, cohorts = effects.cells, effects.weights.cohorts
    known = cells.groupby(cells["cohort"].astype("float64"))["n_treated"].max().astype("float64")
    found = known.reindex(cohorts).to_numpy(copy=True)
    found[np.isinf(cohorts)] = cells["n_comparison"].max()
    return found


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
