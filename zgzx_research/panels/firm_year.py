"""The firm-year panel: staff, patents and first award of every registry firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.link.clean_rows import source_table
from zgzx_research.panels.covariates import firm_covariates
from zgzx_research.panels.patent_counts import COLUMNS as PATENT_COLUMNS
from zgzx_research.panels.patent_counts import COMPLETE, add_patents, count_filings, firm_shares
from zgzx_research.panels.retention import (
    LONGEST_BREAK,
    SHARES,
    add_retention,
    count_staff,
    last_month,
)
from zgzx_research.panels.treatment import first_awards, first_stages, programme_onsets

LATEST = 999912  # an open spell
SPARSE = 0.05
COLUMNS = [
    "firm_id",
    "year",
    "staff_start",
    "retained",
    "retention",
    *SHARES,
    *PATENT_COLUMNS,
    *COMPLETE,
    "first_award",
    "first_category",
    "first_version",
    "first_entry",
    "first_final",
    "specialised",
    "craftsman",
    "visit",
    "group_id",
    "industry_section",
    "industry2",
    "size",
    "street",
    "hitech",
    "founded_year",
    "closed_year",
    "patents_before",
    "utility_share",
]


def build_firm_year(
    clean: Mapping[str, pd.DataFrame],
    firm: pd.DataFrame,
    employment: pd.DataFrame,
    link_audit: pd.DataFrame,
    *,
    first_year: int,
    last_year: int,
    patent_truncation: dt.date,
    calendar: pd.DataFrame,
    longest_break: int = LONGEST_BREAK,
    holder: Literal["original", "current"] = "original",
    joint: Literal["whole", "fractional"] = "whole",
    dual: Literal["once", "both"] = "once",
    incomplete: Literal["flag", "missing"] = "flag",
) -> pd.DataFrame:
    """COLUMNS, one row per firm and year, sorted.

    The order of the rows of the inputs does not matter.

    Parameters
    ----------
    clean : clean tables by name: roster, patent, patent_party; entry and programme may be absent.
    firm, employment, link_audit : link tables.
    first_year, last_year : of the panel, both included.
    patent_truncation : date of the patent export.
    calendar : edition, year, final_date (data/published/edition_calendar.csv).
    longest_break : months without insurance between two spells at one place that still count as
        insured.
    holder, joint, dual : of `patents.count_patents`. incomplete : of `patents.add_patents`.

    Patents are missing, never 0, where no patent is known of anybody: the study has no export of
    them. Retention and patents are missing, never 0, once a firm has closed or merged;
    `closed_year` says when it left. Years of first award, entry and final and of the concurrent
    programmes are null where there was none. `patents_before`: `covariates.firm_covariates` before
    the panel's first award.

    Raises
    ------
    ZgzxError : years the wrong way round, an edition without a year, a (firm_id, year) pair twice.
    """
    if first_year > last_year:
        raise ZgzxError(
            f"the years {first_year} to {last_year} are none", where="panel", remedy="Swap them."
        )
    years = range(first_year, last_year + 1)
    check_firm_year(firm[["firm_id"]].merge(pd.DataFrame({"year": years}), how="cross"))
    roster, patent, party = clean["roster"], clean["patent"], clean["patent_party"]
    entry = source_table(clean, "entry", ["edition", "category", "stage", "outcome"])
    programme = source_table(clean, "programme", ["programme", "onset"])
    with ThreadPoolExecutor(
        1
    ) as threads:  # the engine counts the staff while pandas counts the patents
        counted = threads.submit(
            count_staff, firm, employment, years=years, longest_break=longest_break
        )
        original = firm_shares(party, link_audit)
        shares = original if holder == "original" else firm_shares(party, link_audit, holder)
        counts = count_filings(patent, shares, patent_truncation, firm=firm, joint=joint, dual=dual)
        awards = first_awards(roster, link_audit, calendar)
        before = awards["first_award"].min()
        known = firm_covariates(
            firm, patent, original, before=int(before) if pd.notna(before) else first_year
        )
        staff = counted.result()
    stages = first_stages(roster, entry, link_audit, calendar).drop(columns="first_award")
    panel = _grid(firm, known, years)
    for table in (awards, stages, programme_onsets(programme, link_audit)):
        panel = panel.merge(table, on="firm_id", how="left")
    panel = add_retention(panel, staff, last_month(employment))
    panel = add_patents(panel, counts, patent_truncation, incomplete=incomplete)
    if patent.empty:  # no export of patents: nobody knows of any, which is not the same as none
        unknown = [*PATENT_COLUMNS, "patents_before", "utility_share"]
        panel[unknown] = panel[unknown].mask(panel["firm_id"].notna())
    return panel.sort_values(["firm_id", "year"], ignore_index=True)[COLUMNS]


def check_coverage(
    patent: pd.DataFrame,
    employment: pd.DataFrame,
    first_year: int,
    last_year: int,
    months: pd.DataFrame | None = None,
    *,
    sources: Collection[str] = ("patents", "employment"),
) -> None:
    """Every year of the panel must stand in the exports.

    A missing file would otherwise read as zeros.

    sources : those the study's outcomes rest on; what nobody asks about need not be complete.
    months : `si_month`, where the study has months: other layouts tell of other people and do not
        stand in for them.

    Raises
    ------
    ZgzxError : names the years without a single filing, without anybody insured at the end of the
        year before, or with less than SPARSE of the months that a usual year has (personal
        statements reach back further than the extract).
    """
    for source, absent in uncovered_years(
        patent["filed"].dt.year,
        employment,
        range(first_year, last_year + 1),
        months,
        sources=sources,
    ).items():
        raise nothing_for_years(source, absent)


def nothing_for_years(source: str, absent: list[int]) -> ZgzxError:
    """What to say of an export that lacks years of the panel."""
    return ZgzxError(
        f"the {source} export holds nothing for years of the panel",
        where=source.split()[-1],
        count=len(absent),
        examples=absent,
        remedy="Add the missing file, or shorten [study] years.",
    )


def uncovered_years(
    filed: pd.Series,
    employment: pd.DataFrame,
    years: range,
    months: pd.DataFrame | None = None,
    *,
    sources: Collection[str] = ("patents", "employment"),
) -> dict[str, list[int]]:
    """Export -> the years of the panel it says nothing of.

    Without the exports that say something of every year.

    filed : years of filing. employment, months, sources : as for `check_coverage`.
    """
    reach = employment["end_ym"].fillna(LATEST)
    decembers = {year: (year - 1) * 100 + 12 for year in years}
    staffed = {
        year
        for year, month in decembers.items()
        if ((employment["start_ym"] <= month) & (reach >= month)).any()
    }
    present = {"patents": set(filed), "employment": staffed}
    if months is not None and len(months):
        lines = (months["period_ym"] // 100).value_counts().reindex(years, fill_value=0)
        present["monthly employment"] = set(lines.index[lines.ge(SPARSE * lines.median())])
    asked = {source: told for source, told in present.items() if source.split()[-1] in sources}
    absent = {
        source: [year for year in years if year not in told] for source, told in asked.items()
    }
    return {source: gone for source, gone in absent.items() if gone}


def check_firm_year(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel itself, if every (firm_id, year) pair stands once.

    Raises
    ------
    ZgzxError : names the pairs that stand more than once.
    """
    pairs = panel[["firm_id", "year"]]
    twice = pairs[pairs.duplicated()].drop_duplicates().sort_values(["firm_id", "year"])
    if len(twice):
        raise ZgzxError(
            "a (firm_id, year) pair stands more than once",
            where="firm_year",
            count=len(twice),
            examples=(f"({pair.firm_id}, {pair.year})" for pair in twice.itertuples()),
            remedy="Give every firm one row in the firm table.",
        )
    return panel


def _grid(firm: pd.DataFrame, known: pd.DataFrame, years: range) -> pd.DataFrame:
    """Every firm in every year, with what is known of the firm.

    last_year : the last year in which the firm filed on its own: that of its closure, or of the day
        before its merger.
    """
    closed = firm["closed"].dt.year.astype("Int64")
    alone = (
        (firm["merged"] - pd.Timedelta(days=1))
        .dt.year.astype("Int64")
        .where(firm["successor_id"].notna())
    )
    about = firm[["firm_id", "group_id"]].assign(closed_year=closed, last_year=alone.fillna(closed))
    return about.merge(known, on="firm_id").merge(pd.DataFrame({"year": years}), how="cross")
