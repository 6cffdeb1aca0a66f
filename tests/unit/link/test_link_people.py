"""Persons of the insurance; contestants at their firm in the month of the final; inventors."""

from __future__ import annotations

import pandas as pd
import pytest
from clean_world import World, make_world
from evaluation import evaluate, true_workers

from zgzx_research.link.audit import link_summary, linkage_rates, relink
from zgzx_research.link.link_firms import FirmLinks, link_firms
from zgzx_research.link.link_people import PeopleLinks, link_people

pytestmark = pytest.mark.slow  # together more than five seconds

RECORD_KEY = ["file", "sheet", "row", "part"]
TOKENS = ["name_key", "surname_key", "id_key", "mask_key", "birth_key"]
CALENDAR = pd.DataFrame(
    {"edition": [1, 2], "year": [2018, 2019], "final_date": ["2018-06-15", "2019-06-15"]}
)


def table(rows: list[dict], columns: list[str], source: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows,
        columns=[*columns, *(c for row in rows for c in row if c not in columns)][: len(columns)],
    )
    frame = frame.astype(
        {
            name: "str"
            for name in columns
            if name.endswith(("_key", "name", "stage", "outcome", "category"))
        }
    )
    return frame.assign(file=f"{source}.csv", sheet="", row=range(2, len(frame) + 2), part=1)


def insurance(*rows: dict) -> pd.DataFrame:
    """Spells: number, firm, name (surname = its first letter), id, mask, birth, start, end."""
    made = [
        {
            "person_key": row["number"],
            "employer_name": row.get("firm", "深圳市甲甲有限公司"),
            "name_key": row.get("name"),
            "surname_key": row.get("name", "?")[:1],
            "id_key": row.get("id"),
            "mask_key": row.get("mask"),
            "birth_key": row.get("birth"),
            "employer_no": None,
            "employer_uscc": None,
            "start_ym": row.get("start", 201001),
            "end_ym": row.get("end", 202012),
        }
        for row in rows
    ]
    columns = [
        "person_key",
        "employer_name",
        *TOKENS,
        "employer_no",
        "employer_uscc",
        "start_ym",
        "end_ym",
    ]
    return table(made, columns, "employment/spells").astype(
        {"employer_no": "str", "employer_uscc": "str"}
    )


def roster(*rows: dict) -> pd.DataFrame:
    made = [
        {
            "edition": row.get("edition", 1),
            "category": "skill",
            "is_team": False,
            "name_key": row.get("name"),
            "surname_key": row.get("name", "?")[:1],
            "id_key": row.get("id"),
            "mask_key": row.get("mask"),
            "birth_key": row.get("birth"),
            "phone_key": row.get("phone"),
            "firm_name": row.get("firm", "深圳市甲甲有限公司"),
        }
        for row in rows
    ]
    return table(
        made,
        ["edition", "category", "is_team", *TOKENS, "phone_key", "firm_name"],
        "roster/edition_01",
    )


def entry(*rows: dict) -> pd.DataFrame:
    made = [
        {
            "edition": row.get("edition", 1),
            "category": "skill",
            "stage": row.get("stage", "final"),
            "is_team": False,
            "outcome": row.get("outcome", "out"),
            "name_key": row["name"],
            "surname_key": row["name"][:1],
            "firm_name": row.get("firm", "深圳市甲甲有限公司"),
        }
        for row in rows
    ]
    columns = [
        "edition",
        "category",
        "stage",
        "is_team",
        "outcome",
        "name_key",
        "surname_key",
        "firm_name",
    ]
    return table(made, columns, "scores/edition_01")


REGISTRY = pd.DataFrame(
    {
        "file": "registry.csv",
        "sheet": "",
        "row": [2, 3],
        "part": 1,
        "uscc": ["C1", "C2"],
        "name": ["深圳市甲甲有限公司", "深圳市乙乙有限公司"],
        "founded": pd.Timestamp("2000-01-01"),
        "closed": pd.NaT,
        "status": "存续",
        "industry2": "39",
        "size": "小",
        "street": None,
        "staff": pd.array([9, 9], dtype="Int64"),
        "capital_cny": 1e6,
        "hitech": False,
    }
).astype({"closed": "datetime64[s]", "founded": "datetime64[s]", "street": "str"})
# Names are only compared, so invented ones do. A hundred bystanders make chance agreement rare.
CROWD = [
    {"number": f"c{n}", "name": f"X{n}", "birth": f"b{n}", "firm": "深圳市乙乙有限公司"}
    for n in range(100)
]


def link(**clean: pd.DataFrame) -> tuple[FirmLinks, PeopleLinks]:
    tables = {"registry": REGISTRY, **clean}
    firms = link_firms(tables, CALENDAR)
    return firms, link_people(tables, firms, CALENDAR)


def found(people: PeopleLinks, source: str) -> list[tuple]:
    """Row of the worker's first record, method and uniqueness, per row of the source."""
    first = people.spell_worker[people.spell_worker["source"].eq("spell")].drop_duplicates(
        "worker_id"
    )
    numbers = first.set_index("worker_id")["row"] - 2
    rows = people.link_audit[people.link_audit["source"].eq(source)]
    at = rows["worker_id"].map(numbers)
    return [
        (None if pd.isna(n) else int(n), *how)
        for n, how in zip(at, rows[["method", "uniqueness"]].values.tolist(), strict=True)
    ]


SPELLS = [
    ("a.csv", 2, "n1", "i1", None),
    ("a.csv", 3, "n2", None, "m2"),
    ("a.csv", 10, "n1", "i1", "m1"),
    ("b.csv", 2, "n2", "i2", "m2"),
    ("b.csv", 3, "i2", "i2", "m2"),  # number missing, clean put the ID: it belongs to n2
    ("b.csv", 4, None, "i3", "m3"),  # number missing, ID unknown elsewhere
    ("b.csv", 5, "i3", "i3", "m3"),
    ("b.csv", 6, None, None, "m4"),  # nobody
    ("b.csv", 7, "n5", "i5", "m5"),
    ("b.csv", 8, "n6", "i5", "m5"),  # one ID under two numbers: one person
    ("b.csv", 9, "i5", "i5", "m5"),
    ("c.csv", 2, "n7", "i7", "m7"),
    ("c.csv", 3, "n7", "i7", "m7"),
    ("c.csv", 4, "n7", "i1", "m7"),  # once the ID of another: two persons all the same
]
EXPECTED = [1, 2, 1, 2, 2, 3, 3, None, 4, 4, 4, 5, 5, 5]


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_workers_by_number_and_by_id_in_order_of_appearance(seed: int | None) -> None:
    rows = pd.DataFrame(SPELLS, columns=["file", "row", "person_key", "id_key", "name_key"])
    rows = rows.astype({"person_key": "str", "id_key": "str", "name_key": "str"}).assign(
        sheet="", part=1, start_ym=201001, end_ym=201012, employer_name="深圳市甲甲有限公司"
    )
    given = rows if seed is None else rows.sample(frac=1, random_state=seed)
    _, links = link(spell=given)
    ids = [None if pd.isna(worker) else worker for worker in links.spell_worker["worker_id"]]
    assert ids == [n and f"W{n:07d}" for n in EXPECTED]
    assert links.spell_worker.columns.tolist() == ["source", *RECORD_KEY, "worker_id"]
    assert links.worker.columns.tolist() == ["worker_id", "name_key", "id_key"]
    assert links.worker["name_key"].tolist() == ["m1", "m2", "m3", "m5", "m7"]
    assert links.worker["id_key"].tolist() == ["i1", "i2", "i3", "i5", "i7"]


@pytest.mark.slow
def test_months_spells_and_dispatch_of_one_person_are_one_worker() -> None:
    spell = insurance({"number": "p1", "id": "i1"})
    month = spell.assign(
        person_key="p2", period_ym=202101, paid_ym=202101, kind="normal", file="months.csv"
    )
    sent = pd.DataFrame(
        {
            "person_key": ["p3"],
            "id_key": ["i1"],
            "agency_name": ["x"],
            "service_firm": ["y"],
            "start_ym": [202101],
            "end_ym": [202101],
        }
    )
    sent = sent.assign(file="agency.xlsx", sheet="", row=2, part=1)
    _, links = link(spell=spell, si_month=month.drop(columns=["start_ym", "end_ym"]), dispatch=sent)
    assert links.spell_worker["worker_id"].tolist() == ["W0000001"] * 3
    assert links.employment[["start_ym", "end_ym"]].values.tolist() == [[201001, 202101]]


@pytest.mark.slow
@pytest.mark.slow
def test_the_one_of_the_name_insured_there_then_is_the_contestant() -> None:
    spell = insurance(
        {"number": "p1", "name": "Aa"},  # the one
        {"number": "p2", "name": "Aa", "end": 201805},  # had left a month and more before
        {"number": "p3", "name": "Aa", "firm": "深圳市乙乙有限公司"},  # elsewhere
        {"number": "p4", "name": "Bb", "end": 201801},  # left five months before
        *CROWD,
    )
    spell.loc[1, "end_ym"] = 201801
    _, people = link(spell=spell, entry=entry({"name": "Aa"}, {"name": "Bb"}, {"name": "Cc"}))
    assert found(people, "entry") == [
        (0, "splink", "unique"),
        (None, "none", "none"),
        (None, "none", "none"),
    ]
    assert people.link_audit["score"][0] > 0.9


@pytest.mark.slow
def test_a_short_gap_over_the_final_does_not_lose_the_contestant() -> None:
    spell = insurance(
        {"number": "p1", "name": "Aa", "end": 201804},
        {"number": "p1", "name": "Aa", "start": 201808},
        *CROWD,
    )
    _, people = link(spell=spell, entry=entry({"name": "Aa"}))
    assert found(people, "entry") == [(0, "splink", "unique")]


NAMESAKES = [
    {"number": "p1", "name": "Aa", "birth": "b1", "mask": "m1", "id": "i1"},
    {"number": "p2", "name": "Aa", "birth": "b2", "mask": "m2", "id": "i2"},
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({}, (None, "ambiguous", "several")),
        ({"birth": "b2"}, (1, "splink", "several")),
        ({"mask": "m1"}, (0, "splink", "several")),
        ({"id": "i2"}, (1, "id", "unique")),
        ({"id": "i2", "firm": "深圳市乙乙有限公司"}, (1, "id", "unique")),  # an ID needs no firm
        (
            {"mask": "m1", "firm": "某某"},
            (0, "splink", "several"),
        ),  # name and mask tell without the firm
        ({"firm": "某某"}, (None, "none", "none")),
    ],
)
def test_namesakes_in_one_firm_stay_open_unless_birth_mask_or_id_tell(
    line: dict, expected: tuple
) -> None:
    _, people = link(spell=insurance(*NAMESAKES, *CROWD), roster=roster({"name": "Aa", **line}))
    how = found(people, "roster")[0]
    assert how[:2] == expected[:2]
    if "firm" not in line:
        assert how == expected


@pytest.mark.slow
@pytest.mark.slow
def test_a_phone_known_from_another_edition_tells_namesakes_apart() -> None:
    lines = roster(
        {"name": "Aa", "id": "i2", "phone": "t2"}, {"name": "Aa", "phone": "t2", "edition": 2}
    )
    _, people = link(spell=insurance(*NAMESAKES, *CROWD), roster=lines)
    assert found(people, "roster") == [(1, "id", "unique"), (1, "splink", "several")]


@pytest.mark.slow
def test_another_id_is_another_person() -> None:
    _, people = link(
        spell=insurance(NAMESAKES[0], *CROWD), roster=roster({"name": "Aa", "id": "i9"})
    )
    assert found(people, "roster") == [(None, "id_only", "none")]
    assert (
        people.link_audit["worker_id"][0] == "W0000102"
    )  # a worker, whom the insurance does not know
    assert people.worker.tail(1)[["worker_id", "name_key", "id_key"]].values.tolist() == [
        ["W0000102", "Aa", "i9"]
    ]
    summary = link_summary(people.link_audit, "worker").iloc[0]
    assert summary[["rows", "linked", "id_only"]].tolist() == [1, 0, 1]


@pytest.mark.slow
def test_an_id_found_by_its_tokens_speaks_for_its_other_lines() -> None:
    spell = insurance(
        {"number": "p1", "name": "Aa", "birth": "b1"}, *CROWD
    )  # insured without an ID
    lines = roster(
        {"name": "Aa", "id": "i1", "birth": "b1"},
        {"name": "Aa", "id": "i1", "firm": "某某", "edition": 2},
    )
    _, people = link(spell=spell, roster=lines)
    assert found(people, "roster") == [(0, "splink", "unique"), (0, "id", "unique")]


@pytest.mark.slow
def test_a_winner_s_score_line_follows_his_roster_line() -> None:
    lines = entry({"name": "Aa", "outcome": "awarded"}, {"name": "Aa", "outcome": "out"})
    _, people = link(
        spell=insurance(*NAMESAKES, *CROWD), roster=roster({"name": "Aa", "id": "i2"}), entry=lines
    )
    assert found(people, "entry") == [(1, "roster", "several"), (None, "ambiguous", "several")]


@pytest.mark.slow
@pytest.mark.slow
def test_inventors_by_firm_date_and_name_with_their_uniqueness() -> None:
    spell = insurance(
        {"number": "p1", "name": "Aa"},
        {"number": "p2", "name": "Bb"},
        {"number": "p3", "name": "Bb"},
        {"number": "p4", "name": "Cc", "start": 201901},
        *CROWD,
    )
    names = [
        ("applicant", "深圳市甲甲有限公司", None),
        *(("inventor", None, name) for name in ("Aa", "Bb", "Cc")),
    ]
    party = pd.DataFrame(names, columns=["role", "name", "name_key"]).assign(
        app_no="A1", file="p.csv", sheet="", row=2, part=[1, 2, 3, 4]
    )
    patent = pd.DataFrame({"app_no": ["A1"], "filed": pd.to_datetime(["2018-03-05"])})
    _, people = link(
        spell=spell, patent=patent, patent_party=party.astype({"name": "str", "name_key": "str"})
    )
    assert found(people, "patent_party") == [
        (0, "firm_date", "unique"),
        (None, "ambiguous", "several"),
        (None, "none", "none"),
    ]
    score = people.link_audit["score"]
    assert 0.5 < score[0] < 1
    assert score[1:].isna().all()


@pytest.mark.slow
def test_rates_by_arm_and_edition() -> None:
    finals = {"name": "Aa", "outcome": "awarded"}, {"name": "Bb"}, {"name": "Zz"}
    advanced = {"name": "Bb", "stage": "preliminary", "outcome": "advanced"}
    lines = entry(*finals, advanced, {"name": "Dd", "stage": "preliminary"})
    spell = insurance(
        {"number": "p1", "name": "Aa", "id": "i1"}, {"number": "p2", "name": "Bb"}, *CROWD
    )
    won = roster({"name": "Aa", "id": "i1"})
    firms, people = link(spell=spell, roster=won, entry=lines)
    rates = linkage_rates(pd.concat([firms.link_audit, people.link_audit]), won, lines)
    workers = rates[rates["entity"].eq("worker")]
    assert workers[
        ["edition", "arm", "rows", "linked", "linked_share", "unique"]
    ].values.tolist() == [
        [1, "winner", 1, 1, 1.0, 1],
        [1, "finalist", 2, 1, 0.5, 1],
        [1, "participant", 1, 0, 0.0, 0],
    ]
    assert rates[rates["entity"].eq("firm")]["linked_share"].tolist() == [1.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(600, 4_000, 1_500, 1_500, seed=3, entries=300)


@pytest.mark.slow
def test_precision_and_recall_on_a_dirty_district(world: World) -> None:
    firms = link_firms(world.clean, world.calendar)
    people = link_people(world.clean, firms, world.calendar)
    identity = (
        firms.firm.set_index("firm_id")["uscc"]
        .str.removeprefix("C")
        .astype("int64")
        .astype("str")
        .radd("T")
    )
    by_firm = evaluate(firms.link_audit, world.record, identity, "firm").set_index("source")
    by_worker = evaluate(
        people.link_audit, world.record, true_workers(people.spell_worker, world.record), "worker"
    )
    for rates in (by_firm, by_worker.set_index("source")):
        assert (rates["precision"] >= 0.98).all(), rates
        assert (rates["recall"] >= 0.93).all(), rates
    strict = relink(people.link_audit, min_score=0.99)
    assert strict["worker_id"].notna().sum() < people.link_audit["worker_id"].notna().sum()


@pytest.mark.slow
def test_equal_each_time_and_in_any_order(world: World) -> None:
    firms = link_firms(world.clean, world.calendar)
    straight = link_people(world.clean, firms, world.calendar)
    mixed = {name: frame.sample(frac=1, random_state=1) for name, frame in world.clean.items()}
    again = link_people(mixed, link_firms(mixed, world.calendar), world.calendar)
    for name in ("worker", "spell_worker", "employment", "link_audit"):
        pd.testing.assert_frame_equal(getattr(straight, name), getattr(again, name))


@pytest.mark.slow
def test_months_are_linked_by_line_and_a_line_counts_its_months() -> None:
    """Twelve months under one ID outweigh one month under another's, though each is one line."""
    rows = (
        [("p1", "i1", 202001)]
        + [("p1", "i2", 201001 + n) for n in range(12)]
        + [("p2", "i1", 201501)]
    )
    month = pd.DataFrame(rows, columns=["person_key", "id_key", "period_ym"]).assign(
        file="months.csv",
        sheet="",
        row=range(2, len(rows) + 2),
        part=1,
        employer_name="深圳市甲甲有限公司",
        paid_ym=202001,
        kind="normal",
    )
    _, links = link(si_month=month)
    assert links.spell_worker[["row", "worker_id"]].values.tolist() == [
        [2, "W0000001"],
        [3, "W0000001"],
        [15, "W0000002"],
    ]
    _, shuffled = link(si_month=month.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled.spell_worker, links.spell_worker)
    pd.testing.assert_frame_equal(shuffled.employment, links.employment)
