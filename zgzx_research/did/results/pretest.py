"""Tests that nothing differs before treatment, and the drift that each could have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.did.core.inference import detectable_noncentrality, wald_test
from zgzx_research.did.core.method import check_word

if TYPE_CHECKING:
    from zgzx_research.did.results.effects import Effects

PretestForm = Literal["score", "wald"]
TestResult = dict[str, float | int | str]


def drift_test(
    effects: Effects,
    rows: AggregatedValues,
    tested: tuple[np.ndarray, np.ndarray],
    *,
    form: PretestForm,
    times: np.ndarray | None = None,
) -> TestResult:
    """Test that rows before treatment are zero together.

    Parameters
    ----------
    effects : Effects
        Of the estimation.
    rows : AggregatedValues
        Its effects by cohort and period, or summaries of them.
    tested : tuple of (rows,) bool
        Rows to test, and rows to test where a pooled base makes these sum to zero.
    form : str
        "score" or "wald".
    times : (rows,) float, optional
        Event times, for the test of two bins.

    Returns
    -------
    dict
        As in `Aggregate.pretest`.
    """
    check_word("form", form, ("score", "wald"))
    chosen, spare = tested
    result = _test(effects, rows, chosen, form, times)
    if result["note"] and chosen.any() and effects.options.get("base_period") == "pooled":
        return _test(effects, rows, spare, form, times)
    return result


def _test(
    effects: Effects,
    rows: AggregatedValues,
    chosen: np.ndarray,
    form: PretestForm,
    times: np.ndarray | None,
) -> TestResult:
    numbers = effects.numbers
    used = "wald" if numbers.null_covariance is None else form
    freedom = np.inf if used == "score" else effects.df
    value, covariance, on_cells = rows.departures(numbers, chosen, used)
    if times is not None:
        known = _known(rows, chosen)
        bins = two_bins(times[known], mean=rows.totals is None)
        value, covariance, on_cells = bins @ value, bins @ covariance @ bins.T, bins @ on_cells
    result = wald_test(value, covariance, freedom)
    slope = np.nan
    if not result["note"]:
        shift = on_cells @ drift_of_cells(effects)
        slope = _slope(shift, covariance, detectable_noncentrality(len(value), freedom))
    return result | {"form": used, "slope_detectable": slope}


def _known(rows: AggregatedValues, chosen: np.ndarray) -> np.ndarray:
    """(rows,) bool, the chosen rows that `departures` keeps."""
    return chosen if rows.totals is None else chosen & (rows.totals != 0).any(axis=0)


def two_bins(times: np.ndarray, *, mean: bool) -> np.ndarray:
    """(1 or 2, times) weights of the earlier event times together, and of the last one.

    Parameters
    ----------
    times : (times,) float
        Event times tested.
    mean : bool
        Mean of each bin (differences), or sum (totals).

    Examples
    --------
    >>> two_bins(np.array([-5.0, -4.0, -3.0, -2.0]), mean=False)
    array([[1., 1., 1., 0.],
           [0., 0., 0., 1.]])
    """
    last = times == times.max(initial=-np.inf)
    chosen = [one for one in (~last, last) if one.any()]
    bins = np.array(chosen, dtype=float).reshape(len(chosen), len(times))
    return bins / bins.sum(axis=1, keepdims=True) if mean else bins


def drift_of_cells(effects: Effects) -> np.ndarray:
    """(effects,) departures that a drift of one per period in the treated would cause.

    Treated outcomes rise, from the period of treatment backwards and forwards, by one unit per
    period (on the ratio scale by 100 % of what they would be). The estimate's weights on the means
    of its own cohort (of all treated ones, where it belongs to none) say what it makes of that; its
    base, whether one period or pooled, is then accounted for.
    """
    about, cells = effects.weights, effects.cells
    cohort = cells["cohort"].to_numpy(float, na_value=np.nan)[:, None]
    treated = np.isfinite(about.cohorts)
    own = np.where(np.isnan(cohort), treated, about.cohorts == cohort)
    event = np.where(treated[:, None], about.periods - about.cohorts[:, None], 0.0)
    if effects.numbers.scale == "difference":
        return np.einsum("cgt,cg,gt->c", about.weights, own, event)
    path = np.nan_to_num(about.means) * event
    without = about.weights[len(cells) :]
    base = np.einsum("cgt,cg,gt->c", without, own, path)
    times = cells["event_time"].to_numpy(float, na_value=np.nan)
    return np.asarray(effects.numbers.statistics[1] * times - base)


def _slope(shift: np.ndarray, covariance: np.ndarray, noncentrality: float) -> float:
    """Drift per period at which the test's noncentrality is this large."""
    information = float(shift @ np.linalg.solve(covariance, shift))
    return float(np.sqrt(noncentrality / information)) if information > 0 else np.nan
