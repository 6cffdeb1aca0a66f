"""The wheel in a bare environment: a project is made, runs to its reports, and verifies."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from bare_environment import Bare

import zgzx_research
from zgzx_research.pipeline.code_digest import package_digest


@pytest.fixture(scope="session")
def project(bare: Bare, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, run once, below somebody's repository and in a folder with a blank in its name."""
    home = tmp_path_factory.mktemp("somewhere")
    for command in (
        ("init", "-q"),
        ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "1", "--allow-empty"),
    ):
        subprocess.run(["git", *command], cwd=home, check=True)
    folder = home / "职工之星 2026"
    bare("zgzx", "new-project", folder.name, cwd=home)
    bare("zgzx", "simulate", "data/raw/demo", cwd=folder)
    bare("zgzx", "run", "demo", cwd=folder)
    return folder


def test_reports_are_there(project: Path) -> None:
    assert (project / "reports/index.html").is_file()
    for language in ("zh", "en"):
        for document in ("report", "brief"):
            pdf = project / f"reports/demo/{language}/{document}.pdf"
            assert pdf.read_bytes().startswith(b"%PDF-")


def test_the_files_are_as_the_manifest_says(project: Path, bare: Bare) -> None:
    assert "files are as the manifest says" in bare("zgzx", "verify", "demo", cwd=project).stdout
    assert "no name" in bare("zgzx", "scan", "demo", cwd=project).stdout


def test_the_doctor_finds_all_that_a_run_needs(project: Path, bare: Bare) -> None:
    assert "problem " not in bare("zgzx", "doctor", cwd=project).stdout


def test_a_second_run_has_nothing_to_do(project: Path, bare: Bare) -> None:
    assert "nothing to do" in bare("zgzx", "run", "demo", cwd=project / "notebooks").stdout


def test_the_manifest_names_the_version_and_no_commit_of_somebody_else(project: Path) -> None:
    manifest = json.loads((project / "data/work/demo/manifest.json").read_text(encoding="utf-8"))
    assert manifest["commit"] == "none"
    assert manifest["stamp"]["version"] == zgzx_research.__version__
    assert manifest["stamp"]["code"] == package_digest()[:12]


def test_a_study_of_ones_own_begins_there(project: Path, bare: Bare) -> None:
    bare("zgzx", "init", "year2026", cwd=project)
    assert (project / "studies/year2026.toml").is_file()
    said = bare("zgzx", "check", "year2026", cwd=project, code=2).stderr
    assert "the date of the patent export, is missing" in said


def test_any_panel_is_analysed_there(project: Path, bare: Bare) -> None:
    roles = "--unit countyreal --period year --outcome lemp --first-treated first.treat"
    bare(
        "zgzx",
        "analyse",
        "data/examples/mpdta.csv",
        *roles.split(),
        "--never-treated",
        "0",
        cwd=project,
    )
    assert (project / "reports/mpdta/zh/report.pdf").read_bytes().startswith(b"%PDF-")


def test_a_tutorial_runs_there(project: Path, bare: Bare) -> None:
    folder = project / "notebooks/tutorials"
    bare("jupytext", "--to", "ipynb", "--execute", "01_two_by_two.py", cwd=folder)
    cells = json.loads((folder / "01_two_by_two.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = [output for cell in cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)


def test_a_folder_outside_any_project_names_the_way_to_one(bare: Bare, tmp_path: Path) -> None:
    said = bare("zgzx", "run", "demo", cwd=tmp_path, code=2).stderr
    assert "zgzx new-project" in said
