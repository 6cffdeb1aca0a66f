"""Contribution bases of contestants by month."""

from __future__ import annotations

import pandas as pd

from zgzx_research.link.clean_rows import RECORD_KEY, month_lines
from zgzx_research.link.wage_bases import WAGE_COLUMNS, contestant_bases

# person, employer number, month, base, kind
MONTHS = [
    ("a", "1", 201601, 4000.0, "normal"),
    ("a", "1", 201602, 4100.0, "arrears"),
    ("a", "1", 201603, 4200.0, "normal"),  # paid and refunded
    ("a", "1", 201603, -4200.0, "refund"),
    ("a", "2", 201603, 5000.0, "normal"),
    ("a", "1", 201604, 4300.0, "normal"),  # a transfer: both employers pay
    ("a", "2", 201604, 5000.5, "normal"),
    ("a", "2", 201605, None, "normal"),  # unreadable
    ("b", "1", 201601, 9000.0, "normal"),  # never competed
]


def months() -> pd.DataFrame:
    table = pd.DataFrame(MONTHS, columns=["person_key", "employer_no", "period_ym", "base", "kind"])
    return table.assign(file="employment/001", sheet="", row=range(2, len(table) + 2), part=1)


def test_bases_of_those_who_competed() -> None:
    tables, found = month_lines({"si_month": months()})
    lines = tables["si_month"]
    worker = lines["person_key"].map({"a": "W1", "b": "W2"})
    links = lines[RECORD_KEY].assign(source="si_month", worker_id=worker)
    result = contestant_bases(lines, found, links, pd.Series(["W1", None]))
    assert result.columns.tolist() == WAGE_COLUMNS
    assert list(result.itertuples(index=False, name=None)) == [
        ("W1", 201601, 4000.0),
        ("W1", 201602, 4100.0),
        ("W1", 201603, 5000.0),
        ("W1", 201604, 5000.5),
    ]


def test_without_months_there_are_none() -> None:
    tables, found = month_lines({})
    result = contestant_bases(tables.get("si_month"), found, pd.DataFrame(), pd.Series(["W1"]))
    assert result.empty
    assert result.columns.tolist() == WAGE_COLUMNS
