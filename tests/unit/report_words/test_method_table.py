"""The box of a method: every design has all lines in both languages, and formulas that render."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.report import fonts
from zgzx_research.report.assemble import Document
from zgzx_research.report.render import render_document
from zgzx_research.report.tables.method_table import TEXTS, method_table, methods
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.report.zip_archives import unzip

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


def test_pages_show_designs_that_exist() -> None:
    shown = [
        name
        for path in (ROOT / "notebooks").rglob("page.ipynb")
        for name in re.findall(r'design = \\"(\w+)\\"', path.read_text(encoding="utf-8"))
    ]
    assert {"group_time_ratio", "contest", "precision", "winners_and_finalists"} <= set(shown)
    assert set(shown) <= set(methods())


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
