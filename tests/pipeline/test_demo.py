"""The demo study end to end: what depends on what, what does not, and what readers see."""

from __future__ import annotations

import csv
import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.pipeline.conftest import run, tree_bytes
from zgzx_research.pipeline import store
from zgzx_research.pipeline.manifest import verify_manifest
from zgzx_research.pipeline.stages import SOURCES
from zgzx_research.pipeline.tasks import PAGES

pytestmark = pytest.mark.slow
Copy = Callable[[Path], Path]
CJK = re.compile(r"[\u3400-\u9fff]")
# what an English page may say in Chinese: the programme's name and the synthetic mark
ALLOWED = ("职工之星", "合成数据")


def facts(project: Path) -> dict[str, dict]:
    return json.loads((project / "data/work/demo/facts.json").read_text(encoding="utf-8"))["facts"]


def page_text(project: Path, language: str, name: str) -> str:
    """What a reader of an executed page reads: texts and tables, in order."""
    book = nbformat.read(project / f"reports/demo/{language}/notebooks/{name}.ipynb", as_version=4)
    outputs = (output for cell in book.cells for output in cell.get("outputs", []))
    return "\n".join(output.data.get("text/markdown", "") for output in outputs)


def numbers(text: str) -> list[str]:
    """Numbers with a decimal point or a sign of percent: the results, not list numbers or years."""
    plain = unicodedata.normalize("NFKC", text).replace("\\", "")
    return sorted(re.findall(r"[−+]?\d[\d,]*\.\d+|[−+]?\d[\d,]*(?=%)", plain))


def test_a_second_run_does_nothing(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    before = tree_bytes(project / "reports")
    first = run(project)
    assert first.ran == run(project).ran == ()
    assert tree_bytes(project / "reports") == before


def test_everything_promised_is_there(built: Path) -> None:
    for language in ("zh", "en"):
        folder = built / "reports/demo" / language
        assert {path.name for path in folder.iterdir() if path.is_file()} == {
            *(f"report.{suffix}" for suffix in ("html", "pdf", "docx", "xlsx")),
            *(f"brief.{suffix}" for suffix in ("html", "pdf", "docx")),
        }
        assert {path.stem for path in (folder / "notebooks").iterdir()} == set(PAGES)
    assert (built / "reports/index.html").is_file()
    assert verify_manifest(built, "demo") > 20


def test_manifest_sees_a_changed_report(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    with (project / "reports/demo/zh/brief.html").open("a") as file:
        file.write(" ")
    with pytest.raises(Exception, match=r"1 affected, e\.g\. reports/demo/zh/brief\.html"):
        verify_manifest(project, "demo")
    assert "brief.zh" in run(project).ran
    verify_manifest(project, "demo")


def test_rows_are_conserved(built: Path) -> None:
    sources = json.loads((built / "data/work/demo/clean/ledger.json").read_text(encoding="utf-8"))[
        "sources"
    ]
    entries = [entry for files in sources.values() for entry in files]
    assert len(entries) >= 15
    for entry in entries:
        assert entry["rows_in"] == entry["kept"] + entry["quarantined"] + entry["non_data_rows"]
    assert sum(entry["quarantined"] for entry in entries) > 0


def test_languages_say_the_same_numbers(built: Path) -> None:
    for page in PAGES:
        zh, en = (numbers(page_text(built, language, page)) for language in ("zh", "en"))
        assert zh == en
        assert len(zh) > 5


def test_english_pages_hold_no_chinese(built: Path) -> None:
    for page in PAGES:
        text = page_text(built, "en", page)
        for allowed in ALLOWED:
            text = text.replace(allowed, "")
        assert not CJK.findall(text)


def test_headline_is_the_stored_estimate(built: Path) -> None:
    estimate = facts(built)["patents_invention.main.headline.estimate"]
    assert estimate["unit"] == "percent"
    shown = f"{abs(estimate['value']):.1f}%"
    for language in ("zh", "en"):
        assert shown in page_text(built, language, "brief").replace("\\", "")
        assert shown in page_text(built, language, "4_patents").replace("\\", "")


def test_every_page_is_marked_synthetic(built: Path) -> None:
    assert facts(built)["study.synthetic"]["value"] is True
    for path in (built / "reports/demo").rglob("*.html"):
        assert "合成数据" in path.read_text(encoding="utf-8")
    for book in (built / "reports/demo").rglob("*.ipynb"):
        figures = [
            o
            for cell in nbformat.read(book, as_version=4).cells
            for o in cell.get("outputs", [])
            if "image/svg+xml" in o.data
        ]
        for figure in figures:
            assert 'id="watermark"' in figure.data["image/svg+xml"]


def test_notebooks_hold_no_marks_that_jupyter_cannot_read(built: Path) -> None:
    """Pandoc knows boxes between colons; Jupyter would print the colons."""
    text = page_text(built, "zh", "brief")
    assert '<div class="headline">' in text
    assert not [line for line in text.splitlines() if line.startswith(":::")]


def test_no_code_in_reports(built: Path) -> None:
    for path in (built / "reports/demo").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "page.figure" not in text
        assert "open_page" not in text
        assert "<script" not in text


@pytest.mark.usefixtures("sketched")
def test_a_hundred_patents_move_both_headlines(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    before = facts(project)["patents_invention.main.headline.estimate"]["value"]
    add_patents(project, 100)
    run(project)
    after = facts(project)["patents_invention.main.headline.estimate"]["value"]
    assert after > before + 0.5
    card = store.read_json(
        project / "reports/demo/card.json"
    )  # what the landing page says: the brief's first words
    for language in ("zh", "en"):
        assert f"{abs(after):.1f}%" in card["headlines"][language]
        assert f"{abs(before):.1f}%" not in card["headlines"][language]


def add_patents(project: Path, count: int) -> None:
    """File `count` inventions for one winning firm, one to three years after its award, as a clerk would."""
    raw = project / "data/raw/demo"
    firm, year = treated_firm(project)
    files = sorted((raw / "raw/patents").glob("*.csv"))
    text = files[-1].read_bytes()
    encoding = "utf-8-sig" if text.startswith(b"\xef\xbb\xbf") else "gb18030"
    header = next(csv.reader(text.decode(encoding).splitlines()))
    lines = []
    for number in range(count):
        body = f"{year + 1 + number % 3}18{number:06d}"
        check = (
            sum(int(d) * w for d, w in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
            % 11
        )
        values = {
            "申请号": f"CN{body}.{'X' if check == 10 else check}",
            "申请日": f"{year + 1 + number % 3}.06.15",
            "公开（公告）号": f"CN{990000000 + number}A",
            "公开（公告）日": f"{year + 2 + number % 3}.12.15",
            "发明名称": "一种装置",
            "申请（专利权）人": firm,
        }
        lines.append(",".join(values.get(name, "") for name in header))
    files[-1].write_bytes(text.rstrip() + ("\r\n" + "\r\n".join(lines) + "\r\n").encode(encoding))


def treated_firm(project: Path) -> tuple[str, int]:
    """Name and award year of a winning firm that is seen before and for three years after."""
    import pandas as pd

    panel = pd.read_parquet(project / "data/work/demo/panels/firm_year.parquet")
    names = pd.read_parquet(project / "data/work/demo/link/firm.parquet").set_index("firm_id")[
        "name"
    ]
    awarded = panel.dropna(subset=["first_award", "patents_invention"])
    early = awarded[
        (awarded["year"] == 2010)
        & awarded["first_award"].between(2014, 2018)
        & awarded["closed_year"].isna()
    ]
    busiest = (
        awarded[awarded["firm_id"].isin(early["firm_id"])]
        .groupby("firm_id")["patents_invention"]
        .sum()
        .idxmax()
    )
    return names[busiest], int(early.set_index("firm_id")["first_award"][busiest])


EXECUTED = [f"page.{language}.{page}" for language in ("zh", "en") for page in PAGES]
DOCUMENTS = [f"{name}.{language}" for name in ("brief", "report") for language in ("zh", "en")]
RENDERED = {
    *EXECUTED,
    *DOCUMENTS,
    "report.zh.xlsx",
    "report.en.xlsx",
    "index.card",
    "index",
    "manifest",
}


@pytest.mark.usefixtures("sketched")
def test_one_byte_of_one_patents_file(built: Path, copy_of: Copy) -> None:
    """A letter of one title.

    Nothing that counts has changed, but the input's digest has, so the stamp and pages do.
    """
    project = copy_of(built)
    path = sorted((project / "data/raw/demo/raw/patents").glob("*.csv"))[-1]
    data = path.read_bytes()
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "gb18030"
    line = data.decode(encoding).splitlines()[1]
    address = line.split(",")[-1]
    assert address
    at = (
        data.index(line.encode(encoding.replace("-sig", "")))
        + len(line.encode(encoding.replace("-sig", "")))
        - 1
    )
    changed = data[:at] + (b"7" if data[at : at + 1] != b"7" else b"8") + data[at + 1 :]
    assert len(changed) == len(data)
    path.write_bytes(changed)
    ran = set(run(project).ran)
    assert ran - RENDERED == {"clean.patents", "facts"}
    assert ran >= {"page.zh.brief", "report.en", "manifest"}


@pytest.fixture
def package_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that the task graph watches instead of the real ones."""
    copy = tmp_path / "zgzx_research"
    shutil.copytree(store.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "PACKAGE", copy)
    monkeypatch.setattr("zgzx_research.pipeline.documents.REPORT", copy / "report")
    return copy


@pytest.mark.usefixtures("sketched")
def test_editing_clean_reruns_clean_onwards(built: Path, copy_of: Copy, package_copy: Path) -> None:
    """A comment in cleaning/values.py: all of clean runs; its outputs are the same bytes, so link and estimates need not;
    the stamp names the code, so facts and pages follow."""
    project = copy_of(built)
    run(project)
    with (package_copy / "cleaning/values.py").open("a", encoding="utf-8") as file:
        file.write("\n# a remark\n")
    ran = set(run(project).ran)
    assert ran - RENDERED == {*(f"clean.{source}" for source in SOURCES), "facts"}


@pytest.mark.usefixtures("sketched")
def test_editing_one_prose_file_reruns_its_page_only(
    built: Path, copy_of: Copy, package_copy: Path
) -> None:
    project = copy_of(built)
    run(project)
    with (package_copy / "report/prose/4_patents.zh.md.j2").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert set(run(project).ran) == {"page.zh.4_patents"}
    with (package_copy / "report/prose/brief.zh.md.j2").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert set(run(project).ran) == {"page.zh.brief", "index.card"}
