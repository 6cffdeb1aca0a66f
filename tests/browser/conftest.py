"""The browser and the demo's reports, for all tests of what readers see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pipeline.conftest import make_project, run

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "these tests need Chromium: run `make browser`, which installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose demo study has been run once; tests must not change it."""
    project = make_project(tmp_path_factory.mktemp("demo") / "project")
    run(project)
    return project


@pytest.fixture(scope="session")
def demo(project: Path) -> Path:
    """The demo's reports."""
    return project / "reports"


def open_page(browser: Browser, path: Path, viewport: dict[str, int]) -> tuple[Page, list[str]]:
    """The page, and every request it made but for itself and the data it carries."""
    requests: list[str] = []
    page = browser.new_page(viewport=viewport)  # type: ignore[arg-type]
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    return page, [url for url in requests if url != path.as_uri() and not url.startswith("data:")]
