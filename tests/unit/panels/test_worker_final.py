"""Ranks, tenure, leaving, history, wages, inventions and traits of contestants, worked out by hand.

The world: a contest of six entries at firms A (which became B's group) and C, and one before it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.worker_entries import entry_ranks
from zgzx_research.panels.worker_final import COLUMNS, build_worker_final
from zgzx_research.panels.worker_history import INVENTION_YEARS

pytestmark = pytest.mark.slow  # together more than five seconds

A, B, C = "F000001", "F000002", "F000003"
FIRM = pd.DataFrame({"firm_id": [A, B, C], "group_id": [B, B, C], "in_district": True})
CALENDAR = pd.DataFrame(
    {"edition": [1, 2], "year": [2014, 2016], "final_date": ["2014-11-15", "2016-11-15"]}
)
KEY = ["file", "sheet", "row", "part"]

WINNER_COLUMNS = ["worker_id", "firm_id", "edition", "category", "is_team", "row", "part"]
WINNER_COLUMNS += ["sex", "birth_year", "education", "skill_level"]
WINNERS = [
    ("W1", A, 1, "skill", False, 2, 1, "female", 1980, "college", "junior"),
    ("W1", A, 2, "team", True, 3, 1, None, None, None, "technician"),
    ("W2", A, 2, "team", True, 3, 2, None, None, None, None),
    ("W3", C, 2, "team", True, 4, 1, "male", 1990, "graduate", None),
]
SCORED_COLUMNS = ["worker_id", "firm_id", "edition", "stage", "outcome"]
SCORED_COLUMNS += ["rank", "total", "is_team", "row", "part"]
SCORED = [
    ("W1", A, 2, "final", "awarded", 1, 95.0, True, 2, 1),
    ("W2", A, 2, "final", "awarded", 1, 95.0, True, 2, 2),
    ("W3", C, 2, "final", "awarded", 2, 90.0, True, 3, 1),
    ("W4", C, 2, "final", "out", 3, 85.0, True, 4, 1),
    ("W5", A, 2, "final", "out", 3, 85.0, True, 5, 1),
    ("W6", A, 2, "final", "out", 5, 80.0, True, 6, 1),
    ("W7", A, 2, "final", "absent", None, None, True, 7, 1),
    ("W8", C, 2, "preliminary", "out", 9, 50.0, True, 8, 1),
]
# the final is in 201611, the data end in 202012
SPELLS = [
    ("W1", A, 201401, 202012),  # 35 months before and in the final, still there
    ("W2", A, 201601, 201605),
    ("W2", B, 201608, 201702),  # the same group: 5 + 4 months, last there 3 months after
    ("W3", C, 201611, 201712),
    ("W3", C, 201803, 201901),  # a break of two months
    ("W4", C, 201001, 201611),  # not there in the month after
    ("W5", A, 201501, 202010),  # two months before the end of the data
    ("W6", C, 201501, 202012),  # not at the firm in the list
    ("W8", C, 201501, 202012),
]
BASES = [
    ("W1", 201510, 9000.0),  # 13 months before
    ("W1", 201511, 4000.0),
    ("W1", 201610, 5000.0),
    ("W1", 201611, 7000.0),  # the month of the final is in neither window
    ("W1", 201711, 7000.0),  # 12 months after
    ("W1", 201712, 6000.0),
    ("W1", 201811, 6600.5),
    ("W1", 201812, 9000.0),
]
# application, type, day of filing, inventors
PATENTS = [
    ("P1", "invention", "2012-03-01", ["W3"]),
    ("P2", "invention", "2015-05-01", ["W1", "W2"]),
    ("P3", "invention", "2016-12-31", ["W1"]),
    ("P4", "utility_model", "2016-06-01", ["W1"]),
    ("P5", "invention", "2017-01-01", ["W1"]),
    ("P6", "invention", "2017-02-01", ["W1"]),
]


def worlds() -> tuple[dict[str, pd.DataFrame], FirmLinks, PeopleLinks]:
    roster = pd.DataFrame(
        WINNERS,
        columns=[
            "worker_id",
            "firm_id",
            "edition",
            "category",
            "is_team",
            "row",
            "part",
            "sex",
            "birth_year",
            "education",
            "skill_level",
        ],
    ).astype({"birth_year": "Int64"})
    entry = pd.DataFrame(
        SCORED,
        columns=[
            "worker_id",
            "firm_id",
            "edition",
            "stage",
            "outcome",
            "rank",
            "total",
            "is_team",
            "row",
            "part",
        ],
    ).astype({"rank": "Int64"})
    entry["category"] = "team"
    roster["file"], entry["file"] = "roster/001", "scores/001"
    audits = []
    for source, table in (("roster", roster), ("entry", entry)):
        table["sheet"] = "1"
        table["name_key"] = "name of " + table["worker_id"]
        audits.append(table[[*KEY, "worker_id", "firm_id"]].assign(source=source))
    patent = pd.DataFrame(
        [(app_no, kind, day) for app_no, kind, day, _ in PATENTS],
        columns=["app_no", "type", "filed"],
    )
    patent["filed"] = pd.to_datetime(patent["filed"])
    party = pd.DataFrame(
        [(app_no, who) for app_no, _, _, inventors in PATENTS for who in inventors],
        columns=["app_no", "worker_id"],
    ).assign(file="patents/001", sheet="", part=1, role="inventor")
    party["row"] = range(2, len(party) + 2)
    audits.append(party[[*KEY, "worker_id"]].assign(source="patent_party", firm_id=None))
    audit = pd.concat(audits, ignore_index=True).assign(method="id", score=1.0, uniqueness="unique")
    scores = entry.loc[entry["rank"].notna(), ["edition", "category", "stage", "row"]]
    score = scores.merge(pd.DataFrame({"part": range(1, 8)}), how="cross").assign(score=80.0)
    score = score[~(score["row"].eq(3) & score["part"].eq(7))]  # a cell left blank
    employment = pd.DataFrame(SPELLS, columns=["worker_id", "firm_id", "start_ym", "end_ym"])
    tables = {
        "roster": roster.drop(columns=["worker_id", "firm_id"]),
        "entry": entry.drop(columns=["worker_id", "firm_id"]),
        "score": score,
        "patent": patent,
        "patent_party": party.drop(columns="worker_id"),
    }
    return (
        tables,
        FirmLinks(firm=FIRM, link_audit=audit[audit["firm_id"].notna()].drop(columns="worker_id")),
        PeopleLinks(
            employment=employment,
            link_audit=audit.drop(columns="firm_id"),
            wage_base=pd.DataFrame(BASES, columns=["worker_id", "period_ym", "base"]),
        ),
    )


@cache
def whole() -> pd.DataFrame:
    tables, firms, people = worlds()
    return build_worker_final(tables, firms, people, calendar=CALENDAR)


@cache
def plain() -> pd.DataFrame:
    return built()


def built(**tables: pd.DataFrame | None) -> pd.DataFrame:
    """The rows of the second edition by worker; `tables` take the place of others."""
    given, firms, people = worlds()
    given |= tables  # type: ignore[arg-type]
    given = {name: table for name, table in given.items() if table is not None}
    result = build_worker_final(
        given, firms, people, calendar=CALENDAR, patent_truncation=dt.date(2018, 6, 30)
    )
    assert result.columns.tolist() == COLUMNS
    return result[result["edition"].eq(2)].set_index("worker_id")


def listed(rows: pd.DataFrame, column: str) -> list:
    return [None if pd.isna(value) else value for value in rows[column]]


@pytest.mark.slow
@pytest.mark.slow
def test_the_members_of_a_team_are_one_entry() -> None:
    rows = plain()
    assert rows.index.tolist() == [f"W{number}" for number in range(1, 9)]
    assert rows.loc["W1", "entry_id"] == rows.loc["W2", "entry_id"]
    assert rows["entry_id"].nunique() == 7
    assert rows["arm"].tolist() == ["winner"] * 3 + ["finalist"] * 4 + ["participant"]


def test_ranks_and_the_distance_to_the_cut() -> None:
    rows = plain()
    assert listed(rows, "rank") == [1, 1, 2, 3, 3, 5, None, None]
    assert listed(rows, "cut_distance") == [2, 2, 1, -1, -1, -3, None, None]
    assert listed(rows, "tied") == [False, False, False, True, True, False, None, None]
    assert listed(rows, "rank_total") == [5] * 7 + [None]
    assert listed(rows, "n_judges") == [7] * 7 + [None]


def ranked(entry: pd.DataFrame, people: PeopleLinks | None = None) -> pd.DataFrame:
    """Ranks of the entries by list and row: winners are rows 3 and 4 of the roster."""
    tables, firms, linked = worlds()
    ranks = entry_ranks(tables["roster"], entry, None, firms, people or linked)
    second = ranks[ranks["entry_id"].str.startswith("02")]
    return second.set_index(["source", "row"]).sort_index()


def test_ranks_from_totals_where_a_sheet_has_none() -> None:
    entry = worlds()[0]["entry"].assign(rank=pd.Series(dtype="Int64"))
    rows = ranked(entry)
    assert listed(rows.loc["roster"], "rank") == [1, 2]
    assert listed(rows.loc["entry"], "rank") == [3, 3, 5, None, None]


def test_no_cut_where_a_loser_is_ranked_as_high_as_a_winner() -> None:
    entry = worlds()[0]["entry"]
    entry.loc[entry["row"].eq(4), "rank"] = 2
    rows = ranked(entry)
    assert rows["cut_distance"].isna().all()
    assert listed(rows.loc["roster"], "tied") == [False, True]
    assert listed(rows.loc["entry"], "tied") == [True, False, False, None, None]


def test_a_blank_result_is_a_win_where_the_roster_says_so() -> None:
    entry = worlds()[0]["entry"]
    entry.loc[entry["row"].isin([2, 3]), "outcome"] = None
    assert listed(ranked(entry).loc["roster"], "cut_distance") == [2, 1]


@pytest.mark.parametrize(
    ("is_team", "is_linked", "rank"), [(False, True, 2), (True, False, 2), (False, False, None)]
)
def test_a_winner_without_a_name_is_found_by_person_or_as_a_team_by_firm(
    is_team: bool, is_linked: bool, rank: int | None
) -> None:
    tables, _, people = worlds()
    entry = tables["entry"].assign(is_team=is_team)
    entry.loc[entry["row"].eq(3), "name_key"] = None
    audit = people.link_audit
    lost = audit["source"].eq("entry") & audit["row"].eq(3) & (not is_linked)
    links = replace(people, link_audit=audit.assign(worker_id=audit["worker_id"].mask(lost)))
    assert listed(ranked(entry, links).loc["roster"], "rank") == [1, rank]


def test_tenure_and_leaving_at_the_legal_group() -> None:
    rows = plain()
    assert listed(rows, "employed") == [True] * 5 + [False] * 2 + [True]
    assert listed(rows, "tenure_months") == [35, 9, 1, 83, 23, None, None, 23]
    assert listed(rows, "leave_month") == [None, 4, 27, 1, 48, None, None, None]
    assert set(rows["observed_months"]) == {49}


def test_leaving_agrees_with_staying() -> None:
    rows = plain().query("employed")
    gone = rows["leave_month"].fillna(999)
    assert rows["retention_12_group"].eq(1.0).tolist() == gone.gt(12).tolist()
    assert rows["retention_24_group"].eq(1.0).tolist() == gone.gt(24).tolist()


def test_what_was_before_and_who_else_came() -> None:
    rows = plain()
    assert listed(rows, "earlier_entries") == [1, 0, 0, 0, 0, 0, 0, 0]
    assert listed(rows, "earlier_awards") == [1, 0, 0, 0, 0, 0, 0, 0]
    # of A the winners, W5, W6 and W7 were in the final, of C W3 and W4
    assert listed(rows, "firm_entries") == [4, 4, 2, 2, 4, 4, 4, 2]


def test_wages_before_and_after() -> None:
    rows = plain()
    assert listed(rows, "wage_base_before") == [4500.0] + [None] * 7
    assert listed(rows, "wage_base_after") == [6300.25] + [None] * 7


@pytest.mark.slow
def test_a_window_that_the_data_do_not_cover_has_no_wage() -> None:
    tables, firms, people = worlds()
    short = people.employment.assign(end_ym=lambda rows: rows["end_ym"].clip(upper=201810))
    short = short[short["start_ym"].le(short["end_ym"])]
    cut = PeopleLinks(employment=short, link_audit=people.link_audit, wage_base=people.wage_base)
    result = build_worker_final(tables, firms, cut, calendar=CALENDAR)
    assert result["wage_base_before"].notna().any()
    assert result.loc[result["edition"].eq(2), "wage_base_after"].isna().all()


def test_inventions_by_year_from_the_final() -> None:
    rows = plain()
    # 2011 is before the first filing; 2018 is not over at the date of the export
    expected = {
        "W1": [None, 0, 0, 0, 1, 1, 2, None, None],
        "W3": [None, 1, 0, 0, 0, 0, 0, None, None],
    }
    for worker, counts in expected.items():
        assert [None if pd.isna(n) else n for n in rows.loc[worker, [*INVENTION_YEARS]]] == counts
    assert rows.loc["W2", "inventions_m1"] == 1
    assert rows.loc["W7", [*INVENTION_YEARS]].isna().all()  # never insured, never found


@pytest.mark.slow
@pytest.mark.slow
def test_traits_come_from_rosters_up_to_the_edition() -> None:
    rows = plain()
    assert listed(rows, "sex") == ["female", None, "male", *[None] * 5]
    assert listed(rows, "birth_year") == [1980, None, 1990, *[None] * 5]
    assert listed(rows, "education") == ["college", None, "graduate", *[None] * 5]
    assert listed(rows, "skill_level") == ["technician", *[None] * 7]
    assert rows["skill_level"].cat.ordered
    assert rows["skill_level"].max() == "technician"
    first = whole().query("edition == 1")
    assert first["skill_level"].tolist() == ["junior"]  # not what he became later


@pytest.mark.slow
@pytest.mark.parametrize("source", ["score", "patent", "patent_party"])
def test_an_absent_source_leaves_cells_missing(source: str) -> None:
    rows = built(**{source: None})
    missing = ["n_judges"] if source == "score" else [*INVENTION_YEARS]
    assert rows[missing].isna().all(axis=None)
    assert rows["rank"].notna().sum() == 6


@pytest.mark.slow
def test_without_score_sheets_and_qualifications() -> None:
    tables, firms, people = worlds()
    bare = tables["roster"].drop(columns=["sex", "birth_year", "education", "skill_level"])
    nobody = tables["entry"].iloc[:0]
    alone = PeopleLinks(employment=people.employment, link_audit=people.link_audit)
    result = build_worker_final({"roster": bare, "entry": nobody}, firms, alone, calendar=CALENDAR)
    empty = ["rank", "cut_distance", "n_judges", "wage_base_before", "sex", "skill_level"]
    assert result[empty].isna().all(axis=None)
    assert result["arm"].tolist() == ["winner"] * 4
    assert result["firm_entries"].tolist() == [1, 1, 1, 1]


@pytest.mark.slow
def test_types_are_the_same_whatever_is_missing() -> None:
    tables, firms, people = worlds()
    alone = PeopleLinks(employment=people.employment, link_audit=people.link_audit)
    lists = {"roster": tables["roster"], "entry": tables["entry"]}
    bare = build_worker_final(lists, firms, alone, calendar=CALENDAR)
    assert whole().dtypes.to_dict() == bare.dtypes.to_dict()


@pytest.mark.slow
def test_the_order_of_the_rows_does_not_matter_and_nothing_is_changed() -> None:
    tables, firms, people = worlds()
    before = {name: table.copy() for name, table in tables.items()}
    one = build_worker_final(tables, firms, people, calendar=CALENDAR)
    for name, table in before.items():
        pd.testing.assert_frame_equal(tables[name], table)
    mixed = {name: table.sample(frac=1, random_state=3) for name, table in tables.items()}
    other = build_worker_final(
        mixed,
        FirmLinks(firm=FIRM, link_audit=firms.link_audit.sample(frac=1, random_state=4)),
        PeopleLinks(
            employment=people.employment.sample(frac=1, random_state=5),
            link_audit=people.link_audit.sample(frac=1, random_state=6),
            wage_base=people.wage_base.sample(frac=1, random_state=7),
        ),
        calendar=CALENDAR,
    )
    pd.testing.assert_frame_equal(one, other)
