"""Quantities of staff that a trap of cleaning or linkage distorts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from zgzx_research.link.link_firms import FirmLinks, link_firms
from zgzx_research.link.link_people import link_people
from zgzx_research.panels.retention import count_staff
from zgzx_research.proofs.cleaned_files import CleanedFiles, Quantity, no_dates, without_tables

YEARS = range(2010, 2026)
BRANCH_SCORES = [0.85, 0.83, 0.80, 0.78]  # of links that go through the name of a branch


def mergers(files: CleanedFiles) -> Quantity:
    """Share of staff still with the group a year later, in the year before a firm merged away.

    Naive: no record of mergers.
    """
    firms = link_firms(without_tables(files.clean, "registry_event"), no_dates())
    naive = firms, link_people(files.clean, firms, no_dates()).employment
    event = files.world.truth["firm_event"]
    merger = event[event["type"].eq("merger")]
    merged = merger.assign(year=merger["date"].dt.year)[["firm_id", "year"]]
    shares = []
    for staff in _three_staffs(files, naive):
        rows = staff.merge(merged, on=["firm_id", "year"])
        shares.append(rows["retained_12_group"].sum() / rows["staff_start"].sum())
    return Quantity(*shares)


def branches(files: CleanedFiles) -> Quantity:
    """Staff of firms that have a branch; naive: a branch is another firm, not in the registry."""
    firms, audit = files.firms, files.firms.link_audit
    own = audit.assign(firm_id=audit["firm_id"].where(~audit["score"].isin(BRANCH_SCORES)))
    links = replace(firms, link_audit=own)
    naive = links, link_people(files.clean, links, no_dates()).employment

    name = files.world.events.name
    ranks = name.loc[name["kind"].eq("分公司"), "firm_rank"].unique()
    branched = set(files.world.firm["firm_id"].to_numpy()[ranks])
    own_staff = (staff[staff["firm_id"].isin(branched)] for staff in _three_staffs(files, naive))
    return Quantity(*(float(staff["staff_start"].sum()) for staff in own_staff))


def dispatch(files: CleanedFiles) -> Quantity:
    """Staff of all firms; naive: the employer of dispatched people is the dispatch company."""
    tables = without_tables(files.clean, "dispatch")
    firms = link_firms(tables, no_dates())
    naive = firms, link_people(tables, firms, no_dates()).employment
    return Quantity(*(float(staff["staff_start"].sum()) for staff in _three_staffs(files, naive)))


def homonyms(files: CleanedFiles) -> Quantity:
    """Persons in the insurance files; naive: one person per name."""
    names = files.clean["spell"]["name_key"].nunique()
    return Quantity(files.world.spell["worker_id"].nunique(), len(files.people.worker), names)


def _three_staffs(files: CleanedFiles, naive: tuple[FirmLinks, pd.DataFrame]) -> list[pd.DataFrame]:
    """Return staff tables by true firm: true, cleaned, and naive (its links and employment)."""
    true = count_staff(_true_groups(files), _true_spells(files), years=YEARS)
    return [true, _staff(files, files.firms, files.people.employment), _staff(files, *naive)]


def _staff(files: CleanedFiles, firms: FirmLinks, employment: pd.DataFrame) -> pd.DataFrame:
    staff = count_staff(firms.firm, employment, years=YEARS)
    return staff.assign(firm_id=staff["firm_id"].map(files.true_firms))


def _true_spells(files: CleanedFiles) -> pd.DataFrame:
    """Return the true spells as the package writes employment.

    Open spells end in the last month of the export.
    """
    last = pd.Timestamp(files.world.rules["time"]["export"]) - pd.DateOffset(months=1)
    spell = files.world.spell
    end = spell["end_ym"].fillna(last.year * 100 + last.month)
    return spell.assign(end_ym=end.astype("int64"))


def _true_groups(files: CleanedFiles) -> pd.DataFrame:
    event = files.world.truth["firm_event"]
    into = event[event["type"].eq("merger")].set_index("firm_id")["into_firm_id"]
    firm = files.world.firm[["firm_id"]]
    return firm.assign(group_id=firm["firm_id"].map(into).astype("str").fillna(firm["firm_id"]))
