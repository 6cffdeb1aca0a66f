"""The truth: what perfect cleaning gives, and what is expected with and without the awards."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules
from zgzx_research.simulate.world.entry_members import final_table
from zgzx_research.simulate.world.firm_events import Events, owner, registered_end
from zgzx_research.simulate.world.job_months import OPEN
from zgzx_research.simulate.world.labour import Labour
from zgzx_research.simulate.world.months import year_month
from zgzx_research.simulate.world.patent_rates import Rates, panel_years
from zgzx_research.simulate.world.workers import person_ids


def truth_tables(
    rules: Rules,
    firm: pd.DataFrame,
    events: Events,
    entry: pd.DataFrame,
    award: pd.DataFrame,
    spell: pd.DataFrame,
    patent: pd.DataFrame,
    rates: Rates,
    labour: Labour,
) -> dict[str, pd.DataFrame]:
    """Return the true tables of firms, awards, spells, patents and stays; see `write_world`."""
    seen = patent.loc[patent["seen"]].drop(columns=["seen", "title"]).reset_index(drop=True)
    retention = retention_years(rules, firm, events, labour, spell).drop(columns="staff")
    firm_year = [_patent_years(rules, firm, rates, seen[seen["counts"]]), retention]
    ids = firm["firm_id"]
    event = events.event.assign(firm_id=ids.to_numpy()[events.event["firm_rank"]])
    name = events.name.assign(firm_id=ids.to_numpy()[events.name["firm_rank"]])
    ended = firm.assign(closed=registered_end(firm, events.event))
    return {
        "firm": ended[
            ["firm_id", "uscc", "name", "founded", "closed", "size", "street", "industry"]
        ],
        "firm_name": name[["firm_id", "name", "valid_from", "valid_to", "kind"]],
        "firm_event": event.assign(into_firm_id=event["into_rank"].map(ids))[
            ["firm_id", "date", "type", "into_firm_id"]
        ],
        "award": award[["edition", "year", "firm_id", "category"]].drop_duplicates(
            ignore_index=True
        ),
        "spell": spell.drop(columns="agency").assign(via_dispatch=spell["agency"] >= 0),
        "patent": seen,
        "firm_year": pd.concat(firm_year, ignore_index=True),
        "worker_final": final_table(
            entry, labour.member, person_ids(np.arange(labour.spell["worker_rank"].max() + 1))
        ),
    }


def _patent_years(
    rules: Rules, firm: pd.DataFrame, rates: Rates, seen: pd.DataFrame
) -> pd.DataFrame:
    """Return patents by firm, year and type.

    `observed` counts what was published by the day of the export, mu0 and mu1 all filings of the
    year.
    """
    years, types = panel_years(rules), rules["patents"]["types"]
    index = pd.MultiIndex.from_product(
        [firm["firm_id"], years, types], names=["firm_id", "year", "outcome"]
    )
    counted = seen.groupby(["firm_id", seen["filed"].dt.year, "type"]).size()
    mu0, mu1 = rates.mu0.ravel(), rates.mu1.ravel()
    observed = np.where(
        np.isnan(mu0), np.nan, counted.reindex(index, fill_value=0).to_numpy(dtype=float)
    )
    table = pd.DataFrame(
        {"mu0": mu0.round(6), "mu1": mu1.round(6), "observed": observed}, index=index
    ).reset_index()
    return table.assign(outcome="patents_" + table["outcome"])


def spell_table(firm: pd.DataFrame, labour: Labour) -> pd.DataFrame:
    """Return spells by id, in the order of person and start.

    Columns: worker_id, firm_id (legal), start_ym, end_ym (missing = open on the day of the export),
    agency.
    """
    spell = labour.spell
    people = person_ids(np.arange(spell["worker_rank"].max() + 1))
    table = pd.DataFrame(
        {
            "worker_id": people[spell["worker_rank"]],
            "firm_id": firm["firm_id"].to_numpy()[spell["firm_rank"]],
            "start_ym": year_month(spell["start"]),
            "end_ym": year_month(spell["end"]).astype("Int64").mask(spell["end"] == OPEN),
            "agency": spell["agency"],
        }
    )
    return table.sort_values(["worker_id", "start_ym"], ignore_index=True)


def retention_years(
    rules: Rules, firm: pd.DataFrame, events: Events, labour: Labour, spell: pd.DataFrame
) -> pd.DataFrame:
    """Return retention, a row per firm and panel year.

    Columns: firm_id, year, outcome, mu0, mu1, observed (share of the staff at the end of last year
    who are with the legal group at the end of this one), staff (their number).
    """
    expected, staff = labour.retention, _staff(rules, firm, spell)
    stays = _stayed(
        staff, owner(events.event, len(firm), panel_years(rules)), int(panel_years(rules)[0])
    )
    table = expected.merge(stays, on=["firm_rank", "year"], how="left")
    table = table.assign(
        firm_id=firm["firm_id"].to_numpy()[table["firm_rank"]], outcome="retention"
    )
    table = table.assign(mu0=table["mu0"].round(6), mu1=table["mu1"].round(6))
    return table[["firm_id", "year", "outcome", "mu0", "mu1", "observed", "staff"]]


def _staff(rules: Rules, firm: pd.DataFrame, spell: pd.DataFrame) -> pd.DataFrame:
    """Return one row per firm_rank, worker and year at whose end the worker was insured there."""
    years = panel_years(rules)
    end = spell["end_ym"].fillna(int(years[-1]) * 100 + 12).to_numpy(dtype=np.int64)
    start = spell["start_ym"].to_numpy()
    first = np.maximum(start // 100, int(years[0]) - 1)
    last = np.minimum(end // 100 - (end % 100 < 12), int(years[-1]))
    count = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(spell)), count)
    year = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    rank = pd.Index(firm["firm_id"]).get_indexer(spell["firm_id"])
    worker = pd.factorize(spell["worker_id"])[0]
    return pd.DataFrame({"firm_rank": rank[row], "worker": worker[row], "year": year})


def _stayed(staff: pd.DataFrame, owners: np.ndarray, first_year: int) -> pd.DataFrame:
    """Return firm_rank, year, observed and staff.

    `observed` is the share of the staff at the end of year - 1 that is with its group a year later.
    """
    before = staff[staff["year"] < first_year + owners.shape[1] - 1]
    rank, year = before["firm_rank"].to_numpy(), before["year"].to_numpy() + 1
    size = int(staff["worker"].max()) + 1
    now = np.unique(
        (staff["firm_rank"].to_numpy() * size + staff["worker"].to_numpy()) * 10_000
        + staff["year"].to_numpy()
    )
    asked = (owners[rank, year - first_year] * size + before["worker"].to_numpy()) * 10_000 + year
    place = np.minimum(np.searchsorted(now, asked), len(now) - 1)
    table = pd.DataFrame(
        {"firm_rank": rank, "year": year, "observed": (now[place] == asked).astype(float)}
    )
    return table.groupby(["firm_rank", "year"], as_index=False).agg(
        observed=("observed", "mean"), staff=("observed", "size")
    )
