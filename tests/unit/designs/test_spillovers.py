"""Colleagues and firm patents without finalists: tables and odds by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zgzx_research.designs.colleague_years import colleague_years
from zgzx_research.designs.finalist_firms import finalist_firms, firm_windows
from zgzx_research.designs.spillovers import colleagues_retention, patents_without_finalists
from zgzx_research.errors import ZgzxError


def test_colleagues_are_those_who_stood_in_no_final_until_the_end_of_the_year() -> None:
    spells = pd.DataFrame(
        [
            ("stays", "F", 201001, np.nan),
            ("leaves in 2016", "F", 201001, 201606),
            ("final in 2016", "F", 201001, np.nan),
            ("final in 2018", "F", 201001, np.nan),
            ("hired in 2016", "F", 201601, 201711),
            ("moves to G", "F", 201001, 201601),
            ("moves to G", "G", 201602, np.nan),
        ],
        columns=["worker_id", "firm_id", "start_ym", "end_ym"],
    )
    finals = pd.DataFrame(
        {"worker_id": ["final in 2016", "final in 2018"], "final_ym": [201611, 201811]}
    )
    found = colleague_years(spells, finals, years=range(2016, 2018))
    expected = pd.DataFrame(
        {
            "firm_id": ["F", "F", "G"],
            "year": [2016, 2017, 2017],
            "colleagues": [4, 3, 1],
            "stayed": [2, 2, 1],
        }
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def finals_of(rows: list[tuple[int, str, str, bool]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["edition", "category", "firm_id", "won"])
    return table.assign(year=2010 + table["edition"])


def test_odds_by_hand() -> None:
    """Two of four win in skill, one of three in team; C has one entry in each and wins nothing."""
    finals = finals_of(
        [
            (1, "skill", "A", True),
            (1, "skill", "B", True),
            (1, "skill", "C", False),
            (1, "skill", "D", False),
            (1, "team", "A", True),
            (1, "team", "C", False),
            (1, "team", "E", False),
            (2, "skill", "A", False),
            (2, "skill", "C", True),
        ]
    )
    found = finalist_firms(finals).set_index(["edition", "firm_id"])
    miss = (1 - 1 / 2) * (1 - 1 / 3)
    assert found.loc[(1, "C"), "odds"] == pytest.approx((1 - miss) / miss, abs=1e-12)
    assert found.loc[(1, "D"), "odds"] == pytest.approx(1.0, abs=1e-12)
    assert found.loc[(1, "E"), "odds"] == pytest.approx(0.5, abs=1e-12)
    assert found.loc[(1, "A"), "odds"] == 1.0
    assert found.loc[(1, "C"), "next_award"] == 2012
    assert (2, "A") not in found.index  # it has won before
    assert found.loc[(2, "C"), "won"]


def test_windows_leave_out_the_final_year_and_years_from_the_own_award_on() -> None:
    firms = pd.DataFrame(
        {
            "edition": 1,
            "year": 2010,
            "firm_id": ["A", "B"],
            "won": [True, False],
            "odds": 1.0,
            "next_award": [np.nan, 2012],
        }
    )
    years = pd.DataFrame([(f, y, 1) for f in "AB" for y in range(2000, 2020)])
    years.columns = ["firm_id", "year", "count"]
    found = firm_windows(years, firms, ["count"])
    assert found["count_before"].tolist() == [5, 5]
    assert found["count_after"].tolist() == [3, 1]
    assert found["years_after"].tolist() == [3, 1]


def contest(seed: int = 0, firms: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Six editions; who wins is drawn; colleagues of winners stay .1 more from the year after."""
    rng = np.random.default_rng(seed)
    finals, first = [], {}
    for edition in range(6):
        for place, firm in enumerate(rng.choice(firms, 40, replace=False)):
            won = place < 12
            finals.append((edition, 2010 + edition, "skill", f"F{firm}", won))
            if won:
                first.setdefault(f"F{firm}", 2010 + edition)
    rows = []
    for number in range(firms):
        name, base = f"F{number}", rng.uniform(0.6, 0.85)
        for year in range(2005, 2020):
            rate = base + 0.1 * (year > first.get(name, 9999))
            rows.append((name, year, 40, rng.binomial(40, rate), rng.poisson(2 * base)))
    columns = ["firm_id", "year", "colleagues", "stayed", "inventions_without_finalists"]
    finals_columns = ["edition", "year", "category", "firm_id", "won"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(finals, columns=finals_columns)


def test_the_effect_on_colleagues_is_found_and_patents_have_none() -> None:
    firm_years, finals = contest()
    before = firm_years.copy(deep=True)
    stay = colleagues_retention(firm_years, finals)
    patents = patents_without_finalists(firm_years, finals)
    assert stay.contrast.estimate == pytest.approx(0.1, abs=4 * stay.contrast.std_error)
    assert stay.contrast.std_error < 0.02
    assert patents.contrast.estimate == pytest.approx(0, abs=4 * patents.contrast.std_error)
    row = patents.to_frame().iloc[0]
    assert row["detectable_share"] == pytest.approx(row["detectable"] / row["comparison_after"])
    assert "name no winner and no finalist" in row["reason"]
    pd.testing.assert_frame_equal(firm_years, before)


def test_row_order_does_not_matter() -> None:
    firm_years, finals = contest()
    one = colleagues_retention(firm_years, finals)
    two = colleagues_retention(
        firm_years.sample(frac=1, random_state=1), finals.sample(frac=1, random_state=2)
    )
    assert two.contrast.estimate == pytest.approx(one.contrast.estimate, abs=1e-12)
    assert two.contrast.std_error == pytest.approx(one.contrast.std_error, abs=1e-12)


def test_refusals() -> None:
    firm_years, finals = contest()
    with pytest.raises(ZgzxError, match=r"1 edition\(s\) with 12 winning and 28 finalist firms"):
        colleagues_retention(firm_years, finals[finals["edition"].eq(0)])
    with pytest.raises(ZgzxError, match="more colleagues stayed than there were, 3,000 affected"):
        colleagues_retention(firm_years.assign(stayed=41), finals)
    with pytest.raises(ZgzxError, match="no column inventions_without_finalists"):
        patents_without_finalists(firm_years.drop(columns="inventions_without_finalists"), finals)
    unlinked = firm_years.assign(inventions_without_finalists=np.nan)
    with pytest.raises(ZgzxError, match="no inventor was linked to a person"):
        patents_without_finalists(unlinked, finals)
