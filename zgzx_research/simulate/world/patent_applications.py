"""Patent applications one by one: numbers, dates, double filings, sales, parties."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.identities import application_numbers
from zgzx_research.simulate.world.months import month_of_date
from zgzx_research.simulate.world.own_years import inventing_jobs
from zgzx_research.simulate.world.patent_rates import panel_years
from zgzx_research.simulate.world.random_draws import exact_share
from zgzx_research.simulate.world.staying_hazards import NEVER

OUTSIDE = -1  # rank of an applicant that is no firm of this world


def simulate_applications(
    rules: Rules, firm: pd.DataFrame, count: np.ndarray, won: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw one row per application, in the order of filing.

    Parameters
    ----------
    rules : dict
        The constants.
    firm : DataFrame
        The firms.
    count : array (firms, panel years, types) of int
        Applications filed.
    won : array (firms,)
        Year of each firm's first award, missing = never.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        app_no, type, filed, published, granted (missing: not granted by the export), firm_rank (who
        filed; OUTSIDE), holder_rank (who holds it now), dual_app_no (the other number of a case
        filed twice), counts (False for the second filing of one case and for what outsiders filed),
        seen (published by the day of the export), title (a number that two filings of one case
        share).
    """
    firm_rank, year, kind = (part.ravel().repeat(count.ravel()) for part in np.indices(count.shape))
    filed = _filing_days(firm, firm_rank, panel_years(rules)[year], rng)
    own = pd.DataFrame(
        {
            "kind": kind,
            "filed": filed,
            "firm_rank": firm_rank,
            "holder_rank": firm_rank,
            "counts": True,
        }
    )
    own["title"] = np.arange(len(own))
    sold = exact_share(rng, len(own), rules["patents"]["sold_share"])
    own.loc[sold, "holder_rank"] = rng.permutation(own["firm_rank"].to_numpy())[: int(sold.sum())]
    invention = own[own["kind"].eq(0)]
    twice = invention[exact_share(rng, len(invention), rules["patents"]["dual_share"])]
    second = twice.assign(kind=1, counts=False)
    rows = pd.concat([own, second, _bought(rules, firm, own, won, rng)], ignore_index=True)
    rows = _dated(rules, rows, rng).sort_values(
        ["filed", "firm_rank", "kind", "title"], kind="stable"
    )
    return _numbered(rules, rows.reset_index(drop=True))


def simulate_parties(
    rules: Rules,
    patent: pd.DataFrame,
    spell: pd.DataFrame,
    jobs: np.ndarray,
    rng: np.random.Generator,
    shocks: np.ndarray | None = None,
) -> pd.DataFrame:
    """Draw the parties of the applications.

    Inventors are workers insured at the filing firm in the month of filing; an application may have
    none. Who bought an application is its holder.

    Parameters
    ----------
    rules : dict
        The constants.
    patent : DataFrame
        The applications, see `simulate_applications`.
    spell : DataFrame
        `Labour.spell`.
    jobs : array (firms,)
        Jobs of each firm.
    rng : Generator
        Random numbers.
    shocks : array (jobs, years), optional
        How often staff are named in a year, see `own_shocks`.

    Returns
    -------
    DataFrame
        app_rank, ord, role, firm_rank, worker_rank, name (of parties from elsewhere).
    """
    rule = rules["patents"]
    rank, filer, holder = (
        np.arange(len(patent)),
        patent["firm_rank"].to_numpy(),
        patent["holder_rank"].to_numpy(),
    )
    ours = filer != OUTSIDE
    outside = np.asarray(words()["elsewhere"]["applicants"], dtype=object)
    own = pd.DataFrame({"app_rank": rank[ours], "role": "applicant", "firm_rank": filer[ours]})
    cases = int(patent["title"].max()) + 1  # two filings of one case have the same parties
    joint = exact_share(rng, cases, rule["joint_share"])[patent["title"]] | ~ours
    names = rng.choice(outside, cases)[patent["title"]][joint]
    other = pd.DataFrame({"app_rank": rank[joint], "role": "applicant", "name": names})
    bought = pd.DataFrame({"app_rank": rank, "role": "holder", "firm_rank": holder})[
        holder != filer
    ]
    inventor = _inventors(rules, patent, spell, jobs, rng, shocks)
    party = pd.concat([own, other, bought, inventor], ignore_index=True)
    party = party.sort_values(["app_rank", "role"], kind="stable", ignore_index=True)
    party.insert(1, "ord", party.groupby(["app_rank", "role"]).cumcount() + 1)
    return party.astype({"firm_rank": "Int64", "worker_rank": "Int64"})


def holders(job: np.ndarray, month: np.ndarray, spell: pd.DataFrame) -> np.ndarray:
    """Return the worker who holds each job in each month, -1 where it is vacant.

    `spell` is in the order of job and start.
    """
    keys = spell["job"].to_numpy() * NEVER + spell["start"].to_numpy()
    found = np.searchsorted(keys, job * NEVER + month, side="right") - 1
    there = (
        (found >= 0)
        & (spell["job"].to_numpy()[found] == job)
        & (spell["end"].to_numpy()[found] >= month)
    )
    return np.where(there, spell["worker_rank"].to_numpy()[found], -1)


def _bought(
    rules: Rules, firm: pd.DataFrame, own: pd.DataFrame, won: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw applications of outsiders that firms of this world hold now.

    Winners buy what was filed after their award.
    """
    rule, years = rules["patents"], panel_years(rules)
    wanted = int(np.ceil(rule["bought_share"] * len(own)))
    there = (firm["founded"].dt.year < years[0]).to_numpy() & firm["closed"].isna().to_numpy()
    winners = np.flatnonzero((won < years[-1]) & there)
    by_winner = (rng.random(wanted) < rule["bought_by_winners"]) & (len(winners) > 0)
    buyer = rng.choice(np.flatnonzero(there), wanted)
    buyer[by_winner] = rng.choice(winners, int(by_winner.sum()))
    first = np.where(by_winner, np.nan_to_num(won[buyer], nan=years[0]) + 1, years[0]).astype(int)
    year = first + np.floor(rng.random(wanted) * (years[-1] - first + 1)).astype(int)
    filed = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + rng.integers(
        0, 365, wanted
    )
    return pd.DataFrame(
        {
            "kind": rng.choice(3, wanted, p=rule["type_share"]),
            "filed": filed,
            "firm_rank": OUTSIDE,
            "holder_rank": buyer,
            "counts": False,
            "title": len(own) + np.arange(wanted),
        }
    )


def _dated(rules: Rules, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add the days of publication and grant, and whether the export shows the row."""
    rule, kind = rules["patents"], rows["kind"].to_numpy()
    filed = rows["filed"].to_numpy().astype("datetime64[D]")
    low, high = np.asarray(rule["publication_days"])[kind].T
    published = filed + rng.integers(low, high + 1)
    export = np.datetime64(rules["time"]["export"])
    grant = published + rng.integers(rule["grant_days"][0], rule["grant_days"][1], len(rows))
    granted = exact_share(rng, len(rows), rule["granted_share"]) & (grant <= export)
    days = {
        "filed": filed,
        "published": published,
        "granted": np.where(kind > 0, published, np.where(granted, grant, np.datetime64("NaT"))),
    }
    dates = {name: day.astype("datetime64[s]") for name, day in days.items()}
    return rows.assign(**dates, seen=published <= export)


def _numbered(rules: Rules, rows: pd.DataFrame) -> pd.DataFrame:
    """Add application numbers in the order of filing, and the other number of cases filed twice."""
    year, digit = rows["filed"].dt.year, rows["kind"] + 1
    serial = rows.groupby([year, digit]).cumcount().to_numpy() + 1  # 9000000 would look rounded
    number = pd.Series(
        application_numbers(year.to_numpy(), digit.to_numpy(), serial), index=rows.index
    )
    by_title = number.groupby(rows["title"])
    other = by_title.transform("first").where(
        by_title.transform("first").ne(number), by_title.transform("last")
    )
    types = np.asarray(rules["patents"]["types"], dtype=object)
    rows = rows.assign(
        type=types[rows["kind"]], dual_app_no=other.where(by_title.transform("size").gt(1))
    )
    rows.insert(0, "app_no", number)
    return rows.drop(columns="kind")


def _inventors(
    rules: Rules,
    patent: pd.DataFrame,
    spell: pd.DataFrame,
    jobs: np.ndarray,
    rng: np.random.Generator,
    shocks: np.ndarray | None,
) -> pd.DataFrame:
    """Draw a few of the staff of the month of filing, by job; vacant jobs have no inventor."""
    low, high = rules["patents"]["inventors"]
    case = patent[patent["firm_rank"] != OUTSIDE].drop_duplicates("title")
    month = month_of_date(case["filed"]).to_numpy()
    row = np.repeat(np.arange(len(case)), rng.integers(low, high + 1, len(case)))
    rank = case["firm_rank"].to_numpy()[row]
    firsts, draws = (np.cumsum(jobs) - jobs)[rank], rng.random(len(row))
    job = inventing_jobs(rules, firsts, jobs[rank], month[row] // 12, draws, shocks)
    worker = holders(job, month[row], spell)
    found = pd.DataFrame(
        {"title": case["title"].to_numpy()[row], "role": "inventor", "worker_rank": worker}
    )
    filing = pd.DataFrame({"app_rank": np.arange(len(patent)), "title": patent["title"]})
    return filing.merge(found[worker >= 0].drop_duplicates(), on="title").drop(columns="title")


def _filing_days(
    firm: pd.DataFrame, rank: np.ndarray, year: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw a day of the year on which the firm is open."""
    begin = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    end = (year - 1969).astype("datetime64[Y]").astype("datetime64[D]")
    founded, closed = (
        firm[name].to_numpy().astype("datetime64[D]")[rank] for name in ("founded", "closed")
    )
    begin = np.maximum(begin, founded)
    end = np.where(np.isnat(closed), end, np.minimum(end, np.maximum(closed, begin + 1)))
    return begin + np.floor(rng.random(len(rank)) * (end - begin).astype(int)).astype(int)
