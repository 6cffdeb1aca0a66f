"""Commands that are killed before any of their file operations: the old files or the new ones."""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.crash.conftest import KILLS, Copy, Tried
from tests.crash.small_project import (
    NAME,
    UNREAD,
    assert_same,
    assert_whole,
    outputs,
    succeed,
    zgzx,
)

pytestmark = pytest.mark.crash
DAY = ("--date", "2026-04-02")
WORLD = ("simulate", "data/raw/demo", "--size", "tiny", "--seed", "1")
DECISION = {
    "更正值 corrected value": "2003-04-05",
    "经手人 reviewer": "LM",
    "日期 date": "2026-04-02",
}


def moments(project: Path, words: Sequence[str], rng: random.Random) -> list[int]:
    """File operations before which to kill: all of them, or some where there are many."""
    count = project.parent / "count"
    succeed(project, *words, COUNT_IN=count)
    every = range(1, int(count.read_text()) + 1)
    return list(every) if len(every) <= KILLS else sorted(rng.sample(every, KILLS))


def killed_everywhere(copy: Copy, words: Sequence[str], rng: random.Random, tried: Tried) -> None:
    """Kill the command at each moment: before or after, never between; then it does its work."""
    whole = copy()
    before = outputs(whole)
    for moment in moments(whole, words, rng):
        tried(f"SIGKILL of `zgzx {words[0]}`", "the files as before or as after; again makes them")
        project = copy()
        killed = zgzx(project, *words, KILL_AT=moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        found = outputs(project)
        assert found in (before, outputs(whole)), sorted(set(found) ^ set(before))
        if found == before:
            succeed(project, *words)
        assert_same(outputs(project), outputs(whole))


def test_freeze(fresh: Copy, rng: random.Random, tried: Tried) -> None:
    killed_everywhere(fresh, ("freeze", NAME, *DAY), rng, tried)


def test_publish(built: Copy, rng: random.Random, tried: Tried) -> None:
    killed_everywhere(built, ("publish", NAME, *DAY), rng, tried)


def test_review(built: Copy, rng: random.Random, tried: Tried) -> None:
    workbook = filled_in(built())
    killed_everywhere(built, ("review", NAME, str(workbook)), rng, tried)


def filled_in(project: Path) -> Path:
    """The audit workbook, with a date for the founding day that could not be read."""
    path = project.parent / "returned.xlsx"
    book = load_workbook(project / f"data/work/{NAME}/clean/audit.xlsx")
    sheet = book["registry"]
    heads = [cell.value for cell in sheet[1]]
    cells = next(row for row in sheet.iter_rows(min_row=2) if UNREAD in [c.value for c in row])
    for head, value in DECISION.items():
        cells[heads.index(head)].value = value
    book.save(path)
    return path


def test_simulate(fresh: Copy, rng: random.Random, tried: Tried) -> None:
    killed_everywhere(fresh, WORLD, rng, tried)


def test_init(fresh: Copy, rng: random.Random, tried: Tried) -> None:
    """It makes many files, the study file last: a kill may leave some, and again makes the rest."""
    words = ("init", "later")
    whole = fresh()
    for moment in moments(whole, words, rng):
        tried("SIGKILL of `zgzx init`", "no half file; again makes the rest")
        project = fresh()
        killed = zgzx(project, *words, KILL_AT=moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert_whole(outputs(project), outputs(whole))
        if not (project / "studies/later.toml").exists():
            succeed(project, *words)
        assert_same(outputs(project), outputs(whole))
