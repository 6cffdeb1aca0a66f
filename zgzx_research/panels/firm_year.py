"""The firm-year panel: staff, patents and first award of every registry firm."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.panels.patents import COLUMNS as PATENT_COLUMNS
from zgzx_research.panels.patents import add_patents, count_patents
from zgzx_research.panels.retention import LONGEST_BREAK, add_retention, count_staff, last_month
from zgzx_research.panels.treatment import first_awards

LATEST = 999912  # an open spell
COLUMNS = [
    "firm_id", "year", "staff_start", "retained", "retention", *PATENT_COLUMNS, "first_award", "first_category",
    "industry2", "size", "street", "closed_year",
]  # fmt: skip


def build_firm_year(
    firm: pd.DataFrame,
    roster: pd.DataFrame,
    spell: pd.DataFrame,
    spell_worker: pd.DataFrame,
    patent: pd.DataFrame,
    patent_party: pd.DataFrame,
    link_audit: pd.DataFrame,
    *,
    first_year: int,
    last_year: int,
    patent_truncation: dt.date,
    calendar: pd.DataFrame,
    longest_break: int = LONGEST_BREAK,
) -> pd.DataFrame:
    """One row per firm and year, sorted; the order of the rows of the inputs does not matter.

    Parameters
    ----------
    firm, spell_worker, link_audit : link tables. roster, spell, patent, patent_party : clean tables.
    first_year, last_year : of the panel, both included.
    patent_truncation : date of the patent export.
    calendar : edition, year, final_date (data/published/edition_calendar.csv).
    longest_break : months without insurance between two spells at one firm that still count as insured.

    Raises
    ------
    ZgzxError : years the wrong way round, an edition without a year, a (firm_id, year) pair twice.
    """
    if first_year > last_year:
        raise ZgzxError(f"the years {first_year} to {last_year} are none", where="panel", remedy="Swap them.")
    years = range(first_year, last_year + 1)
    staff = count_staff(firm, spell, spell_worker, link_audit, years=years, longest_break=longest_break)
    patents = count_patents(patent, patent_party, link_audit, patent_truncation)
    awards = first_awards(roster, link_audit, calendar)
    panel = check_firm_year(_grid(firm, years).merge(awards, on="firm_id", how="left"))
    panel = add_retention(panel, staff, last_month(spell))
    panel = add_patents(panel, patents, patent_truncation)
    return panel.sort_values(["firm_id", "year"], ignore_index=True)[COLUMNS]


def check_coverage(patent: pd.DataFrame, spell: pd.DataFrame, first_year: int, last_year: int) -> None:
    """Every year of the panel must stand in the exports: a missing file would otherwise read as zeros.

    Raises
    ------
    ZgzxError : names the years without a single filing, or without anybody insured at the end of the year before.
    """
    filed = set(patent["filed"].dt.year)
    reach = spell["end_ym"].fillna(LATEST)
    decembers = {year: (year - 1) * 100 + 12 for year in range(first_year, last_year + 1)}
    staffed = {year for year, month in decembers.items() if ((spell["start_ym"] <= month) & (reach >= month)).any()}
    for source, present in (("patents", filed), ("employment", staffed)):
        absent = [year for year in range(first_year, last_year + 1) if year not in present]
        if absent:
            raise ZgzxError(
                f"the {source} export holds nothing for years of the panel", where=source, count=len(absent),
                examples=absent, remedy="Add the missing file, or shorten [study] years.",
            )  # fmt: skip


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


def _grid(firm: pd.DataFrame, years: range) -> pd.DataFrame:
    """Every firm in every year, with what is known of the firm."""
    known = firm[["firm_id", "industry2", "size", "street"]].assign(
        founded_year=firm["founded"].dt.year.astype("Int64"), closed_year=firm["closed"].dt.year.astype("Int64")
    )
    return known.merge(pd.DataFrame({"year": years}), how="cross")
