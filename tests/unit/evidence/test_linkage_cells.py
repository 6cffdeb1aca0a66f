"""Shares by edition: hidden ones cannot be worked out from totals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zgzx_research.evidence.disclosure_rules import enforce
from zgzx_research.evidence.linkage_cells import hide_linkage, linkage_facts


def rates(*rows: tuple[int, int, int], arm: str = "winner") -> pd.DataFrame:
    """Edition, rows, linked."""
    frame = pd.DataFrame(rows, columns=["edition", "rows", "linked"])
    return frame.assign(arm=arm, entity="worker", linked_share=frame["linked"] / frame["rows"])


def test_an_edition_with_few_not_found_hides_another_one_with_it() -> None:
    # 2 and 12 are not found: their sum, 14, is known from the arm's total
    table = hide_linkage(rates((1, 40, 38), (2, 60, 48), (3, 50, 50), (4, 90, 60)))
    assert table["rows"].tolist() == [40, 60, 50, 90]
    assert table["linked"].isna().tolist() == [True, True, False, False]
    assert table["linked_share"].tolist()[2:] == [1.0, pytest.approx(2 / 3)]


def test_a_small_edition_hides_its_rows_too() -> None:
    table = hide_linkage(rates((1, 6, 6), (2, 60, 60), (3, 20, 20)))
    assert table["rows"].isna().tolist() == [True, False, True]
    assert table["linked_share"].isna().tolist()[0]


def test_arms_do_not_mix_and_facts_carry_the_same_numbers() -> None:
    both = pd.concat([rates((1, 40, 38), (2, 60, 48)), rates((1, 30, 30), arm="finalist")])
    facts = linkage_facts(both)
    assert facts["linkage.1.finalist.worker.linked_share"]["value"] == 1.0
    assert facts["linkage.1.winner.worker.rows"]["value"] == 40
    assert facts["linkage.1.winner.worker.linked"]["withheld"]
    assert facts["linkage.2.winner.worker.linked_share"]["withheld"]


def test_no_contest_no_shares() -> None:
    assert hide_linkage(rates()).empty and linkage_facts(rates()) == {}
    assert np.array_equal(hide_linkage(rates()).columns[:3], ["edition", "arm", "entity"])


def test_a_study_with_stricter_rules_hides_more() -> None:
    whole = rates((1, 40, 28), (2, 60, 30), (3, 90, 60))  # 12 are not found in edition 1
    assert not hide_linkage(whole)["linked"].isna().any()
    try:
        enforce({"persons": 15})
        assert hide_linkage(whole)["linked"].isna()[0]
    finally:
        enforce({})
