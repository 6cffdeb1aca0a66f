"""When a firm won for the first time, and in which category."""

from __future__ import annotations

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.link.records import KEY

# Which category is a firm's first when it wins in several in one year: the closest to patents.
CATEGORY_ORDER = ("innovation", "skill", "team", "talent")


def first_awards(roster: pd.DataFrame, link_audit: pd.DataFrame, calendar: pd.DataFrame) -> pd.DataFrame:
    """Columns firm_id, first_award (calendar year of the final), first_category, awards; a row per firm that ever won.

    `awards` counts winning entries; a team is one entry, however many names it has.

    Raises
    ------
    ZgzxError : an edition of the roster does not stand exactly once in the calendar.
    """
    linked = link_audit.loc[link_audit["source"].eq("roster"), [*KEY, "firm_id"]].dropna(subset="firm_id")
    won = roster[[*KEY, "edition", "category"]].merge(linked, on=KEY, validate="one_to_one")
    won["first_award"] = won["edition"].map(final_years(calendar, roster["edition"])).astype("Int64")
    won["order"] = won["category"].map({name: n for n, name in enumerate(CATEGORY_ORDER)})
    entries = won.drop_duplicates(["firm_id", "file", "sheet", "row"]).groupby("firm_id").size()
    first = won.sort_values(["firm_id", "first_award", "order"]).drop_duplicates("firm_id")
    first = first[["firm_id", "first_award", "category"]].rename(columns={"category": "first_category"})
    return first.assign(awards=first["firm_id"].map(entries)).reset_index(drop=True)


def check_editions(roster: pd.DataFrame, calendar: pd.DataFrame) -> None:
    """Every edition between the first and the last of the rosters must be there: its winners would pass for controls.

    Raises
    ------
    ZgzxError : names the editions without a roster.
    """
    present = set(roster["edition"])
    listed = calendar["edition"][calendar["edition"].between(min(present), max(present))]
    absent = sorted(set(listed) - present)
    if absent:
        raise ZgzxError(
            "the edition calendar lists editions that no roster holds, and their winners would count as never awarded",
            where="roster",
            count=len(absent),
            examples=(f"edition {edition}" for edition in absent),
            remedy="Put their rosters under roster/; an edition that was never held leaves the calendar.",
        )


def final_years(calendar: pd.DataFrame, editions: pd.Series) -> pd.Series:
    """Calendar year of the final by edition: that of `final_date`, and `year` where no date is known."""
    listed = calendar["edition"].value_counts().reindex(editions.unique(), fill_value=0)
    wrong = sorted(listed.index[listed.ne(1)])
    if wrong:
        raise ZgzxError(
            "editions of the roster must stand once in the edition calendar",
            where="data/published/edition_calendar.csv",
            count=len(wrong),
            examples=(f"edition {edition}: {listed[edition]} lines" for edition in wrong),
            remedy="Give each its line with edition, year, final_date, status and source.",
        )
    known = pd.to_numeric(calendar["final_date"].astype("str").str[:4], errors="coerce")
    years = known.fillna(calendar["year"]).astype("Int64")
    return pd.Series(years.to_numpy(), index=calendar["edition"])
