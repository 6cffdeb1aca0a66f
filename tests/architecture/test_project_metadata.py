"""What the project says about itself: versions, citation, the tour for contributors, start-up."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

import zgzx_research

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
PYTHONS = ("3.11", "3.12", "3.13")  # those that were tried
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
# of the Citation File Format 1.2.0: what must be there, and all else that may be
NEEDED = {"cff-version", "message", "title", "authors"}
MAY = """abstract commit contact date-released doi identifiers keywords license license-url
preferred-citation references repository repository-artifact repository-code type url version"""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_kept_once() -> None:
    """In `__init__.py`; CITATION.cff is read by others and repeats it."""
    assert "version" not in PROJECT
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "zgzx_research/__init__.py"
    assert CITATION["version"] == zgzx_research.__version__
    texts = [read("zgzx_research/__init__.py"), *map(read, ("README.md", "README.zh.md"))]
    assert [text.count(zgzx_research.__version__) for text in texts] == [1, 0, 0]


def test_the_python_versions_agree() -> None:
    last = int(PYTHONS[-1].split(".")[1])
    assert PROJECT["requires-python"] == f">={PYTHONS[0]},<3.{last + 1}"
    named = [c.rpartition(" :: ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c]
    assert named == list(PYTHONS)
    assert PYPROJECT["tool"]["mypy"]["python_version"] == PYTHONS[0]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + PYTHONS[0].replace(".", "")
    assert f"(3, 11) <= sys.version_info[:2] <= (3, {last})" in read("Makefile")
    span = f"{PYTHONS[0]} to {PYTHONS[-1]}"
    assert all(f"Python {span}" in read(name) for name in ("Makefile", "README.md"))
    assert f"Python {PYTHONS[0]} 至 {PYTHONS[-1]}" in read("README.zh.md")


def test_the_citation_is_valid() -> None:
    assert NEEDED <= CITATION.keys() <= NEEDED | set(MAY.split())
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert CITATION["license"] == PROJECT["license"]
    assert CITATION["authors"] and all(author.keys() == {"name"} for author in CITATION["authors"])
    assert CITATION["keywords"] and all(isinstance(word, str) for word in CITATION["keywords"])


def test_the_day_of_the_citation_is_that_of_its_release() -> None:
    version, day = CITATION["version"], CITATION["date-released"]
    assert isinstance(day, dt.date)
    assert f"## {version} ({day.isoformat()})" in read("CHANGELOG.md")


def test_the_tour_names_files_and_folders_that_exist() -> None:
    tour = read("CONTRIBUTING.md")
    code = re.findall(r"`([^`\n]+)`", tour)
    paths = [text for text in code if "/" in text and " " not in text]
    # short names in the Chinese paragraph are rooms; what a run writes is not in the repository
    made = ("data/work/", "reports/", "dist/")
    named = {path for path in paths if not path.startswith(made)}
    assert len(named) > 30
    rooms = ROOT / "zgzx_research"
    missing = [p for p in named if not (ROOT / p).exists() and not (rooms / p).is_dir()]
    assert missing == []


def test_the_change_that_the_tour_follows_begins_with_a_line_that_is_there() -> None:
    line, new = re.search(r'`(app_no = \["申请号")(, "[^"]+"\])`', read("CONTRIBUTING.md")).groups()
    profile = read("zgzx_research/ingest/profiles/patents_cnipa.toml")
    assert f"{line}]\n" in profile
    assert new.strip(', "]') not in profile


def test_the_tour_names_every_room_in_the_order_of_the_map() -> None:
    rooms = re.findall(r"^\| `(\w+)/` \|", read("ARCHITECTURE.md"), flags=re.MULTILINE)
    table = [line for line in read("CONTRIBUTING.md").splitlines() if line.startswith("| `")]
    named = [name for line in table for name in re.findall(r"`zgzx_research/(\w+)/`", line)]
    assert named == rooms


def test_the_tour_names_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))
    asked = re.findall(r"(?<=`)make ([a-z ]+)`|^make ([a-z]+)", read("CONTRIBUTING.md"), re.M)
    words = {word for pair in asked for text in pair for word in text.split()}
    assert words and words <= targets


def test_help_loads_no_heavy_library() -> None:
    """`zgzx --help` answers at once: only what draws the help is imported, and each is listed."""
    module, function = PROJECT["scripts"]["zgzx"].split(":")
    code = (
        f"import sys\nsys.argv = ['zgzx', '--help']\nfrom {module} import {function}\n"
        f"try:\n    {function}()\nexcept SystemExit:\n    pass\nprint('@@', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "new-project" in done.stdout
    loaded = {name.split(".")[0] for name in done.stdout.partition("@@")[2].split()}
    others = {name for name in loaded - sys.stdlib_module_names if not name.startswith("_")}
    drawing = {"typer", "click", "rich", "shellingham", "annotated_doc", "pygments", "attr"}
    assert others - drawing - {"markdown_it", "mdurl"} <= {"zgzx_research", "lazy_loader"}
