"""environment.yml: its lines, those for conda and those for pip, fit together as wheels.

conda-forge itself is not asked: continuous integration reaches package indexes of Python only.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bare_environment import ROOT, UV

LISTED = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_its_lines_resolve_to_wheels(python: str, tmp_path: Path) -> None:
    conda = [line for line in LISTED if isinstance(line, str) and line != "pip"]
    (pip,) = (line["pip"] for line in LISTED if isinstance(line, dict))
    version, *core = conda
    assert version.startswith("python")
    (tmp_path / "lines.txt").write_text("\n".join([*core, *pip]), encoding="utf-8")
    asked = ("--python", sys.executable, "--python-version", python, "--only-binary", ":all:")
    done = subprocess.run(
        [UV, "pip", "compile", "--quiet", *asked, "--no-annotate", tmp_path / "lines.txt"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("==") > len(core) + len(pip)
