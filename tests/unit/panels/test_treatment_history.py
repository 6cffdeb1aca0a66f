"""Editions and their assumptions; first entry, final and award of firms and persons.

Concurrent programmes.
"""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.panels.treatment import (
    award_link_scores,
    edition_calendar,
    first_awards,
    first_stages,
    programme_onsets,
)

RECORD_KEY = ["file", "sheet", "row", "part"]
CALENDAR = pd.DataFrame(
    {
        "edition": [8, 9, 10],
        "year": [2019, 2021, 2023],
        "final_date": ["2019-11-15", "2021-03", None],
        "status": ["assumption", "source", "source"],
        "source": ["fits", "press", "press; month assumed"],
    }
)


def keyed(rows: list[tuple], columns: list[str], file: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(file=file, sheet="", row=range(2, len(table) + 2), part=1)


CONTEST = ["edition", "category"]
# firm, worker, edition, category, is_team
WON = [("F1", "W1", 9, "skill"), ("F1", "W1", 10, "team"), ("F2", None, 10, "innovation")]
# firm, worker, edition, stage, outcome
ENTERED = [
    ("F1", "W1", 9, "final", "awarded"),
    ("F1", "W1", 8, "final", "out"),
    ("F3", "W3", 8, "preliminary", "out"),
    ("F3", "W4", 9, "preliminary", "advanced"),
    ("F3", "W4", 10, "final", "absent"),
    (None, None, 8, "final", "out"),
]


def inputs() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    roster = keyed(WON, ["firm_id", "worker_id", "edition", "category"], "r.xlsx")
    entry = keyed(
        ENTERED, ["firm_id", "worker_id", "edition", "stage", "outcome"], "s.xlsx"
    ).assign(category="skill")
    both = pd.concat(
        [roster.assign(source="roster"), entry.assign(source="entry")], ignore_index=True
    )
    audit = [
        both[["source", *RECORD_KEY, column]].assign(entity=entity)
        for entity, column in (("firm", "firm_id"), ("worker", "worker_id"))
    ]
    drop = ["firm_id", "worker_id"]
    return roster.drop(columns=drop), entry.drop(columns=drop), pd.concat(audit, ignore_index=True)


def test_the_calendar_says_what_is_assumed_and_which_version_it_was() -> None:
    calendar = edition_calendar(CALENDAR)
    assert calendar["year"].tolist() == [2019, 2021, 2023]
    assert calendar["month"].tolist() == [201911, 202103, 202312]
    assert calendar["assumed"].tolist() == [True, False, True]
    assert calendar["version"].tolist() == ["A", "A", "B"]
    with pytest.raises(ZgzxError, match="edition 9: 2 lines"):
        edition_calendar(pd.concat([CALENDAR, CALENDAR.iloc[[1]]]))


def test_first_entry_final_and_award_of_firms() -> None:
    roster, entry, audit = inputs()
    stages = first_stages(roster, entry, audit, CALENDAR)
    assert stages.astype("object").where(stages.notna(), None).values.tolist() == [
        ["F1", 2019, 2019, 2021],
        ["F2", 2023, 2023, 2023],
        ["F3", 2019, 2023, None],
    ]


def test_first_entry_final_and_award_of_persons() -> None:
    roster, entry, audit = inputs()
    stages = first_stages(roster, entry, audit, CALENDAR, unit="worker")
    assert stages.astype("object").where(stages.notna(), None).values.tolist() == [
        ["W1", 2019, 2019, 2021],
        ["W3", 2019, None, None],
        ["W4", 2023, 2023, None],
    ]


def test_the_version_is_that_of_the_first_award() -> None:
    roster, _, audit = inputs()
    won = first_awards(roster, audit, CALENDAR).set_index("firm_id")
    assert won["first_version"].to_dict() == {"F1": "A", "F2": "B"}


def test_the_score_of_an_award_is_the_best_of_its_records_in_the_first_year() -> None:
    roster = keyed([(9, "skill"), (9, "team"), (10, "team"), (10, "skill")], CONTEST, "r.xlsx")
    roster = roster.assign(firm_id=["F1", "F1", "F1", "F2"], score=[0.8, 0.9, 1.0, 0.85])
    unknown = keyed([(10, "skill")], CONTEST, "q.xlsx").assign(firm_id=None, score=None)
    roster = pd.concat([roster, unknown], ignore_index=True).astype({"score": "float64"})
    audit = roster[[*RECORD_KEY, "firm_id", "score"]].assign(source="roster", entity="firm")
    people = audit.assign(entity="worker", score=0.1, worker_id="W1")
    roster = roster.drop(columns=["firm_id", "score"])
    found = award_link_scores(roster, pd.concat([audit, people]), CALENDAR)
    # F1 won first in edition 9: the sure record of edition 10 does not count
    assert found.values.tolist() == [["F1", 0.9], ["F2", 0.85]]
    assert award_link_scores(roster.iloc[:0], audit, CALENDAR).empty


def test_the_first_year_of_each_programme() -> None:
    rows = [
        ("F1", "specialised", "2020-01-01"),
        ("F1", "specialised", "2018-01-01"),
        ("F2", "visit", "2021-06-01"),
        (None, "visit", "2020-01-01"),
    ]
    programme = keyed(rows, ["firm_id", "programme", "onset"], "p.xlsx")
    audit = programme[[*RECORD_KEY, "firm_id"]].assign(source="programme", entity="firm")
    onsets = programme_onsets(programme.drop(columns="firm_id"), audit)
    assert onsets.astype("object").where(onsets.notna(), None).values.tolist() == [
        ["F1", 2018, None, None],
        ["F2", None, None, 2021],
    ]
