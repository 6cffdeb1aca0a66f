"""Flows add up, and what is hidden cannot be worked out from what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.examples import examples
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.flow import (
    Flow,
    Level,
    ProgrammeFlow,
    check_sums,
    flow_facts,
    hide_small,
)


def flow(unit: str, first: int, *steps: tuple[str, dict[str, int]]) -> Flow:
    """A flow from its first number and who left at each step."""
    levels, count = [Level("first", first)], first
    for name, left in steps:
        count -= sum(left.values())
        levels.append(Level(name, count, left))
    return check_sums(Flow(unit, tuple(levels)))


def counts(one: Flow) -> list[int | None]:
    return [level.count for level in one.levels]


def test_levels_that_do_not_add_up_are_refused() -> None:
    wrong = Flow("firms", (Level("entered", 10), Level("awarded", 6, {"final_only": 3})))
    with pytest.raises(ZgzxError, match="10 entered are not 6 awarded and 3 left"):
        check_sums(wrong)
    below = Flow("firms", (Level("entered", 2), Level("awarded", -1, {"final_only": 3})))
    with pytest.raises(ZgzxError, match="are not -1 awarded"):
        check_sums(below)


def test_large_numbers_and_zeros_are_shown() -> None:
    whole = flow("firms", 518, ("final", {"preliminary": 249}), ("awarded", {"lost": 0, "x": 164}))
    assert hide_small(whole) == whole


def test_a_step_with_few_leavers_is_joined_with_the_next_one() -> None:
    # 1,276 less 3 would tell of the three: the level between is hidden, and both reasons with it
    whole = flow("persons", 1276, ("found", {"not_found": 3}), ("compared", {"open": 200}))
    shown = hide_small(whole)
    assert counts(shown) == [1276, None, 1073]
    assert shown.levels[1].left == {"not_found": None}
    assert shown.levels[2].left == {"open": None}


def test_few_leavers_at_the_last_step_hide_the_level_before() -> None:
    whole = flow("firms", 90, ("awarded", {"lost": 40}), ("in_panel", {"before": 2}))
    shown = hide_small(whole)
    assert counts(shown) == [90, None, 48]
    assert shown.levels[1].left == {"lost": None} and shown.levels[2].left == {"before": None}


def test_one_small_reason_takes_another_one_with_it() -> None:
    whole = flow("firms", 105, ("estimate", {"open": 20, "missing": 2, "staff": 13}))
    shown = hide_small(whole)
    assert counts(shown) == [105, 70]
    assert shown.levels[1].left == {"open": 20, "missing": None, "staff": None}


def test_a_small_end_and_a_small_beginning_are_hidden() -> None:
    end = hide_small(flow("firms", 100, ("awarded", {"lost": 60}), ("in_panel", {"late": 38})))
    assert counts(end) == [100, 40, None] and end.levels[2].left == {"late": None}
    start = hide_small(flow("persons", 9, ("found", {"not_found": 0})))
    assert counts(start) == [None, None] and start.levels[1].left == {"not_found": None}


def programme(outcomes: dict[str, Flow], last: int = 40) -> ProgrammeFlow:
    firms = flow("firms", 100, ("in_panel", {"lost": 100 - last}))
    persons = flow("persons", 300, ("found", {"not_found": 30}))
    return ProgrammeFlow(
        flow("entries", 150, ("linked", {"no_firm": 20})), firms, outcomes, persons
    )


def test_what_one_outcome_hides_the_others_hide_too() -> None:
    few = flow("firms", 40, ("estimate", {"open": 10, "missing": 2}))
    many = flow("firms", 40, ("estimate", {"open": 10, "missing": 5}))
    facts = flow_facts(programme({"retention": few, "patents_all": many}))
    for outcome, estimate in (("retention", 28), ("patents_all", 25)):
        assert facts[f"flow.{outcome}.estimate"]["value"] == estimate
        assert facts[f"flow.{outcome}.left.open"]["withheld"]
    assert facts["flow.persons.left.not_found"]["value"] == 30
    assert facts["flow.firms.in_panel"]["value"] == 40


def test_outcomes_of_a_hidden_beginning_show_nothing() -> None:
    small = flow("firms", 2, ("estimate", {"open": 0}))
    facts = flow_facts(programme({"retention": small}, last=2))
    hidden = {key for key, fact in facts.items() if fact.get("withheld")}
    assert {"flow.retention.first", "flow.retention.estimate", "flow.firms.in_panel"} <= hidden


NUMBER = st.integers(0, 30)
STEPS = st.lists(st.lists(NUMBER, min_size=1, max_size=3), min_size=1, max_size=4)


@pytest.mark.slow
@examples(60)
@given(last=NUMBER, steps=STEPS)
def test_no_small_number_can_be_worked_out(last: int, steps: list[list[int]]) -> None:
    """Any number of leavers below the minimum might as well be the minimum or more."""
    minimum = 10
    named = [(f"s{k}", {f"r{n}": size for n, size in enumerate(s)}) for k, s in enumerate(steps)]
    whole = flow("persons", last + sum(map(sum, steps)), *named)
    shown = hide_small(whole)
    sizes = [size for step in steps for size in step] + [last]
    rows, totals = known_sums(shown, steps)
    for at, size in enumerate(sizes):
        if 0 < size < minimum:
            aim = [-float(k == at) for k in range(len(sizes))]
            found = linprog(aim, A_eq=rows or None, b_eq=totals or None, bounds=(0, 1000))
            assert found.status == 0 and -found.fun >= minimum - 1e-6


def known_sums(shown: Flow, steps: list[list[int]]) -> tuple[list[list[float]], list[float]]:
    """What a reader knows of the parts: every number shown is a sum of parts."""
    sizes, at = sum(map(len, steps)) + 1, 0
    rows, totals = [], []
    for level in shown.levels:
        for number in level.left.values():
            if number is not None:
                rows.append([float(k == at) for k in range(sizes)])
                totals.append(float(number))
            at += 1
        if level.count is not None:
            rows.append([float(k >= at) for k in range(sizes)])
            totals.append(float(level.count))
    return rows, totals
