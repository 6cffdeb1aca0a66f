"""Whatever is wrong with the input: one clear message, exit code 2, nothing half-written."""

from __future__ import annotations

import io
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.cli import main
from zgzx_research.errors import ZgzxError
from zgzx_research.panels.firm_year import check_firm_year
from zgzx_research.pipeline.notebooks import check_parameters

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, built: Path) -> Path:
    """The raw files of the built study, which has not been run."""
    for name in ("studies", "notebooks", "data/published"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(built / "data/raw/demo/raw", tmp_path / "data/raw/demo/raw")
    return tmp_path


def refused(project: Path, *words: str, command: tuple[str, ...] = ("run", "demo")) -> str:
    """The message of a command that must fail with exit code 2 and leave no result behind."""
    said, message = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as here, redirect_stdout(said), redirect_stderr(message):
        here.chdir(project)
        here.setattr(sys, "argv", ["zgzx", *command])
        with pytest.raises(SystemExit) as left:
            main()
    text = message.getvalue()
    assert left.value.code == 2, said.getvalue() + text
    assert text.startswith("zgzx: ")
    assert len(text.splitlines()) == 1
    for word in words:
        assert word in text
    assert not list(project.glob("reports/**/*.*"))
    assert not list(project.glob("data/work/**/.*.parquet*"))
    return text


def test_missing_raw_files(project: Path) -> None:
    shutil.rmtree(project / "data/raw/demo/raw/patents")
    refused(
        project,
        "study demo: raw files are missing, 1 affected, e.g. data/raw/demo/raw/patents/",
        "zgzx simulate data/raw/demo, or make report in the repository",
    )
    assert not (project / "data/work").exists()


@pytest.mark.study
def test_unknown_header(project: Path) -> None:
    path = project / "data/raw/demo/raw/registry/registry.csv"
    text = path.read_bytes().decode("gb18030").replace("统一社会信用代码", "统一代号", 1)
    path.write_bytes(text.encode("gb18030"))
    refused(project, "registry/002", "统一代号", "profiles")
    refused(project, "registry/002", "统一代号", command=("check", "demo"))


def test_wrong_encoding(project: Path) -> None:
    path = project / "data/raw/demo/raw/registry/registry.csv"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3] = b"\xff\xff\xff"
    path.write_bytes(bytes(data))
    refused(project, "registry/002", "byte")


def test_duplicate_firm_year() -> None:
    panel = pd.DataFrame({"firm_id": ["F000001", "F000001", "F000002"], "year": [2012, 2012, 2012]})
    with pytest.raises(ZgzxError, match=r"F000001.*2012"):
        check_firm_year(panel)


@pytest.mark.parametrize("name", ["../demo", "a/b", "/tmp/x"])
def test_study_name_with_path_parts(project: Path, name: str) -> None:
    refused(project, "is not a plain word", command=("run", name))


def test_unknown_notebook_parameter() -> None:
    page = ROOT / "notebooks/0_brief/page.ipynb"
    given = {"study": "demo", "language": "zh", "languages": "en"}
    with pytest.raises(
        ZgzxError,
        match=r"0_brief: unknown parameter, 1 affected, e\.g\. languages\. "
        r"Did you mean language\? Its parameters cell declares study, language\.",
    ):
        check_parameters(page, given)
    with pytest.raises(ZgzxError, match="no such notebook"):
        check_parameters(page.with_name("brief.ipynb"), given)


def test_unknown_study_key(project: Path) -> None:
    path = project / "studies/demo.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("min_staff", "minimum_staff"), encoding="utf-8"
    )
    refused(project, "studies/demo.toml", "[retention] minimum_staff (did you mean 'min_staff'?)")


def test_real_data_without_a_key(project: Path) -> None:
    (project / "data/raw/demo/raw/SYNTHETIC.json").unlink()
    refused(project, "real data need a secret key", "key_file")


def test_analyse_refuses_zero_for_never(tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    shutil.copy(ROOT / "data/examples/mpdta.csv", tmp_path)
    roles = (
        "--unit",
        "countyreal",
        "--period",
        "year",
        "--outcome",
        "lemp",
        "--first-treated",
        "first.treat",
    )
    command = ("analyse", "mpdta.csv", *roles)
    refused(
        tmp_path, "seems to code 'never treated' as a number", "--never-treated 0", command=command
    )
    other = tuple("jobs" if word == "lemp" else word for word in command)
    refused(tmp_path, "no such column", "jobs", "lemp", command=other)
