"""Pages of the built study: facts, other parameters, wrong names, what is stored."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest

from tests.pipeline.conftest import cell_values, run_keeping_cells
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import fact
from zgzx_research.pipeline.kept_facts import Kept, facts_of, kept_text, union
from zgzx_research.pipeline.notebooks import check_parameters
from zgzx_research.pipeline.page import Page, open_page
from zgzx_research.pipeline.page_outputs import Shown
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps.pages import run_page, write_facts

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGES = [path.parent.name for path in sorted((ROOT / "notebooks").glob("*/page.ipynb"))]
OF_PANEL = "9_any_panel"  # runs with its own defaults, without the built study
HEADLINE = 'page.text("headline"'


def notebook_of(project: Path, page: str) -> Path:
    return project / "notebooks" / page / "page.ipynb"


def kept_by(project: Path, page: str, **given: str) -> Kept:
    """What the cells of a page keep."""
    study = {} if page == OF_PANEL else {"study": "demo"}
    return facts_of(run_keeping_cells(notebook_of(project, page), study | given, project))


def headline(project: Path, page: str, **given: str) -> tuple[str, Kept]:
    """The headline's text, and the facts kept on the way to it."""
    cells = nbformat.read(notebook_of(project, page), as_version=4).cells
    end = next(n for n, cell in enumerate(cells) if HEADLINE in cell.source)
    values = cell_values(cells[: end + 1], {"study": "demo", **given}, project)
    kept = Kept({}, {})
    for value in values:
        kept = kept | value if isinstance(value, Kept) else kept
    assert isinstance(values[-1], Shown)
    return str(values[-1].data["text/markdown"]), kept


@functools.cache
def usual_headline(project: Path, page: str, language: str) -> tuple[str, Kept]:
    """The headline under the parameters that the page declares."""
    return headline(project, page, language=language)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_equal_facts_in_both_languages(built: Path, page: str) -> None:
    """The built study has run the Chinese page."""
    if page == OF_PANEL:
        zh = kept_text(kept_by(built, page, language="zh"))
    else:
        zh = (built / f"data/work/demo/facts/{page}.json").read_text(encoding="utf-8")
    assert kept_text(kept_by(built, page, language="en")) == zh
    assert json.loads(zh)["facts"]


@pytest.mark.parametrize(
    ("page", "usual", "given"),
    [
        ("4_patents", "patents_invention.main", {"outcome": "patents_utility_model"}),
        ("4_patents", "patents_invention.main", {"spec": "not_yet"}),
        ("3_retention", "retention.main", {"spec": "not_yet"}),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_another_parameter_gives_another_answer(
    built: Path, page: str, usual: str, given: Mapping[str, str], language: str
) -> None:
    before, facts_before = usual_headline(built, page, language)
    after, facts_after = headline(built, page, language=language, **given)
    outcome, spec = usual.split(".")
    other = f"{given.get('outcome', outcome)}.{given.get('spec', spec)}"
    shown = {}
    for prefix, text, kept in ((usual, before, facts_before), (other, after, facts_after)):
        value = kept.facts[f"{prefix}.headline.estimate"]["value"]
        shown[prefix] = f"{abs(value):.1f}"
        assert shown[prefix] in text.replace("\\", "")
    assert before != after
    assert (
        facts_before.facts[f"{usual}.headline.estimate"]
        != (facts_after.facts[f"{other}.headline.estimate"])
    )


@pytest.mark.parametrize(
    ("page", "given", "message"),
    [
        (
            "4_patents",
            {"outcome": "patents_inventions"},
            r"there is no outcome 'patents_inventions', e\.g\. patents_invention\.",
        ),
        ("3_retention", {"outcome": "retain"}, r"there is no outcome 'retain', e\.g\. retention\."),
        (
            "4_patents",
            {"spec": "not_yett"},
            r"there is no specification 'not_yett'\. .* has main, full_base, not_yet\.",
        ),
        ("3_retention", {"spec": "best"}, "there is no specification 'best'"),
        ("1_data_audit", {"language": "fr"}, r"language 'fr' is unknown\. Choose one of zh, en\."),
        (OF_PANEL, {"language": "fr"}, "language 'fr' is unknown"),
        ("0_brief", {"study": "demos"}, r"demos\.toml: there is no such study file, e\.g\. demo\."),
    ],
)
def test_a_wrong_parameter_is_a_clear_error(
    built: Path, page: str, given: Mapping[str, str], message: str
) -> None:
    with pytest.raises(ZgzxError, match=message):
        kept_by(built, page, **given)


def test_an_unknown_page_names_the_nearest(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built)
    with pytest.raises(ZgzxError, match=r"no page '4_patent', e\.g\. 4_patents\. The pages are 0_"):
        open_page("demo", "zh", "4_patent")


@pytest.mark.parametrize(
    ("study", "command"),
    [
        ("demo", "zgzx run demo, or make report in the repository"),
        ("year2026", "zgzx run year2026"),
    ],
)
def test_a_study_that_was_not_run_names_the_command(
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: str,
    command: str,
) -> None:
    for name in ("notebooks", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "notebooks/4_patents").symlink_to(built / "notebooks/4_patents")
    (tmp_path / "studies").mkdir()
    text = (built / "studies/demo.toml").read_text(encoding="utf-8")
    (tmp_path / f"studies/{study}.toml").write_text(
        text.replace('name = "demo"', f'name = "{study}"'), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZgzxError, match=f"study {study} has no panels yet.*: {command}$"):
        open_page(study, "zh", "4_patents")


@pytest.mark.parametrize(
    ("page", "name", "near"),
    [("4_patents", "outcom", "outcome"), ("3_retention", "specs", "spec")],
)
def test_an_unknown_parameter_of_a_notebook_names_the_nearest(
    page: str, name: str, near: str
) -> None:
    notebook = notebook_of(ROOT, page)
    message = rf"{page}: unknown parameter, 1 affected, e\.g\. {name}\. Did you mean {near}\?"
    with pytest.raises(ZgzxError, match=message):
        check_parameters(notebook, {"study": "demo", "language": "zh", name: "x"})
    check_parameters(notebook, {"study": "demo", "language": "zh", near: "x"})


@pytest.fixture
def patents(built: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.chdir(built)
    return open_page("demo", "en", "4_patents")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda page: page.read("firms"), "there is no table 'firms'.*The tables are firm_year"),
        (lambda page: page.table("event"), r"no table 'event', e\.g\. event_time"),
        (
            lambda page: page.event("patents_all"),
            r"patents_all, main was not kept\. Call page\.keep\('patents_all', 'main', effects\)",
        ),
        (lambda page: page.text("headlines"), "there is no block 'headlines'.*headline"),
    ],
)
def test_wrong_calls_of_a_page_say_what_to_do(
    patents: Page, call: Callable[[Page], object], message: str
) -> None:
    with pytest.raises(ZgzxError, match=message):
        call(patents)


def small_place(folder: Path) -> Place:
    """A project with a page of one cell."""
    (folder / "notebooks/1_page").mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    nbformat.write(notebook, folder / "notebooks/1_page/page.ipynb")
    return Place(folder, "x", folder)


def run_small_page(
    place: Place, monkeypatch: pytest.MonkeyPatch, language: str, synthetic: bool, share: float
) -> str:
    """Run a page whose cell keeps a fact, shows a table of its own and publishes a text."""
    kept = Kept({"a.share": fact(share, "share", "data", "clean")}, {})
    outputs = [
        nbformat.v4.new_output("execute_result", kept._repr_mimebundle_()),
        nbformat.v4.new_output("display_data", {"text/plain": "only for who opens it"}),
        nbformat.v4.new_output("stream", text="printed"),
        nbformat.v4.new_output(
            "display_data", {"text/markdown": "published"}, metadata={"zgzx": {"kind": "text"}}
        ),
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=outputs)])
    monkeypatch.setattr("zgzx_research.pipeline.notebooks.run_notebook", lambda *_: book)
    run_page(place, "1_page", language, {}, language == "zh", synthetic)
    return place.notebook("1_page", language).read_text(encoding="utf-8")


def test_for_real_data_only_what_is_published_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small_place(tmp_path)
    synthetic = run_small_page(place, monkeypatch, "zh", True, 0.5)
    real = run_small_page(place, monkeypatch, "en", False, 0.5)
    for text in ("published", "only for who opens it", "printed", "1 facts kept"):
        assert text in synthetic
        assert (text in real) == (text == "published")
    assert "a.share" not in synthetic + real


def test_languages_that_keep_other_facts_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small_place(tmp_path)
    run_small_page(place, monkeypatch, "zh", True, 0.5)
    with pytest.raises(ZgzxError, match="the languages keep different facts"):
        run_small_page(place, monkeypatch, "en", True, 0.25)


def test_two_pages_cannot_keep_different_values_of_one_fact(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.json" for name in ("one", "same", "other")]
    for path, share in zip(paths, (0.5, 0.5, 0.25), strict=True):
        write_facts({"a.share": fact(share, "share", "data", "clean")}, path)
    assert union(paths[:2]).get("a.share") == 0.5
    with pytest.raises(ZgzxError, match=r"other: two pages .* 1 affected, e\.g\. a\.share"):
        union(paths)


def test_all_facts_are_the_union_of_what_pages_keep(built: Path) -> None:
    work = built / "data/work/demo"
    files = sorted((work / "facts").glob("*.json"))
    assert [path.stem for path in files] == [*sorted(set(PAGES) - {OF_PANEL}), "study"]
    whole = json.loads((work / "facts.json").read_text(encoding="utf-8"))["facts"]
    assert whole == dict(union(files).facts)


def test_a_page_that_has_left_the_study_is_not_quoted(
    built: Path, copy_of: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts of its last run are still on the disk."""
    project = copy_of(built)
    monkeypatch.chdir(project)
    key = "retention.main.headline.estimate"
    assert open_page("demo", "zh", "0_brief").facts.has(key)
    change = ('"retention", ', "")
    path = project / "studies/demo.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    assert (project / "data/work/demo/facts/3_retention.json").is_file()
    assert not open_page("demo", "zh", "0_brief").facts.has(key)
    assert open_page("demo", "zh", "0_brief").facts.has("patents_all.main.headline.estimate")
