"""The split of a change since an earlier report."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.evidence.changes import LEVELS, STEPS, split

NAN = math.nan
LEVEL = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))


def parts(*values: float) -> list[tuple[tuple[str, ...], float]]:
    levels = dict(zip(LEVELS, values, strict=True))
    return [(part.steps, part.difference) for part in split(levels)]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((10, 12, 11, 15), [(("method",), 2), (("data",), -1), (("edition",), 4)]),
        ((10, 10, 10, 10), [(("method",), 0), (("data",), 0), (("edition",), 0)]),
        ((10, NAN, 11, 15), [(("method", "data"), 1), (("edition",), 4)]),
        ((10, 12, NAN, 15), [(("method",), 2), (("data", "edition"), 3)]),
        ((10, NAN, NAN, 15), [(("method", "data", "edition"), 5)]),
        ((NAN, 12, 11, 15), [(("data",), -1), (("edition",), 4)]),
        ((NAN, NAN, 11, 15), [(("edition",), 4)]),
        ((10, 12, 11, NAN), [(("method",), 2), (("data",), -1)]),
        ((NAN, NAN, NAN, 15), []),
        ((NAN, NAN, NAN, NAN), []),
    ],
)
def test_a_step_whose_level_is_unknown_is_joined_with_the_next(
    levels: tuple[float, ...], expected: list[object]
) -> None:
    assert parts(*levels) == expected


def test_a_level_that_is_not_named_is_unknown() -> None:
    assert split({"reported": 1.0, "edition": 4.0})[0].steps == STEPS


@pytest.mark.slow
@given(st.tuples(LEVEL, LEVEL, LEVEL, LEVEL))
def test_the_parts_add_up_and_no_step_is_in_two(levels: tuple[float, ...]) -> None:
    found = parts(*levels)
    known = [value for value in levels if not math.isnan(value)]
    steps = [step for names, _ in found for step in names]
    assert steps == [step for step in STEPS if step in steps]
    if len(known) > 1:
        whole = known[-1] - known[0]
        assert math.fsum(one for _, one in found) == pytest.approx(whole, abs=1e-9, rel=1e-12)
    else:
        assert not found
