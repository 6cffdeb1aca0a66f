"""The demo's own pages: offline, readable on a phone, marked; the brief is two pages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_of_the_report_is_half_empty(demo: Path, tmp_path: Path, language: str) -> None:
    """The longest stretch without ink between header and footer, but for the last page."""
    pdf = demo / f"demo/{language}/report.pdf"
    command = ["pdftoppm", "-r", "40", "-png", str(pdf), str(tmp_path / "page")]
    subprocess.run(command, check=True, capture_output=True)
    pages = sorted(tmp_path.glob("page*.png"))
    assert len(pages) > 10
    gaps = {page.name: longest_gap(page) for page in pages[:-1]}
    assert {name: gap for name, gap in gaps.items() if gap > 0.45} == {}


def longest_gap(page: Path) -> float:
    """Its share of the page; the watermark is too pale to count."""
    shades = np.asarray(Image.open(page).convert("L"))
    height = len(shades)
    body = shades[int(0.09 * height) : int(0.93 * height)]
    inked = np.flatnonzero((body < 150).any(axis=1))
    return float(np.diff([-1, *inked, len(body)]).max() / height)
