"""What readers of the demo's reports see.

Everything promised, the same numbers in both languages, no code.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import nbformat

from tests.pipeline.conftest import facts, run, tree_bytes
from zgzx_research.pipeline.manifest import verify_manifest
from zgzx_research.pipeline.privacy import scan_study

PAGES = (
    "0_brief",
    "0_summary",
    "1_data_audit",
    "2_programme",
    "3_retention",
    "4_patents",
    "5_robustness",
    "6_people",
    "7_value",
    "8_claims",
    "9_changes",
)
CJK = re.compile(r"[\u3400-\u9fff]")
# what an English page may say in Chinese: the programme's name and the synthetic mark
ALLOWED = ("职工之星", "合成数据")


def page_text(project: Path, language: str, name: str) -> str:
    """What a reader of an executed page reads: texts and tables, in order."""
    book = nbformat.read(project / f"reports/demo/{language}/notebooks/{name}.ipynb", as_version=4)
    outputs = (output for cell in book.cells for output in cell.get("outputs", []))
    return "\n".join(output.get("data", {}).get("text/markdown", "") for output in outputs)


# large amounts of money, which the languages count in other units
MONEY = r"[\d,.]+ (亿元|万元|million yuan)"


def numbers(text: str) -> list[str]:
    """Numbers with a decimal point or a sign of percent: the results, not list numbers or years.

    Amounts of money are compared in `tests/unit/report_words/test_prose.py`.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\\", "")
    plain = re.sub(MONEY, "", plain)
    return sorted(re.findall(r"[−+]?\d[\d,]*\.\d+|[−+]?\d[\d,]*(?=%)", plain))


def test_everything_promised_is_there(project: Path) -> None:
    for language in ("zh", "en"):
        folder = project / "reports/demo" / language
        assert {path.name for path in folder.iterdir() if path.is_file()} == {
            *(f"report.{suffix}" for suffix in ("html", "pdf", "docx", "xlsx")),
            *(f"brief.{suffix}" for suffix in ("html", "pdf", "docx")),
        }
        assert {path.stem for path in (folder / "notebooks").iterdir()} == set(PAGES)
    assert (project / "reports/index.html").is_file()
    assert verify_manifest(project, "demo") > 20


def test_languages_say_the_same_numbers(project: Path) -> None:
    found = 0
    for page in PAGES:
        zh, en = (numbers(page_text(project, language, page)) for language in ("zh", "en"))
        assert zh == en
        found += len(zh)
    assert found > 100


def test_english_pages_hold_no_chinese(project: Path) -> None:
    for page in PAGES:
        text = page_text(project, "en", page)
        for allowed in ALLOWED:
            text = text.replace(allowed, "")
        assert not CJK.findall(text)


def test_headline_is_the_stored_estimate(project: Path) -> None:
    found = facts(project)
    claim, main = found["claim.patents_up.estimate"], "patents_invention.main.headline.estimate"
    assert claim["unit"] == "percent"
    for page, fact in (("0_brief", claim), ("8_claims", claim), ("4_patents", found[main])):
        shown = f"{abs(fact['value']):.1f}%"
        for language in ("zh", "en"):
            assert shown in page_text(project, language, page).replace("\\", "")


def test_every_page_is_marked_synthetic(project: Path) -> None:
    assert facts(project)["study.synthetic"]["value"] is True
    for path in (project / "reports/demo").rglob("*.html"):
        assert "合成数据" in path.read_text(encoding="utf-8")
    for book in (project / "reports/demo").rglob("*.ipynb"):
        figures = [
            output
            for cell in nbformat.read(book, as_version=4).cells
            for output in cell.get("outputs", [])
            if "image/svg+xml" in output.get("data", {})
        ]
        for figure in figures:
            assert 'id="watermark"' in figure.data["image/svg+xml"]


def test_notebooks_hold_no_marks_that_jupyter_cannot_read(project: Path) -> None:
    """Pandoc knows boxes between colons; Jupyter would print the colons."""
    text = page_text(project, "zh", "0_brief")
    assert '<div class="headline">' in text
    assert not [line for line in text.splitlines() if line.startswith(":::")]


def test_no_code_in_reports(project: Path) -> None:
    for path in (project / "reports/demo").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "page.figure" not in text
        assert "open_page" not in text
        assert "<script" not in text


def test_nothing_personal_is_left_behind(project: Path) -> None:
    """No person of the raw files in the stage files, the notebooks and the finished reports."""
    result = scan_study(project, "demo")
    assert result.findings == []
    assert result.read > 40


def test_a_second_run_does_nothing(project: Path) -> None:
    before = tree_bytes(project / "reports")
    assert run(project).ran == ()
    assert tree_bytes(project / "reports") == before
