"""A page made by `zgzx new-notebook` runs in both languages and is in the report."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.conftest import facts, make_project, run
from zgzx_research.pipeline.new_notebook import new_notebook

pytestmark = pytest.mark.study
NAME, OUTCOME = "8_designs", "patents_design"


def test_a_new_page_runs_and_is_rendered(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    for page in (project / "notebooks").glob("*/page.ipynb"):
        shutil.rmtree(page.parent)  # the new page alone: the others have tests of their own
    new_notebook(project, NAME, OUTCOME)
    ran = run(project).ran
    assert {f"page.zh.{NAME}", f"page.en.{NAME}", "report.zh", "report.en"} <= set(ran)
    estimate = facts(project)[f"{OUTCOME}.main.headline.estimate"]
    assert estimate["value"] is not None
    for language, title, answer in (
        ("zh", "外观设计申请", "结论"),
        ("en", "Design applications", "Answer"),
    ):
        report = project / "reports/demo" / language / "report"
        html = report.with_suffix(".html").read_text(encoding="utf-8")
        assert title in html and answer in html and "<figure" in html
        text = (
            subprocess.run(
                ["pdftotext", str(report.with_suffix(".pdf")), "-"],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            if shutil.which("pdftotext")
            else title
        )
        assert title in text.replace("\n", " ")
    assert run(project).ran == ()
