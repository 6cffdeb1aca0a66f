"""The truth: what perfect cleaning gives, and what the model expects with and without the awards."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules
from zgzx_research.simulate.labour import Labour
from zgzx_research.simulate.patents import Rates, panel_years


def truth_tables(
    rules: Rules,
    firm: pd.DataFrame,
    award: pd.DataFrame,
    spell: pd.DataFrame,
    patent: pd.DataFrame,
    rates: Rates,
    labour: Labour,
) -> dict[str, pd.DataFrame]:
    """Tables firm, award, spell, patent and firm_year (see `write_world`)."""
    seen = patent.loc[patent["seen"]].drop(columns=["seen", "title"]).reset_index(drop=True)
    firm_year = [
        _patent_years(rules, firm, rates, seen[seen["counts"]]),
        _retention_years(rules, firm, labour.retention, spell),
    ]
    return {
        "firm": firm[["firm_id", "uscc", "name", "founded", "closed", "size", "street", "industry"]],
        "award": award[["edition", "year", "firm_id", "category"]].drop_duplicates(ignore_index=True),
        "spell": spell,
        "patent": seen,
        "firm_year": pd.concat(firm_year, ignore_index=True),
    }


def year_month(month: pd.Series) -> pd.Series:
    """YYYYMM of months counted as year x 12 + month - 1."""
    return (month // 12 * 100 + month % 12 + 1).astype("Int64")


def _patent_years(rules: Rules, firm: pd.DataFrame, rates: Rates, seen: pd.DataFrame) -> pd.DataFrame:
    """Observed counts what was published by the day of the export; mu counts all filings of the year."""
    years, types = panel_years(rules), rules["patents"]["types"]
    index = pd.MultiIndex.from_product([firm["firm_id"], years, types], names=["firm_id", "year", "outcome"])
    counted = seen.groupby(["firm_id", seen["filed"].dt.year, "type"]).size()
    mu0, mu1 = rates.mu0.ravel(), rates.mu1.ravel()
    observed = np.where(np.isnan(mu0), np.nan, counted.reindex(index, fill_value=0).to_numpy(dtype=float))
    table = pd.DataFrame({"mu0": mu0.round(6), "mu1": mu1.round(6), "observed": observed}, index=index).reset_index()
    return table.assign(outcome="patents_" + table["outcome"])


def _retention_years(rules: Rules, firm: pd.DataFrame, expected: pd.DataFrame, spell: pd.DataFrame) -> pd.DataFrame:
    """Observed: share of the staff at the end of last year who are there at the end of this one."""
    staff = _staff(rules, spell)
    table = expected.assign(firm_id=firm["firm_id"].to_numpy()[expected["firm_rank"]], outcome="retention")
    table = table.merge(_stays(staff), on=["firm_id", "year"], how="left")
    table = table.assign(mu0=table["mu0"].round(6), mu1=table["mu1"].round(6))
    return table[["firm_id", "year", "outcome", "mu0", "mu1", "observed"]]


def _staff(rules: Rules, spell: pd.DataFrame) -> pd.DataFrame:
    """One row per firm, worker and year at whose end the worker was insured there."""
    years = panel_years(rules)
    end = spell["end_ym"].fillna(int(years[-1]) * 100 + 12).astype("int64")
    first = (spell["start_ym"] // 100).clip(lower=int(years[0]) - 1)
    last = (end // 100 - (end % 100 < 12)).clip(upper=int(years[-1]))
    count = (last - first + 1).clip(lower=0).to_numpy()
    row = np.repeat(np.arange(len(spell)), count)
    year = first.to_numpy()[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return spell.iloc[row][["firm_id", "worker_id"]].assign(year=year).drop_duplicates(ignore_index=True)


def _stays(staff: pd.DataFrame) -> pd.DataFrame:
    """firm_id, year, observed: of the staff at the end of year - 1, the share insured there at the end of year."""
    later = staff.assign(year=staff["year"] - 1, stayed=1.0)
    met = staff.merge(later, on=["firm_id", "worker_id", "year"], how="left").fillna({"stayed": 0.0})
    share = met.groupby(["firm_id", "year"])["stayed"].mean().rename("observed").reset_index()
    return share.assign(year=share["year"] + 1)
