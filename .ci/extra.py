"""Print what some extras of pyproject.toml ask for, a line each, for `make lock`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra in sys.argv[1:]:
        sys.stdout.write("\n".join(project["optional-dependencies"][extra]) + "\n")
