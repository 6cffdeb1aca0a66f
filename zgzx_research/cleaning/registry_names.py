"""What a firm was called, and when.

From its list of former names and from recorded changes of name.
"""

from __future__ import annotations

import pandas as pd

from zgzx_research.cleaning.quarantine import enforce
from zgzx_research.cleaning.schemas import ROW_KEY

PRESENT, FORMER = "现名", "曾用名"


def names_of_firms(
    registry: pd.DataFrame, event: pd.DataFrame, listed: pd.DataFrame
) -> pd.DataFrame:
    """Clean table `registry_name`.

    Parameters
    ----------
    registry : pandas.DataFrame
        The clean tables of the same source.
    event : pandas.DataFrame
        The clean tables of the same source.
    listed : pandas.DataFrame
        File, sheet, row, part, uscc, name: one row per former name of a registry row.
    """
    named = registry[[*ROW_KEY, "name"]].rename(columns={"name": "firm_name"})
    lists = (
        listed[[*ROW_KEY, "part", "uscc", "name"]]
        .merge(named, on=ROW_KEY)
        .assign(valid_from=pd.NaT, valid_to=pd.NaT, kind=FORMER)
    )
    lists = lists[lists["name"] != lists["firm_name"]]
    dated = _from_changes(event[event["type"].eq("rename")])
    firm = ["uscc", "firm_name", "name"]
    known = lists.merge(dated[firm].drop_duplicates().assign(known=True), on=firm, how="left")[
        "known"
    ].notna()
    days = dict.fromkeys(("valid_from", "valid_to"), "datetime64[s]")
    both = pd.concat([lists[~known.to_numpy()].astype(days), dated.astype(days)], ignore_index=True)
    texts = dict.fromkeys(("uscc", "firm_name", "name", "kind"), "str")
    good, _ = enforce(both.astype({"part": "int64", "row": "int64"} | texts), "registry_name")
    return good.sort_values([*ROW_KEY, "part"], ignore_index=True)


def _from_changes(renames: pd.DataFrame) -> pd.DataFrame:
    """Two rows per change: the name before and the name after, with their first and last days."""
    renames = renames.assign(firm=renames["uscc"].fillna(renames["firm_name"])).sort_values(
        ["firm", "date", *ROW_KEY]
    )
    before = renames.assign(
        part=1, name=renames["before"], valid_from=pd.NaT, valid_to=renames["date"]
    )
    after = renames.assign(
        part=2, name=renames["after"], valid_from=renames["date"], valid_to=pd.NaT
    )
    earlier, later = (frame.groupby("firm")[["date", "name"]] for frame in (after, before))
    taken = earlier.shift(1)
    before["valid_from"] = taken["date"].where(taken["name"].eq(before["name"]))
    left = later.shift(-1)
    after["valid_to"] = left["date"].where(left["name"].eq(after["name"]))
    both = pd.concat([before, after], ignore_index=True).dropna(subset="name")
    both = both.drop_duplicates(["firm", "name", "valid_from", "valid_to"])
    is_present = both["valid_to"].isna() & both["name"].eq(both["firm_name"])
    return both.assign(kind=is_present.map({True: PRESENT, False: FORMER}))[
        [*ROW_KEY, "part", "uscc", "firm_name", "name", "valid_from", "valid_to", "kind"]
    ]
