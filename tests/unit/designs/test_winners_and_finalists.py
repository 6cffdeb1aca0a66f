"""Winners against other finalists: both weightings by hand, what is left out, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_tables import people

from zgzx_research.designs.winners_and_finalists import log_wage_change, winners_and_finalists
from zgzx_research.errors import ZgzxError

STAY = "retention_24_group"


def by_hand(table: pd.DataFrame, entries: bool) -> float:
    """The mean over winners of own outcome less the finalists' mean of the contest."""
    keys = ["edition", "category"]
    if entries:
        table = table.groupby([*keys, "entry_id", "arm"], as_index=False)[STAY].mean()
    mean = table.groupby([*keys, "arm"])[STAY].mean().unstack()
    count = table[table["arm"].eq("winner")].groupby(keys).size()
    return float(((mean["winner"] - mean["finalist"]) * count).sum() / count.sum())


@pytest.mark.parametrize("weighting", ["persons", "entries"])
def test_both_weightings_by_hand(weighting: str) -> None:
    table = people()
    found = winners_and_finalists(table).to_frame().set_index("weighting")
    expected = by_hand(table, weighting == "entries")
    assert found.loc[weighting, "estimate"] == pytest.approx(expected, abs=1e-12)
    assert "counts once" in found.loc[weighting, "estimand"]


def test_the_two_weightings_are_different_estimands() -> None:
    table = people()
    team = table["category"].eq("team") & table["arm"].eq("winner")
    table[STAY] = 0.5 + 0.3 * team
    found = winners_and_finalists(table).to_frame().set_index("weighting")["estimate"]
    assert found["persons"] == pytest.approx(0.3 * 3 / 4, abs=1e-12)
    assert found["entries"] == pytest.approx(0.3 / 2, abs=1e-12)


def test_rows_left_out_are_counted_with_their_reason_and_nothing_is_changed() -> None:
    table = people()
    table.loc[0, "arm"] = "participant"
    table.loc[1, "employed"] = False
    table.loc[2, "firm_id"] = None
    table.loc[3, STAY] = np.nan
    table.loc[4, "tenure_months"] = np.nan
    before = table.copy(deep=True)
    found = winners_and_finalists(table, covariates=["tenure_months"])
    counts = found.left_out.set_index("reason")["rows"]
    assert counts["neither winner nor finalist"] == 1
    assert counts["not employed with the firm in the month of the final"] == 1
    assert counts["no entry, edition, category or firm"] == 1
    assert counts[f"{STAY} is missing"] == 1
    assert counts["tenure_months is missing"] == 1
    assert found.arms["persons"].sum() == len(table) - 5
    pd.testing.assert_frame_equal(table, before)


def test_a_contest_without_finalists_takes_no_part() -> None:
    table = people()
    gone = table["edition"].eq(1) & table["category"].eq("skill") & table["arm"].eq("finalist")
    found = winners_and_finalists(table[~gone])
    counts = found.left_out.set_index("reason")["rows"]
    assert counts["edition and category without both arms"] == 4


def test_arms_show_samples_and_linkage() -> None:
    table = people()
    table.loc[table["arm"].eq("finalist").idxmax(), "employed"] = False
    linkage = pd.DataFrame(
        {
            "edition": [1, 2, 1, 1],
            "arm": ["winner", "winner", "finalist", "winner"],
            "entity": ["worker", "worker", "worker", "firm"],
            "rows": [10, 30, 50, 7],
            "linked": [10, 20, 25, 1],
        }
    )
    arms = winners_and_finalists(table, linkage=linkage).arms.set_index("arm")
    assert arms["linked_share"].to_dict() == {"winner": 0.75, "finalist": 0.5}
    assert arms.loc["finalist", "in_table"] - arms.loc["finalist", "employed"] == 1
    assert arms.loc["winner", "entries"] == 4 * 8


def test_nullable_columns_of_the_panel_are_read_as_plain_ones() -> None:
    """`build_worker_final` has Int64, boolean and categories of text."""
    table = people()
    types = {"edition": "Int64", "tenure_months": "Int64", "employed": "boolean", "arm": "category"}
    other = table.astype(types | {"category": "category"})
    other.loc[5, "tenure_months"] = pd.NA
    options = {"covariates": ["tenure_months"]}
    one, two = (winners_and_finalists(t, **options).to_frame() for t in (table.drop(5), other))
    pd.testing.assert_frame_equal(one, two)


def test_row_order_and_names_do_not_matter() -> None:
    table = people()
    names = {name: f"X{n}" for n, name in enumerate(table["firm_id"].unique()[::-1])}
    other = table.sample(frac=1, random_state=1).assign(firm_id=lambda t: t["firm_id"].map(names))
    columns = ["estimate", "std_error", "df"]
    one, two = (winners_and_finalists(t).to_frame()[columns] for t in (table, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-10)


def test_one_edition_alone_is_refused_with_what_it_could_detect() -> None:
    with pytest.raises(ZgzxError) as refusal:
        winners_and_finalists(people(entries=120, editions=1))
    message = str(refusal.value)
    assert "1 edition(s), 40 winning entries" in message
    assert "the smallest difference in retention_24_group" in message.lower()
    assert "80 % power" in message
    assert "Pool more editions" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"editions": 2, "entries": 24}, "2 edition\\(s\\), 16 winning entries"),
        ({"firms": 8}, "of 8 firms are too few"),
    ],
)
def test_few_entries_or_firms_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ZgzxError, match=message):
        winners_and_finalists(people(**options))


def test_tables_that_cannot_be_compared_are_refused() -> None:
    table = people()
    with pytest.raises(ZgzxError, match="no column entry_id"):
        winners_and_finalists(table.drop(columns="entry_id"))
    with pytest.raises(ZgzxError, match="column level is not a number"):
        winners_and_finalists(table.assign(level="高级"), "level")
    with pytest.raises(ZgzxError, match=r"stands more than once in an edition.*1 affected"):
        winners_and_finalists(pd.concat([table, table.iloc[:1]]))
    with pytest.raises(ZgzxError, match="infinite values"):
        winners_and_finalists(table.assign(wage=np.inf), "wage")
    with pytest.raises(ZgzxError, match=r"no winner and other finalist.*employed"):
        winners_and_finalists(table.assign(employed=table["arm"].eq("winner")))


def test_log_wage_change_by_hand() -> None:
    table = pd.DataFrame(
        {"wage_base_before": [100.0, 0.0, np.nan], "wage_base_after": [110.0, 5.0, 5.0]}
    )
    change = log_wage_change(table)
    assert change[0] == pytest.approx(np.log(1.1), abs=1e-12)
    assert change[1:].isna().all()
