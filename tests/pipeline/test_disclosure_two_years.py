"""Last year's published counts reach the pages of this year, and the log has all that they show."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import zgzx_research as zr
from tests.attack import of_table
from zgzx_research.evidence.disclosure_rules import written_rules
from zgzx_research.evidence.protected_table import TOTAL
from zgzx_research.pipeline import page_tables
from zgzx_research.pipeline.check import Check, _check_staff
from zgzx_research.pipeline.disclosure_log import guards
from zgzx_research.pipeline.page import Page, open_page
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published import publish_study
from zgzx_research.pipeline.published_counts import table_frame, table_json
from zgzx_research.report.figures.report_figure import FigureSpec
from zgzx_research.study import load_study
from zgzx_research.study_sections import Disclosure

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FIRMS, PERSONS = written_rules().firms, written_rules().persons
SINCE = '\n[changes]\nsince = "lastyear"\n'
FIGURE = "participation_size"


@pytest.fixture(scope="module")
def project(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, which names an earlier study that has published its own counts."""
    target = tmp_path_factory.mktemp("two_years") / "project"
    shutil.copytree(built, target, ignore=shutil.ignore_patterns("cache", "reports"))
    file = target / "studies/demo.toml"
    text = file.read_text("utf-8")
    earlier = text.replace('name = "demo"', 'name = "lastyear"', 1)
    (target / "studies/lastyear.toml").write_text(earlier, encoding="utf-8")
    file.write_text(text + SINCE, encoding="utf-8")
    return target


def page_of(project: Path, name: str = "2_programme") -> Page:
    with contextlib.chdir(project):
        return open_page("demo", "en", name)


def taking_part(page: Page) -> FigureSpec:
    """Firms that took part by size and edition, as the page counts them."""
    entered = page.read("firm_entries").merge(page.read("firm"), on="firm_id")
    by_size = entered.groupby(["size", "edition"], dropna=False)["firm_id"].nunique()
    return zr.plot_participation(by_size.rename("firms").reset_index(), "size")


def publish(project: Path, counts: dict[str, int | None], tables: dict[str, pd.DataFrame]) -> None:
    """What the earlier study published: facts of counts, and tables of figures."""
    said = {name: table_json(table) for name, table in tables.items()}
    content = {"version": 1, "counts": counts, "tables": said}
    path = Place(project, "lastyear", project).published
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_cell_that_changed_by_one_since_last_year_is_blank(project: Path) -> None:
    publish(project, {}, {})
    first = page_of(project).figure(taking_part(page_of(project)))
    shown = table_frame(first.kept.tables[FIGURE])
    large = shown.drop(index=TOTAL, columns=TOTAL).stack().sort_values()
    row, column = large.index[-1]
    then = shown.copy()
    for place in ((row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
        then.loc[place] -= 1  # one firm entered that edition since then
    publish(project, {}, {FIGURE: then})
    page = page_of(project)
    now = table_frame(page.figure(taking_part(page)).kept.tables[FIGURE])
    assert pd.isna(now.loc[row, column])
    change = (now - then).stack()
    assert (change.eq(0) | change.abs().ge(FIRMS)).all()
    both = of_table(now)
    for place, value in then.stack().items():  # whoever has last year's report too
        if shown.loc[place] == value:
            both.counts["|".join(place)] = int(value)
    low, high = both.range_of(f"{row}|{column}")
    assert high - low >= FIRMS


def test_facts_that_changed_by_few_are_withheld(project: Path) -> None:
    publish(project, {}, {})
    before = page_of(project, "1_data_audit").keep_data().facts
    counts = {
        key: one["value"] for key, one in before.items() if key.startswith(("link.", "data."))
    }
    counts = {key: one for key, one in counts.items() if isinstance(one, int)}
    rows = "link.roster.rows"
    assert counts[rows] > FIRMS  # the world of the tests has rows enough to show
    publish(project, counts | {rows: counts[rows] - 1}, {})
    now = page_of(project, "1_data_audit").keep_data().facts
    assert now[rows]["value"] is None
    publish(project, counts, {})  # nothing has changed: everything that was shown is shown
    same = page_of(project, "1_data_audit").keep_data().facts
    assert {key: same[key]["value"] for key in counts} == counts


def test_publishing_keeps_the_counts_as_they_were_shown(project: Path) -> None:
    place = Place(project, "demo", project / "data/raw/demo/raw")
    content = publish_study(project, "demo", "2026-05-01")
    place.published.unlink()
    facts = json.loads((place.work / "facts.json").read_text("utf-8"))["facts"]
    counted = {key for key, one in facts.items() if one["unit"] == "count"}
    assert set(content["counts"]) <= counted
    for key in counted:
        if facts[key].get("withheld"):
            assert content["counts"][key] is None
        elif isinstance(facts[key]["value"], int):
            assert content["counts"][key] == facts[key]["value"]


def test_every_table_and_figure_has_a_rule() -> None:
    figures = sorted((ROOT / "zgzx_research/report/figures").glob("*.py"))
    drawn = {path.stem for path in figures if "\ndef plot_" in path.read_text("utf-8")}
    assert set(guards()) == {*page_tables.__all__, *drawn}
    method = (ROOT / "docs/methodology/disclosure.md").read_text("utf-8")
    assert [name for name in guards() if f"`{name}`" not in method] == []


def test_notebooks_write_no_threshold_of_their_own() -> None:
    for path in (ROOT / "notebooks").glob("*/page.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert not re.search(r'units"\] (>=|<|>) \d', cell.source), path.parent.name


def test_check_follows_the_rules_of_the_study(project: Path) -> None:
    firms = [f"firm {at}" for at in range(4)]
    awards, staff = pd.DataFrame({"firm_id": firms}), pd.Series(100, index=firms)
    study = load_study(project, "lastyear")
    place = Place(project, "lastyear", project)
    for stricter, problems in ((None, 0), (5, 1)):
        strict = study.model_copy(update={"disclosure": Disclosure(firms=stricter)})
        found = Check()
        _check_staff(found, place, strict, staff, awards)
        assert len(found.problems) == problems
    assert "a result needs 5" in str(found.problems[0])
