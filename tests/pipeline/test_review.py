"""A clerk hands the audit workbook back, and the next run does what it says.

Weak links can be left out.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from zgzx_research.cli import app
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import read
from zgzx_research.ingest.read import RawTable
from zgzx_research.pipeline.review import across_thresholds, take_audit
from zgzx_research.pipeline.run import run_study

pytestmark = pytest.mark.slow
REVIEWER, DAY = "LM", "2026-04-02"


@pytest.fixture
def read_before(raw_tables: dict[str, list[RawTable]]) -> Iterator[None]:
    """The raw files of a copy are those of the built study, which have been read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "read_raw", lambda raw, source: raw_tables[source])
        yield


@pytest.fixture
def project(built: Path, copy_of: Callable[[Path], Path]) -> Path:
    project = copy_of(built)
    shutil.rmtree(project / "reports")
    return project


def filled_in(project: Path) -> tuple[Path, dict]:
    """A copy of the audit workbook with a date for the first unread founding day.

    And that entry.
    """
    path = project / "returned.xlsx"
    shutil.copy(project / "data/work/demo/clean/audit.xlsx", path)
    book = load_workbook(path)
    sheet = book["registry"]
    heads = [cell.value for cell in sheet[1]]
    for cells in sheet.iter_rows(min_row=2):
        entry = dict(zip(heads, cells, strict=True))
        if entry["列 column"].value == "founded":
            for head, value in (
                ("更正值 corrected value", "2003-04-05"),
                ("经手人 reviewer", REVIEWER),
                ("日期 date", DAY),
            ):
                entry[head].value = value
            break
    else:
        pytest.fail("no founding day in the audit workbook")
    book.save(path)
    return path, {"file": entry["文件 file"].value, "row": int(entry["行 row"].value)}


@pytest.mark.study
def test_a_workbook_handed_back_mends_the_cell_in_the_next_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, entry = filled_in(project)
    monkeypatch.chdir(project)
    said = CliRunner().invoke(app, ["review", "demo", str(path)])
    assert said.exit_code == 0, said.output
    assert (
        "decisions written to data/decisions/demo/corrections.csv: 1; apply them with zgzx run demo"
        in said.output
    )
    before = pd.read_parquet(project / "data/work/demo/clean/registry.parquet")
    run_study(project, "demo", "build", say=lambda line: None)
    after = pd.read_parquet(project / "data/work/demo/clean/registry.parquet")
    mended = before["file"].eq(entry["file"]) & before["row"].eq(entry["row"])
    assert before.loc[mended, "founded"].isna().all()
    assert after.loc[mended, "founded"].tolist() == [pd.Timestamp(2003, 4, 5)]
    pd.testing.assert_frame_equal(after[~mended], before[~mended])


@pytest.mark.usefixtures("read_before")
def test_a_workbook_without_decisions_and_none_at_all_are_refused(project: Path) -> None:
    path = project / "data/decisions/demo/corrections.csv"
    before = path.read_bytes()
    with pytest.raises(ZgzxError, match="no row of the workbook holds a decision"):
        take_audit(project, "demo", project / "data/work/demo/clean/audit.xlsx")
    with pytest.raises(ZgzxError, match="no such file"):
        take_audit(project, "demo", project / "nothing.xlsx")
    assert path.read_bytes() == before


@pytest.mark.usefixtures("read_before")
def test_corrections_of_a_file_of_no_source_are_not_passed_over(project: Path) -> None:
    path = project / "data/decisions/demo/corrections.csv"
    take_audit(project, "demo", filled_in(project)[0])
    path.write_text(
        path.read_text(encoding="utf-8").replace("registry/", "register/"), encoding="utf-8"
    )
    with pytest.raises(
        ZgzxError, match=r"corrections of files of no known source, 1 affected, e\.g\. register/"
    ):
        run_study(project, "demo", "build", say=lambda line: None)


@pytest.mark.study
def test_estimates_across_thresholds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All links give the study's own estimate; believing no link by name alone leaves fewer."""
    said: list[str] = []
    table = across_thresholds(project, "demo", "patents_invention", (0.96, 0.92, 0.0), said.append)
    assert table["min_score"].tolist() == [0.0, 0.92, 0.96]
    assert said[0] == "links of 0 and above: done"
    facts = pd.read_json(project / "data/work/demo/facts.json", typ="series")
    own = {
        key.rsplit(".", 1)[1]: fact["value"]
        for key, fact in facts["facts"].items()
        if key.startswith("patents_invention.main.headline.")
    }
    assert table.loc[0, "n_treated"] == own["n_treated"]
    for name in ("estimate", "ci_low", "ci_high"):  # facts are in percent
        assert 100 * table.loc[0, name] == pytest.approx(own[name], rel=1e-9)
    assert table["linked_share"].is_monotonic_decreasing
    assert table["n_treated"].iloc[1] < table["n_treated"].iloc[0]
    assert table["n_treated"].iloc[2] == 0  # rosters give no codes
    assert table[["estimate", "ci_low"]].iloc[2].isna().all()
    for wrong, what in (((1.5,), "between 0 and 1"), ((), "between 0 and 1")):
        with pytest.raises(ZgzxError, match=what):
            across_thresholds(project, "demo", "patents_invention", wrong)
    with pytest.raises(ZgzxError, match="does not estimate 'wages'"):
        across_thresholds(project, "demo", "wages")
    monkeypatch.chdir(project)
    shown = CliRunner().invoke(app, ["thresholds", "demo", "--min-score", "0.9"])
    assert shown.exit_code == 0
    assert re.search(r"^ +0\.9 ", shown.output, re.MULTILINE)
