"""First awards of firms."""

from __future__ import annotations

import pandas as pd

from zgzx_research.panels.treatment import first_awards

CALENDAR = pd.DataFrame(
    {"edition": [1, 2, 3], "year": [2012, 2013, 2013], "final_date": [None, None, "2013-11"]}
)


def test_a_team_is_one_award_and_ties_go_to_the_category_closest_to_patents() -> None:
    # firm, edition, category, row, part
    rows = [
        ("F1", 2, "team", 5, 1),
        ("F1", 2, "team", 5, 2),
        ("F1", 3, "skill", 6, 1),  # another edition, the same year
        ("F2", 2, "talent", 7, 1),
        ("F2", 2, "team", 8, 1),
        ("F3", 3, "innovation", 9, 1),
        ("F3", 1, "talent", 10, 1),
        (None, 1, "skill", 11, 1),
    ]
    roster = pd.DataFrame(rows, columns=["firm_id", "edition", "category", "row", "part"]).assign(
        file="r", sheet="s"
    )
    roster = roster.astype({"firm_id": "str"})
    audit = roster[["file", "sheet", "row", "part", "firm_id"]].assign(source="roster")
    result = first_awards(roster.drop(columns="firm_id"), audit, CALENDAR)
    assert result.to_dict("records") == [
        {
            "firm_id": "F1",
            "first_award": 2013,
            "first_category": "skill",
            "first_version": "A",
            "awards": 2,
        },
        {
            "firm_id": "F2",
            "first_award": 2013,
            "first_category": "team",
            "first_version": "A",
            "awards": 2,
        },
        {
            "firm_id": "F3",
            "first_award": 2012,
            "first_category": "talent",
            "first_version": "A",
            "awards": 2,
        },
    ]
