"""What a result says of itself.

The right numbers, every note, and a table that a screen reader can follow.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core.aggregate import JointStatistics
from zgzx_research.did.core.method_result import EXACT, EstimateRows, MeanWeights, MethodResult
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.coefficient_table import coefficient_table
from zgzx_research.did.results.effects import Effects
from zgzx_research.did.results.summary import WIDTH

MPDTA = Path(__file__).parents[3] / "data" / "examples" / "mpdta.csv"
NEEDS = {"stacked": {"event_window": (-1, 0)}}


def county_panel() -> PreparedPanel:
    table = pd.read_csv(MPDTA)
    table = table.assign(first=table["first.treat"].where(table["first.treat"] > 0).astype(float))
    return prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first"
    )


def by_hand(
    role: tuple[str, ...], event: tuple[float, ...], values: tuple[float, ...], df: float = np.inf
) -> Effects:
    """Effects that belong to no cohort or period, with variance .01 each."""
    count, nan = len(role), np.full(len(role), np.nan)
    rows = EstimateRows(
        nan,
        nan,
        np.array(event),
        np.array(role),
        np.full(count, 7),
        np.full(count, 9),
        np.full(count, 0.5),
    )
    numbers = JointStatistics(
        "difference",
        np.array([values]),
        np.arange(count),
        np.full(count, 1 / count),
        0.01 * np.eye(count),
    )
    weights = MeanWeights(
        np.zeros((count, 2, 2)), np.ones((2, 2)), np.array([2, np.inf]), np.array([1, 2]), EXACT
    )
    ledger = pd.DataFrame(
        [("note", "an <odd> reason", 3, 0, ())],
        columns=["step", "reason", "rows", "units", "examples"],
    )
    options = {"method": "new_method", "first_period": 1, "last_period": 4}
    return Effects.from_result(MethodResult(rows, numbers, weights, df=df), ledger, options)


class Table(HTMLParser):
    """Tags with their attributes, and the text of the cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.cells: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append((self.open[-1], data))


def test_the_text_tells_method_sample_estimates_and_tests() -> None:
    effects = estimate_effects(county_panel())
    text = str(effects.summary())
    overall = effects.aggregate("overall").to_frame().iloc[0]
    event = effects.aggregate("event_time")
    assert text.startswith("Group-time effects (Callaway & Sant'Anna 2021)\n===")
    assert "compared with the never treated; base: the last period before treatment" in " ".join(
        text.split()
    )
    assert (
        "191 treated units in 3 cohorts (2004 to 2007), compared with up to 309; 5 periods"
        in " ".join(text.split())
    )
    shown = f"{overall['estimate']:.3f} (standard error {overall['std_error']:.3f}), 95% interval "
    assert shown + f"[{overall['ci_low']:.3f}, {overall['ci_high']:.3f}]" in text
    test = event.pretest()
    assert f"chi-square({test['df']}) = {test['statistic']:.2f}, p = {test['p_value']:.3f}" in text
    for row in event.to_frame().to_dict("records"):
        line = next(
            line for line in text.splitlines() if line.split()[:1] == [str(row["event_time"])]
        )
        assert f"{row['estimate']:.3f}" in line and f"{row['n_treated']}" in line
    assert max(map(len, text.splitlines())) <= WIDTH
    assert str(effects) == text
    assert repr(effects) == "<Effects of group_time, 15 estimates>"
    assert repr(event) == "<Aggregate of group_time, 8 estimates>"


def test_every_ledger_row_is_told_with_its_counts() -> None:
    effects = estimate_effects(county_panel(), scale="ratio", base_period="pooled", leave_out=1)
    text = str(effects)
    assert "- cohorts: no period before treatment to serve as base (20 units, e.g. 2004)" in text
    assert (
        "periods before treatment left out: 1; ratios (0.12 = 12% more than without)"
        in " ".join(text.split())
    )
    assert "all treated units and periods together" in " ".join(text.split())
    assert "left out" in next(line for line in text.splitlines() if line.strip().startswith("-1 "))


@pytest.mark.parametrize("estimand", ["overall", "cohort", "calendar"])
def test_aggregates_tell_their_own_rows(estimand: str) -> None:
    aggregate = estimate_effects(county_panel()).aggregate(estimand, level=0.9)
    text = str(aggregate)
    assert "90% interval" in text and "95%" not in text
    assert "Pre-test" not in text
    for label in {"overall": ["overall"], "cohort": ["2004", "2006"], "calendar": ["2005", "2007"]}[
        estimand
    ]:
        assert re.search(rf"^ *{label} +-0\.", text, flags=re.MULTILINE)


def test_the_page_is_an_accessible_table_without_script() -> None:
    effects = by_hand(("pre", "reference", "post"), (-2, -1, 0), (0.1, 0, 0.3))
    page = Table(effects._repr_html_())
    assert not page.open
    assert not {"script", "style"} & {tag for tag, _ in page.tags}
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert scopes == ["col"] * 8 + ["row"] * 3
    assert [text for tag, text in page.cells if tag == "caption"]
    assert [text for tag, text in page.cells if tag == "th"][8:] == ["-2", "-1", "0"]
    assert ("li", "note: an <odd> reason (3 rows)") in page.cells
    assert ("div", {"class": "zgzx-overview", "lang": "en"}) in page.tags


def test_effects_without_cohorts_have_their_numbers() -> None:
    text = str(by_hand(("pre", "reference", "post"), (-2, -1, 0), (0.1, 0, 0.3), df=10))
    assert text.startswith("New method\n")
    assert "7 treated units in 1 cohort (2), compared with up to 9; 2 periods (1 to 2)" in text
    assert "Overall:    0.30 (standard error 0.10), 95% interval [0.08, 0.52]" in text
    assert "F(1, 10) = 1.00, p = 0.341" in text


def test_one_effect_for_all_has_no_event_times() -> None:
    effects = by_hand(("static",), (np.nan,), (0.3,))
    text = " ".join(str(effects).split())
    assert (
        "Overall: 0.30 (standard error 0.10), 95% interval [0.10, 0.50], one effect for "
        "all treated units" in text
    )
    assert coefficient_table(effects).index.tolist() == ["overall"]


@pytest.mark.parametrize("df", [np.inf, 4.0])
def test_p_values_agree_with_the_interval(df: float) -> None:
    """An estimate of 1.96 (normal) or 2.776 (t with 4 df) standard errors has p = .05."""
    quantile = {np.inf: 1.959963984540054, 4.0: 2.7764451051977987}[df]
    table = coefficient_table(by_hand(("reference", "post"), (-1, 0), (0, 0.1 * quantile), df=df))
    assert table.index.tolist() == ["event time 0"]  # a base is no estimate
    row = table.iloc[0]
    assert (row["t"], row["p"], row["ci95l"]) == pytest.approx((quantile, 0.05, 0), abs=1e-12)


def test_on_the_ratio_scale_p_agrees_with_fieller() -> None:
    effects = estimate_effects(county_panel(), scale="ratio")
    table = coefficient_table(effects)
    assert ((table["p"] < 0.05) == ((table["ci95l"] > 0) | (table["ci95u"] < 0))).all()
    assert (np.sign(table["t"]) == np.sign(table["b"])).all()


def test_unknown_standard_errors_have_no_p_value() -> None:
    rows = [
        (u, t, float(u + t * t * (u == 1 and t > 1)), 2.0 if u == 1 else None)
        for u in (1, 2, 3)
        for t in (1, 2, 3)
    ]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"])
    effects = estimate_effects(
        prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
    )
    assert coefficient_table(effects)[["se", "t", "p"]].isna().all(axis=None)
    text = str(effects)
    assert (
        "cohort of one unit: no standard error of its own (1 unit, e.g. 2)" in text
        and "nan" not in text.lower()
    )


@pytest.mark.slow
def test_tables_of_others_cost_an_estimation_nothing() -> None:
    """Results carry what maketables looks for without anyone having imported it."""
    code = (
        "import sys, zgzx_research.did.results.effects; "
        "print({'maketables', 'great_tables', 'matplotlib'} & set(sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
        == "set()"
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_words_and_a_table(method: str) -> None:
    effects = estimate_effects(county_panel(), method=method, **NEEDS.get(method, {}))
    text = str(effects)
    assert METHODS[method].title and text.startswith(METHODS[method].title)
    assert "nan" not in text.lower() and "None" not in text
    assert "191 treated units in 3 cohorts" in text
    table = coefficient_table(effects.aggregate("event_time"))
    assert table.index.is_unique and table.index[-1] == "overall"
    assert table["se"].notna().all()
