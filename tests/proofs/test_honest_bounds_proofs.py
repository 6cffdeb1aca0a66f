"""The table of `honest_bounds` sees intervals that allow too little, and passes those that do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zgzx_research.did.core import inference
from zgzx_research.proofs import many_worlds
from zgzx_research.proofs.honest_bounds import ROWS, page, prove, to_markdown


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo after each test that `over_worlds` lowers the number of draws of this process."""
    monkeypatch.setattr(inference, "DRAWS", many_worlds.DRAWS)


@pytest.mark.slow
def test_a_bound_that_is_too_small_fails_and_the_right_one_holds() -> None:
    rows = [ROWS[0], replace(ROWS[0], bound=0.2)]
    good, small = prove(rows, range(12), processes=1)
    assert good.verdict == "holds"
    assert small.verdict == "fails: coverage"
    assert small.original == good.original < 0.5
    table = to_markdown(rows, [good, small])
    assert table.count("\n") == 3
    assert table in page(rows, [good, small], 12)


@pytest.mark.slow
def test_the_bound_of_planted_counts_is_that_of_the_world() -> None:
    (found,) = prove([ROWS[5]], range(2), processes=1)
    # designs: departures of +60 % at -2 and +50 % after are M = .68 in tiny worlds
    assert found.bound == pytest.approx(0.68, abs=0.03)
    assert found.errors == 0


def test_an_error_in_a_world_is_named() -> None:
    row = replace(ROWS[0], arguments={"method": "fixed_length"})
    (found,) = prove([row], range(2), processes=1)
    assert found.verdict.startswith("fails: no answer (honest_bounds: method='fixed_length'")


@pytest.mark.proof
def test_every_row_holds() -> None:
    for row, found in zip(ROWS, prove(ROWS, range(300)), strict=True):
        assert found.verdict == "holds", row.label
