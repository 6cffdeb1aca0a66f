"""Stays of the people of the finals, which a trap of linkage or of time distorts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from zgzx_research.link.clean_rows import RECORD_KEY, month_number
from zgzx_research.panels.retention import last_month
from zgzx_research.panels.worker_final import build_worker_final
from zgzx_research.proofs.cleaned_files import CleanedFiles, Quantity, calendar

HORIZON = 24  # months after the final


def differential_linkage(files: CleanedFiles) -> Quantity:
    """Compare stays of 24 months of winners and other finalists.

    Naive: the other finalists are looked for among the firm's staff of today.
    """
    cleaned = _panel(files, files.people.link_audit)
    audit = files.people.link_audit.merge(
        _found_among_staff_of_today(files), on=RECORD_KEY, how="left", suffixes=("", "_today")
    )
    today = audit.pop("worker_id_today")
    worker = audit["worker_id"].where(audit["source"].ne("entry"), today)
    naive = _panel(files, audit.assign(worker_id=worker))
    gaps = [_gap(rows, rows["arm"].eq("winner"), "retention_24_group") for rows in (cleaned, naive)]
    return Quantity(_true_gap(files), *gaps)


def immortal_time(files: CleanedFiles) -> Quantity:
    """Compare stays of 24 months of winners and other finalists.

    Naive: the winners' clock starts with the award, the others' on the day they were hired.
    """
    rows = _panel(files, files.people.link_audit)
    firm = files.firms.firm[["firm_id", "group_id"]]
    spell = files.people.employment.merge(firm, on="firm_id")
    final = rows[["worker_id", "group_id", "final_ym"]].reset_index()
    at = final.merge(spell, on=["worker_id", "group_id"])
    at = at[at["start_ym"].le(at["final_ym"]) & at["end_ym"].ge(at["final_ym"])]
    at = at.drop_duplicates("index")
    length = (month_number(at["end_ym"]) - month_number(at["start_ym"])).set_axis(at["index"])

    won = rows["arm"].eq("winner")
    since_hiring = length.reindex(rows.index).ge(HORIZON).astype("float64")
    stayed = rows["retention_24_group"].where(won, since_hiring)
    naive = _gap(rows.assign(stayed=stayed), won, "stayed")
    return Quantity(_true_gap(files), _gap(rows, won, "retention_24_group"), naive)


def _found_among_staff_of_today(files: CleanedFiles) -> pd.DataFrame:
    """Return the key of each entry row and the person of that name now with its firm's group."""
    firms, people = files.firms, files.people
    today = people.employment[people.employment["end_ym"].eq(last_month(people.employment))]
    group = firms.firm.set_index("firm_id")["group_id"]
    staff = today.assign(group_id=today["firm_id"].map(group)).merge(people.worker, on="worker_id")
    staff = staff[["group_id", "name_key", "worker_id"]].dropna()
    staff = staff.drop_duplicates(["group_id", "name_key"], keep=False)

    at = firms.link_audit.loc[firms.link_audit["source"].eq("entry"), [*RECORD_KEY, "firm_id"]]
    named = files.clean["entry"][[*RECORD_KEY, "name_key"]].merge(at, on=RECORD_KEY)
    named = named.assign(group_id=named["firm_id"].map(group))
    return named.merge(staff, on=["group_id", "name_key"])[[*RECORD_KEY, "worker_id"]]


def _panel(files: CleanedFiles, audit: pd.DataFrame) -> pd.DataFrame:
    """Return the package's panel of persons of the finals, by these links of persons."""
    entry = files.clean["entry"]
    rows = build_worker_final(
        {"roster": files.clean["roster"], "entry": entry[entry["stage"].eq("final")]},
        files.firms,
        replace(files.people, link_audit=audit),
        calendar=calendar(),
    )
    return rows[rows["employed"] & rows["retention_24_group"].notna()].reset_index(drop=True)


def _true_gap(files: CleanedFiles) -> float:
    """Return the true gap between winners and other finalists, a row per person and edition."""
    rows = files.world.truth["worker_final"].dropna(subset="stay_24")
    rows = rows.assign(won=rows["outcome"].eq("获奖")).sort_values("won", ascending=False)
    rows = rows.drop_duplicates(["edition", "worker_id"])
    return _gap(rows, rows["won"], "stay_24")


def _gap(rows: pd.DataFrame, won: pd.Series, stayed: str) -> float:
    return float(rows.loc[won, stayed].mean() - rows.loc[~won, stayed].mean())
