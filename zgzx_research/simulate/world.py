"""The synthetic world: firms, workers, spells, contests, patents, and the truth about what the awards did."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zgzx_research.simulate.awards import first_awards, simulate_editions, simulate_entries
from zgzx_research.simulate.constants import Order, Rules
from zgzx_research.simulate.events import Events, simulate_events
from zgzx_research.simulate.firms import simulate_firms
from zgzx_research.simulate.labour import OPEN, Labour, jobs_per_firm, simulate_labour
from zgzx_research.simulate.members import award_table
from zgzx_research.simulate.patents import (
    Rates,
    application_rates,
    simulate_parties,
    simulate_patents,
    transient_shocks,
)
from zgzx_research.simulate.people import simulate_workers, skill_raises
from zgzx_research.simulate.truth import truth_tables, year_month


@dataclass(frozen=True)
class World:
    """A world as data frames; firms are T000001…, workers P0000001….

    Attributes
    ----------
    order : what was asked for, with the constants.
    firm : firm_id, uscc, name and its parts, founded, closed, size, street, industry, headcount, capital_wan, …
    events : what happened to firms and all their names, by firm_rank (position in `firm`).
    worker : worker_id, name, resident_id, insurance_no, second_no, phone, is_man, born, edu, skill_level, household,
        log_wage, raised_from (month). Never written to truth.
    spell : worker_id, firm_id (legal), start_ym, end_ym (YYYYMM, missing = open on the day of the export), agency
        (position of the dispatch company he stands under, -1 = none).
    edition : edition, year, final_date.
    entry : finalists: entry_id, edition, year, category, firm_id, street, outcome.
    member : the people of each entry: entry_id, ord, worker_id.
    award : one row per winner named: entry_id, edition, year, category, firm_id, ord, worker_id.
    patent : app_no, type, filed, published, granted, firm_id, seen (published by the day of the export).
    patent_party : app_no, ord, role, firm_id, worker_id, name (parties from elsewhere).
    truth : name -> what perfect cleaning and the true model give; see `write_world`.
    """

    order: Order
    firm: pd.DataFrame
    events: Events
    worker: pd.DataFrame
    spell: pd.DataFrame
    edition: pd.DataFrame
    entry: pd.DataFrame
    member: pd.DataFrame
    award: pd.DataFrame
    patent: pd.DataFrame
    patent_party: pd.DataFrame
    truth: dict[str, pd.DataFrame]

    @property
    def rules(self) -> Rules:
        """The constants of this world."""
        return self.order.rules


def simulate_world(order: Order) -> World:
    """A world drawn from `world.toml`; scenarios of one seed share everything the effects leave alone."""
    rules, counts = order.rules, order.counts
    firm = simulate_firms(rules, counts["firms"], order.stream("firms"))
    edition = simulate_editions(rules)
    transient = transient_shocks(rules, len(firm), order.stream("transient"))
    jobs = jobs_per_firm(rules, firm, counts["workers"], order.stream("jobs"))
    entry = simulate_entries(rules, firm, edition, transient, jobs, counts["awards"], order.stream("entries"))
    first = first_awards(firm, entry)
    events = simulate_events(rules, firm, entry, order.stream("events"))
    labour = simulate_labour(
        rules, firm, jobs, events.event, first, entry, edition, scale=order.scale, workers=counts["workers"],
        rng=order.stream("labour"),
    )  # fmt: skip
    rates = application_rates(rules, firm, first, transient, scale=order.scale, rng=order.stream("rates"))
    patent = simulate_patents(rules, firm, rates, order.stream("patents"))
    party = simulate_parties(rules, patent, labour.spell, jobs, order.stream("parties"))
    worker = simulate_workers(rules, labour.spell, order.stream("workers"))
    worker["raised_from"] = skill_raises(entry, labour.member, len(worker))
    return _assemble(order, firm, events, worker, edition, entry, labour, rates, patent, party)


def _assemble(
    order: Order, firm: pd.DataFrame, events: Events, worker: pd.DataFrame, edition: pd.DataFrame, entry: pd.DataFrame,
    labour: Labour, rates: Rates, patent: pd.DataFrame, party: pd.DataFrame,
) -> World:  # fmt: skip
    """Ranks replaced by ids, and the truth tables."""
    ids, people = firm["firm_id"].to_numpy(), worker["worker_id"].to_numpy()
    spell = pd.DataFrame(
        {
            "worker_id": people[labour.spell["worker_rank"]],
            "firm_id": ids[labour.spell["firm_rank"]],
            "start_ym": year_month(labour.spell["start"]).astype("int64"),
            "end_ym": year_month(labour.spell["end"]).mask(labour.spell["end"] == OPEN),
            "agency": labour.spell["agency"],
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
    member, award = labour.member, award_table(entry, labour.member, people)
    patent = patent.drop(columns="firm_rank")
    truth = truth_tables(order.rules, firm, events, entry, award, spell, patent, rates, labour)
    who = {"entry_id": entry["entry_id"].to_numpy()[member["entry_rank"]], "ord": member["ord"]}
    member = pd.DataFrame({**who, "worker_id": people[member["worker_rank"]]})
    entry = entry.drop(columns="firm_rank")
    return World(order, firm, events, worker, spell, edition, entry, member, award, patent, party, truth)
