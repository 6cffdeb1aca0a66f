"""Invented studies for the figures of the programme."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from zgzx_research.evidence.flow import Flow, Level, ProgrammeFlow
from zgzx_research.report.figures.edition_timeline import plot_edition_timeline
from zgzx_research.report.figures.flow import plot_flow
from zgzx_research.report.figures.linkage import plot_linkage
from zgzx_research.report.figures.participation import plot_participation
from zgzx_research.report.figures.report_figure import FigureSpec
from zgzx_research.report.figures.theory_of_change import plot_theory_of_change

FLOW = ProgrammeFlow(
    Flow("entries", (Level("listed", 1440), Level("linked", 1400, {"no_firm": 40}))),
    Flow(
        "firms",
        (
            Level("entered", 518),
            Level("final", 269, {"preliminary_only": 249}),
            Level("awarded", 105, {"no_award": 164}),
            Level("in_panel", 100, {"not_in_panel": 0, "award_before": 5, "award_after": 0}),
        ),
    ),
    {
        "retention": Flow(
            "firms",
            (
                Level("in_panel", 100),
                Level("estimate", 71, {"few_staff": 7, "years_open": 20, "years_missing": 2}),
            ),
        )
    },
    Flow(
        "persons",
        (
            Level("named", 3000),
            Level("final", 1276, {"preliminary_only": 1724}),
            Level("found", 1273, {"not_found": 3, "named_twice": 0}),
            Level("employed", 1173, {"not_employed": 100}),
        ),
    ),
)
CALENDAR = pd.DataFrame(
    {
        "edition": [1, 2, 3],
        "year": [2019, 2021, 2023],
        "assumed": [False, True, False],
        "version": ["A", "A", "B"],
    }
)
CATEGORIES = pd.DataFrame({"edition": [1, 2, 3, 3], "category": ["team", "team", "team", "skill"]})
STREETS = pd.DataFrame(
    [
        ("布吉", 2, 60),
        ("布吉", 3, 70),
        ("OLD-布吉", 1, 130),
        ("吉华", 2, 40),
        ("吉华", 3, 4),
        ("平湖", 1, 20),
        ("平湖", 2, 25),
        ("平湖", 3, 33),
        (None, 1, 50),
        (None, 2, 60),
        (None, 3, 77),
    ],
    columns=["street", "edition", "persons"],
)
RATES = pd.DataFrame(
    [
        (1, "winner", 40, 38),
        (2, "winner", 60, 48),
        (3, "winner", 30, 15),
        (1, "finalist", 90, 90),
        (2, "finalist", 80, 60),
        (3, "finalist", 70, 35),
    ],
    columns=["edition", "arm", "rows", "linked"],
).assign(entity="worker")

MAKE: dict[str, Callable[[], FigureSpec]] = {
    "theory": plot_theory_of_change,
    "timeline": lambda: plot_edition_timeline(CALENDAR, CATEGORIES),
    "firms": lambda: plot_flow(FLOW),
    "persons": lambda: plot_flow(FLOW, "persons"),
    "streets": lambda: plot_participation(STREETS, "street", "persons"),
    "linkage": lambda: plot_linkage(RATES),
}
