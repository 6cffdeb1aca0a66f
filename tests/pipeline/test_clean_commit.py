"""The commit that documents name: only of a checkout of its own whose code is as committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zgzx_research.pipeline import store
from zgzx_research.pipeline.manifest import clean_commit, commit


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose own package is the one that runs."""
    monkeypatch.setattr(store, "PACKAGE", tmp_path / "zgzx_research")
    for name in ("zgzx_research", "notebooks", "reports"):
        (tmp_path / name).mkdir()
    (tmp_path / "zgzx_research/a.py").write_text("A = 1\n")
    (tmp_path / "notebooks/a.ipynb").write_text("{}\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_checkout_names_its_commit(checkout: Path) -> None:
    (checkout / "reports/report.html").write_text("made by a run")
    assert len(clean_commit(checkout)) == 40
    assert clean_commit(checkout) == commit(checkout)


@pytest.mark.parametrize("file", ["zgzx_research/a.py", "notebooks/new.ipynb", "pyproject.toml"])
def test_changed_code_has_no_commit(checkout: Path, file: str) -> None:
    (checkout / file).write_text("changed\n")
    assert clean_commit(checkout) == ""


def test_a_folder_inside_another_checkout_has_none(checkout: Path, tmp_path: Path) -> None:
    inner = checkout / "reports/project"
    inner.mkdir()
    assert clean_commit(inner) == ""


def test_a_users_own_repository_says_nothing_about_an_installed_package(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = checkout / ".venv/lib/site-packages/zgzx_research"
    monkeypatch.setattr(store, "PACKAGE", installed)
    assert commit(checkout) == "none"
    assert clean_commit(checkout) == ""


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clean_commit(tmp_path) == ""
    monkeypatch.setenv("PATH", "")
    assert clean_commit(tmp_path) == ""
    assert commit(tmp_path) == "none"
