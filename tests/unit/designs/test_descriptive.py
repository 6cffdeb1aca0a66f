"""Descriptions by hand; no claim of theirs has an effect, an error or a test."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.designs.descriptive import (
    Description,
    dose,
    participation,
    skill_share,
    visits,
)
from zgzx_research.designs.first_entry import NULL_BIAS, first_entry
from zgzx_research.errors import ZgzxError

SERIES = pd.DataFrame(
    {"year": [2024, 2012, 2018], "district": [38.0, 12.0, 25.0], "city": [39.16, 13.56, None]}
)
NO_EFFECT = {"estimate", "std_error", "ci_low", "ci_high", "p_value"}


def described() -> list[Description]:
    firms = pd.DataFrame({"firm_id": ["A", "B", "B", None]})
    entries = firms.assign(edition=[1, 1, 2, 2], persons=[1, 5, 6, 1])
    return [
        skill_share(SERIES),
        visits(firms, pd.DataFrame({"firm_id": ["B", "B", "Z"]})),
        participation(entries),
        dose(entries),
    ]


def test_no_description_has_an_effect_and_all_have_a_reason() -> None:
    for one in described():
        frame = one.to_frame()
        assert not NO_EFFECT & set(frame)
        assert frame["reason"].str.len().gt(40).all()


def test_numbers_by_hand() -> None:
    skill, visit, part, awards = (one.table for one in described())
    assert skill.iloc[0].to_dict() == pytest.approx(
        {
            "first_year": 2012,
            "last_year": 2024,
            "district_change": 26.0,
            "city_change": 25.6,
            "difference": 0.4,
            "gap_first": -1.56,
            "gap_last": -1.16,
        }
    )
    assert visit.iloc[0].tolist() == [2, 3, 2, 1, 1]
    assert part["firms"].tolist() == [2, 1]
    assert part["new_firms"].tolist() == [2, 0]
    assert part["not_linked"].tolist() == [0, 1]
    assert part["persons"].tolist() == [6, 7]
    assert awards[["editions_won", "firms"]].to_numpy().tolist() == [[1, 1], [2, 1]]


def test_refusals() -> None:
    with pytest.raises(ZgzxError, match=r"1 year\(s\) with both shares: a change needs two"):
        skill_share(SERIES.iloc[:1])
    with pytest.raises(ZgzxError, match=r"a year stands twice, 1 affected, e\.g\. 2024"):
        skill_share(pd.concat([SERIES, SERIES.iloc[:1]]))
    with pytest.raises(ZgzxError, match="no award of a linked firm"):
        dose(pd.DataFrame({"firm_id": [None], "edition": [1]}))


def panel() -> pd.DataFrame:
    rows = [(u, t, 3 + (u * t) % 4) for u in range(30) for t in range(2010, 2020)]
    table = pd.DataFrame(rows, columns=["firm_id", "year", "patents_invention"])
    return table.assign(first_entry=table["firm_id"].map(lambda u: 2015.0 if u < 10 else None))


def test_first_entry_is_refused_unless_asked_for() -> None:
    with pytest.raises(ZgzxError, match=r"no effect of a first entry.*biased by \+0.033"):
        first_entry(panel())


def test_first_entry_carries_its_warning_in_every_row() -> None:
    row = first_entry(panel(), despite_bias=True).to_frame().iloc[0]
    assert row["null_bias"] == NULL_BIAS
    assert "earlier good years" in row["warning"]
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
