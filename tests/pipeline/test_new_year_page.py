"""The page for a new year is carried out to the letter, and its quotes are what the program says.

The study is hand-made: raw files of another world, without its truth and without the mark of
synthetic data, so that it counts as real.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.pipeline.conftest import ROOT
from zgzx_research.cli import main
from zgzx_research.pipeline.manifest import MARK
from zgzx_research.pipeline.place import SOURCES
from zgzx_research.simulate.write import write_world

PAGE = ROOT / "docs/new-year.zh.md"
STUDY, EARLIER = "year2026", "year2025"
SEED = 26  # of the world that the page quotes
STEP = re.compile(r"^## 第 (\d+) 步", re.MULTILINE)
BLOCK = re.compile(r"^```(console|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MESSAGE = re.compile(r"^- `([^`]+)`：", re.MULTILINE)
NUMBER = re.compile(r"\d[\d,]*(?:-\d\d)*")
OMITTED = "…"


def steps() -> dict[int, str]:
    """The text of each step of the page."""
    parts = STEP.split(PAGE.read_text(encoding="utf-8"))
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_page_has_twelve_steps_and_both_readmes_lead_to_it() -> None:
    assert list(steps()) == list(range(1, 13))
    for readme in ("README.md", "README.zh.md"):
        assert "(docs/new-year.zh.md)" in (ROOT / readme).read_text(encoding="utf-8")


def test_every_quoted_problem_is_one_that_the_program_knows() -> None:
    paths = sorted((ROOT / "zgzx_research").rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    joined = re.sub(r'"\s*\n\s*f?"', "", code)  # a sentence over two lines of code
    found = MESSAGE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(found) > 10
    for message in found:
        parts = [part.strip() for part in message.split(OMITTED)]
        assert [part for part in parts if part not in joined] == [], message


def quoted(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, and the lines that the page quotes below it."""
    for part in block.split("$ ")[1:]:
        command, *lines = part.splitlines()
        yield command, lines


def pattern(lines: list[str]) -> re.Pattern[str]:
    """What an output must match: numbers count as equal, … is any text, alone any lines."""
    texts = [
        r"(?:[^\n]*\n)*"
        if line == OMITTED
        else NUMBER.sub("#", re.escape(line).replace(r"\-", "-").replace(r"\,", ",")).replace(
            OMITTED, r"[^\n]*"
        )
        + r"\n"
        for line in lines
    ]
    return re.compile("".join(texts))


def test_quotes_are_compared_line_by_line() -> None:
    quote = pattern(["a: 1,652 rows (…)", OMITTED, "frozen on 2026-11-27"])
    said = "a: 7 rows (x)\nb\nc\nfrozen on 2027-01-02\n"
    assert quote.fullmatch(NUMBER.sub("#", said))
    assert not quote.fullmatch(NUMBER.sub("#", said.replace("rows", "lines")))
    assert not quote.fullmatch(NUMBER.sub("#", f"{said}more\n"))


@pytest.fixture
def project(
    built: Path,
    copy_of: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project under version control with a study of last year, and a home of its own."""
    project = copy_of(built)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZGZX_LANGUAGE", "zh")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.org")
    monkeypatch.chdir(project)
    subprocess.run(["git", "init", "--quiet"], check=True)
    for path in (project / "studies").glob("demo.*"):
        text = path.read_text(encoding="utf-8").replace('name = "demo"', f'name = "{EARLIER}"')
        path.with_name(path.name.replace("demo", EARLIER)).write_text(text, encoding="utf-8")
        path.with_name(path.name).touch()
    shutil.copytree(project / "data/work/demo", project / f"data/work/{EARLIER}")
    shutil.rmtree(project / f"data/work/{EARLIER}/.pytask", ignore_errors=True)
    return project


def in_shell_or_here(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Carry out a command of the page; what it printed on both streams."""
    if not command.startswith("zgzx "):
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr
    words = [str(Path(word).expanduser()) for word in command.split()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as left:
            main()
    said = capsys.readouterr()
    assert left.value.code in (0, None), f"{command}: {said.out}{said.err}"
    return said.out


def set_in_study(project: Path, block: str) -> None:
    """Set in the study file what a block of the page says, as a user would in an editor."""
    path = project / f"studies/{STUDY}.toml"
    text = path.read_text(encoding="utf-8")
    for line in block.splitlines():
        key = line.partition(" =")[0]
        text, count = re.subn(rf"^(?:# )?{key} = .*$", line, text, count=1, flags=re.MULTILINE)
        assert count == 1, line
    path.write_text(text, encoding="utf-8")


def put_files(project: Path, world: Path) -> None:
    """Step 4: the agencies' files, without truth and mark."""
    write_world(world, scenario="calibrated", size="tiny", seed=SEED)
    raw = project / f"data/raw/{STUDY}"
    for source in SOURCES:
        shutil.copytree(world / "raw" / source, raw / source, dirs_exist_ok=True)
    assert not (raw / MARK).exists()


def fill_in_audit(project: Path, home: Path) -> None:
    """Step 7: a reviewer gives the founding day that could not be read."""
    book = load_workbook(project / f"data/work/{STUDY}/clean/audit.xlsx")
    sheet = book["registry"]
    heads = [cell.value for cell in sheet[1]]
    rows = (dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2))
    entry = next(row for row in rows if row["列 column"].value == "founded")
    entry["更正值 corrected value"].value = "2003-04-05"
    entry["经手人 reviewer"].value, entry["日期 date"].value = "LM", "2026-04-02"
    book.save(home / "audit.xlsx")


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_a_new_year_by_the_page_only(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, text in steps().items():
        if number == 4:
            put_files(project, tmp_path / "world")
        if number == 7:
            fill_in_audit(project, tmp_path / "home")
        for kind, block in BLOCK.findall(text):
            if kind == "toml":
                set_in_study(project, block)
                continue
            for command, lines in quoted(block):
                said = in_shell_or_here(command, capsys)
                same = pattern(lines).fullmatch(NUMBER.sub("#", said))
                assert same, f"step {number}, {command}\n{said}"
    assert (project / f"studies/{STUDY}.published.json").is_file()
    assert (project / f"reports/{STUDY}/zh/report.html").is_file()
