from __future__ import annotations

import math

import pandas as pd
import pytest

from zgzx_research.report.number_format import MISSING
from zgzx_research.report.tables.result_table import result_table

FRAME = pd.DataFrame(
    {
        "sheet": ["a", "b"],
        "estimate": [0.104, 0.2],
        "std_error": [0.05, 0.06],
        "ci_low": [0.006, -math.inf],
        "ci_high": [0.202, math.inf],
        "n_treated": [40, 2],
        "n_comparison": [400, 400],
        "reason": ["", ""],
    }
)


@pytest.mark.parametrize(
    ("unit", "language", "head", "first"),
    [
        ("percent", "zh", "估计（%）", ["+10.4", "5.0", "[+0.6, +20.2]", "40", "400"]),
        ("number", "en", "Estimate", ["+0.104", "0.050", "[+0.006, +0.202]", "40", "400"]),
    ],
)
def test_measures_are_columns_and_an_interval_is_one(
    unit: str, language: str, head: str, first: list[str]
) -> None:
    table = result_table(
        "estimates",
        FRAME,
        ["A", "B"],
        label_column="sheet",
        unit=unit,
        language=language,
    )
    assert table.rows[0] == ("A", *first)
    assert table.columns[1].startswith(head)
    assert len(table.columns) == 6


def test_results_of_two_units_are_blank() -> None:
    table = result_table(
        "estimates", FRAME, ["A", "B"], label_column="sheet", unit="percent", language="zh"
    )
    assert set(table.rows[1][1:]) == {"—"}


@pytest.mark.parametrize("name", ["mde", "detectable"])
def test_no_detectable_effect_above_the_end_of_its_interval(name: str) -> None:
    frame = pd.DataFrame(
        {
            "estimate": [0.0, 0.02, -0.05, 0.1, math.nan],
            "ci_low": [-0.0196, 0.0, -0.07, -0.2, math.nan],
            "ci_high": [0.0196, 0.04, -0.03, math.inf, math.nan],
            name: [0.028, 0.028, 0.028, math.inf, math.nan],
        }
    )
    table = result_table(
        "stay", frame, list("abcde"), label_column="weighting", unit="percent", language="en"
    )
    written = [row[3] for row in table.rows]
    assert written[0] == "> 2.0%"  # 2.8 is ruled out already
    assert written[1].startswith("2.8") and written[2].startswith("2.8")
    assert written[3] == "none: the error grows with the effect"
    assert written[4] == MISSING
