"""Colleagues: the staff of a firm without the people who stood in a final."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.designs.contest_sample import check_columns


def colleague_years(spells: pd.DataFrame, finals: pd.DataFrame, *, years: range) -> pd.DataFrame:
    """Count colleagues by firm and year, and how many of them stayed the year.

    Colleagues of a year are insured with the firm in the December before it and have stood in no
    final up to the end of that year. Who will stand in a later final stays in: without everybody
    who ever stood in one, people would be missing who by definition stayed until then (bias +1.74
    points against +.14). Finalists are left out in all firms alike.

    Parameters
    ----------
    spells : pandas.DataFrame
        worker_id, firm_id (the legal group where groups are used), start_ym, end_ym (YYYYMM;
        missing = still open).
    finals : pandas.DataFrame
        worker_id, final_ym: everybody who stood in a final, winners and others.
    years : range
        The years counted; the records must cover the December of the last.

    Returns
    -------
    pandas.DataFrame
        firm_id, year, colleagues, stayed; a row per firm and year with a colleague.

    Raises
    ------
    ZgzxError
        A missing column.

    Examples
    --------
    >>> spells = pd.DataFrame({"worker_id": ["a", "b", "c"], "firm_id": "F", "start_ym": 201801})
    >>> spells["end_ym"] = [202012.0, 201906.0, None]
    >>> finals = pd.DataFrame({"worker_id": ["c"], "final_ym": [201911]})
    >>> colleague_years(spells, finals, years=range(2019, 2021))
      firm_id  year  colleagues  stayed
    0       F  2019           2       1
    1       F  2020           1       1
    """
    where = "colleague_years"
    check_columns(spells, ["worker_id", "firm_id", "start_ym", "end_ym"], where)
    check_columns(finals, ["worker_id", "final_ym"], where)
    there = _decembers(spells, years)
    stood = finals.groupby("worker_id")["final_ym"].min()
    first = there["worker_id"].map(stood).astype("float64").fillna(np.inf)
    colleague = first.gt(there["year"] * 100 + 12) & there["year"].le(years[-1])
    later = there.assign(year=there["year"] - 1, stayed=True)
    rows = there[colleague].merge(later, on=["worker_id", "firm_id", "year"], how="left")
    rows = rows.assign(stayed=rows["stayed"].notna())
    by = rows.groupby(["firm_id", "year"], as_index=False)
    return by.agg(colleagues=("stayed", "size"), stayed=("stayed", "sum"))


def _decembers(spells: pd.DataFrame, years: range) -> pd.DataFrame:
    """worker_id, firm_id and the year after each December in which the person was there."""
    last = (years[-1] + 1) * 100
    end = spells["end_ym"].astype("float64").fillna(last).clip(upper=last).to_numpy()
    start = spells["start_ym"].to_numpy("float64")
    first_december = np.maximum(start // 100, years[0] - 1).astype(int)
    last_december = np.minimum(end // 100 - (end % 100 < 12), years[-1]).astype(int)
    count = np.maximum(last_december - first_december + 1, 0)
    row = np.repeat(np.arange(len(spells)), count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    there = spells[["worker_id", "firm_id"]].iloc[row].reset_index(drop=True)
    there = there.assign(year=first_december[row] + step + 1)
    return there.drop_duplicates(ignore_index=True)
