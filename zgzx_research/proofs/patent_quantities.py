"""Quantities of patents that a trap of cleaning or linkage distorts."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from zgzx_research.link.link_firms import FirmLinks, link_firms
from zgzx_research.panels.patent_counts import (
    count_filings,
    filings_of_firms,
    firm_shares,
    last_complete_year,
)
from zgzx_research.proofs.cleaned_files import CleanedFiles, Quantity, no_dates, without_tables
from zgzx_research.simulate.files.patent_files import publication_rows

LAST_YEAR = 2025  # of the panel


def double_filing(files: CleanedFiles) -> Quantity:
    """Count all applications; naive: both filings of one case."""
    firms, readable = files.firms, _readable(files)
    once = _counts(files, firms, readable, dual="once")["patents_all"].sum()
    both = _counts(files, firms, readable, dual="both")["patents_all"].sum()
    return Quantity(len(_filings(files, readable)), once, both)


def rows_as_applications(files: CleanedFiles) -> Quantity:
    """Count all applications; naive: rows of the exports."""
    readable = _readable(files)
    recoverable = files.record["source"].eq("patents") & files.record["recoverable"]
    rows = pd.concat([raw.rows[["row"]].assign(file=raw.file) for raw in files.raw["patents"]])
    naive = rows.merge(files.record[recoverable], on=["file", "row"])
    cleaned = _counts(files, files.firms, readable)["patents_all"].sum()
    return Quantity(len(_filings(files, readable)), cleaned, len(naive))


def bought_patents(files: CleanedFiles) -> Quantity:
    """Count applications of winners after the first award; naive: of whoever holds them now."""
    firms, readable = files.firms, _readable(files)
    award = files.world.award.groupby("firm_id")["year"].min()
    party = files.clean["patent_party"]
    known = party["app_no"].isin(party.loc[party["role"].eq("holder"), "app_no"])
    holder = party[~(known & party["role"].eq("applicant"))]
    holder = holder.assign(role=holder["role"].replace("applicant", "holder"))

    filings = _filings(files, readable).groupby(["firm_id", "year"]).size()
    tables = [
        filings.rename("patents_all").reset_index(),
        _counts(files, firms, readable),
        _counts(files, firms, readable, holder, holder="current"),
    ]
    after = (table[table["year"] > table["firm_id"].map(award)] for table in tables)
    return Quantity(*(float(table["patents_all"].sum()) for table in after))


def renames(files: CleanedFiles) -> Quantity:
    """Count applications of firms that were renamed; naive: parties under the present name only."""
    readable = _readable(files)
    event = files.world.truth["firm_event"]
    renamed = set(event.loc[event["type"].eq("rename"), "firm_id"])
    naive = link_firms(without_tables(files.clean, "registry_name", "registry_event"), no_dates())
    tables = [
        _filings(files, readable).assign(patents_all=1),
        _counts(files, files.firms, readable),
        _counts(files, naive, readable),
    ]
    own = (table[table["firm_id"].isin(renamed)] for table in tables)
    return Quantity(*(float(table["patents_all"].sum()) for table in own))


def truncation(files: CleanedFiles) -> Quantity:
    """Share of inventions seen in the last year used; naive: in the last year of the panel."""
    readable = _readable(files)
    counts = _counts(files, files.firms, readable).groupby("year")["patents_invention"].sum()
    patent = files.world.patent
    unseen = set(patent.loc[~patent["seen"], "app_no"])
    invention = patent["counts"] & patent["type"].eq("invention")
    own = patent[invention & patent["app_no"].isin(readable | unseen)]
    filed = own.groupby(own["filed"].dt.year).size()
    used = last_complete_year(files.export, "invention")
    return Quantity(1.0, counts[used] / filed[used], counts.get(LAST_YEAR, 0) / filed[LAST_YEAR])


def _readable(files: CleanedFiles) -> set[str]:
    """Find the applications of cases all of whose rows can be read.

    No cleaning restores a number with a wrong check digit.
    """
    rows = publication_rows(files.world, files.world.order.stream("patent dirt"))
    lost = rows["dirt"].str.contains("wrong_check|number_as_float|bad_date")
    cases = rows["title"].isin(rows.loc[lost, "title"])
    return set(rows["app_no"]) - set(rows.loc[cases, "app_no"])


def _filings(files: CleanedFiles, readable: set[str]) -> pd.DataFrame:
    """Return firm_id, year and type of the true applications of this world's firms."""
    patent = files.world.patent
    counts = patent["seen"] & patent["counts"] & patent["firm_id"].notna()
    own = patent[counts & patent["app_no"].isin(readable)]
    return own[["app_no", "firm_id", "type"]].assign(year=own["filed"].dt.year)


def _counts(
    files: CleanedFiles,
    firms: FirmLinks,
    readable: set[str],
    party: pd.DataFrame | None = None,
    *,
    holder: Literal["original", "current"] = "original",
    dual: Literal["once", "both"] = "once",
) -> pd.DataFrame:
    """Return the package's counts by true firm and year."""
    patent = files.clean["patent"]
    parties = files.clean["patent_party"] if party is None else party
    shares = firm_shares(parties, firms.link_audit, holder)
    filings = filings_of_firms(patent[patent["app_no"].isin(readable)], shares)
    counts = count_filings(filings, files.export, firm=firms.firm, dual=dual)
    return counts.assign(firm_id=counts["firm_id"].map(files.true_firms))
