"""The panel of persons.

Everybody who competed, on one clock that starts in the month of the final.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from zgzx_research.engine import DUCKDB, Engine
from zgzx_research.link.audit import ARMS, contestants
from zgzx_research.link.calendar import published_calendar
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key, month_number
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.firm_entries import ENTRY_KEY, build_firm_entries
from zgzx_research.panels.retention import HORIZONS, LEVELS, LONGEST_BREAK, SHARES, last_month
from zgzx_research.panels.treatment import edition_calendar
from zgzx_research.panels.worker_entries import RANKS, entry_ranks
from zgzx_research.panels.worker_history import (
    INVENTION_YEARS,
    TRAITS,
    WAGE_WINDOWS,
    earlier_contests,
    inventions_by_year,
    traits,
    wage_means,
)
from zgzx_research.panels.worker_stays import PERSON, place_at_final, stayed, tenure_and_leaving

COLUMNS = [
    "edition",
    "worker_id",
    "arm",
    "category",
    "version",
    "outcome",
    "is_team",
    "entry_id",
    "firm_id",
    "group_id",
    "final_ym",
    "employed",
    *SHARES,
    "tenure_months",
    "leave_month",
    "observed_months",
    *RANKS,
    "earlier_entries",
    "earlier_awards",
    "firm_entries",
    *WAGE_WINDOWS,
    *INVENTION_YEARS,
    *TRAITS,
    "method",
    "score",
    "uniqueness",
]


def build_worker_final(
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    people: PeopleLinks,
    *,
    calendar: pd.DataFrame | None = None,
    longest_break: int = LONGEST_BREAK,
    patent_truncation: dt.date | None = None,
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Build the panel of persons: everybody who competed, followed from the month of the final.

    Only persons employed at the start are compared, and all start on one day, so nobody has to
    survive until an award. The others keep their row, without outcomes. Contestants whom nobody was
    found for are not in the panel (`link.audit.linkage_rates` counts them).

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name: roster and entry; score, patent and patent_party where there are
        any.
    firms : FirmLinks
        The result of `link_firms`.
    people : PeopleLinks
        The result of `link_people`.
    calendar : pandas.DataFrame, optional
        edition, year, final_date; by default the published calendar of 职工之星.
    longest_break : int, default 3
        Months without insurance between two spells at one place that still count as insured.
    patent_truncation : datetime.date, optional
        Date of the patent export; by default the last day in it.
    engine : Engine, optional
        What looks up stays and wages; the panel is the same on each.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row per person and edition, sorted by edition and worker. A cell is missing
        where its source is absent.

        - arm: the furthest stage: winner, finalist (in the final, no award), participant
          (preliminary only).
        - entry_id: the same for the members of one team entry.
        - firm_id, group_id: the firm in the list, else where the person was insured in that month.
        - employed: insured with that legal group in the month of the final.
        - retention_12_employer … retention_24_city: 1.0 if insured there 12, 24 months after the
          final (see `retention.count_staff`), else 0.0; NaN if not employed at the start or the
          export ends before.
        - tenure_months: months insured with that legal group up to the final, that one included.
        - leave_month: months after the final in which the person was first not insured there any
          more; missing for those still there at the end of the data. observed_months: months from
          the final until then. The three need `employed`, the last does not.
        - rank, rank_total, cut_distance, tied, n_judges: see `worker_entries.entry_ranks`.
        - earlier_entries, earlier_awards: of the person in earlier editions.
        - firm_entries: entries of the firm in this edition and category that reached the final.
        - wage_base_before, wage_base_after: mean contribution base (yuan a month) of the 12 months
          before the final and of months 13 to 24 after it; it has a floor and a ceiling.
        - inventions_m5 … inventions_p3: inventions filed in that year from the year of the final
          with the person as inventor (see `worker_history.inventions_by_year`).
        - sex, birth_year, education, skill_level: of those who stand in a roster; the last two
          are ordered categories (see `worker_history.traits`).
        - method, score, uniqueness: how the person was linked.

    Raises
    ------
    ZgzxError
        An edition that does not stand exactly once in the calendar.
    """
    firm, employment = firms.firm, people.employment
    calendar = published_calendar() if calendar is None else calendar
    rows, earlier = _contestants(tables, firms, people, calendar)
    at = place_at_final(rows, employment, firm, longest_break, engine)
    rows = rows.merge(at, on=PERSON, how="left", validate="one_to_one")
    rows["firm_id"] = rows["firm_id"].fillna(rows["seen_firm"])
    rows["group_id"] = rows["group_id"].fillna(rows["seen_group"])
    rows["employed"] = rows["employed"].eq(True).fillna(False).astype("bool")
    covered = month_number(pd.Series([last_month(employment)]))[0]
    rows = _stays(rows, employment, firm, longest_break, covered, engine)

    entries = build_firm_entries(tables, firms, calendar=calendar)
    reached = entries.rename(columns={"n_finalists": "firm_entries"}).astype(
        {"firm_entries": "Int64"}
    )
    contest = ["edition", "firm_id", "category"]
    wages = wage_means(rows, people.wage_base, covered, engine)
    for found, key in (
        (earlier, PERSON),
        (wages, PERSON),
        (reached[[*contest, "firm_entries"]], contest),
    ):
        rows = rows.merge(found, on=key, how="left", validate="many_to_one")
    rows = rows.join(
        [
            inventions_by_year(
                rows, tables, people.link_audit, employment["worker_id"], patent_truncation
            ),
            traits(rows, tables["roster"], people.link_audit),
        ]
    )
    return rows.sort_values(PERSON, ignore_index=True)[COLUMNS]


def _contestants(
    tables: Mapping[str, pd.DataFrame],
    links: FirmLinks,
    people: PeopleLinks,
    calendar: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row per worker and edition, and what each had entered before.

    Of several lists the one with the furthest stage counts.
    """
    roster, entry = tables["roster"], tables["entry"]
    person = people.link_audit[people.link_audit["worker_id"].notna()]
    firm, firms = links.firm, links.link_audit[["source", *RECORD_KEY, "firm_id"]]
    teams = pd.concat([roster.assign(source="roster"), entry.assign(source="entry")])[
        ["source", *RECORD_KEY, "is_team"]
    ]
    key = ["source", *RECORD_KEY]
    person = person[[*key, "worker_id", "method", "score", "uniqueness"]]
    rows = merged_by_key(contestants(roster, entry), person, key)
    rows = merged_by_key(rows, firms, key, how="left")
    rows = merged_by_key(rows, teams, key, how="left")
    ranks = entry_ranks(roster, entry, tables.get("score"), links, people)
    rows = rows.merge(ranks, on=ENTRY_KEY, how="left", validate="many_to_one")
    earlier = earlier_contests(rows.drop_duplicates([*PERSON, "entry_id"]))
    rows["order"] = rows["arm"].map({arm: n for n, arm in enumerate(ARMS)})
    rows = rows.sort_values([*PERSON, "order", *RECORD_KEY]).drop_duplicates(PERSON)
    when = edition_calendar(calendar).set_index("edition")
    rows = rows.assign(
        final_ym=rows["edition"].map(when["month"]).astype("Int64"),
        month=month_number(rows["edition"].map(when["month"]).astype("Int64")),
        version=rows["edition"].map(when["version"]).astype("str"),
        group_id=rows["firm_id"].map(firm.set_index("firm_id")["group_id"]).astype("str"),
        firm_id=rows["firm_id"].astype("str"),
    )
    return rows, earlier


def _stays(
    rows: pd.DataFrame,
    employment: pd.DataFrame,
    firm: pd.DataFrame,
    longest_break: int,
    covered: int,
    engine: Engine,
) -> pd.DataFrame:
    """Add SHARES, tenure_months, leave_month and observed_months."""
    there = rows[rows["employed"]]
    shares = stayed(there, employment, firm, longest_break, engine)
    times = tenure_and_leaving(there, employment, firm, longest_break, covered, engine)
    for found in (shares, times):
        rows = rows.merge(found, on=PERSON, how="left", validate="one_to_one")
    for months in HORIZONS:
        seen = rows["employed"] & rows["month"].add(months).le(covered)
        for level in LEVELS:
            name = f"retention_{months}_{level}"
            rows[name] = rows[name].fillna(0.0).where(seen).astype("float64")
    observed = (covered - rows["month"]).astype("Int64")
    return rows.assign(observed_months=observed.where(observed.ge(0).fillna(False)))
