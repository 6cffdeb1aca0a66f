"""The synthetic world: firms, workers, spells, contests, patents, and the truth about what the awards did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.awards import first_awards, simulate_editions, simulate_entries
from zgzx_research.simulate.constants import constants, stream
from zgzx_research.simulate.firms import simulate_firms
from zgzx_research.simulate.identities import (
    INSURANCE_PREFIX,
    PHONE_PREFIX,
    joined,
    padded,
    person_names,
    resident_ids,
)
from zgzx_research.simulate.labour import OPEN, Labour, jobs_per_firm, simulate_labour
from zgzx_research.simulate.patents import (
    Rates,
    application_rates,
    holders,
    simulate_parties,
    simulate_patents,
    transient_shocks,
)
from zgzx_research.simulate.truth import truth_tables, year_month


@dataclass(frozen=True)
class World:
    """A world as data frames; firms are T000001…, workers P0000001….

    Attributes
    ----------
    firm : firm_id, uscc, name and its parts, founded, closed, size, street, industry, headcount, capital_wan, …
    worker : worker_id, name, resident_id, insurance_no, phone, is_man, born. Never written to truth.
    spell : worker_id, firm_id, start_ym, end_ym (YYYYMM, missing = open on the day of the export).
    edition : edition, year, final_date.
    entry : finalists: entry_id, edition, year, category, firm_id, street, outcome.
    award : one row per winner named: entry_id, edition, year, category, firm_id, ord, worker_id.
    patent : app_no, type, filed, published, granted, firm_id, seen (published by the day of the export).
    patent_party : app_no, ord, role, firm_id, worker_id, name (parties from elsewhere).
    truth : name -> what perfect cleaning and the true model give; see `write_world`.
    """

    firm: pd.DataFrame
    worker: pd.DataFrame
    spell: pd.DataFrame
    edition: pd.DataFrame
    entry: pd.DataFrame
    award: pd.DataFrame
    patent: pd.DataFrame
    patent_party: pd.DataFrame
    truth: dict[str, pd.DataFrame]


def simulate_world(scenario: str, size: str, seed: int) -> World:
    """A world drawn from `world.toml`; scenarios of one seed share everything the effects leave alone.

    Raises
    ------
    ZgzxError : an unknown scenario or size, a negative seed.
    """
    scale, chosen = _known("scenario", scenario), _known("size", size)
    if seed < 0:
        raise ZgzxError("a seed cannot be negative", where="seed", examples=[seed], remedy="Give 0 or more.")
    firm = simulate_firms(chosen["firms"], stream(seed, "firms"))
    edition = simulate_editions()
    transient = transient_shocks(len(firm), stream(seed, "transient"))
    jobs = jobs_per_firm(firm, chosen["workers"], stream(seed, "jobs"))
    entry = simulate_entries(firm, edition, transient, jobs, chosen["awards"], stream(seed, "entries"))
    first = first_awards(firm, entry)
    labour = simulate_labour(
        firm, jobs, first, entry, edition, scale=scale, workers=chosen["workers"], rng=stream(seed, "labour")
    )
    rates = application_rates(firm, first, transient, scale=scale, rng=stream(seed, "rates"))
    patent = simulate_patents(firm, rates, stream(seed, "patents"))
    party = simulate_parties(patent, labour.spell, jobs, stream(seed, "parties"))
    worker = _workers(labour.spell, stream(seed, "workers"))
    award = _winners(entry, edition, labour.spell, jobs, stream(seed, "winners"))
    return _assemble(firm, worker, edition, entry, award, labour, rates, patent, party)


def _known(kind: str, name: str) -> Any:
    table = constants()[kind]
    if name not in table:
        raise ZgzxError(f"unknown {kind}", where=name, remedy=f"Known: {', '.join(table)}.")
    return table[name]


def _workers(spell: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row per person who ever held a job; of age at the first one."""
    count = int(spell["worker_rank"].max()) + 1
    began = spell.groupby("worker_rank")["start"].min().reindex(range(count)).to_numpy(dtype=float)
    began = np.where(np.isnan(began), constants()["time"]["spells_from"] * 12, began)
    low, high = constants()["labour"]["hiring_age"]
    days = (began / 12 - rng.uniform(low, high, count) - 1970) * 365.2425
    born = np.floor(days).astype(int).astype("datetime64[D]")
    is_man = rng.random(count) < 0.55
    return pd.DataFrame(
        {
            "worker_id": joined("P", padded(np.arange(1, count + 1), 7)),
            "name": person_names(rng, count),
            "resident_id": resident_ids(born, is_man),
            "insurance_no": joined(INSURANCE_PREFIX, padded(rng.permutation(count), 7)),
            "phone": joined(PHONE_PREFIX, padded(np.arange(count) % 10_000, 4)),
            "is_man": is_man,
            "born": born.astype("datetime64[s]"),
        }
    )


def _winners(
    entry: pd.DataFrame, edition: pd.DataFrame, spell: pd.DataFrame, jobs: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """The people named in the rosters: insured at the firm in the month of the final."""
    won = entry[entry["outcome"] == "获奖"].merge(edition[["edition", "final_date"]], on="edition", how="left")
    low, high = constants()["selection"]["team_names"]
    wanted = np.where(won["category"] == "team", rng.integers(low, high, len(won)), 1)
    month = (won["final_date"].dt.year * 12 + won["final_date"].dt.month - 1).to_numpy()
    rank = won["firm_rank"].to_numpy()
    jobs_here = jobs[rank]
    row = np.repeat(np.arange(len(won)), jobs_here)
    place = np.arange(len(row)) - np.repeat(np.cumsum(jobs_here) - jobs_here, jobs_here)
    job = (np.cumsum(jobs) - jobs)[rank[row]] + place
    staff = pd.DataFrame({"row": row, "worker_rank": holders(job, month[row], spell), "draw": rng.random(len(row))})
    staff = staff[staff["worker_rank"] >= 0].sort_values(["row", "draw"], ignore_index=True)
    staff["ord"] = staff.groupby("row").cumcount() + 1
    staff = staff[staff["ord"].to_numpy() <= wanted[staff["row"]]]
    kept = won.iloc[staff["row"]][["entry_id", "edition", "year", "category", "firm_id"]].reset_index(drop=True)
    return kept.assign(ord=staff["ord"].to_numpy(), worker_id=_person(staff["worker_rank"].to_numpy()))


def _person(rank: np.ndarray) -> np.ndarray:
    return joined("P", padded(rank + 1, 7))


def _assemble(
    firm: pd.DataFrame, worker: pd.DataFrame, edition: pd.DataFrame, entry: pd.DataFrame, award: pd.DataFrame,
    labour: Labour, rates: Rates, patent: pd.DataFrame, party: pd.DataFrame,
) -> World:  # fmt: skip
    """Ranks replaced by ids, and the truth tables."""
    ids = firm["firm_id"].to_numpy()
    spell = pd.DataFrame(
        {
            "worker_id": _person(labour.spell["worker_rank"].to_numpy()),
            "firm_id": ids[labour.spell["firm_rank"]],
            "start_ym": year_month(labour.spell["start"]).astype("int64"),
            "end_ym": year_month(labour.spell["end"]).mask(labour.spell["end"] == OPEN),
        }
    ).sort_values(["worker_id", "start_ym"], ignore_index=True)
    patent = patent.assign(firm_id=ids[patent["firm_rank"]])
    party = pd.DataFrame(
        {
            "app_no": patent["app_no"].to_numpy()[party["app_rank"]],
            "ord": party["ord"],
            "role": party["role"],
            "firm_id": party["firm_rank"].map(dict(enumerate(ids))),
            "worker_id": party["worker_rank"].map(worker["worker_id"]),
            "name": party["name"],
        }
    )
    patent, entry = patent.drop(columns="firm_rank"), entry.drop(columns="firm_rank")
    truth = truth_tables(firm, award, spell, patent, rates, labour)
    return World(firm, worker, spell, edition, entry, award, patent, party, truth)
