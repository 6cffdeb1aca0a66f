"""Whatever the counts: the attack bounds no blank one more closely than the rule allows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.attack import Published, of_table
from tests.examples import examples
from zgzx_research.evidence.disclosure import enough_cohorts, hidden_parts, shown_event_times
from zgzx_research.evidence.protected_table import TOTAL, protect_table
from zgzx_research.evidence.quarantine_counts import reason_counts
from zgzx_research.evidence.row_balance import TOTAL as ALL_LINES
from zgzx_research.evidence.row_balance import row_balance

pytestmark = pytest.mark.slow
MINIMUM = 3


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 4, most_columns: int = 4) -> pd.DataFrame:
    height = draw(st.integers(1, most_rows))
    width = draw(st.integers(1, most_columns))
    counts = st.integers(0, 12)
    rows = draw(
        st.lists(st.lists(counts, min_size=width, max_size=width), min_size=height, max_size=height)
    )
    return pd.DataFrame(rows, columns=[f"c{at}" for at in range(width)]).rename(lambda at: f"r{at}")


@examples(40)
@given(tables())
def test_the_attack_on_a_two_way_table_finds_nothing(counts: pd.DataFrame) -> None:
    told = protect_table(counts, minimum=MINIMUM)
    assert of_table(told.shown).narrow(MINIMUM) == {}
    inside = told.shown.drop(index=TOTAL, columns=TOTAL)
    assert (inside.isna() | inside.eq(counts)).all(axis=None)  # what is shown is true
    small = counts.gt(0) & counts.lt(MINIMUM)
    assert inside.isna().where(small, True).all(axis=None)  # small counts are blank
    assert inside.notna().where(counts.eq(0), True).all(axis=None)  # zeros are shown


@examples(20)
@given(tables())
def test_the_same_table_gives_the_same_answer(counts: pd.DataFrame) -> None:
    first, again = (protect_table(counts, minimum=MINIMUM).rule for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


@examples(20)
@given(tables(3, 3), tables(2, 3))
def test_the_attack_with_last_years_table_finds_nothing(
    old: pd.DataFrame, new: pd.DataFrame
) -> None:
    """History does not change; each year adds rows. All totals of both editions hold at once."""
    new = new.rename(lambda name: f"new_{name}").reindex(columns=old.columns, fill_value=0)
    before = protect_table(old, minimum=MINIMUM).shown
    told = protect_table(pd.concat([old, new]), minimum=MINIMUM, published_before=before).shown
    both = of_table(told)
    for place, value in of_table(before).counts.items():
        row, column = place.split("|")
        if row != TOTAL:  # a row's own counts and total are the same in both editions
            if value is not None and both.counts[place] is None:
                both.counts[place] = value
        elif value is not None:
            both.counts[f"before|{column}"] = value
            both.add_sum(f"before|{column}", [f"{name}|{column}" for name in old.index])
    assert both.narrow(MINIMUM) == {}


@examples(60)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.sampled_from([3, 10]))
def test_blank_parts_of_a_known_total(sizes: list[int], minimum: int) -> None:
    hidden = hidden_parts(sizes, [0 < size < minimum for size in sizes], minimum)
    published = Published(
        {
            str(at): None if hide else size
            for at, (size, hide) in enumerate(zip(sizes, hidden, strict=True))
        }
    )
    published.counts["total"] = sum(sizes)
    published.add_sum("total", [str(at) for at in range(len(sizes))])
    narrow = published.narrow(minimum)
    # more cannot be hidden than all parts
    assert not narrow or all(hide or not size for hide, size in zip(hidden, sizes, strict=True))


def line(kept: int, quarantined: int) -> dict[str, int]:
    return {
        "rows_in": kept + quarantined + 2,
        "kept": kept,
        "quarantined": quarantined,
        "non_data_rows": 2,
    }


SHEETS = st.lists(
    st.builds(line, st.integers(60, 90), st.sampled_from([0, 0, 1, 4, 9, 12, 30])),
    min_size=1,
    max_size=3,
)


@examples(25)
@given(st.lists(st.lists(SHEETS, min_size=1, max_size=2), min_size=1, max_size=3))
def test_the_attack_on_rows_of_sources_files_and_sheets_finds_nothing(
    sources: list[list[list[dict[str, int]]]],
) -> None:
    lines = {
        f"s{at}": {
            f"f{beside}": {name: sum(sheet[name] for sheet in sheets) for name in sheets[0]}
            | {"sheets": sheets}
            for beside, sheets in enumerate(files)
        }
        for at, files in enumerate(sources)
    }
    balance = row_balance(lines, 10)
    published = Published({"all": balance[ALL_LINES][ALL_LINES]["quarantined"]})
    for source, own in balance.items():
        if source == ALL_LINES:
            continue
        published.counts[source] = own[ALL_LINES]["quarantined"]
        for name, counts in own.items():
            published.counts[f"{source}/{name}"] = counts["quarantined"]
            sheets = {
                f"{source}/{name}/{at}": one["quarantined"]
                for at, one in enumerate(counts.get("sheets", ()))
            }
            published.counts |= sheets
            if name != ALL_LINES:
                published.add_sum(f"{source}/{name}", list(sheets))
        published.add_sum(source, [f"{source}/{name}" for name in own if name != ALL_LINES])
    published.add_sum("all", [f"s{at}" for at in range(len(sources))])
    assert published.narrow(10) == {}


@examples(25)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(1, 30)), min_size=1, max_size=8
    )
)
def test_the_attack_on_reasons_of_the_quarantine_finds_nothing(
    groups: list[tuple[int, int, int]],
) -> None:
    """Whoever knows the reasons and the total of each source learns no small number."""
    rows = [(f"s{source}", f"r{reason}") for source, reason, size in groups for _ in range(size)]
    frame = pd.DataFrame(rows, columns=["source", "reason"]).assign(row_lost=True)
    frame = frame.assign(file="f", sheet="", row=range(len(frame)))
    aside = frame["source"].value_counts()
    lines = {source: {"f": line(200, int(size))} for source, size in aside.items()}
    balance = row_balance(lines, 10)
    counts, _ = reason_counts(frame, balance)
    inside = pd.crosstab(frame["reason"], frame["source"])
    published = Published(dict(counts))
    for source, column in inside.items():
        published.counts[str(source)] = balance[str(source)][ALL_LINES]["quarantined"]
        parts = [f"{reason}|{source}" for reason in inside.index[column > 0]]
        published.counts |= dict.fromkeys(parts)
        published.add_sum(str(source), parts)
    for reason, row in inside.iterrows():
        published.add_sum(str(reason), [f"{reason}|{source}" for source in inside.columns[row > 0]])
    published.counts["all"] = balance[ALL_LINES][ALL_LINES]["quarantined"]
    published.add_sum("all", list(inside.columns))
    small = {
        f"{reason}|{source}"
        for reason in inside.index
        for source in inside
        if 0 < inside.at[reason, source] < 10
    }
    small |= {name for name, value in counts.items() if value is None}
    narrow = published.narrow(10).keys() & small
    assert not narrow or all(value is None for value in counts.values())


@examples(40)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=9), st.integers(0, 8))
def test_event_times_tell_no_few_firms_by_a_difference(drops: list[int], first: int) -> None:
    units = np.cumsum(drops)[::-1]
    frame = pd.DataFrame({"event_time": range(-first, len(units) - first), "n_treated": units})
    shown = shown_event_times(frame.assign(n_comparison=50, base_mean=0.5))
    whole = shown["n_treated"].max()
    assert shown.empty or whole == units.max()
    assert shown["base_mean"].isna().eq(shown["n_treated"].isna()).all()
    for side in (shown["event_time"] < 0, shown["event_time"] >= 0):
        told = sorted({whole, *shown.loc[side, "n_treated"].dropna()}) if len(shown) else []
        assert all(gap >= MINIMUM for gap in np.diff(told))


@examples(40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_small_cohorts_do_not_follow_from_all_of_them(sizes: list[int]) -> None:
    frame = pd.DataFrame({"cohort": range(len(sizes)), "n_treated": sizes, "n_comparison": 50})
    shown = enough_cohorts(frame)
    assume(len(shown))
    gone = sum(sizes) - int(shown["n_treated"].sum())
    hidden = len(sizes) - len(shown)
    assert hidden == 0 or (hidden > 1 and gone - hidden >= MINIMUM)
    assert shown["n_treated"].min() >= MINIMUM


@examples(20)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, 30)),
        min_size=1,
        max_size=14,
    )
)
def test_no_sum_that_is_shown_belongs_to_two_contributors(
    sizes: list[tuple[int, int, int]],
) -> None:
    names = [(f"r{row}", f"c{column}", size) for row, column, size in sizes]
    frame = pd.DataFrame(names, columns=["row", "column", "size"])
    counts = frame.pivot_table(
        index="row", columns="column", values="size", aggfunc="sum", fill_value=0
    )
    told = protect_table(counts, minimum=1, contributions=frame)
    for row, column in ((row, column) for row in told.shown.index for column in told.shown):
        own = frame[frame["row"].eq(row) | (row == TOTAL)]
        own = own[own["column"].eq(column) | (column == TOTAL)].sort_values("size")
        dominated = own["size"].tail(2).sum() > 0.9 * own["size"].sum()
        assert not dominated or pd.isna(told.shown.loc[row, column])
    assert of_table(told.shown).narrow(1) == {}
