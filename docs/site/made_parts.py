"""Parts of pages that are made when the site is built.

A comment in a page, which GitHub does not show, says which part stands there:
`<!-- tutorials -->`.
Whatever the part lists is read from its source, so that nothing is listed twice.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import zgzx_research as zr
from zgzx_research.report.wording import LANGUAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIALS = ROOT / "notebooks" / "tutorials"
METHODS = ROOT / "zgzx_research" / "report" / "methods.toml"

Part = Callable[[str, Path], str]


def public_names() -> dict[str, list[str]]:
    """Names of the package's public face, by the room or module that they come from."""
    stub = ast.parse((ROOT / "zgzx_research" / "__init__.pyi").read_text(encoding="utf-8"))
    rooms: dict[str, list[str]] = {}
    for line in stub.body:
        if isinstance(line, ast.ImportFrom) and line.module:
            room = line.module.split(".")[0]
            rooms.setdefault(room, []).extend(name.asname or name.name for name in line.names)
    return rooms


def rooms_of(page: str) -> list[str]:
    """Rooms whose names a page of the reference lists."""
    return re.findall(r"<!-- names: (\w+) -->", page)


def names(room: str, page: Path) -> str:
    """Signature and docstring of each public name of a room."""
    lines = ["```{eval-rst}", ".. currentmodule:: zgzx_research", ""]
    for name in public_names()[room]:
        if isinstance(getattr(zr, name), type):
            lines += [f".. autoclass:: {name}", "   :members:", ""]
        else:
            lines += [f".. autofunction:: {name}", ""]
    return "\n".join([*lines, "```"])


def commands(_: str, page: Path) -> str:
    """Every command of ``zgzx`` with its options, below the page's own title."""
    from typer import Context
    from typer.cli import get_docs_for_click
    from typer.main import get_command

    from zgzx_research.cli import app

    command = get_command(app)
    told = get_docs_for_click(obj=command, ctx=Context(command), name="zgzx")
    return told.partition("\n")[2].replace("```console", "```text")


def tutorials(_: str, page: Path) -> str:
    """A line for each tutorial: its title, and the first sentence below it."""
    lines = []
    for path in sorted(TUTORIALS.glob("[0-9]*.py")):
        first = jupytext.reads(path.read_text(encoding="utf-8"), "py:percent").cells[0].source
        title, said = first_words(first)
        lines.append(f"- [{title}](../notebooks/tutorials/{path.name})  \n  {said}")
    return "\n".join(lines) or "*None yet.*"


def first_words(cell: str) -> tuple[str, str]:
    """Title of a Markdown cell and its first line of prose."""
    lines = [line.strip() for line in cell.splitlines() if line.strip()]
    title = next(line.lstrip("# ") for line in lines if line.startswith("#"))
    return title, next((line for line in lines if not line.startswith("#")), "")


def others(_: str, page: Path) -> str:
    """Pages of the project and of docs/ that no list of the site names yet, as a list."""
    lists = [DOCS / "index.md", *DOCS.glob("*/README.md")]
    named = {(source.parent / link).resolve() for source in lists for link in links_of(source)}
    pages = [path for folder in (ROOT, DOCS) for path in sorted(folder.glob("*.md"))]
    new = [path for path in pages if path not in named and path != DOCS / "index.md"]
    return "\n".join(f"- [{title_of(path)}]({os.path.relpath(path, page.parent)})" for path in new)


def links_of(page: Path) -> list[str]:
    """The pages that the tables and lists of a page link to."""
    return links(page.read_text(encoding="utf-8"))


def links(text: str) -> list[str]:
    """Links to pages in tables and lists, in their order."""
    lines = [line for line in text.splitlines() if re.match(r"\||- |\d+\. ", line)]
    return re.findall(r"\]\(([^)\s#:]+\.(?:md|py))\)", "\n".join(lines))


def title_of(page: Path) -> str:
    """The first heading of a page."""
    return first_words(page.read_text(encoding="utf-8"))[0]


def designs(_: str, page: Path) -> str:
    """The method boxes of the reports: name, estimand, formula, symbols and references."""
    boxes = tomllib.loads(METHODS.read_text(encoding="utf-8"))
    return "\n\n".join(map(design, boxes.values()))


def design(box: dict[str, Any]) -> str:
    """One method box, Chinese first."""
    formulas = [f"$$\n{formula}\n$$" for formula in box["formula"]]
    words = [f"{box['estimand'][language]} {box['estimator'][language]}" for language in LANGUAGES]
    rest = [box[part][language] for part in ("symbols", "error") for language in LANGUAGES]
    title = " · ".join(box["name"][language] for language in LANGUAGES)
    return "\n\n".join([f"## {title}", *words, *formulas, *rest, "; ".join(box["references"])])


def contents(text: str, page: Path) -> str:
    """The pages in tables and lists of this page, in their order, as its branch of navigation."""
    pages = [link for link in dict.fromkeys(links(text)) if (page.parent / link).is_file()]
    return "\n".join(["```{toctree}", ":hidden:", *pages, "```"])


PARTS: dict[str, Part] = {
    "names": names,
    "commands": commands,
    "tutorials": tutorials,
    "designs": designs,
    "others": others,
}


def with_made_parts(text: str, page: Path) -> str:
    """Text of a page with its made parts in place of the comments; the contents last."""

    def made(comment: re.Match[str]) -> str:
        return PARTS[comment["part"]](comment["about"] or "", page)

    pattern = rf"<!-- (?P<part>{'|'.join(PARTS)})(?:: (?P<about>\w+))? -->"
    text = re.sub(pattern, made, text)
    text = re.sub(r"(\]\([^)\s:]+/)\)", r"\1README.md)", text)  # a folder's page, as on GitHub
    return text.replace("<!-- contents -->", contents(text, page))


def tutorial_page(source: str) -> str:
    """The cells of a tutorial as a page; code is shown, not run."""
    cells = jupytext.reads(source, "py:percent").cells
    return "\n\n".join(
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```"
        for cell in cells
    )


def read_source(app: Sphinx, docname: str, content: list[str]) -> None:
    path = Path(app.env.doc2path(docname))
    if path.suffix == ".py":
        content[0] = tutorial_page(content[0])
    else:
        content[0] = with_made_parts(content[0], path)


def pages_with_made_parts(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages that are read again at each build, for what they list may have changed."""
    pages = {name: Path(env.doc2path(name)) for name in env.found_docs - added - changed}
    return [name for name, path in pages.items() if "<!-- " in path.read_text(encoding="utf-8")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", read_source)
    app.connect("env-get-outdated", pages_with_made_parts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
