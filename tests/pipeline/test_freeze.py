"""The analysis plan: what it holds, when it is refused, and what is said of it later."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline.analysis_plan import changed_names, decisions, read_plan
from zgzx_research.pipeline.freeze import freeze_study, plan_facts, plan_lines
from zgzx_research.pipeline.place import Place
from zgzx_research.report.prose_rendering import _template_names as template_names
from zgzx_research.report.prose_rendering import environment
from zgzx_research.study import load_study

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2026, 3, 5)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a study and pages, and no data."""
    for name in ("studies", "notebooks", "data/published"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def place_of(project: Path) -> Place:
    return Place(project, "demo", project / "data/raw/demo/raw")


def states(project: Path) -> dict[str, object]:
    """The facts of the plan, by the last part of their names."""
    facts = plan_facts(place_of(project), load_study(project, "demo"))
    return {key.removeprefix("study."): one["value"] for key, one in facts.items()}


def pretend_built(project: Path) -> None:
    panels = project / "data/work/demo/panels"
    panels.mkdir(parents=True)
    (panels / "firm_year.parquet").write_bytes(b"")


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_study_without_a_plan(project: Path) -> None:
    assert states(project) == {
        "frozen": "no",
        "frozen_on": "",
        "frozen_after_data": False,
        "frozen_files": 0,
        "plan_changes": 0,
        "plan_changed": "",
    }
    assert plan_lines(place_of(project), load_study(project, "demo"))[0].startswith(
        "analysis plan: none"
    )


def test_a_plan_from_before_the_data_that_holds(project: Path) -> None:
    written = freeze_study(project, "demo", "2026-03-01", today=TODAY)
    assert read_plan(project / "studies/demo.plan.toml") == written
    assert (written.frozen_on, written.written_on) == ("2026-03-01", "2026-03-05")
    assert not written.after_data
    pretend_built(project)  # a run after the plan changes nothing
    assert states(project) == {
        "frozen": "before",
        "frozen_on": "2026-03-01",
        "frozen_after_data": False,
        "frozen_files": 0,
        "plan_changes": 0,
        "plan_changed": "",
    }
    assert plan_lines(place_of(project), load_study(project, "demo")) == [
        "analysis plan: frozen on 2026-03-01, before the data were built; it holds"
    ]


def test_the_plan_can_be_read_and_holds_what_decides(project: Path) -> None:
    freeze_study(project, "demo", today=TODAY)
    text = (project / "studies/demo.plan.toml").read_text(encoding="utf-8")
    for line in (
        'frozen_on = "2026-03-05"',
        "claims.career.sign = 1",
        'estimate.primary.patents_invention.design = "contest"',
        "estimate.headline_events = [1, 3]",
        "outcome.retention.claimed_effect = 3.0",
        "estimate.specs.not_yet.leave_out = 1",
        "retention.min_staff = 5",
    ):
        assert f"\n{line}\n" in text
    for start in (
        "rules.grade = ",
        "code.did = ",
        "pages.4_patents = ",
        "estimate.curve.target = ",
    ):
        assert f"\n{start}" in text
    assert "truncation" not in text  # the date of a delivery is no choice


@pytest.mark.parametrize(
    ("file", "before", "after", "names"),
    [
        (
            "studies/demo.toml",
            "headline_events = [1, 3]",
            "headline_events = [0, 4]",
            ["estimate.headline_events"],
        ),
        (
            "studies/demo.toml",
            'patents_invention = {design = "contest"',
            'patents_invention = {design = "main"',
            ["estimate.primary.patents_invention.design", "outcome.patents_invention.design"],
        ),
        ("studies/demo.toml", "min_staff = 5", "min_staff = 9", ["retention.min_staff"]),
        (
            "data/published/claims.csv",
            "retention,primary,1,",
            "retention,primary,-1,",
            ["claims.retention_up.sign"],
        ),
        (
            "data/published/claims.csv",
            "colleagues.firms,exploratory,1,3",
            "colleagues.firms,primary,1,3",
            [
                "claims.spillover.claimed_effect",
                "claims.spillover.outcome",
                "claims.spillover.sign",
            ],
        ),
        ("notebooks/4_patents/page.ipynb", "base=-2", "base=-1", ["pages.4_patents"]),
        (
            "studies/demo.plan.toml",
            "estimate.headline_events = [1, 3]",
            "estimate.headline_events = [1, 2]",
            ["plan_file", "estimate.headline_events"],
        ),
        (
            "studies/demo.plan.toml",
            'frozen_on = "2026-03-05"',
            'frozen_on = "2024-03-05"',
            ["plan_file"],
        ),
    ],
)
def test_whatever_is_changed_later_is_named(
    project: Path, file: str, before: str, after: str, names: list[str]
) -> None:
    freeze_study(project, "demo", today=TODAY)
    edit(project / file, before, after)
    found = states(project)
    assert found["frozen"] == "changed"
    assert found["plan_changed"] == ", ".join(names)
    assert found["plan_changes"] == len(names)


def test_words_that_decide_nothing_change_nothing(project: Path) -> None:
    freeze_study(project, "demo", today=TODAY)
    edit(project / "studies/demo.toml", "# the headline: mean", "# another comment: mean")
    edit(project / "studies/demo.toml", "2026-03-31", "2026-04-15")
    edit(project / "notebooks/4_patents/page.ipynb", "专利申请", "专利的申请")
    assert states(project)["frozen"] == "before"


def test_code_that_changes_is_named(project: Path) -> None:
    plan = freeze_study(project, "demo", today=TODAY)
    now = decisions(project, load_study(project, "demo")) | {"code.did": "another"}
    assert changed_names(plan, now) == ["code.did"]


def test_after_the_data_a_plan_is_refused_unless_it_says_so(project: Path) -> None:
    pretend_built(project)
    with pytest.raises(ZgzxError, match=r"built already.* e\.g\. panels\. Say --after-data"):
        freeze_study(project, "demo", today=TODAY)
    assert not (project / "studies/demo.plan.toml").exists()
    assert freeze_study(project, "demo", after_data=True, today=TODAY).after_data
    assert states(project)["frozen"] == "after"
    edit(project / "studies/demo.toml", "leave_out = 1}", "leave_out = 2}")
    assert states(project)["frozen"] == "changed"
    assert states(project)["frozen_after_data"] is True


def test_the_word_after_data_does_not_make_a_plan_late(project: Path) -> None:
    """A plan is late because data are there, not because the user said so."""
    assert not freeze_study(project, "demo", after_data=True, today=TODAY).after_data


def test_a_plan_is_replaced_only_when_told_and_names_the_earlier_one(project: Path) -> None:
    first = freeze_study(project, "demo", "2026-03-01", today=TODAY)
    with pytest.raises(ZgzxError, match=r"there is a plan of 2026-03-01 already.*--again"):
        freeze_study(project, "demo", today=TODAY)
    second = freeze_study(project, "demo", again=True, today=TODAY)
    assert second.earlier == (f"2026-03-01, before the data, {first.digest[:12]}",)


@pytest.mark.parametrize(
    ("on", "message"), [("1 March", "'1 March' is no date"), ("2026-03-06", "lies ahead")]
)
def test_wrong_dates(project: Path, on: str, message: str) -> None:
    with pytest.raises(ZgzxError, match=message):
        freeze_study(project, "demo", on, today=TODAY)


@pytest.mark.parametrize("text", ["", "[plan", "[plan]\nstudy = 1\n", "[plan]\n[decided]\n"])
def test_a_damaged_plan_is_one_message(project: Path, text: str) -> None:
    (project / "studies/demo.plan.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"studies/demo\.plan\.toml: the analysis plan cannot be"):
        states(project)


@pytest.mark.parametrize(("language", "words"), [("zh", "已收到"), ("en", "had arrived")])
def test_files_that_had_arrived_are_counted_and_said(
    project: Path, language: str, words: str
) -> None:
    """Only those with outcomes: the plan may be made with rosters in hand."""
    for source, name in (("roster", "a.csv"), ("patents", "b.csv"), ("employment", "c.csv")):
        (project / "data/raw/demo/raw" / source).mkdir(parents=True)
        (project / "data/raw/demo/raw" / source / name).write_bytes(b"")
    assert freeze_study(project, "demo", today=TODAY).outcome_files == 2
    assert states(project)["frozen"] == "before"
    assert states(project)["frozen_files"] == 2
    assert words in said(project, language)


def test_the_plan_is_no_study(project: Path) -> None:
    freeze_study(project, "demo", today=TODAY)
    with pytest.raises(ZgzxError, match=r"e\.g\. demo\. Make one"):
        load_study(project, "demos")


def said(project: Path, language: str) -> str:
    """The sentence about the plan."""
    facts = Facts(plan_facts(place_of(project), load_study(project, "demo")))
    sentences = environment().get_template(f"_sentences.{language}.md.j2")
    return str(sentences.make_module(template_names(facts, language)).decided()).strip()


@pytest.mark.parametrize(
    ("language", "before"), [("zh", "看到数据之前"), ("en", "before the data")]
)
def test_only_a_plan_from_before_that_holds_is_called_so(
    project: Path, language: str, before: str
) -> None:
    nothing = said(project, language)
    freeze_study(project, "demo", "2026-03-01", today=TODAY)
    holds = said(project, language)
    edit(project / "studies/demo.toml", "headline_events = [1, 3]", "headline_events = [0, 3]")
    changed = said(project, language)
    pretend_built(project)
    freeze_study(project, "demo", after_data=True, again=True, today=TODAY)
    late = said(project, language)
    assert len({nothing, holds, changed, late}) == 4
    assert "2026-03-01" in holds
    assert before in holds
    assert "2026-03-05" in late
    assert "estimate.headline\\_events" in changed
    for text in (nothing, holds, late):
        assert "headline" not in text
    assert json.dumps(nothing) != json.dumps(late)
