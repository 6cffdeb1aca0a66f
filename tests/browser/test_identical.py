"""Two runs in two places, one of them without the truth, give the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import make_project, tree_bytes
from zgzx_research.pipeline.run_log import LOG

ELSEWHERE = {"TZ": "America/St_Johns", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "2"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo study run by the command in another folder, time zone and locale."""
    project = make_project(tmp_path_factory.mktemp("in a folder") / "deeper" / "project")
    shutil.move(project / "data/raw/demo/truth", project.parent / "truth")
    command = [sys.executable, "-m", "zgzx_research", "run", "demo"]
    environment = {**os.environ, **ELSEWHERE}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"(\d+)/\1\]", done.stdout.replace(" ", ""))
    return project


def test_raw_files_are_byte_identical(project: Path, elsewhere: Path) -> None:
    assert (
        differing(
            tree_bytes(project / "data/raw/demo/raw"), tree_bytes(elsewhere / "data/raw/demo/raw")
        )
        == []
    )
    assert (
        differing(
            tree_bytes(project / "data/raw/demo/truth"), tree_bytes(elsewhere.parent / "truth")
        )
        == []
    )


def test_stages_and_reports_are_byte_identical_and_read_no_truth(
    project: Path, elsewhere: Path
) -> None:
    for make in (stages, reports):
        one, other = make(project), make(elsewhere)
        assert differing(one, other) == []
        assert not [name for name, data in other.items() if str(elsewhere).encode() in data]


def stages(project: Path) -> dict[str, bytes]:
    """What a run leaves in the work folder.

    Left out: pytask's own files, which name places, and joblib's and the log, which say times.
    """
    found = tree_bytes(project / "data/work/demo")
    own = (".pytask", "pytask", "cache/", LOG)
    return {name: data for name, data in found.items() if not name.startswith(own)}


def reports(project: Path) -> dict[str, bytes]:
    return tree_bytes(project / "reports")


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    assert one
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
