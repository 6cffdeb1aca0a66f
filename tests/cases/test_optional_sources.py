"""Optional sources are optional.

The report is made without them and says in plain words what it cannot show.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from small_study import NAME, change_study, make_small_study

from tests.pipeline.conftest import shown_by, sketched_pages
from zgzx_research.cleaning.schemas import SCHEMAS
from zgzx_research.cleaning.sources import nothing_to_clean
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline.page_folders import pages_of
from zgzx_research.pipeline.page_outputs import Shown
from zgzx_research.pipeline.place import SOURCES, Place
from zgzx_research.pipeline.run import open_study, run_study
from zgzx_research.pipeline.steps import data
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.study import load_study

BLOCKS = {
    "0_brief": "title headline what_we_asked why checked what_it_does_not_say next data_and_method",
    "1_data_audit": "title purpose rows linkage arms until panel limits",
    "2_programme": "title question calendar versions flow persons participation limits",
}
WITHOUT_PATENTS = (r', "patents_invention".*\n', ",\n"), (r"truncation = .*\n", "")
WITHOUT_RETENTION = (r'"retention", ', "")


def run(project: Path, part: str) -> None:
    """Pages keep their facts but show nothing."""
    with sketched_pages():
        run_study(project, NAME, part, say=lambda line: None)


def said(project: Path, page: str, language: str) -> str:
    facts = Facts.load(project / f"data/work/{NAME}/facts.json")
    return "\n".join(
        render_prose(project / "notebooks" / page, block, language, facts, {"unit": "firms"})
        for block in BLOCKS[page].split()
    )


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No folder scores/, an empty folder programmes/: two editions and six years."""
    project = make_small_study(tmp_path_factory.mktemp("bare"), sources=("employment", "patents"))
    (project / f"data/raw/{NAME}/scores").rmdir()
    run(project, "estimate")
    return project


@pytest.fixture(scope="module")
def retention_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No patents and no question about them; score sheets of finals only.

    `tests/browser` makes its report.
    """
    project = make_small_study(
        tmp_path_factory.mktemp("retention"), sources=("employment", "scores")
    )
    for path in (project / f"data/raw/{NAME}/scores").glob("*_0.xlsx"):
        path.unlink()
    change_study(project, *WITHOUT_PATENTS)
    run(project, "estimate")
    return project


def test_a_source_without_files_is_empty_tables_of_the_right_types() -> None:
    for source, tables in SOURCES.items():
        made = nothing_to_clean(tables)
        assert list(made.tables) == list(tables), source
        assert all(len(table) == 0 for table in made.tables.values())
        assert made.ledger == []
    assert list(nothing_to_clean(("entry",)).tables["entry"]) == list(SCHEMAS["entry"].columns)


@pytest.mark.slow
def test_without_scores_and_programmes_both_languages_say_what_is_missing(bare: Path) -> None:
    for page in BLOCKS:
        zh, en = said(bare, page, "zh"), said(bare, page, "en")
        assert "没有评分表，所以看不到参赛而没有获奖的人" in zh
        assert "没有同期项目的名单" in zh
        assert "There are no score sheets, so entrants without an award cannot be seen" in en
        assert "There are no lists of other programmes" in en
        # rosters of editions 9 and 10; the calendar also lists 1 to 8 and, up to 2024, 11
        assert "获奖名单从第 9 届开始" in zh and "获奖名单到第 10 届为止" in zh
        assert "The award rosters begin with edition 9" in en
        assert "没有专利数据" not in zh and "没有参保记录，" not in zh


@pytest.mark.slow
def test_the_flow_leaves_out_what_no_file_tells_of(bare: Path) -> None:
    """Sixteen firms win; without score sheets nobody is known to have entered without winning."""
    known = Facts.load(bare / f"data/work/{NAME}/facts.json").facts
    assert known["flow.firms.awarded"]["value"] == known["flow.firms.in_panel"]["value"] == 16
    assert known["flow.roster.rows"]["value"] == known["flow.roster.persons"]["value"] == 16
    assert not {"flow.firms.entered", "flow.firms.final", "flow.persons.compared"} & set(known)
    assert {"until.roster", "until.employment", "until.patents_export"} <= set(known)
    assert "until.scores" not in known and "until.programmes" not in known
    assert not {key for key in known if key.startswith("linkage.") and "finalist" in key}
    text = said(bare, "2_programme", "en")
    assert "do not allow a comparison of persons among finalists" in text


@pytest.mark.study
def test_the_flow_without_preliminaries_begins_with_the_finals(retention_only: Path) -> None:
    finals = Facts.load(retention_only / f"data/work/{NAME}/facts.json").facts
    # 16 winning firms and 8 more in both finals; sheets of preliminaries were taken away
    assert finals["flow.firms.final"]["value"] == 24
    assert finals["flow.firms.left.no_award"]["value"] == 8
    assert "flow.firms.entered" not in finals and "flow.patents_all.estimate" not in finals
    assert {"until.scores", "until.employment"} <= set(finals)
    assert not {key for key in finals if key.startswith("until.patents")}


@pytest.mark.study
def test_every_figure_and_table_of_the_pages_is_made(bare: Path) -> None:
    for language in LANGUAGES:
        figures, tables = Counter[str](), Counter[str]()
        for page in pages_of(bare, load_study(bare, NAME)):
            given = {"study": NAME, "language": language}
            shown = shown_by(bare / f"notebooks/{page}/page.ipynb", given, bare)
            assert all(output.data for output in shown)
            figures[page] = sum(output.mark["kind"] == "figure" for output in shown)
            made = {output.mark["key"]: output for output in shown if is_table(output)}
            tables[page] = len(made)
            if page == "1_data_audit":
                # the score sheets and programmes have no line of their own
                text = str(made["rows"].data["text/markdown"])
                assert ("评分表" if language == "zh" else "Score sheets") not in text
                own = {"rows", "quarantine", "linkage", "arms", "until", "left_out_of"}
                assert set(made) == own
        report = {
            "1_data_audit": 3,
            "2_programme": 7,
            "3_retention": 3,
            "4_patents": 4,
            "5_robustness": 4,  # with that of the comparison weights
        }
        assert figures == {"0_brief": 1, "0_summary": 1, **report, "8_claims": 1, "9_changes": 0}
        # no scores: the page on people is left out, and so is the claim about them
        report = {
            "1_data_audit": 6,
            "2_programme": 0,
            "3_retention": 4,  # boxes of how a design compares count once
            "4_patents": 4,
            "5_robustness": 6,
        }
        assert tables == {"0_brief": 0, "0_summary": 0, **report, "8_claims": 4, "9_changes": 0}


def is_table(output: Shown) -> bool:
    return output.mark["kind"] == "table"


@pytest.mark.slow
def test_sources_taken_away_after_a_run_leave_nothing_behind(tmp_path: Path) -> None:
    """The tables of an earlier run must not be read as if their files were still there."""
    project = make_small_study(tmp_path)
    place = Place(project, NAME, project / f"data/raw/{NAME}")
    data.clean(place, "scores", b"k" * 32)
    assert len(pd.read_parquet(place.stage("clean", "entry")[0])) == 64  # 4 sheets of 16 lines
    shutil.rmtree(place.raw / "scores")
    data.clean(place, "scores", b"k" * 32)
    assert len(pd.read_parquet(place.stage("clean", "entry")[0])) == 0


@pytest.mark.study
def test_a_study_of_retention_alone_needs_no_patents(retention_only: Path) -> None:
    pages = pages_of(retention_only, load_study(retention_only, NAME))
    analyses = ["3_retention", "5_robustness", "6_people", "8_claims", "9_changes"]
    assert list(pages) == ["0_brief", "0_summary", "1_data_audit", "2_programme", *analyses]
    brief = said(retention_only, "0_brief", "zh")
    assert "没有专利数据，所以没有检验专利申请" in brief
    assert "评分表里没有初赛，所以看不到只参加初赛的人" in brief
    assert "发明专利的估计" not in brief and "**专利" not in brief
    assert "**取得专利申请数据。**" in brief and "**取得参保记录。**" not in brief
    panel = pd.read_parquet(retention_only / f"data/work/{NAME}/panels/firm_year.parquet")
    assert panel["patents_all"].isna().all()  # nobody knows of any, which is not the same as none


@pytest.mark.study
def test_a_study_of_patents_alone_needs_no_employment(tmp_path: Path) -> None:
    project = make_small_study(tmp_path, sources=("patents",))
    change_study(project, WITHOUT_RETENTION)
    run(project, "estimate")
    pages = pages_of(project, load_study(project, NAME))
    analyses = ["4_patents", "5_robustness", "8_claims", "9_changes"]
    assert list(pages) == ["0_brief", "0_summary", "1_data_audit", "2_programme", *analyses]
    facts = json.loads((project / f"data/work/{NAME}/facts.json").read_text(encoding="utf-8"))[
        "facts"
    ]
    assert facts["absent.employment"]["value"] is True
    assert (
        "patents_all.main.headline.estimate" in facts
        and "retention.main.headline.estimate" not in facts
    )
    brief = said(project, "0_brief", "en")
    assert "There are no employment records, so retention was not examined" in brief
    assert "**Obtain the employment records.**" in brief
    assert "**Obtain the patent files.**" not in brief and "**Retention" not in brief


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (
            ("patents",),
            r"e\.g\. data/raw/small/employment/\. .*or take retention out of \[estimate\] outcomes",
        ),
        (
            ("employment",),
            r"e\.g\. data/raw/small/patents/\. .*or take patents_invention, patents_utility_model",
        ),
    ],
)
def test_an_outcome_without_its_source_is_refused_with_both_ways_out(
    tmp_path: Path, sources: tuple[str, ...], message: str
) -> None:
    project = make_small_study(tmp_path, sources=sources)
    with pytest.raises(ZgzxError, match=message):
        open_study(project, NAME)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ([*WITHOUT_PATENTS, (r'"retention",', "")], "name at least one outcome"),
        ([(r', "patents_all"', "")], "the reports also speak of patents_all"),
        ([(r"truncation = .*\n", "")], "truncation, the date of the patent export, is missing"),
    ],
)
def test_outcomes_that_make_no_report_are_refused(
    tmp_path: Path, change: list[tuple[str, str]], message: str, study_of: Callable[[Path], Path]
) -> None:
    project = study_of(tmp_path)
    change_study(project, *change)
    with pytest.raises(ZgzxError, match=message):
        load_study(project, NAME)


@pytest.fixture
def study_of() -> Callable[[Path], Path]:
    """A folder with the study file alone."""

    def make(folder: Path) -> Path:
        (folder / "studies").mkdir()
        root = Path(__file__).parents[2]
        text = (
            (root / "studies/demo.toml")
            .read_text(encoding="utf-8")
            .replace('name = "demo"', f'name = "{NAME}"')
        )
        (folder / f"studies/{NAME}.toml").write_text(text, encoding="utf-8")
        return folder

    return make
