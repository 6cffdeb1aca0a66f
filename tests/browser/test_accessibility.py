"""What axe-core finds on every page, of any impact: nothing. Pages of real and of odd sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import DESK, PHONE, open_page
from tests.browser.test_demo_pages import PAGES
from tests.unit.report_render.test_landing_page import cards
from zgzx_research.report.landing_page import write_index

WIDTHS = (320, 390, 768, 1280)


def violations(browser: Browser, path: Path, viewport: dict[str, int]) -> list[str]:
    """Rules that a page breaks, each with its impact and the first place."""
    page, _ = open_page(browser, path, viewport)
    found = Axe().run(page).response["violations"]
    page.close()
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(
    browser: Browser, demo: Path, name: str, viewport: dict[str, int]
) -> None:
    assert violations(browser, demo / name, viewport) == []


@pytest.mark.parametrize("studies", [0, 1, 3])
def test_the_landing_page_of_any_number_of_studies(
    browser: Browser, tmp_path: Path, studies: int
) -> None:
    path = write_index(cards(tmp_path)[:studies], tmp_path / "index.html")
    for width in WIDTHS:
        viewport = {"width": width, "height": 800}
        assert violations(browser, path, viewport) == []
        page, requests = open_page(browser, path, viewport)
        assert requests == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("section.study").count() == studies
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(browser: Browser, demo: Path, name: str, width: int) -> None:
    page, _ = open_page(browser, demo / name, {"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("name", [name for name in PAGES if "report" in name])
def test_every_header_cell_says_what_it_heads(browser: Browser, demo: Path, name: str) -> None:
    page, _ = open_page(browser, demo / name, DESK)
    assert page.locator("thead th:not([scope=col])").count() == 0
    assert page.locator("tbody th:not([scope=row])").count() == 0
    tables = page.locator("tbody").count()
    assert tables > 10
    assert page.locator("tbody tr:first-child > th:first-child").count() == tables
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_nothing_is_cut_off(browser: Browser, demo: Path, name: str) -> None:
    """A4 with its margins is 658 pixels wide."""
    page, _ = open_page(browser, demo / name, {"width": 658, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 658
    assert not page.locator(".skip").is_visible()
    page.close()
