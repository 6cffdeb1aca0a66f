"""What the tests of the wheel share: building, and running the installed command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
PYTHON = os.environ.get("BARE_PYTHON") or sys.executable  # of the bare environment
Bare = Callable[..., "subprocess.CompletedProcess[str]"]


def build(source: Path, out: Path, *options: str) -> None:
    """Build with the build tools of this environment: nothing is downloaded."""
    here = ("--no-build-isolation", "--python", sys.executable, "--out-dir", str(out))
    subprocess.run([UV, "build", "--quiet", *here, *options, str(source)], check=True)
