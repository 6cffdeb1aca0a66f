from __future__ import annotations

import math

import pandas as pd
import pytest

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
