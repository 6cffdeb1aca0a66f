"""What the crash tests share: the small study, what an uninterrupted run makes, and the tally."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.small_project import NAME, make_project, outputs, succeed

TABLE = "CRASH_TABLE"  # names the file for the table; `make crash` sets it
SEED = int(os.environ.get("SEED", "1"))
KILLS = int(os.environ.get("KILLS", "6"))  # of each kind
HEAD = """# What was tried, and how often it held

Made by `make crash SEED={seed} KILLS={kills}`; what each row is about:
[reliability](../reliability.md). The seed chooses the moments. Two steps of a run work at the same
time, so the file operation with a given number may be another one next time.

| what happened | what must hold | tried | held |
|---|---|---|---|
"""

Copy = Callable[[], Path]
Tried = Callable[[str, str], None]


@dataclass(frozen=True)
class Reference:
    """A run that nothing interrupted: its project, what it wrote, and its file operations."""

    project: Path
    outputs: dict[str, bytes]
    operations: int


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study before its first run; tests must not change it."""
    return make_project(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="session")
def reference(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The small study after a run; tests must not change it."""
    folder = tmp_path_factory.mktemp("reference")
    project = shutil.copytree(untouched, folder / "project")
    succeed(project, "run", NAME, COUNT_IN=folder / "count")
    return Reference(project, outputs(project), int((folder / "count").read_text()))


@pytest.fixture
def fresh(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Makes copies of the small study before its first run."""
    return copies(untouched, tmp_path_factory)


@pytest.fixture
def built(reference: Reference, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Makes copies of the small study after a run."""
    return copies(reference.project, tmp_path_factory)


def copies(project: Path, folders: pytest.TempPathFactory) -> Copy:
    """Copies as deep as the original, for names in the records of a run are relative paths."""
    return lambda: shutil.copytree(project, folders.mktemp("copy") / "project")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of the seed, others for each test."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Notes what is tried, and what must hold; once for each time."""
    return lambda happened, holds: record_property("tried", [happened, holds])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it where `make crash` says."""
    tried, held = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            rows = [tuple(row) for name, row in report.user_properties if name == "tried"]
            tried.update(rows)
            held.update(rows if outcome == "passed" else ())
    if TABLE in os.environ and tried and "PYTEST_XDIST_WORKER" not in os.environ:
        lines = [f"| {' | '.join(row)} | {tried[row]} | {held[row]} |" for row in sorted(tried)]
        text = HEAD.format(seed=SEED, kills=KILLS) + "\n".join(lines) + "\n"
        terminalreporter.write_line(text)
        Path(os.environ[TABLE]).write_text(text, encoding="utf-8")
