"""No remedy names an option that is already set."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.did.panel.fitting_remedies import NOTHING_ELSE, SETTING, fitting
from zgzx_research.errors import ZgzxError

DID = Path(zr.__file__).parent / "did"
LONG = "Add earlier periods, lower anticipation or leave_out, or try controls='not_yet_treated'."


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ({}, "Add earlier periods or try controls='not_yet_treated'."),
        (
            {"leave_out": 1},
            "Add earlier periods, lower leave_out, or try controls='not_yet_treated'.",
        ),
        (
            {"leave_out": 1, "controls": "not_yet_treated"},
            "Add earlier periods or lower leave_out.",
        ),
        ({"controls": "not_yet_treated"}, "Add earlier periods."),
    ],
)
def test_alternatives_that_are_set_leave(options: dict, fits: str) -> None:
    assert fitting(LONG, options) == fits


def test_other_forms() -> None:
    assert (
        fitting("Pass scale='difference' or base_period='pooled'.", {"base_period": "pooled"})
        == "Pass scale='difference'."
    )
    assert (
        fitting("Pass scale='difference' or base_period='pooled'.", {"scale": "difference"})
        == "Pass base_period='pooled'."
    )
    assert (
        fitting("Pass controls='not_yet_treated'.", {"controls": "not_yet_treated"}) == NOTHING_ELSE
    )
    assert (
        fitting("Choose a shorter window.", {"controls": "not_yet_treated"})
        == "Choose a shorter window."
    )


def remedies() -> set[str]:
    """Every remedy in did/ that is plain text."""
    texts = {
        node.value
        for path in DID.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SETTING.search(node.value)
    }
    return {text for text in texts if text.endswith(".") and "\n" not in text and text[0].isupper()}


@pytest.mark.parametrize("remedy", sorted(remedies()))
def test_every_remedy_can_do_without_each_option_it_names(remedy: str) -> None:
    for name, value in SETTING.findall(remedy):
        fitted = fitting(remedy, {name: value})
        assert f"{name}='{value}'" not in fitted
        assert re.fullmatch(r"[A-Z].*\.", fitted)


def test_an_estimate_without_base_period() -> None:
    rows = [
        (u, t, 2011.0 if u < 5 else 2013.0, float(u * t % 7))
        for u in range(10)
        for t in range(2010, 2014)
    ]
    data = pd.DataFrame(rows, columns=["unit", "t", "first", "y"])
    panel = zr.prepare_panel(data, outcome="y", unit="unit", period="t", first_treated="first")
    with pytest.raises(ZgzxError) as caught:
        zr.estimate_effects(panel, controls="not_yet_treated", leave_out=3)
    assert "not_yet_treated" not in caught.value.remedy
    assert np.isinf(panel.cohorts).sum() == 0
