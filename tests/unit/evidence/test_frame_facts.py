from __future__ import annotations

import math

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.frame_facts import frame_facts

FRAME = pd.DataFrame(
    {
        "shift": [2.0, 3.0],
        "estimate": [0.1, math.nan],
        "ci_low": [-0.1, -math.inf],
        "ci_high": [0.3, math.inf],
        "p_value": [0.31, 0.9],
        "n_treated": [40, 2],
        "n_comparison": [400, 400],
        "reason": ["", "too few"],
    }
)


def test_effects_are_in_their_unit_and_rows_have_names() -> None:
    facts = frame_facts("a.main.placebo", FRAME, "percent", by="shift")
    assert facts["a.main.placebo.2.estimate"]["value"] == pytest.approx(10.0)
    assert facts["a.main.placebo.2.estimate"]["unit"] == "percent"
    assert facts["a.main.placebo.2.p_value"]["value"] == 0.31
    assert facts["a.main.placebo.2.n_treated"] == {
        "value": 40,
        "unit": "count",
        "kind": "estimate",
        "stage": "estimate",
    }
    assert not any(key.endswith("reason") for key in facts)


def test_results_of_two_units_are_withheld() -> None:
    facts = frame_facts("a.main.placebo", FRAME, "percent", by="shift")
    for name in ("estimate", "ci_low", "ci_high", "n_treated", "n_comparison"):
        assert facts[f"a.main.placebo.3.{name}"]["withheld"]
    assert facts["a.main.placebo.3.p_value"]["value"] == 0.9


def test_one_row_needs_no_name() -> None:
    facts = frame_facts("a.power", pd.DataFrame({"detectable": [0.25]}), "percentage_point")
    assert facts["a.power.detectable"]["value"] == 25.0


@pytest.mark.parametrize("by", [None, "n_comparison"])
def test_rows_without_names_of_their_own_are_refused(by: str | None) -> None:
    with pytest.raises(ZgzxError, match=r"names of their own.*2"):
        frame_facts("a", FRAME, "percent", by=by)
