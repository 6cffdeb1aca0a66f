"""Write environment.yml from pyproject.toml.

The six core packages by conda, everything else by pip.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = ("jupyterlab", "pandas", "statsmodels", "scikit-learn", "matplotlib", "papermill")


def environment(project: dict) -> str:
    """The text of environment.yml for the `[project]` table of pyproject.toml."""
    name = {line: re.match(r"[A-Za-z0-9_.-]+", line).group() for line in project["dependencies"]}
    conda = [line for line in project["dependencies"] if name[line] in CORE]
    pip = [line for line in project["dependencies"] if name[line] not in CORE]
    lines = [
        "# Made by `make environment` from pyproject.toml; edit that file instead.",
        "name: zgzx",
    ]
    lines += [
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f'  - "python{project["requires-python"]}"',
        "  - pip",
    ]
    lines += (
        [f'  - "{line}"' for line in conda] + ["  - pip:"] + [f'      - "{line}"' for line in pip]
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = environment(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    )
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
    sys.stdout.write("environment.yml written\n")
