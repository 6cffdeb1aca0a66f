"""The house rules that a machine can check.

Sizes, the map, the environment, the lock, the notebooks.
"""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "zgzx_research"
SOURCES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/page.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{node.name} has {lines} lines"


def test_no_catch_all_modules() -> None:
    assert not [p for p in SOURCES if p.stem in {"utils", "helpers", "common", "misc"}]


def test_every_room_has_a_row_in_the_map_and_every_row_a_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \|", text, flags=re.MULTILINE)
    rooms = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    assert sorted(rows) == sorted(rooms)


def test_only_simulation_proofs_and_the_command_know_the_truth() -> None:
    """Analysis code cannot read what it is to find: no other module names the folder."""
    named = [p for p in SOURCES if re.search(r"[\"'/]truth[\"'/]", p.read_text(encoding="utf-8"))]
    rooms = {p.relative_to(PACKAGE).parts[0] for p in named}
    assert rooms <= {"simulate", "proofs", "cli"}


def test_environment_is_made_from_pyproject() -> None:
    made = runpy.run_path(str(ROOT / ".ci/environment.py"))["environment"](PROJECT)
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == made
    listed = set(re.findall(r'- "(?!python[<>=])([^"]+)"', made))
    assert listed == set(PROJECT["dependencies"])


EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements.lock": PROJECT["dependencies"] + EXTRAS["dev"] + EXTRAS["docs"],
    "requirements-engines.lock": EXTRAS["spark"] + EXTRAS["polars"],
}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_is_hashed_names_no_host_and_covers_pyproject(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links|file:", lock)
    pinned = set(re.findall(r"^([A-Za-z0-9_.-]+)==", lock, flags=re.MULTILINE))
    assert lock.count("--hash=sha256:") >= len(pinned)
    names = {re.split(r"[<>=!~\[ ]", line)[0].lower().replace("_", "-") for line in LOCKS[name]}
    assert names - {PROJECT["name"]} <= {name.lower() for name in pinned}


def test_other_engines_have_a_lock_of_their_own() -> None:
    """They are 630 MB: who does not need them never downloads them."""
    engines, own = (
        set(re.findall(r"^([\w-]+)==", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements-engines.lock", "requirements.lock")
    )
    assert engines == {"py4j", "pyspark", "polars", "polars-runtime-32"}
    assert not engines & own


def test_no_commit_holds_a_path_of_a_machine_or_a_registry() -> None:
    # in pieces, so that this file names none itself
    hosts = (rb"files\.python" + rb"hosted", rb"registry\.npm" + rb"js")
    paths = (rb"/roo" + rb"t/", rb"/work/" + rb"main", rb"/home/\w+/", rb"/opt/" + rb"pypi")
    forbidden = re.compile(rb"|".join(hosts + paths))
    own = {Path(__file__).name}
    texts = [p for p in tracked() if p.name not in own and p.suffix not in {".ttf", ".docx"}]
    found = [p for p in texts if forbidden.search(p.read_bytes())]
    assert not found


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.parent.name)
def test_notebooks_have_one_parameters_cell_and_short_plain_cells(path: Path) -> None:
    cells = code_cells(path)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    for cell in cells:
        assert not cell.outputs
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= 14
        found = {type(node) for node in ast.walk(ast.parse(cell.source))}
        assert not found & {
            ast.FunctionDef,
            ast.AsyncFunctionDef,
            ast.ClassDef,
            ast.While,
            ast.Lambda,
        }


def test_fewer_than_half_of_the_cells_only_call_the_page() -> None:
    cells = [cell.source for path in NOTEBOOKS for cell in code_cells(path)]
    assert sum(map(only_calls_the_page, cells)) < len(cells) / 2


def only_calls_the_page(source: str) -> bool:
    """Whether each line of a cell is a call such as `page.text("headline")`."""
    return all(
        isinstance(line, ast.Expr | ast.Assign) and ast.unparse(line.value).startswith("page.")
        for line in ast.parse(source).body
    )
