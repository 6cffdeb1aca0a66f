"""A small study that runs in seconds, the command in a process of its own, and what it wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from openpyxl import load_workbook

from tests.cases.small_study import NAME, make_small_study
from zgzx_research.pipeline.run_log import LOG

ROOT = Path(__file__).parents[2]
PAGES = ("0_brief", "1_data_audit", "3_retention", "8_claims", "style")
PATIENCE = 300  # seconds until a command counts as hanging
UNREAD = "2010-13-45"  # a founding day that goes to the quarantine
# what a run keeps for the next one: its database, its lock, results of slow functions; and its log
OWN = (".pytask", "cache", "pytask.lock", "pytask.lock.journal", "pytask.toml", ".run.lock", LOG)


def make_project(folder: Path) -> Path:
    """The small study with four pages and a founding day that nobody can read."""
    project = make_small_study(folder)
    for page in (project / "notebooks").iterdir():
        if page.is_dir() and page.name not in PAGES:
            shutil.rmtree(page)
    path = project / f"data/raw/{NAME}/registry/firms.xlsx"
    book = load_workbook(path)
    book.worksheets[0].cell(2, 4, UNREAD)
    book.save(path)
    return project


def start(
    project: Path, *words: str, prefix: Sequence[str] = (), **happens: object
) -> subprocess.Popen[str]:
    """Start the command in a project; `happens` are the variables of `interrupted_zgzx`."""
    python = [sys.executable, "-m", "tests.crash.interrupted_zgzx"]
    given = {name: str(value) for name, value in happens.items()}
    return subprocess.Popen(
        [*prefix, *python, *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def zgzx(
    project: Path, *words: str, prefix: Sequence[str] = (), **happens: object
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    process = start(project, *words, prefix=prefix, **happens)
    out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def succeed(project: Path, *words: str, **happens: object) -> str:
    """What a command says that must succeed."""
    done = zgzx(project, *words, **happens)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line with which a command refused."""
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning:")]
    assert len(lines) == 1 and lines[0].startswith("zgzx: "), done.stderr
    return lines[0]


def outputs(project: Path) -> dict[str, bytes]:
    """Every file that runs and commands write for people and for later steps, but hidden ones."""
    places = ("data/work", "data/raw", "data/decisions", "reports", "studies")
    files = (path for place in places for path in (project / place).rglob("*"))
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(files)
        if path.is_file() and not is_own(path.relative_to(project))
    }


def is_own(path: Path) -> bool:
    """Whether a file belongs to the run itself, or is hidden."""
    return any(part in OWN or part.startswith(".") for part in path.parts)


def unfinished(project: Path) -> list[str]:
    """Files and folders that were being written when a process died."""
    names = (path.relative_to(project) for path in project.rglob(".*"))
    return sorted(name.as_posix() for name in names if not set(OWN) & set(name.parts))


def assert_same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """The same files with the same bytes; else which differ."""
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def assert_whole(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Each file that is there is as it is at the end: no half file, no other content."""
    assert [name for name in found if found[name] != expected.get(name)] == []
