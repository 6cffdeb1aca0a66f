"""Entries of each firm by edition and category: who competed against whom, and how often."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from zgzx_research.link.audit import contestants
from zgzx_research.link.calendar import published_calendar
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.treatment import final_years

CONTEST = ["edition", "category"]
ENTRY_KEY = ["source", "file", "sheet", "row"]  # the members of a team are parts of one row
# which stages an entry has reached whose last list is that of its arm
REACHED = {"winner": 3, "finalist": 2, "participant": 1}
COUNTS = {"n_entries": 1, "n_finalists": 2, "n_winners": 3}
COLUMNS = [
    "edition",
    "year",
    "firm_id",
    "group_id",
    "category",
    *COUNTS,
    "contest_entries",
    "contest_winners",
]


def build_firm_entries(
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    people: PeopleLinks | None = None,
    *,
    calendar: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count the entries of each firm by edition and category.

    Within a contest (an edition and category) the probability that a firm wins follows from these
    counts alone when all entries are alike: 1 - (1 - p)^n_entries with p = contest_winners /
    contest_entries. It is the propensity score of the contest design.

    An entry is a line of a list; a team is one entry, however many names it has. A winner stands
    in the roster, a finalist without an award in the sheet of the final, a participant in that of
    the preliminary, and each counts once (`link.audit.contestants`): a winner is a finalist and
    an entry too, whichever lists survive. An edition without score sheets has winners only.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name: roster and entry.
    firms : FirmLinks
        The result of `link_firms`.
    people : PeopleLinks, optional
        Not used; accepted so that all panels are built alike.
    calendar : pandas.DataFrame, optional
        edition, year, final_date; by default the published calendar of 职工之星.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row per edition, firm and category with an entry, sorted by these.

        - year: calendar year of the final.
        - firm_id, group_id: the firm and its legal group.
        - n_entries, n_finalists, n_winners: entries of the firm, those that reached the final,
          those that won; each includes the next.
        - contest_entries, contest_winners: entries and winners of the whole contest, those of
          unknown firms included.

    Raises
    ------
    ZgzxError
        An edition that does not stand exactly once in the calendar.
    """
    calendar = published_calendar() if calendar is None else calendar
    entries = contest_entries(tables["roster"], tables["entry"], firms)
    entries = entries.assign(contest_entries=1, contest_winners=entries["reached"].ge(3))
    totals = entries.groupby(CONTEST)[["contest_entries", "contest_winners"]].sum().reset_index()
    stages = {name: entries["reached"].ge(stage) for name, stage in COUNTS.items()}
    known = entries.assign(**stages).dropna(subset="firm_id")
    counted = known.groupby([*CONTEST, "firm_id"])[[*COUNTS]].sum().reset_index()
    counted = counted.merge(totals, on=CONTEST, validate="many_to_one")

    years = final_years(calendar, entries["edition"])
    group = firms.firm.set_index("firm_id")["group_id"]
    counted = counted.assign(
        year=counted["edition"].map(years).astype("Int64"),
        group_id=counted["firm_id"].map(group).astype("str"),
    )
    whole = dict.fromkeys([*COUNTS, "contest_entries", "contest_winners"], "int64")
    counted = counted.astype({"firm_id": "str", "category": "str", **whole})
    return counted.sort_values(["edition", "firm_id", "category"], ignore_index=True)[COLUMNS]


def contest_entries(roster: pd.DataFrame, entry: pd.DataFrame, firms: FirmLinks) -> pd.DataFrame:
    """List every entry once, with the furthest stage that it reached.

    Returns
    -------
    pandas.DataFrame
        ENTRY_KEY, edition, category, arm, reached (1 = preliminary, 2 = final, 3 = award), firm_id
        (missing where nobody knows the firm).
    """
    audit = firms.link_audit
    linked = audit.loc[
        audit["source"].isin(["roster", "entry"]), ["source", *RECORD_KEY, "firm_id"]
    ]
    rows = merged_by_key(
        contestants(roster, entry), linked, ["source", *RECORD_KEY], how="left"
    ).sort_values([*ENTRY_KEY, "part"])
    # the first member whose firm is known speaks for a team
    first = rows.groupby(ENTRY_KEY, as_index=False)[[*CONTEST, "arm", "firm_id"]].first()
    return first.assign(reached=first["arm"].map(REACHED).astype("int64"))
