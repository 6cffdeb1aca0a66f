"""The proofs of the contest design and of precision weights, in tiny worlds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from zgzx_research.proofs.contest_worlds import OUTCOME, contest_world
from zgzx_research.proofs.design_proofs import (
    PATENTS,
    RETENTION,
    ROWS,
    one_world,
    page,
    true_contest,
)
from zgzx_research.proofs.verdicts import Answer, judge
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import simulate_world
from zgzx_research.simulate.world.outcome_panel import outcome_panel

TINY = tuple(dataclasses.replace(row, size="tiny") for row in ROWS)


def test_rows_name_known_methods_and_worlds() -> None:
    for row in ROWS:
        assert row.method in (PATENTS if row.outcome == "patents" else RETENTION)
    assert len({(row.label, row.method) for row in ROWS}) == len(ROWS)


def test_the_world_is_that_of_the_other_proofs() -> None:
    order = Order("calibrated", "tiny", 5)
    world, panel = contest_world(order), outcome_panel(order, OUTCOME)
    both = world.firm_year.merge(panel, on=["firm_id", "year"], suffixes=("", "_other"))
    seen = both[OUTCOME].notna()
    assert (both.loc[seen, OUTCOME] == both.loc[seen, f"{OUTCOME}_other"]).all()
    assert (both["year"] > both["closed_year"])[~seen & both["mu0"].notna()].all()


@pytest.mark.slow
def test_entries_add_up_to_those_of_the_world() -> None:
    order = Order("null", "tiny", 5)
    lists, world = contest_world(order).firm_entries, simulate_world(order)
    assert lists["n_entries"].sum() == len(world.entry)
    won = world.entry["outcome"].eq("获奖")
    assert lists["n_winners"].sum() == won.sum()
    first = world.entry[won].groupby("firm_id")["year"].min()
    panel = contest_world(order).firm_year
    assert (
        panel.groupby("firm_id")["first_award"]
        .first()
        .dropna()
        .astype(int)
        .equals(first.rename("first_award"))
    )


@pytest.mark.slow
def test_nothing_is_true_in_a_null_world() -> None:
    assert true_contest(contest_world(Order("null", "tiny", 1)), "level") == 0
    assert true_contest(contest_world(Order("teaching", "tiny", 1)), "level") > 0.2


@pytest.mark.slow
def test_every_row_answers_and_the_page_shows_it() -> None:
    answers = [one_world(TINY, seed) for seed in (0, 1)]
    assert all(isinstance(answer, Answer) for world in answers for answer in world)
    results = [judge([world[k] for world in answers]) for k in range(len(TINY))]
    text = page(TINY, results, 2)
    assert all(row.method in text for row in TINY)


@pytest.mark.slow
def test_the_contest_has_no_bias_in_tiny_null_worlds() -> None:
    row = next(r for r in TINY if r.method.endswith("firm") and r.scenario == "null")
    answers = [one_world([row], seed)[0] for seed in range(12)]
    errors = np.array([answer.error for answer in answers])
    assert abs(errors.mean()) < 3 * errors.std(ddof=1) / np.sqrt(len(errors))
