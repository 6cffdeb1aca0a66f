"""The flow from the lists to the estimates, counted by hand in an invented contest."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.evidence.flow import check_sums, flow_facts, stages
from zgzx_research.pipeline.flow_counts import outcome_flow, programme_flow
from zgzx_research.pipeline.headline_counts import HeadlineCount
from zgzx_research.pipeline.programme_facts import calendar_facts, roster_facts

KEY = ["file", "sheet", "row", "part"]
# firm, worker, edition, row, part; a missing firm or worker was not found
WINNERS = [
    ("A", "W1", 1, 1, 1),
    ("A", None, 1, 1, 2),  # the second name of A's team
    ("B", "W2", 1, 2, 1),
    ("B", "W2", 1, 3, 1),  # the same person with another entry
    ("C", "W3", 2, 4, 1),
    (None, "W4", 2, 5, 1),
]
# firm, worker, edition, stage, outcome, row, part
LOSERS = [
    ("A", "W1", 1, "final", "awarded", 1, 1),  # stands in the roster
    ("D", "W5", 1, "final", "out", 2, 1),
    ("D", "W6", 1, "final", "out", 3, 1),
    ("C", None, 2, "final", "out", 4, 1),
    ("E", "W8", 2, "preliminary", "out", 5, 1),
    ("F", "W9", 2, "preliminary", "absent", 6, 1),
    (None, None, 2, "preliminary", "out", 7, 1),
]
AWARDS = {"A": 2012.0, "B": 2021.0, "C": 2010.0}  # B: too late; C: before the panel begins
YEARS = (2010, 2022)


def tables(losers: list = LOSERS, insured: bool = True) -> dict[str, pd.DataFrame]:
    roster = pd.DataFrame(WINNERS, columns=["firm_id", "worker_id", "edition", "row", "part"])
    names = ["firm_id", "worker_id", "edition", "stage", "outcome", "row", "part"]
    entry = pd.DataFrame(losers, columns=names)
    links = []
    for source, table in (("roster", roster), ("entry", entry)):
        table["file"], table["sheet"], table["category"] = f"{source}/1", "1", "team"
        for entity, column in (("firm", "firm_id"), ("worker", "worker_id")):
            found = table[column] if insured or entity == "firm" else None
            own = table[KEY].assign(source=source, entity=entity, firm_id=None, worker_id=None)
            links.append(own.assign(method="id", **{column: found}))
    audit = pd.concat(links, ignore_index=True).astype({"firm_id": "str", "worker_id": "str"})
    firms = [(firm, year, AWARDS.get(firm)) for firm in "ABCDEF" for year in range(2010, 2023)]
    panel = pd.DataFrame(firms, columns=["firm_id", "year", "first_award"])
    return {
        "roster": roster.assign(is_team=roster["row"].eq(1)),
        "entry": entry,
        "link_audit": audit,
        "firm_year": panel.astype({"first_award": "Int64"}),
        "worker_final": persons(set(roster["worker_id"]) | set(entry["worker_id"])),
    }


def persons(listed: set) -> pd.DataFrame:
    """Edition, worker, arm, employed, stayed 24 months, of those who stand in a list."""
    rows = [
        (1, "W1", "winner", True, 1.0),
        (1, "W2", "winner", True, 0.0),
        (2, "W3", "winner", True, None),
        (2, "W4", "winner", False, None),
        (1, "W5", "finalist", True, 1.0),
        (1, "W6", "finalist", True, 0.0),
        (2, "W8", "participant", True, None),
    ]
    names = ["edition", "worker_id", "arm", "employed", "retention_24_group"]
    frame = pd.DataFrame([row for row in rows if row[1] in listed], columns=names)
    return frame.assign(
        category="team", entry_id=frame["worker_id"], firm_id="A", tenure_months=12.0
    )


HEADLINE = {"retention": HeadlineCount(frozenset("ABCDEF"), 2022, 1)}


def flow(losers: list = LOSERS, insured: bool = True, headline=HEADLINE):
    return programme_flow(tables(losers, insured), headline, years=YEARS, last_event=3)


def told(one) -> dict:
    """Levels and leavers by name."""
    left = {reason: n for level in one.levels for reason, n in level.left.items()}
    return {level.name: level.count for level in one.levels} | left


def test_every_step_is_as_counted_by_hand() -> None:
    found = flow()
    # rows 1 to 5 of the roster, four losing lines beside the roster's, and one unknown entrant
    assert told(found.entries) == {"listed": 11, "linked": 9, "no_firm": 2}
    assert told(found.firms) == {
        "entered": 6,
        "final": 4,
        "preliminary_only": 2,
        "awarded": 3,
        "no_award": 1,
        "in_panel": 2,
        "not_in_panel": 0,
        "award_before": 1,
        "award_after": 0,
    }
    # in finals: six winning lines and three losing ones; one of each was not found, W2 stands twice
    assert told(found.persons) == {
        "named": 12,
        "final": 9,
        "preliminary_only": 3,
        "found": 6,
        "not_found": 2,
        "named_twice": 1,
        "employed": 5,
        "not_employed": 1,
        "compared": 4,
        "months_open": 1,
        "one_arm": 0,
        "incomplete": 0,
    }
    assert told(found.outcomes["retention"]) == {
        "in_panel": 2,
        "estimate": 1,
        "few_staff": 0,
        "years_open": 1,
        "years_missing": 0,
    }
    assert found.absent == ()


@pytest.mark.slow
def test_every_step_adds_up() -> None:
    for losers in (LOSERS, LOSERS[:4], LOSERS[4:], []):
        for one in flow(losers).named().values():
            check_sums(one)


def test_without_score_sheets_the_levels_nobody_knows_of_are_left_out() -> None:
    found = flow([])
    assert found.absent == ("scores",)
    assert [level.name for level in found.firms.levels] == ["awarded", "in_panel"]
    assert [level.name for level in found.persons.levels] == ["awarded", "found", "employed"]
    assert found.firms.levels[0].left == {}


@pytest.mark.parametrize(
    ("losers", "absent", "firms", "first"),
    [
        (LOSERS[:4], "preliminaries", ["final", "awarded", "in_panel"], "final"),
        (LOSERS[4:], "finals", ["entered", "awarded", "in_panel"], "awarded"),
    ],
)
def test_without_one_stage_its_level_is_left_out(
    losers: list, absent: str, firms: list[str], first: str
) -> None:
    found = flow(losers)
    assert found.absent == (absent,)
    assert [level.name for level in found.firms.levels] == firms
    assert found.persons.levels[0].name == first


def test_without_employment_persons_are_only_named() -> None:
    found = flow(insured=False)
    assert found.absent == ("employment",)
    assert [level.name for level in found.persons.levels] == ["named", "final"]


def test_firms_leave_an_estimate_for_the_first_reason_that_holds() -> None:
    first = pd.Series({"A": 2012.0, "B": 2015.0, "C": 2021.0, "D": 2022.0, "E": float("nan")})
    count = HeadlineCount(frozenset("ABC"), 2022, 1)  # D has too few staff
    assert told(outcome_flow(first, YEARS, count, 3)) == {
        "in_panel": 4,
        "estimate": 1,
        "few_staff": 1,
        "years_open": 1,
        "years_missing": 1,
    }


def test_a_headline_that_was_refused_has_nobody() -> None:
    found = flow(headline={"retention": HeadlineCount(frozenset("ABCDEF"), 2022, 0)})
    assert told(found.outcomes["retention"])["estimate"] == 0


def test_small_numbers_of_the_invented_contest_are_hidden() -> None:
    facts = flow_facts(flow())
    assert facts["flow.firms.entered"]["value"] == 6
    assert facts["flow.entries.listed"]["value"] == 11
    assert facts["flow.entries.linked"]["withheld"]  # 11 less 9 would tell of two lines
    assert facts["flow.persons.named"]["value"] == 12
    assert facts["flow.persons.final"]["withheld"]
    last = stages(flow().hidden().persons)[-1]
    assert last.count is None and last.left[-1][1] is None


def test_rows_of_a_roster_are_entries_and_its_parts_are_persons() -> None:
    one = pd.DataFrame({"file": "r", "sheet": "1", "row": range(30), "part": 1, "is_team": False})
    team = pd.DataFrame({"file": "r", "sheet": "1", "row": range(30, 42), "is_team": True})
    names = pd.concat([team.assign(part=part) for part in (1, 2, 3)])
    facts = roster_facts(pd.concat([one, names]))
    values = {key: fact["value"] for key, fact in facts.items()}
    assert values == {"flow.roster.rows": 42, "flow.roster.teams": 12, "flow.roster.persons": 66}
    assert roster_facts(pd.concat([one, names[names["row"].lt(33)]]))["flow.roster.teams"][
        "withheld"
    ]


def test_how_much_rests_on_assumed_years() -> None:
    calendar = pd.DataFrame(
        {
            "edition": [1, 2, 3, 4],
            "year": [2012, 2013, 2014, 2026],
            "status": ["source", "assumption", "source", "assumption"],
        }
    )
    award = {f"F{n}": (2012 if n < 5 else 2013) for n in range(20)}
    panel = pd.DataFrame({"firm_id": list(award), "first_award": list(award.values())})
    values = {key: fact["value"] for key, fact in calendar_facts(calendar, panel, 2025).items()}
    assert values == {
        "calendar.editions": 3,
        "calendar.assumed": 1,
        "calendar.first_year": 2012,
        "calendar.last_year": 2014,
        "calendar.assumed_share": 0.75,
    }
    few = calendar_facts(calendar, panel[:7], 2025)  # two firms in the assumed year
    assert few["calendar.assumed_share"]["withheld"]
