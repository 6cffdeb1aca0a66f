"""No blank count of a table can be calculated, and no more is blank than it takes."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from tests.attack import Published, of_table
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.protected_table import TOTAL, protect_table

COUNTS = pd.DataFrame({"won": [4, 20, 40], "lost": [30, 50, 60]}, index=["a", "b", "c"])


def shown(table: pd.DataFrame) -> list[list[int | None]]:
    return [
        [None if pd.isna(value) else int(value) for value in row] for row in table.to_numpy(object)
    ]


def test_a_small_count_takes_a_rectangle_with_it() -> None:
    # 4 alone follows from its row and its column; of the rectangles through it, the one with the
    # smallest other counts is 30, 20, 50
    told = protect_table(COUNTS, minimum=10)
    assert shown(told.shown) == [
        [None, None, 34],
        [None, None, 70],
        [40, 60, 100],
        [64, 140, 204],
    ]
    assert told.log == {"threshold": 1, "secondary": 3}
    assert told.rule.loc["a", "won"] == "threshold"
    assert told.rule.loc["b", "lost"] == "secondary"


def test_the_attack_knows_what_a_hand_knows() -> None:
    # 34 = x + y with both at least 1, and the rows b: 70, columns 24 and 80
    published = of_table(protect_table(COUNTS, minimum=10).shown)
    assert published.range_of("a|won") == (1, 23)  # b|won is 24 less it, and at least 1
    assert published.range_of("a|lost") == (11, 33)
    unprotected = of_table(protect_table(COUNTS, minimum=1).shown)
    unprotected.counts["a|won"] = None
    assert unprotected.narrow(10) == {"a|won": (4, 4)}


def test_a_rounded_share_gives_a_count_away_to_the_attack() -> None:
    published = Published({"linked": None, "rows": 27})
    published.add_share("linked", "rows", 0.9625, 0.9635)  # 96.3 %
    assert published.range_of("linked") == (26, 26)


def test_zeros_are_shown_and_hide_nothing() -> None:
    told = protect_table(
        pd.DataFrame({"firms": [2, 0, 5, 9]}, index=list("abcd")), minimum=3, row_totals=False
    )
    assert shown(told.shown) == [[None], [0], [None], [9], [16]]


def test_a_small_total_is_blank_with_all_that_makes_it_up() -> None:
    told = protect_table(
        pd.DataFrame({"firms": [1, 1]}, index=list("ab")), minimum=3, row_totals=False
    )
    assert shown(told.shown) == [[None], [None], [None]]


def test_a_complement_is_a_column_of_its_own() -> None:
    # 26 of 27 tells of one; 27 of 27 of nobody
    told = protect_table(
        pd.DataFrame({"linked": [26, 27, 90], "not": [1, 0, 10]}, index=list("abc")),
        minimum=10,
        column_totals=False,
    )
    assert shown(told.shown[["linked", TOTAL]]) == [[None, 27], [27, 27], [90, 100]]


def test_what_is_public_stays_and_limits_the_protection() -> None:
    # five lines, of which one is not linked: all that can be kept from a reader is 1 to 4
    told = protect_table(
        pd.DataFrame({"linked": [4], "not": [1]}, index=["a"]),
        minimum=10,
        column_totals=False,
        public=[("a", TOTAL)],
    )
    assert shown(told.shown) == [[None, None, 5]]


def test_a_sum_of_two_contributors_is_blank_by_the_nk_rule() -> None:
    counts = pd.DataFrame({"patents": [100, 60, 80]}, index=list("abc"))
    sizes = [("a", 50), ("a", 41), ("a", 9), ("b", 20), ("b", 20), ("b", 20), *[("c", 8)] * 10]
    contributions = pd.DataFrame(
        [(row, "patents", size) for row, size in sizes], columns=["row", "column", "size"]
    )
    told = protect_table(counts, minimum=3, row_totals=False, contributions=contributions)
    assert told.rule["patents"].tolist() == ["nk-rule", "secondary", "", ""]  # 91 of 100; 40 of 60


def test_exactly_nine_tenths_are_not_more_than_nine_tenths() -> None:
    counts = pd.DataFrame({"patents": [100]}, index=["a"])
    sizes = pd.DataFrame({"row": "a", "column": "patents", "size": [50, 40, 10]})
    told = protect_table(counts, minimum=3, row_totals=False, contributions=sizes)
    assert told.log == {}


def test_a_count_that_grew_by_few_is_blank_beside_last_years() -> None:
    before = protect_table(COUNTS.drop("c"), minimum=2).shown
    now = COUNTS.drop("c") + pd.DataFrame({"won": [0, 2], "lost": [20, 0]}, index=["a", "b"])
    told = protect_table(now, minimum=3, published_before=before)
    assert told.rule.loc["b", "won"] == "differencing"
    published = of_table(told.shown)
    changes = {place: value for place, value in of_table(before).counts.items() if value}
    for place, value in changes.items():  # the change of each blank count is unknown as well
        if published.counts[place] is None:
            low, high = published.range_of(place)
            assert (high - value) - (low - value) >= 3
    same = [place for place, value in changes.items() if published.counts[place] == value]
    assert {"a|won", "b|lost"} <= set(same)


def test_what_was_blank_last_year_stays_blank_and_cannot_be_had_from_both_years() -> None:
    old = pd.DataFrame({"firms": [1, 4, 8]}, index=["2019", "2020", "2021"])
    before = protect_table(old, minimum=3, row_totals=False).shown
    assert shown(before) == [[None], [None], [8], [13]]
    new = pd.concat([old, pd.DataFrame({"firms": [2, 9]}, index=["2022", "2023"])])
    told = protect_table(new, minimum=3, row_totals=False, published_before=before)
    assert pd.isna(told.shown.loc["2020", "firms"])
    assert told.shown.loc["2021", "firms"] == 8
    # history has not changed, so both years' sums hold at once
    both = of_table(told.shown)
    both.counts["before"] = 13
    both.add_sum("before", ["2019|firms", "2020|firms", "2021|firms"])
    assert both.narrow(3) == {}


@pytest.mark.parametrize("wrong", [[1, -2], [1, 2.5], [1, None]])
def test_counts_that_are_none_are_refused(wrong: list) -> None:
    with pytest.raises(ZgzxError, match="missing, below 0 or not whole"):
        protect_table(pd.DataFrame({"n": wrong}, index=["a", "b"]), minimum=3)


def test_rows_that_stand_twice_are_refused() -> None:
    with pytest.raises(ZgzxError, match="stands twice"):
        protect_table(pd.DataFrame({"n": [1, 2]}, index=["a", "a"]), minimum=3)


def test_an_empty_table_has_nothing_to_hide() -> None:
    assert protect_table(COUNTS.iloc[:0], minimum=3).log == {}


def fewest_blank(counts: pd.DataFrame, minimum: int) -> int:
    """By trying all patterns: the fewest blank counts with which the attack finds nothing."""
    table = protect_table(counts, minimum=1).shown
    places = [(row, column) for row in table.index for column in table.columns]
    small = {place for place in places if 0 < table.loc[place] < minimum}
    others = [place for place in places if place not in small and table.loc[place] > 0]
    for extra in range(len(others) + 1):
        for more in combinations(others, extra):
            tried = table.copy()
            for place in small | set(more):
                tried.loc[place] = pd.NA
            if not of_table(tried).narrow(minimum):
                return len(small) + extra
    raise AssertionError("even with all counts blank the attack finds some")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 4, 6])
def test_hardly_more_is_blank_than_it_takes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = pd.DataFrame(rng.poisson(rng.gamma(1.5, 4, (2, 3))), index=["a", "b"])
    blank = sum(protect_table(counts, minimum=3).log.values())
    assert blank <= fewest_blank(counts, 3) + 1


@pytest.mark.slow
def test_a_table_of_twenty_by_thirteen_takes_about_a_second() -> None:
    rng = np.random.default_rng(5)
    counts = pd.DataFrame(rng.poisson(rng.gamma(1.5, 10, (20, 13))))
    protect_table(COUNTS, minimum=10)  # SciPy is loaded
    start = time.process_time()
    told = protect_table(counts, minimum=10)
    assert time.process_time() - start < 4  # a busy machine takes three times as long
    assert told.log["threshold"] > 50
