"""Jobs and the people who hold them: employment with the true effect of an award on staying.

`job_months` runs the months; here jobs are counted, and stays in a job become spells of workers at
firms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.entry_members import contest_places, with_people
from zgzx_research.simulate.world.job_months import OPEN, JobSetting, run_months
from zgzx_research.simulate.world.months import month_of_date, month_of_day
from zgzx_research.simulate.world.random_draws import exact_share
from zgzx_research.simulate.world.staying_hazards import (
    NEVER,
    colleague_points,
    firm_powers,
    people_points,
)


@dataclass(frozen=True)
class Labour:
    """Employment as it was, and as it was expected.

    Attributes
    ----------
    spell : DataFrame
        job, firm_rank, start, end (months, OPEN while it lasts), worker_rank, agency (dispatch
        company, -1 = none), in the order of job and start. Who goes with the firm into another one
        has a spell at each.
    retention : DataFrame
        firm_rank, year, mu0, mu1 (expected without and with the awards; NaN where that world has no
        staff).
    member : DataFrame
        entry_rank, ord, job, month, finalist, worker_rank, and of finalists mu0_12, mu1_12, stay_12
        and those of 24; with shocks of persons own_year, that of the year before the final.
    """

    spell: pd.DataFrame
    retention: pd.DataFrame
    member: pd.DataFrame


def jobs_per_firm(
    rules: Rules, firm: pd.DataFrame, workers: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the number of jobs of each firm in the employment files, a sample of all its staff."""
    rule = rules["labour"]
    weight = np.asarray(rule["staff_weight"])[firm["size_rank"]]
    wanted = weight * rule["jobs_per_worker"] * workers / weight.sum()
    return np.maximum(
        1, np.rint(wanted * np.exp(rng.normal(0, rule["staff_log_sd"], len(firm))))
    ).astype(int)


def simulate_labour(
    rules: Rules,
    firm: pd.DataFrame,
    jobs: np.ndarray,
    event: pd.DataFrame,
    first: pd.DataFrame,
    entry: pd.DataFrame,
    edition: pd.DataFrame,
    *,
    scale: float,
    workers: int,
    rng: np.random.Generator,
    own: np.ndarray | None = None,
) -> Labour:
    """Draw spells, expected retention with and without the awards, and the people of the entries.

    Parameters
    ----------
    rules : dict
        The constants.
    firm : DataFrame
        The firms.
    jobs : array (firms,)
        Jobs of each firm.
    event : DataFrame
        `Events.event`.
    first : DataFrame
        First award of each firm (edition, year, category; missing = never).
    entry, edition : DataFrame
        The entries and the editions.
    scale : float
        Multiple of the true effects.
    workers : int
        How many workers there are at least.
    rng : Generator
        Random numbers.
    own : array (jobs, years), optional
        See `own_shocks`.

    Returns
    -------
    Labour
        Spells, retention and members.
    """
    time = rules["time"]
    years = np.arange(time["spells_from"], time["panel"][1] + 2)
    draws, people = rng.spawn(2)
    founded, closed = (month_of_date(firm[name]) for name in ("founded", "closed"))
    firm_of = np.repeat(np.arange(len(firm)), jobs)
    setting = JobSetting(
        rules,
        years,
        firm_of,
        founded.to_numpy(dtype=int)[firm_of],
        (closed - 1).fillna(NEVER).to_numpy(dtype=int)[firm_of],
        firm_powers(rules, len(firm), years, rng),
        colleague_points(rules, first, years, scale),
        _mergers_by_month(event),
        contest_places(rules, entry, edition, people),
        people_points(rules, entry, scale),
        own,
    )
    stay, means, member = run_months(setting, draws, people)
    stay["worker_rank"] = _assign_workers(
        stay["start"].to_numpy(), stay["end"].to_numpy(), workers, rng
    )
    dispatched = exact_share(rng, len(stay), rules["labour"]["dispatch_share"])
    stay["agency"] = np.where(
        dispatched, rng.integers(0, len(words()["dispatch"]["companies"]), len(stay)), -1
    )
    panel = np.arange(time["panel"][0], time["panel"][1] + 1)
    cut = means[:, :, np.isin(years, panel)]
    rows = pd.MultiIndex.from_product([np.arange(len(firm)), panel], names=["firm_rank", "year"])
    retention = pd.DataFrame(
        {"mu0": cut[0].ravel(), "mu1": cut[1].ravel()}, index=rows
    ).reset_index()
    if own is not None:
        member["own_year"] = own[member["job"], member["month"] // 12 - 1 - int(years[0])]
    member = with_people(member, stay, month_of_day(time["export"]))
    return Labour(_by_firm(stay, firm_of, setting.mergers), retention, member)


def _mergers_by_month(event: pd.DataFrame) -> dict[int, list[tuple[int, int]]]:
    merger = event[event["type"] == "merger"]
    month = month_of_date(merger["date"])
    pairs = pd.Series(
        list(zip(merger["firm_rank"], merger["into_rank"], strict=True)),
        index=merger.index,
        dtype=object,
    )
    return {int(when): list(pairs[month == when]) for when in month.unique()}


def _by_firm(
    stay: pd.DataFrame, firm_of: np.ndarray, mergers: dict[int, list[tuple[int, int]]]
) -> pd.DataFrame:
    """Cut stays where the firm merges into another one, and add the firm of each part."""
    firms = int(firm_of[-1]) + 1
    cut, into = np.full(firms, NEVER), np.arange(firms)
    for month, pairs in mergers.items():
        for rank, other in pairs:
            cut[rank], into[rank] = month, other
    rank = firm_of[stay["job"]]
    before = stay.assign(
        firm_rank=rank,
        end=np.minimum(stay["end"], np.where(cut[rank] < NEVER, cut[rank] - 1, OPEN)),
    )
    after = stay.assign(firm_rank=into[rank], start=np.maximum(stay["start"], cut[rank]))
    parts = [
        before[(stay["start"] < cut[rank]).to_numpy()],
        after[(stay["end"] >= cut[rank]).to_numpy() & (cut[rank] < NEVER)],
    ]
    spell = pd.concat(parts).sort_values(["job", "start"], ignore_index=True)
    return spell[["job", "firm_rank", "start", "end", "worker_rank", "agency"]]


def _assign_workers(
    start: np.ndarray, end: np.ndarray, workers: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw a worker for each stay among those without a job.

    New workers are added only when nobody is free.
    """
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
