"""Patent applications by firm and year of filing."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from zgzx_research.distinct import is_in
from zgzx_research.engine import DUCKDB, Engine, connect
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key

TYPES = ("invention", "utility_model", "design")
PATENT_COLUMNS = ["patents_all", *(f"patents_{kind}" for kind in TYPES)]
COMPLETE = [f"{column}_complete" for column in PATENT_COLUMNS]
# Months from filing until the office must have published: an invention after 18 by law; the others
# when granted, which takes up to a year (assumption).
PUBLISHED_AFTER = {"invention": 18, "utility_model": 12, "design": 12}
ROLE = {"original": "applicant", "current": "holder"}


def filings_of_firms(patent: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Join applications to their firms; the same for every date of an export.

    Parameters
    ----------
    patent : pandas.DataFrame
        Clean table.
    shares : pandas.DataFrame
        Which part of each application is whose, from `firm_shares`.

    Returns
    -------
    pandas.DataFrame
        app_no, firm_id, rows, parties, type, filed, and of a utility model the day on which its
        invention was filed (twin_filed): twins are those paired by the cleaning, and those of one
        firm, day and title, however the firm was written.
    """
    dated = patent.dropna(subset=["filed", "type"])
    about = dated[["app_no", "type", "filed"]].assign(
        title_hash=dated.get("title_hash"), twin_filed=_named_twins(dated)
    )
    found = shares.merge(about, on="app_no", validate="many_to_one")
    alike = is_in(found["app_no"], _models_alike(found))
    return found.assign(twin_filed=found["twin_filed"].mask(alike, found["filed"])).drop(
        columns="title_hash"
    )


def count_filings(
    filings: pd.DataFrame,
    truncation: dt.date,
    *,
    firm: pd.DataFrame | None = None,
    joint: Literal["whole", "fractional"] = "whole",
    dual: Literal["once", "both"] = "once",
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Count distinct applications by firm, year of filing and type.

    Parameters
    ----------
    filings : pandas.DataFrame
        From `filings_of_firms`.
    truncation : datetime.date
        Date of the export; filings after it are not counted.
    firm : pandas.DataFrame, optional
        Firm table; filings dated on or after a firm's merger count for its successor (group_id).
    joint : {"whole", "fractional"}, default "whole"
        A joint application counts 1 for each firm, or as the firm's share of its parties.
    dual : {"once", "both"}, default "once"
        One invention filed as utility model as well (一案双申) counts once, as the invention, or as
        both.
    engine : Engine, optional
        What counts.

    Returns
    -------
    pandas.DataFrame
        firm_id, year, PATENT_COLUMNS; a row per firm and year with any application.
    """
    last = pd.Timestamp(truncation)
    found = filings[filings["filed"].le(last)]
    if dual == "once":
        found = found[~found["twin_filed"].le(last)]
    found = found.assign(year=found["filed"].dt.year.astype("int64"))
    if firm is not None:
        found["firm_id"] = _successors(found, firm)
    same = ["firm_id", "year", "type", "rows", "parties"]
    with connect(engine) as tables:
        counted = tables.collect(_alike(tables.lazy(found[["app_no", *same]])), by=same)
    weight = counted["applications"].astype("int64")
    if joint == "fractional":
        weight = weight * counted["rows"] / counted["parties"]
    kinds = {f"patents_{kind}": weight.where(counted["type"].eq(kind), 0) for kind in TYPES}
    counts = counted.assign(patents_all=weight, **kinds).groupby(["firm_id", "year"])
    return counts[PATENT_COLUMNS].sum().reset_index()


def _alike(filings: nw.LazyFrame) -> nw.LazyFrame:
    """Count applications by firm, year and type, and by how many of how many parties the firm is.

    Parties of one application may have become one firm. Whole numbers only, so that the order in
    which an engine adds cannot change a sum.
    """
    same = ["firm_id", "year", "type", "parties"]
    each = filings.group_by("app_no", *same).agg(rows=nw.col("rows").sum().cast(nw.Int64))
    return each.group_by(*same, "rows").agg(applications=nw.len())


def add_patents(
    panel: pd.DataFrame,
    counts: pd.DataFrame,
    truncation: dt.date,
    *,
    incomplete: Literal["flag", "missing"] = "flag",
) -> pd.DataFrame:
    """Add the counts (Int64, fractional Float64) and COMPLETE to the panel.

    The panel has firm_id, year, founded_year, last_year. Counts are missing before the founding
    year, after the `last_year` of the firm as itself, and after the year of the export. A firm that
    is gone cannot win, so zeros would stand among the comparison firms only and resemble an effect;
    what is filed after a merger is the successor's (`count_filings`). A year is complete for a type
    when all its filings are published by `truncation` (PUBLISHED_AFTER); incomplete years are
    flagged, or also missing.
    """
    panel = panel.merge(counts, on=["firm_id", "year"], how="left", validate="one_to_one")
    unborn = panel["year"].lt(panel["founded_year"]).fillna(False).astype("bool")
    gone = panel["year"].gt(panel["last_year"]).fillna(False).astype("bool")
    whole = all(pd.api.types.is_integer_dtype(counts[column]) for column in PATENT_COLUMNS)
    for column in PATENT_COLUMNS:
        kinds = TYPES if column == "patents_all" else (column.removeprefix("patents_"),)
        done = panel["year"].le(min(last_complete_year(truncation, kind) for kind in kinds))
        hidden = (
            unborn
            | gone
            | panel["year"].gt(truncation.year)
            | (~done if incomplete == "missing" else False)
        )
        panel[column] = panel[column].astype("Int64" if whole else "Float64").fillna(0).mask(hidden)
        panel[f"{column}_complete"] = done
    return panel


def last_complete_year(truncation: dt.date, kind: str) -> int:
    """Return the last year of filing that must be fully published by the date of the export."""
    horizon = (
        pd.Timestamp(truncation)
        + pd.Timedelta(days=1)
        - pd.DateOffset(months=PUBLISHED_AFTER[kind])
    ).date()
    return horizon.year - 1  # the filings of 31 December come last


def utility_share(counts: pd.DataFrame) -> pd.DataFrame:
    """firm_id, utility_share: share of utility models in the filings of `count_filings`.

    No row without any.

    Of the years before the subsidy reform of 2021 it says how much of the reform reaches the firm.
    """
    total = counts.groupby("firm_id", as_index=False)[
        ["patents_all", "patents_utility_model"]
    ].sum()
    return total[["firm_id"]].assign(
        utility_share=total["patents_utility_model"] / total["patents_all"]
    )


def firm_shares(
    patent_party: pd.DataFrame,
    link_audit: pd.DataFrame,
    holder: Literal["original", "current"] = "original",
) -> pd.DataFrame:
    """Return which part of each application's parties a firm is.

    Parameters
    ----------
    patent_party : pandas.DataFrame
        Clean table.
    link_audit : pandas.DataFrame
        `FirmLinks.link_audit`.
    holder : {"original", "current"}, default "original"
        The applicants, or the current holders (bought patents count for the buyer).

    Returns
    -------
    pandas.DataFrame
        app_no, firm_id, and how many of its `parties` the firm is (`rows`): whole numbers.
    """
    linked = link_audit.loc[
        link_audit["source"].eq("patent_party"), [*RECORD_KEY, "firm_id"]
    ].dropna(subset="firm_id")
    party = patent_party.loc[patent_party["role"].eq(ROLE[holder]), [*RECORD_KEY, "app_no"]]
    parties = party.groupby("app_no").size()
    mine = merged_by_key(party, linked, RECORD_KEY).groupby(["app_no", "firm_id"]).size()
    pairs = mine.rename("rows").reset_index()
    return pairs.assign(parties=pairs["app_no"].map(parties).astype("int64"))


def _named_twins(patent: pd.DataFrame) -> pd.Series:
    """The day on which the invention of a utility model was filed, NaT where there is none.

    Either may name the other.

    patent : app_no, type, filed and, where it is known, dual_app_no.
    """
    if "dual_app_no" not in patent:
        return patent["filed"].mask(patent["app_no"].notna())
    about = patent.set_index("app_no")
    named = patent.dropna(subset="dual_app_no")
    both = pd.concat(
        [
            named[["app_no", "dual_app_no"]].set_axis(["model", "invention"], axis=1),
            named[["dual_app_no", "app_no"]].set_axis(["model", "invention"], axis=1),
        ]
    )
    both = both.assign(filed=about["filed"].reindex(both["invention"]).to_numpy())
    twins = both["model"].map(about["type"]).eq("utility_model") & both["invention"].map(
        about["type"]
    ).eq("invention")
    first = both[twins].groupby("model")["filed"].min()
    return first.reindex(patent["app_no"]).set_axis(patent.index)


def _models_alike(filings: pd.DataFrame) -> pd.Series:
    """Find utility models (app_no) with exactly one invention of the same firm, day and title."""
    same = ["firm_id", "filed", "title_hash"]
    titled = filings[filings["title_hash"].notna()]
    inventions, models = (
        titled[titled["type"].eq(kind)].drop_duplicates(same, keep=False)
        for kind in ("invention", "utility_model")
    )
    return models.merge(inventions[same], on=same)["app_no"]


def _successors(found: pd.DataFrame, firm: pd.DataFrame) -> np.ndarray:
    """Return the firm a filing counts for: what the applicant had become by then."""
    about = firm.set_index("firm_id")
    step = about["successor_id"].where(about["successor_id"].notna())
    current, day = found["firm_id"], found["filed"]
    while True:
        merged = day.ge(current.map(about["merged"])) & current.map(step).notna()
        if not merged.any():
            return current.to_numpy()
        current = current.mask(merged, current.map(step)).astype("str")
