"""What a test before treatment could have seen, and what passing it does to the estimates after.

Roth, J. (2022), American Economic Review: Insights 4(3), for a linear drift. His pre-test passes
when no single estimate before treatment is significant by itself. With the estimates normal,
(β_pre, β_post) ~ N(δ, Σ), the probability of passing is that of a rectangle, and the mean after
passing follows from that of a truncated normal (his proposition 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.did.core.inference import t_quantile
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.pretest import drift_of_cells
from zgzx_research.errors import ZgzxError

WIDEST = 1e6  # standard errors: beyond, no slope is looked for
POINTS = 200_000  # evaluations per probability of a rectangle; error below 1e-5 in four dimensions
SEED = 20_220_901  # of the quasi-random points of these integrals


@dataclass(frozen=True, slots=True)
class PretrendPower:
    """Power of the pre-test against a linear drift, and what passing it does.

    Attributes
    ----------
    slope : float
        The drift per period, in units of the outcome (ratio scale: as a proportion).
    power : float
        Probability that some estimate before treatment is significant.
    bayes_factor : float
        Probability of passing with this drift over that without any: near 1, passing says nothing.
    likelihood_ratio : float
        Likelihood of the estimates before treatment with this drift over that without any.
    table : pandas.DataFrame
        event_time, estimate, std_error, drift, mean_after_passing: what the drift by itself adds to
        each estimate, on average and among data that pass.
    """

    slope: float
    power: float
    bayes_factor: float
    likelihood_ratio: float
    table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Normal:
    """Estimates with a joint normal distribution around a drift.

    Attributes
    ----------
    times : (rows,) float
    value : (rows,)
    covariance : (rows, rows)
    unit_drift : (rows,)
        What a drift of one per period adds.
    before : (rows,) bool
        Rows that are tested.
    critical : float
        Quantile of the tests.
    """

    times: np.ndarray
    value: np.ndarray
    covariance: np.ndarray
    unit_drift: np.ndarray
    before: np.ndarray
    critical: float

    def passing(self, slope: float) -> float:
        """Probability that no estimate before treatment is significant."""
        pre = self.before
        reach = self.critical * np.sqrt(np.diag(self.covariance)[pre])
        drift = slope * self.unit_drift[pre]
        return rectangle(-reach - drift, reach - drift, self.covariance[np.ix_(pre, pre)])

    def mean_after_passing(self, slope: float) -> np.ndarray:
        """(rows,) mean of the estimates among data that pass."""
        pre, drift = self.before, slope * self.unit_drift
        inner = self.covariance[np.ix_(pre, pre)]
        reach = self.critical * np.sqrt(np.diag(inner))
        moved = truncated_mean(-reach - drift[pre], reach - drift[pre], inner)
        return np.asarray(drift + self.covariance[:, pre] @ np.linalg.solve(inner, moved))


def pretrend_power(
    event: Aggregate, slope: float | None = None, *, power: float = 0.8, level: float = 0.95
) -> PretrendPower:
    """Power of the tests before treatment against a linear drift (Roth 2022).

    Parameters
    ----------
    event : Aggregate
        From `effects.aggregate("event_time")`.
    slope : float, optional
        Drift per period; None for the one that is found with this `power`.
    power : float, default 0.8
        Between 1 - level and 1.
    level : float, default 0.95
        Of the tests, estimate by estimate.

    Returns
    -------
    PretrendPower
        The same numbers as the R package pretrends 0.1.0.

    Raises
    ------
    ZgzxError
        Nothing to test, unknown covariances, or a power that no slope has.

    Notes
    -----
    The package's own test is joint (`Aggregate.pretest`, which states the slope it could have
    seen); here each estimate is tested by itself, as most papers do. On the ratio scale totals are
    tested, and drift and means are in proportion to the counterfactual total.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> event = zr.estimate_effects(panel).aggregate("event_time", min_event=-3)
    >>> found = zr.pretrend_power(event)
    >>> round(found.slope, 3), round(found.power, 3)
    (1.371, 0.8)
    """
    normal, scale = _normal(event, level)
    if slope is None:
        slope = _slope_at(normal, power)
    passing, none = normal.passing(slope), normal.passing(0.0)
    pre = normal.before
    inner, value = normal.covariance[np.ix_(pre, pre)], normal.value[pre]
    apart = value - slope * normal.unit_drift[pre]
    ratio = value @ np.linalg.solve(inner, value) - apart @ np.linalg.solve(inner, apart)
    table = pd.DataFrame(
        {
            "event_time": normal.times.astype(int),
            "estimate": normal.value / scale,
            "std_error": np.sqrt(np.diag(normal.covariance)) / scale,
            "drift": slope * normal.unit_drift / scale,
            "mean_after_passing": normal.mean_after_passing(slope) / scale,
        }
    )
    return PretrendPower(float(slope), 1 - passing, passing / none, float(np.exp(ratio / 2)), table)


def slope_for_power(event: Aggregate, power: float = 0.8, *, level: float = 0.95) -> float:
    """Drift per period that the tests before treatment find with this power (Roth 2022).

    Parameters
    ----------
    event, power, level
        As in `pretrend_power`.

    Returns
    -------
    float
        In units of the outcome per period; as a proportion on the ratio scale.

    Raises
    ------
    ZgzxError
        As `pretrend_power`.

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
    >>> event = zr.estimate_effects(panel).aggregate("event_time", min_event=-3)
    >>> round(zr.slope_for_power(event), 3)
    1.371
    """
    return _slope_at(_normal(event, level)[0], power)


def _normal(event: Aggregate, level: float) -> tuple[Normal, np.ndarray]:
    """Estimates that a drift moves, and what makes proportions of them."""
    labels, rows = event.select()
    used = labels["role"].isin(("pre", "post")).to_numpy()
    pre = event.effects.tested(labels)
    used = used & (pre | (labels["role"] == "post").to_numpy())
    if rows.totals is not None:
        used = used & (rows.totals[1] > 0)
    value, covariance, on_cells = rows.departures(event.effects.numbers, used)
    if not (pre & used).any():
        raise _nothing("there is no event time before treatment to test")
    if not np.isfinite(covariance).all() or not (np.diag(covariance) > 0).all():
        raise _nothing("a standard error is unknown or zero")
    times = labels.loc[used, "event_time"].to_numpy(float)
    critical = t_quantile(level, event.effects.df)
    unit_drift = on_cells @ drift_of_cells(event.effects)
    scale = np.ones(len(value)) if rows.totals is None else rows.totals[1][used]
    return Normal(times, value, covariance, unit_drift, pre[used], critical), scale


def _nothing(what: str) -> ZgzxError:
    remedy = "Aggregate by event time over several periods before treatment, with several units."
    return ZgzxError(what, where="pretrend_power", remedy=remedy)


def _slope_at(normal: Normal, power: float) -> float:
    """Slope at which the probability of not passing is `power`, by bracketing."""
    from scipy.optimize import brentq

    if not 1 - normal.passing(0.0) < power < 1:
        raise ZgzxError(
            f"no slope has a power of {power:g}",
            where="pretrend_power",
            remedy="Pass a power between the size of the test and 1, e.g. power=0.8.",
        )
    pre = normal.before
    drift = np.abs(normal.unit_drift[pre])
    error = np.sqrt(np.diag(normal.covariance)[pre])
    if not (drift > 0).any():
        raise _nothing("a drift does not move the estimates before treatment")
    one = float((error[drift > 0] / drift[drift > 0]).min())
    high = one
    while 1 - normal.passing(high) < power and high < WIDEST * one:
        high *= 2
    return float(brentq(lambda slope: 1 - normal.passing(slope) - power, 0.0, high, xtol=1e-9))


def rectangle(low: np.ndarray, high: np.ndarray, covariance: np.ndarray) -> float:
    """Probability that a normal with mean zero lies between low and high.

    Parameters
    ----------
    low, high : (dimensions,)
    covariance : (dimensions, dimensions)

    Examples
    --------
    >>> round(rectangle(np.array([-1.96]), np.array([1.96]), np.eye(1)), 3)
    0.95
    """
    from scipy import special, stats

    if not len(low):
        return 1.0
    if len(low) == 1:
        sd = np.sqrt(covariance[0, 0])
        return float(special.ndtr(high[0] / sd) - special.ndtr(low[0] / sd))
    normal = stats.multivariate_normal(
        np.zeros(len(low)), covariance, allow_singular=True, seed=SEED, maxpts=POINTS
    )
    return float(normal.cdf(high, lower_limit=low))


def truncated_mean(low: np.ndarray, high: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """(dimensions,) mean of a normal with mean zero, given that it lies between low and high.

    Tallis, G. (1961), Journal of the Royal Statistical Society B 23(1), for one rectangle:
    E x = Σ (F(low) - F(high)) with F_j(x) the density of coordinate j at x times the probability
    that the others lie inside, over the probability of the rectangle.

    Parameters
    ----------
    low, high : (dimensions,)
    covariance : (dimensions, dimensions)
    """
    inside = rectangle(low, high, covariance)
    edge = np.array(
        [
            _density(j, low, high, covariance, low[j]) - _density(j, low, high, covariance, high[j])
            for j in range(len(low))
        ]
    )
    return np.asarray(covariance @ edge / inside)


def _density(j: int, low: np.ndarray, high: np.ndarray, covariance: np.ndarray, at: float) -> float:
    """Density of coordinate j at a point, times the probability that the others lie inside."""
    others = np.arange(len(low)) != j
    variance = covariance[j, j]
    slope = covariance[others, j] / variance
    left = covariance[np.ix_(others, others)] - variance * np.outer(slope, slope)
    density = np.exp(-(at**2) / variance / 2) / np.sqrt(2 * np.pi * variance)
    return float(density * rectangle(low[others] - slope * at, high[others] - slope * at, left))
