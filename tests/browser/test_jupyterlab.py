"""`make lab` as a student meets it: Chinese menus, the start page, a tutorial run to its end."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
PROJECT = (
    "Makefile",
    "README.md",
    "README.zh.md",
    "data/examples",
    "data/published",
    "docs",
    "notebooks",
    "pyproject.toml",
    "requirements.lock",
    "studies",
    "zgzx_research/report/fonts",
)
TUTORIAL = "tutorials/01_two_by_two"
PATIENCE = 60_000  # milliseconds for a page of JupyterLab, or a tutorial, on a busy machine


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that `make lab` started: its project, home folder, port and token."""

    project: Path
    home: Path
    port: int
    token: str

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}/?token={self.token}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in a copy of the project, stopped at the end."""
    folder = tmp_path_factory.mktemp("lab")
    lab = Lab(folder / "project", folder / "home", free_port(), secrets.token_hex(16))
    lab.home.mkdir()
    for name in PROJECT:
        (lab.project / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, lab.project / name)
    with (folder / "log").open("wb") as log:
        server = start(lab, log)
        try:
            wait_for(server, lab, folder / "log")
            yield lab
        finally:
            server.terminate()
            server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def start(lab: Lab, log: object) -> subprocess.Popen[bytes]:
    """`make lab` with this repository's environment, which it must not install again."""
    environment = ROOT / ".venv"
    ready = environment / ".ready"
    options = f"--no-browser --allow-root --port={lab.port} --ServerApp.port_retries=0"
    command = [
        *("make", "lab", "-o", str(ready), f"READY={ready}", f"BIN={environment / 'bin'}"),
        f"LAB_OPTIONS={options} --IdentityProvider.token={lab.token}",
    ]
    search = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(lab.home), "LANG": "C.UTF-8"}
    return subprocess.Popen(
        command, cwd=lab.project, env=search, stdout=log, stderr=subprocess.STDOUT
    )


def wait_for(server: subprocess.Popen[bytes], lab: Lab, log: Path) -> None:
    """Until it answers; if it ends before, what it said."""
    for _ in range(600):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"http://localhost:{lab.port}/api", timeout=10):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Addresses that the browser asked for."""
    return []


@pytest.fixture(scope="module")
def opened(lab: Lab, browser: Browser, asked: list[str]) -> Iterator[Page]:
    """The window as it opens, at a desk."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(lab.address)
    page.locator(".jp-RenderedMarkdown table").first.wait_for()
    yield page
    page.close()


def test_menus_are_chinese_and_nothing_is_asked(opened: Page) -> None:
    menus = opened.locator(".lm-MenuBar-itemLabel").all_text_contents()
    assert {"文件", "编辑", "查看", "运行", "内核", "设置", "帮助"} <= set(menus)
    first, second = (opened.get_by_text(word, exact=True).first for word in ("文件", "编辑"))
    assert first.screenshot() != second.screenshot(), "boxes in place of characters"
    assert opened.locator(".jp-Dialog").count() == 0
    assert opened.locator(".Toastify__toast").count() == 0


def test_the_start_page_lists_every_notebook(opened: Page, lab: Lab) -> None:
    notebooks = lab.project / "notebooks"
    pages = [f"{path.parent.name}/page.ipynb" for path in notebooks.glob("*/page.ipynb")]
    tutorials = [f"tutorials/{path.stem}.ipynb" for path in notebooks.glob("tutorials/*.py")]
    links = opened.locator(".jp-RenderedMarkdown td a")
    listed = [link.get_attribute("href") or "" for link in links.all()]
    assert tutorials
    assert sorted(shown_path(link) for link in listed) == sorted(pages + tutorials)


def shown_path(link: str) -> str:
    """The path below `notebooks/` in an address of JupyterLab."""
    return re.split(r"[?#]", link.partition("/notebooks/")[2])[0]


@pytest.fixture(scope="module")
def finished(opened: Page, lab: Lab) -> Page:
    """The first tutorial, opened from the start page and run to its end by the menu."""
    opened.locator(f".jp-RenderedMarkdown td a[href*='{TUTORIAL}.ipynb']").click()
    opened.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    opened.get_by_text("Python 3 (ipykernel) | 空闲").wait_for()
    opened.locator(".lm-MenuBar-itemLabel", has_text="运行").click()
    opened.get_by_role("menuitem", name="运行所有单元格", exact=True).click()
    last = sum(cell.cell_type == "code" for cell in notebook(lab).cells)
    end = opened.locator(".jp-InputPrompt", has_text=f"[{last}]:")
    error = opened.locator("[data-mime-type='application/vnd.jupyter.error']")
    expect(end.or_(error).first).to_be_attached(timeout=PATIENCE)
    opened.keyboard.press("Control+s")
    return opened


def notebook(lab: Lab) -> nbformat.NotebookNode:
    return nbformat.read(lab.project / f"notebooks/{TUTORIAL}.ipynb", as_version=4)


def test_a_tutorial_runs_to_its_end_and_shows_a_figure(finished: Page, lab: Lab) -> None:
    expect(finished.locator(".jp-mod-dirty")).to_have_count(0)
    code = [cell for cell in notebook(lab).cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    picture = finished.locator(".jp-OutputArea-output img").first
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.naturalWidth") > 100


def test_chinese_comes_from_the_reports_font(finished: Page) -> None:
    for place in (".jp-RenderedMarkdown p", ".jp-CodeCell .cm-content", ".jp-OutputArea-output"):
        shown = finished.locator(f".jp-NotebookPanel {place}").first
        assert "Chinese" in shown.evaluate("place => getComputedStyle(place).fontFamily"), place
    loaded = "[...document.fonts].filter(f => f.family == 'Chinese').map(f => f.status)"
    assert finished.evaluate(loaded) == ["loaded"]


def test_all_stays_on_this_machine_and_in_the_project(
    finished: Page, lab: Lab, asked: list[str]
) -> None:
    local = (f"http://localhost:{lab.port}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(local)] == []
    written = [path for path in lab.home.rglob("*") if path.is_file()]
    assert [path for path in written if path.parent.name != "matplotlib"] == []  # its list of fonts
    source = f"notebooks/{TUTORIAL}.py"
    assert (lab.project / source).read_bytes() == (ROOT / source).read_bytes()
