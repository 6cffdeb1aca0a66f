"""How small an effect could have been seen, and whether a claimed one is ruled out.

Everything rests on the test that is reported: an effect is found where its interval leaves out
zero. On the ratio scale that is Fieller's interval from the treated total N and the counterfactual
total D. If every treated unit had (1 + θ) times its counterfactual, N would be (1 + θ) D with a
standard error in proportion, and zero is left out with probability Φ(θD / sd(θ) - c), sd(θ) being
that of N - D, c the quantile of the interval. The minimum detectable effect is the θ at which this
is 80 %. See docs/methodology/power.md for how often effects of this size are found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.did.core.inference import power_factor, t_quantile
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

NO_SIZE = (
    "no effect of any size: the standard error grows with the effect, and as few units decide, "
    "even the largest effect is found less often than asked"
)
NO_ERROR = "the estimate has no standard error"


@dataclass(frozen=True, slots=True)
class MinimumDetectableEffect:
    """The smallest true effect that the reported test finds with the power asked for.

    Attributes
    ----------
    effect : float
        On the scale of the estimate (ratio scale: .5 = 50 % more); infinite where no effect of any
        size is found so often, NaN where nothing is known.
    power : float
        Asked for.
    excluded_below, excluded_above : float
        Ends of the 95 % interval: effects beyond are ruled out by these data already, whatever
        could have been seen beforehand.
    reason : str
        Why there is no finite number; empty where there is one.
    """

    effect: float
    power: float
    excluded_below: float
    excluded_above: float
    reason: str


@dataclass(frozen=True, slots=True)
class EquivalenceTest:
    """Two one-sided tests that an effect lies within ± a claimed one.

    Attributes
    ----------
    low, high : float
        The 90 % interval.
    claimed : float
        Half-width of the range.
    p_value : float
        The larger of the two one-sided p values.
    equivalent : bool
        Whether the interval lies within the range: no effect as large as the claimed one.
    """

    low: float
    high: float
    claimed: float
    p_value: float
    equivalent: bool


def minimum_detectable_effect(
    result: Effects | Aggregate, window: tuple[int, int] | None = None, *, power: float = 0.8
) -> MinimumDetectableEffect:
    """Smallest true effect that the 95 % interval tells from zero with this power.

    Parameters
    ----------
    result : Effects or Aggregate
        Of effects, the overall estimate counts.
    window : (int, int), optional
        First and last event time, for the estimate of `Aggregate.window`.
    power : float, default 0.8
        Between .5 and 1.

    Returns
    -------
    MinimumDetectableEffect
        With the interval, and a reason where there is no number.

    Raises
    ------
    ZgzxError
        A power out of range; a window without estimate.

    Notes
    -----
    It may be larger than `excluded_above`. For a normal estimate near zero the interval ends at
    1.96 standard errors and the detectable effect is 2.80: an interval rules out what would have
    been found with 50 % power.

    References
    ----------
    Bloom, H. (1995), Evaluation Review 19(5); Fieller, E. (1954), Journal of the Royal Statistical
    Society B 16(2).

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
    >>> event = zr.estimate_effects(panel).aggregate("event_time")
    >>> found = zr.minimum_detectable_effect(event, (0, 2))
    >>> standard_error = event.window(0, 2)["std_error"].iloc[0]
    >>> round(float(found.effect / standard_error), 2)  # 1.96 + 0.84, normal quantiles
    2.8
    """
    if not isinstance(power, float | int) or not 0.5 <= power < 1:
        raise ZgzxError(
            f"power={power!r} lies not between .5 and 1",
            where="minimum_detectable_effect",
            remedy="Pass e.g. power=0.8.",
        )
    event, row = _row(result, window)
    effects = event.effects
    low, high = row.bounds(effects.numbers, t_quantile(0.95, effects.df))
    effect = float(row.detectable(effects.numbers, power_factor(power=power, df=effects.df))[0])
    if not _has_error(event, row, window):
        return MinimumDetectableEffect(np.nan, power, np.nan, np.nan, NO_ERROR)
    reason = "" if np.isfinite(effect) else NO_SIZE
    return MinimumDetectableEffect(effect, power, float(low[0]), float(high[0]), reason)


def equivalence_test(
    result: Effects | Aggregate, claimed: float, window: tuple[int, int] | None = None
) -> EquivalenceTest:
    """Test whether the effect is smaller than a claimed one, in either direction.

    Parameters
    ----------
    result, window
        As in `minimum_detectable_effect`.
    claimed : float
        Above zero, on the scale of the estimate: .1 = 10 % on the ratio scale.

    Returns
    -------
    EquivalenceTest
        Equivalent where the 90 % interval lies within ± claimed: both one-sided tests reject at
        5 %.

    Raises
    ------
    ZgzxError
        A claimed effect that is not above zero.

    References
    ----------
    Schuirmann, D. (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6).

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
    >>> event = zr.estimate_effects(panel).aggregate("event_time")
    >>> [zr.equivalence_test(event, claimed, (0, 2)).equivalent for claimed in (9.0, 12.0)]
    [False, True]
    """
    if not np.isfinite(claimed) or not claimed > 0:
        raise ZgzxError(
            f"claimed={claimed!r} is no effect",
            where="equivalence_test",
            remedy="Pass a number above zero, e.g. claimed=0.1 for 10 % on the ratio scale.",
        )
    event, row = _row(result, window)
    effects = event.effects
    if not _has_error(event, row, window):
        return EquivalenceTest(np.nan, np.nan, claimed, np.nan, False)
    low, high = (float(end[0]) for end in row.bounds(effects.numbers, t_quantile(0.90, effects.df)))
    above, below = (_distance(row, effects, end) for end in (claimed, -claimed))
    p_value = max(_upper_tail(-above, effects.df), _upper_tail(below, effects.df))
    return EquivalenceTest(low, high, claimed, p_value, bool(-claimed < low and high < claimed))


def _row(
    result: Effects | Aggregate, window: tuple[int, int] | None
) -> tuple[Aggregate, AggregatedValues]:
    """Aggregate and the values of its overall estimate, or of a window."""
    event = result
    if isinstance(result, Effects):
        event = result.aggregate("overall" if window is None else "event_time")
    assert isinstance(event, Aggregate)
    return event, event.select(window=window)[1] if window else event.select("overall")[1]


def _has_error(event: Aggregate, row: AggregatedValues, window: tuple[int, int] | None) -> bool:
    frame = event.window(*window) if window else event.overall
    return bool(np.isfinite(frame["std_error"].iloc[0]))


def _distance(row: AggregatedValues, effects: Effects, effect: float) -> float:
    """Standard errors by which the estimate is above this effect, by the interval's own test."""
    if row.totals is None or row.by_totals is None:
        return float((row.value[0] - effect) / np.sqrt(row.covariance(effects.numbers)[0, 0]))
    away = row.totals[0, 0] - (1 + effect) * row.totals[1, 0]
    gradient = row.by_totals[0] - (1 + effect) * row.by_totals[1]
    return float(away / np.sqrt(effects.numbers.spread(gradient, gradient)[0, 0]))


def _upper_tail(t: float, df: float) -> float:
    return float(special.ndtr(-t) if np.isinf(df) else special.stdtr(df, -t))


def editions_needed(
    std_error: float, effect: float, editions: int, *, ratio: bool, power: float = 0.8
) -> int:
    """How many editions like the past ones are needed in all until an effect is found.

    Parameters
    ----------
    std_error : float
        Of the estimate from the past editions; of its logarithm on the ratio scale.
    effect : float
        On the scale of the estimate: .1 = 10 % on the ratio scale.
    editions : int
        Editions behind the estimate.
    ratio : bool
        Whether effects are ratios.
    power : float, default 0.8
        Of a test at 5 %.

    Returns
    -------
    int
        The standard error is taken to fall with the square root of the number of editions.

    Examples
    --------
    An effect of 2.8 standard errors is found with 80 % power; half the effect needs 4 times as
    many.

    >>> editions_needed(1.0, 2.802, 12, ratio=False), editions_needed(1.0, 1.401, 12, ratio=False)
    (12, 48)
    """
    size = abs(np.log1p(effect)) if ratio else abs(effect)
    return int(np.ceil(editions * (power_factor(power=power) * std_error / size) ** 2 - 1e-9))
