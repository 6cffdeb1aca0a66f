"""Contribution bases (缴费基数) of contestants by month; they lie between a floor and a ceiling."""

from __future__ import annotations

import pandas as pd

from zgzx_research.distinct import is_in
from zgzx_research.link.clean_rows import aligned

WAGE_COLUMNS = ["worker_id", "period_ym", "base"]


def contestant_bases(
    lines: pd.DataFrame | None,
    months: pd.DataFrame,
    spell_worker: pd.DataFrame,
    workers: pd.Series,
) -> pd.DataFrame:
    """Return the contribution base of these workers in every month that is known.

    Only their months are looked at, so that the table stays small however many are insured. A
    month that was refunded does not count. In a month with several employers, a transfer mostly,
    the highest base counts.

    Parameters
    ----------
    lines, months : pandas.DataFrame
        `si_month` and the months from `clean_rows.month_lines`.
    spell_worker : pandas.DataFrame
        The worker of each row of the insurance.
    workers : pandas.Series
        worker_id of the contestants.

    Returns
    -------
    pandas.DataFrame
        WAGE_COLUMNS, sorted; base in yuan a month.
    """
    if lines is None or "base" not in months:
        return no_bases()
    worker = aligned(spell_worker, "si_month", lines, "worker_id")
    asked = is_in(worker, workers.dropna()).to_numpy()
    line = months["line"].to_numpy("int64")
    mine = months.loc[asked[line], ["line", "period_ym", "base"]].dropna()
    net = mine.groupby(["line", "period_ym"])["base"].agg(["sum", "max"]).reset_index()
    paid = net[net["sum"].gt(0)]  # a refund is a negative base
    named = paid.assign(worker_id=worker.to_numpy()[paid["line"].to_numpy("int64")])
    highest = named.groupby(["worker_id", "period_ym"], as_index=False)["max"].max()
    result = highest.rename(columns={"max": "base"})[WAGE_COLUMNS]
    return result.astype({"worker_id": "str", "period_ym": "int64", "base": "float64"})


def no_bases() -> pd.DataFrame:
    """Return a table of bases without a row."""
    kinds = {"worker_id": "str", "period_ym": "int64", "base": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
