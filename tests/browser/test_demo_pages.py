"""The demo's own pages: offline, readable on a phone, marked; the brief is two pages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import DESK, PHONE, open_page

PAGES = [
    "index.html",
    *(f"demo/{language}/{name}.html" for language in ("zh", "en") for name in ("brief", "report")),
]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_stand_alone_and_fit(
    browser: Browser, demo: Path, name: str, viewport: dict[str, int]
) -> None:
    page, requests = open_page(browser, demo / name, viewport)
    assert requests == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.get_by_text("合成数据 SYNTHETIC").first.is_visible()
    assert page.evaluate(
        "[...document.images].every(image => image.naturalWidth > 0 && image.alt !== '')"
    )
    page.close()


def test_the_landing_page_leads_to_every_report(browser: Browser, demo: Path) -> None:
    page, _ = open_page(browser, demo / "index.html", DESK)
    links = page.evaluate(
        "[...document.links].map(link => link.href).filter(href => href.startsWith('file:'))"
    )
    files = [link for link in links if "#" not in link]
    assert len(files) >= 14
    assert all(Path(link.removeprefix("file://")).is_file() for link in files)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_brief_is_two_pages(demo: Path, language: str) -> None:
    info = subprocess.run(
        ["pdfinfo", demo / f"demo/{language}/brief.pdf"], capture_output=True, text=True, check=True
    )
    assert "Pages:           2" in info.stdout
