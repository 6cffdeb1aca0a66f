"""Panels of the persons of the finals straight from the model, for proofs of designs on people."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from zgzx_research.designs.colleague_years import colleague_years
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.contest import CONTEST
from zgzx_research.simulate.world.job_months import OPEN
from zgzx_research.simulate.world.labour import Labour
from zgzx_research.simulate.world.model import Contest, simulate_contest, simulate_staying
from zgzx_research.simulate.world.months import month_of_day, year_month
from zgzx_research.simulate.world.outcome_panel import outcome_panel

ARM = {True: "winner", False: "finalist"}
STAYS = {"stay_12": "retention_12_group", "stay_24": "retention_24_group"}


def person_panel(order: Order) -> pd.DataFrame:
    """Draw a world and return the persons of its finals, as `build_worker_final` would.

    Parameters
    ----------
    order : Order
        The world.

    Returns
    -------
    DataFrame
        edition, category, arm, entry_id, firm_id, worker_id, employed, cut_distance, tenure_months,
        leave_month, observed_months, retention_12_group, retention_24_group, and the expected stays
        mu0_12, mu1_12, mu0_24, mu1_24 without and with the final. A row per edition and person.
    """
    contest, labour = _drawn(order)
    entry = contest.entry.assign(cut_distance=_cut_distance(contest.entry))
    member = labour.member[labour.member["finalist"].to_numpy(dtype=bool)]
    columns = ["edition", "category", "entry_id", "firm_id", "outcome", "cut_distance"]
    rows = entry.iloc[member["entry_rank"].to_numpy(dtype=int)][columns].reset_index(drop=True)
    won = rows.pop("outcome").eq("获奖")
    job = _job_of(member, labour.spell)
    export = month_of_day(order.rules["time"]["export"])
    expected = [f"{name}_{months}" for name in ("stay", "mu0", "mu1") for months in (12, 24)]
    rows = rows.assign(
        arm=won.map(ARM),
        worker_id=member["worker_rank"].to_numpy(),
        employed=True,
        **_months(job, export),
        **{name: member[name].to_numpy(dtype=float) for name in expected},
    ).rename(columns=STAYS)
    rows = rows.sort_values("arm", ascending=False, kind="stable")
    return rows.drop_duplicates(["edition", "worker_id"]).reset_index(drop=True)


def colleague_panel(order: Order) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a world and return its colleagues by firm and year, and the entries of its finals.

    Parameters
    ----------
    order : Order
        The world.

    Returns
    -------
    tuple of DataFrame
        The result of `colleague_years`, and edition, year, category, firm_id, won.
    """
    contest, labour = _drawn(order)
    entry, ids = contest.entry, contest.firm["firm_id"].to_numpy()
    stood = labour.member[labour.member["finalist"].to_numpy(dtype=bool)]
    final = pd.DataFrame(
        {"worker_id": stood["worker_rank"], "final_ym": year_month(stood["month"])}
    )
    spell = labour.spell
    last = spell["end"].where(spell["end"] != OPEN)
    spells = pd.DataFrame(
        {
            "worker_id": spell["worker_rank"],
            "firm_id": ids[spell["firm_rank"]],
            "start_ym": year_month(spell["start"]),
            "end_ym": year_month(last),
        }
    )
    first, last_year = order.rules["time"]["panel"]
    staff = colleague_years(spells, final, years=range(first, last_year + 1))
    return staff, _finals(entry)


def invention_panel(order: Order) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a world and return inventions by firm and year, and the entries of its finals.

    Nobody's inventions are taken out: the row tries the comparison of firms.

    Parameters
    ----------
    order : Order
        The world.

    Returns
    -------
    tuple of DataFrame
        firm_id, year, inventions_without_finalists; edition, year, category, firm_id, won.
    """
    finals = _finals(simulate_contest(order).entry)
    panel = outcome_panel(order, "patents_invention")
    counts = panel.rename(columns={"patents_invention": "inventions_without_finalists"})
    return counts[["firm_id", "year", "inventions_without_finalists"]], finals


def _finals(entry: pd.DataFrame) -> pd.DataFrame:
    """Return a row per entry that was ranked in a final."""
    finals = entry[entry["final"].notna()]
    columns = ["edition", "year", "category", "firm_id", "won"]
    return finals.assign(won=finals["outcome"].eq("获奖"))[columns]


@lru_cache(maxsize=1)
def _drawn(order: Order) -> tuple[Contest, Labour]:
    """Draw contest and jobs, once for both tables of a world."""
    contest = simulate_contest(order)
    return contest, simulate_staying(order, contest)


def _cut_distance(entry: pd.DataFrame) -> np.ndarray:
    """1 for the last winner of a contest, -1 for the first loser; missing where not ranked."""
    won = entry["outcome"].eq("获奖")
    last = won.groupby([entry[name] for name in CONTEST]).transform("sum")
    place = entry["final"].astype("float64")
    distance: np.ndarray = np.where(won, last - place + 1, last - place)
    return distance


def _job_of(member: pd.DataFrame, spell: pd.DataFrame) -> pd.DataFrame:
    """month, start and end of the stay in which each member is at the final."""
    asked = member[["job", "month"]].reset_index(drop=True)
    asked["at"] = asked.index
    starts = spell[["job", "start", "end"]].sort_values("start")
    found = pd.merge_asof(
        asked.sort_values("month"), starts, left_on="month", right_on="start", by="job"
    )
    return found.sort_values("at", ignore_index=True)


def _months(job: pd.DataFrame, export: int) -> dict[str, pd.Series]:
    """Tenure at the final, months seen after it, and the month of leaving (missing = not seen)."""
    seen = (export - 1 - job["month"]).clip(lower=0)
    leave = (job["end"] - job["month"] + 1).where(job["end"] != OPEN).astype("float64")
    return {
        "tenure_months": (job["month"] - job["start"]).astype("float64"),
        "observed_months": seen,
        "leave_month": leave.where(leave.le(seen)),
    }
