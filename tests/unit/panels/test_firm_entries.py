"""Entries of firms by edition and category, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.panels.firm_entries import COLUMNS, build_firm_entries

A, B, C = "F000001", "F000002", "F000003"
FIRM = pd.DataFrame({"firm_id": [A, B, C], "group_id": [A, A, C]})
CALENDAR = pd.DataFrame(
    {"edition": [1, 2], "year": [2020, 2022], "final_date": ["2021-03-31", "2022-11-15"]}
)
KEY = ["file", "sheet", "row", "part"]

# firm, edition, category, row, part
WINNERS = [
    (A, 1, "team", 2, 1),
    (A, 1, "team", 2, 2),  # the second name of one team
    (A, 1, "team", 3, 1),  # another team of the same firm
    (B, 1, "skill", 4, 1),
    (A, 2, "skill", 2, 1),
]
# firm, edition, category, stage, outcome, row, part
LOSERS = [
    (A, 1, "team", "final", "awarded", 2, 1),  # stands in the roster
    (A, 1, "team", "preliminary", "advanced", 3, 1),  # stands in the final
    (A, 1, "team", "final", "out", 4, 1),
    (A, 1, "team", "final", "out", 4, 2),
    (C, 1, "team", "preliminary", "out", 5, 1),
    (C, 1, "team", "preliminary", "absent", 6, 1),
    (None, 1, "team", "preliminary", "out", 7, 1),  # nobody knows the firm
    (B, 1, "skill", "preliminary", "out", 8, 1),
]


def tables() -> tuple[dict[str, pd.DataFrame], FirmLinks]:
    roster = pd.DataFrame(WINNERS, columns=["firm_id", "edition", "category", "row", "part"])
    entry = pd.DataFrame(
        LOSERS, columns=["firm_id", "edition", "category", "stage", "outcome", "row", "part"]
    )
    roster["file"] = "roster/00" + roster["edition"].astype("str")
    entry["file"] = "scores/001"
    links = []
    for source, table in (("roster", roster), ("entry", entry)):
        table["sheet"] = "1"
        links.append(table[[*KEY, "firm_id"]].assign(source=source))
    audit = pd.concat(links, ignore_index=True).astype({"firm_id": "str"})
    clean = {"roster": roster.drop(columns="firm_id"), "entry": entry.drop(columns="firm_id")}
    return clean, FirmLinks(firm=FIRM, link_audit=audit)


def test_entries_are_counted_once_at_their_furthest_stage() -> None:
    clean, firms = tables()
    result = build_firm_entries(clean, firms, calendar=CALENDAR)
    assert result.columns.tolist() == COLUMNS
    expected = [
        # the final of edition 1 was held in 2021
        (1, 2021, A, A, "team", 3, 3, 2, 6, 2),
        (1, 2021, B, A, "skill", 2, 1, 1, 2, 1),
        (1, 2021, C, C, "team", 2, 0, 0, 6, 2),
        (2, 2022, A, A, "skill", 1, 1, 1, 1, 1),  # no score sheets
    ]
    assert list(result.itertuples(index=False, name=None)) == expected


def test_the_order_of_the_rows_does_not_matter_and_nothing_is_changed() -> None:
    clean, firms = tables()
    before = {name: table.copy() for name, table in clean.items()}
    mixed = {name: table.sample(frac=1, random_state=1) for name, table in clean.items()}
    audit = firms.link_audit.sample(frac=1, random_state=2)
    one = build_firm_entries(clean, firms, calendar=CALENDAR)
    other = build_firm_entries(mixed, FirmLinks(firm=FIRM, link_audit=audit), calendar=CALENDAR)
    pd.testing.assert_frame_equal(one, other)
    for name, table in before.items():
        pd.testing.assert_frame_equal(clean[name], table)


def test_without_score_sheets_there_are_winners_only() -> None:
    clean, firms = tables()
    clean["entry"] = clean["entry"].iloc[:0]
    result = build_firm_entries(clean, firms, calendar=CALENDAR)
    assert result["n_entries"].tolist() == result["n_winners"].tolist() == [2, 1, 1]
    assert result["contest_entries"].tolist() == [2, 1, 1]


def test_an_edition_outside_the_calendar_is_refused() -> None:
    clean, firms = tables()
    with pytest.raises(ZgzxError, match="must stand once in the edition calendar"):
        build_firm_entries(clean, firms, calendar=CALENDAR.iloc[:1])
