"""Inventions of each firm and year, and those among them that name no finalist as inventor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from zgzx_research.distinct import is_in
from zgzx_research.engine import DUCKDB, Engine
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.patent_counts import count_filings, filings_of_firms, firm_shares
from zgzx_research.panels.worker_history import filings_by_inventor

COLUMNS = [
    "firm_id",
    "year",
    "inventions",
    "inventions_without_finalists",
    "had_winner",
    "had_finalist",
]
IN_A_FINAL = ("winner", "finalist")


def build_inventions_without_finalists(
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    people: PeopleLinks,
    *,
    firm_year: pd.DataFrame,
    worker_final: pd.DataFrame,
    holder: Literal["original", "current"] = "original",
    joint: Literal["whole", "fractional"] = "whole",
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Count the inventions of each firm and year that name nobody who ever stood in a final.

    "Ever" means in any edition, before or after the filing. If only the winners' own inventions
    were left out, the rest would fall by itself: firms hire the people who will win. Finalists are
    therefore left out as well, and the comparison is with firms of finalists.

    An inventor of whom several namesakes were insured there counts as no finalist.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name: patent and patent_party.
    firms : FirmLinks
        The result of `link_firms`.
    people : PeopleLinks
        The result of `link_people`.
    firm_year : pandas.DataFrame
        The panel of firms (`build_firm_year`), made with the same `holder` and `joint`.
    worker_final : pandas.DataFrame
        The panel of persons (`build_worker_final`).
    holder, joint : str
        Whose a patent is and how a joint one counts, as in `build_firm_year`.
    engine : Engine, optional
        What counts.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row per firm and year of `firm_year`, in its order.

        - inventions: applications filed in that year; missing where `firm_year` has none, and in
          years whose filings are not all published yet.
        - inventions_without_finalists: those that name no winner and no finalist of any edition.
          Missing too in years before the first and after the last filing with an inventor who is
          linked to a person; so everywhere where no inventor is linked.
        - had_winner, had_finalist: whether the firm ever won, ever had an entry in a final.
    """
    panel = firm_year[["firm_id", "year", "first_award", "first_final"]]
    all_of_them = firm_year["patents_invention"].where(firm_year["patents_invention_complete"])
    filed = filings_by_inventor(tables, people.link_audit)
    finalists = worker_final.loc[worker_final["arm"].isin(IN_A_FINAL), "worker_id"]
    theirs = filed.loc[filed["worker_id"].isin(set(finalists)), "app_no"]
    left = _counts(tables, firms, theirs, holder, joint, engine)

    found = panel.merge(left, on=["firm_id", "year"], how="left", validate="one_to_one")
    linked = panel["year"].between(filed["year"].min(), filed["year"].max())
    known = (all_of_them.notna() & linked).to_numpy()
    others = found["left"].astype(all_of_them.dtype).fillna(0).where(known)
    return found.assign(
        inventions=all_of_them.array,
        inventions_without_finalists=others,
        had_winner=panel["first_award"].notna().to_numpy(),
        had_finalist=panel["first_final"].notna().to_numpy(),
    )[COLUMNS]


def _counts(
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    theirs: pd.Series,
    holder: Literal["original", "current"],
    joint: Literal["whole", "fractional"],
    engine: Engine,
) -> pd.DataFrame:
    """firm_id, year, left: inventions that are not among `theirs` (app_no)."""
    patent = tables["patent"]
    if patent["filed"].isna().all():
        return pd.DataFrame({"firm_id": [], "year": [], "left": []}).astype(
            {"firm_id": "str", "year": "int64", "left": "int64"}
        )
    others = patent[patent["type"].eq("invention") & ~is_in(patent["app_no"], theirs)]
    filings = filings_of_firms(
        others, firm_shares(tables["patent_party"], firms.link_audit, holder)
    )
    last = patent["filed"].max().date()
    counted = count_filings(filings, last, firm=firms.firm, joint=joint, engine=engine)
    return counted[["firm_id", "year", "patents_invention"]].rename(
        columns={"patents_invention": "left"}
    )
