"""From stage files to pages.

Notebooks executed per language, then reports, workbook and landing page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline import notebooks, store
from zgzx_research.pipeline.build import Step
from zgzx_research.pipeline.stages import Place

REPORT = store.PACKAGE / "report"
GLUE = (
    "errors.py",
    "atomic.py",
    "pipeline/store.py",
    "pipeline/documents.py",
    "pipeline/stages.py",
    "pipeline/summaries.py",
)
PAGE_ROOMS = (
    "report",
    "evidence",
    "did",
    "pipeline/pages.py",
    "pipeline/notebooks.py",
    "pipeline/kernel.py",
    *GLUE,
)
RENDER_ROOMS = ("report", "evidence", "pipeline/workbooks.py", "pipeline/pages.py", *GLUE)
FORMATS = ("html", "pdf", "docx")
DOCUMENTS = (
    "brief",
    "report",
)  # the brief is a page of its own, the report all the others together


def steps(
    place: Place,
    pages: Sequence[str],
    languages: Sequence[str],
    synthetic: bool,
    inputs: Mapping[str, tuple[Path, ...]],
) -> list[Step]:
    """Steps from stage files to `reports/`.

    Parameters
    ----------
    pages : notebooks, in reading order. inputs : stage files each page reads, and those of the
        "workbook".
    """
    made: list[Step] = []
    look = tuple(
        sorted(
            path
            for folder in ("templates", "fonts")
            for path in (REPORT / folder).iterdir()
            if path.is_file()
        )
    )
    for language in languages:
        made += [_page_step(place, page, language, inputs[page]) for page in pages]
        brief = tuple(page for page in pages if page == "brief")
        rest = tuple(page for page in pages if page != "brief")
        for name, together in (("brief", brief), ("report", rest)):
            made += (
                [_document_step(place, name, together, language, synthetic, look, FORMATS)]
                if together
                else []
            )
        book = place.reports / language / "report.xlsx"
        run = partial(workbook, place, language, synthetic, book)
        made.append(
            Step(
                f"report.{language}.xlsx", run, inputs["workbook"], (book,), RENDER_ROOMS, synthetic
            )
        )
    card = place.reports / "card.json"
    facts = (place.work / "facts.json", *_prose(pages[0], "zh"), *_prose(pages[0], "en"))
    run = partial(write_card, place, pages[0], languages, synthetic)
    made.append(Step("index.card", run, facts, (card,), RENDER_ROOMS, synthetic))
    index = place.root / "reports" / "index.html"
    cards = tuple(sorted({card, *(place.root / "reports").glob("*/card.json")}))
    # the landing page links what is there, so it comes after all documents
    written = tuple(path for step in made for path in step.outputs if path.stem in DOCUMENTS)
    made.append(
        Step(
            "index",
            partial(write_index, place.root, cards),
            (*cards, *written, *look),
            (index,),
            RENDER_ROOMS,
        )
    )
    return made


def _prose(page: str, language: str) -> tuple[Path, ...]:
    folder, name = REPORT / "prose", f"{language}.md.j2"
    return folder / page / name, folder / f"_sentences.{name}"


def _notebook(place: Place, page: str, language: str) -> Path:
    return place.reports / language / "notebooks" / f"{page}.ipynb"


def _page_step(place: Place, page: str, language: str, inputs: tuple[Path, ...]) -> Step:
    source = place.root / "notebooks" / f"{page}.ipynb"
    run = partial(execute, place, page, language)
    outputs = (_notebook(place, page, language),)
    return Step(
        f"page.{language}.{page}",
        run,
        (source, *_prose(page, language), *inputs),
        outputs,
        PAGE_ROOMS,
    )


def execute(place: Place, page: str, language: str) -> None:
    """Run one notebook for one language and store it without what differs from run to run."""
    import nbformat

    from zgzx_research.report.assemble import strip_notebook

    source = place.root / "notebooks" / f"{page}.ipynb"
    done = notebooks.run_notebook(source, {"study": place.name, "language": language}, place.root)
    store.write_text(_notebook(place, page, language), nbformat.writes(strip_notebook(done)) + "\n")


def _document_step(
    place: Place,
    name: str,
    pages: tuple[str, ...],
    language: str,
    synthetic: bool,
    look: tuple[Path, ...],
    formats: tuple[str, ...],
) -> Step:
    inputs = tuple(_notebook(place, page, language) for page in pages)
    outputs = tuple(place.reports / language / f"{name}.{suffix}" for suffix in formats)
    run = partial(render, place, name, pages, language, synthetic, formats)
    return Step(
        f"{name}.{language}",
        run,
        (*inputs, place.work / "facts.json", *look),
        outputs,
        RENDER_ROOMS,
        synthetic,
    )


def render(
    place: Place,
    name: str,
    pages: Sequence[str],
    language: str,
    synthetic: bool,
    formats: Sequence[str],
) -> None:
    """One document from executed notebooks."""
    import nbformat

    from zgzx_research.report.assemble import join_notebooks
    from zgzx_research.report.render import render_document
    from zgzx_research.report.wording import word

    books = {page: nbformat.read(_notebook(place, page, language), as_version=4) for page in pages}
    facts = Facts.load(place.work / "facts.json")
    kind = name if "any_panel" not in pages else "any_panel"
    render_document(
        join_notebooks(books, language=language),
        language=language,
        title=word(f"document.{kind}", language),
        subtitle=word("document.subtitle", language, study=place.name),
        stamp=stamp(facts, language),
        synthetic=synthetic,
        out=place.reports / language / name,
        formats=formats,
        compact=name == "brief",
    )


def workbook(place: Place, language: str, synthetic: bool, out: Path) -> None:
    """The workbook beside the report."""
    from zgzx_research.pipeline.workbooks import write

    write(place, language, synthetic, out)


def stamp(facts: Facts, language: str) -> dict[str, str]:
    """The reproducibility stamp in words."""
    from zgzx_research.report.wording import from_data, word

    keys = [key for key in facts.facts if key.startswith("stamp.")]
    return {word(key, language): from_data(str(facts.get(key))) for key in sorted(keys)}


def write_card(place: Place, page: str, languages: Sequence[str], synthetic: bool) -> None:
    """What the landing page says about this study."""
    from zgzx_research.pipeline.pages import plain_headline, plain_title
    from zgzx_research.report.wording import LANGUAGES

    facts = Facts.load(place.work / "facts.json")
    card: dict[str, Any] = {"name": place.name, "synthetic": synthetic}
    card["languages"] = list(languages)
    card["titles"] = {language: plain_title(page, language, facts) for language in LANGUAGES}
    card["headlines"] = {language: plain_headline(page, language, facts) for language in LANGUAGES}
    store.write_json(place.reports / "card.json", card)


def write_index(root: Path, cards: Sequence[Path]) -> None:
    """`reports/index.html` from the cards of all studies."""
    from zgzx_research.report import landing_page

    found = [landing_page.StudyCard(**store.read_json(path)) for path in cards]
    landing_page.write_index(
        sorted(found, key=lambda card: card.name), root / "reports" / "index.html"
    )
