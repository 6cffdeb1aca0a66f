"""The lines under a title: from facts alone, in the words of each language, in every format."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.report.assemble import Document
from zgzx_research.report.front_matter import FrontMatter, front_matter, written_date
from zgzx_research.report.render import render_document
from zgzx_research.report.zip_archives import unzip

TEXTS = {
    "study.author.zh": "某市总工会",
    "study.author.en": "A city's unions",
    "study.date": "2031-02-03",
    "study.until.patents": "2030-12-31",
    "stamp.version": "9.8",
    "stamp.code": "abc123def456",
}
FACTS = Facts(
    {key: fact(text, "text", "design", "study") for key, text in TEXTS.items()}
    | {"study.until.years": fact(2029, "year", "design", "study")}
)
SECTIONS = "# 甲\n\n## 子\n\n文\n\n## 丑\n\n文\n\n# 乙\n\n## 寅\n\n文\n\n## 卯\n\n文\n"


def test_lines_say_who_when_from_what_and_with_which_code() -> None:
    zh, en = front_matter(FACTS, "zh"), front_matter(FACTS, "en", "0123456789abcdef0123")
    assert zh.lines == {
        "编制": "某市总工会",
        "报告日期": "2031 年 2 月 3 日",
        "数据截至": "2029 年（年度数据）；2030 年 12 月 31 日（专利数据）",
        "代码": "9.8 版，代码指纹 abc123def456",
    }
    assert list(en.lines.values()) == [
        "A city's unions",
        "3 February 2031",
        "2029 (yearly data); 31 December 2030 (Patent files)",
        "version 9.8, commit 0123456789ab",
    ]
    assert zh.author == "某市总工会"


def test_what_is_not_known_has_no_line() -> None:
    assert front_matter(Facts({}), "zh") == FrontMatter()
    last = {"panel.last_year": fact(2018, "year", "data", "panels")}
    assert front_matter(Facts(last), "en").lines == {"Data until": "2018"}


def test_a_character_that_no_font_has_is_replaced_in_a_name() -> None:
    rare = {"study.author.zh": fact("龘某", "text", "design", "study")}
    assert front_matter(Facts(rare), "zh").author == "〓某"


def test_dates_that_are_none_stay_as_they_are() -> None:
    assert written_date("2020 Q1", "en") == "2020 Q1"


@pytest.mark.slow
def test_title_lines_numbers_and_contents_are_alike_in_all_formats(tmp_path: Path) -> None:
    html, typ, pdf, docx = render_document(
        Document(SECTIONS, {}),
        language="zh",
        title="题",
        subtitle="",
        stamp={},
        synthetic=False,
        out=tmp_path / "report",
        formats=("html", "typ", "pdf", "docx"),
        front=front_matter(FACTS, "zh"),
    )
    page, source = html.read_text("utf-8"), typ.read_text("utf-8")
    word = {
        name: data.decode() for name, data in unzip(docx.read_bytes()).items() if ".xml" in name
    }
    plain = re.sub(r"<[^>]+>", "", word["word/document.xml"])
    for name, line in front_matter(FACTS, "zh").lines.items():
        assert re.search(rf"<dt>{name}</dt><dd>{line}</dd>", page)
        assert f"{name}：{line}" in source
        assert f"{name}：{line}" in plain
    assert "<dc:creator>某市总工会</dc:creator>" in word["docProps/core.xml"]
    assert '<meta name="author" content="某市总工会">' in page
    assert b"/Author" in pdf.read_bytes()
    numbers = ["1", "1.1", "1.2", "2", "2.1", "2.2"]
    assert re.findall(r'<h\d [^>]*data-number="([\d.]+)"', page) == numbers
    assert re.findall(r'class="toc-section-number">([\d.]+)<', page) == numbers
    assert (
        re.findall(
            r'w:val="SectionNumber" ?/></w:rPr><w:t[^>]*>([\d.]+)<', word["word/document.xml"]
        )
        == numbers
    )
    entries = re.findall(r'w:val="Contents\d" ?/></w:pPr>(.*?)</w:p>', word["word/document.xml"])
    assert [re.sub(r"<w:instrText.*?</w:instrText>|<[^>]+>", "", one) for one in entries] == [
        "1 甲",
        "1.1 子",
        "1.2 丑",
        "2 乙",
        "2.1 寅",
        "2.2 卯",
    ]
    assert '#set heading(numbering: if compact { none } else { "1.1" })' in source


@pytest.mark.slow
def test_a_brief_has_neither_numbers_nor_contents(tmp_path: Path) -> None:
    html, docx = render_document(
        Document(SECTIONS, {}),
        language="zh",
        title="题",
        subtitle="",
        stamp={},
        synthetic=False,
        out=tmp_path / "brief",
        formats=("html", "docx"),
        compact=True,
    )
    assert "data-number" not in html.read_text("utf-8")
    assert "SectionNumber" not in unzip(docx.read_bytes())["word/document.xml"].decode()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_contents_of_eight_chapters_fit_the_first_page(tmp_path: Path, language: str) -> None:
    chapter = {"zh": "第 {} 章：一个不短的标题", "en": "Chapter {} with a heading of some length"}
    section = {"zh": "怎样比较第 {} 组", "en": "How the comparison number {} is made"}
    parts = [
        f"# {chapter[language].format(one)}\n\n"
        + "\n\n".join(f"## {section[language].format(two)}\n\nBODY" for two in range(7))
        for one in range(8)
    ]
    pdf, docx = render_document(
        Document("\n\n".join(parts), {}),
        language=language,
        title="T",
        subtitle="S",
        stamp={},
        synthetic=True,
        out=tmp_path / "report",
        formats=("pdf", "docx"),
        front=front_matter(FACTS, language),
    )
    first = ["pdftotext", "-l", "1", str(pdf), "-"]
    page = subprocess.run(first, capture_output=True, text=True, check=True).stdout
    assert all(f"{one}.7" in page for one in range(1, 9))
    body = unzip(docx.read_bytes())["word/document.xml"].decode()
    assert len(re.findall(r'w:val="Contents1"', body)) == 8  # chapters only: 64 lines are too many
    assert 'w:val="Contents2"' not in body


@pytest.mark.slow
def test_an_answer_is_never_split(tmp_path: Path) -> None:
    text = "::: headline\n\n甲\n\n乙\n\n:::\n"
    typ, docx = render_document(
        Document(text, {}),
        language="zh",
        title="题",
        subtitle="",
        stamp={},
        synthetic=False,
        out=tmp_path / "report",
        formats=("typ", "docx"),
    )
    box = typ.read_text("utf-8").split("#let headline(body)")[1].split("#let note")[0]
    assert "breakable: false" in box
    styles = unzip(docx.read_bytes())["word/styles.xml"].decode()
    (headline,) = re.findall(r'w:styleId="Headline".*?</w:style>', styles, re.DOTALL)
    assert re.search(r"<w:keepNext ?/>\s*<w:keepLines ?/>", headline)
