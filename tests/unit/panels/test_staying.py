"""Staying 12 and 24 months at employer, group, district and city.

Of firms' staff, and of contestants on one clock.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels import retention
from zgzx_research.panels.retention import SHARES, add_retention, count_staff
from zgzx_research.panels.worker_final import COLUMNS, build_worker_final

A, B, C, D = "F000001", "F000002", "F000003", "F000004"
RECORD_KEY = ["file", "sheet", "row", "part"]
FIRM = pd.DataFrame(
    {"firm_id": [A, B, C, D], "group_id": [A, A, C, D], "in_district": [True, True, True, False]}
)  # A and B are one group, D lies outside the district

# worker, firm (None = outside the registry), first and last month
SPELLS = [
    ("W1", A, 201601, 202012),  # stays
    ("W2", A, 201601, 201710),
    ("W2", B, 201711, 202012),  # to the same group
    ("W3", A, 201601, 201710),
    ("W3", C, 201711, 202012),  # to another firm of the district
    ("W4", A, 201601, 201710),
    ("W4", D, 201711, 202012),  # out of the district
    ("W5", A, 201601, 201710),
    ("W5", None, 201711, 202012),  # out of the registry, still insured in the city
    ("W6", A, 201601, 201710),  # gone
    ("W7", A, 201601, 201810),  # gone in the second year
    ("W8", A, 201601, 201710),
    ("W8", A, 201802, 202012),  # a gap of three months over the end of the year
]


def employment() -> pd.DataFrame:
    table = pd.DataFrame(SPELLS, columns=["worker_id", "firm_id", "start_ym", "end_ym"])
    return table.astype({"firm_id": "str"}).assign(
        employer=table["firm_id"].fillna("x"), via_dispatch=False
    )


# of eight: 12 months: W1 W7 W8 at the employer, W2 in the group, W3 in the district, W4 W5 in the
# city
EXPECTED = [3 / 8, 4 / 8, 5 / 8, 7 / 8, 2 / 8, 3 / 8, 4 / 8, 6 / 8]


def panel(staff: pd.DataFrame, covered_to: int) -> pd.DataFrame:
    grid = pd.DataFrame(
        {"firm_id": A, "year": [2017], "closed_year": pd.array([None], dtype="Int64")}
    )
    return add_retention(grid, staff, covered_to)


def test_staff_by_horizon_and_place() -> None:
    result = panel(count_staff(FIRM, employment(), years=range(2017, 2018)), 202012)
    assert result["staff_start"].tolist() == [8]
    assert result[SHARES].values.tolist()[0] == EXPECTED
    assert result["retention"][0] == 4 / 8
    assert result["retained"].tolist() == [4]
    assert [
        f"retention_{m}_{p}" for m in (12, 24) for p in ("employer", "group", "district", "city")
    ] == SHARES


def test_the_second_december_must_be_covered() -> None:
    result = panel(count_staff(FIRM, employment(), years=range(2017, 2018)), 201811)
    assert result[SHARES[:4]].notna().all(axis=None)
    assert result[SHARES[4:]].isna().all(axis=None)


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("gap", [0, 3])
def test_from_a_file_in_many_parts_it_is_the_same(
    gap: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = count_staff(FIRM, employment(), years=range(2016, 2020), longest_break=gap)
    path = tmp_path / "employment.parquet"
    employment().to_parquet(path)
    monkeypatch.setattr(retention, "CHUNK", 3)
    pd.testing.assert_frame_equal(
        count_staff(FIRM, path, years=range(2016, 2020), longest_break=gap), whole
    )


CALENDAR = pd.DataFrame({"edition": [1], "year": [2016], "final_date": ["2016-12-15"]})


def contest() -> tuple[dict[str, pd.DataFrame], FirmLinks, pd.DataFrame]:
    """W1 won; W2, W6 lost the final; W3 lost the preliminary; W9 is not at A in that month.

    Nobody knows the fifth.
    """
    roster = pd.DataFrame(
        {"worker_id": ["W1"], "edition": 1, "category": "skill", "is_team": False, "file": "r.xlsx"}
    )
    rows = [
        ("W1", "final", "awarded"),
        ("W1", "preliminary", "advanced"),
        ("W2", "final", "out"),
        ("W6", "final", "out"),
        ("W3", "preliminary", "out"),
        ("W9", "final", "out"),
        (None, "final", "out"),
    ]
    entry = pd.DataFrame(rows, columns=["worker_id", "stage", "outcome"])
    entry = entry.assign(edition=1, category="skill", is_team=True, file="s.xlsx")
    both = []
    for source, table in (("roster", roster), ("entry", entry)):
        table["sheet"], table["row"], table["part"] = "", range(2, len(table) + 2), 1
        both.append(table[[*RECORD_KEY, "worker_id"]].assign(source=source))
    audit = pd.concat(both, ignore_index=True).assign(
        firm_id=None, entity="worker", method="id", score=1.0, uniqueness="unique"
    )
    firms = audit.assign(entity="firm", firm_id=A, worker_id=None)
    tables = {"roster": roster.drop(columns="worker_id"), "entry": entry.drop(columns="worker_id")}
    return tables, FirmLinks(firm=FIRM, link_audit=firms), audit


@pytest.mark.slow
@pytest.mark.slow
def test_contestants_start_on_one_day_and_are_followed_alike() -> None:
    tables, firms, audit = contest()
    more = pd.concat(
        [employment(), pd.DataFrame([("W9", D, 201601, 202012)], columns=employment().columns[:4])]
    )
    people = PeopleLinks(employment=more, link_audit=audit)
    result = build_worker_final(tables, firms, people, calendar=CALENDAR)
    assert result.columns.tolist() == COLUMNS
    rows = result.set_index("worker_id")
    assert rows["arm"].to_dict() == {
        "W1": "winner",
        "W2": "finalist",
        "W3": "participant",
        "W6": "finalist",
        "W9": "finalist",
    }
    assert rows["final_ym"].unique().tolist() == [201612]
    assert rows["employed"].tolist() == [True, True, True, True, False]
    assert rows["version"].unique().tolist() == ["A"]
    twelve = rows[SHARES[:4]]
    assert twelve.loc["W1"].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert twelve.loc["W2"].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert twelve.loc["W3"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert twelve.loc["W6"].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert rows.loc["W9", SHARES].isna().all()
    assert rows[["method", "score", "uniqueness"]].drop_duplicates().values.tolist() == [
        ["id", 1.0, "unique"]
    ]


@pytest.mark.slow
@pytest.mark.slow
def test_beyond_the_export_nothing_is_known() -> None:
    tables, firms, audit = contest()
    short = employment().assign(end_ym=lambda table: table["end_ym"].clip(upper=201811))
    short = short[short["start_ym"].le(short["end_ym"])]
    people = PeopleLinks(employment=short, link_audit=audit)
    rows = build_worker_final(tables, firms, people, calendar=CALENDAR).query("employed")
    assert len(rows) == 4
    assert rows[SHARES[:4]].notna().all(axis=None)
    assert rows[SHARES[4:]].isna().all(axis=None)
