"""The proofs of single traps.

Rows are sound, naive methods err in the direction their row says, ours does not.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.estimates import options
from zgzx_research.proofs.trap_methods import (
    METHODS,
    MIN_STAFF,
    PRIMARY,
    before_after,
    true_effect,
)
from zgzx_research.proofs.trap_proofs import Proof, prove
from zgzx_research.proofs.traps import ROWS, page, to_markdown
from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.study import load_study

ROOT = Path(__file__).parents[2]


def test_rows_name_existing_methods_and_traps() -> None:
    for row in ROWS:
        assert row.method in METHODS
        assert row.order(0).scenario == row.scenario
    assert len({(row.label, row.method) for row in ROWS}) == len(ROWS)
    traps = {name for row in ROWS for name in row.traps}
    assert traps >= {"growth", "regression_to_the_mean", "size_selection", "dynamic_effects"}
    assert traps >= {"giant_firm", "covid", "subsidy_reform", "closure"}


def test_a_proof_switches_all_other_traps_off() -> None:
    order = Proof("x", traps=("growth", "giant_firm")).order(3)
    assert set(order.without) == set(switched()["trap"]) - {"growth"}
    assert order.also == ("giant_firm",)
    with pytest.raises(ZgzxError, match="unknown trap"):
        Proof("x", traps=("growt",)).order(0)
    with pytest.raises(ZgzxError, match="unknown method"):
        prove([Proof("x", "guess")], [0], 1)


@pytest.mark.parametrize("outcome", ["patents_invention", "patents_utility_model", "retention"])
def test_the_primary_specification_equals_that_of_the_study_file(outcome: str) -> None:
    study = load_study(ROOT, "demo")
    usual = {"controls": "never_treated", "anticipation": 0}
    assert usual | PRIMARY[outcome.split("_")[0]] == options(study, outcome, "main")
    text = tomllib.loads((ROOT / "studies/demo.toml").read_text(encoding="utf-8"))
    assert text["retention"]["min_staff"] == MIN_STAFF
    assert text["estimate"]["headline_events"] == [1, 3]


def test_true_effect_and_before_after_by_hand() -> None:
    """Two winners of 2012 and 2014, seen until 2016.

    Only the first has three whole years after its award.
    """
    panel = pd.DataFrame(
        {
            "firm_id": np.repeat(["a", "b", "c"], 7),
            "year": np.tile(np.arange(2010, 2017), 3),
            "first_award": np.repeat([2012.0, 2014.0, np.nan], 7),
            "mu0": 2.0,
            "mu1": 2.0,
            "n": 4.0,
        }
    )
    after = (panel["firm_id"] == "a") & panel["year"].between(2013, 2015)
    panel.loc[after, ["mu1", "n"]] = [[2.5, 3.0], [3.0, 6.0], [3.5, 9.0]]
    assert true_effect(panel) == pytest.approx(9 / 6 - 1)
    answer = before_after(panel, "n")
    assert answer.unit == pytest.approx(3 * 4)  # its usual four a year, for three years
    assert answer.error == pytest.approx(18 - 1.5 * 12)


@pytest.mark.study
def test_naive_methods_err_in_their_direction_in_a_few_worlds() -> None:
    """Every naive row that errs by more than half a standard deviation is seen to err.

    No row of ours errs so far.
    """
    chosen = {
        "growth, null",
        "regression to the mean, null",
        "size selection",
        "talent awards (control)",
    }
    rows = [row for row in ROWS if row.label in chosen]
    results = prove(rows, range(30), 1, progress=False)  # tests have a worker on each core already
    direction = {
        "before_after": 1,
        "base_minus_one": -1,
        "full_base": -1,
        "winners_against_all": 1,
        "primary": 0,
    }
    for row, result in zip(rows, results, strict=True):
        away = result["bias"] / result["bias_error"]
        if direction[row.method]:
            assert away * direction[row.method] > (1.5 if row.method == "full_base" else 3), (
                row.label,
                away,
            )
        else:
            assert abs(away) < 4, (row.label, away)
            assert result["coverage"] > 0.8, row.label
    text = page(rows, results, 30)
    assert to_markdown(rows, results) in text
    assert "seeds 0 to 29" in " ".join(text.split())


@pytest.mark.slow
def test_worlds_of_a_seed_do_not_depend_on_the_process() -> None:
    rows = [
        Proof("growth", scenario="null", traps=("growth",)),
        Proof("size", traps=("size_selection",)),
    ]
    one, two = (prove(rows, range(4), processes, progress=False) for processes in (1, 2))
    assert [{k: v for k, v in r.items() if v == v} for r in one] == [
        {k: v for k, v in r.items() if v == v} for r in two
    ]


@pytest.mark.slow
def test_illustrations_use_the_first_worlds_only() -> None:
    rows = [
        Proof("few", scenario="null", traps=("growth",), most=2),
        Proof("all", scenario="null", traps=("growth",)),
    ]
    few, every = prove(rows, range(4), 1, progress=False)
    assert (few["worlds"], every["worlds"]) == (2, 4)
    assert few["bias"] == prove(rows[:1], range(2), 1, progress=False)[0]["bias"]


def test_an_unknown_optional_trap_is_refused() -> None:
    with pytest.raises(ZgzxError, match="unknown optional trap"):
        Order(also=("growth",))
