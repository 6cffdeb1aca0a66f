"""The folders of pages, `notebooks/<n>_<page>/`, and what their notebooks say about themselves."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline.place import raw_files
from zgzx_research.report.wording import LANGUAGES
from zgzx_research.study import Study

STUDY_DOCUMENTS = ("brief", "report")  # other pages run for `zgzx analyse`
ALL = "all"  # in `quotes`: every page that does not itself wait for all the others


@dataclass(frozen=True)
class PageRules:
    """The notebook's metadata under "zgzx".

    Attributes
    ----------
    document : {"report", "brief", "any_panel"}
        The document it belongs to; "any_panel" pages run for `zgzx analyse` only.
    quotes : tuple of str
        Pages whose facts its sentences quote, after which it runs: names of folders, or "all" (see
        `quoted_pages`). In the metadata a list, or the one word "all".
    needs : list of str
        Sources without whose files the page is left out.
    reads : list of str
        Further files of the study's work folder that the page reads, e.g. "changes.json".
    """

    document: str = "report"
    quotes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def page_rules(folder: Path) -> PageRules:
    """Read the rules of a page from its notebook; a key that is no rule is an error."""
    metadata = json.loads((folder / "page.ipynb").read_text(encoding="utf-8"))["metadata"]
    written = metadata.get("zgzx", {})
    known = [rule.name for rule in fields(PageRules)]
    wrong = sorted(set(written) - set(known))
    if wrong:
        raise ZgzxError(
            "unknown key",
            where=f"notebooks/{folder.name}, metadata zgzx",
            count=len(wrong),
            examples=wrong,
            remedy=f"The keys are {', '.join(known)}.",
        )
    quotes = written.get("quotes", ())
    names = (quotes,) if isinstance(quotes, str) else tuple(quotes)
    return PageRules(**written | {"quotes": names})


def quoted_pages(root: Path, pages: Collection[str]) -> dict[str, tuple[str, ...]]:
    """List for each page the pages whose facts it sees, in the order of the folders.

    A page sees the pages it names. "all" stands for every page that does not wait for all the
    others: that neither says "all" itself nor names a page that does. A page may say both, e.g.
    `["all", "8_claims"]`. Pages that the study leaves out are not seen.

    Parameters
    ----------
    root : Path
        The project folder.
    pages : collection of str
        The pages of the study, from `pages_of`.

    Returns
    -------
    dict
        Page to the pages it quotes.

    Raises
    ------
    ZgzxError
        A name in `quotes` that is no page; pages that quote each other.
    """
    known = sorted(path.parent.name for path in (root / "notebooks").glob("*/page.ipynb"))
    quotes = {page: page_rules(root / "notebooks" / page).quotes for page in known}
    for page, names in quotes.items():
        _check_quotes(page, names, known)
    early = [page for page in known if page not in _waiting_for_all(quotes)]
    found: dict[str, tuple[str, ...]] = {}
    for page in pages:
        asked = {*quotes[page], *(early if ALL in quotes[page] else ())}
        found[page] = tuple(other for other in known if other in asked and other in pages)
    return found


def _check_quotes(page: str, names: Collection[str], known: list[str]) -> None:
    """Refuse a name in `quotes` that is no page."""
    wrong = [name for name in names if name != ALL and name not in known]
    if wrong:
        near = difflib.get_close_matches(wrong[0], known, n=1, cutoff=0)
        raise ZgzxError(
            "a page quotes pages that do not exist",
            where=f"notebooks/{page}, metadata zgzx.quotes",
            count=len(wrong),
            examples=wrong,
            remedy=f"Did you mean {near[0]}?",
        )


def _waiting_for_all(quotes: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the pages that say "all", or name a page that waits for all."""
    try:
        order = list(
            TopologicalSorter({page: set(of) for page, of in quotes.items()}).static_order()
        )
    except CycleError as cycle:
        raise ZgzxError(
            "pages quote each other, so none of them can run first",
            where="notebooks, metadata zgzx.quotes",
            examples=cycle.args[1][:-1],
            remedy="Take one of the names out of `quotes`.",
        ) from None
    waiting = {ALL}
    for page in order:  # a page comes after those that it names
        if waiting.intersection(quotes.get(page, ())):
            waiting.add(page)
    return waiting


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
