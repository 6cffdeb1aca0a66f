"""The folders of pages, `notebooks/<n>_<page>/`, and what their notebooks say about themselves."""

from __future__ import annotations

import ast
import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline.place import raw_files
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.study import Study

STUDY_DOCUMENTS = ("brief", "report")  # other pages run for `zgzx analyse`


@dataclass(frozen=True)
class PageRules:
    """The notebook's metadata under "zgzx".

    Attributes
    ----------
    document : {"report", "brief", "any_panel"}
        The document it belongs to; "any_panel" pages run for `zgzx analyse` only.
    quotes_others : bool
        Whether it quotes facts of other pages, and so runs after them.
    needs : list of str
        Sources without whose files the page is left out.
    reads : list of str
        Further files of the study's work folder that the page reads, e.g. "changes.json".
    """

    document: str = "report"
    quotes_others: bool = False
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def page_rules(folder: Path) -> PageRules:
    """Read the rules of a page from its notebook."""
    metadata = json.loads((folder / "page.ipynb").read_text(encoding="utf-8"))["metadata"]
    return PageRules(**metadata.get("zgzx", {}))


def declared(notebook: Path) -> dict[str, Any]:
    """Return the parameters that a notebook declares, with their default values."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    source = "".join(tagged[0]["source"]) if tagged else ""
    return {
        line.targets[0].id: ast.literal_eval(line.value)
        for line in ast.parse(source).body
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
    }


def pages_of(root: Path, study: Study) -> dict[str, str]:
    """List the pages of a study, and the document of each, in the order of their folders.

    A page whose default outcome needs a source the study does not ask for is left out, and one
    that needs a source without files.
    """
    found, raw = {}, root / study.raw.path
    for notebook in sorted((root / "notebooks").glob("*/page.ipynb")):
        rules = page_rules(notebook.parent)
        outcome = declared(notebook).get("outcome")
        needed = outcome_row(outcome).source if outcome else "roster"
        asked = rules.document in STUDY_DOCUMENTS and needed in study.needed_sources
        if asked and all(raw_files(raw, source) for source in rules.needs):
            found[notebook.parent.name] = rules.document
    return found


def checked_folder(root: Path, page: str, language: str) -> Path:
    """Return the folder of a page, after checking that it has words in a language.

    Parameters
    ----------
    root : Path
        The project folder.
    page : str
        Name of the page's folder in `notebooks/`.
    language : str
        "zh" or "en".

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ZgzxError
        Unknown language, or no such folder; the nearest is named.
    """
    if language not in LANGUAGES:
        remedy = f"Choose one of {', '.join(LANGUAGES)}."
        raise ZgzxError(f"language {language!r} is unknown", where=page, remedy=remedy)

    folder = root / "notebooks" / page
    if not (folder / f"{language}.md.j2").is_file():
        known = sorted(path.parent.name for path in (root / "notebooks").glob("*/page.ipynb"))
        raise ZgzxError(
            f"there is no page {page!r}",
            where="notebooks",
            examples=difflib.get_close_matches(page, known, n=1, cutoff=0),
            remedy=f"The pages are {', '.join(known)}.",
        )
    return folder
