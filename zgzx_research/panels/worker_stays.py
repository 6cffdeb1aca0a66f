"""Where contestants were insured in the month of the final, since when, and until when."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import pandas as pd

from zgzx_research.distinct import is_in
from zgzx_research.engine import Engine, connect
from zgzx_research.link.clean_rows import month_number
from zgzx_research.panels.retention import HORIZONS, LEVELS, level_spells

PERSON = ["edition", "worker_id"]


def place_at_final(
    rows: pd.DataFrame,
    employment: pd.DataFrame,
    firm: pd.DataFrame,
    longest_break: int,
    engine: Engine,
) -> pd.DataFrame:
    """edition, worker_id, employed, seen_firm, seen_group.

    Where the person was insured in the month of the final.

    The listed firm goes before others of its group, the group before other employers.
    """
    people = rows.loc[rows["month"].notna(), [*PERSON, "month", "firm_id", "group_id"]]
    listed = people.rename(columns={"firm_id": "listed", "group_id": "listed_group"})
    spells = _spells(employment, firm, rows["worker_id"])
    found = _covering(listed, spells, "employer", [0], longest_break, [], engine)
    found["group_id"] = found["firm_id"].map(firm.set_index("firm_id")["group_id"])
    found["employed"] = found["group_id"].eq(found["listed_group"].fillna(found["group_id"]))
    found["rank"] = (
        2 - found["employed"].astype("int64") - found["firm_id"].eq(found["listed"]).astype("int64")
    )
    found = found.sort_values([*PERSON, "rank", "firm_id"]).drop_duplicates(PERSON)
    names = {"firm_id": "seen_firm", "group_id": "seen_group"}
    return found.rename(columns=names)[[*PERSON, "employed", *names.values()]]


def stayed(
    rows: pd.DataFrame,
    employment: pd.DataFrame,
    firm: pd.DataFrame,
    longest_break: int,
    engine: Engine,
) -> pd.DataFrame:
    """edition, worker_id and SHARES.

    1.0 where the person is insured at that place that many months later.
    """
    people = _people(rows)
    spells = _spells(employment, firm, people["worker_id"])
    result = people[PERSON]
    for level, same in LEVELS.items():
        asked = people[[*PERSON, "month", *same]]
        there = _covering(asked, spells, level, HORIZONS, longest_break, same, engine)
        for months in HORIZONS:
            then = there.loc[there["ahead"].eq(months), PERSON].drop_duplicates()
            name = f"retention_{months}_{level}"
            result = result.merge(then.assign(**{name: 1.0}), on=PERSON, how="left")
    return result


def tenure_and_leaving(
    rows: pd.DataFrame,
    employment: pd.DataFrame,
    firm: pd.DataFrame,
    longest_break: int,
    covered: int,
    engine: Engine,
) -> pd.DataFrame:
    """edition, worker_id, tenure_months, leave_month (Int64): time at the firm's legal group.

    Tenure counts the months insured there up to the final, that month included. A person has left
    in the first month that is not insured there after a break longer than `longest_break`, or in
    the last ones of the data; `covered` is the last month (a number) of the data.
    """
    people = _people(rows)
    spells = _spells(employment, firm, people["worker_id"])
    asked = people[[*PERSON, "month", "group_id"]].astype({"month": "int64"})
    with connect(engine) as tables:
        at_group = tables.lazy(spells)
        insured, unbroken = (
            tables.collect(
                level_spells(at_group, "group", gap), by=["worker_id", "group_id", "start"]
            )
            for gap in (0, longest_break)
        )
    same = ["worker_id", "group_id"]
    before = asked.merge(insured, on=same)
    months = before[["end", "month"]].min(axis=1) - before["start"] + 1
    tenure = months.clip(lower=0).groupby([before[name] for name in PERSON]).sum()
    there = asked.merge(unbroken, on=same)
    there = there[there["start"].le(there["month"]) & there["end"].ge(there["month"])]
    left = there[there["end"].lt(covered)]
    leave = (left["end"] + 1 - left["month"]).set_axis(pd.MultiIndex.from_frame(left[PERSON]))
    index = pd.MultiIndex.from_frame(asked[PERSON])
    times = pd.DataFrame(
        {"tenure_months": tenure.reindex(index), "leave_month": leave.reindex(index)}
    )
    return times.astype("Int64").reset_index()


def _people(rows: pd.DataFrame) -> pd.DataFrame:
    """Persons with month of the final and the place where they were insured then."""
    return rows[[*PERSON, "month"]].assign(firm_id=rows["seen_firm"], group_id=rows["seen_group"])


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
    engine: Engine,
) -> pd.DataFrame:
    """Join people with the spells at a level that cover a month so many months `ahead`.

    `people` has edition, worker_id, month and more; they stand once for each number of months.
    """
    later = people.merge(pd.DataFrame({"ahead": ahead}), how="cross")
    asked = later.assign(at=(later["month"] + later["ahead"]).astype("int64"))
    with connect(engine) as tables:
        there = level_spells(tables.lazy(spells), level, longest_break)
        found = (
            tables.lazy(asked)
            .join(there, on=["worker_id", *same])
            .filter(nw.col("start") <= nw.col("at"), nw.col("end") >= nw.col("at"))
        )
        return tables.collect(found, by=[*PERSON, "ahead"])
