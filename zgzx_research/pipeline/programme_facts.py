"""Facts about the programme: the flow from the lists to the estimates, and the award rosters."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import Fact, fact, shown_fact
from zgzx_research.evidence.flow import ProgrammeFlow, flow_facts
from zgzx_research.pipeline.flow_counts import programme_flow
from zgzx_research.pipeline.headline_counts import headline_count
from zgzx_research.pipeline.place import PAGE_TABLES, Place
from zgzx_research.study import Study

TABLES = ("roster", "entry", "link_audit", "firm_year", "firm_entries", "worker_final")


def read_flow(place: Place, study: Study) -> ProgrammeFlow:
    """Count the flow of a study from its tables; numbers are not hidden yet."""
    tables = {name: pd.read_parquet(place.stage(PAGE_TABLES[name], name)[0]) for name in TABLES}
    panel, entries = tables["firm_year"], tables["firm_entries"]
    headlines = {
        outcome: headline_count(study, panel, entries, outcome)
        for outcome in study.estimate.outcomes
    }
    last_event = study.estimate.headline_events[1]
    return programme_flow(tables, headlines, years=study.study.years, last_event=last_event)


def programme_facts(place: Place, study: Study, before: EarlierCounts = NOTHING) -> dict[str, Fact]:
    """Return the facts `flow.*` and `calendar.*`; `before` is what an earlier report showed."""
    roster = pd.read_parquet(place.stage("clean", "roster")[0])
    panel = pd.read_parquet(
        place.stage("panels", "firm_year")[0], columns=["firm_id", "first_award"]
    )
    calendar = pd.read_csv(place.calendar)
    found = flow_facts(read_flow(place, study), before) | roster_facts(roster)
    return found | calendar_facts(calendar, panel, study.study.years[1])


def roster_facts(roster: pd.DataFrame) -> dict[str, Fact]:
    """Return the facts `flow.roster.{rows,teams,persons}`.

    A row of a roster is one winning entry. A team is one row with several names, so that there are
    more persons than rows.
    """
    each = roster.drop_duplicates(["file", "sheet", "row"])
    teams = int(each["is_team"].sum())
    whole = len(each)
    alone = whole - teams
    few = 0 < teams < rules().persons or 0 < alone < rules().persons
    counts = {
        "rows": whole if whole >= rules().persons else None,
        "teams": None if few else teams,
        "persons": len(roster) if len(roster) >= rules().persons else None,
    }
    return {
        f"flow.roster.{name}": shown_fact(count, "count", "data", "clean")
        for name, count in counts.items()
    }


def calendar_facts(
    calendar: pd.DataFrame, firm_year: pd.DataFrame, last_year: int
) -> dict[str, Fact]:
    """Return the facts `calendar.*`: editions, and how much rests on years that are assumed.

    Parameters
    ----------
    calendar : pandas.DataFrame
        edition, year, status ("source" where the year is documented).
    firm_year : pandas.DataFrame
        firm_id, first_award (year; missing = never).
    last_year : int
        Last year of the study; later editions are left out.

    Returns
    -------
    dict
        calendar.editions, .assumed (editions whose year is an assumption), .first_year,
        .last_year, .assumed_share (of the firms first awarded, those in a year that is assumed).
    """
    held = calendar[calendar["year"].le(last_year)]
    assumed = held[held["status"].ne("source")]
    first = firm_year.groupby("firm_id")["first_award"].first().dropna()
    on_assumed = int(first.isin(assumed["year"]).sum())
    few = 0 < on_assumed < rules().firms or 0 < len(first) - on_assumed < rules().firms
    share = None if few or not len(first) else on_assumed / len(first)
    counts = {"editions": len(held), "assumed": len(assumed)}
    years = {"first_year": int(held["year"].min()), "last_year": int(held["year"].max())}
    return {
        **{f"calendar.{name}": fact(n, "count", "design", "study") for name, n in counts.items()},
        **{f"calendar.{name}": fact(n, "year", "design", "study") for name, n in years.items()},
        "calendar.assumed_share": shown_fact(share, "share", "data", "panels"),
    }
