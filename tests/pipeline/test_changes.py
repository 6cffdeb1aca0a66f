"""What changed since an earlier report: two small studies from the files of the built one."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.pipeline.conftest import facts, run_keeping_cells, shown_by
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.changes import LEVELS
from zgzx_research.evidence.claims import read_claims
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline.changes import Comparison, compare
from zgzx_research.pipeline.changes_command import changes_between
from zgzx_research.pipeline.changes_facts import changes_frame
from zgzx_research.pipeline.earlier_scope import (
    panels_in_scope,
    read_panels,
    scope_of,
)
from zgzx_research.pipeline.kept_facts import facts_of
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published import publish_study, read_published
from zgzx_research.pipeline.steps import data
from zgzx_research.pipeline.steps.changes import write_changes
from zgzx_research.study import load_study

pytestmark = pytest.mark.slow
Tables = Callable[[str, pd.DataFrame], pd.DataFrame]
FIRST_MISSING = 10  # first edition that the earlier study does not have


def place_of(project: Path, name: str) -> Place:
    return Place(project, name, (project / load_study(project, name).raw.path).resolve())


def another_study(project: Path, name: str, change: Tables, *edits: tuple[str, str]) -> None:
    """A study whose clean tables are those of the demo, changed; it has no raw files."""
    text = (project / "studies/demo.toml").read_text(encoding="utf-8")
    for before, after in (
        ('name = "demo"', f'name = "{name}"'),
        ("data/raw/demo/raw", f"data/raw/{name}"),
        *edits,
    ):
        assert before in text
        text = text.replace(before, after, 1)
    (project / f"studies/{name}.toml").write_text(text, encoding="utf-8")
    place = place_of(project, name)
    for stage in ("clean", "link"):
        shutil.copytree(project / "data/work/demo" / stage, place.work / stage)
    for path in (place.work / "clean").glob("*.parquet"):
        table = pd.read_parquet(path)
        changed = change(path.stem, table)
        if changed is not table:
            changed.to_parquet(path, index=False)
    data.panels(place, load_study(project, name))


def without_late_editions(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The lists of earlier editions only."""
    if "edition" not in table or name == "quarantine":
        return table
    return table[table["edition"] < FIRST_MISSING].reset_index(drop=True)


def with_patents_of_winners(
    firms: pd.DataFrame, share: float, name: str, table: pd.DataFrame
) -> pd.DataFrame:
    """Every so many applications is not there: as if it had been published later."""
    if name != "patent":
        return table
    return table[[row % round(1 / share) != 0 for row in range(len(table))]].reset_index(drop=True)


@pytest.fixture(scope="module")
def project(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo; a study of last year with fewer editions and years; one with fewer patents."""
    target = tmp_path_factory.mktemp("changes") / "project"
    shutil.copytree(built, target, ignore=shutil.ignore_patterns("cache", "reports"))
    years = ("years = [2010, 2025]", "years = [2010, 2022]")
    export = ("truncation = 2026-03-31", "truncation = 2024-06-30")
    another_study(target, "year2022", without_late_editions, years, export)
    panel = pd.read_parquet(target / "data/work/demo/panels/firm_year.parquet")
    fewer = partial(with_patents_of_winners, panel, 0.2)
    another_study(target, "fewer", fewer)
    return target


def comparison(project: Path, old: str, new: str) -> Comparison:
    studies = {name: load_study(project, name) for name in (old, new)}
    return Comparison(place_of(project, old), studies[old], place_of(project, new), studies[new])


def found(project: Path, old: str, new: str) -> dict[str, Any]:
    claims = read_claims(place_of(project, new).claims)
    return compare(comparison(project, old, new), claims)


def differences(project: Path, changes: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Claim -> step -> its part."""
    frame = changes_frame(changes, read_claims(place_of(project, "demo").claims))
    return {
        str(claim): rows.set_index("step")["difference"].to_dict()
        for claim, rows in frame.groupby("claim")
    }


@pytest.fixture(scope="module")
def since_last_year(project: Path) -> dict[str, Any]:
    return found(project, "year2022", "demo")


def test_the_scope_of_a_study_is_read_from_its_own_files(project: Path) -> None:
    scope = scope_of(place_of(project, "year2022"), load_study(project, "year2022"))
    assert scope.years == (2010, 2022)
    assert scope.editions == frozenset(range(1, FIRST_MISSING))
    assert scope.patents_until.isoformat() == "2024-06-30"
    assert 202500 < scope.insured_until < 202613


@pytest.mark.parametrize("name", [pytest.param("demo", marks=pytest.mark.study), "year2022"])
def test_panels_cut_to_their_own_scope_stay_as_they_are(project: Path, name: str) -> None:
    place, study = place_of(project, name), load_study(project, name)
    cut, whole = panels_in_scope(place, study, scope_of(place, study)), read_panels(place)
    for table in ("firm_year", "firm_entries", "worker_final"):
        one, other = getattr(cut, table), getattr(whole, table)
        pd.testing.assert_frame_equal(one.astype(object), other.astype(object), check_like=False)


def test_later_data_cut_to_an_earlier_scope_are_the_earlier_data(project: Path) -> None:
    """The demo differs from last year's study by later editions and years only."""
    scope = scope_of(place_of(project, "year2022"), load_study(project, "year2022"))
    cut = panels_in_scope(place_of(project, "demo"), load_study(project, "demo"), scope)
    then = read_panels(place_of(project, "year2022"))
    for table in ("firm_year", "firm_entries", "worker_final"):
        one, other = getattr(cut, table), getattr(then, table)
        pd.testing.assert_frame_equal(one.astype(object), other.astype(object))


def test_months_after_the_scope_are_cut_off(project: Path) -> None:
    place, study = place_of(project, "demo"), load_study(project, "demo")
    scope = scope_of(place, study)
    early = type(scope)(scope.years, scope.editions, scope.patents_until, 202012)
    cut = panels_in_scope(place, study, early)
    seen = cut.firm_year.dropna(subset="retention")["year"]
    assert seen.max() == 2020
    stays = cut.worker_final.dropna(subset="retention_24_group")
    assert stays["final_ym"].max() <= 201812
    assert len(stays)


def test_the_last_level_is_what_the_pages_found(
    project: Path, since_last_year: dict[str, Any]
) -> None:
    kept = facts(project)
    assert set(since_last_year["claims"]) == {"patents_up", "retention_up", "career"}
    for claim, one in since_last_year["claims"].items():
        assert one["from"] == kept[f"claim.{claim}.from"]["value"]
        now = one["levels"]["edition"]
        for name in ("estimate", "ci_low", "ci_high"):
            page = kept[f"claim.{claim}.{name}"]["value"]
            shown = None if page is None else round(page, one["digits"])
            assert now[name] == (pytest.approx(shown, abs=1e-9) if shown is not None else None)
        assert now["std_error"] == pytest.approx(kept[f"claim.{claim}.std_error"]["value"])


def test_new_editions_alone_leave_no_part_for_the_data(
    project: Path, since_last_year: dict[str, Any]
) -> None:
    parts = differences(project, since_last_year)
    for claim, one in parts.items():
        levels = since_last_year["claims"][claim]["levels"]
        assert levels["reported"]["reason"] == "not_published"
        if levels["method"]["reason"] == "":
            assert one["data"] == 0.0
    assert any(one["edition"] != 0.0 for one in parts.values())


def test_revised_rows_are_a_part_of_the_data_and_nothing_else(project: Path) -> None:
    """As reported by the pages, with the code of today: the method has no part."""
    publish_study(project, "demo", "2026-03-31", again=True)
    changes = found(project, "demo", "fewer")
    parts = differences(project, changes)
    for claim, one in parts.items():
        assert one["method"] == 0.0
        assert one["edition"] == 0.0
        patents = claim == "patents_up"
        assert (one["data"] != 0.0) == patents
    levels = changes["claims"]["patents_up"]["levels"]
    whole = levels["edition"]["estimate"] - levels["reported"]["estimate"]
    assert parts["patents_up"]["data"] == pytest.approx(whole, abs=1e-9)


@pytest.mark.study
def test_other_settings_are_a_part_of_the_method(project: Path) -> None:
    """The study of today weighs joint applications otherwise, and takes other years."""
    publish_study(project, "demo", "2026-03-31", again=True)
    one = comparison(project, "demo", "demo")
    changed = one.new.model_copy(
        update={
            "patents": one.new.patents.model_copy(update={"joint": "fractional"}),
            "estimate": one.new.estimate.model_copy(update={"headline_events": (1, 2)}),
        }
    )
    again = Comparison(one.old_place, one.old, one.new_place, changed)
    changes = compare(again, read_claims(one.new_place.claims))
    levels = changes["claims"]["patents_up"]["levels"]
    assert levels["method"]["estimate"] != levels["reported"]["estimate"]
    assert levels["data"]["estimate"] == levels["method"]["estimate"]


@pytest.mark.study
def test_without_the_earlier_data_method_and_data_are_one_part(
    project: Path, copy_of: Callable[[Path], Path]
) -> None:
    project = copy_of(project)
    publish_study(project, "demo", "2026-03-31", again=True)
    shutil.move(project / "studies/demo.published.json", project / "studies/gone.published.json")
    text = (project / "studies/demo.toml").read_text(encoding="utf-8")
    (project / "studies/gone.toml").write_text(
        text.replace('name = "demo"', 'name = "gone"'), encoding="utf-8"
    )
    changes = found(project, "gone", "fewer")
    parts = differences(project, changes)["patents_up"]
    assert changes["claims"]["patents_up"]["levels"]["method"]["reason"] == "no_old_data"
    assert math.isnan(parts["method"])
    assert parts["data"] != 0.0
    assert parts["edition"] == 0.0  # what was published says which editions and years


def test_what_is_published_is_kept_until_told_otherwise(
    project: Path, copy_of: Callable[[Path], Path]
) -> None:
    project = copy_of(project)
    (project / "studies/demo.published.json").unlink(missing_ok=True)
    assert read_published(place_of(project, "demo")) is None
    kept = publish_study(project, "demo", "2026-03-31")
    assert read_published(place_of(project, "demo")) == json.loads(json.dumps(kept))
    assert kept["published_on"] == "2026-03-31"
    assert kept["frozen"] == "no"
    known = facts(project)
    for claim, one in kept["claims"].items():
        assert one["estimate"] == known[f"claim.{claim}.estimate"]["value"]
        assert one["verdict"] == known[f"claim.{claim}.verdict"]["value"]
    with pytest.raises(ZgzxError, match=r"published already.*--again"):
        publish_study(project, "demo")
    with pytest.raises(ZgzxError, match="the study has no results yet"):
        publish_study(project, "year2022")


@pytest.mark.study
def test_the_command_compares_what_was_built(project: Path) -> None:
    said: list[str] = []
    table, path = changes_between(project, "year2022", "fewer", say=said.append)
    assert any("year2022 lacks raw files" in line for line in said)
    assert table.row_count == len(LEVELS) * 3
    assert json.loads(path.read_text(encoding="utf-8"))["since"] == "year2022"
    assert path.name == "changes_since_year2022.json"
    with pytest.raises(ZgzxError, match="cannot be compared with itself"):
        changes_between(project, "demo", "demo", say=said.append)
    with pytest.raises(ZgzxError, match=r"no such study file, e\.g\. demo; fewer; year2022"):
        changes_between(project, "year1999", "demo", say=said.append)


@pytest.mark.study
def test_the_page_tells_the_same_in_both_languages(project: Path) -> None:
    place, notebook = place_of(project, "demo"), project / "notebooks/9_changes/page.ipynb"
    before = place.changes.read_text(encoding="utf-8")
    old = (place_of(project, "year2022"), load_study(project, "year2022"))
    write_changes(place, load_study(project, "demo"), old)
    kept, texts = {}, {}
    for language in ("zh", "en"):
        given = {"study": "demo", "language": language}
        kept[language] = facts_of(run_keeping_cells(notebook, given, project)).facts
        shown = shown_by(notebook, given, project)
        texts[language] = [str(one.data.get("text/markdown", "")) for one in shown]
        assert sum(one.mark["kind"] == "figure" for one in shown) == 3
        assert sum(one.mark["kind"] == "table" for one in shown) == 1
    place.changes.write_text(before, encoding="utf-8")
    assert kept["zh"] == kept["en"]
    assert kept["en"]["changes.since"]["value"] == "year2022"
    numbers = [value_of(kept["en"], claim) for claim in ("patents_up", "retention_up", "career")]
    for text in ("".join(texts["zh"]), "".join(texts["en"])):
        assert all(number in text for number in numbers)


def value_of(kept: dict[str, Any], claim: str) -> str:
    """The estimate of today as it is printed."""
    return f"{kept[f'changes.{claim}.now.estimate']['value']:+.1f}".replace("-", "−")


def test_a_study_without_an_earlier_one_says_so(built: Path) -> None:
    notebook = built / "notebooks/9_changes/page.ipynb"
    for language, words in (("zh", "没有指明更早的研究"), ("en", "names no earlier study")):
        shown = shown_by(notebook, {"study": "demo", "language": language}, built)
        text = "".join(str(one.data.get("text/markdown", "")) for one in shown)
        assert words in text
        assert all(one.mark["kind"] == "text" for one in shown)
    kept = facts(built)
    assert kept["changes.since"]["value"] == ""
    assert not [key for key in kept if key.startswith("changes.") and "." in key[8:]]


def test_claims_about_firms_are_those_of_outcomes(since_last_year: dict[str, Any]) -> None:
    firms = {claim for claim, one in since_last_year["claims"].items() if is_outcome(one["from"])}
    assert firms == {"patents_up", "retention_up"}


def is_outcome(prefix: str) -> bool:
    return prefix.split(".")[0] in OUTCOMES


@pytest.mark.parametrize(
    ("line", "message"),
    [('since = "demo"', "names this study itself"), ('since = "A b"', "should match pattern")],
)
def test_wrong_names_of_the_earlier_study(
    project: Path, copy_of: Callable[[Path], Path], line: str, message: str
) -> None:
    project = copy_of(project)
    path = project / "studies/demo.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[changes]\n{line}\n", encoding="utf-8")
    with pytest.raises(ZgzxError, match=message):
        load_study(project, "demo")
