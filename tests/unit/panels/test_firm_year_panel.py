"""A panel of five firms computed by hand: every rule of staff, patents and awards once.

Firms: A lives throughout; B is young; C closes in September 2017; D is of unknown age; E is founded
in 2018.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.link.clean_rows import month_lines
from zgzx_research.link.employment_spells import build_employment
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.firm_year import COLUMNS, build_firm_year, check_coverage, check_firm_year
from zgzx_research.panels.retention import large_enough

pytestmark = pytest.mark.slow  # together more than five seconds

A, B, C, D, E = (f"F00000{n}" for n in range(1, 6))
RECORD_KEY = ["file", "sheet", "row", "part"]
NA, NAN = pd.NA, float("nan")

FIRM = pd.DataFrame(
    {
        "firm_id": [A, B, C, D, E],
        "founded": pd.to_datetime(["2000-01-01", "2016-01-05", "2005-03-01", None, "2018-02-01"]),
        "closed": pd.to_datetime([None, None, "2017-09-30", None, None]),
        "industry2": ["39", "39", "34", None, "26"],
        "size": ["中", "小", "小", "微", "微"],
        "street": ["坂田街道", "坂田街道", "龙岗街道", None, "宝龙街道"],
        "industry_section": ["C", "C", "C", None, "C"],
        "street_code": ["440307009", "440307009", None, None, None],
        "hitech": [True, False, False, False, False],
        "in_district": True,
        "group_id": [A, B, C, D, E],
        "successor_id": pd.Series([None] * 5, dtype="str"),
        "merged": pd.to_datetime([None] * 5),
    }
)

# worker, firm, first month, last month (None = still insured)
SPELLS = [
    ("w1", A, 201001, None),
    ("w1", B, 201606, 201712),  # two employers: counts at each
    ("w2", A, 201401, 201610),
    ("w2", A, 201702, None),  # a break of three months over December: insured throughout
    ("w3", A, 201401, 201608),
    ("w3", A, 201701, 201911),  # a break of four months: left, and came back
    ("w4", A, 201501, 201512),
    ("w4", B, 201601, None),  # A to B
    ("w5", C, 201001, 201709),
    ("w6", C, 201001, 201612),  # the last month is insured
    ("w7", D, 201505, None),
    ("w7", D, 201611, 201703),  # inside the spell above: not a second person
    ("w10", D, 201001, 201611),
    (
        "w10",
        D,
        201101,
        201103,
    ),  # inside the spell above: the break is from 201611 to the next, one month
    ("w10", D, 201701, None),
    ("w8", E, 201812, 201812),
    ("w9", None, 201001, None),  # employer unknown
    (None, A, 201001, None),  # person unknown
]

# application, type, day of filing, applicants (None = not in the registry)
PATENTS = [
    ("p01", "invention", "2015-12-31", [A]),  # before the panel
    ("p02", "invention", "2016-01-01", [A]),
    ("p03", "utility_model", "2016-12-31", [A, B]),  # whole for both
    ("p04", "design", "2017-05-05", [A, A]),  # twice the same firm
    ("p05", "invention", "2017-10-10", [C]),  # in the year of closure
    ("p06", "invention", "2018-01-02", [C]),  # after closure
    ("p07", "utility_model", "2017-02-02", [E]),  # before founding
    ("p08", "invention", "2019-03-03", [D, None]),
    ("p09", "invention", "2019-07-01", [D]),  # after the export
    ("p11", "utility_model", "2019-06-30", [D]),  # on its day
    ("p10", "invention", "2018-01-01", [None]),
]

# edition, category, firm, names in the entry
AWARDS = [
    (5, "talent", A, 1),
    (5, "innovation", A, 1),  # the same year: innovation goes first
    (6, "skill", A, 1),
    (6, "team", D, 3),
    (7, "talent", D, 1),
    (6, "skill", None, 1),
]
CALENDAR = pd.DataFrame(
    {
        "edition": [5, 6, 7],
        "year": [2017, 2017, 2019],
        "final_date": ["2017-04-28", "2018-01-10", None],
        "status": "assumed",
        "source": "test",
    }
)

# firm, year, staff_start, retained, retention, patents: all, invention, utility model, design
EXPECTED = [
    (A, 2016, 4, 2, 0.5, 2, 1, 1, 0),
    (A, 2017, 2, 2, 1.0, 1, 0, 0, 1),
    (A, 2018, 3, 3, 1.0, 0, 0, 0, 0),
    (A, 2019, 3, NA, NAN, 0, 0, 0, 0),
    (B, 2016, 0, 0, NAN, 1, 0, 1, 0),
    (B, 2017, 2, 2, 1.0, 0, 0, 0, 0),
    (B, 2018, 2, 1, 0.5, 0, 0, 0, 0),
    (B, 2019, 1, NA, NAN, 0, 0, 0, 0),
    (C, 2016, 2, 2, 1.0, 0, 0, 0, 0),
    (C, 2017, 2, 0, 0.0, 1, 1, 0, 0),
    (C, 2018, NA, NA, NAN, NA, NA, NA, NA),
    (C, 2019, NA, NA, NAN, NA, NA, NA, NA),
    (D, 2016, 2, 2, 1.0, 0, 0, 0, 0),
    (D, 2017, 2, 2, 1.0, 0, 0, 0, 0),
    (D, 2018, 2, 2, 1.0, 0, 0, 0, 0),
    (D, 2019, 2, NA, NAN, 2, 1, 1, 0),
    (E, 2016, 0, 0, NAN, NA, NA, NA, NA),
    (E, 2017, 0, 0, NAN, NA, NA, NA, NA),
    (E, 2018, 0, 0, NAN, 0, 0, 0, 0),
    (E, 2019, 1, NA, NAN, 0, 0, 0, 0),
]  # E 2019: founded, staffed in December 2018; the export ends with November 2019
PATENT_COLUMNS = ["patents_all", "patents_invention", "patents_utility_model", "patents_design"]


def keyed(table: pd.DataFrame, file: str) -> pd.DataFrame:
    if "row" not in table:
        table = table.assign(row=range(2, len(table) + 2), part=1)
    return table.assign(file=file, sheet="")


def audit(source: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[[*RECORD_KEY, "firm_id"]].assign(
        source=source, entity="firm", method="name", score=1.0
    )


def inputs() -> dict[str, pd.DataFrame]:
    spell = keyed(
        pd.DataFrame(SPELLS, columns=["worker_id", "firm_id", "start_ym", "end_ym"]), "spells.csv"
    )
    spell = spell.astype({"end_ym": "Int64", "firm_id": "str", "worker_id": "str"})
    patent = keyed(pd.DataFrame(PATENTS, columns=["app_no", "type", "filed", "firms"]), "cnipa.csv")
    party = patent.explode("firms").rename(columns={"firms": "firm_id"}).astype({"firm_id": "str"})
    party["part"] = party.groupby("row").cumcount() + 1
    entries = [
        (*row[:3], n, part) for n, row in enumerate(AWARDS, 5) for part in range(1, row[3] + 1)
    ]
    roster = keyed(
        pd.DataFrame(entries, columns=["edition", "category", "firm_id", "row", "part"]),
        "edition.xlsx",
    )
    roster = roster.astype({"firm_id": "str"})
    links = [audit("spell", spell), audit("patent_party", party), audit("roster", roster)]
    return {
        "firm": FIRM,
        "roster": roster.drop(columns="firm_id"),
        "spell": spell.drop(columns=["worker_id", "firm_id"]),
        "spell_worker": spell[[*RECORD_KEY, "worker_id"]].assign(source="spell"),
        "patent": patent.drop(columns="firms").assign(filed=pd.to_datetime(patent["filed"])),
        "patent_party": party[[*RECORD_KEY, "app_no"]].assign(role="applicant"),
        "link_audit": pd.concat(links, ignore_index=True),
    }


def build(tables: dict[str, pd.DataFrame] | None = None, **changed: object) -> pd.DataFrame:
    """The panel of these tables; that of the usual ones is made once."""
    return make_panel(tables or inputs(), **changed) if tables or changed else usual_panel().copy()


@cache
def usual_panel() -> pd.DataFrame:
    return make_panel(inputs())


def make_panel(tables: dict[str, pd.DataFrame], **changed: object) -> pd.DataFrame:
    options = {
        "first_year": 2016,
        "last_year": 2019,
        "patent_truncation": dt.date(2019, 6, 30),
        "calendar": CALENDAR,
    }
    given = dict(tables)
    firms = FirmLinks(firm=given.pop("firm"), link_audit=given.pop("link_audit"))
    employment = build_employment(
        *month_lines(given), given.pop("spell_worker"), firms.link_audit, firms.link_audit.iloc[:0]
    )
    people = PeopleLinks(employment=employment, link_audit=pd.DataFrame())
    return build_firm_year(given, firms, people, **(options | changed))


def expected(columns: list[str]) -> pd.DataFrame:
    names = ["firm_id", "year", "staff_start", "retained", "retention", *PATENT_COLUMNS]
    whole = dict.fromkeys(["staff_start", "retained", *PATENT_COLUMNS], "Int64")
    table = pd.DataFrame(EXPECTED, columns=names)
    return table.astype({"firm_id": "str", "retention": "float64"} | whole)[
        ["firm_id", "year", *columns]
    ]


@pytest.mark.slow
@pytest.mark.slow
def test_staff_and_retention() -> None:
    columns = ["staff_start", "retained", "retention"]
    pd.testing.assert_frame_equal(build()[["firm_id", "year", *columns]], expected(columns))


def test_patents() -> None:
    pd.testing.assert_frame_equal(
        build()[["firm_id", "year", *PATENT_COLUMNS]], expected(PATENT_COLUMNS)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "own", "gained"),
    [
        ("2017-01-01", [0, NA, NA, NA], [0, 1, 1, 0]),  # no 2017 of its own
        (
            "2017-10-01",
            [0, 0, NA, NA],
            [0, 1, 1, 0],
        ),  # nine months of its own, in which it filed nothing
        ("2017-10-11", [0, 1, NA, NA], [0, 0, 1, 0]),
    ],
)
def test_after_a_merger_patents_are_the_successors(day: str, own: list, gained: list[int]) -> None:
    """C files on 2017-10-10 and 2018-01-02, and goes into A."""
    ended, on = FIRM["firm_id"].eq(C), pd.Timestamp(day)
    changed = {name: FIRM[name].mask(ended, on) for name in ("closed", "merged")}
    changed |= {name: FIRM[name].mask(ended, A) for name in ("successor_id", "group_id")}
    panel = build(inputs() | {"firm": FIRM.assign(**changed)}).set_index(["firm_id", "year"])[
        "patents_invention"
    ]
    before = build().set_index(["firm_id", "year"])["patents_invention"]
    assert panel[C].astype(object).fillna(-1).tolist() == [-1 if n is NA else n for n in own]
    assert (panel - before)[A].tolist() == gained


def test_first_award_is_the_year_of_the_final_and_constant() -> None:
    panel = build()
    firms = panel.drop_duplicates(["firm_id", "first_award", "first_category"]).set_index("firm_id")
    assert len(firms) == 5
    assert firms["first_award"].dtype == "Int64"
    assert firms["first_award"].dropna().to_dict() == {A: 2017, D: 2018}
    assert firms["first_category"].dropna().to_dict() == {A: "innovation", D: "team"}
    assert firms["award_link_score"].dropna().to_dict() == {A: 1.0, D: 1.0}  # as in `audit`


def test_columns_of_the_firm_are_carried() -> None:
    panel = build()
    assert panel.columns.tolist() == COLUMNS
    assert panel.query("firm_id == @C")["closed_year"].tolist() == [2017] * 4
    assert panel.query("firm_id == @A")["street"].unique().tolist() == ["坂田街道"]
    assert (
        panel.query("firm_id == @D")[["industry2", "street", "closed_year"]].isna().all(axis=None)
    )


@pytest.mark.slow
def test_a_shorter_bridge_and_a_longer_one() -> None:
    def year_2016(months: int) -> list[int]:
        panel = build(longest_break=months).query("firm_id == @A and year == 2016")
        return panel[["staff_start", "retained"]].values.tolist()[0]

    assert year_2016(2) == [4, 1]  # w2 left as well
    assert year_2016(4) == [4, 3]  # w3 stayed


@pytest.mark.slow
@pytest.mark.slow
def test_moving_within_the_legal_group_is_staying() -> None:
    tables = inputs()
    tables["firm"] = FIRM.assign(group_id=[A, A, C, D, E])
    panel = build(tables).set_index(["firm_id", "year"])
    assert panel.loc[(A, 2016), ["staff_start", "retained"]].tolist() == [4, 3]  # w4 moved to B
    assert panel.loc[(B, 2018), ["staff_start", "retained"]].tolist() == [
        2,
        2,
    ]  # w1 left B, but is with A


@pytest.mark.slow
@pytest.mark.slow
def test_the_year_after_the_patent_export_is_missing_and_its_own_is_kept() -> None:
    panel = build(patent_truncation=dt.date(2018, 1, 1)).set_index(["firm_id", "year"])
    assert panel.loc[(A, 2018), "patents_all"] == 0
    assert panel.loc[(A, 2019), PATENT_COLUMNS].isna().all()
    assert panel.loc[(C, 2019), PATENT_COLUMNS].isna().all()


@pytest.mark.slow
@pytest.mark.slow
def test_an_export_to_december_covers_the_year() -> None:
    tables = inputs()
    more = tables["spell"].assign(end_ym=tables["spell"]["end_ym"].replace(201911, 201912))
    panel = build(tables | {"spell": more}).set_index(["firm_id", "year"])
    assert panel.loc[(A, 2019), ["staff_start", "retained", "retention"]].tolist() == [3, 3, 1.0]
    assert panel.loc[(E, 2019), ["staff_start", "retained", "retention"]].tolist() == [1, 0, 0.0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_does_not_matter_and_nothing_is_changed(seed: int) -> None:
    mixed = {name: table.sample(frac=1, random_state=seed) for name, table in inputs().items()}
    before = {name: table.copy() for name, table in mixed.items()}
    pd.testing.assert_frame_equal(build(mixed), build())
    for name, table in mixed.items():
        pd.testing.assert_frame_equal(table, before[name])


@pytest.mark.slow
@pytest.mark.slow
def test_no_spells_no_filings_no_awards() -> None:
    tables = inputs()
    empty = {name: table.iloc[:0] for name, table in tables.items() if name != "firm"}
    panel = build(tables | empty)
    assert len(panel) == 20
    assert panel["retention"].isna().all()
    assert panel["first_award"].isna().all()
    assert panel["patents_all"].sum() == 0


def test_a_pair_that_stands_twice_is_named() -> None:
    panel = pd.DataFrame({"firm_id": [A, B, A, B, C], "year": [2016, 2016, 2016, 2016, 2016]})
    with pytest.raises(ZgzxError, match=r"2 affected.*\(F000001, 2016\); \(F000002, 2016\)"):
        check_firm_year(panel)
    tables = inputs()
    tables["firm"] = pd.concat([FIRM, FIRM.iloc[[1]]], ignore_index=True)
    with pytest.raises(ZgzxError, match=r"\(F000002, 2016\)"):
        build(tables)


@pytest.mark.slow
@pytest.mark.slow
def test_an_edition_without_a_year_is_named() -> None:
    with pytest.raises(ZgzxError, match="edition 6: 0 lines"):
        build(calendar=CALENDAR.query("edition != 6"))
    with pytest.raises(ZgzxError, match="edition 7: 2 lines"):
        build(calendar=pd.concat([CALENDAR, CALENDAR.iloc[[2]]]))


def test_years_the_wrong_way_round() -> None:
    with pytest.raises(ZgzxError, match="first_year 2019 is after last_year 2016"):
        build(first_year=2019, last_year=2016)


def test_the_smallest_firms_leave_by_their_first_staff() -> None:
    panel = build()
    assert large_enough(panel, 2)["firm_id"].unique().tolist() == [A, B, C, D]
    assert large_enough(panel, 4)["firm_id"].unique().tolist() == [A]  # although it has 2 in 2017
    assert len(large_enough(panel, 4)) == 4
    assert large_enough(panel, 5).empty


def test_a_year_without_the_months_of_the_extract_is_named() -> None:
    """Spells cover every year; the months of 2018 are those of a personal statement only."""
    patent = pd.DataFrame(
        {"filed": pd.to_datetime([f"{year}-05-01" for year in range(2016, 2020)])}
    )
    employment = pd.DataFrame({"start_ym": [201001], "end_ym": pd.array([None], dtype="Int64")})
    periods = [year * 100 + month for year in (2016, 2017, 2019) for month in range(1, 13)] * 20 + [
        201801
    ] * 11
    months = pd.DataFrame({"period_ym": pd.array(periods, dtype="Int64")})
    with pytest.raises(ZgzxError, match=r"monthly employment .*, 1 affected, e\.g\. 2018"):
        check_coverage(patent, employment, 2016, 2019, months)
    check_coverage(patent, employment, 2016, 2019, months.iloc[:0])  # a study without months
    more = pd.DataFrame({"period_ym": pd.array([*periods, 201802], dtype="Int64")})
    check_coverage(patent, employment, 2016, 2019, more)
