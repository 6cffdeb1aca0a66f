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


@pytest.mark.parametrize(
    ("estimate", "error", "said"),
    [
        (0.0, 1.0, "ruled_out"),  # the interval ends at 1.96 errors, the effect is 2.80
        (1.0, 1.0, "inside"),
        (3.0, 1.0, "strong"),
        (2.5, 1.0, "weak"),  # beside zero, and below 2.80 errors
        (-2.5, 1.0, "weak"),
        (-3.0, 1.0, "strong_below"),
        (1.0, math.nan, "unknown"),
    ],
)
@pytest.mark.parametrize("tested", [True, False])
def test_a_detectable_effect_has_the_word_of_its_sentence(
    estimate: float, error: float, said: str, tested: bool
) -> None:
    row = {"estimate": estimate, "std_error": error, "mde": 2.8016 * error}
    row |= {"ci_low": estimate - 1.96 * error, "ci_high": estimate + 1.96 * error}
    if tested:
        row["p_value"] = math.erfc(abs(estimate) / error / math.sqrt(2))
    facts = frame_facts("stay_24.persons", pd.DataFrame([row]), "percentage_point")
    assert facts["stay_24.persons.detection"]["value"] == said


def test_without_a_size_that_is_seen_so_often_the_word_says_so() -> None:
    row = {"estimate": 1.0, "ci_low": -1.0, "ci_high": math.inf, "mde": math.inf, "p_value": 0.4}
    facts = frame_facts("a", pd.DataFrame([row]), "percent")
    assert facts["a.detection"]["value"] == "no_size"
