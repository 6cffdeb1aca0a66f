"""Inventions of a firm that name no finalist, counted by hand.

A has the winner W and the colleague C; B has the finalist F, who loses in 2016.
"""

from __future__ import annotations

import pandas as pd

from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.inventions_without_finalists import (
    COLUMNS,
    build_inventions_without_finalists,
)

KEY = ["file", "sheet", "row", "part"]
FIRM = pd.DataFrame({"firm_id": ["A", "B"], "successor_id": None, "merged": pd.NaT})
# application, type, day of filing, applicants, inventors (a person, or nobody found for the name)
PATENTS = [
    ("P1", "invention", "2014-05-01", ["A"], ["W", "C"]),  # a winner among the inventors
    ("P2", "invention", "2014-06-01", ["A"], ["C"]),
    ("P3", "invention", "2015-05-01", ["A"], [None]),  # nobody is known: counts as no finalist
    ("P4", "utility_model", "2015-05-01", ["A"], ["C"]),  # no invention
    ("P5", "invention", "2015-07-01", ["A", "B"], ["F"]),  # joint, names the finalist of B
    ("P6", "invention", "2016-03-01", ["A", "B"], ["C"]),  # joint, names none
    ("P7", "invention", "2017-03-01", ["B"], [None]),  # after the last year with a linked inventor
]
FINALS = pd.DataFrame({"worker_id": ["W", "F", "C"], "arm": ["winner", "finalist", "participant"]})


def patents() -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the clean tables, and every party with the firm or person it is."""
    patent = pd.DataFrame([row[:3] for row in PATENTS], columns=["app_no", "type", "filed"])
    patent["filed"] = pd.to_datetime(patent["filed"])
    rows = [
        (app_no, role, name)
        for app_no, _, _, applicants, inventors in PATENTS
        for role, names in (("applicant", applicants), ("inventor", inventors))
        for name in names
    ]
    party = pd.DataFrame(rows, columns=["app_no", "role", "is"])
    party = party.assign(file="patents/001", sheet="", row=range(2, len(party) + 2), part=1)
    return {"patent": patent, "patent_party": party.drop(columns="is")}, party


def built(joint: str = "whole", linked: bool = True, incomplete: int = 2018) -> pd.DataFrame:
    tables, party = patents()
    audit = party[[*KEY, "is", "role"]].assign(source="patent_party")
    firms = audit[audit["role"].eq("applicant")].rename(columns={"is": "firm_id"})
    persons = audit[audit["role"].eq("inventor")].rename(columns={"is": "worker_id"})
    persons = persons if linked else persons.assign(worker_id=None)
    years = pd.DataFrame({"year": range(2014, 2018)})
    panel = pd.DataFrame({"firm_id": ["A", "B"]}).merge(years, how="cross")
    counts = [2, 2, 1, 0, None, 1, 1, 1]  # B was founded in 2015
    panel = panel.assign(
        patents_invention=pd.Series(counts, dtype="Int64" if joint == "whole" else "Float64"),
        patents_invention_complete=panel["year"].lt(incomplete),
        first_award=panel["firm_id"].map({"A": 2016}).astype("Int64"),
        first_final=pd.Series(2016, index=panel.index, dtype="Int64"),
    )
    return build_inventions_without_finalists(
        tables,
        FirmLinks(firm=FIRM, link_audit=firms),
        PeopleLinks(employment=pd.DataFrame(), link_audit=persons, wage_base=pd.DataFrame()),
        firm_year=panel,
        worker_final=FINALS,
        joint=joint,  # type: ignore[arg-type]
    )


def listed(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else value for value in column]


def test_inventions_that_name_a_winner_or_a_finalist_are_left_out() -> None:
    rows = built()
    assert rows.columns.tolist() == COLUMNS
    assert rows["firm_id"].tolist() == ["A"] * 4 + ["B"] * 4
    assert listed(rows["inventions"]) == [2, 2, 1, 0, None, 1, 1, 1]
    # 2014: P2. 2015: P3, not P5, which names the finalist of the other applicant. B in 2015: P5 is
    # its only one. From 2017 on no inventor is linked, so nothing is known.
    assert listed(rows["inventions_without_finalists"]) == [1, 1, 1, None, None, 0, 1, None]
    assert rows["had_winner"].tolist() == [True] * 4 + [False] * 4
    assert rows["had_finalist"].all()


def test_a_joint_invention_may_count_by_parts() -> None:
    rows = built("fractional")
    assert listed(rows["inventions_without_finalists"]) == [1, 1, 0.5, None, None, 0, 0.5, None]
    assert str(rows["inventions_without_finalists"].dtype) == "Float64"


def test_years_that_are_not_fully_published_are_missing() -> None:
    rows = built(incomplete=2016)
    assert listed(rows["inventions"]) == [2, 2, None, None, None, 1, None, None]
    assert listed(rows["inventions_without_finalists"]) == [1, 1, None, None, None, 0, None, None]


def test_nothing_is_known_where_no_inventor_is_linked() -> None:
    rows = built(linked=False)
    assert rows["inventions_without_finalists"].isna().all()
    assert listed(rows["inventions"]) == [2, 2, 1, 0, None, 1, 1, 1]
