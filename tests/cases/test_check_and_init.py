"""`zgzx init` gives a clerk all that is needed.

`zgzx check` names everything a run would fail at, at once.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from small_study import NAME, World, blank, change_study, fill, make_small_study
from typer.testing import CliRunner

from zgzx_research.cleaning.sources import clean
from zgzx_research.cli import app
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.file_numbers import LIST
from zgzx_research.ingest.profile import NOT_READ, Profile, label, load_profiles
from zgzx_research.ingest.read import read_raw
from zgzx_research.link.decisions import COLUMNS, read_decisions
from zgzx_research.pipeline.check import check_study
from zgzx_research.pipeline.new_study import README, TEMPLATES, init_study, templates
from zgzx_research.pipeline.place import SOURCES
from zgzx_research.study import Study, load_study

pytestmark = pytest.mark.slow  # together more than five seconds

ROOT = Path(__file__).parents[2]
TEMPLATE = templates()["template"]
FIRM = "深圳市无名有限公司"
CELLS = {
    "text": FIRM,
    "number": "12",
    "code": "9001",
    "day": "2021-05-06",
    "month": "202103",
    "year": "2021",
}
CELLS |= {"several": FIRM, "persons": "赵甲"}


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A project in which a study was begun."""
    (tmp_path / "studies").mkdir()
    shutil.copy(ROOT / "studies/demo.toml", tmp_path / "studies")
    init_study(tmp_path, NAME)
    return tmp_path


def with_export(new: Path) -> Study:
    """The new study once it says until when its patents reach."""
    path = new / f"studies/{NAME}.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# truncation = 2026-03-31", "truncation = 2026-05-31"), "utf-8")
    return load_study(new, NAME)


def test_init_makes_folders_a_note_in_chinese_workbooks_and_the_list_of_links(new: Path) -> None:
    raw = new / "data/raw" / NAME
    assert sorted(path.name for path in raw.iterdir() if path.is_dir()) == sorted(
        [*SOURCES, TEMPLATES]
    )
    assert all(not list((raw / source).iterdir()) for source in SOURCES)
    note = (raw / README).read_text(encoding="utf-8")
    assert all(f"`{source}/`" in note for source in SOURCES)
    assert f"zgzx check {NAME}" in note and "{" not in note
    assert len(list((raw / TEMPLATES).glob("*.xlsx"))) == len(TEMPLATE)
    links = new / f"data/decisions/{NAME}/links.csv"
    assert links.read_bytes().decode("utf-8-sig") == ",".join(COLUMNS) + "\n"
    assert read_decisions(links).empty
    assert with_export(new).raw.path == f"data/raw/{NAME}"


def test_init_takes_over_no_worth_of_the_demo(new: Path) -> None:
    text = (new / f"studies/{NAME}.toml").read_text(encoding="utf-8")
    assert "# [value.invention]" in text and "# amount = " in text
    assert with_export(new).value.of("invention") is None


def test_init_takes_over_nothing_that_holds_for_the_demo_alone(new: Path) -> None:
    """The dates of its report and its export would pass for those of the new study."""
    demo = tomllib.loads((ROOT / "studies/demo.toml").read_text(encoding="utf-8"))
    text = (new / f"studies/{NAME}.toml").read_text(encoding="utf-8")
    made = tomllib.loads(text)
    assert not {"date", "author"} & set(made["study"])
    assert "truncation" not in made["patents"] and "value" not in made
    assert "demo" not in {made["study"]["name"], *made["raw"]["path"].split("/")}
    assert "synthetic world" not in text
    dates = [one for section in demo.values() for one in section.values() if type(one) is dt.date]
    kept = [one for section in made.values() for one in section.values()]
    assert len(dates) == 2 and not [one for one in kept if type(one) is dt.date]
    with pytest.raises(ZgzxError, match="truncation"):
        load_study(new, NAME)  # not silently that of the demo
    assert with_export(new).study.date is None


def test_init_does_not_write_over_a_study(new: Path) -> None:
    before = (new / f"studies/{NAME}.toml").read_bytes()
    with pytest.raises(ZgzxError, match="there is such a study already"):
        init_study(new, NAME)
    assert (new / f"studies/{NAME}.toml").read_bytes() == before


def test_the_command_says_where_everything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "studies").mkdir()
    shutil.copy(ROOT / "studies/demo.toml", tmp_path / "studies")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["init", "year2026"])
    assert said.exit_code == 0, said.output
    assert f"{len(TEMPLATE)} blank workbooks" in said.output and README in said.output


def column_of(heading: str, profile: Profile) -> str | None:
    """The canonical column of a heading, with or without its unit: 金额(万元)."""
    return profile.columns.get(label(heading)) or profile.columns.get(
        label(heading.partition("(")[0])
    )


@pytest.mark.parametrize("template", TEMPLATE, ids=lambda template: template["file"])
def test_every_heading_is_one_of_its_profile(template: dict) -> None:
    profile = load_profiles()[template["profile"]]
    assert profile.source == template["source"]
    known = {heading: column_of(heading, profile) for heading, _ in template["columns"]}
    assert None not in known.values(), known
    assert set(profile.required) <= set(known.values())
    read = [name for name in known.values() if name != NOT_READ]
    assert len(read) == len(set(read))


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATE, ids=lambda template: template["file"])
def test_a_workbook_filled_in_is_read_and_a_blank_one_refused(new: Path, template: dict) -> None:
    kinds = templates()["kinds"]
    row = [
        kinds[kind]["choices"][-1] if "choices" in kinds[kind] else CELLS[kind]
        for _, kind in template["columns"]
    ]
    raw = new / "data/raw" / NAME
    source = template["source"]
    shutil.copy(blank(new, template["file"]), raw / source / "blank.xlsx")
    with pytest.raises(ZgzxError, match="a header but no data rows"):
        read_raw(raw, source)
    (raw / source / "blank.xlsx").unlink()
    fill(blank(new, template["file"]), raw / source / "filled.xlsx", [row])
    (table,) = read_raw(raw, source)
    assert table.profile.name == template["profile"] and len(table.numbers) == 1
    read = {}
    for (heading, _), cell in zip(template["columns"], row, strict=True):
        name = column_of(heading, table.profile)
        if name != NOT_READ:
            read[name] = f"{cell}{table.units.get(name, '')}"
    assert {name: table.rows[name].iloc[0] for name in read} == read


@pytest.mark.parametrize("template", TEMPLATE, ids=lambda template: template["file"])
def test_the_lists_of_a_workbook_drop_down(new: Path, template: dict) -> None:
    kinds = templates()["kinds"]
    sheet = load_workbook(blank(new, template["file"])).worksheets[0]
    assert sheet.max_row == 1
    lists = {
        str(rule.sqref).split(":")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
        if rule.type == "list"
    }
    for place, (_, kind) in enumerate(template["columns"], start=1):
        cell = sheet.cell(2, place).coordinate
        if "choices" in kinds[kind]:
            assert lists[cell] == '"' + ",".join(kinds[kind]["choices"]) + '"'
            assert len(lists[cell]) <= 257  # Excel's limit, with the quotation marks
        else:
            assert cell not in lists


def test_every_choice_of_a_list_is_understood_by_the_cleaning(new: Path) -> None:
    """All rosters' choices: no value is set aside."""
    kinds, world = templates()["kinds"], World()
    choices = {name: kinds[name]["choices"] for name in ("edition", "category", "street")}
    rows = [
        [
            choices["edition"][n],
            choices["category"][n % 4],
            world.names[n],
            "男",
            "",
            world.ids[n],
            world.firms[n],
            choices["street"][n % 11],
        ]
        for n in range(20)
    ]
    raw = new / "data/raw" / NAME
    fill(blank(new, "获奖名单"), raw / "roster/all.xlsx", rows)
    cleaned = clean(read_raw(raw, "roster"), "roster", key=b"k" * 32)
    roster = cleaned.tables["roster"]
    assert roster["edition"].tolist() == list(range(1, 21))
    assert sorted(roster["category"].unique()) == ["innovation", "skill", "talent", "team"]
    assert roster["street"].nunique() == 11
    assert cleaned.quarantine.empty


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, complete; tests copy it."""
    return make_small_study(tmp_path_factory.mktemp("check"))


@pytest.fixture
def project(small: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small, tmp_path / "project")


def problems(project: Path) -> list[str]:
    return [str(problem) for problem in check_study(project, NAME).problems]


@pytest.mark.slow
def test_a_complete_study_passes_and_only_file_numbers_are_written(project: Path) -> None:
    """Messages name files by number, so the list of the numbers must be there."""
    before = sorted(path for path in project.rglob("*") if path.is_file())
    found = check_study(project, NAME)
    assert found.problems == []
    assert (
        "firms that win for the first time within the years: 16 (2021: 8, 2023: 8)" in found.lines
    )
    after = [path for path in sorted(project.rglob("*")) if path.is_file()]
    assert set(after) - set(before) <= {project / "data/raw" / NAME / LIST}
    assert set(before) <= set(after)


@pytest.mark.slow
def test_all_problems_come_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong header, a text file, uncovered years, a headline without editions, a public key."""
    raw = project / "data/raw" / NAME
    book = load_workbook(raw / "scores/9_0.xlsx")
    book.worksheets[0]["E1"] = "哪里来的"
    book.save(raw / "scores/9_0.xlsx")
    (raw / "scores/notes.docx").write_bytes(b"PK")
    change_study(
        project,
        (r"\[2019, 2024\]", "[2016, 2024]"),
        (r"headline_events = \[1, 3\]", "headline_events = [1, 5]"),
    )
    (project.parent / "secret.key").unlink(missing_ok=True)
    change_study(project, (r'key_file = ".*?"', 'key_file = "/nowhere/zgzx.key"'))
    monkeypatch.chdir(project)
    said = CliRunner().invoke(app, ["check", NAME])
    assert said.exit_code == 2
    lines = [line for line in said.output.splitlines() if line.startswith("zgzx: ")]
    for pattern in (
        "key_file names no file",
        "of a type that cannot be read",
        "patents export holds nothing for years of the panel, 3 affected, e.g. 2016",
        "no edition is seen in all of the headline's years 1 to 5 under 'main': "
        "that takes a final from 2018 to 2019",
    ):
        assert sum(pattern in line for line in lines) == 1, (pattern, said.output)


@pytest.mark.slow
def test_every_file_that_cannot_be_read_is_named(project: Path) -> None:
    raw = project / "data/raw" / NAME
    for name in ("9_0", "10_1"):
        book = load_workbook(raw / f"scores/{name}.xlsx")
        book.worksheets[0]["E1"] = "哪里来的"
        book.save(raw / f"scores/{name}.xlsx")
    assert len(problems(project)) == 2


@pytest.mark.slow
def test_editions_between_two_rosters_and_those_of_no_calendar(project: Path) -> None:
    raw = project / "data/raw" / NAME
    world = World()
    rows = [["第7届", *row[1:]] for row in world.roster(9)]
    fill(blank(project, "获奖名单"), raw / "roster/7.xlsx", rows)
    assert any("1 affected, e.g. edition 8" in problem for problem in problems(project))
    rows = [["第19届", *row[1:]] for row in world.roster(9)]
    fill(blank(project, "获奖名单"), raw / "roster/7.xlsx", rows)
    assert any("edition 19: 0 lines" in problem for problem in problems(project))


@pytest.mark.slow
def test_too_few_staff_and_too_few_winners_show_before_a_run(project: Path) -> None:
    change_study(project, (r"min_staff = 5", "min_staff = 9"))
    (said,) = problems(project)
    assert (
        "0 firms win and have [retention] min_staff = 9 insured persons or more, "
        "and a result needs 3" in said
    )
    world = World()
    for edition in (9, 10):
        rows = [[*row[:6], "深圳市查无此家有限公司", row[7]] for row in world.roster(edition)]
        path = project / f"data/raw/{NAME}/roster/{edition}.xlsx"
        fill(blank(project, "获奖名单"), path, rows)
    assert any(
        "0 firms win for the first time within the years of the panel" in said
        for said in problems(project)
    )


@pytest.mark.slow
def test_an_outcome_without_its_source_and_a_wrong_decision(project: Path) -> None:
    links = project / f"data/decisions/{NAME}/links.csv"
    links.write_text(
        ",".join(COLUMNS) + "\nroster,无名,,深圳市查无此家有限公司,accept,LM,2026-04-02,x\n",
        encoding="utf-8",
    )
    assert problems(project) == [
        "links.csv: the firm of a decision is none of the registry, "
        "or its name is that of several, 1 affected, "
        "e.g. 无名. Give its code."
    ]
    shutil.rmtree(project / f"data/raw/{NAME}/patents")
    (said,) = problems(project)
    assert re.search(
        r"study small: raw files are missing, 1 affected, e\.g\. data/raw/small/patents/\.", said
    )


@pytest.mark.slow
def test_open_spells_reach_only_as_far_as_the_export(project: Path) -> None:
    """The last month that stands in the export is June 2023.

    The end of that year is not covered.
    """
    world = World()
    rows = [row if row[7] != "202503" else [*row[:7], ""] for row in world.employment()]
    fill(
        blank(project, "参保记录_起止年月"),
        project / f"data/raw/{NAME}/employment/spells.xlsx",
        rows,
    )
    (said,) = problems(project)
    assert (
        "the employment export holds nothing for years of the panel, 1 affected, e.g. 2024" in said
    )


@pytest.mark.parametrize("window", ["[2, 6]", "[-5, -1]", "[6, -5]"])
def test_a_window_that_is_none_is_refused(project: Path, window: str) -> None:
    change_study(project, (r"event_window = \[-5, 6\]", f"event_window = {window}"))
    with pytest.raises(ZgzxError, match="the window reaches from before the award to it or beyond"):
        check_study(project, NAME)


@pytest.mark.slow
def test_optional_sources_without_files_are_a_line_and_no_problem(tmp_path: Path) -> None:
    project = make_small_study(tmp_path, sources=("employment", "patents"))
    found = check_study(project, NAME)
    assert found.problems == []
    assert "scores: no files; the report will say what it cannot show without them" in found.lines


def test_what_check_reads_is_what_a_run_reads(small: Path) -> None:
    """The same tables: no second reading of the files."""
    raw = small / "data/raw" / NAME
    roster = clean(read_raw(raw, "roster"), "roster", key=b"k" * 32).tables["roster"]
    assert pd.Series(roster["edition"]).value_counts().to_dict() == {9: 8, 10: 8}
