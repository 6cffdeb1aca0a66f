"""The study file: what is read, and what is refused with which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.study import check_name, find_root, load_study

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "studies/demo.toml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "studies").mkdir()
    return tmp_path


def refuse(project: Path, text: str, message: str) -> None:
    (project / "studies/demo.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ZgzxError, match=re.escape(message)):
        load_study(project, "demo")


def test_demo_reads() -> None:
    study = load_study(ROOT, "demo")
    assert study.estimate.specs["main"].leave_out == 1
    assert study.estimate.outcomes[:2] == ("retention", "patents_invention")
    assert study.estimate.base_period("patents_invention", "main") == "pooled"
    assert study.estimate.claimed_effect("retention") == 3.0
    assert study.study.years == (2010, 2025)


@pytest.mark.parametrize(
    "name", ["../demo", "a/b", "/etc/passwd", "demo.toml", "", "Demo", "..", "a\\b", "a" * 60]
)
def test_study_names_with_path_parts_are_refused(name: str) -> None:
    with pytest.raises(ZgzxError, match="is not a plain word"):
        check_name(name)


def test_unknown_key_names_the_nearest(project: Path) -> None:
    wrong = DEMO.replace("min_staff = 5", "min_stuff = 5")
    refuse(
        project,
        wrong,
        "studies/demo.toml: unknown or wrong key, 1 affected, e.g. [retention] min_stuff",
    )
    refuse(project, wrong, "min_stuff (did you mean 'min_staff'?). See studies/demo.toml")


def test_the_engine_is_one_word(project: Path) -> None:
    assert load_study(ROOT, "demo").engine.name == "duckdb"
    text = DEMO + '\n[engine]\nname = "spark"\n[engine.spark]\nmaster = "yarn"\n'
    (project / "studies/demo.toml").write_text(text, encoding="utf-8")
    engine = load_study(project, "demo").engine
    assert (engine.name, engine.spark.master, engine.spark.options) == ("spark", "yarn", {})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('[engine]\nnane = "spark"', "[engine] nane (did you mean 'name'?)"),
        ('[engine]\nname = "sparks"', "[engine] name: input should be 'duckdb' or 'spark'"),
        ('[engine.spark]\nmastre = "yarn"', "[engine.spark] mastre (did you mean 'master'?)"),
        ('[engine.spark]\nmaster = ""', "[engine.spark] master: "),
        ('[engine.sparc]\nmaster = "yarn"', "[engine] sparc (did you mean 'spark'?)"),
        ('[engine.spark]\noptions = {"driver.memory" = "8g"}', "driver.memory"),
        ('[engine.spark]\noptions = {"spark.jars" = ["x"]}', "spark.jars"),
    ],
)
def test_a_wrong_engine_is_refused(project: Path, section: str, message: str) -> None:
    refuse(project, f"{DEMO}\n{section}\n", message)


def test_unknown_section_and_spec_key(project: Path) -> None:
    wrong = DEMO.replace("[patents]", "[patent]")
    refuse(project, wrong, "[patent] (did you mean 'patents'?)")
    wrong = DEMO.replace("not_yet = {controls", "not_yet = {control")
    refuse(project, wrong, "[estimate.specs.not_yet] control (did you mean 'controls'?)")


def test_wrong_values_are_all_named(project: Path) -> None:
    wrong = DEMO.replace("years = [2010, 2025]", "years = [2025, 2010]").replace(
        "min_staff = 5", "min_staff = 0"
    )
    refuse(project, wrong, "wrong or missing value, 2 affected")
    refuse(
        project,
        DEMO.replace("main = {", "primary = {"),
        "[estimate] specs: value error, the reports also speak of main",
    )


def test_missing_file_lists_the_known(project: Path) -> None:
    (project / "studies/demo.toml").write_text(DEMO, encoding="utf-8")
    with pytest.raises(
        ZgzxError, match=r"studies/year2026.toml: there is no such study file, e.g. demo\."
    ):
        load_study(project, "year2026")


def test_not_toml_and_not_utf8(project: Path) -> None:
    refuse(project, "[study\nname", "studies/demo.toml: not valid TOML")
    (project / "studies/demo.toml").write_bytes("# 龙岗".encode("gb18030"))
    with pytest.raises(ZgzxError, match="not UTF-8"):
        load_study(project, "demo")


def test_file_and_study_have_one_name(project: Path) -> None:
    refuse(project, DEMO.replace('name = "demo"', 'name = "other"'), "[study] name is 'other'")


def test_root_is_the_nearest_parent_with_studies(project: Path) -> None:
    (project / "notebooks/tutorials").mkdir(parents=True)
    assert find_root(project / "notebooks/tutorials") == project.resolve()
    with pytest.raises(ZgzxError, match="no project here"):
        find_root(Path("/"))


def test_the_primary_design_of_an_outcome_has_a_reason_and_fits_its_unit(project: Path) -> None:
    assert load_study(ROOT, "demo").estimate.primary_design("retention") == "precision"
    before, after = DEMO.index("[estimate.primary]"), DEMO.index("[estimate.specs]")

    def with_row(row: str) -> str:
        return f"{DEMO[:before]}[estimate.primary]\n{row}\n{DEMO[after:]}"

    row = 'patents_invention = {design = "contest", reason = "decided before the data were seen"}'
    (project / "studies/demo.toml").write_text(with_row(row), encoding="utf-8")
    estimate = load_study(project, "demo").estimate
    assert estimate.primary_design("patents_invention") == "contest"
    assert estimate.primary_design("retention") == "main"

    refuse(project, with_row(row.replace("decided before the data were seen", " ")), "reason")
    refuse(project, with_row(row.replace("invention", "inventions")), "did you mean")
    wrong = with_row(row.replace("contest", "precision"))
    refuse(project, wrong, "'precision' is for a share, and patents_invention is none")


def with_lines(project: Path, *lines: str) -> Path:
    text = DEMO.replace("date = 2026-04-30", "\n".join(lines) + "\n#")
    (project / "studies/demo.toml").write_text(text, encoding="utf-8")
    return project


def test_author_and_date_may_be_given_or_left_out(project: Path) -> None:
    study = load_study(with_lines(project), "demo").study
    assert (study.author, study.date) == (None, None)
    study = load_study(
        with_lines(project, 'author = " 总工会 "', "date = 2026-05-06"), "demo"
    ).study
    assert study.author == {"zh": "总工会", "en": "总工会"}
    assert study.date is not None and study.date.isoformat() == "2026-05-06"
    study = load_study(with_lines(project, 'author = {zh = "工会", en = "Union"}'), "demo").study
    assert study.author == {"zh": "工会", "en": "Union"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('author = ""', "[study.author] zh"),
        (r'author = "two\nlines"', "[study.author] zh"),
        (f'author = "{"a" * 101}"', "[study.author] zh"),
        ("author = 7", "[study] author"),
        ('author = {zh = "工会"}', "author has no name for en"),
        ('author = {zh = "工会", fr = "Union"}', "[study.author.fr]"),
        ('date = "soon"', "[study] date"),
        ("date = 2026-03-31", "date 2026-03-31 is not after the last day of the data"),
        ("date = 2025-12-31", "is not after the last day of the data"),
    ],
)
def test_wrong_authors_and_dates_are_refused(project: Path, line: str, message: str) -> None:
    text = (with_lines(project, line) / "studies/demo.toml").read_text(encoding="utf-8")
    refuse(project, text, message)


def test_the_worth_of_one_more_needs_an_amount_and_a_reason(project: Path) -> None:
    demo = load_study(ROOT, "demo")
    worth = demo.value.of("invention")
    assert worth is not None and worth.amount == 50_000 and worth.reason_en
    without = DEMO[: DEMO.index("[value]")]
    (project / "studies/demo.toml").write_text(without, encoding="utf-8")
    assert load_study(project, "demo").value.of("invention") is None
    for given, message in (
        ("{amount = 5.0}", "[value.invention] reason: field required"),
        ('{amount = -5.0, reason = "a long enough one"}', "[value.invention] amount"),
        ('{amount = 5.0, reason = "none"}', "[value.invention] reason"),
        (
            '{amount = 5.0, reason = "a long enough one", amout = 1}',
            "[value.invention] amout (did you mean 'amount'?)",
        ),
    ):
        refuse(project, f"{without}[value]\ninvention = {given}\n", message)


def test_a_study_may_be_stricter_about_disclosure_and_never_looser(project: Path) -> None:
    strict = DEMO + "\n[disclosure]\npersons = 20\nnk_share = 0.8\n"
    (project / "studies/demo.toml").write_text(strict, encoding="utf-8")
    assert load_study(project, "demo").disclosure.stricter == {"persons": 20, "nk_share": 0.8}
    loose = DEMO + "\n[disclosure]\npersons = 5\nfirms = 5\n"
    refuse(project, loose, "stricter than the written rules: persons = 5 (written: 10)")
