"""Winners as inventors: the double difference by hand, the check and the naive comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_tables import people

from zgzx_research.designs.winners_patents import AFTER, BEFORE, EARLIER, winners_patents
from zgzx_research.errors import ZgzxError


def inventors(seed: int = 1) -> pd.DataFrame:
    """Persons with a good year -1, growth of .5 a period, and .4 more a year for winners."""
    table = people(seed)
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 3, len(table)).astype(float)
    for name in EARLIER:
        table[name] = level
    for name in BEFORE:
        table[name] = level + 0.5
    table["inventions_m1"] += 3
    for name in AFTER:
        table[name] = level + 1.0 + 0.4 * table["arm"].eq("winner")
    return table


def test_the_three_rows_by_hand() -> None:
    found = winners_patents(inventors()).to_frame().set_index("estimate_of")
    assert found["role"].tolist() == ["estimate", "check", "naive"]
    assert found.loc["difference in differences", "estimate"] == pytest.approx(0.4, abs=1e-12)
    assert found.loc["before the final", "estimate"] == pytest.approx(0.0, abs=1e-12)
    assert found.loc["before and after", "estimate"] == pytest.approx(1.4 - 0.5 - 1.0, abs=1e-12)
    assert "inventions grow everywhere" in found.loc["before and after", "meaning"]


def test_detectable_is_shown_as_a_share_of_the_finalists() -> None:
    table = inventors()
    table["inventions_p2"] += np.random.default_rng(0).poisson(1, len(table))
    found = winners_patents(table)
    frame = found.to_frame().iloc[0]
    assert frame["detectable_share"] == pytest.approx(frame["detectable"] / found.finalists_after)
    keys = ["edition", "category"]
    after = table[AFTER].mean(axis=1)
    lost = after[table["arm"].eq("finalist")].groupby([table[key] for key in keys]).mean()
    won = table[table["arm"].eq("winner")].groupby(keys).size()
    assert found.finalists_after == pytest.approx((lost * won).sum() / won.sum(), abs=1e-12)


def test_who_won_before_is_left_out_and_years_before_may_be_absent() -> None:
    table = inventors().assign(earlier_awards=0)
    table.loc[[0, 1], "earlier_awards"] = 1
    found = winners_patents(table.drop(columns=EARLIER))
    assert found.left_out.iloc[0].tolist() == ["won before", 2]
    assert "before the final" not in found.estimates


def test_refusals() -> None:
    table = inventors()
    with pytest.raises(ZgzxError, match="no column inventions_p3"):
        winners_patents(table.drop(columns="inventions_p3"))
    with pytest.raises(ZgzxError, match=r"could tell a difference of .* inventions a year"):
        winners_patents(table[table["edition"].eq(1)])
