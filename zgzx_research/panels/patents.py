"""Patent applications by firm and year of filing."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from zgzx_research.link.records import KEY

TYPES = ("invention", "utility_model", "design")
COLUMNS = ["patents_all", *(f"patents_{kind}" for kind in TYPES)]


def count_patents(
    patent: pd.DataFrame, patent_party: pd.DataFrame, link_audit: pd.DataFrame, truncation: dt.date
) -> pd.DataFrame:
    """Distinct applications by original applicant, year of filing and type; a row per firm and year with any.

    A joint application counts whole for each of its firms. Filings after `truncation`, the date of the export, are not
    counted.
    """
    linked = link_audit.loc[link_audit["source"].eq("patent_party"), [*KEY, "firm_id"]].dropna(subset="firm_id")
    applicant = patent_party.loc[patent_party["role"].eq("applicant"), [*KEY, "app_no"]]
    pairs = applicant.merge(linked, on=KEY, validate="one_to_one")[["app_no", "firm_id"]].drop_duplicates()
    filed = patent.loc[patent["filed"].le(pd.Timestamp(truncation)), ["app_no", "type", "filed"]]
    found = pairs.merge(filed, on="app_no", validate="many_to_one")
    found["year"] = found["filed"].dt.year.astype("int64")
    kinds = {f"patents_{kind}": found["type"].eq(kind).astype("int64") for kind in TYPES}
    counts = found.assign(patents_all=1, **kinds).groupby(["firm_id", "year"], as_index=False)[COLUMNS].sum()
    return counts.sort_values(["firm_id", "year"], ignore_index=True)


def add_patents(panel: pd.DataFrame, counts: pd.DataFrame, truncation: dt.date) -> pd.DataFrame:
    """The panel (firm_id, year, founded_year, closed_year) with the counts (Int64).

    Missing before the founding year and after the year of the export; 0 after closure. The year of the export itself is
    kept, though incomplete: where to end the panel is the caller's choice.
    """
    panel = panel.merge(counts, on=["firm_id", "year"], how="left", validate="one_to_one")
    unborn = panel["year"].lt(panel["founded_year"]).fillna(False).astype("bool")
    gone = panel["year"].gt(panel["closed_year"]).fillna(False).astype("bool")
    for column in COLUMNS:
        panel[column] = panel[column].astype("Int64").fillna(0).mask(gone, 0)
        panel[column] = panel[column].mask(unborn | panel["year"].gt(truncation.year))
    return panel
