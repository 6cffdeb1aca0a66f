"""Whole reports of small projects.

A study of retention alone, any panel as R estimates it, characters no font has.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import pandas as pd

from tests.cases.small_study import NAME, change_study, make_small_study
from zgzx_research.pipeline.analyse import run_analysis
from zgzx_research.pipeline.run import run_study
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import LANGUAGES

ROOT = Path(__file__).parents[2]
RARE = "𬍛"  # U+2C35B: in GB 18030, in no font of the reports
RARER = "䶮㛃龘"


def test_a_study_of_retention_alone_makes_its_report_in_all_formats(tmp_path: Path) -> None:
    """No patents and no question about them; score sheets of finals only; one language."""
    project = make_small_study(tmp_path, sources=("employment", "scores"))
    for path in (project / f"data/raw/{NAME}/scores").glob("*_0.xlsx"):
        path.unlink()
    without_patents = (r', "patents_invention".*\n', ",\n"), (r"truncation = .*\n", "")
    change_study(project, *without_patents, (r'\["zh", "en"\]', '["zh"]'))
    run_study(project, NAME, "all", say=lambda line: None)
    reports = project / f"reports/{NAME}/zh"
    for name in ("brief", "report"):
        assert all(
            (reports / f"{name}.{suffix}").stat().st_size > 1000
            for suffix in ("html", "pdf", "docx")
        )
    assert not (reports / "notebooks/4_patents.ipynb").exists()


def test_the_pages_of_a_public_panel_say_what_r_says(tmp_path: Path) -> None:
    """The estimate is -0.0399512751 (R's did 2.5.1); real data are not marked synthetic."""
    for name in ("studies", "notebooks", "data/examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    roles = {
        "unit": "countyreal",
        "period": "year",
        "outcome": "lemp",
        "first_treated": "first.treat",
    }
    run_analysis(
        tmp_path,
        tmp_path / "data/examples/mpdta.csv",
        "mpdta",
        roles,
        {},
        0.0,
        say=lambda line: None,
    )
    for language in LANGUAGES:
        folder = tmp_path / f"reports/mpdta/{language}"
        assert {f"report.{suffix}" for suffix in ("html", "pdf", "docx", "xlsx")} <= {
            p.name for p in folder.iterdir()
        }
        book = nbformat.read(folder / "notebooks/9_any_panel.ipynb", as_version=4)
        texts = "".join(
            output.get("data", {}).get("text/markdown", "")
            for cell in book.cells
            for output in cell.get("outputs", [])
        )
        assert "0.040" in texts
        assert "合成数据" not in (folder / "report.html").read_text(encoding="utf-8")


def test_a_panel_with_rare_characters_everywhere_makes_its_report(tmp_path: Path) -> None:
    """Column names and file name hold characters that no report font has.

    Pages, PDF and notebooks are made.
    """
    for name in ("notebooks", "data/published"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "studies").mkdir()
    rows = [
        {
            "单位": f"u{unit}",
            "年": year,
            f"产{RARE}": (unit * 7 + year * 3) % 11 + 2 * (unit < 8 <= year - 2012),
            "首年": 2020 if unit < 8 else None,
        }
        for unit in range(24)
        for year in range(2015, 2024)
    ]
    file = tmp_path / f"{RARER[0]}厂.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    roles = {"unit": "单位", "period": "年", "outcome": f"产{RARE}", "first_treated": "首年"}
    options = {"scale": "difference", "base_period": "universal", "anticipation": 0, "leave_out": 0}
    run_analysis(tmp_path, file, "rare", roles, options, None, say=lambda line: None)
    reports = tmp_path / "reports/rare"
    for language in LANGUAGES:
        note = label("geta_note", language)
        page = re.sub(
            r"<style.*?</style>",
            "",
            (reports / language / "report.html").read_text("utf-8"),
            flags=re.DOTALL,
        )
        assert "产〓" in page and RARE not in page and RARER[0] not in page
        assert page.replace("\n", " ").count(note) == 1
        assert (reports / language / "report.pdf").stat().st_size > 10_000
        with zipfile.ZipFile(reports / language / "report.docx") as archive:
            assert "产〓" in archive.read("word/document.xml").decode("utf-8")
        book = json.loads(
            (reports / language / "notebooks/9_any_panel.ipynb").read_text(encoding="utf-8")
        )
        shown = json.dumps([cell.get("outputs", []) for cell in book["cells"]], ensure_ascii=False)
        assert "产〓" in shown and RARE not in shown and note in shown
    assert RARE not in (tmp_path / "reports/index.html").read_text(encoding="utf-8")
