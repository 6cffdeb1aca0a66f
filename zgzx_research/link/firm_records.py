"""What every source says about a firm, in one table: text, code, employer number, time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from zgzx_research.link.calendar import edition_months
from zgzx_research.link.clean_rows import RECORD_KEY, month_number, source_table, year_month

RECORD_COLUMNS = ["source", *RECORD_KEY, "text", "code", "number", "start", "end"]


class Source(NamedTuple):
    """Where a clean table names a firm; "" = nowhere.

    Attributes
    ----------
    text : str
        Columns with the name, the unified code, the 单位编号.
    code : str
        Columns with the name, the unified code, the 单位编号.
    number : str
        Columns with the name, the unified code, the 单位编号.
    start : str
        Columns YYYYMM between which the record holds.
    end : str
        Columns YYYYMM between which the record holds.
    """

    text: str
    code: str = ""
    number: str = ""
    start: str = ""
    end: str = ""


FIRM_SOURCES = {
    "roster": Source("firm_name", start="month", end="month"),
    "spell": Source("employer_name", "employer_uscc", "employer_no", "start_ym", "end_ym"),
    "si_month": Source("employer_name", "employer_uscc", "employer_no", "start_ym", "end_ym"),
    "dispatch": Source("service_firm", start="start_ym", end="end_ym"),
    "patent_party": Source("name", "uscc", start="month", end="month"),
    "entry": Source("firm_name", start="month", end="month"),
    "programme": Source("firm_name", "uscc", start="month", end="month"),
}
# The dispatch employer of a line of the agency sheet: a second firm of the same row.
AGENCY = Source("agency_name", start="start_ym", end="end_ym")


def firm_records(clean: Mapping[str, pd.DataFrame], calendar: pd.DataFrame | None) -> pd.DataFrame:
    """Every row of every source that can name a firm, in key order within the source.

    `si_month` comes as its lines (`clean_rows.month_lines`). Of the parties of patents only
    applicants and holders that are organisations. Months (`start`, `end`) are numbers; missing ones
    are -inf, inf.

    Returns
    -------
    pandas.DataFrame
        RECORD_COLUMNS.
    """
    return pd.concat(
        [_records(clean, name, source, calendar) for name, source in sorted(FIRM_SOURCES.items())],
        ignore_index=True,
    )


def agency_records(clean: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """RECORD_COLUMNS of the dispatch employers, source "agency"."""
    return _records(clean, "dispatch", AGENCY, None).assign(source="agency")


def _records(
    clean: Mapping[str, pd.DataFrame], name: str, source: Source, calendar: pd.DataFrame | None
) -> pd.DataFrame:
    wanted = [column for column in source if column and column != "month"]
    table = source_table(clean, name, [*wanted, "edition", "role", "app_no", "onset"])
    if name == "patent_party":
        table = table[
            table["role"].isin(["applicant", "holder"]) & table["name"].notna()
        ].reset_index(drop=True)
    table["month"] = _month_of(name, table, clean, calendar)
    missing = pd.Series(None, index=table.index, dtype="str")
    return table[RECORD_KEY].assign(
        source=pd.Series(name, index=table.index, dtype="str"),
        text=table[source.text].astype("str"),
        code=table[source.code] if source.code else missing,
        number=table[source.number] if source.number else missing,
        start=_number(table[source.start], -np.inf),
        end=_number(table[source.end], np.inf),
    )[RECORD_COLUMNS]


def _month_of(
    name: str, table: pd.DataFrame, clean: Mapping[str, pd.DataFrame], calendar: pd.DataFrame | None
) -> pd.Series:
    """YYYYMM of a record that has a date of its own kind: the final, the filing, the onset."""
    if name == "patent_party":
        patent = clean.get("patent")
        if patent is None or "filed" not in patent:
            return pd.Series(pd.NA, index=table.index, dtype="Int64")
        filed = year_month(patent["filed"]).set_axis(patent["app_no"])
        return table["app_no"].map(filed[~filed.index.duplicated()]).astype("Int64")
    if name == "programme":
        return year_month(pd.to_datetime(table["onset"]))
    return table["edition"].map(edition_months(calendar)).astype("Int64")


def _number(ym: pd.Series, missing: float) -> np.ndarray:
    return month_number(ym).to_numpy("float64", na_value=missing)
