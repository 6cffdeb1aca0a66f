"""docs/how_to/outcome_and_profile.md, carried out in a fresh copy as its reader would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how_to" / "outcome_and_profile.md"
NEW = "retention_24_group.main.headline"


def blocks(language: str) -> list[str]:
    """Fenced blocks of the page in one language."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run(command: list[str], project: Path) -> str:
    """Run a command in the project with the project's own package; what it says."""
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout + done.stderr


def zgzx(project: Path, *words: str) -> str:
    """Run `zgzx` as installed from the project."""
    return run(
        [sys.executable, "-c", "from zgzx_research.cli import main; main()", *words], project
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone of this version holds."""
    project = tmp_path_factory.mktemp("clone") / "project"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    return project


def apply_diffs(project: Path, check: str = "") -> None:
    """Run the page's own command that applies its diffs; with "--check" nothing changes."""
    (command,) = re.findall(r"^sed -n .*git apply$", PAGE.read_text("utf-8"), re.MULTILINE)
    run(["git", "init", "--quiet"], project)
    run(["sh", "-ec", f"{command} {check}"], project)


@pytest.mark.slow
def test_every_diff_applies(clone: Path) -> None:
    assert len(blocks("diff")) == 5
    apply_diffs(clone, "--check")


@pytest.mark.study
@pytest.mark.slow
def test_the_outcome_is_in_the_report_and_the_file_is_read(clone: Path) -> None:
    apply_diffs(clone)
    zgzx(clone, "simulate", "data/raw/demo")
    (clone / "data/raw/demo/raw/patents/office.csv").write_text(*blocks("csv"), encoding="utf-8")
    said = zgzx(clone, "check", "demo")
    assert re.search(r"patents: .* read as .*patents_office", said)
    zgzx(clone, "run", "demo")
    patents = pd.read_parquet(clone / "data/work/demo/clean/patent.parquet")
    assert {"CN202310001000.2", "CN202310001001.7"} <= set(patents["app_no"])
    facts = json.loads((clone / "data/work/demo/facts.json").read_text(encoding="utf-8"))["facts"]
    assert facts[f"{NEW}.estimate"]["value"] is not None
    for language, words in (
        ("zh", "再看两年以后"),
        ("en", "Two years on, in the whole group"),
    ):
        report = (clone / f"reports/demo/{language}/report.html").read_text(encoding="utf-8")
        sentence = re.sub(r"<[^>]+>|\s+", " ", report[report.index(words) :][:1500])
        size = abs(facts[f"{NEW}.estimate"]["value"])
        assert re.search(rf"\b{size:.1f}\b", sentence), sentence
