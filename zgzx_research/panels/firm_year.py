"""The firm-year panel: staff, patents and first award of every registry firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pandas as pd

from zgzx_research.engine import DUCKDB, Engine
from zgzx_research.errors import ZgzxError
from zgzx_research.link.calendar import published_calendar
from zgzx_research.link.clean_rows import source_table
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.covariates import firm_covariates
from zgzx_research.panels.patent_counts import (
    COMPLETE,
    PATENT_COLUMNS,
    add_patents,
    count_filings,
    filings_of_firms,
    firm_shares,
)
from zgzx_research.panels.retention import (
    LONGEST_BREAK,
    SHARES,
    add_retention,
    count_staff,
    last_month,
)
from zgzx_research.panels.treatment import (
    award_link_scores,
    first_awards,
    first_stages,
    programme_onsets,
)

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
    "award_link_score",
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
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    people: PeopleLinks,
    *,
    first_year: int,
    last_year: int,
    patent_truncation: dt.date | None = None,
    calendar: pd.DataFrame | None = None,
    longest_break: int = LONGEST_BREAK,
    holder: Literal["original", "current"] = "original",
    joint: Literal["whole", "fractional"] = "whole",
    dual: Literal["once", "both"] = "once",
    incomplete: Literal["flag", "missing"] = "flag",
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Build the panel of firms: staff, retention, patents and first award by firm and year.

    Patents are missing, never 0, where the study has no export of patents at all. Retention and
    patents are missing, never 0, once a firm has closed or merged; `closed_year` says when it left.
    Years of first award, entry and final and of the other programmes are null where there was none.
    The order of the rows of the inputs does not matter.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name: roster, patent, patent_party; entry and programme may be absent.
    firms : FirmLinks
        The result of `link_firms`.
    people : PeopleLinks
        The result of `link_people`.
    first_year : int
        First year of the panel.
    last_year : int
        Last year of the panel, included.
    patent_truncation : datetime.date, optional
        The date of the patent export; later filings cannot be known. By default the last day on
        which the export records a filing, a publication or a grant.
    calendar : pandas.DataFrame, optional
        edition, year, final_date; by default the published calendar of 职工之星.
    longest_break : int, default 3
        Months without insurance between two spells at one place that still count as insured.
    holder : {"original", "current"}, default "original"
        Whose a patent is: the applicant's, or the present holder's (who may have bought it).
    joint : {"whole", "fractional"}, default "whole"
        A joint application counts 1 for each firm, or as the firm's share of its parties.
    dual : {"once", "both"}, default "once"
        One invention filed as utility model as well (一案双申) counts once or twice.
    incomplete : {"flag", "missing"}, default "flag"
        Years whose filings are not all published yet are flagged, or also missing.
    engine : Engine, optional
        What counts; the panel is the same on each.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS` (data/README.md describes them), one row per firm and year, sorted. Retention
        shares lie in [0, 1]; patents are counts of applications by year of filing.

    Raises
    ------
    ZgzxError
        Years in the wrong order, an edition without a year, a (firm_id, year) pair twice.
    """
    _check_years(first_year, last_year)
    firm, employment, link_audit = firms.firm, people.employment, firms.link_audit
    calendar = published_calendar() if calendar is None else calendar
    years = range(first_year, last_year + 1)
    check_firm_year(firm[["firm_id"]].merge(pd.DataFrame({"year": years}), how="cross"))
    roster, patent, party = tables["roster"], tables["patent"], tables["patent_party"]
    truncation = patent_truncation or _last_day_recorded(patent, last_year)
    entry = source_table(tables, "entry", ["edition", "category", "stage", "outcome"])
    programme = source_table(tables, "programme", ["programme", "onset"])

    # the engine counts the staff while pandas counts the patents
    with ThreadPoolExecutor(1) as threads:
        counted = threads.submit(
            count_staff, firm, employment, years=years, longest_break=longest_break, engine=engine
        )
        original = filings_of_firms(patent, firm_shares(party, link_audit))
        filings = original
        if holder != "original":
            filings = filings_of_firms(patent, firm_shares(party, link_audit, holder))
        counts = count_filings(
            filings, truncation, firm=firm, joint=joint, dual=dual, engine=engine
        )
        awards = first_awards(roster, link_audit, calendar)
        first = awards["first_award"].min()
        before = int(first) if pd.notna(first) else first_year
        known = firm_covariates(firm, original, before=before, engine=engine)
        staff = counted.result()

    stages = first_stages(roster, entry, link_audit, calendar).drop(columns="first_award")
    panel = _grid(firm, known, years)
    scores = award_link_scores(roster, link_audit, calendar)
    for table in (awards, scores, stages, programme_onsets(programme, link_audit)):
        panel = panel.merge(table, on="firm_id", how="left")
    panel = add_retention(panel, staff, last_month(employment))
    panel = add_patents(panel, counts, truncation, incomplete=incomplete)
    if patent.empty:  # no export of patents: unknown, which is not the same as none
        unknown = [*PATENT_COLUMNS, "patents_before", "utility_share"]
        panel[unknown] = panel[unknown].mask(panel["firm_id"].notna())
    return panel.sort_values(["firm_id", "year"], ignore_index=True)[COLUMNS]


def _check_years(first_year: int, last_year: int) -> None:
    """Refuse years in the wrong order."""
    if first_year > last_year:
        raise ZgzxError(
            f"first_year {first_year} is after last_year {last_year}",
            where="panel",
            remedy="Swap them.",
        )


def _last_day_recorded(patent: pd.DataFrame, last_year: int) -> dt.date:
    """Return the last day in the patent export; 31 December of the last year without one."""
    days = [patent[name].max() for name in ("filed", "published", "granted") if name in patent]
    latest = max((day for day in days if pd.notna(day)), default=pd.Timestamp(last_year, 12, 31))
    return latest.date()


def check_coverage(
    patent: pd.DataFrame,
    employment: pd.DataFrame,
    first_year: int,
    last_year: int,
    months: pd.DataFrame | None = None,
    *,
    sources: Collection[str] = ("patents", "employment"),
) -> None:
    """Check that every year of the panel is in the exports: a missing file would read as zeros.

    Parameters
    ----------
    patent : pandas.DataFrame
        Clean table.
    employment : pandas.DataFrame
        `PeopleLinks.employment`.
    first_year : int
        First year of the panel.
    last_year : int
        Last year of the panel.
    months : pandas.DataFrame, optional
        `si_month`, where the study has months: other layouts are about other people and do not
        replace them.
    sources : collection of str, default ("patents", "employment")
        Those the study's outcomes need; others need not be complete.

    Raises
    ------
    ZgzxError
        Years without a single filing, without anybody insured at the end of the year before, or
        with less than SPARSE of the months that a usual year has (personal statements go back
        further than the extract).
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
    """Make the error for an export that lacks years of the panel."""
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
    """Export -> the years of the panel that it lacks, for exports that lack any.

    Parameters
    ----------
    filed : pandas.Series
        Years of filing.
    employment : pandas.DataFrame
        As for `check_coverage`.
    years : range
        The years of the panel.
    months : pandas.DataFrame, optional
        As for `check_coverage`.
    sources : collection of str, default ("patents", "employment")
        As for `check_coverage`.

    Returns
    -------
    dict of str to list of int
        Export -> years.
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
    asked = {source: found for source, found in present.items() if source.split()[-1] in sources}
    absent = {
        source: [year for year in years if year not in found] for source, found in asked.items()
    }
    return {source: gone for source, gone in absent.items() if gone}


def check_firm_year(panel: pd.DataFrame) -> pd.DataFrame:
    """Check that every (firm_id, year) pair stands once, and return the panel.

    Raises
    ------
    ZgzxError
        Names the pairs that stand more than once.
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

    `last_year` is the last year in which the firm filed as itself: that of its closure, or of the
    day before its merger.
    """
    closed = firm["closed"].dt.year.astype("Int64")
    before_merger = (
        (firm["merged"] - pd.Timedelta(days=1))
        .dt.year.astype("Int64")
        .where(firm["successor_id"].notna())
    )
    about = firm[["firm_id", "group_id"]].assign(
        closed_year=closed, last_year=before_merger.fillna(closed)
    )
    return about.merge(known, on="firm_id").merge(pd.DataFrame({"year": years}), how="cross")
