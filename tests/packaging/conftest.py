"""Wheel and sdist, and a bare environment with the wheel in it, outside the repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from bare_environment import PYTHON, ROOT, UV, Bare, build


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes: the sdist, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    build(ROOT, out)
    return out


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel and what it asks for, at the locked versions.

    The tools of developers are not there: a dependency that pyproject.toml forgets is missed.
    """
    place = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", PYTHON, place], check=True)
    into = ("--python", str(place / "bin/python"), "--constraint", str(ROOT / "requirements.lock"))
    subprocess.run([UV, "pip", "install", "--quiet", *into, str(wheel)], check=True)
    return place / "bin"


@pytest.fixture(scope="session")
def bare(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """Runs an installed program with nothing of this repository or this user around it."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    system = {
        "PATH": f"{installed}:/usr/bin:/bin",
        "HOME": str(tmp_path_factory.mktemp("home")),
        "ZGZX_LANGUAGE": "en",  # of the messages that the tests read
    }

    def run(
        program: str, *arguments: str, cwd: Path, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [installed / program, *arguments],
            cwd=cwd,
            env={**kept, **system},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    return run
