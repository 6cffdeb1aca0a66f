"""What was known of a contestant before the final, and wages and inventions around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from zgzx_research.cleaning.rules import RULES
from zgzx_research.engine import Engine, connect
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key, month_number

PERSON = ["edition", "worker_id"]
# months from the final over which the contribution base is averaged
WAGE_WINDOWS = {"wage_base_before": (-12, -1), "wage_base_after": (13, 24)}
# years from that of the final
INVENTION_YEARS = {
    f"inventions_{'m' if year < 0 else 'p' if year else ''}{abs(year)}": year
    for year in range(-5, 4)
}
# levels from the lowest to the highest
LADDERS = {name: [*RULES["choices"][name]] for name in ("education", "skill_level")}
TRAITS = ["sex", "birth_year", *LADDERS]
CENTS = 100  # bases are summed in whole cents, so that the order of the sum cannot change it


def earlier_contests(contests: pd.DataFrame) -> pd.DataFrame:
    """edition, worker_id, earlier_entries, earlier_awards (Int64).

    Entries and awards of the person in earlier editions.

    contests : edition, worker_id, arm; a row per person and entry.
    """
    won = contests.assign(awards=contests["arm"].eq("winner").astype("int64"), entries=1)
    counts = won.groupby(PERSON)[["entries", "awards"]].sum().sort_index()
    before = counts.groupby("worker_id").cumsum() - counts
    names = {"entries": "earlier_entries", "awards": "earlier_awards"}
    return before.rename(columns=names).astype("Int64").reset_index()


def wage_means(
    rows: pd.DataFrame, wage_base: pd.DataFrame, covered: int, engine: Engine
) -> pd.DataFrame:
    """edition, worker_id, wage_base_before, wage_base_after (yuan a month).

    Mean contribution base over the months of `WAGE_WINDOWS` that are known; missing where none is,
    and where a window ends after the last month of the data, `covered` (a number).
    """
    asked = rows.loc[rows["month"].notna(), [*PERSON, "month"]].astype({"month": "int64"})
    bases = wage_base[["worker_id"]].assign(
        at=month_number(wage_base["period_ym"]).astype("int64"),
        cents=(wage_base["base"] * CENTS).round().astype("int64"),
    )
    result = rows[PERSON]
    with connect(engine) as tables:
        pairs = tables.lazy(asked).join(tables.lazy(bases), on="worker_id")
        since = pairs.with_columns(since=nw.col("at") - nw.col("month"))
        for name, (first, last) in WAGE_WINDOWS.items():
            within = since.filter(nw.col("since") >= first, nw.col("since") <= last)
            sums = within.group_by(*PERSON).agg(cents=nw.col("cents").sum(), months=nw.len())
            found = tables.collect(sums, by=PERSON)
            mean = found["cents"].astype("float64") / CENTS / found["months"].astype("float64")
            result = result.merge(found[PERSON].assign(**{name: mean}), on=PERSON, how="left")
            seen = rows["month"].add(last).le(covered).fillna(False).to_numpy(dtype=bool)
            result[name] = result[name].astype("float64").where(seen)
    return result


def inventions_by_year(
    rows: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    link_audit: pd.DataFrame,
    insured: pd.Series,
    truncation: dt.date | None,
) -> pd.DataFrame:
    """Return inventions by year from the final with the person as inventor (Int64).

    Inventors are found among the insured (`link.inventors`), so persons who never were, and are
    not in `insured`, have no count. Missing too in years before the first filing of the export,
    and from the year on that its date cuts, by default the last day in it. The last years before
    it are not fully published, for all arms alike.

    Returns
    -------
    pandas.DataFrame
        INVENTION_YEARS, on the index of `rows`.
    """
    columns = {name: pd.Series(None, index=rows.index, dtype="Int64") for name in INVENTION_YEARS}
    patent = tables.get("patent")
    if patent is None or "patent_party" not in tables or not patent["filed"].notna().any():
        return pd.DataFrame(columns)
    filed = filings_by_inventor(tables, link_audit)
    count = filed.groupby(["worker_id", "year"]).size()
    first, last = patent["filed"].min().year, _last_whole_year(patent, truncation)
    known = rows["worker_id"].isin(insured) & rows["month"].notna()
    final = rows["month"] // 12
    for name, ahead in INVENTION_YEARS.items():
        year = (final + ahead).fillna(0).astype("int64")
        index = pd.MultiIndex.from_arrays([rows["worker_id"], year])
        there = known & year.between(first, last)
        number = pd.Series(count.reindex(index, fill_value=0).to_numpy(), index=rows.index)
        columns[name] = number.astype("Int64").where(there)
    return pd.DataFrame(columns)


def filings_by_inventor(
    tables: Mapping[str, pd.DataFrame], link_audit: pd.DataFrame
) -> pd.DataFrame:
    """Return the inventions of the inventors who are linked to a person.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables patent and patent_party.
    link_audit : pandas.DataFrame
        `PeopleLinks.link_audit`.

    Returns
    -------
    pandas.DataFrame
        app_no, worker_id, filed, year; a row per invention and linked inventor.
    """
    party, patent = tables["patent_party"], tables["patent"]
    inventor = party.loc[party["role"].eq("inventor"), [*RECORD_KEY, "app_no"]]
    linked = link_audit.loc[
        link_audit["source"].eq("patent_party") & link_audit["worker_id"].notna(),
        [*RECORD_KEY, "worker_id"],
    ]
    named = merged_by_key(inventor, linked, RECORD_KEY)[["app_no", "worker_id"]].drop_duplicates()
    invention = patent.loc[patent["type"].eq("invention"), ["app_no", "filed"]].dropna()
    filed = named.merge(invention, on="app_no", validate="many_to_one")
    return filed.assign(year=filed["filed"].dt.year.astype("int64"))


def _last_whole_year(patent: pd.DataFrame, truncation: dt.date | None) -> int:
    """Return the last year that ends by the date of the export."""
    if truncation is None:
        days = [patent[name].max() for name in ("filed", "published", "granted") if name in patent]
        truncation = max(day for day in days if pd.notna(day)).date()
    return (truncation + dt.timedelta(days=1)).year - 1


def traits(rows: pd.DataFrame, roster: pd.DataFrame, link_audit: pd.DataFrame) -> pd.DataFrame:
    """Return sex, birth_year, education and skill_level, on the index of `rows`.

    Only rosters have them, so only those who have won at some time do. Schooling and skill come
    from the last roster up to this edition, for a later one may be what the award led to.
    """
    linked = link_audit.loc[
        link_audit["source"].eq("roster") & link_audit["worker_id"].notna(),
        [*RECORD_KEY, "worker_id"],
    ]
    listed = merged_by_key(roster, linked, RECORD_KEY).sort_values(["edition", *RECORD_KEY])
    for name in TRAITS:
        if name not in listed:
            kind = "Int64" if name == "birth_year" else "str"
            listed[name] = pd.Series(None, index=listed.index, dtype=kind)
    lasting = listed.groupby("worker_id")[["sex", "birth_year"]].first()
    asked = rows[PERSON].assign(place=rows.index)
    past = asked.merge(listed[[*PERSON, *LADDERS]], on="worker_id", suffixes=("", "_then"))
    past = past[past["edition_then"].le(past["edition"])].sort_values("edition_then", kind="stable")
    latest = past.groupby("place")[[*LADDERS]].last().reindex(rows.index)
    ordered = {name: pd.CategoricalDtype(levels, ordered=True) for name, levels in LADDERS.items()}
    return pd.DataFrame(
        {
            "sex": rows["worker_id"].map(lasting["sex"]).astype("str"),
            "birth_year": rows["worker_id"].map(lasting["birth_year"]).astype("Int64"),
            **{name: latest[name].astype(kind) for name, kind in ordered.items()},
        }
    )
