"""Firms of the registry, their names with dates, and what they merged into."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.link.clean_rows import in_key_order, ranked_ids, source_table
from zgzx_research.link.company_names import company_core, normalise_company_name

FIRM_COLUMNS = [
    "firm_id",
    "uscc",
    "name",
    "name_core",
    "founded",
    "closed",
    "industry_section",
    "industry2",
    "size",
    "street",
    "street_code",
    "staff",
    "capital_cny",
    "hitech",
    "in_district",
    "group_id",
    "successor_id",
    "merged",
]
NAME_COLUMNS = ["firm_id", "name", "valid_from", "valid_to", "kind"]
_NAMED = ["firm_id", "name", "core", "uscc", "written", "kind", "valid_from", "valid_to"]
_DISTRICT = "龙岗"
_LATER = ["industry_section", "street_code", "district", "address"]


def registry_firms(clean: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the table of firms and the table of their names.

    Registry rows with one code are one firm; a row without a code is the firm that has the same
    name, if there is one. Dates of a name come from 曾用名 and from renames; a name that was
    dropped and taken again has no dates.

    Returns
    -------
    tuple of pandas.DataFrame
        Firms (FIRM_COLUMNS), and names: firm_id, name (normalised), core, uscc, written, kind,
        valid_from, valid_to (the first and last day of the name; null = unknown).

    Raises
    ------
    ZgzxError
        Mergers that lead back to where they began.
    """
    rows = _numbered(clean["registry"])
    firm = rows.drop_duplicates("firm_id").reset_index(drop=True)
    firm["in_district"] = _in_district(firm)
    own = rows[["firm_id", "name", "uscc"]].assign(
        kind=rows.duplicated("firm_id").map({True: "曾用名", False: "现名"}),
        valid_from=pd.NaT,
        valid_to=pd.NaT,
    )
    names = _one_row_per_name([own, _former(clean, firm), _renames(clean, firm)], firm)
    firm = firm.merge(_mergers(clean, firm, names), on="firm_id", how="left")
    firm["group_id"] = _groups(firm)
    return firm[FIRM_COLUMNS], names


def _numbered(registry: pd.DataFrame) -> pd.DataFrame:
    """Return the registry in key order with firm_id, normal and name_core."""
    rows = in_key_order(registry)
    nothing = pd.Series(None, index=rows.index, dtype="str")
    rows = rows.assign(
        **{column: nothing for column in _LATER if column not in rows}
    )  # registries of older layouts
    rows["normal"] = normalise_company_name(rows["name"])
    with_code = (
        rows.dropna(subset=["normal", "uscc"]).drop_duplicates("normal").set_index("normal")["uscc"]
    )
    rows["uscc"] = rows["uscc"].fillna(rows["normal"].map(with_code)).astype("str")
    # "name:" keeps a firm that is called like a code apart from the code.
    by_row = "row:" + rows.index.astype("str").to_series(rows.index)
    rows["firm_id"] = ranked_ids(
        "F", 6, rows["uscc"].fillna("name:" + rows["normal"]).fillna(by_row)
    )
    rows["name_core"] = company_core(rows["normal"])
    return rows


def _in_district(firm: pd.DataFrame) -> pd.Series:
    """Whether the firm is one of the district.

    It is, unless its district, or else its address, names another.
    """
    where = firm["district"].fillna(firm["address"])
    elsewhere = where.str.contains("区", regex=False) & ~where.str.contains(_DISTRICT, regex=False)
    return ~elsewhere.fillna(False).astype("bool")


def _owner(table: pd.DataFrame, firm: pd.DataFrame) -> pd.Series:
    """Return the firm of registry lines with uscc and firm_name.

    By code, else by present name if only one firm has it.
    """
    by_code = firm.dropna(subset="uscc").set_index("uscc")["firm_id"]
    single = (
        firm.dropna(subset="normal")
        .drop_duplicates("normal", keep=False)
        .set_index("normal")["firm_id"]
    )
    return (
        table["uscc"]
        .map(by_code)
        .fillna(normalise_company_name(table["firm_name"]).map(single))
        .astype("str")
    )


def _former(clean: Mapping[str, pd.DataFrame], firm: pd.DataFrame) -> pd.DataFrame:
    columns = ["uscc", "firm_name", "name", "valid_from", "valid_to", "kind"]
    table = source_table(clean, "registry_name", columns)
    table["firm_id"] = _owner(table, firm)
    return table.assign(kind=table["kind"].fillna("曾用名"))


def _renames(clean: Mapping[str, pd.DataFrame], firm: pd.DataFrame) -> pd.DataFrame:
    """Two lines per rename: the old name ends on the day the new one begins."""
    events = source_table(
        clean, "registry_event", ["uscc", "firm_name", "type", "date", "before", "after"]
    )
    events = events[events["type"].eq("rename")].assign(kind="曾用名")
    events["firm_id"] = _owner(events, firm)
    old = events.assign(name=events["before"], valid_from=pd.NaT, valid_to=events["date"])
    return pd.concat(
        [old, events.assign(name=events["after"], valid_from=events["date"], valid_to=pd.NaT)]
    )


def _one_row_per_name(parts: list[pd.DataFrame], firm: pd.DataFrame) -> pd.DataFrame:
    kept = ["firm_id", "name", "kind", "valid_from", "valid_to"]
    filled = [part[kept] for part in parts if len(part)]
    names = pd.concat(filled, ignore_index=True) if filled else parts[0][kept]
    days = {column: pd.to_datetime(names[column]).astype("datetime64[s]") for column in kept[3:]}
    names = names.assign(written=names["name"], name=normalise_company_name(names["name"]), **days)
    unnamed = names["name"].isna() & names["kind"].ne("现名")
    names = names[names["firm_id"].notna() & ~unnamed]
    # 现名 goes before 曾用名, and the registry's own spelling before that of an event
    names = names.assign(rank=names["kind"].ne("现名")).sort_values(
        ["firm_id", "rank"], kind="stable"
    )
    by = names.groupby(["firm_id", "name"], sort=False, dropna=False)
    one = by.agg(
        written=("written", "first"),
        kind=("kind", "first"),
        valid_from=("valid_from", "max"),
        valid_to=("valid_to", "min"),
    ).reset_index()
    again = one["valid_from"].gt(one["valid_to"])
    one[["valid_from", "valid_to"]] = one[["valid_from", "valid_to"]].mask(again)
    about = firm.set_index("firm_id")
    one["uscc"] = one["firm_id"].map(about["uscc"]).astype("str")
    one["core"] = company_core(one["name"])
    present = one["kind"].eq("现名") & ~again.to_numpy()
    one["valid_from"] = one["valid_from"].fillna(one["firm_id"].map(about["founded"]).where(~again))
    one["valid_to"] = one["valid_to"].fillna(one["firm_id"].map(about["closed"]).where(present))
    return one.astype({"firm_id": "str", "name": "str", "written": "str", "kind": "str"})[_NAMED]


def _mergers(
    clean: Mapping[str, pd.DataFrame], firm: pd.DataFrame, names: pd.DataFrame
) -> pd.DataFrame:
    """firm_id, successor_id (null = outside the registry), merged (date).

    The last merger of each firm that ended.
    """
    events = source_table(
        clean, "registry_event", ["uscc", "firm_name", "type", "date", "before", "after"]
    )
    events = events[events["type"].eq("merger")]
    pairs = names[["name", "firm_id"]].dropna().drop_duplicates()
    single = pairs.drop_duplicates("name", keep=False).set_index("name")["firm_id"]
    into = normalise_company_name(events["after"]).map(single)
    line = _owner(events, firm)
    ended = (
        normalise_company_name(events["before"])
        .map(single)
        .fillna(line.where(line.ne(into.fillna(""))))
    )
    found = pd.DataFrame({"firm_id": ended, "successor_id": into, "merged": events["date"]})
    found = found[found["firm_id"].notna() & found["firm_id"].ne(found["successor_id"].fillna(""))]
    found = found.sort_values(["firm_id", "merged"], kind="stable").drop_duplicates(
        "firm_id", keep="last"
    )
    return found.astype({"firm_id": "str", "successor_id": "str", "merged": "datetime64[s]"})


def _groups(firm: pd.DataFrame) -> pd.Series:
    """Return the final successor of every firm, itself where it did not merge."""
    ids = pd.Index(firm["firm_id"])
    step = ids.get_indexer(firm["successor_id"].fillna(firm["firm_id"]))
    last = step
    for _ in range(max(len(ids), 2).bit_length()):
        last = last[last]
    circular = step[last] != last
    if circular.any():
        ring = firm.loc[np.unique(last[circular]), ["name", "successor_id"]]
        raise ZgzxError(
            "mergers lead back to where they began",
            where="registry/changes",
            count=len(ring),
            examples=ring["name"],
            remedy="One of the 主体变更 lines is wrong: 变更前 is the firm that ended, "
            "变更后 the one it went into.",
        )
    return pd.Series(ids[last], index=firm.index, dtype="str")
