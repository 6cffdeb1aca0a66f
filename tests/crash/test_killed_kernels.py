"""A notebook's kernel that is killed, and kernels of a run that is killed; here pages are real."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.crash.conftest import Copy, Tried
from tests.crash.small_project import NAME, PATIENCE, assert_same, outputs

PAGE = "1_data_audit"
pytestmark = pytest.mark.crash
COMMAND = [sys.executable, "-m", "zgzx_research", "run", NAME, "estimate"]


@pytest.mark.parametrize("seconds", [0, 3])
def test_a_kernel_that_is_killed(seconds: float, fresh: Copy, tried: Tried) -> None:
    """As it starts, and while it works."""
    tried("SIGKILL of the kernel of a notebook", "one message; the next run makes the same bytes")
    project, whole = one_page(fresh()), one_page(fresh())
    run = start(project)
    kernel = kernel_of(run)
    time.sleep(seconds)
    kernel.kill()
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2, said
    assert "Traceback" not in said  # nbclient has a line of its own
    last = said.splitlines()[-1]
    assert last.startswith(f"zgzx: notebooks/{PAGE}: the kernel of the notebook died")
    for one in (project, whole):
        subprocess.run(COMMAND, cwd=one, check=True, capture_output=True, timeout=PATIENCE)
    assert_same(outputs(project), outputs(whole))


def test_kernels_end_with_the_run(fresh: Copy, tried: Tried) -> None:
    tried("SIGKILL of `zgzx run` while kernels work", "the kernels end by themselves")
    run = start(one_page(fresh()))
    kernel = kernel_of(run)
    run.kill()
    run.communicate()
    for _ in range(300):
        if not kernel.is_running():
            return
        time.sleep(0.1)
    pytest.fail("the kernel still runs after 30 seconds")


def one_page(project: Path) -> Path:
    """The project with a single page."""
    for page in (project / "notebooks").iterdir():
        if page.is_dir() and page.name != PAGE:
            shutil.rmtree(page)
    return project


def start(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        COMMAND, cwd=project, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def kernel_of(run: subprocess.Popen[str]) -> psutil.Process:
    """The first kernel of a run, while it works."""
    for _ in range(600):
        for child in psutil.Process(run.pid).children(recursive=True):
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                return child
        time.sleep(0.1)
    raise AssertionError("no kernel after a minute")
