"""The box of a method: every design has all lines in both languages, and formulas that render."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline.page_tables import method
from zgzx_research.report import fonts
from zgzx_research.report.assemble import Document
from zgzx_research.report.render import render_document
from zgzx_research.report.tables.method_table import TEXTS, method_table, methods
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.report.zip_archives import unzip
from zgzx_research.study import load_study

ROOT = Path(__file__).parents[3]
REFERENCE = re.compile(r".+ \(\d{4}\), [A-Z][\w &]+ \d+\(\d+\)")  # authors, year, journal, volume


@pytest.mark.parametrize("design", list(methods()))
def test_a_design_says_everything_in_both_languages(design: str) -> None:
    row = methods()[design]
    for name in (*TEXTS, "name"):
        assert set(row[name]) == set(LANGUAGES)
        assert all(text.strip() for text in row[name].values())
    for formula in row["formula"]:
        assert "|" not in formula and formula.count("{") == formula.count("}")
    assert row["references"] and all(map(REFERENCE.fullmatch, row["references"]))


@pytest.mark.parametrize("design", list(methods()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_box_can_be_printed(design: str, language: str) -> None:
    table = method_table(design, language)
    assert fonts.missing(table.to_markdown()) == []
    assert len(table.rows) == 6
    formulas = re.findall(r"\$\$(.+?)\$\$", table.rows[2][1])
    assert formulas == methods()[design]["formula"]


def test_symbols_of_a_formula_are_the_same_in_both_languages() -> None:
    for row in methods().values():
        zh, en = (re.findall(r"\$([^$]+)\$", row["symbols"][language]) for language in LANGUAGES)
        assert sorted(zh) == sorted(en)


def test_an_unknown_design_names_the_nearest() -> None:
    with pytest.raises(ZgzxError, match="contest"):
        method_table("contests", "zh")


def pages_boxes() -> list[tuple[str, str]]:
    """What the boxes on all pages are about, as the notebooks write it."""
    return [
        (path.parent.name, about)
        for path in sorted((ROOT / "notebooks").rglob("page.ipynb"))
        for about in re.findall(r"about_box = \((.*?)\)  #", path.read_text(encoding="utf-8"))
    ]


def shown_box(outcome: str, spec: str, kept: str) -> str:
    """The caption of the box on a page that has kept the estimate of `kept` alone; "" for none."""
    facts = Facts({f"{kept}.estimate": fact(1.0, "number", "estimate", "estimate")})
    page = SimpleNamespace(facts=facts, settings=load_study(ROOT, "demo"), language="en")
    table = method(page, outcome, spec)  # type: ignore[arg-type]
    return table.caption if table else ""


BOXES = {
    ("retention", "main"): "group_time_difference",
    ("retention", "precision"): "precision",
    ("patents_invention", "main"): "group_time_ratio",
    ("patents_invention", "contest"): "contest",
    ("stay_24", "persons"): "winners_and_finalists",
    ("rank", "3"): "rank_near_cut",
}


@pytest.mark.parametrize(("about", "design"), list(BOXES.items()))
def test_a_box_is_shown_where_its_estimate_was_kept_and_nowhere_else(
    about: tuple[str, str], design: str
) -> None:
    ends = {one: ".headline" if one[0] in OUTCOMES else "" for one in BOXES}
    for other in BOXES:
        found = shown_box(*about, ".".join(other) + ends[other])
        assert found.endswith(methods()[design]["name"]["en"]) == (other == about)
        assert bool(found) == (other == about)


def test_boxes_of_pages_are_about_estimates() -> None:
    assert pages_boxes() == [
        ("3_retention", "outcome, spec"),
        ("3_retention", 'outcome, \\"precision\\"'),
        ("4_patents", "outcome, spec"),
        ("4_patents", 'outcome, \\"contest\\"'),
        ("6_people", '\\"stay_24\\", \\"persons\\"'),
    ]
    assert len({row["of"] for row in methods().values()}) == len(methods())


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_formulas_are_formulas_in_all_formats(tmp_path: Path, language: str) -> None:
    tables = [method_table(design, language) for design in methods()]
    text = "\n\n".join(f"Table: {one.caption}\n\n{one.to_markdown()}" for one in tables)
    html, typ, _, docx = render_document(
        Document(text, {}),
        language=language,
        title="T",
        subtitle="",
        stamp={},
        synthetic=False,
        out=tmp_path / "report",
        formats=("html", "typ", "pdf", "docx"),
    )
    expected = sum(len(row["formula"]) for row in methods().values())
    assert html.read_text("utf-8").count('<math display="block"') == expected
    equations = re.findall(r"#math\.equation\(block: true, alt: \"(.+?)\"", typ.read_text("utf-8"))
    assert len(equations) == expected
    assert all(r"\hat" in one or "=" in one for one in equations)
    body = unzip(docx.read_bytes())["word/document.xml"].decode()
    assert body.count("<m:oMathPara>") == expected
    assert "$" not in re.sub(r"<[^>]+>", "", body)
