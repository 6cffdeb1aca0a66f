"""One world for each trap.

Cleaning is near the truth where the naive treatment is far from it, on the known side.
"""

from __future__ import annotations

import pytest

from zgzx_research.proofs.cleaned_files import Quantity
from zgzx_research.proofs.cleaning import ROWS, Trap, judge_trap, one_world
from zgzx_research.simulate.world.constants import switched

TOO_MANY = {"double filing", "A and B rows", "bought patents"}
SHORT = {  # the others take minutes: `make proofs`
    "double filing": pytest.mark.slow,
    "A and B rows": pytest.mark.study,
    "bought patents": pytest.mark.study,
    "renames": pytest.mark.slow,
}


@pytest.mark.parametrize(
    "trap",
    [pytest.param(trap, marks=SHORT.get(trap.label, pytest.mark.proof)) for trap in ROWS],
    ids=[trap.label for trap in ROWS],
)
def test_cleaning_is_near_the_truth_where_the_naive_treatment_is_not(trap: Trap) -> None:
    ((true, cleaned, naive),) = one_world([trap], seed=0)
    assert abs(cleaned - true) < 0.1 * abs(naive - true)
    assert (naive > true) == (trap.label in TOO_MANY)


def test_the_short_form_names_existing_traps() -> None:
    assert {trap.label for trap in ROWS} > set(SHORT)


@pytest.mark.parametrize("trap", ROWS, ids=[trap.label for trap in ROWS])
def test_only_the_named_traps_and_size_selection_are_on(trap: Trap) -> None:
    order = trap.order(0)
    assert not {*trap.on, "size_selection"} & set(order.without)
    assert {*order.without, *trap.on, "size_selection"} == set(switched()["trap"])


def test_the_verdict_sees_a_bias_of_either_treatment() -> None:
    trap = ROWS[0]
    good = [Quantity(100, 100, 110), Quantity(200, 200, 222)]
    assert judge_trap(trap, good)["verdict"] == "holds"
    assert judge_trap(trap, good)["exact"]
    assert (
        judge_trap(trap, [Quantity(100, 109, 110), Quantity(200, 219, 222)])["verdict"] == "fails"
    )
    assert (
        judge_trap(trap, [Quantity(100, 99, 101), Quantity(200, 202, 198)])["verdict"]
        == "the naive one holds too"
    )
