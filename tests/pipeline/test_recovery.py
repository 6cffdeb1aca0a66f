"""The clean, linked panel against the world's truth: what differs is what the dirt made unrecoverable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(built: Path) -> pd.DataFrame:
    """Panel and truth side by side, by firm name (firms are renamed by nobody here)."""
    truth = built / "data/raw/demo/truth"
    names = pd.read_parquet(truth / "firm.parquet")[["firm_id", "name"]].rename(columns={"firm_id": "true_id"})
    names["name"] = names["name"].str.replace("（", "(").str.replace("）", ")")
    firm = pd.read_parquet(built / "data/work/demo/link/firm.parquet").merge(names, on="name", how="left")
    assert firm["true_id"].notna().all()
    panel = pd.read_parquet(built / "data/work/demo/panels/firm_year.parquet")
    panel = panel.merge(firm[["firm_id", "true_id"]], on="firm_id")
    columns = ["patents_invention", "patents_utility_model", "patents_design", "retention"]
    long = panel.melt(["true_id", "year", "first_award"], columns, "outcome", "ours")
    observed = pd.read_parquet(truth / "firm_year.parquet").rename(columns={"firm_id": "true_id"})
    return long.merge(observed, on=["true_id", "year", "outcome"], validate="one_to_one")


def test_outcomes_are_recovered(both: pd.DataFrame) -> None:
    ours = both["ours"].astype("Float64").to_numpy(float, na_value=np.nan)
    equal = np.isclose(ours, both["observed"].to_numpy(float), equal_nan=True)
    shares = pd.Series(equal).groupby(both["outcome"]).mean()
    assert (shares > 0.995).all(), shares


def test_patents_lost_are_those_in_quarantine(both: pd.DataFrame, built: Path) -> None:
    """.3 % of numbers fail their check digit and some dates cannot be read: those are missing, and no others."""
    counts = both[both["outcome"] != "retention"]
    missing = counts["observed"].sum() - counts["ours"].astype(float).sum()
    quarantine = pd.read_parquet(built / "data/work/demo/clean/quarantine.parquet")
    lost = quarantine[(quarantine["source"] == "patents") & (quarantine["reason"] != "duplicate_application")]
    assert 0 < missing <= len(lost)


def test_every_winning_firm_and_year_is_recovered(both: pd.DataFrame, built: Path) -> None:
    award = pd.read_parquet(built / "data/raw/demo/truth/award.parquet")
    true = award.groupby("firm_id")["year"].min()
    ours = both.groupby("true_id")["first_award"].first().dropna().astype(int)
    pd.testing.assert_series_equal(ours.sort_index(), true.sort_index(), check_names=False, check_dtype=False)
