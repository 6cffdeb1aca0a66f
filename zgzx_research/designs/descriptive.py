"""Claims that no comparison can carry: counts, arithmetic, and the reason why there is no test."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zgzx_research.designs.contest_sample import check_columns, check_numbers
from zgzx_research.errors import ZgzxError

ONE_UNIT = (
    "one district and one city, every value a whole count of people: there is no sampling error "
    "and no test; other changes in the district cannot be separated from it"
)
SELECTION = (
    "no effect is printed: named firms are picked because they do well (+25 to +47 % where +10 % "
    "is true), and among the named the visited are too few (what could be detected: +56 % to "
    "infinite)"
)
CAPACITY = (
    "how many firms and entries take part is set by the organiser: places, streets and categories "
    "of an edition; a rise describes the organiser's plan"
)
DOSE = (
    "firms that win again entered again and are larger: more awards and more patents go together "
    "without one being the cause of the other"
)


@dataclass(frozen=True, slots=True)
class Description:
    """Numbers without an effect.

    Attributes
    ----------
    claim : str
        Which claim they belong to.
    table : pandas.DataFrame
        The numbers.
    reason : str
        Why there is no estimate, error or verdict.
    """

    claim: str
    table: pd.DataFrame
    reason: str

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers; the reason stands in the last column."""
        return self.table.assign(reason=self.reason)


def skill_share(series: pd.DataFrame) -> Description:
    """Change of the share of highly skilled people, district against city.

    Parameters
    ----------
    series : pandas.DataFrame
        year, district, city: shares in percent, one row per year.

    Returns
    -------
    Description
        first_year, last_year, district_change, city_change, difference, gap_first, gap_last, in
        percentage points (gap: district less city); one row.

    Raises
    ------
    ZgzxError
        Fewer than two years with both values; a year stands twice.

    Examples
    --------
    >>> years = {"year": [2012, 2024], "district": [12.0, 38.0], "city": [13.5, 39.25]}
    >>> skill_share(pd.DataFrame(years)).table[["district_change", "city_change", "difference"]]
       district_change  city_change  difference
    0             26.0        25.75        0.25
    """
    where = "skill_share"
    check_columns(series, ["year", "district", "city"], where)
    check_numbers(series, ["year", "district", "city"], where)
    rows = series.dropna(subset=["year", "district", "city"]).sort_values("year")
    twice = rows.loc[rows["year"].duplicated(), "year"]
    if len(twice):
        raise ZgzxError("a year stands twice", where=where, count=len(twice), examples=twice)
    if len(rows) < 2:
        raise ZgzxError(
            f"{len(rows)} year(s) with both shares: a change needs two",
            where=where,
            remedy="Deliver the district's and the city's share for the first and the last year.",
        )
    first, last = rows.iloc[0], rows.iloc[-1]
    district, city = (float(last[name] - first[name]) for name in ("district", "city"))
    row = {
        "first_year": int(first["year"]),
        "last_year": int(last["year"]),
        "district_change": district,
        "city_change": city,
        "difference": district - city,
        "gap_first": float(first["district"] - first["city"]),
        "gap_last": float(last["district"] - last["city"]),
    }
    return Description("skill_share_up", pd.DataFrame([row]), ONE_UNIT)


def visits(named: pd.DataFrame, visited: pd.DataFrame) -> Description:
    """Count named firms and visits of experts, without an effect.

    Parameters
    ----------
    named : pandas.DataFrame
        firm_id of each firm that was named.
    visited : pandas.DataFrame
        firm_id of each visit.

    Returns
    -------
    Description
        named_firms, visits, visited_firms, visited_named, never_visited; one row.

    Raises
    ------
    ZgzxError
        A missing column.

    Examples
    --------
    >>> named = pd.DataFrame({"firm_id": ["A", "B", "C"]})
    >>> visited = pd.DataFrame({"firm_id": ["A", "A", "D"]})
    >>> visits(named, visited).table.iloc[0].tolist()
    [3, 3, 2, 1, 2]
    """
    check_columns(named, ["firm_id"], "visits")
    check_columns(visited, ["firm_id"], "visits")
    firms, seen = set(named["firm_id"].dropna()), set(visited["firm_id"].dropna())
    row = {
        "named_firms": len(firms),
        "visits": len(visited),
        "visited_firms": len(seen),
        "visited_named": len(firms & seen),
        "never_visited": len(firms - seen),
    }
    return Description("spread_experts", pd.DataFrame([row]), SELECTION)


def participation(entries: pd.DataFrame) -> Description:
    """Count firms, entries and persons by edition.

    Parameters
    ----------
    entries : pandas.DataFrame
        A row per entry: edition, firm_id (missing = not linked); `persons` where it is known.

    Returns
    -------
    Description
        edition, entries, firms, not_linked, new_firms (that had not entered before); persons where
        known.

    Raises
    ------
    ZgzxError
        A missing column.

    Examples
    --------
    >>> entries = pd.DataFrame({"edition": [1, 1, 2], "firm_id": ["A", "A", "B"]})
    >>> participation(entries).table
       edition  entries  firms  not_linked  new_firms
    0        1        2      1           0          1
    1        2        1      1           0          1
    """
    check_columns(entries, ["edition", "firm_id"], "participation")
    linked = entries.dropna(subset="firm_id")
    first = linked.groupby("firm_id")["edition"].min().value_counts()
    by = entries.groupby("edition")
    table = pd.DataFrame(
        {
            "entries": by.size(),
            "firms": by["firm_id"].nunique(),
            "not_linked": by["firm_id"].agg(lambda ids: int(ids.isna().sum())),
        }
    )
    table["new_firms"] = first.reindex(table.index, fill_value=0)
    if "persons" in entries:
        table["persons"] = by["persons"].sum()
    return Description("more_firms_take_part", table.reset_index(), CAPACITY)


def dose(awards: pd.DataFrame) -> Description:
    """Count firms by the number of editions in which they won.

    Parameters
    ----------
    awards : pandas.DataFrame
        firm_id, edition; a row per award.

    Returns
    -------
    Description
        editions_won, firms, share.

    Raises
    ------
    ZgzxError
        A missing column, or no award.

    Examples
    --------
    >>> awards = pd.DataFrame({"firm_id": ["A", "A", "B", "C"], "edition": [1, 2, 1, 3]})
    >>> dose(awards).table
       editions_won  firms     share
    0             1      2  0.666667
    1             2      1  0.333333
    """
    check_columns(awards, ["firm_id", "edition"], "dose")
    own = awards.dropna(subset=["firm_id", "edition"])
    if own.empty:
        raise ZgzxError("there is no award of a linked firm", where="dose")
    firms = own.groupby("firm_id")["edition"].nunique().value_counts().sort_index()
    table = pd.DataFrame({"editions_won": firms.index, "firms": firms.to_numpy()})
    return Description("dose", table.assign(share=table["firms"] / table["firms"].sum()), DOSE)
