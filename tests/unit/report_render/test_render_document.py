"""What the renderer refuses, and what a real (not synthetic) study's pages must not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.report.assemble import Document
from zgzx_research.report.landing_page import StudyCard, write_index
from zgzx_research.report.render import render_document
from zgzx_research.report.zip_archives import unzip

ALL = ("html", "pdf", "docx", "typ")


def render(
    markdown: str, out: Path, formats: tuple[str, ...] = ("html",), **changes: object
) -> list[Path]:
    options = {
        "language": "zh",
        "title": "题目",
        "subtitle": "",
        "stamp": {"version": "1"},
        "synthetic": False,
        **changes,
    }
    return render_document(Document(markdown, {}), out=out, formats=formats, **options)  # type: ignore[arg-type]


def test_a_glyph_missing_in_our_wording_is_an_error_naming_it(tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=r"龘 \(U\+9F98\)"):
        render("# 标题\n\n正文 龘", tmp_path / "report")
    with pytest.raises(ZgzxError, match=r"U\+9F98"):
        render("正文", tmp_path / "report", title="龘")
    with pytest.raises(ZgzxError, match=r"U\+9F98"):
        render("正文", tmp_path / "report", stamp={"来源": "龘"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.slow
def test_equations_are_set_in_their_own_font(tmp_path: Path) -> None:
    render(r"$\mathcal{L}\otimes\hat\beta$ 与 $x_{\text{人数}}$", tmp_path / "report", ALL)


@pytest.mark.slow
@pytest.mark.slow
def test_a_picture_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for suffix in ("html", "pdf", "docx"):
        with pytest.raises(ZgzxError):
            render('![图](nowhere.svg){alt="a"}', tmp_path / "report", (suffix,))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=r"'odt' is unknown.*html"):
        render("a", tmp_path / "report", ("odt",))


@pytest.mark.slow
@pytest.mark.slow
def test_markup_in_data_does_not_become_markup_of_the_page(tmp_path: Path) -> None:
    html, typ, docx = render(
        "<script>alert(1)</script> & `#panic()`\n\n```{=html}\n<b>x</b>\n```",
        tmp_path / "report",
        ("html", "typ", "docx"),
        title='<i>"A" & #B $x$',
    )
    text = html.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>x" not in text
    assert "<h1>&lt;i&gt;&quot;A&quot; &amp; #B $x$</h1>" in text.replace('"A"', "&quot;A&quot;")
    assert r"title: [\<i\>" in typ.read_text(encoding="utf-8")
    assert "&lt;i&gt;" in unzip(docx.read_bytes())["word/header1.xml"].decode()


@pytest.mark.slow
@pytest.mark.slow
def test_headings_may_start_anywhere(tmp_path: Path) -> None:
    html, typ, _ = render("### 一\n\n#### 二", tmp_path / "report", ("html", "typ", "pdf"))
    assert "<h2 " in html.read_text(encoding="utf-8")
    assert "<h3 " in html.read_text(encoding="utf-8")
    assert "\n= 一\n" in typ.read_text(encoding="utf-8")


@pytest.mark.slow
def test_real_data_carry_no_synthetic_mark(tmp_path: Path) -> None:
    paths = render("# 一\n\n正文", tmp_path / "report.v1", ALL)
    assert [path.name for path in paths] == [f"report.v1.{suffix}" for suffix in ALL]
    html, _, docx, typ = paths
    card = StudyCard("real", {"zh": "题", "en": "T"}, {"zh": "句", "en": "S"}, synthetic=False)
    index = write_index([card], tmp_path / "index.html")
    members = unzip(docx.read_bytes())
    for text in (
        html.read_text("utf-8"),
        typ.read_text("utf-8"),
        index.read_text("utf-8"),
        *map(str, members.values()),
    ):
        assert "SYNTHETIC" not in text
        assert 'class="synthetic"' not in text
        assert "{{mark}}" not in text


@pytest.mark.slow
def test_an_empty_landing_page_says_so_in_both_languages(tmp_path: Path) -> None:
    text = write_index([], tmp_path / "index.html").read_text(encoding="utf-8")
    assert "还没有报告。" in text
    assert "There are no reports yet." in text


def test_files_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.html", b"old")]


@pytest.mark.slow
def test_long_wide_and_wordy_tables_keep_the_pdf_accessible(tmp_path: Path) -> None:
    long = "| 届次 | 企业 |\n|:---|---:|\n" + "\n".join(f"| {n} | {n * 7} |" for n in range(90))
    wide = (
        "|" + " 列名称 |" * 14 + "\n|" + "---:|" * 14 + "\n" + ("|" + " 12,345 |" * 14 + "\n") * 3
    )
    wordy = (
        "| 说法 | 判断 |\n|---|---|\n| "
        + "专利申请数量上升，" * 12
        + " | "
        + "无法与零区分，" * 9
        + " |"
    )
    headline = "::: headline\n- 甲 $x^2$\n- 乙[^1]\n\n段落\n:::\n\n[^1]: 注\n\n"
    boxes = headline + "::: note\n1. 一\n   - 二\n:::\n"
    parts = [f"Table: 表 {n}　题\n\n{table}" for n, table in enumerate((long, wide, wordy), 1)]
    paths = render("\n\n".join([boxes, *parts]), tmp_path / "report", ALL, synthetic=True)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in paths[1].read_bytes()
    typ = paths[3].read_text(encoding="utf-8")
    assert typ.count("set block(breakable: true)") == 1  # only the long one may run over pages
    docx = unzip(paths[2].read_bytes())["word/document.xml"].decode()
    totals = [
        sum(map(int, re.findall(r'w:w="(\d+)"', grid)))
        for grid in re.findall(r"<w:tblGrid>.*?</w:tblGrid>", docx)
    ]
    assert totals[0] < 9298 / 2  # two short columns do not stand a page apart
    assert all(abs(total - 9298) < 20 for total in totals[1:])
