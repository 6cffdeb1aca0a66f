"""A clock that jumps back, and files whose times are wrong: what changed is seen by its content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.crash.conftest import Copy, Reference, Tried
from tests.crash.small_project import NAME, assert_same, outputs, succeed

pytestmark = pytest.mark.crash
PAST, FUTURE = 1_000_000_000, 4_000_000_000  # 2001 and 2096
PATENTS = f"data/raw/{NAME}/patents/patents.xlsx"


def test_a_clock_that_goes_back_during_a_run(
    fresh: Copy, reference: Reference, tried: Tried
) -> None:
    tried("a clock that goes back an hour at each look", "the same bytes")
    project = fresh()
    succeed(project, "run", NAME, CLOCK="back")
    assert_same(outputs(project), reference.outputs)


@pytest.mark.parametrize("moment", [PAST, FUTURE])
def test_all_files_have_another_time(
    moment: int, built: Copy, reference: Reference, tried: Tried
) -> None:
    tried("all files of a study have times long ago, or to come", "nothing is done again")
    project = built()
    for path in project.rglob("*"):
        os.utime(path, (moment, moment))
    assert "nothing to do" in succeed(project, "run", NAME)
    assert_same(outputs(project), reference.outputs)


def test_a_file_changed_by_a_clock_that_went_back(built: Copy, fresh: Copy, tried: Tried) -> None:
    tried("a raw file changed while the clock was wrong", "the same bytes as a run from nothing")
    project, anew = built(), fresh()
    for one in (project, anew):
        change(one / PATENTS)
    os.utime(project / PATENTS, (PAST, PAST))
    (anew / PATENTS).write_bytes((project / PATENTS).read_bytes())
    assert "tasks done" in succeed(project, "run", NAME)
    succeed(anew, "run", NAME)
    assert_same(outputs(project), outputs(anew))


def change(path: Path) -> None:
    """Take one row out of a workbook."""
    book = load_workbook(path)
    book.worksheets[0].delete_rows(3)
    book.save(path)
