"""Units whose award was linked surely; those without an award stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.link.link_firms import STEPS
from zgzx_research.robustness.surely_linked import SURE


def test_units_with_sure_links_and_without_an_award_stay() -> None:
    table = pd.DataFrame(
        {
            "firm_id": ["A", "A", "B", "C", "D"],
            "award_link_score": [0.95, 0.95, 0.94, np.nan, 1.0],
        }
    )
    assert zr.surely_linked(table).to_dict() == {"A": True, "B": False, "C": True, "D": True}
    assert zr.surely_linked(table, min_score=0.9)["B"]


def test_sure_are_codes_and_full_names_but_not_cores_or_branches() -> None:
    sure = {step.method for step in STEPS.values() if step.score >= SURE}
    unsure = {name for name, step in STEPS.items() if step.score < SURE}
    assert sure == {"uscc", "name"}
    assert unsure == {"core", "parent", "parent_core"}


def test_a_table_without_the_column_is_refused() -> None:
    with pytest.raises(ZgzxError, match="award_link_score"):
        zr.surely_linked(pd.DataFrame({"firm_id": ["A"]}))
