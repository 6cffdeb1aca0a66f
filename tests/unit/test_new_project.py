"""`zgzx new-project`: which files it writes, and which folders it refuses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from zgzx_research import __version__
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import new_project as project
from zgzx_research.pipeline import store
from zgzx_research.pipeline.new_project import new_project, project_files
from zgzx_research.pipeline.page_folders import pages_of
from zgzx_research.study import find_root, load_study

ROOT = Path(__file__).parents[2]
SHARED = (".gitignore", "studies", "notebooks", "data", "reports")


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return [name for name in done.stdout.decode().split("\0") if name]


def written(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    new_project(tmp_path / "职工之星")
    return tmp_path / "职工之星"


def test_every_file_of_the_shared_folders_goes_along(made: Path) -> None:
    """Whoever adds a kind of file there adds it to the list of pyproject.toml."""
    new = ("--cached", "--others", "--exclude-standard")
    own = {f"studies/{name}" for name in ("README.md", "demo.toml")}
    listed = git(ROOT, "ls-files", "-z", *new, "--", *SHARED)
    expected = {n for n in listed if not n.startswith("studies/")} | own | {"README.md"}
    assert written(made) == sorted(expected)


def test_files_are_those_of_the_repository(made: Path) -> None:
    for name in ("studies/demo.toml", "notebooks/4_patents/page.ipynb", "data/examples/mpdta.csv"):
        assert (made / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_commands_recognise_it_from_any_folder_inside(made: Path) -> None:
    assert find_root(made / "notebooks/4_patents") == made.resolve()
    pages = {path.parent.name for path in (ROOT / "notebooks").glob("*/page.ipynb")}
    assert {path.parent.name for path in (made / "notebooks").glob("*/page.ipynb")} == pages
    # pages whose files are not there are left out
    assert set(pages_of(made, load_study(made, "demo"))) < pages


def test_its_readme_names_project_version_and_commands(made: Path) -> None:
    text = (made / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# 职工之星\n")
    assert f"zgzx-research {__version__}" in text
    commands = re.findall(r"^zgzx (\S+)", text, flags=re.MULTILINE)
    assert commands == ["simulate", "run", "init"]


def test_the_next_commands_can_be_typed_as_they_are_said() -> None:
    said = project.next_commands(Path("职工之星 2026"))
    assert said == "cd '职工之星 2026' && zgzx simulate data/raw/demo && zgzx run demo"


def test_git_leaves_raw_data_work_and_decisions_out(made: Path) -> None:
    git(made, "init", "-q")
    kept = git(made, "ls-files", "-z", "--others", "--exclude-standard")
    for name in ("data/raw/a/x.csv", "data/work/a/x.json", "data/decisions/a/links.csv"):
        (made / name).parent.mkdir(parents=True)
        (made / name).write_text("x", encoding="utf-8")
    (made / "reports/index.html").write_text("x", encoding="utf-8")
    assert git(made, "ls-files", "-z", "--others", "--exclude-standard") == kept
    assert {"README.md", "studies/demo.toml", "data/decisions/demo/links.csv"} <= set(kept)


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    assert "README.md" in new_project(tmp_path)


@pytest.mark.parametrize("name", ["studies/mine.toml", ".hidden"])
def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"the folder is not empty.*a new or an empty folder"):
        new_project(tmp_path)
    assert written(tmp_path) == [name]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"is a file.*a new or an empty folder"):
        new_project(tmp_path / "file")


def test_an_installed_package_brings_the_files_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages/zgzx_research"
    for name in ("studies/demo.toml", ".gitignore", "notebooks/tutorials/__pycache__/a.pyc"):
        (package / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (package / "project" / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(store, "PACKAGE", package)
    assert list(project_files()) == [".gitignore", "studies/demo.toml"]
    new_project(tmp_path / "x")
    assert written(tmp_path / "x") == [".gitignore", "README.md", "studies/demo.toml"]


def test_a_package_without_the_files_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PACKAGE", tmp_path / "zgzx_research")
    with pytest.raises(ZgzxError, match=r"the files of a new project are missing.*from its wheel"):
        new_project(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_disk_that_fails_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> Path:
        raise ZgzxError("a file cannot be read or written", where=str(path), remedy="Make room.")

    monkeypatch.setattr(project, "write_whole", full)
    with pytest.raises(ZgzxError, match=r"Make room\. Then delete the folder and make it again\."):
        new_project(tmp_path / "x")
