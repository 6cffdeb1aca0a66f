"""The whole sample report: no paths, nothing loaded, accessible, marked as synthetic."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from zgzx_research.report.zip_archives import unzip

LANGUAGES = ("zh", "en")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_no_file_holds_the_path_where_it_was_made(sample: Path) -> None:
    place = str(sample.parent).encode()
    for name, data in files(sample).items():
        members = unzip(data) if name.endswith(("docx", "xlsx")) else {"": data}
        for member, content in members.items():
            assert place not in content, (name, member)


class Tags(HTMLParser):
    """Start tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("page", ["index.html", "sample/zh/report.html", "sample/en/report.html"])
def test_a_page_loads_nothing_and_runs_nothing(sample: Path, page: str) -> None:
    text = (sample / page).read_text(encoding="utf-8")
    tags = Tags(text)
    loads = [
        value
        for _, attributes in tags.found
        for key, value in attributes.items()
        if key in {"src", "srcset"}
    ]
    loads += re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
    assert loads
    assert [load[:40] for load in loads if not load.startswith("data:")] == []
    assert not tags.all("script")
    assert not tags.all("link")
    assert "@import" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_is_one_accessible_page(sample: Path, language: str) -> None:
    tags = Tags((sample / "sample" / language / "report.html").read_text(encoding="utf-8"))
    assert tags.all("html") == [{"lang": {"zh": "zh-Hans", "en": "en-GB"}[language]}]
    alternatives = [attributes["alt"] for attributes in tags.all("img")]
    expected = {
        "zh": "点与竖线表示每个年份的估计值和区间，获奖前后都跨过零线。",
        "en": 'Points and bars show each year\'s estimate and interval; all of them "cross" zero.',
    }
    assert alternatives == [expected[language]] * 2
    assert len(tags.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in tags.found if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for attributes in tags.all("a")]
    assert {target[1:] for target in targets if target and target.startswith("#")} <= {
        i for i in ids if i
    }
    assert "content" in ids


@pytest.mark.parametrize(
    ("language", "figure", "table"), [("zh", "图 2", "表 1"), ("en", "Figure 2", "Table 1")]
)
def test_numbers_stand_in_every_format(
    sample: Path, language: str, figure: str, table: str
) -> None:
    place = sample / "sample" / language
    word = unzip((place / "report.docx").read_bytes())["word/document.xml"].decode()
    for text in (
        (place / "report.html").read_text("utf-8"),
        (place / "report.typ").read_text("utf-8"),
        word,
    ):
        plain = re.sub(r"<[^>]+>", "", text).replace("~", " ")
        assert figure in plain
        assert table in plain
    tags = Tags((place / "report.html").read_text(encoding="utf-8"))
    assert len(tags.all("caption")) == 1
    assert [one.get("class") for one in tags.all("dl")] == ["front"]  # a colon made no list


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_tagged_as_pdf_ua(sample: Path, language: str) -> None:
    data = (sample / "sample" / language / "report.pdf").read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in data
    assert b"/StructTreeRoot" in data
    source = (sample / "sample" / language / "report.typ").read_text(encoding="utf-8")
    assert len(re.findall(r"#image\([^)]*alt: \"[^\"]", source)) == 2
    assert source.count("#math.equation(") == source.count('alt: "') - 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_file_marks_every_page_and_describes_pictures(sample: Path, language: str) -> None:
    members = unzip((sample / "sample" / language / "report.docx").read_bytes())
    headers = [
        members[name].decode() for name in members if re.fullmatch(r"word/header\d*\.xml", name)
    ]
    assert headers
    for header in headers:
        assert "合成数据 SYNTHETIC" in header
        assert "{{" not in header
    body = members["word/document.xml"].decode()
    assert len(re.findall(r'<wp:docPr [^>]*descr="[^"]{20,}"', body)) == 2
    assert [name for name in members if name.startswith("word/media/")] == sorted(
        name for name in members if name.endswith(".png")
    )
    assert 'w:styleId="Headline"' in members["word/styles.xml"].decode()
    assert '<w:pStyle w:val="Headline" />' in body
    assert re.search(
        r'<w:pgSz w:h="16838" w:w="11906" ?/>|<w:pgSz w:w="11906" w:h="16838" ?/>', body
    )


def test_the_landing_page_links_only_what_is_there(sample: Path) -> None:
    tags = Tags((sample / "index.html").read_text(encoding="utf-8"))
    targets = [
        target
        for attributes in tags.all("a")
        if (target := attributes["href"]) and not target.startswith("#")
    ]
    assert targets == [
        f"sample/{language}/report.{suffix}"
        for language in LANGUAGES
        for suffix in ("html", "pdf", "docx", "xlsx")
    ]
    assert all((sample / target).is_file() for target in targets)
