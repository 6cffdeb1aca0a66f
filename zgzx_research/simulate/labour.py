"""Jobs, who holds them, and the true effect of an award on staying.

Two worlds run month by month on the same random numbers, one without any award and one as it was: they part only
where an award changes a hazard, so mu1 - mu0 of an untreated firm is exactly 0. Months are counted as year x 12 +
month - 1. A spell that ends in December still counts as staff at the end of that year; whether its holder stays another
twelve months is decided by the draws from that December to November.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, by_event_year

VACANT = -1
OPEN = 999_999
NEVER = 10**6


@dataclass(frozen=True)
class Labour:
    """What employment gives.

    spell : job, firm_rank, start, end (months, OPEN while it lasts), worker_rank; in the order of job and start.
    retention : firm_rank, year, mu0, mu1 (expected without and with the awards; NaN where that world has no staff).
    """

    spell: pd.DataFrame
    retention: pd.DataFrame


@dataclass(frozen=True)
class _Jobs:
    """Per job: firm (rank), opens and closes (first and last month). Per month: firms whose vacancies are filled."""

    firm: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    filled: dict[int, np.ndarray]


def jobs_per_firm(rules: Rules, firm: pd.DataFrame, workers: int, rng: np.random.Generator) -> np.ndarray:
    """Jobs of each firm in the employment files, a sample of all its staff."""
    rule = rules["labour"]
    weight = np.asarray(rule["staff_weight"])[firm["size_rank"]]
    wanted = weight * rule["jobs_per_worker"] * workers / weight.sum()
    return np.maximum(1, np.rint(wanted * np.exp(rng.normal(0, rule["staff_log_sd"], len(firm))))).astype(int)


def simulate_labour(
    rules: Rules,
    firm: pd.DataFrame, jobs: np.ndarray, first: pd.DataFrame, entry: pd.DataFrame, edition: pd.DataFrame,
    *, scale: float, workers: int, rng: np.random.Generator,
) -> Labour:  # fmt: skip
    """Spells as they were, and expected retention with and without the awards.

    Parameters
    ----------
    jobs : jobs of each firm.
    first : first award of each firm (edition, year, category; missing = never).
    scale : multiple of the true effects.
    """
    time = rules["time"]
    years = np.arange(time["spells_from"], time["panel"][1] + 2)
    exponent = _exponents(rules, len(firm), years, rng)
    points = _true_points(rules, first, years, scale)
    places = _places(firm, jobs, entry, edition)
    spell, means = _run(rules, places, exponent, points, years, rng)
    spell["worker_rank"] = _assign_workers(spell["start"].to_numpy(), spell["end"].to_numpy(), workers, rng)
    panel = np.arange(time["panel"][0], time["panel"][1] + 1)
    cut = means[:, :, np.isin(years, panel)]
    rows = pd.MultiIndex.from_product([np.arange(len(firm)), panel], names=["firm_rank", "year"])
    retention = pd.DataFrame({"mu0": cut[0].ravel(), "mu1": cut[1].ravel()}, index=rows).reset_index()
    return Labour(spell, retention)


@cache
def monthly_hazards(new: float, settled: float, months: int) -> np.ndarray:
    """Chance to leave in each month of tenure, from the first on, without shocks."""
    return new * (settled / new) ** (np.minimum(np.arange(1200), months) / months)


@cache
def yearly_stay(new: float, settled: float, months: int) -> np.ndarray:
    """Chance to stay twelve more months by tenure at the start, without shocks."""
    return np.exp(np.convolve(np.log1p(-monthly_hazards(new, settled, months)), np.ones(12), "valid"))


def _exponents(rules: Rules, firms: int, years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Firm x year: a stay of probability p under the plain hazards has probability p ** exponent."""
    rule = rules["labour"]
    shock = np.zeros(len(years))
    for year, value in rule["year_shock"]:
        shock[years == year] = value
    lasting = rng.normal(0, rule["firm_log_sd"], (firms, 1))
    return np.exp(lasting + shock + rng.normal(0, rule["year_log_sd"], (firms, len(years))))


def _true_points(rules: Rules, first: pd.DataFrame, years: np.ndarray, scale: float) -> np.ndarray:
    """Firm x year: probability added to a year's stay."""
    rule = rules["effect"]["retention"]
    event_year = years - first["year"].fillna(NEVER).to_numpy()[:, None]
    points = first["category"].map(rule["category"]).fillna(0.0).to_numpy(dtype=float)[:, None]
    return scale * points / 100 * by_event_year(rule["by_event"], event_year.astype(int))


def _places(firm: pd.DataFrame, jobs: np.ndarray, entry: pd.DataFrame, edition: pd.DataFrame) -> _Jobs:
    founded, closed = (firm[name].dt.year * 12 + firm[name].dt.month - 1 for name in ("founded", "closed"))
    winners = entry[entry["outcome"] == "获奖"]
    final = edition.set_index("edition")["final_date"]
    months = final.dt.year * 12 + final.dt.month - 1
    filled = {int(months[number]): rows["firm_rank"].to_numpy() for number, rows in winners.groupby("edition")}
    owner = np.repeat(np.arange(len(firm)), jobs)
    closes = (closed - 1).fillna(NEVER).to_numpy(dtype=int)
    return _Jobs(owner, founded.to_numpy(dtype=int)[owner], closes[owner], filled)


def _run(
    rules: Rules, places: _Jobs, exponent: np.ndarray, points: np.ndarray, years: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Spells of the world as it was, and mean expected stays (world x firm x year)."""
    begin, end = int(years[0]) * 12, _month(rules["time"]["export"])
    effects = (np.zeros_like(points), points)
    start = [_first_staff(rules, places, begin, rng)] * 2
    power = [_powers(rules, places, start[0], begin, exponent[:, 0], effects[0][:, 0])] * 2
    means = np.full((2, *exponent.shape), np.nan)
    left: list[tuple[np.ndarray, np.ndarray, int]] = []
    for month in range(begin, end):
        fills, leaves = rng.random(len(places.firm)), rng.random(len(places.firm))
        fills[np.isin(places.firm, places.filled.get(month, []))] = -1.0  # winners have their team together
        column = (month + 1) // 12 - int(years[0])
        for world in (0, 1):
            year = exponent[:, column], effects[world][:, column]
            start[world], power[world] = _fill(rules, places, start[world], power[world], month, fills, year)
            if month % 12 == 11:
                means[world, :, column] = _mean_stay(rules, places, start[world], month, power[world])
            going = _leavers(rules, places, start[world], power[world], month, leaves)
            if world:
                left.append((np.flatnonzero(going), start[1][going], month))
            start[world] = np.where(going, VACANT, start[world])
    return _spells(places, left, start[1]), means


def _fill(
    rules: Rules,
    places: _Jobs, start: np.ndarray, power: np.ndarray, month: int, fills: np.ndarray,
    year: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Vacancies filled; powers set for the newcomers, and for everybody when a year of stays begins."""
    is_open = (places.opens <= month) & (month <= places.closes)
    new = (start == VACANT) & is_open & (fills < rules["labour"]["filled_per_month"])
    start = np.where(new, month, start)
    return start, np.where(new | (month % 12 == 11), _powers(rules, places, start, month, *year), power)


def _leavers(
    rules: Rules, places: _Jobs, start: np.ndarray, power: np.ndarray, month: int, leaves: np.ndarray
) -> np.ndarray:
    """Jobs whose holder leaves at the end of the month: by the hazard, or because the firm closes."""
    held = start != VACANT
    stay = (1 - monthly_hazards(*rules["labour"]["hazard"])[np.where(held, month - start, 0)]) ** power
    return held & ((leaves > stay) | (month == places.closes))


def _month(day: str) -> int:
    year, month, _ = map(int, day.split("-"))
    return year * 12 + month - 1


def _first_staff(rules: Rules, places: _Jobs, begin: int, rng: np.random.Generator) -> np.ndarray:
    """Start months of the staff in the first month: tenures as the hazards leave them in the long run."""
    rule = rules["labour"]
    still_there = np.cumprod(1 - monthly_hazards(*rules["labour"]["hazard"]))[: rule["longest_tenure"]]
    tenure = 1 + rng.choice(len(still_there), size=len(places.firm), p=still_there / still_there.sum())
    start = np.maximum(begin - tenure, places.opens)
    return np.where(places.opens < begin, start, VACANT)


def _powers(
    rules: Rules, places: _Jobs, start: np.ndarray, month: int, exponent: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Per job: power of the plain monthly stays that gives the year's stay, shocks and award together."""
    low, high = rules["effect"]["retention"]["bounds"]
    tenure = np.where(start == VACANT, 0, month - start)
    plain = yearly_stay(*rules["labour"]["hazard"])[tenure]
    stay = plain ** exponent[places.firm]
    added = points[places.firm]
    target = np.where(added > 0, np.clip(stay + added, stay, np.maximum(stay, high)), np.maximum(stay + added, low))
    return np.where(added == 0, exponent[places.firm], np.log(target) / np.log(plain))


def _mean_stay(rules: Rules, places: _Jobs, start: np.ndarray, month: int, power: np.ndarray) -> np.ndarray:
    """Expected share of each firm's staff that is still there in twelve months; missing where there is no staff."""
    held = start != VACANT
    tenure = np.where(held, month - start, 0)
    closing = places.closes < month + 12
    stay = np.where(closing, 0.0, yearly_stay(*rules["labour"]["hazard"])[tenure] ** power)
    firms = int(places.firm[-1]) + 1
    staff = np.bincount(places.firm, weights=held, minlength=firms)
    total = np.bincount(places.firm, weights=held * stay, minlength=firms)
    return np.divide(total, staff, out=np.full(firms, np.nan), where=staff > 0)


def _spells(places: _Jobs, left: list[tuple[np.ndarray, np.ndarray, int]], start: np.ndarray) -> pd.DataFrame:
    """Spells that ended, and those that were open in the month of the export."""
    job, begun = (np.concatenate([part[i] for part in left]) for i in (0, 1))
    ended = np.repeat([month for _, _, month in left], [len(job) for job, _, _ in left])
    last = np.flatnonzero(start != VACANT)
    spell = pd.DataFrame(
        {
            "job": np.append(job, last),
            "start": np.append(begun, start[last]),
            "end": np.append(ended, np.full(len(last), OPEN)),
        }
    )
    spell.insert(1, "firm_rank", places.firm[spell["job"]])
    return spell.sort_values(["job", "start"], ignore_index=True)


def _assign_workers(start: np.ndarray, end: np.ndarray, workers: int, rng: np.random.Generator) -> np.ndarray:
    """A worker for each spell, drawn among those without a job; more workers come in only when nobody is free."""
    worker = np.empty(len(start), dtype=np.int64)
    free_from = np.zeros(workers, dtype=np.int64)
    order = np.argsort(start, kind="stable")
    months, firsts = np.unique(start[order], return_index=True)
    for month, rows in zip(months, np.split(order, firsts[1:]), strict=True):
        free = rng.permutation(np.flatnonzero(free_from <= month))[: len(rows)]
        lacking = len(rows) - len(free)
        if lacking:
            free = np.append(free, np.arange(len(free_from), len(free_from) + lacking))
            free_from = np.append(free_from, np.zeros(lacking, dtype=np.int64))
        worker[rows] = free
        free_from[free] = end[rows] + 1
    return worker
