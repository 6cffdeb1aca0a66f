"""The demo study end to end: what depends on what, and what does not.

`tests/browser` looks at what readers see.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.conftest import facts, run, tree_bytes
from zgzx_research.pipeline import store
from zgzx_research.pipeline.manifest import verify_manifest
from zgzx_research.pipeline.place import SOURCES

pytestmark = pytest.mark.slow
Copy = Callable[[Path], Path]


@pytest.mark.usefixtures("sketched")
def test_a_second_run_does_nothing(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    before = tree_bytes(project / "reports")
    first = run(project)
    assert first.ran == run(project).ran == ()
    assert tree_bytes(project / "reports") == before


@pytest.mark.usefixtures("sketched")
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


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_a_hundred_patents_move_both_headlines(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    main, quoted = "patents_invention.main.headline.estimate", "claim.patents_up.estimate"
    was, before = (facts(project)[key]["value"] for key in (main, quoted))
    add_patents(project, 100)
    run(project)
    now, after = (facts(project)[key]["value"] for key in (main, quoted))
    assert now > was + 0.5
    card = store.read_json(
        project / "reports/demo/card.json"
    )  # what the landing page says: the brief's first words
    for language in ("zh", "en"):
        assert f"{abs(after):.1f}%" in card["headlines"][language]
        assert f"{abs(before):.1f}%" not in card["headlines"][language]


def add_patents(project: Path, count: int) -> None:
    """File inventions for one winning firm, one to three years after its award."""
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


@pytest.mark.study
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
    assert ran - RENDERED == {"clean.patents", "study", "facts"}
    assert ran >= {"page.zh.0_brief", "report.en", "manifest"}


@pytest.fixture
def package_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that the task graph watches instead of the real ones."""
    copy = tmp_path / "zgzx_research"
    shutil.copytree(store.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "PACKAGE", copy)
    monkeypatch.setattr("zgzx_research.pipeline.steps.pages.REPORT", copy / "report")
    return copy


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_editing_clean_reruns_clean_onwards(built: Path, copy_of: Copy, package_copy: Path) -> None:
    """A comment in a module of cleaning: all that imports it runs, which is cleaning and linking.

    Their outputs are the same bytes, so panels need not; the stamp names the code, so pages do.
    What changed since an earlier study is found from clean tables, so that step runs too.
    """
    project = copy_of(built)
    run(project)
    with (package_copy / "cleaning/values.py").open("a", encoding="utf-8") as file:
        file.write("\n# a remark\n")
    ran = set(run(project).ran)
    cleaned = {f"clean.{source}" for source in SOURCES}
    assert ran - RENDERED == {*cleaned, "clean.collect", "link", "study", "changes", "facts"}


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_editing_one_prose_file_reruns_its_page_only(built: Path, copy_of: Copy) -> None:
    project = copy_of(built)
    with (project / "notebooks/4_patents/zh.md.j2").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert set(run(project).ran) == {"page.zh.4_patents"}
    with (project / "notebooks/0_brief/zh.md.j2").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert set(run(project).ran) == {"page.zh.0_brief", "index.card"}
