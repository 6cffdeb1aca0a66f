"""An example of every figure, or several: the look of each is measured (`test_figure_look.py`).

A new figure needs a line in `CASES`, with data as long and as wide as a report may have.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from programme_cases import CALENDAR, CATEGORIES, FLOW, RATES, STREETS
from test_claims_shown import CLAIMS
from test_claims_shown import facts as claim_facts
from words_cases import effect_row, facts_of

import zgzx_research as zr
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.report.figures.break_even import plot_break_even
from zgzx_research.report.figures.changes_waterfall import plot_changes
from zgzx_research.report.figures.claims_plot import plot_claims
from zgzx_research.report.figures.edition_timeline import plot_edition_timeline
from zgzx_research.report.figures.flow import plot_flow
from zgzx_research.report.figures.linkage import plot_linkage
from zgzx_research.report.figures.participation import plot_participation
from zgzx_research.report.figures.report_figure import FigureSpec
from zgzx_research.report.figures.theory_of_change import plot_theory_of_change
from zgzx_research.report.tables.claim_rows import claim_rows
from zgzx_research.report.tables.estimate_rows import EstimateRow
from zgzx_research.robustness.honest_bounds.result import HonestBounds
from zgzx_research.robustness.specification_curve import SpecificationCurve

COUNTS = ("rows_in", "kept", "quarantined", "non_data_rows")
KINDS = ("innovation", "team", "talent", "skill", "several")
SIZES = ("大型", "中型", "小型", "微型")


def wide_event() -> pd.DataFrame:
    """Twelve event times, one left out; one interval is open above, one very wide."""
    roles = ["pre"] * 3 + ["mixed", "left_out"] + ["post"] * 7
    rows = [
        effect_row(0.02 * e, 0.05, e, role) for e, role in zip(range(-5, 7), roles, strict=True)
    ]
    frame = pd.DataFrame(rows)
    frame.loc[11, ["ci_high", "band_high"]] = math.inf
    frame.loc[10, ["ci_low", "ci_high", "band_low", "band_high"]] = [-1.0, 9.0, -1.0, 20.0]
    return frame.assign(n_treated=1360, base_mean=0.4567)


@functools.cache
def event_of_counts() -> Aggregate:
    """Effects by event time of made-up counts, cohorts 2012 to 2020."""
    rng = np.random.default_rng(5)
    first = np.resize([2012, 2014, 2016, 2018, 2020, np.nan, np.nan, np.nan], 160)
    table = pd.DataFrame(
        {"firm": np.repeat(range(160), 16), "year": np.tile(range(2008, 2024), 160)}
    )
    table["first"] = np.repeat(first, 16)
    table["y"] = rng.poisson(3, len(table))
    roles = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "first"}
    effects = zr.estimate_effects(zr.prepare_panel(table, **roles), scale="ratio", leave_out=1)
    return effects.aggregate("event_time", min_event=-5, max_event=6, seed=1)


def estimate(label: str, middle: float | None, half: float | None, unit: str) -> EstimateRow:
    """A row of a forest plot."""
    low = None if middle is None or half is None else middle - half
    high = None if low is None or math.isinf(half or 0) else (middle or 0) + (half or 0)
    low = -100.0 if low is not None and math.isinf(low) else low
    return EstimateRow(label=label, unit=unit, estimate=middle, ci_low=low, ci_high=high)


FOREST = [
    estimate("Main specification", 12.3, 20.0, "percent"),
    estimate("Compared with those not yet treated", -4.5, 18.0, "percent"),
    estimate("Year before treatment kept in the base", 3.0, 900.0, "percent"),
    estimate("按所含信息加权，全部企业", 8.0, math.inf, "percent"),
    estimate("Against the other entrants", None, None, "percent"),
]
OUTCOMES = [*FOREST[:2], estimate("留存率", 1.2, 2.0, "percentage_point")]


def curve() -> SpecificationCurve:
    """Twenty-four specifications; some intervals are open or very wide."""
    rng, rows = np.random.default_rng(2), []
    axes = ("controls", "base_period", "leave_out", "target")
    levels = (["never_treated", "not_yet_treated"], ["pooled", "universal", "varying"], ["1", "0"])
    choices = [(c, b, o, t) for c in levels[0] for b in levels[1] for o in levels[2] for t in "ab"]
    for choice in choices:
        middle = float(rng.normal(0.1, 0.1))
        rows.append({**dict(zip(axes, choice, strict=True)), "estimate": middle})
    frame = pd.DataFrame(rows)
    frame = frame.assign(ci_low=frame["estimate"] - 0.2, ci_high=frame["estimate"] + 0.2)
    frame.loc[3, "ci_high"], frame.loc[5, "ci_low"] = math.inf, -30.0
    frame = frame.assign(n_treated=30, n_comparison=900, outcome="y", scale="ratio")
    return SpecificationCurve(frame, axes)


PLACEBOS = pd.DataFrame(
    {
        "shift": [2, 3, 4, 5],
        "estimate": [0.01, -0.02, 0.1, 0.0],
        "ci_low": [-0.05, -0.09, -0.2, -9.0],
        "ci_high": [0.07, math.inf, 0.4, 0.2],
        "n_treated": 40,
        "n_comparison": 90,
    }
)
BOUNDS = HonestBounds(
    estimate=0.2,
    original_low=0.1,
    original_high=0.3,
    bounds=(0.25, 0.5, 0.75, 1.0, 2.0),
    ci_low=(0.05, 0.0, -0.02, -1.0, -math.inf),
    ci_high=(0.36, 0.4, 0.5, 9.0, math.inf),
    breakdown=0.5,
    restriction_in_words="",
    restriction="relative_magnitude",
    departures="levels",
    method="hybrid",
    target=(1, 3),
    scale="ratio",
    level=0.95,
)


def sheets() -> dict[str, list[dict[str, object]]]:
    """Entries of the ledger of six sources."""
    names = ("roster", "registry", "employment", "patents", "scores", "programmes")
    entry = {
        "file": "a",
        "sheet": "",
        **dict(zip(COUNTS, (123456, 120000, 3000, 456), strict=True)),
    }
    return {name: [entry] for name in names}


def cohorts() -> pd.DataFrame:
    """Firms by year and category, fourteen years."""
    rows = [(y, c, 3 + (y + k) % 5) for y in range(2012, 2026) for k, c in enumerate(KINDS)]
    return pd.DataFrame(rows, columns=["year", "category", "firms"])


def paths() -> pd.DataFrame:
    """Means of two groups in sixteen years."""
    rows = [
        (year, group, level * 1.07 ** (year - 2010))
        for group, level in (("treated", 6.0), ("never_treated", 1.2))
        for year in range(2010, 2026)
    ]
    return pd.DataFrame(rows, columns=["year", "group", "mean"]).assign(units=30)


def weights() -> pd.DataFrame:
    """Weights of one estimate: nine cohorts and firms never treated, sixteen years."""
    return zr.comparison_weights(event_of_counts(), window=(1, 3))


def few_weights() -> pd.DataFrame:
    """Two cohorts, four periods: numbers fit into the cells."""
    frame = pd.DataFrame(
        [(g, t) for g in (2012, 2014, None) for t in range(2011, 2015)],
        columns=["mean_cohort", "mean_period"],
    ).astype({"mean_cohort": "Int64"})
    frame["weight"] = [-0.6, 0.2, 0.2, 0.2, 0, 0, -0.4, 0.4, 0.6, -0.2, 0.2, -0.6]
    frame = frame.assign(contribution=frame["weight"], mean=1.0, kind="pairwise", units=9)
    labels = {"estimand": "group_time", "cohort": 2014, "period": 2016, "event_time": 2}
    return frame.assign(**labels)


def changes() -> pd.DataFrame:
    """What changed since an earlier report, of two claims."""
    columns = ["step", "estimate", "ci_low", "ci_high", "difference", "joined"]
    levels = [
        ("reported", 10.0, -5.0, 25.0, math.nan, ""),
        ("method", 12.0, -4.0, 28.0, 2.0, "method"),
        ("data", 11.5, -4.0, 27.0, -0.5, "data"),
        ("edition", 15.0, 1.0, 29.0, 3.5, "edition"),
    ]
    rows = pd.DataFrame(levels, columns=columns).assign(unit="percent", digits=1, std_error=7.0)
    parts = [rows.assign(claim=name, zh=f"说法{name}", en=f"claim {name}") for name in "ab"]
    return pd.concat(parts, ignore_index=True).assign(reason="")


def editions() -> pd.DataFrame:
    """A calendar of twelve editions."""
    years = [*range(2012, 2020), 2021, 2023, 2024, 2025]
    frame = pd.DataFrame({"edition": range(1, 13), "year": years})
    return frame.assign(assumed=frame["edition"].eq(8), version=np.where(frame.index < 9, "A", "B"))


def entered(kinds: tuple[str, ...]) -> pd.DataFrame:
    """Firms or persons by group and edition."""
    rows = [(kind, e, 20 + 7 * k + e) for k, kind in enumerate(kinds) for e in range(1, 13)]
    return pd.DataFrame(rows, columns=["group", "edition", "firms"])


CLAIMED = {"claimed": 10.0}
PATENTS = {"outcome_label": "Applications for utility models", "scale": "ratio"}
CASES: dict[str, list[Callable[[], FigureSpec]]] = {
    "plot_event_study": [
        lambda: zr.plot_event_study(wide_event(), **PATENTS, **CLAIMED),
        lambda: zr.plot_event_study(event_of_counts(), complete_until=2021, **PATENTS, **CLAIMED),
        lambda: zr.plot_event_study(wide_event(), share=True, about="unit", step=("year", 2)),
    ],
    "plot_estimators": [
        lambda: zr.plot_estimators(FOREST, **CLAIMED),
        lambda: zr.plot_estimators(OUTCOMES),
        lambda: zr.plot_estimators(FOREST[:2]),
    ],
    "plot_cohorts": [lambda: zr.plot_cohorts(cohorts()), lambda: zr.plot_cohorts(cohorts()[:0])],
    "plot_raw_rows": [lambda: zr.plot_raw_rows(sheets())],
    "plot_outcome_paths": [
        lambda: zr.plot_outcome_paths(paths(), complete_until=2023, **PATENTS),
        lambda: zr.plot_outcome_paths(paths(), share=True, outcome_label="留存率"),
    ],
    "plot_specification_curve": [
        lambda: zr.plot_specification_curve(curve(), **CLAIMED),
        lambda: zr.plot_specification_curve(curve()),
    ],
    "plot_placebos": [
        lambda: zr.plot_placebos(PLACEBOS, scale="ratio", **CLAIMED),
        lambda: zr.plot_placebos(dict.fromkeys(("发明专利申请", "Utility models", "c"), PLACEBOS)),
    ],
    "plot_honest_bounds": [
        lambda: zr.plot_honest_bounds(BOUNDS, claimed=0.25, outcome_label="Applications"),
        lambda: zr.plot_honest_bounds(replace(BOUNDS, departures="increments")),
    ],
    "plot_comparison_weights": [
        lambda: zr.plot_comparison_weights(weights()),
        lambda: zr.plot_comparison_weights(few_weights()),
    ],
    "plot_claims": [lambda: plot_claims(claim_rows(claim_facts(), CLAIMS))],
    "plot_break_even": [
        lambda: plot_break_even(facts_of("flat")),
        lambda: plot_break_even(facts_of("rose")),
    ],
    "plot_changes": [lambda: plot_changes(changes())],
    "plot_theory_of_change": [plot_theory_of_change],
    "plot_edition_timeline": [
        lambda: plot_edition_timeline(CALENDAR, CATEGORIES),
        lambda: plot_edition_timeline(editions()),
    ],
    "plot_flow": [lambda: plot_flow(FLOW), lambda: plot_flow(FLOW, "persons")],
    "plot_participation": [
        lambda: plot_participation(STREETS, "street", "persons"),
        lambda: plot_participation(entered(SIZES).rename(columns={"group": "size"}), "size"),
    ],
    "plot_linkage": [lambda: plot_linkage(RATES)],
}
