"""An installation that is killed, again and again, is finished by the next `make`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.conftest import Tried
from tests.crash.small_project import PATIENCE, ROOT

pytestmark = pytest.mark.crash
MAKE = ["make", ".venv/.ready", f"PYTHON={Path(sys.base_prefix) / 'bin/python3'}"]
# every file that an installed package lists must be there
COMPLETE = """
import importlib.metadata
missing = [
    str(file)
    for package in importlib.metadata.distributions()
    for file in package.files or [f"RECORD of {package.name}"]
    if file and not str(file).endswith(".pyc") and not package.locate_file(file).exists()
]
print(missing)
"""


def packages(environment: Path) -> int:
    return len(list(environment.glob("lib/python*/site-packages/*.dist-info")))


STAGES: dict[str, Callable[[Path], bool]] = {
    "there is a python, no pip yet": lambda venv: (venv / "bin/python").exists(),
    "uv is there": lambda venv: (venv / "bin/uv").exists(),
    "some packages are there": lambda venv: packages(venv) > 20,
}


def test_an_installation_killed_at_every_stage(tmp_path: Path, tried: Tried) -> None:
    folder = copy_of_the_repository(tmp_path / "copy")
    venv = folder / ".venv"
    for reached in STAGES.values():
        tried("SIGKILL of an installation (`make`)", "not taken for done; `make` finishes it")
        kill_when(folder, lambda reached=reached: reached(venv))
        assert not (venv / ".ready").exists()
    made = subprocess.run(MAKE, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert made.returncode == 0, made.stderr
    python = [venv / "bin/python", "-c", COMPLETE]
    done = subprocess.run(python, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    subprocess.run([venv / "bin/zgzx", "--help"], check=True, capture_output=True)


def copy_of_the_repository(folder: Path) -> Path:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in names.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def kill_when(folder: Path, reached: Callable[[], bool]) -> None:
    """Start the installation, and kill it with all it started once a stage is reached."""
    process = subprocess.Popen(
        MAKE,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not reached():
        if process.poll() is not None:
            pytest.fail(process.communicate()[0])
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
