"""AIPW and hazard: exact where they must be, and their refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_tables import people

from zgzx_research.designs.winners_checks import winners_aipw, winners_hazard
from zgzx_research.errors import ZgzxError


def twins(seed: int = 5, firms: int = 60) -> pd.DataFrame:
    """A winner and a finalist of each firm and edition who are alike in everything else."""
    rng = np.random.default_rng(seed)
    one = pd.DataFrame(
        {
            "edition": np.repeat([1, 2], firms),
            "category": "skill",
            "firm_id": np.tile(np.arange(firms), 2),
            "tenure_months": rng.integers(1, 200, 2 * firms).astype(float),
            "leave_month": rng.integers(1, 40, 2 * firms).astype(float),
            "observed_months": 30,
        }
    )
    one["leave_month"] = one["leave_month"].where(one["leave_month"] <= 30)
    one["stayed"] = one["leave_month"].gt(24).astype(float)
    arms = [one.assign(arm="winner"), one.assign(arm="finalist")]
    table = pd.concat(arms, ignore_index=True)
    return table.assign(entry_id=table.index, worker_id=table.index)


@pytest.mark.slow
def test_twins_differ_by_nothing_and_by_what_is_added() -> None:
    table = twins()
    assert winners_aipw(table, "stayed").contrast.estimate == pytest.approx(0, abs=1e-8)
    assert winners_hazard(table).contrast.estimate == pytest.approx(0, abs=1e-8)
    table["stayed"] += 0.25 * table["arm"].eq("winner")
    assert winners_aipw(table, "stayed").contrast.estimate == pytest.approx(0.25, abs=1e-8)


@pytest.mark.slow
def test_the_hazard_finds_a_stay_that_is_known() -> None:
    """Monthly hazards .01 and .03 in a year of 20,000 people: stays .99^12 and .97^12."""
    rng = np.random.default_rng(1)
    rows = 20_000
    won = np.arange(rows) % 2 == 0
    leave = rng.geometric(np.where(won, 0.01, 0.03)).astype(float)
    table = pd.DataFrame(
        {
            "edition": np.arange(rows) % 3,
            "category": "skill",
            "arm": np.where(won, "winner", "finalist"),
            "entry_id": np.arange(rows),
            "firm_id": np.arange(rows) % 500,
            "leave_month": np.where(leave <= 12, leave, np.nan),
            "observed_months": 12,
        }
    )
    found = winners_hazard(table, months=12, covariates=())
    true = 0.99**12 - 0.97**12
    assert found.contrast.estimate == pytest.approx(true, abs=4 * found.contrast.std_error)
    assert found.contrast.std_error == pytest.approx(
        np.sqrt((0.886 * 0.114 + 0.694 * 0.306) / 10_000), rel=0.1
    )


@pytest.mark.slow
def test_seeds_repeat_a_result_and_rows_are_not_changed() -> None:
    table = people()
    before = table.copy(deep=True)
    one, two = (winners_aipw(table, seed=3).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(table, before)


def test_refusals() -> None:
    table = twins()
    with pytest.raises(ZgzxError, match=r"1 edition.*No other method can make up for it"):
        winners_hazard(table[table["edition"].eq(1)])
    with pytest.raises(ZgzxError, match="no column leave_month"):
        winners_hazard(table.drop(columns="leave_month"))
    with pytest.raises(ZgzxError, match="leave_month is before the first month or after") as info:
        winners_hazard(table.assign(leave_month=31.0))
    assert "31 of 30" in str(info.value)
