"""Small panels whose true effects are known, one per seed.

Nothing here knows an estimator or the package's simulator.

The plain panel has 400 units in cohorts 4, 5, 6, 7 or never treated (40 %), drawn anew for each
seed, eight periods, unit effects that are larger the earlier the cohort, period effects, and errors
that follow an AR(1) with ρ = .5 within a unit. Effects differ by cohort and grow with event time.
The other panels change one thing each (`KNOWN_PANELS`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

COHORTS = np.array([4.0, 5.0, 6.0, 7.0, np.inf])
PERIODS = np.arange(1, 9)
SHARES = np.array([0.15, 0.15, 0.15, 0.15, 0.4])
TREND = np.array([0.0, 0.3, 0.1, 0.5, 0.4, 0.9, 0.7, 1.0])
AR, NOISE = 0.5, 0.5
EVENT = PERIODS - COHORTS[:, None]
AFTER = EVENT >= 0  # (cohorts, periods)
EFFECT = np.where(
    AFTER, (0.2 + 0.15 * EVENT.clip(0, 9)) * np.array([1.6, 1.2, 0.8, 0.4, 0.0])[:, None], 0.0
)


@dataclass(frozen=True, slots=True)
class KnownPanel:
    """One panel and what is true of it.

    Attributes
    ----------
    table : DataFrame
        One row per unit and period: unit, period, y, start; in some panels weight, cluster, x1, x2.
    effect : array (cohorts, periods)
        True mean effect, 0 before treatment; a proportion where y counts.
    population : array (cohorts, periods)
        Share of each cohort in the population, by weight where there are weights.
    sample : array (cohorts, periods)
        Share of each cohort among the rows that were drawn.
    expected : array (cohorts, periods) or None
        Mean outcome without treatment, for counts.
    """

    table: pd.DataFrame
    effect: np.ndarray
    population: np.ndarray
    sample: np.ndarray
    expected: np.ndarray | None = None


def true_mean(
    panel: KnownPanel,
    truth: str,
    events: Sequence[int] | None,
    *,
    measure: str,
    complete: Sequence[int] = (),
) -> float:
    """Compute the true mean effect of a panel.

    Parameters
    ----------
    panel : KnownPanel
        The panel.
    truth : {"population", "sample"}
        Whose cohort shares are the weights.
    events : sequence of int or None
        Event times, each with the same weight; None = all treated periods, each by its share.
    measure : {"difference", "log", "ratio"}
        In the units of the outcome; for counts also the mean difference of logs, or the sum with
        treatment over the sum without, minus 1.
    complete : sequence of int
        Only cohorts seen at all of these event times.

    Returns
    -------
    float
        The effect.
    """
    share = getattr(panel, truth)
    inside = AFTER if events is None else np.isin(EVENT, events)
    inside = inside & (np.isin(EVENT, complete).sum(axis=1, keepdims=True) == len(complete))
    if measure == "ratio":
        without = (share * panel.expected)[inside]
        return float(without @ (1 + panel.effect[inside]) / without.sum() - 1)
    effect = np.log1p(panel.effect) if measure == "log" else panel.effect
    if panel.expected is not None and measure == "difference":
        effect = effect * panel.expected
    sets = [inside] if events is None else [inside & (e == EVENT) for e in events]
    return float(np.mean([np.average(effect[chosen], weights=share[chosen]) for chosen in sets]))


def staggered(
    rng: np.random.Generator, units: int = 400, effect: np.ndarray = EFFECT
) -> KnownPanel:
    """Draw the plain panel."""
    cohort = rng.choice(len(COHORTS), units, p=SHARES)
    level = rng.normal(0.5 * np.arange(len(COHORTS))[::-1][cohort], 1)
    y = level[:, None] + TREND + _errors(rng, units) + effect[cohort]
    return _known_panel(cohort, y, effect)


def constant(rng: np.random.Generator) -> KnownPanel:
    """Draw one effect for all, as two-way fixed effects need it."""
    return staggered(rng, effect=np.where(AFTER, 0.5, 0.0))


def same_dynamics(rng: np.random.Generator) -> KnownPanel:
    """Draw effects that grow with event time, alike in all cohorts."""
    return staggered(rng, effect=np.where(AFTER, 0.2 + 0.15 * EVENT.clip(0, 9), 0.0))


def covariates(rng: np.random.Generator) -> KnownPanel:
    """Draw trends that depend on two covariates that differ by cohort; effects too."""
    cohort = rng.choice(len(COHORTS), 400, p=SHARES)
    center = np.array([0.5, 0.4, 0.3, 0.2, 0.0])[cohort]
    x1, x2 = rng.normal(center, 1), rng.random(400) < 0.3 + 0.4 * center
    return _adjusted(rng, cohort, x1, x2, 0.7 * x1 + 0.5 * x2, 0.1 * (x1 - center))


def curved_trend(rng: np.random.Generator) -> KnownPanel:
    """Draw a trend in the square of a covariate: the logit is right, the linear trend is not."""
    cohort = rng.choice(len(COHORTS), 400, p=SHARES)
    x1, x2 = rng.normal(np.where(cohort < 4, 0.6, 0.0), 1), rng.random(400) < 0.4
    return _adjusted(rng, cohort, x1, x2, 0.6 * x1**2, np.zeros(400))


def curved_propensity(rng: np.random.Generator) -> KnownPanel:
    """Draw two groups of untreated units, with treated ones between them in a covariate.

    No logit is right; the linear trend is.
    """
    cohort = rng.choice(len(COHORTS), 400, p=SHARES)
    heap = np.where(rng.random(400) < 0.3, 2.0, -0.5)
    x1, x2 = (
        rng.normal(np.where(cohort < 4, 0.8, heap), np.where(cohort < 4, 0.4, 0.3)),
        rng.random(400) < 0.4,
    )
    return _adjusted(rng, cohort, x1, x2, 1.5 * x1, np.zeros(400))


def counts(rng: np.random.Generator, units: int = 3200) -> KnownPanel:
    """Draw counts with gamma unit effects, lognormal AR(1) shocks and proportional effects."""
    cohort = rng.choice(len(COHORTS), units, p=SHARES)
    mean = np.array([3.0, 2.75, 2.5, 2.25, 2.0])
    level = rng.gamma(2.0, mean[cohort] / 2.0)
    shocks = np.exp(0.6 * _errors(rng, units, 1.0) - 0.18)
    without = mean[:, None] * np.exp(0.4 * TREND)
    y = rng.poisson(level[:, None] * np.exp(0.4 * TREND) * shocks * (1 + EFFECT[cohort])).astype(
        float
    )
    return replace(_known_panel(cohort, y, EFFECT), expected=without)


def adjusted_counts(rng: np.random.Generator) -> KnownPanel:
    """Draw counts whose growth depends on a covariate that differs by cohort."""
    cohort = rng.choice(len(COHORTS), 3200, p=SHARES)
    center, slope = np.array([0.5, 0.4, 0.3, 0.2, 0.0]), 0.5 * (PERIODS - 1) / (len(PERIODS) - 1)
    x1 = rng.normal(center[cohort], 1)
    growth = np.exp(0.4 * TREND + slope * x1[:, None])
    y = rng.poisson(rng.gamma(2.0, 1.25, (3200, 1)) * growth * (1 + EFFECT[cohort])).astype(float)
    panel = _known_panel(cohort, y, EFFECT)
    expected = 2.5 * np.exp(0.4 * TREND + slope * center[:, None] + slope**2 / 2)
    return replace(
        panel, table=panel.table.assign(x1=np.repeat(x1, len(PERIODS))), expected=expected
    )


def clusters(rng: np.random.Generator) -> KnownPanel:
    """Draw clusters of ten units that share a cohort and shocks as large as a unit's own."""
    cluster = np.repeat(np.arange(200), 10)
    cohort = rng.choice(len(COHORTS), 200, p=SHARES)
    level = rng.normal(0.5 * np.arange(len(COHORTS))[::-1][cohort][cluster], 1)
    y = (
        level[:, None]
        + TREND
        + _errors(rng, 2000)
        + _errors(rng, 200)[cluster]
        + EFFECT[cohort][cluster]
    )
    panel = _known_panel(cohort[cluster], y, EFFECT)
    return replace(panel, table=panel.table.assign(cluster=np.repeat(cluster, len(PERIODS))))


def gaps(rng: np.random.Generator) -> KnownPanel:
    """Draw the plain panel and leave out a tenth of the rows, whatever they hold."""
    panel = staggered(rng)
    table = panel.table[rng.random(len(panel.table)) > 0.1]
    cohort = np.searchsorted(COHORTS, table["start"].fillna(np.inf))
    sample = np.zeros(EFFECT.shape)
    np.add.at(sample, (cohort, table["period"] - 1), 1)
    return replace(panel, table=table, sample=sample)


def weights(rng: np.random.Generator) -> KnownPanel:
    """Draw lognormal weights that differ by cohort.

    Effects rise with the weight, and their weighted mean is `EFFECT`.
    """
    cohort = rng.choice(len(COHORTS), 400, p=SHARES)
    center, spread = np.array([0.4, 0.2, 0.0, -0.2, 0.0]), 0.5
    log_weight = rng.normal(center[cohort], spread)
    extra = 0.3 * (log_weight - center[cohort] - spread**2)[:, None] * AFTER[cohort]
    level = rng.normal(0.5 * np.arange(len(COHORTS))[::-1][cohort], 1)
    panel = _known_panel(
        cohort, level[:, None] + TREND + _errors(rng, 400) + EFFECT[cohort] + extra, EFFECT
    )
    table = panel.table.assign(weight=np.repeat(np.exp(log_weight), len(PERIODS)))
    share = np.bincount(cohort, np.exp(log_weight), minlength=len(COHORTS))
    population = SHARES * np.exp(center)
    return replace(
        panel,
        table=table,
        population=_by_period(population / population.sum()),
        sample=_by_period(share),
    )


def cross_sections(rng: np.random.Generator) -> KnownPanel:
    """Draw new units in each period: no unit is seen twice."""
    cohort = rng.choice(len(COHORTS), 8 * 500, p=SHARES)
    period = np.repeat(PERIODS, 500)
    y = (
        rng.normal(0.2 * np.arange(len(COHORTS))[::-1][cohort], 0.6)
        + TREND[period - 1]
        + EFFECT[cohort, period - 1]
    )
    start = np.where(np.isinf(COHORTS[cohort]), np.nan, COHORTS[cohort])
    table = pd.DataFrame({"unit": np.arange(len(y)), "period": period, "y": y, "start": start})
    sample = np.zeros(EFFECT.shape)
    np.add.at(sample, (cohort, period - 1), 1)
    return KnownPanel(table, EFFECT, _by_period(SHARES), sample)


def _errors(rng: np.random.Generator, units: int, sd: float = NOISE) -> np.ndarray:
    """Draw (units, periods) AR(1) errors with standard deviation `sd` in every period."""
    shocks = rng.normal(0, sd, (units, len(PERIODS)))
    shocks[:, 1:] *= np.sqrt(1 - AR**2)
    for t in range(1, len(PERIODS)):
        shocks[:, t] += AR * shocks[:, t - 1]
    return shocks


def _adjusted(
    rng: np.random.Generator,
    cohort: np.ndarray,
    x1: np.ndarray,
    x2: np.ndarray,
    slope: np.ndarray,
    extra: np.ndarray,
) -> KnownPanel:
    """Make a panel whose units move by `slope` over all periods.

    Their effects differ by `extra`, which has mean 0 in a cohort.
    """
    level = rng.normal(0.5 * x1, 1)
    drift = slope[:, None] * (PERIODS - 1) / (len(PERIODS) - 1)
    y = (
        level[:, None]
        + TREND
        + drift
        + _errors(rng, len(cohort))
        + EFFECT[cohort]
        + extra[:, None] * AFTER[cohort]
    )
    panel = _known_panel(cohort, y, EFFECT)
    repeated = {
        name: np.repeat(x.astype(float), len(PERIODS)) for name, x in (("x1", x1), ("x2", x2))
    }
    return replace(panel, table=panel.table.assign(**repeated))


def _known_panel(cohort: np.ndarray, y: np.ndarray, effect: np.ndarray) -> KnownPanel:
    """Return the panel of these outcomes."""
    start = np.where(np.isinf(COHORTS[cohort]), np.nan, COHORTS[cohort])
    table = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(len(y)), len(PERIODS)),
            "period": np.tile(PERIODS, len(y)),
            "y": y.ravel(),
            "start": np.repeat(start, len(PERIODS)),
        }
    )
    sample = np.bincount(cohort, minlength=len(COHORTS)).astype(float)
    return KnownPanel(table, effect, _by_period(SHARES), _by_period(sample))


def _by_period(share: np.ndarray) -> np.ndarray:
    return np.repeat(share[:, None], len(PERIODS), axis=1)


KNOWN_PANELS: dict[str, Callable[[np.random.Generator], KnownPanel]] = {
    "staggered": staggered,
    "constant": constant,
    "same dynamics": same_dynamics,
    "covariates": covariates,
    "curved trend": curved_trend,
    "curved propensity": curved_propensity,
    "counts": counts,
    "adjusted counts": adjusted_counts,
    "clusters": clusters,
    "gaps": gaps,
    "weights": weights,
    "cross-sections": cross_sections,
}
