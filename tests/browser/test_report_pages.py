"""Sample pages as a reader sees them: offline, on a desk and on a phone, in print.

The same bytes elsewhere.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import DESK, PHONE, open_page
from tests.pipeline.conftest import tree_bytes
from tests.unit.report_render.sample_report import build_elsewhere

PAGES = ["index.html", "sample/zh/report.html", "sample/en/report.html"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_elsewhere(
        tmp_path_factory.mktemp("sample") / "one", TZ="Asia/Shanghai", LC_ALL="C.UTF-8"
    )


def test_equal_bytes_in_another_folder_time_zone_and_locale(reports: Path, tmp_path: Path) -> None:
    other = build_elsewhere(
        tmp_path / "一个 folder" / "deep", TZ="America/St_Johns", LC_ALL="C", PYTHONHASHSEED="7"
    )
    one, two = tree_bytes(reports), tree_bytes(other)
    assert {Path(name).suffix for name in one} == {
        ".html",
        ".pdf",
        ".docx",
        ".typ",
        ".md",
        ".xlsx",
        ".ipynb",
    }
    assert len(one) == 2 * 8 + 1
    assert [name for name in one if one[name] != two.get(name)] == []
    assert one.keys() == two.keys()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_network_and_says_it_is_synthetic(
    browser: Browser, reports: Path, name: str
) -> None:
    page, requests = open_page(browser, reports / name, DESK)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.reload()
    assert requests == []
    assert problems == []
    for place in ("0", "document.body.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {place})")
        banner = page.get_by_text("合成数据 SYNTHETIC").first
        assert banner.is_visible()
        box = banner.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 60
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE, {"width": 320, "height": 600}])
def test_no_page_scrolls_sideways(
    browser: Browser, reports: Path, name: str, viewport: dict[str, int]
) -> None:
    page, _ = open_page(browser, reports / name, viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.close()


def test_a_wide_table_scrolls_inside_itself_on_a_phone(browser: Browser, reports: Path) -> None:
    page, _ = open_page(browser, reports / "sample/zh/report.html", PHONE)
    inside, shown = page.evaluate(
        "(b => [b.scrollWidth, b.clientWidth])(document.querySelector('.scroll'))"
    )
    assert inside > shown
    assert shown <= PHONE["width"]
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_and_our_font_are_really_drawn(
    browser: Browser, reports: Path, language: str
) -> None:
    page, _ = open_page(browser, reports / f"sample/{language}/report.html", DESK)
    sizes = page.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth])")
    assert len(sizes) == 2
    assert all(complete and width > 0 for complete, width in sizes)
    assert page.evaluate("[...document.fonts].map(face => face.status)") == ["loaded", "loaded"]
    page.close()


def test_the_keyboard_reaches_the_content_first(browser: Browser, reports: Path) -> None:
    page, _ = open_page(browser, reports / "sample/en/report.html", DESK)
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused == "#content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_pdf_page_is_drawn_and_marked(reports: Path, tmp_path: Path, language: str) -> None:
    for tool in ("pdftoppm", "pdftotext"):
        assert shutil.which(tool), f"these tests need {tool}: run `make browser`, which installs it"
    pdf = reports / "sample" / language / "report.pdf"
    subprocess.run(
        ["pdftoppm", "-r", "40", "-png", str(pdf), str(tmp_path / "page")],
        check=True,
        capture_output=True,
    )
    pictures = sorted(tmp_path.glob("page*.png"))
    assert len(pictures) >= 2
    assert all(picture.stat().st_size > 3_000 for picture in pictures)
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True)
    pages = done.stdout.decode("utf-8").split("\f")[:-1]
    assert len(pages) == len(pictures)
    assert all("SYNTHETIC" in text for text in pages)
    assert "3f3f3f" in pages[-1]  # the stamp stands on the last page
