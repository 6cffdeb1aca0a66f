"""From panels to reports: inputs, outputs and body of each step in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research.evidence.facts import Fact, Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.build import Step
from zgzx_research.pipeline.code_digest import public_modules
from zgzx_research.pipeline.page_folders import page_rules
from zgzx_research.pipeline.place import Place

REPORT = store.PACKAGE / "report"
FORMATS = ("html", "pdf", "docx")
PAGE_CODE = ("zgzx_research.pipeline.page", "zgzx_research.pipeline.panel_page")


@dataclass(frozen=True)
class Edition:
    """The pages of one study or analysis, and how they are made.

    Attributes
    ----------
    place : Place
        Where the files are.
    pages : mapping
        Page, in reading order, to the document it belongs to ("brief", "report", "any_panel").
    quotes : mapping
        Page to the pages whose facts it quotes, after which it runs.
    languages : tuple of str
        The first one's run writes the facts; the others must find the same.
    synthetic : bool
        Whether the data are synthetic.
    inputs : tuple of Path
        Files that pages read.
    parameters : mapping
        Parameters of the notebooks besides study and language.
    commit : str, default ""
        Git commit of the code, for the title pages; "" names the digest of the code.
    """

    place: Place
    pages: Mapping[str, str]
    quotes: Mapping[str, tuple[str, ...]]
    languages: tuple[str, ...]
    synthetic: bool
    inputs: tuple[Path, ...]
    parameters: Mapping[str, Any]
    commit: str = ""

    @property
    def fact_files(self) -> tuple[Path, ...]:
        """Facts of all pages."""
        return tuple(self.place.facts(page) for page in self.pages)

    @property
    def all_facts(self) -> Path:
        """The union of the facts of all pages."""
        return self.place.work / "facts.json"

    def of(self, document: str) -> tuple[str, ...]:
        """List the pages of a document."""
        return tuple(page for page, own in self.pages.items() if own == document)


def steps(edition: Edition) -> list[Step]:
    """Make all steps from panels to `reports/`.

    Parameters
    ----------
    edition : Edition
        The pages and how they are made.

    Returns
    -------
    list of Step
        One step per page and language, then facts, documents, workbooks and landing page.
    """
    made = [
        _page_step(edition, page, language)
        for language in edition.languages
        for page in edition.pages
    ]
    made.append(_union_step(edition))
    for language in edition.languages:
        for document in dict.fromkeys(edition.pages.values()):
            made.append(_document_step(edition, document, language))
        made.append(_workbook_step(edition, language))
    card = _card_step(edition)
    return [*made, card, _index_step(edition, [*made, card])]


def _page_step(edition: Edition, page: str, language: str) -> Step:
    """Make the step that runs one notebook; the first language also writes the page's facts."""
    place, folder = edition.place, edition.place.page_folder(page)
    notebook = folder / "page.ipynb"
    words = folder / f"{language}.md.j2"
    shared = _shared_sentences(language)
    first = edition.languages[0]
    quoted = [place.facts(other) for other in edition.quotes.get(page, ())]
    read = [place.work / name for name in page_rules(folder).reads]
    facts = place.facts(page)
    return Step(
        name=f"page.{language}.{page}",
        run=partial(
            run_page,
            place,
            page,
            language,
            edition.parameters,
            language == first,
            edition.synthetic,
        ),
        inputs=(
            notebook,
            words,
            *shared,
            *edition.inputs,
            *quoted,
            *read,
            *([facts] if language != first else []),
        ),
        outputs=(place.notebook(page, language), *([facts] if language == first else [])),
        settings=[dict(edition.parameters), edition.synthetic],
        modules=(*PAGE_CODE, *public_modules(notebook.read_text(encoding="utf-8"))),
    )


def _shared_sentences(language: str) -> list[Path]:
    """List the files of sentences that all pages share."""
    return sorted((REPORT / "prose").glob(f"_*.{language}.md.j2"))


def run_page(
    place: Place,
    page: str,
    language: str,
    parameters: Mapping[str, Any],
    writes_facts: bool,
    synthetic: bool,
) -> None:
    """Execute a notebook; store it, without what differs from run to run, and its facts.

    Parameters
    ----------
    place : Place
        Where the study's files are.
    page, language : str
        The page; "zh" or "en".
    parameters : mapping
        Parameters of the notebook besides study and language.
    writes_facts : bool
        Whether to write the facts, or to compare them with those of the first language.

    For real data only outputs that go into the report are stored: they are checked for disclosure.

    Raises
    ------
    ZgzxError
        A language finds other facts than the first one.
    """
    import nbformat

    from zgzx_research.errors import ZgzxError
    from zgzx_research.pipeline.kept_facts import facts_of, kept_text, without_facts
    from zgzx_research.pipeline.notebooks import run_notebook
    from zgzx_research.report.assemble import published_only, strip_notebook

    given = {"study": place.name, "language": language, **parameters}
    done = run_notebook(place.page_folder(page) / "page.ipynb", given, place.root)
    facts, path = kept_text(facts_of(done)), place.facts(page)
    if writes_facts:
        store.write_text(path, facts)
    elif path.read_text(encoding="utf-8") != facts:
        raise ZgzxError(
            "the languages keep different facts",
            where=f"notebooks/{page}, {language}",
            remedy="Keep facts in cells that do not depend on the language.",
        )
    shown = without_facts(done if synthetic else published_only(done))
    stored = strip_notebook(shown)
    text = nbformat.writes(stored) + "\n"
    for file in (value for value in parameters.values() if isinstance(value, Path)):
        text = text.replace(json.dumps(str(file))[1:-1], file.name)  # no folder of this machine
    store.write_text(place.notebook(page, language), text)


def study_step(place: Place, facts: Mapping[str, Fact]) -> Step:
    """Make the step that writes what every page knows of the study and of this run."""
    out = place.facts("study")
    return Step(
        name="study",
        run=partial(write_facts, facts, out),
        inputs=(),
        outputs=(out,),
        settings=dict(facts),
    )


def write_facts(facts: Mapping[str, Fact], out: Path) -> None:
    """Write facts to a file."""
    Facts(facts).save(out)


def _union_step(edition: Edition) -> Step:
    """Make the step that joins the facts of all pages."""
    place = edition.place
    study = place.facts("study")
    files = (*([study] if study in edition.inputs else []), *edition.fact_files)
    return Step(
        name="facts",
        run=partial(join_facts, files, edition.all_facts),
        inputs=files,
        outputs=(edition.all_facts,),
    )


def join_facts(files: Sequence[Path], out: Path) -> None:
    """Write `facts.json`, the union of the facts of all pages."""
    from zgzx_research.pipeline.kept_facts import union

    union(files).save(out)


def _document_step(edition: Edition, document: str, language: str) -> Step:
    """Make the step that writes one document from executed notebooks."""
    place, pages = edition.place, edition.of(document)
    name = "brief" if document == "brief" else "report"
    return Step(
        name=f"{name}.{language}",
        run=partial(
            render, place, document, name, pages, language, edition.synthetic, edition.commit
        ),
        inputs=(
            *(place.notebook(page, language) for page in pages),
            edition.all_facts,
            *_style_files(),
        ),
        outputs=tuple(place.reports / language / f"{name}.{suffix}" for suffix in FORMATS),
        settings=[edition.synthetic, edition.commit],
    )


def _style_files() -> tuple[Path, ...]:
    """List the templates and fonts of documents."""
    folders = (REPORT / "templates", REPORT / "fonts")
    return tuple(sorted(path for folder in folders for path in folder.iterdir() if path.is_file()))


def render(
    place: Place,
    document: str,
    name: str,
    pages: Sequence[str],
    language: str,
    synthetic: bool,
    commit: str,
) -> None:
    """Write `<name>.html`, `.pdf` and `.docx` from executed notebooks."""
    import nbformat

    from zgzx_research.report.assemble import join_notebooks
    from zgzx_research.report.front_matter import front_matter
    from zgzx_research.report.render import render_document
    from zgzx_research.report.wording import word

    books = {page: nbformat.read(place.notebook(page, language), as_version=4) for page in pages}
    facts = Facts.load(place.work / "facts.json")
    render_document(
        join_notebooks(books, language=language),
        language=language,
        title=word(f"document.{document}", language),
        subtitle=word("document.subtitle", language, study=place.name),
        stamp=stamp(facts, language),
        front=front_matter(facts, language, commit),
        synthetic=synthetic,
        out=place.reports / language / name,
        formats=FORMATS,
        compact=document == "brief",
    )


def stamp(facts: Facts, language: str) -> dict[str, str]:
    """Return what is needed to make the pages again, in words."""
    from zgzx_research.report.wording import from_data, word

    keys = sorted(key for key in facts.facts if key.startswith("stamp."))
    return {word(key, language): from_data(str(facts.get(key))) for key in keys}


def _workbook_step(edition: Edition, language: str) -> Step:
    """Make the step that writes the workbook beside the report."""
    place = edition.place
    out = place.reports / language / "report.xlsx"
    return Step(
        name=f"report.{language}.xlsx",
        run=partial(
            workbook,
            place,
            edition.fact_files,
            language,
            edition.synthetic,
            edition.commit,
            out,
        ),
        inputs=(
            edition.all_facts,
            *edition.fact_files,
            *(path for path in edition.inputs if path.suffix == ".json"),  # ledger, earlier counts
        ),
        outputs=(out,),
        settings=[edition.synthetic, edition.commit],
    )


def workbook(
    place: Place,
    facts: Sequence[Path],
    language: str,
    synthetic: bool,
    commit: str,
    out: Path,
) -> None:
    """Write the workbook beside the report."""
    from zgzx_research.pipeline.workbooks import write

    write(place, facts, language, synthetic, commit, out)


def _card_step(edition: Edition) -> Step:
    """Make the step that writes what the landing page says about the study."""
    place, page = edition.place, next(iter(edition.pages))
    folder = place.page_folder(page)
    words = [folder / f"{language}.md.j2" for language in ("zh", "en")]
    shared = [path for language in ("zh", "en") for path in _shared_sentences(language)]
    return Step(
        name="index.card",
        run=partial(write_card, place, page, edition.languages, edition.synthetic, edition.commit),
        inputs=(edition.all_facts, *words, *shared),
        outputs=(place.reports / "card.json",),
        settings=[edition.synthetic, edition.commit],
    )


def write_card(
    place: Place, page: str, languages: Sequence[str], synthetic: bool, commit: str
) -> None:
    """Write what the landing page says of a study, in both languages."""
    from zgzx_research.pipeline.page_words import plain_headline, plain_title
    from zgzx_research.report.card_findings import card_findings
    from zgzx_research.report.front_matter import front_matter
    from zgzx_research.report.wording import LANGUAGES

    facts, folder = Facts.load(place.work / "facts.json"), place.page_folder(page)
    ends = [key for key in ("study.first_year", "study.last_year") if facts.has(key)]
    card = {
        "name": place.name,
        "synthetic": synthetic,
        "languages": list(languages),
        "years": "–".join(str(facts.get(key)) for key in ends),
        "titles": {language: plain_title(folder, language, facts) for language in LANGUAGES},
        "headlines": {language: plain_headline(folder, language, facts) for language in LANGUAGES},
        "findings": {language: card_findings(facts, language) for language in LANGUAGES},
        "front": {
            language: list(front_matter(facts, language, commit).lines.items())
            for language in LANGUAGES
        },
    }
    store.write_json(place.reports / "card.json", card)


def _index_step(edition: Edition, made: Sequence[Step]) -> Step:
    """Make the step of the landing page, after all documents, for it links what exists."""
    place = edition.place
    own = place.reports / "card.json"
    cards = tuple(sorted({own, *(place.root / "reports").glob("*/card.json")}))
    documents = (path for step in made for path in step.outputs if path.stem in ("brief", "report"))
    return Step(
        name="index",
        run=partial(write_index, place.root, cards),
        inputs=(*cards, *documents, *_style_files()),
        outputs=(place.root / "reports" / "index.html",),
    )


def write_index(root: Path, cards: Sequence[Path]) -> None:
    """Write `reports/index.html` from the cards of all studies."""
    from zgzx_research.report import landing_page

    found = [landing_page.StudyCard(**store.read_json(path)) for path in cards]
    ordered = sorted(found, key=lambda card: card.name)
    landing_page.write_index(ordered, root / "reports" / "index.html")
