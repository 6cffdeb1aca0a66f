"""The synthetic world: firms, workers, spells, contests, patents, and the truth about what the awards did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.applications import OUTSIDE, holders, simulate_applications, simulate_parties
from zgzx_research.simulate.constants import Order, Rules
from zgzx_research.simulate.contest import first_awards, simulate_editions, simulate_entries
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
from zgzx_research.simulate.patents import Rates, Shocks, Since, application_rates, draw_counts, draw_shocks
from zgzx_research.simulate.programmes import simulate_programmes, specialised_onset
from zgzx_research.simulate.scores import Scores, simulate_scores
from zgzx_research.simulate.truth import truth_tables, year_month


@dataclass(frozen=True)
class Contest:
    """Firms, their shocks and jobs, who entered and won, and what acts on them since when; see `World`."""

    firm: pd.DataFrame
    edition: pd.DataFrame
    shocks: Shocks
    jobs: np.ndarray
    entry: pd.DataFrame
    since: Since


@dataclass(frozen=True)
class World:
    """A world as data frames; firms are T000001…, workers P0000001….

    Attributes
    ----------
    order : what was asked for, with the constants.
    firm : firm_id, uscc, name and its parts, founded, closed, size, street, industry, headcount, capital_wan, …
    worker : worker_id, name, resident_id, insurance_no, phone, is_man, born. Never written to truth.
    spell : worker_id, firm_id, start_ym, end_ym (YYYYMM, missing = open on the day of the export).
    edition : edition, year, final_date.
    entry : every entry of a preliminary, see `simulate_entries`; without firm_rank.
    score, result : what the judges gave, see `Scores`.
    member : the people of each entry: entry_id, ord, worker_id.
    award : one row per winner named: entry_id, edition, year, category, firm_id, ord, worker_id.
    programmes : name -> programme, cost, participation, district_year; see `simulate_programmes`.
    patent : app_no, type, filed, published, granted, firm_id (who filed; missing = an outsider), holder_id,
        dual_app_no, counts, seen, title; see `simulate_applications`.
    patent_party : app_no, ord, role (applicant, holder, inventor), firm_id, worker_id, name (parties from elsewhere).
    truth : name -> what perfect cleaning and the true model give; see `write_world`.
    """

    order: Order
    firm: pd.DataFrame
    worker: pd.DataFrame
    spell: pd.DataFrame
    edition: pd.DataFrame
    entry: pd.DataFrame
    score: pd.DataFrame
    result: pd.DataFrame
    member: pd.DataFrame
    award: pd.DataFrame
    programmes: dict[str, pd.DataFrame]
    patent: pd.DataFrame
    patent_party: pd.DataFrame
    truth: dict[str, pd.DataFrame]

    @property
    def rules(self) -> Rules:
        """The constants of this world."""
        return self.order.rules


def simulate_contest(order: Order) -> Contest:
    """Everything up to the awards."""
    rules, counts = order.rules, order.counts
    firm = simulate_firms(rules, counts["firms"], order.stream("firms"))
    edition = simulate_editions(rules)
    shocks = draw_shocks(rules, len(firm), order.stream("transient"), order.stream("persistent"))
    jobs = jobs_per_firm(rules, firm, counts["workers"], order.stream("jobs"))
    entry = simulate_entries(
        rules, firm, edition, shocks.transient, shocks.persistent, jobs, counts, order.stream("entries")
    )
    firm = firm.assign(specialised=specialised_onset(rules, firm, order.stream("specialised")))
    entered = entry.groupby("firm_rank")["year"].min().reindex(np.arange(len(firm))).to_numpy(dtype=float)
    since = Since(first_awards(rules, firm, entry), entered, firm["specialised"].to_numpy(dtype=float))
    return Contest(firm, edition, shocks, jobs, entry, since)


def simulate_counts(order: Order, contest: Contest) -> tuple[Rates, np.ndarray]:
    """Expected and drawn applications (firm x panel year x type)."""
    rules = order.rules
    rates = application_rates(
        rules, contest.firm, contest.shocks, contest.since, scale=order.scale, rng=order.stream("rates")
    )
    return rates, draw_counts(rules, rates, order.stream("patents"))


def simulate_world(order: Order) -> World:
    """A world drawn from `world.toml`; scenarios of one seed share everything the effects leave alone."""
    rules, contest = order.rules, simulate_contest(order)
    firm, jobs = contest.firm, contest.jobs
    scores = simulate_scores(rules, contest.entry, order.stream("scores"))
    labour = simulate_labour(
        rules, firm, jobs, contest.since.first, contest.entry, contest.edition, scale=order.scale,
        workers=order.counts["workers"], rng=order.stream("labour"),
    )  # fmt: skip
    rates, count = simulate_counts(order, contest)
    won = contest.since.first["year"].to_numpy(dtype=float)
    patent = simulate_applications(rules, firm, count, won, order.stream("applications"))
    party = simulate_parties(rules, patent, labour.spell, jobs, order.stream("parties"))
    worker = _workers(rules, labour.spell, order.stream("workers"))
    member = _members(contest.entry, contest.edition, labour.spell, jobs, order.stream("members"))
    return _assemble(order, contest, scores, worker, member, labour, rates, patent, party)


def _workers(rules: Rules, spell: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row per person who ever held a job; of age at the first one."""
    count = int(spell["worker_rank"].max()) + 1
    began = spell.groupby("worker_rank")["start"].min().reindex(range(count)).to_numpy(dtype=float)
    began = np.where(np.isnan(began), rules["time"]["spells_from"] * 12, began)
    low, high = rules["labour"]["hiring_age"]
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


def _members(
    entry: pd.DataFrame, edition: pd.DataFrame, spell: pd.DataFrame, jobs: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """The people of each entry (entry_rank, ord, worker_rank): insured at the firm in the month of the final."""
    final = edition.set_index("edition")["final_date"].loc[entry["edition"]]
    month = (final.dt.year * 12 + final.dt.month - 1).to_numpy()
    rank, wanted = entry["firm_rank"].to_numpy(), entry["persons"].to_numpy()
    jobs_here = jobs[rank]
    row = np.repeat(np.arange(len(entry)), jobs_here)
    place = np.arange(len(row)) - np.repeat(np.cumsum(jobs_here) - jobs_here, jobs_here)
    job = (np.cumsum(jobs) - jobs)[rank[row]] + place
    staff = pd.DataFrame(
        {"entry_rank": row, "worker_rank": holders(job, month[row], spell), "draw": rng.random(len(row))}
    )
    staff = staff[staff["worker_rank"] >= 0].sort_values(["entry_rank", "draw"], ignore_index=True)
    staff["ord"] = staff.groupby("entry_rank").cumcount() + 1
    kept = staff["ord"].to_numpy() <= wanted[staff["entry_rank"]]
    return staff.loc[kept, ["entry_rank", "ord", "worker_rank"]].reset_index(drop=True)


def _person(rank: np.ndarray) -> np.ndarray:
    return joined("P", padded(rank + 1, 7))


def _assemble(
    order: Order, contest: Contest, scores: Scores, worker: pd.DataFrame, member: pd.DataFrame, labour: Labour,
    rates: Rates, patent: pd.DataFrame, party: pd.DataFrame,
) -> World:  # fmt: skip
    """Ranks replaced by ids, and the truth tables."""
    firm = contest.firm
    ids = firm["firm_id"].to_numpy()
    spell = pd.DataFrame(
        {
            "worker_id": _person(labour.spell["worker_rank"].to_numpy()),
            "firm_id": ids[labour.spell["firm_rank"]],
            "start_ym": year_month(labour.spell["start"]).astype("int64"),
            "end_ym": year_month(labour.spell["end"]).mask(labour.spell["end"] == OPEN),
        }
    ).sort_values(["worker_id", "start_ym"], ignore_index=True)
    by_rank = dict(enumerate(ids)) | {OUTSIDE: None}
    patent = patent.assign(firm_id=patent["firm_rank"].map(by_rank), holder_id=patent["holder_rank"].map(by_rank))
    party = pd.DataFrame(
        {
            "app_no": patent["app_no"].to_numpy()[party["app_rank"]],
            "ord": party["ord"],
            "role": party["role"],
            "firm_id": party["firm_rank"].map(by_rank),
            "worker_id": party["worker_rank"].map(worker["worker_id"]),
            "name": party["name"],
        }
    )
    patent, entry = patent.drop(columns=["firm_rank", "holder_rank"]), contest.entry.drop(columns="firm_rank")
    who = entry["entry_id"].to_numpy()[member["entry_rank"]], _person(member["worker_rank"].to_numpy())
    member = pd.DataFrame({"entry_id": who[0], "ord": member["ord"], "worker_id": who[1]})
    won = entry.loc[entry["outcome"] == "获奖", ["entry_id", "edition", "year", "category", "firm_id"]]
    award = won.merge(member, on="entry_id")
    programmes = simulate_programmes(order, firm, spell)
    truth = truth_tables(order.rules, firm, award, spell, patent, rates, labour)
    truth |= {"entry": entry.drop(columns=["preliminary", "final"]), "programme": programmes["programme"]}
    return World(
        order, firm, worker, spell, contest.edition, entry, scores.score, scores.result, member, award, programmes,
        patent, party, truth,
    )  # fmt: skip
