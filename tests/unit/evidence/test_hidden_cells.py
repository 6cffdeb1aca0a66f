"""Cells of a table and shares by edition: hidden ones cannot be worked out from totals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.evidence.hidden_cells import hide_cells, hide_counts
from zgzx_research.evidence.linkage_cells import hide_linkage, linkage_facts


def shown(table: pd.DataFrame) -> list[list[int | None]]:
    return [[None if pd.isna(cell) else int(cell) for cell in row] for row in table.to_numpy()]


def test_a_small_cell_takes_one_of_its_row_and_one_of_its_column_with_it() -> None:
    table = pd.DataFrame({1: [2, 20, 40], 2: [30, 25, 60], 3: [50, 70, 80]})
    hidden = shown(hide_cells(table, 10))
    assert hidden == [[None, None, 50], [None, None, 70], [40, 60, 80]]


def test_zeros_are_shown_and_large_tables_untouched() -> None:
    table = pd.DataFrame({1: [0, 20], 2: [30, 25]})
    assert shown(hide_cells(table, 10)) == [[0, 30], [20, 25]]


def test_counts_of_a_known_total() -> None:
    counts = hide_counts(pd.Series([12, 2, 5, 40], index=list("abcd")), 3)
    assert counts["a"] == 12 and counts["d"] == 40
    assert counts[["b", "c"]].isna().all()


@pytest.mark.slow
@examples(40)
@given(st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=2, max_size=5))
def test_hidden_cells_of_every_line_come_to_the_minimum(rows: list[list[int]]) -> None:
    table = pd.DataFrame(rows)
    hidden = hide_cells(table, 10).isna().to_numpy()
    values = table.to_numpy()
    assert hidden[(values > 0) & (values < 10)].all()
    for lines, masks in ((values, hidden), (values.T, hidden.T)):
        for line, mask in zip(lines, masks, strict=True):
            if mask.any() and line[~mask].any():  # else there is nothing more to hide
                assert mask.sum() >= 2 and line[mask].sum() >= 10


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
