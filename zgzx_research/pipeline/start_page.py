"""The page that JupyterLab opens on: every tutorial and page, made from their own first cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
import nbformat

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.store import write_text
from zgzx_research.study import find_root

TEMPLATE = Path(__file__).with_suffix(".md.j2")
START = "start.md"
# characters of a line on a page; its first sentence stays whole
LONGEST = {"zh": 70, "en": 150}
WHOLE = {"zh": 1000, "en": 1000}  # of a tutorial: how long, what is needed, what it is good for
SENTENCE_END = {"zh": r"(?<=[。？！])", "en": r"(?<=[.?!]) +"}


@dataclass(frozen=True)
class Entry:
    """A line of the start page.

    Attributes
    ----------
    title : str
        In both languages, as the notebook has it.
    link : str
        The notebook's path, relative to the start page.
    zh, en : str
        What it is about.
    """

    title: str
    link: str
    zh: str
    en: str


def write_start_page(root: Path) -> Path:
    """Write `notebooks/start.md`: links to all tutorials and pages, with a line on each.

    Parameters
    ----------
    root : Path
        The project folder.

    Returns
    -------
    Path
        The start page.

    Raises
    ------
    ZgzxError
        A tutorial has no notebook yet.
    """
    folder = root / "notebooks"
    sources = sorted((folder / "tutorials").glob("*.py"))
    template = jinja2.Template(
        TEMPLATE.read_text(encoding="utf-8"), trim_blocks=True, keep_trailing_newline=True
    )
    text = template.render(
        tutorials=_entries(folder, [source.with_suffix(".ipynb") for source in sources], WHOLE),
        pages=_entries(folder, sorted(folder.glob("*/page.ipynb")), LONGEST),
    )
    write_text(folder / START, text)
    return folder / START


def _entries(folder: Path, notebooks: Iterable[Path], longest: Mapping[str, int]) -> list[Entry]:
    """Make a line of each notebook."""
    return [_entry(path, path.relative_to(folder).as_posix(), longest) for path in notebooks]


def _entry(notebook: Path, link: str, longest: Mapping[str, int]) -> Entry:
    """Read title and first paragraphs of a notebook; without a title it has the name of its path.

    The title is in both languages, or the English one stands in italics before the first English
    paragraph. A notebook that is damaged or says nothing has a line all the same, so that it can be
    opened.
    """
    title, *paragraphs = _first_cell(notebook, link).split("\n\n")
    zh, en = (_first_paragraph(paragraphs, language) for language in SENTENCE_END)
    title = title.removeprefix("# ").strip() if title.startswith("# ") else link
    english = re.match(r"\*([^*]+?)\.?\*\s*", en)
    if english:
        title, en = f"{title} · {english[1]}", en[english.end() :]
    return Entry(title, link, _line(zh, "zh", longest["zh"]), _line(en, "en", longest["en"]))


def _first_cell(notebook: Path, link: str) -> str:
    """Return the text of the first cell, empty where there is none."""
    if not notebook.is_file():
        raise ZgzxError(
            "the notebook of a tutorial is missing",
            where=f"notebooks/{link}",
            remedy="Make it with 'jupytext --sync notebooks/tutorials/*.py', as 'make lab' does.",
        )
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        return ""
    return cells[0].source if cells else ""


def _first_paragraph(paragraphs: Iterable[str], language: str) -> str:
    """Return a language's first paragraph on one line, without a label such as **Question.**"""
    plain = (re.sub(r"^\*\*[^*]+\*\*\s*", "", text.strip()) for text in paragraphs)
    found = next((text for text in plain if _language(text) == language), "")
    return (" " if language == "en" else "").join(found.split("\n")).replace("|", "\\|")


def _language(text: str) -> str:
    """Say in which language a paragraph begins; nothing for formulas, lists and headings."""
    if re.match(r"[\u4e00-\u9fff“《（]", text):
        return "zh"
    return "en" if re.match(r"\*?[A-Za-z\"']", text) else ""


def _line(paragraph: str, language: str, longest: int) -> str:
    """Return as many whole sentences of a paragraph as are not longer than a line."""
    space = " " if language == "en" else ""
    line = ""
    for sentence in re.split(SENTENCE_END[language], paragraph):
        if line and len(line) + len(sentence) > longest:
            break
        line += (space if line else "") + sentence
    return line


if __name__ == "__main__":
    write_start_page(find_root())
