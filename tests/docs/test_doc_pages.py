"""Links of all pages lead to files, and the reference lists every public name."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

import zgzx_research as zr

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
ELSEWHERE = re.compile(r"[a-z]+:|#")


def tracked(*patterns: str) -> list[Path]:
    """Files under version control, and new ones that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [
        ROOT / name for name in sorted(set(names.split("\0"))) if name and (ROOT / name).exists()
    ]


def markdown_of(path: Path) -> str:
    """The Markdown in a page, a notebook or a percent script."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    if path.suffix == ".py":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


PAGES = tracked("*.md", "notebooks/*.ipynb", "notebooks/*.py")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_files(page: Path) -> None:
    links = [link for link in LINK.findall(markdown_of(page)) if not ELSEWHERE.match(link)]
    targets = {link: page.parent / link.partition("#")[0] for link in links}
    assert not [link for link, target in targets.items() if not target.exists()]


def test_there_are_pages_and_links_to_check() -> None:
    readme = LINK.findall(markdown_of(ROOT / "README.md"))
    assert {"README.zh.md", "docs/methodology/"} <= set(readme)
    assert {path.suffix for path in PAGES} >= {".md", ".ipynb"}


def site_module(name: str) -> ModuleType:
    """A module of docs/site."""
    spec = util.spec_from_file_location(name, ROOT / f"docs/site/{name}.py")
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made_parts() -> ModuleType:
    """The module that fills the pages of the site."""
    return site_module("made_parts")


def test_the_reference_lists_every_public_name_once(made_parts: ModuleType) -> None:
    pages = sorted((ROOT / "docs/reference/api").glob("*.md"))
    filled = [made_parts.with_made_parts(page.read_text(encoding="utf-8"), page) for page in pages]
    named = re.findall(r"^\.\. auto(?:function|class):: (\w+)$", "\n".join(filled), re.MULTILINE)
    assert sorted(named) == sorted(set(zr.__all__) - {"__version__"})


def test_the_commands_are_listed(made_parts: ModuleType) -> None:
    from zgzx_research.cli import app

    page = ROOT / "docs/reference/command_line.md"
    filled = made_parts.with_made_parts(page.read_text(encoding="utf-8"), page)
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert {name.replace("_", "-") for name in names} == set(
        re.findall(r"^## `zgzx ([\w-]+)`$", filled, re.MULTILINE)
    )


TUTORIAL = """# %% [markdown]
# # 两组两期 / Two by two
#
# 用时 20 分钟。
#
# It takes 20 minutes.

# %% tags=["parameters"]
language = "zh"
"""


def test_a_tutorial_appears_with_its_title_and_first_sentence(
    made_parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "01_two_by_two.py").write_text(TUTORIAL, encoding="utf-8")
    monkeypatch.setattr(made_parts, "TUTORIALS", tmp_path)
    listed = made_parts.tutorials("", tmp_path)
    assert "[两组两期 / Two by two](../notebooks/tutorials/01_two_by_two.py)" in listed
    assert "用时 20 分钟。" in listed
    assert made_parts.tutorial_page(TUTORIAL).endswith('```python\nlanguage = "zh"\n```')


def test_contents_are_the_links_of_tables_and_lists(made_parts: ModuleType, tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).touch()
    text = "See [c](c.md).\n\n| x | [a](a.md) |\n- [b](b.md#part), [b](b.md), [d](d.md)"
    made = made_parts.contents(text, tmp_path / "README.md")
    assert made.splitlines()[2:-1] == ["a.md", "b.md"]


def test_a_page_that_no_list_names_appears_by_itself(
    made_parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how_tos = tmp_path / "docs" / "how_to"
    how_tos.mkdir(parents=True)
    readme = how_tos / "README.md"
    readme.write_text("| x | [old](../old.md) |\n\n<!-- others -->", encoding="utf-8")
    for name, text in (("index", "# Start"), ("old", "# Old"), ("new-year.zh", "# 新的一年")):
        (tmp_path / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(made_parts, "ROOT", tmp_path)
    monkeypatch.setattr(made_parts, "DOCS", tmp_path / "docs")
    filled = made_parts.with_made_parts(readme.read_text(encoding="utf-8"), readme)
    assert filled.splitlines()[2:] == ["- [新的一年](../new-year.zh.md)"]


@pytest.mark.parametrize(
    ("text", "subscripts"),
    [
        ("y_it − ȳ_i,base", ["it", "i,base"]),
        ("Σ_{i∈g} p_i²", ["i∈g", "i"]),
        ("Σ_(g,s) δ_gs", ["g,s", "gs"]),
        ("base_period and leave_out", []),
    ],
)
def test_subscripts_are_found_and_names_are_left_alone(text: str, subscripts: list[str]) -> None:
    pieces = site_module("subscripts").parts(text)
    assert [piece.astext() for piece in pieces if piece.tagname == "subscript"] == subscripts


def test_chinese_is_searched_by_pairs_of_characters() -> None:
    search = site_module("chinese_search").PairsOfCharacters({})
    assert search.split("员工留存率 did") == ["员工", "工留", "留存", "存率", "did"]
