"""What a wrong delivery or a wrong wish would do to the answer, and that it is said instead."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from zgzx_research.cleaning.corrections import row_digest, write_corrections
from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw
from zgzx_research.pipeline import estimates, manifest
from zgzx_research.pipeline.key_file import secret_key
from zgzx_research.pipeline.panel_file import read_panel_file
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.run import run_study
from zgzx_research.pipeline.steps import data
from zgzx_research.study import load_study


@pytest.fixture
def project(built: Path, copy_of: Callable[[Path], Path]) -> Path:
    """A study that has been run, without its reports.

    What does not change need not be made again.
    """
    project = copy_of(built)
    shutil.rmtree(project / "reports")
    return project


def build(project: Path) -> None:
    run_study(project, "demo", "build", say=lambda line: None)


def panels_without(project: Path, table: str, rows: str) -> None:
    """The panels of the same study, had its delivery lacked these rows of a clean table."""
    place = Place(project, "demo", project / "data/raw/demo/raw")
    path = place.stage("clean", table)[0]
    whole = pd.read_parquet(path)
    left = whole.drop(whole.query(rows).index)
    assert len(left) < len(whole)
    left.to_parquet(path)
    data.panels(place, load_study(project, "demo"))


@pytest.mark.study
def test_a_missing_year_of_patents_is_not_zeros(project: Path) -> None:
    (project / "data/raw/demo/raw/patents/cnipa_2010_2013.csv").unlink()
    with pytest.raises(
        ZgzxError,
        match=r"patents export holds nothing for years of the panel, 4 affected, e\.g\. 2010",
    ):
        build(project)


def test_a_missing_year_of_employment_is_not_zeros(project: Path) -> None:
    with pytest.raises(
        ZgzxError,
        match=r"monthly employment export holds nothing for years of the panel, 5 affected",
    ):
        panels_without(project, "si_month", "period_ym < 201501")


def test_a_missing_edition_does_not_make_controls_of_winners(project: Path) -> None:
    with pytest.raises(ZgzxError, match=r"1 affected, e\.g\. edition 6"):
        panels_without(project, "roster", "edition == 6")


@pytest.mark.study
def test_a_study_without_decisions_is_the_same(project: Path) -> None:
    shutil.rmtree(project / "data/decisions")
    before = (project / "data/work/demo/panels/firm_year.parquet").read_bytes()
    build(project)
    assert (project / "data/work/demo/panels/firm_year.parquet").read_bytes() == before


@pytest.mark.study
def test_decisions_take_effect(project: Path) -> None:
    """One roster text is said to mean no firm, and one row of the registry is dropped."""
    work, decisions = project / "data/work/demo", project / "data/decisions/demo"
    roster = pd.read_parquet(work / "clean/roster.parquet")
    text = roster["firm_name"].dropna().iloc[0]
    with (decisions / "links.csv").open("a", encoding="utf-8") as file:
        file.write(f"roster,{text},,,reject,LM,2026-04-02,test\n")
    registry = read_raw(project / "data/raw/demo/raw", "registry")
    table = next(table for table in registry if table.file_name == "registry/changes.csv")
    row = table.rows.iloc[0]
    entry = {
        "file": table.file,
        "sheet": table.sheet,
        "row": int(row["row"]),
        "column": None,
        "corrected": None,
        "action": "drop",
        "reviewer": "LM",
        "date": "2026-04-02",
        "digest": row_digest(row, None, SYNTHETIC_KEY),
    }
    write_corrections(pd.DataFrame([entry]), decisions / "corrections.csv")
    build(project)
    audit = pd.read_parquet(work / "link/link_audit.parquet").query(
        "source == 'roster' and entity == 'firm'"
    )
    said = roster.merge(audit, on=["file", "sheet", "row", "part"]).query("firm_name == @text")
    assert said["decision"].eq("rejected").all()
    assert said["firm_id"].isna().all()
    gone = pd.read_parquet(work / "clean/quarantine.parquet").query(
        "reason == 'dropped_by_decision'"
    )
    assert gone[["file", "row", "row_lost"]].values.tolist() == [
        [table.file, int(row["row"]), True]
    ]
    sheet = load_workbook(work / "clean/audit.xlsx", read_only=True)["registry"]
    assert any("经人工核对删除" in cells for cells in sheet.iter_rows(values_only=True))


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_edited_synthetic_files_warn_of_the_public_key(project: Path) -> None:
    path = project / "data/raw/demo/raw/registry/registry.csv"
    path.write_bytes(path.read_bytes() + b"\r\n")
    said: list[str] = []
    run_study(project, "demo", "report", say=said.append)  # it is said first, whatever runs
    assert re.match(
        r"warning: 1 of \d{2} raw files are not in SYNTHETIC\.json \(e\.g\. registry/002\)", said[0]
    )


def test_a_damaged_mark_is_one_message(project: Path) -> None:
    (project / "data/raw/demo/raw" / manifest.MARK).write_text("{", encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"SYNTHETIC\.json: the file is damaged"):
        build(project)


def test_left_out_firms_are_in_the_ledger_of_retention(built: Path) -> None:
    panel = pd.read_parquet(built / "data/work/demo/panels/firm_year.parquet")
    study = load_study(built, "demo")
    ledger = estimates.left_out_of_sample(study, panel, "retention").iloc[0]
    assert ledger["reason"] == "too few staff in the first year seen"
    first = (
        panel.dropna(subset="retention")
        .drop_duplicates("firm_id")
        .set_index("firm_id")["staff_start"]
    )
    assert ledger["units"] == panel["firm_id"].nunique() - int((first >= 5).sum())


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "headline_events = [1, 3]",
            "headline_events = [-3, -1]",
            "the headline's years run from 0",
        ),
        ('languages = ["zh", "en"]', 'languages = ["en", "en"]', "name each language once"),
        ("main = {", '"a/b" = {leave_out = 1}\nmain = {', "string should match pattern"),
        (
            "years = [2010, 2025]",
            "years = [2010, 2026]",
            "the patent export ends 2026-03-31, before the end of 2026",
        ),
    ],
)
def test_wishes_that_cannot_be_met(project: Path, before: str, after: str, message: str) -> None:
    path = project / "studies/demo.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(ZgzxError, match=message):
        load_study(project, "demo")


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_a_study_in_one_language(project: Path) -> None:
    path = project / "studies/demo.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('["zh", "en"]', '["zh"]'), encoding="utf-8"
    )
    run_study(project, "demo", "all", say=lambda line: None)
    assert (project / "reports/demo/zh/brief.pdf").is_file()
    assert not (project / "reports/demo/en").exists()
    assert "demo/en/" not in (project / "reports/index.html").read_text(encoding="utf-8")


def test_units_keep_their_leading_zeros(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("u,t,y,g\n01,1,2,\n1,1,3,\n", encoding="utf-8")
    roles = {"unit": "u", "period": "t", "outcome": "y", "first_treated": "g"}
    assert read_panel_file(tmp_path / "p.csv", roles, None)["u"].tolist() == ["01", "1"]


def test_a_key_file_must_be_private(project: Path, tmp_path: Path) -> None:
    key = tmp_path / "zgzx.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    study = load_study(project, "demo")
    chosen = study.model_copy(
        update={"privacy": study.privacy.model_copy(update={"key_file": str(key)})}
    )
    with pytest.raises(ZgzxError, match="others can read the key file"):
        secret_key(chosen, project, synthetic=False)
    key.chmod(0o600)
    assert secret_key(chosen, project, synthetic=False) == b"k" * 32
    assert secret_key(chosen, project, synthetic=True) == b"k" * 32
