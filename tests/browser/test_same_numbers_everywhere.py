"""A number is the same in both languages and in HTML, PDF, Word and Excel."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from tests.browser.document_texts import numbers, text_of
from tests.pipeline.conftest import facts
from zgzx_research.report.number_format import format_value
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.report.workbook_words import words

HEADLINE = ("estimate", "ci_low", "ci_high")
DOCUMENTS = ("brief", "report")
SHOWN = ("percent", "percentage_point")  # units of headlines, shown with one digit


def headline_facts(project: Path) -> dict[str, dict[str, object]]:
    """Estimates and intervals of the claims with a verdict of their own."""
    found = facts(project)
    claims = [
        key.removesuffix(".verdict")
        for key, fact in found.items()
        if key.startswith("claim.") and key.endswith(".verdict") and fact["value"] != "exploratory"
    ]
    keys = [f"{claim}.{name}" for claim in claims for name in HEADLINE]
    known = {key: found[key] for key in keys if found[key]["value"] is not None}
    return {key: fact for key, fact in known.items() if fact["unit"] in SHOWN}


def shown(fact: dict[str, object]) -> str:
    """The number without its sign, as it is printed."""
    text = format_value(fact["value"], str(fact["unit"]), 1, bare=True)
    return text.lstrip("−+").removesuffix("%")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("suffix", ["html", "pdf", "docx"])
def test_every_headline_number_stands_in_every_format(
    project: Path, language: str, suffix: str
) -> None:
    headline = headline_facts(project)
    assert len(headline) >= 6
    for name in DOCUMENTS:
        text = text_of(project / f"reports/demo/{language}/{name}.{suffix}")
        printed = {one.removesuffix("%") for one in numbers(text, signs=False)}
        assert {key: fact for key, fact in headline.items() if shown(fact) not in printed} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_formats_print_the_same_numbers(project: Path, language: str, name: str) -> None:
    folder = project / f"reports/demo/{language}"
    html, docx = (numbers(text_of(folder / f"{name}.{suffix}")) for suffix in ("html", "docx"))
    assert sum(html.values()) > 20
    assert html == docx
    # figures print numbers of their own in the PDF, and a sign may end a line
    printed = numbers(text_of(folder / f"{name}.pdf"), signs=False)
    plain = numbers(text_of(folder / f"{name}.html"), signs=False)
    assert plain - printed == Counter()


@pytest.mark.parametrize("suffix", ["html", "docx"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_languages_print_the_same_numbers(project: Path, name: str, suffix: str) -> None:
    zh, en = (
        numbers(text_of(project / f"reports/demo/{language}/{name}.{suffix}"))
        for language in LANGUAGES
    )
    assert zh == en


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_holds_every_fact_as_it_is_stored(project: Path, language: str) -> None:
    stored = facts(project)
    book = openpyxl.load_workbook(project / f"reports/demo/{language}/report.xlsx", read_only=True)
    assert book.sheetnames[0] == words("sheet", "contents", language)
    assert book.sheetnames[-1] == words("sheet", "facts", language)
    rows = list(book[book.sheetnames[-1]].iter_rows(min_row=4, values_only=True))
    assert [row[0] for row in rows] == sorted(stored)
    for key, number, text, unit, _ in rows:
        value = stored[key]["value"]
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert number == pytest.approx(value, rel=1e-12, abs=1e-300)
            assert unit
        else:
            assert number is None or isinstance(number, str)
            assert number or text or value == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheets_of_estimates_agree_with_the_facts(project: Path, language: str) -> None:
    book = openpyxl.load_workbook(project / f"reports/demo/{language}/report.xlsx", read_only=True)
    printed = {
        round(float(cell), 9)
        for unit in SHOWN
        for row in book[
            words("sheet", "estimates", language, unit=words("unit", unit, language))
        ].iter_rows(min_row=4, values_only=True)
        for cell in row
        if isinstance(cell, int | float)
    }
    headline = headline_facts(project)
    assert [
        key for key, fact in headline.items() if round(float(fact["value"]), 9) not in printed
    ] == []  # type: ignore[arg-type]
