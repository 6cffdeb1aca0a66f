"""A full disk, or one that takes no large file: one line says so, and with room a run goes on."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.conftest import KILLS, Copy, Reference, Tried
from tests.crash.small_project import (
    NAME,
    assert_same,
    assert_whole,
    outputs,
    refused,
    succeed,
    unfinished,
    zgzx,
)
from zgzx_research.atomic import REMEDIES

ONE_LINE = "one line with a remedy, no half file; with room again the same bytes"
# one limit is in `make studies`
NUMBERS = [pytest.param(0, marks=pytest.mark.study)] + [
    pytest.param(number, marks=pytest.mark.crash) for number in range(1, (KILLS + 1) // 2)
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_disk_that_takes_no_file_of_some_size(
    number: int, fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    """Writing fails in the middle of the file."""
    tried("no file of `zgzx run` may be larger than some size (`prlimit --fsize`)", ONE_LINE)
    project = fresh()
    sizes = [len(made) for name, made in reference.outputs.items() if name not in outputs(project)]
    limit = rng.randint(1000, max(sizes) - 1)
    said = refused(zgzx(project, "run", NAME, prefix=("prlimit", f"--fsize={limit}")))
    # where the database of the steps cannot grow, it says no more than that
    assert any(words in said for words in (*REMEDIES.values(), "sure that the disk has room")), said
    goes_on(project, reference)


@pytest.mark.crash
@pytest.mark.parametrize("place", ["data/work", "reports"])
def test_a_full_disk(
    place: str, fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    project = fresh()
    sizes = [len(made) for name, made in reference.outputs.items() if name.startswith(place)]
    with small_disk(project / place, rng.randint(20_000, sum(sizes) * 9 // 10)) as disk:
        tried(f"a disk that is full (`{place}` on a small tmpfs)", ONE_LINE)
        assert "Make room on the disk" in refused(zgzx(project, "run", NAME))
        assert_whole(outputs(project), reference.outputs)
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        goes_on(project, reference)


@pytest.mark.crash
def test_a_disk_without_room_for_another_file(
    fresh: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    project = fresh()
    with small_disk(project / "data/work", 10**8, files=rng.randint(10, 40)) as disk:
        tried("a disk without room for another file (inodes of a tmpfs)", ONE_LINE)
        assert "Make room on the disk" in refused(zgzx(project, "run", NAME))
        assert_whole(outputs(project), reference.outputs)
        subprocess.run(["mount", "-o", "remount,nr_inodes=10000", disk], check=True)
        goes_on(project, reference)


@contextmanager
def small_disk(folder: Path, size: int, files: int = 10_000) -> Iterator[Path]:
    """A disk of its own for a folder; skipped where mounting is not allowed."""
    folder.mkdir(parents=True)
    options = f"size={size},nr_inodes={files}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if os.getuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def goes_on(project: Path, reference: Reference) -> None:
    assert_whole(outputs(project), reference.outputs)
    succeed(project, "run", NAME)
    assert_same(outputs(project), reference.outputs)
    assert unfinished(project) == []
