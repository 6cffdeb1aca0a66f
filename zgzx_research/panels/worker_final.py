"""The panel of persons.

Everybody who competed, on one clock that starts in the month of the final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals as nw
import pandas as pd

from zgzx_research.distinct import is_in
from zgzx_research.engine import collect, connect, lazy
from zgzx_research.link.audit import ARMS, contestants
from zgzx_research.link.calendar import published_calendar
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key, month_number
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.retention import (
    HORIZONS,
    LEVELS,
    LONGEST_BREAK,
    SHARES,
    last_month,
    level_spells,
)
from zgzx_research.panels.treatment import edition_calendar

COLUMNS = [
    "edition",
    "worker_id",
    "arm",
    "category",
    "version",
    "outcome",
    "is_team",
    "firm_id",
    "group_id",
    "final_ym",
    "employed",
    *SHARES,
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
) -> pd.DataFrame:
    """Build the panel of persons: everybody who competed, followed from the month of the final.

    Only persons employed at the start are compared, and all start on one day, so nobody has to
    survive until an award. The others keep their row, without outcomes. Contestants whom nobody was
    found for are not in the panel (`link.audit.linkage_rates` counts them).

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name: roster and entry.
    firms : FirmLinks
        The result of `link_firms`.
    people : PeopleLinks
        The result of `link_people`.
    calendar : pandas.DataFrame, optional
        edition, year, final_date; by default the published calendar of 职工之星.
    longest_break : int, default 3
        Months without insurance between two spells at one place that still count as insured.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row per person and edition, sorted by edition and worker.

        - arm: the furthest stage: winner, finalist (in the final, no award), participant
          (preliminary only).
        - firm_id, group_id: the firm in the list, else where the person was insured in that month.
        - employed: insured with that legal group in the month of the final.
        - retention_12_employer … retention_24_city: 1.0 if insured there 12, 24 months after the
          final (see `retention.count_staff`), else 0.0; NaN if not employed at the start or the
          export ends before.
        - method, score, uniqueness: how the person was linked.

    Raises
    ------
    ZgzxError
        An edition that does not stand exactly once in the calendar.
    """
    roster, entry = tables["roster"], tables["entry"]
    firm, employment = firms.firm, people.employment
    calendar = published_calendar() if calendar is None else calendar
    rows = _contestants(roster, entry, firms, people, calendar)
    at = _at_final(rows, employment, firm, longest_break)
    rows = rows.merge(at, on=["edition", "worker_id"], how="left", validate="one_to_one")
    rows["firm_id"] = rows["firm_id"].fillna(rows["seen_firm"])
    rows["group_id"] = rows["group_id"].fillna(rows["seen_group"])
    rows["employed"] = rows["employed"].eq(True).fillna(False).astype("bool")
    stayed = _stayed(rows[rows["employed"]], employment, firm, longest_break)
    rows = rows.merge(stayed, on=["edition", "worker_id"], how="left", validate="one_to_one")
    covered = month_number(pd.Series([last_month(employment)]))[0]
    for months in HORIZONS:
        seen = rows["employed"] & rows["month"].add(months).le(covered)
        for level in LEVELS:
            name = f"retention_{months}_{level}"
            rows[name] = rows[name].fillna(0.0).where(seen).astype("float64")
    return rows.sort_values(["edition", "worker_id"], ignore_index=True)[COLUMNS]


def _contestants(
    roster: pd.DataFrame,
    entry: pd.DataFrame,
    links: FirmLinks,
    people: PeopleLinks,
    calendar: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row per worker and edition: of several lists the one with the furthest stage."""
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
    rows["order"] = rows["arm"].map({arm: n for n, arm in enumerate(ARMS)})
    rows = rows.sort_values(["edition", "worker_id", "order", *RECORD_KEY]).drop_duplicates(
        ["edition", "worker_id"]
    )
    when = edition_calendar(calendar).set_index("edition")
    return rows.assign(
        final_ym=rows["edition"].map(when["month"]).astype("Int64"),
        month=month_number(rows["edition"].map(when["month"]).astype("Int64")),
        version=rows["edition"].map(when["version"]).astype("str"),
        group_id=rows["firm_id"].map(firm.set_index("firm_id")["group_id"]).astype("str"),
        firm_id=rows["firm_id"].astype("str"),
    )


def _spells(employment: pd.DataFrame, firm: pd.DataFrame, workers: pd.Series) -> pd.DataFrame:
    """Spells of these workers with their places."""
    mine = employment[is_in(employment["worker_id"], workers)]
    places = firm[["firm_id", "group_id", "in_district"]]
    spells = (
        mine[["worker_id", "firm_id"]].merge(places, on="firm_id", how="left").set_axis(mine.index)
    )
    return spells.assign(
        in_district=spells["in_district"].eq(True).fillna(False).astype("bool"),
        start=month_number(mine["start_ym"]).astype("int64"),
        end=month_number(mine["end_ym"]).astype("int64"),
    )


def _covering(
    people: pd.DataFrame,
    spells: pd.DataFrame,
    level: str,
    ahead: Sequence[int],
    longest_break: int,
    same: list[str],
) -> pd.DataFrame:
    """Join people with the spells at a level that cover a month so many months `ahead`.

    `people` has edition, worker_id, month and more; they stand once for each number of months.
    """
    later = people.merge(pd.DataFrame({"ahead": ahead}), how="cross")
    asked = later.assign(at=(later["month"] + later["ahead"]).astype("int64"))
    with connect() as connection:
        there = level_spells(lazy(connection, spells), level, longest_break)
        found = (
            lazy(connection, asked)
            .join(there, on=["worker_id", *same])
            .filter(nw.col("start") <= nw.col("at"), nw.col("end") >= nw.col("at"))
        )
        return collect(found, by=["edition", "worker_id", "ahead"])


def _at_final(
    rows: pd.DataFrame, employment: pd.DataFrame, firm: pd.DataFrame, longest_break: int
) -> pd.DataFrame:
    """edition, worker_id, employed, seen_firm, seen_group.

    Where the person was insured in the month of the final.

    The listed firm goes before others of its group, the group before other employers.
    """
    people = rows.loc[
        rows["month"].notna(), ["edition", "worker_id", "month", "firm_id", "group_id"]
    ]
    listed = people.rename(columns={"firm_id": "listed", "group_id": "listed_group"})
    found = _covering(
        listed, _spells(employment, firm, rows["worker_id"]), "employer", [0], longest_break, []
    )
    found["group_id"] = found["firm_id"].map(firm.set_index("firm_id")["group_id"])
    found["employed"] = found["group_id"].eq(found["listed_group"].fillna(found["group_id"]))
    found["rank"] = (
        2 - found["employed"].astype("int64") - found["firm_id"].eq(found["listed"]).astype("int64")
    )
    found = found.sort_values(["edition", "worker_id", "rank", "firm_id"]).drop_duplicates(
        ["edition", "worker_id"]
    )
    names = {"firm_id": "seen_firm", "group_id": "seen_group"}
    return found.rename(columns=names)[["edition", "worker_id", "employed", *names.values()]]


def _stayed(
    rows: pd.DataFrame, employment: pd.DataFrame, firm: pd.DataFrame, longest_break: int
) -> pd.DataFrame:
    """edition, worker_id and SHARES.

    1.0 where the person is insured at that place that many months later.
    """
    people = rows[["edition", "worker_id", "month"]].assign(
        firm_id=rows["seen_firm"], group_id=rows["seen_group"]
    )
    spells = _spells(employment, firm, people["worker_id"])
    result = people[["edition", "worker_id"]]
    for level, same in LEVELS.items():
        asked = people[["edition", "worker_id", "month", *same]]
        there = _covering(asked, spells, level, HORIZONS, longest_break, same)
        for months in HORIZONS:
            then = there.loc[there["ahead"].eq(months), ["edition", "worker_id"]].drop_duplicates()
            name = f"retention_{months}_{level}"
            result = result.merge(
                then.assign(**{name: 1.0}), on=["edition", "worker_id"], how="left"
            )
    return result
