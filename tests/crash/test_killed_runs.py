"""A run killed at any moment leaves no half file, and the next run makes the same bytes."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.crash.conftest import KILLS, Copy, Reference, Tried
from tests.crash.small_project import (
    NAME,
    assert_same,
    assert_whole,
    outputs,
    start,
    succeed,
    unfinished,
    zgzx,
)

KILLED = -signal.SIGKILL
SAME = "no half file; the next run makes the same bytes as one without a kill, and leaves nothing"
# folders that others write too, so a run does not tidy up there
OUTSIDE = ("reports/.index.html.", f"data/raw/{NAME}/.file_numbers.csv.")
STEPS = 25  # lines of progress after which a run is killed, at most; it says 29
# one kill is in `make studies`
NUMBERS = [pytest.param(0, marks=pytest.mark.study)] + [
    pytest.param(number, marks=pytest.mark.crash) for number in range(1, KILLS)
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_run_killed_before_a_file_operation(
    number: int, fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    tried("SIGKILL of `zgzx run` before a file operation", SAME)
    project = fresh()
    moment = rng.randint(1, reference.operations * 95 // 100)
    killed = zgzx(project, "run", NAME, KILL_AT=moment)
    assert killed.returncode == KILLED, killed.stderr
    goes_on(project, reference)


@pytest.mark.crash
@pytest.mark.parametrize("number", range((KILLS + 1) // 2))
def test_a_run_killed_while_it_works(
    number: int, fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    tried("SIGKILL of `zgzx run` while it works", SAME)
    project = fresh()
    process = start(project, "run", NAME)
    assert process.stdout
    for _ in range(rng.randint(1, STEPS)):
        process.stdout.readline()
    time.sleep(rng.uniform(0, 0.3))
    process.kill()
    process.communicate()
    assert process.returncode == KILLED
    goes_on(project, reference)


@pytest.mark.crash
def test_a_run_killed_again_and_again(
    fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    project = fresh()
    for _ in range(5):
        tried("SIGKILL of `zgzx run` five times in a row", SAME)
        killed = zgzx(project, "run", NAME, KILL_AT=rng.randint(1, reference.operations // 4))
        assert killed.returncode == KILLED, killed.stderr
        assert_whole(outputs(project), reference.outputs)
    goes_on(project, reference)
    assert "nothing to do" in succeed(project, "run", NAME)


def goes_on(project: Path, reference: Reference) -> None:
    """Nothing is half written, and the next run makes what is missing."""
    assert_whole(outputs(project), reference.outputs)
    succeed(project, "run", NAME)
    assert_same(outputs(project), reference.outputs)
    left = [name for name in unfinished(project) if not name.startswith(OUTSIDE)]
    assert left == []
