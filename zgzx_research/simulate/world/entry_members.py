"""The people of each entry: which jobs send them, and how long they stay after the final."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules
from zgzx_research.simulate.world.months import month_of_date
from zgzx_research.simulate.world.patent_applications import holders

HORIZONS = (12, 24)


def contest_places(
    rules: Rules, entry: pd.DataFrame, edition: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return what each entry asks of its firm, in the order of `entry`.

    Parameters
    ----------
    rules : dict
        The constants.
    entry : DataFrame
        The entries.
    edition : DataFrame
        The editions.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        firm_rank; month of the final; priority (winners 0, finalists 1, others 2); wanted (how many
        people: `entry.persons` or a team's usual size).
    """
    final = edition.set_index("edition")["final_date"]
    month = month_of_date(final).loc[entry["edition"]].to_numpy()
    low, high = rules["selection"]["team_names"]
    usual = np.where(entry["category"] == "team", rng.integers(low, high, len(entry)), 1)
    in_final = entry.get("stage", pd.Series("决赛", entry.index)) == "决赛"
    return pd.DataFrame(
        {
            "firm_rank": entry["firm_rank"].to_numpy(),
            "month": month,
            "priority": np.where(entry["outcome"] == "获奖", 0, np.where(in_final, 1, 2)),
            "wanted": entry.get("persons", pd.Series(usual, entry.index)).to_numpy(),
        }
    )


def draw_jobs(
    rules: Rules,
    places: pd.DataFrame,
    firm: np.ndarray,
    tenure: np.ndarray,
    rng: np.random.Generator,
    own: np.ndarray | None = None,
) -> pd.DataFrame:
    """Draw the jobs whose holders will be in these entries.

    Every entry gets one person before any gets a second, winners first; no job serves two entries.
    A firm with fewer jobs than wanted people sends fewer.

    Parameters
    ----------
    rules : dict
        The constants.
    places : DataFrame
        Entries of one edition, rows of `contest_places`.
    firm : array (jobs,)
        The firm of each job.
    tenure : array (jobs,)
        Months its holder has been there; settled people enter more.
    rng : Generator
        Random numbers.
    own : array (jobs,), optional
        Log odds of an entry that the holder's own good year adds.

    Returns
    -------
    DataFrame
        entry_rank, ord, job.
    """
    settled, weight = rules["selection"]["settled"]
    key = rng.exponential(size=len(firm)) / np.where(tenure >= settled, weight, 1.0)
    if own is not None:
        key = key / np.exp(own)
    jobs = np.flatnonzero(np.isin(firm, places["firm_rank"]))
    jobs = jobs[np.lexsort((key[jobs], firm[jobs]))]
    firsts = np.searchsorted(firm[jobs], places["firm_rank"])
    count = np.searchsorted(firm[jobs], places["firm_rank"], side="right") - firsts
    row = np.repeat(np.arange(len(places)), places["wanted"])
    order = (
        np.arange(len(row))
        - np.repeat(np.cumsum(places["wanted"]) - places["wanted"], places["wanted"])
        + 1
    )
    wish = pd.DataFrame(
        {"row": row, "ord": order, "firm_rank": places["firm_rank"].to_numpy()[row]}
    )
    wish = wish.assign(later=wish["ord"] > 1, priority=places["priority"].to_numpy()[row])
    wish = wish.sort_values(["firm_rank", "later", "priority", "row", "ord"], ignore_index=True)
    position = wish.groupby("firm_rank").cumcount().to_numpy()
    wish = wish[position < count[wish["row"]]].assign(
        position=position[position < count[wish["row"]]]
    )
    member = pd.DataFrame(
        {
            "entry_rank": places.index.to_numpy()[wish["row"]],
            "ord": wish["ord"],
            "job": jobs[firsts[wish["row"]] + wish["position"]],
        }
    )
    return member.sort_values(["entry_rank", "ord"], ignore_index=True)


def with_people(member: pd.DataFrame, spell: pd.DataFrame, export: int) -> pd.DataFrame:
    """Add worker_rank to the members, and whether they were there 12 and 24 months later.

    Parameters
    ----------
    member : DataFrame
        entry_rank, ord, job, month, and the expectations mu0_12, mu1_12, mu0_24, mu1_24.
    spell : DataFrame
        Whole stays in a job, in the order of job and start; who went along into another firm has
        stayed.
    export : int
        The month from which on nothing is recorded.

    Returns
    -------
    DataFrame
        `member` with worker_rank, stay_12 and stay_24; stays and their expectations are missing
        where that month is not recorded.
    """
    job, month = member["job"].to_numpy(), member["month"].to_numpy()
    found = member.assign(worker_rank=holders(job, month, spell))
    for horizon in HORIZONS:
        there = holders(job, month + horizon, spell) == found["worker_rank"]
        seen = month + horizon < export
        found[f"stay_{horizon}"] = np.where(seen, there, np.nan)
        for name in (f"mu0_{horizon}", f"mu1_{horizon}"):
            found[name] = found[name].where(seen)
    return found


def award_table(entry: pd.DataFrame, member: pd.DataFrame, worker_id: np.ndarray) -> pd.DataFrame:
    """Return the people of winning entries.

    Columns: entry_id, edition, year, category, firm_id, ord, worker_id.
    """
    won = member[(entry["outcome"] == "获奖").to_numpy()[member["entry_rank"]]]
    rows = entry.iloc[won["entry_rank"]][
        ["entry_id", "edition", "year", "category", "firm_id"]
    ].reset_index(drop=True)
    return rows.assign(ord=won["ord"].to_numpy(), worker_id=worker_id[won["worker_rank"]])


def final_table(entry: pd.DataFrame, member: pd.DataFrame, worker_id: np.ndarray) -> pd.DataFrame:
    """Return the people of the finals with their stays, observed and expected.

    Columns: entry_id, edition, worker_id, category, outcome, stay_12, mu0_12, mu1_12, and those of
    24; own_year where persons have good years of their own.
    """
    rows = member[member["finalist"]]
    table = entry.iloc[rows["entry_rank"]][
        ["entry_id", "edition", "category", "outcome"]
    ].reset_index(drop=True)
    table.insert(2, "worker_id", worker_id[rows["worker_rank"]])
    measures = [f"{kind}_{horizon}" for kind in ("stay", "mu0", "mu1") for horizon in HORIZONS]
    measures += [name for name in ("own_year",) if name in rows]
    return table.assign(**{name: rows[name].round(6).to_numpy(dtype=float) for name in measures})
