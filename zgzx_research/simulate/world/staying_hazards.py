"""Hazards of leaving a job, and what a final changes for its people and for their colleagues.

The probability to stay is the plain one to a power: exp(power x sum of log_keep over the months).
Firms and years have their powers; an award raises or lowers the power so that exactly the points of
world.toml are added to a stay. Months are counted as year x 12 + month - 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, by_event_year

NEVER = 10**6
WINDOW = 24  # months after a final in which it matters to those who stood in it


@cache
def monthly_hazards(new: float, settled: float, months: int) -> np.ndarray:
    """Return the probability to leave in each month of tenure, without shocks."""
    return new * (settled / new) ** (np.minimum(np.arange(1200), months) / months)


@cache
def log_keep(new: float, settled: float, months: int) -> np.ndarray:
    """Return the log probability not to leave in each month of tenure."""
    return np.log1p(-monthly_hazards(new, settled, months))


@cache
def log_year(new: float, settled: float, months: int) -> np.ndarray:
    """Return the log probability to stay twelve more months, by tenure at the start."""
    return np.convolve(log_keep(new, settled, months), np.ones(12), "valid")


def firm_powers(
    rules: Rules, firms: int, years: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw powers (firms x years).

    A stay of probability p under the plain hazards has probability p ** power.
    """
    rule = rules["labour"]
    shock = np.zeros(len(years))
    for year, value in rule["year_shock"]:
        shock[years == year] = value
    lasting = rng.normal(0, rule["firm_log_sd"], (firms, 1))
    return np.exp(lasting + shock + rng.normal(0, rule["year_log_sd"], (firms, len(years))))


def colleague_points(
    rules: Rules, first: pd.DataFrame, years: np.ndarray, scale: float
) -> np.ndarray:
    """Return the probability that a first award adds to a year's stay of staff (firms x years)."""
    rule = rules["effect"]["retention"]
    event_year = years - first["year"].fillna(NEVER).to_numpy()[:, None]
    return (
        scale * rule["colleagues"] / 100 * by_event_year(rule["by_event"], event_year.astype(int))
    )


def people_points(rules: Rules, entry: pd.DataFrame, scale: float) -> np.ndarray:
    """Return the probability added to the stays of an entry's people after the final.

    The result has a row per entry and columns for 12 and 24 months.
    """
    rule = rules["effect"]["retention"]
    won = (entry["outcome"] == "获奖").to_numpy()
    points = np.asarray(
        [rule["winners"][category] for category in entry["category"]], dtype=float
    ).reshape(-1, 2)
    return scale / 100 * np.where(won[:, None], points, np.asarray(rule["finalists"]))


def year_powers(
    rules: Rules, tenure: np.ndarray, power: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Return the powers that add `points` to the stay of the next twelve months under `power`.

    All arrays are by person; `tenure` is the tenure today in months.
    """
    low, high = rules["effect"]["retention"]["bounds"]
    plain = log_year(*rules["labour"]["hazard"])[tenure]
    stay = np.exp(plain * power)
    target = np.where(
        points > 0,
        np.clip(stay + points, stay, np.maximum(stay, high)),
        np.maximum(stay + points, low),
    )
    return np.where(points == 0, power, np.log(target) / plain)


def month_logs(rules: Rules, start: np.ndarray, month: int, power: np.ndarray) -> np.ndarray:
    """Return the log probability not to leave at the end of each month from `month` on.

    Result and `power` are persons x months.
    """
    tenure = month - start[:, None] + np.arange(power.shape[1])
    return log_keep(*rules["labour"]["hazard"])[np.maximum(tenure, 0)] * power


@dataclass(frozen=True)
class Finals:
    """The final in which the holder of each job was, and what it does.

    Attributes
    ----------
    month : array (jobs,)
        Month of the final, `NEVER` = none.
    first, second : array (jobs,)
        Factors of the power in months 1-12 and 13-24.
    """

    month: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def none(cls, jobs: int) -> Finals:
        """Return finals in which nobody was."""
        return cls(np.full(jobs, NEVER), np.ones(jobs), np.ones(jobs))

    def of(self, jobs: np.ndarray) -> Finals:
        """Return the finals of some jobs."""
        return Finals(self.month[jobs], self.first[jobs], self.second[jobs])

    def factor(self, months: np.ndarray | int) -> np.ndarray:
        """Return the multiple of the firm's power in these months (one, or persons x months)."""
        since = months - (self.month[:, None] if np.ndim(months) else self.month)
        first, second = (
            (self.first[:, None], self.second[:, None])
            if np.ndim(months)
            else (self.first, self.second)
        )
        inside = (since >= 0) & (since < WINDOW)
        return np.where(inside, np.where(since < 12, first, second), 1.0)

    def entered(self, new: Finals) -> Finals:
        """Add later finals; one within the window of an earlier final changes nothing."""
        takes = (new.month < NEVER) & ((self.month == NEVER) | (new.month - self.month >= WINDOW))
        pairs = zip(
            (new.month, new.first, new.second), (self.month, self.first, self.second), strict=True
        )
        return Finals(*(np.where(takes, late, early) for late, early in pairs))

    def left(self, going: np.ndarray) -> Finals:
        """Remove the finals of jobs whose holder leaves."""
        return Finals(np.where(going, NEVER, self.month), self.first, self.second)


def final_factors(
    rules: Rules, logs: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors on the log stay that add `points` to the stays of 12 and 24 months.

    Targets stay between the bounds of world.toml, and no conditional stay of the second year grows
    beyond the upper bound.

    Parameters
    ----------
    rules : dict
        The constants.
    logs : array (persons, 24)
        Log probabilities to stay as they are without the final.
    points : array (persons, 2)
        Probability to add.

    Returns
    -------
    first, second : array (persons,)
        Factors of months 1-12 and of months 13-24.
    """
    low, high = rules["effect"]["retention"]["bounds"]
    year, both = logs[:, :12].sum(axis=1), logs.sum(axis=1)
    stay, long_stay = np.exp(year), np.exp(both)
    target = np.clip(stay + points[:, 0], low, np.maximum(stay, high))
    ceiling = np.maximum(high * target, np.minimum(long_stay, target))
    long_target = np.minimum(np.maximum(long_stay + points[:, 1], low * target), ceiling)
    untouched = (points == 0).all(axis=1)
    first = np.where(untouched, 1.0, np.log(target) / year)
    return first, np.where(untouched, 1.0, (np.log(long_target) - np.log(target)) / (both - year))
