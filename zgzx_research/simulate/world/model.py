"""The whole model: firms, workers, spells, contests, patents, and the true effects of awards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Order, Rules
from zgzx_research.simulate.world.contest import first_awards, simulate_editions, simulate_entries
from zgzx_research.simulate.world.entry_members import award_table
from zgzx_research.simulate.world.firm_events import Events, owner, simulate_events
from zgzx_research.simulate.world.firm_population import simulate_firms
from zgzx_research.simulate.world.jury_scores import Scores, simulate_scores
from zgzx_research.simulate.world.labour import Labour, jobs_per_firm, simulate_labour
from zgzx_research.simulate.world.other_programmes import simulate_programmes, specialised_onset
from zgzx_research.simulate.world.own_years import own_shocks
from zgzx_research.simulate.world.patent_applications import (
    OUTSIDE,
    simulate_applications,
    simulate_parties,
)
from zgzx_research.simulate.world.patent_rates import (
    Rates,
    Shocks,
    Since,
    application_rates,
    draw_counts,
    draw_shocks,
    panel_years,
    to_owners,
)
from zgzx_research.simulate.world.truth import spell_table, truth_tables
from zgzx_research.simulate.world.workers import simulate_workers, skill_raises


@dataclass(frozen=True)
class Contest:
    """Everything up to the awards; see `World`.

    Attributes
    ----------
    firm : DataFrame
        The firms.
    edition : DataFrame
        The editions.
    shocks : Shocks
        Log shocks of the firms.
    jobs : array (firms,)
        Jobs of each firm.
    entry : DataFrame
        The entries with firm_rank.
    events : Events
        What happened to firms.
    since : Since
        First awards, first entries and namings.
    """

    firm: pd.DataFrame
    edition: pd.DataFrame
    shocks: Shocks
    jobs: np.ndarray
    entry: pd.DataFrame
    events: Events
    since: Since


@dataclass(frozen=True)
class World:
    """A world as data frames; firms are T000001…, workers P0000001….

    Attributes
    ----------
    order : Order
        What was asked for, with the constants.
    firm : DataFrame
        firm_id, uscc, name and its parts, founded, closed, size, street, industry, headcount,
        capital_wan, …
    events : Events
        What happened to firms and all their names, by firm_rank (position in `firm`).
    worker : DataFrame
        worker_id, name, resident_id, insurance_no, second_no, phone, is_man, born, edu,
        skill_level, household, log_wage, raised_from (month). Never written to truth.
    spell : DataFrame
        worker_id, firm_id (legal), start_ym, end_ym (YYYYMM, missing = open on the day of the
        export), agency (position of the dispatch company that employs the person, -1 = none).
    edition : DataFrame
        edition, year, final_date.
    entry : DataFrame
        Every entry of a preliminary, see `simulate_entries`; without firm_rank.
    score, result : DataFrame
        The points of the judges and the results, see `Scores`.
    member : DataFrame
        The people of each entry: entry_id, ord, worker_id.
    award : DataFrame
        One row per winner named: entry_id, edition, year, category, firm_id, ord, worker_id.
    programmes : dict of str to DataFrame
        programme, cost, participation, district_year; see `simulate_programmes`.
    patent : DataFrame
        app_no, type, filed, published, granted, firm_id (who filed; missing = an outsider),
        holder_id, dual_app_no, counts, seen, title; see `simulate_applications`.
    patent_party : DataFrame
        app_no, ord, role (applicant, holder, inventor), firm_id, worker_id, name (parties from
        elsewhere).
    truth : dict of str to DataFrame
        What perfect cleaning and the true model give; see `write_world`.
    """

    order: Order
    firm: pd.DataFrame
    events: Events
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
    """Draw everything up to the awards."""
    rules, counts = order.rules, order.counts
    firm = simulate_firms(rules, counts["firms"], order.stream("firms"))
    edition = simulate_editions(rules)
    shocks = draw_shocks(rules, len(firm), order.stream("transient"), order.stream("persistent"))
    jobs = jobs_per_firm(rules, firm, counts["workers"], order.stream("jobs"))
    entry = simulate_entries(
        rules,
        firm,
        edition,
        shocks.transient,
        shocks.persistent,
        jobs,
        counts,
        order.stream("entries"),
    )
    firm = firm.assign(specialised=specialised_onset(rules, firm, order.stream("specialised")))
    events = simulate_events(rules, firm, entry, order.stream("events"))
    entered = (
        entry.groupby("firm_rank")["year"].min().reindex(np.arange(len(firm))).to_numpy(dtype=float)
    )
    since = Since(
        first_awards(rules, firm, entry), entered, firm["specialised"].to_numpy(dtype=float)
    )
    return Contest(firm, edition, shocks, jobs, entry, events, since)


def simulate_counts(order: Order, contest: Contest) -> tuple[Rates, np.ndarray]:
    """Return expected and drawn applications (firms x panel years x types).

    After a merger they are the successor's.
    """
    rules, firm = order.rules, contest.firm
    rates = application_rates(
        rules, firm, contest.shocks, contest.since, scale=order.scale, rng=order.stream("rates")
    )
    count = draw_counts(rules, rates, order.stream("patents"))
    owners = owner(contest.events.event, len(firm), panel_years(rules))
    return Rates(to_owners(rates.mu0, owners), to_owners(rates.mu1, owners)), to_owners(
        count, owners
    )


def simulate_staying(order: Order, contest: Contest) -> Labour:
    """Draw who held which job, with the expected stays."""
    return simulate_labour(
        order.rules,
        contest.firm,
        contest.jobs,
        contest.events.event,
        contest.since.first,
        contest.entry,
        contest.edition,
        scale=order.scale,
        workers=order.counts["workers"],
        rng=order.stream("labour"),
        own=_own(order, contest),
    )


def _own(order: Order, contest: Contest) -> np.ndarray | None:
    """Draw the persons' own shocks by job and year; the same at every call."""
    return own_shocks(order.rules, int(contest.jobs.sum()), order.stream("own years"))


def simulate_world(order: Order) -> World:
    """Draw a world from `world.toml`.

    Scenarios of one seed share everything that the effects do not change.

    Parameters
    ----------
    order : Order
        Scenario, size, seed and traps.

    Returns
    -------
    World
        The world with its truth.
    """
    rules, contest = order.rules, simulate_contest(order)
    scores = simulate_scores(rules, contest.entry, order.stream("scores"))
    labour = simulate_staying(order, contest)
    rates, count = simulate_counts(order, contest)
    won = contest.since.first["year"].to_numpy(dtype=float)
    patent = simulate_applications(rules, contest.firm, count, won, order.stream("applications"))
    party = simulate_parties(
        rules, patent, labour.spell, contest.jobs, order.stream("parties"), _own(order, contest)
    )
    worker = simulate_workers(rules, labour.spell, order.stream("workers"))
    worker["raised_from"] = skill_raises(contest.entry, labour.member, len(worker))
    return _assemble(order, contest, scores, worker, labour, rates, patent, party)


def _assemble(
    order: Order,
    contest: Contest,
    scores: Scores,
    worker: pd.DataFrame,
    labour: Labour,
    rates: Rates,
    patent: pd.DataFrame,
    party: pd.DataFrame,
) -> World:
    """Replace ranks by ids, and add the truth tables."""
    firm, events, entry = contest.firm, contest.events, contest.entry
    ids, people = firm["firm_id"].to_numpy(), worker["worker_id"].to_numpy()
    spell = spell_table(firm, labour)
    by_rank = dict(enumerate(ids)) | {OUTSIDE: None}
    patent = patent.assign(
        firm_id=patent["firm_rank"].map(by_rank), holder_id=patent["holder_rank"].map(by_rank)
    )
    party = party.assign(
        app_no=patent["app_no"].to_numpy()[party["app_rank"]],
        firm_id=party["firm_rank"].map(by_rank),
        worker_id=party["worker_rank"].map(worker["worker_id"]),
    )[["app_no", "ord", "role", "firm_id", "worker_id", "name"]]
    member, award = labour.member, award_table(entry, labour.member, people)
    patent = patent.drop(columns=["firm_rank", "holder_rank"])
    truth = truth_tables(order.rules, firm, events, entry, award, spell, patent, rates, labour)
    who = {"entry_id": entry["entry_id"].to_numpy()[member["entry_rank"]], "ord": member["ord"]}
    member = pd.DataFrame({**who, "worker_id": people[member["worker_rank"]]})
    entry, programmes = entry.drop(columns="firm_rank"), simulate_programmes(order, firm, spell)
    truth["entry"] = entry.drop(columns=["preliminary", "final"])
    truth |= {"programme": programmes["programme"], "member": member}
    return World(
        order,
        firm,
        events,
        worker,
        spell,
        contest.edition,
        entry,
        scores.score,
        scores.result,
        member,
        award,
        programmes,
        patent,
        party,
        truth,
    )
