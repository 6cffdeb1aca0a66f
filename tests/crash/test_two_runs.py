"""Two runs at once: of one study the second is refused; of two studies both do their work."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.crash.conftest import Copy, Reference, Tried
from tests.crash.small_project import (
    NAME,
    PATIENCE,
    assert_same,
    outputs,
    refused,
    start,
    succeed,
    zgzx,
)

pytestmark = pytest.mark.crash
OTHER = "other"


def test_a_second_run_of_a_study_is_refused(
    fresh: Copy, reference: Reference, tried: Tried
) -> None:
    tried("a second run of a study that is at work", "one line; the first run is not disturbed")
    project = fresh()
    first = start(project, "run", NAME)
    assert first.stdout
    assert "[ 1/" in first.stdout.readline()
    second = zgzx(project, "run", NAME)
    assert first.poll() is None, "the first run was done too early to be disturbed"
    assert "another run of this study is at work. Wait until it has ended" in refused(second)
    first.communicate(timeout=PATIENCE)
    assert first.returncode == 0
    assert_same(outputs(project), reference.outputs)


@pytest.mark.parametrize("number", range(2))
def test_two_runs_of_a_study_that_start_together(
    number: int, fresh: Copy, reference: Reference, tried: Tried
) -> None:
    tried("two runs of a study that start together", "one does the work, the other says so")
    project = fresh()
    runs = [start(project, "run", NAME) for _ in range(2)]
    ends = [run.communicate(timeout=PATIENCE) for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2], ends
    assert any("another run of this study" in said for _, said in ends)
    assert_same(outputs(project), reference.outputs)


def test_two_studies_at_once(fresh: Copy, tried: Tried) -> None:
    tried("runs of two studies at once", "the same bytes as one after the other")
    together, apart = with_another_study(fresh()), with_another_study(fresh())
    for name in (NAME, OTHER):
        succeed(apart, "run", name)
    runs = [start(together, "run", name) for name in (NAME, OTHER)]
    ends = [run.communicate(timeout=PATIENCE) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ends
    for name in (NAME, OTHER):
        succeed(together, "run", name)
        succeed(apart, "run", name)
    assert_same(outputs(together), outputs(apart))
    page = (together / "reports/index.html").read_text(encoding="utf-8")
    assert f"{NAME}/zh/report.html" in page and f"{OTHER}/zh/report.html" in page


def with_another_study(project: Path) -> Path:
    """The project with a second study of the same files."""
    for folder in ("data/raw", "data/decisions"):
        shutil.copytree(project / folder / NAME, project / folder / OTHER)
    text = (project / f"studies/{NAME}.toml").read_text(encoding="utf-8")
    own = text.replace(f'"{NAME}"', f'"{OTHER}"').replace(f"raw/{NAME}", f"raw/{OTHER}")
    (project / f"studies/{OTHER}.toml").write_text(own, encoding="utf-8")
    return project
