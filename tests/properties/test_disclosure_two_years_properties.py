"""Two editions of a report: no count that today's leaves blank can be had with last year's.

History does not change, or by few; each edition adds rows. The attacker has all of both reports.
"""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attack import Published
from tests.examples import examples
from zgzx_research.evidence.disclosure import TOTAL, blank_small_counts, shown_categories
from zgzx_research.evidence.earlier_counts import EarlierCounts
from zgzx_research.evidence.linkage_cells import hide_linkage, linkage_facts
from zgzx_research.evidence.row_balance import row_balance

pytestmark = pytest.mark.slow
FIRMS, PERSONS = 3, 10


def counts_of(facts: dict) -> dict[str, int | None]:
    return {key: one["value"] for key, one in facts.items() if one["unit"] == "count"}


@st.composite
def two_years(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Firms by year and category of the first award, then and now."""
    rows = [(year, name) for year in (2021, 2022, 2023) for name in ("skill", "team")]
    then = [(*row, draw(st.integers(0, 9))) for row in rows]
    added = [draw(st.sampled_from([0, 0, 0, 1, 2, 5])) for _ in rows]
    now = [(*row[:2], row[2] + more) for row, more in zip(then, added, strict=True)]
    now += [(2024, name, draw(st.integers(0, 9))) for name in ("skill", "team")]
    columns = ["year", "category", "firms"]
    return pd.DataFrame(then, columns=columns), pd.DataFrame(now, columns=columns)


def add_edition(published: Published, shown: pd.DataFrame, edition: str) -> None:
    """The table of one edition: categories add up to their year."""
    for year in shown.index:
        for name in shown.columns:
            value = shown.loc[year, name]
            published.counts[f"{edition}|{year}|{name}"] = None if pd.isna(value) else int(value)
        parts = [f"{edition}|{year}|{name}" for name in shown.columns if name != TOTAL]
        published.add_sum(f"{edition}|{year}|{TOTAL}", parts)


@examples(25)
@given(two_years())
def test_few_firms_that_joined_a_year_cannot_be_counted(
    years: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """What was added to a year or category between the reports is not known to be few."""
    then, now = years
    before = shown_categories(then, FIRMS)
    shown = shown_categories(now, FIRMS, before)
    for place in before.stack().index:
        change = shown.loc[place] - before.loc[place]
        assert pd.isna(change) or change == 0 or change >= FIRMS
        if pd.isna(before.loc[place]) and now_of(now, place):
            assert pd.isna(shown.loc[place])
    published = Published()
    add_edition(published, before, "then")
    add_edition(published, shown, "now")
    told = {
        name: ends
        for name, ends in published.narrow(FIRMS).items()
        if name.startswith("now") and f"then{name.removeprefix('now')}" not in published.counts
    }
    assert told == {}  # of the new year


def now_of(now: pd.DataFrame, place: tuple[str, str]) -> int:
    year, name = place
    own = now[now["year"].astype(str).eq(year)]
    return int(own["firms"].sum() if name == TOTAL else own.query("category == @name").firms.sum())


@examples(25)
@given(st.integers(10, 60), st.integers(0, 60), st.integers(0, 15), st.integers(0, 15))
def test_few_records_that_were_added_cannot_be_counted(
    linked: int, other: int, more_linked: int, more_other: int
) -> None:
    """Rows, linked and those beside them: none of the three differences is small."""
    names = ["link.roster"]
    then = pd.DataFrame({"rows": [linked + other], "linked": [linked]})
    now = then.add([more_linked + more_other, more_linked])
    first = blank_small_counts(then, ["rows", "linked"], PERSONS).iloc[0]
    counts = {f"link.roster.{k}": None if pd.isna(v) else int(v) for k, v in first.items()}
    before = EarlierCounts(counts)
    second = blank_small_counts(now, ["rows", "linked"], PERSONS, names=names, before=before)
    change = {
        "rows": second["rows"].iloc[0] - first["rows"],
        "linked": second["linked"].iloc[0] - first["linked"],
    }
    change["other"] = change["rows"] - change["linked"]
    for one in change.values():
        assert pd.isna(one) or one == 0 or one >= PERSONS


@examples(15)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=3))
def test_editions_of_the_linkage_are_compared_with_last_years(
    sizes: list[tuple[int, int]],
) -> None:
    def rates(parts: list[tuple[int, int]]) -> pd.DataFrame:
        rows = [(at, "winner", "firm", sum(pair), pair[0]) for at, pair in enumerate(parts, 1)]
        return pd.DataFrame(rows, columns=["edition", "arm", "entity", "rows", "linked"])

    before = EarlierCounts(counts_of(linkage_facts(rates(sizes))))
    moved = [(sizes[0][0] + 1, sizes[0][1]), *sizes[1:], (40, 30)]
    shown = hide_linkage(rates(moved), PERSONS, before)
    first = before.counts["linkage.1.winner.firm.linked"]
    assert pd.isna(shown["linked"].iloc[0]) or first is None
    assert not shown["linked"].isna().all() or pd.isna(shown["linked"].iloc[0])


def test_a_source_whose_rows_changed_by_few_is_blank_with_another() -> None:
    def lines(aside: int, other: int) -> dict:
        def counts(number: int) -> dict:
            return {"rows_in": 500, "kept": 500 - number, "quarantined": number, "non_data_rows": 0}

        return {"roster": {"a": counts(aside)}, "scores": {"b": counts(other)}}

    first = row_balance(lines(40, 60), PERSONS)
    counts = {}
    for source, name in (("roster", "roster"), ("scores", "scores"), ("", "total")):
        for what in ("quarantined", "kept"):
            counts[f"data.{name}.rows_{what}"] = first[source][""][what]
    assert None not in counts.values()
    now = row_balance(lines(44, 90), PERSONS, before=EarlierCounts(counts))
    assert now["roster"][""]["quarantined"] is None  # 4 more
    assert None in (now["scores"][""]["quarantined"], now[""][""]["quarantined"])
    same = row_balance(lines(40, 60), PERSONS, before=EarlierCounts(counts))
    assert same["roster"][""]["quarantined"] == 40
