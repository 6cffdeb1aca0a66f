"""Two runs in two folders, time zones and locales give the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import make_project, tree_bytes

pytestmark = pytest.mark.slow
PLACES = (("Asia/Shanghai", "C.UTF-8", "1"), ("America/St_Johns", "C", "2"))


def test_reports_are_byte_identical(tmp_path: Path) -> None:
    made = []
    for zone, locale, seed in PLACES:
        project = make_project(tmp_path / f"in a folder {seed}" / "project")
        environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "zgzx_research", "run", "demo"]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "39/39" in done.stdout
        work = project / "data/work/demo"
        stages = {name: data for name, data in tree_bytes(work).items() if not name.startswith((".pytask", "pytask"))}
        made.append((tree_bytes(project / "data/raw"), stages, tree_bytes(project / "reports")))
    for one, other in zip(*made, strict=True):
        assert [name for name in one if one[name] != other.get(name)] == []
        assert one.keys() == other.keys()
    for data in (*made[0][1].values(), *made[0][2].values()):
        assert str(tmp_path).encode() not in data
