"""Sums that one or two firms make up are left out (nk-rule)."""

from __future__ import annotations

import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.evidence.disclosure_rules import enforce
from zgzx_research.pipeline.value_facts import blank_sum
from zgzx_research.report.figures.report_figure import FigureStyle


def observed(*years: list[int]) -> pd.DataFrame:
    rows = [(2020 + at, "treated", value) for at, own in enumerate(years) for value in own]
    return pd.DataFrame(rows, columns=["year", "group", "value"])


def drawn(table: pd.DataFrame, **style: bool) -> tuple[dict[str, int], str]:
    means = table.groupby(["year", "group"], as_index=False).agg(
        mean=("value", "mean"), units=("value", "size")
    )
    figure = zr.plot_outcome_paths(means, contributions=table)
    made = figure.draw(FigureStyle(language="en", **style))
    return dict(made.blank), made.alt


def test_a_mean_that_two_firms_make_up_is_not_drawn() -> None:
    table = observed([5, 5, 5, 5], [46, 45, 5, 4], [46, 44, 6, 4])  # 91, then 90 of 100
    assert drawn(table, disclosure_control=True)[0] == {"threshold": 0, "nk-rule": 1}
    one_more = observed([5, 5, 5, 5], [47, 45, 5, 3], [91, 45, 6, 4], [9, 9])
    assert drawn(one_more, disclosure_control=True)[0] == {"threshold": 1, "nk-rule": 2}
    assert drawn(one_more)[0] == {}


@pytest.mark.parametrize(
    ("sizes", "rule"),
    [([8, 8, 8], {}), ([90, 5, 5], {"nk-rule": 1}), ([50, 50], {"threshold": 1})],
)
def test_a_sum_over_winners_that_few_make_up_has_no_price(
    sizes: list[int], rule: dict[str, int]
) -> None:
    rows = [(f"f{at}", 2012, 2011, size) for at, size in enumerate(sizes)]
    columns = ["firm_id", "year", "first_award", "inventions"]
    after = zr.winners_after(pd.DataFrame(rows, columns=columns), "inventions", window=(1, 1))
    assert sum(after.by_firm) == after.total
    assert blank_sum(after) == rule


def test_a_stricter_study_leaves_more_sums_out() -> None:
    table = observed([5, 5, 5, 5], [40, 40, 11, 9])  # 80 %
    try:
        enforce({"nk_share": 0.75})
        assert drawn(table, disclosure_control=True)[0]["nk-rule"] == 1
    finally:
        enforce({})
    assert drawn(table, disclosure_control=True)[0]["nk-rule"] == 0
