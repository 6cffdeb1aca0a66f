"""First entry, final and award of firms and persons, and the first years of other programmes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.link.audit import contestants
from zgzx_research.link.calendar import edition_months
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key

# Which category is a firm's first when it wins in several in one year: the closest to patents.
CATEGORY_ORDER = ("innovation", "skill", "team", "talent")
# Since the tenth edition the programme is another (four categories, camps before the contest):
# another treatment.
SECOND_VERSION_FROM = 10
CALENDAR = "data/published/edition_calendar.csv"


def edition_calendar(calendar: pd.DataFrame) -> pd.DataFrame:
    """Add month and version to the calendar of the editions.

    Returns
    -------
    pandas.DataFrame
        edition, year (of the final), month (YYYYMM of the final), assumed (bool), version ("A",
        from edition 10 "B"). assumed: neither the year nor the month is documented, or the month is
        not (status "assumption", or the source says that the day or month is assumed).

    Raises
    ------
    ZgzxError
        An edition stands more than once.
    """
    years = final_years(calendar, calendar["edition"])
    said = (
        calendar["source"].astype("str").str.contains("assumed", regex=False)
        if "source" in calendar
        else False
    )
    status = calendar["status"].ne("source") if "status" in calendar else True
    version = calendar["edition"].ge(SECOND_VERSION_FROM).map({True: "B", False: "A"})
    return pd.DataFrame(
        {
            "edition": calendar["edition"],
            "year": calendar["edition"].map(years).astype("Int64"),
            "month": calendar["edition"].map(edition_months(calendar)).astype("Int64"),
            "assumed": pd.Series(status | said, index=calendar.index).astype("bool"),
            "version": version.astype("str"),
        }
    )


def first_awards(
    roster: pd.DataFrame, link_audit: pd.DataFrame, calendar: pd.DataFrame
) -> pd.DataFrame:
    """First award of each winning firm.

    Returns
    -------
    pandas.DataFrame
        firm_id, first_award (calendar year of the final), first_category, first_version, awards
        (winning entries; a team is one entry, however many names it has); a row per winning firm.

    Raises
    ------
    ZgzxError
        An edition of the roster does not stand exactly once in the calendar.
    """
    won = _linked(roster.assign(source="roster"), link_audit, "firm")
    won["first_award"] = (
        won["edition"].map(final_years(calendar, roster["edition"])).astype("Int64")
    )
    won["order"] = won["category"].map({name: n for n, name in enumerate(CATEGORY_ORDER)})
    entries = won.drop_duplicates(["firm_id", "file", "sheet", "row"]).groupby("firm_id").size()
    first = won.sort_values(["firm_id", "first_award", "order", "edition"]).drop_duplicates(
        "firm_id"
    )
    version = first["edition"].ge(SECOND_VERSION_FROM).map({True: "B", False: "A"}).astype("str")
    first = first.assign(first_version=version)[
        ["firm_id", "first_award", "category", "first_version"]
    ]
    first = first.rename(columns={"category": "first_category"})
    return first.assign(awards=first["firm_id"].map(entries)).reset_index(drop=True)


def award_link_scores(
    roster: pd.DataFrame, link_audit: pd.DataFrame, calendar: pd.DataFrame
) -> pd.DataFrame:
    """How surely the firm of each first award is known.

    Returns
    -------
    pandas.DataFrame
        firm_id, award_link_score (0 to 1; the best of the firm's roster records in the year of its
        first award): 1 a code or a person's decision, .95 the full name, less for the core of a
        name or a branch (`link.link_firms.STEPS`). A row per winning firm.

    Raises
    ------
    ZgzxError
        An edition of the roster does not stand exactly once in the calendar.
    """
    won = _linked(roster.assign(source="roster"), link_audit, "firm", keep=("score",))
    won["year"] = won["edition"].map(final_years(calendar, roster["edition"])).astype("Int64")
    first = won[won["year"].eq(won.groupby("firm_id")["year"].transform("min"))]
    best = first.groupby("firm_id")["score"].max().astype("float64")
    return best.rename("award_link_score").reset_index()


def first_stages(
    roster: pd.DataFrame,
    entry: pd.DataFrame,
    link_audit: pd.DataFrame,
    calendar: pd.DataFrame,
    *,
    unit: str = "firm",
) -> pd.DataFrame:
    """First entry, final and award of all that ever entered.

    A winner was a finalist and a finalist entered, whichever lists survive.

    Parameters
    ----------
    roster : pandas.DataFrame
        Clean table.
    entry : pandas.DataFrame
        Clean table.
    link_audit : pandas.DataFrame
        Links of firms or of persons.
    calendar : pandas.DataFrame
        edition, year, final_date.
    unit : {"firm", "worker"}, default "firm"
        The members of a team are units of their own.

    Returns
    -------
    pandas.DataFrame
        firm_id or worker_id, first_entry, first_final, first_award (years, null = never).
    """
    both = _linked(contestants(roster, entry), link_audit, unit)
    both["year"] = both["edition"].map(final_years(calendar, both["edition"])).astype("Int64")
    reached = {
        "first_entry": ["winner", "finalist", "participant"],
        "first_final": ["winner", "finalist"],
        "first_award": ["winner"],
    }
    column = f"{unit}_id"
    years = {
        name: both[both["arm"].isin(arms)].groupby(column)["year"].min()
        for name, arms in reached.items()
    }
    units = pd.DataFrame({column: sorted(both[column].unique())}).astype({column: "str"})
    return units.assign(
        **{name: units[column].map(year).astype("Int64") for name, year in years.items()}
    )


def programme_onsets(programme: pd.DataFrame, link_audit: pd.DataFrame) -> pd.DataFrame:
    """firm_id, specialised, craftsman, visit.

    The first year of each concurrent programme (Int64, null = never).
    """
    kinds = ("specialised", "craftsman", "visit")
    rows = _linked(programme.assign(source="programme"), link_audit, "firm")
    rows["year"] = pd.to_datetime(rows["onset"]).dt.year.astype("Int64")
    firms = pd.DataFrame({"firm_id": sorted(rows["firm_id"].unique())}).astype({"firm_id": "str"})
    onset = rows.groupby(["programme", "firm_id"])["year"].min()
    found = {
        kind: onset.loc[kind]
        if kind in onset.index.get_level_values(0)
        else pd.Series(dtype="Int64")
        for kind in kinds
    }
    return firms.assign(
        **{kind: firms["firm_id"].map(year).astype("Int64") for kind, year in found.items()}
    )


def _linked(
    rows: pd.DataFrame, link_audit: pd.DataFrame, unit: str, keep: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Rows (source, RECORD_KEY, …) with firm_id or worker_id; those without are left out.

    `keep`: further columns of the audit.
    """
    column = f"{unit}_id"
    if "entity" in link_audit:
        link_audit = link_audit[link_audit["entity"].eq(unit)]
    linked = link_audit.loc[
        link_audit["source"].isin(rows["source"].unique()), ["source", *RECORD_KEY, column, *keep]
    ]
    return merged_by_key(rows, linked.dropna(subset=column), ["source", *RECORD_KEY])


def check_editions(roster: pd.DataFrame, calendar: pd.DataFrame) -> None:
    """Check that every edition between the first and the last of the rosters is there.

    The winners of a missing one would count as comparison firms.

    Raises
    ------
    ZgzxError
        Editions without a roster.
    """
    present = set(roster["edition"])
    listed = calendar["edition"][calendar["edition"].between(min(present), max(present))]
    absent = sorted(set(listed) - present)
    if absent:
        raise ZgzxError(
            "no roster for editions of the calendar: their winners would count as never awarded",
            where="roster",
            count=len(absent),
            examples=(f"edition {edition}" for edition in absent),
            remedy="Put their rosters under roster/; remove an edition that was never held "
            "from the calendar.",
        )


def final_years(calendar: pd.DataFrame, editions: pd.Series | Sequence[int]) -> pd.Series:
    """Calendar year of the final by edition.

    That of `final_date`, and `year` where no date is known.
    """
    listed = (
        calendar["edition"].value_counts().reindex(pd.unique(pd.Series(editions)), fill_value=0)
    )
    wrong = sorted(listed.index[listed.ne(1)])
    if wrong:
        raise ZgzxError(
            "editions of the roster must stand once in the edition calendar",
            where=CALENDAR,
            count=len(wrong),
            examples=(f"edition {edition}: {listed[edition]} lines" for edition in wrong),
            remedy="Give each its line with edition, year, final_date, status and source.",
        )
    known = pd.to_numeric(calendar["final_date"].astype("str").str[:4], errors="coerce")
    years = known.fillna(calendar["year"]).astype("Int64")
    return pd.Series(years.to_numpy(), index=calendar["edition"])
