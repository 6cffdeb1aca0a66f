"""The landing page of all reports, in both languages."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from zgzx_research.atomic import write_whole
from zgzx_research.report import fonts
from zgzx_research.report.page_style import LANGUAGE_TAG, TEMPLATES, label, style_sheet
from zgzx_research.report.wording import LANGUAGES

FILES = {"brief": ("html", "pdf", "docx"), "report": ("html", "pdf", "docx", "xlsx")}


@dataclass(frozen=True)
class StudyCard:
    """What the landing page shows of a study.

    Attributes
    ----------
    name : str
        The study's folder beside the page.
    titles : Mapping
        Language -> plain text.
    headlines : Mapping
        Language -> plain text, shown where there are no findings.
    synthetic : bool
        Whether its data are synthetic.
    languages : Sequence of str, default LANGUAGES
        Languages it has reports in.
    years : str, default ""
        Years of the data, e.g. "2010–2025".
    findings : Mapping, default {}
        Language -> texts of each finding: "claim", "verdict", "number", "grade".
    front : Mapping, default {}
        Language -> lines as under the titles of the documents, each a name and a text.
    """

    name: str
    titles: Mapping[str, str]
    headlines: Mapping[str, str]
    synthetic: bool
    languages: Sequence[str] = LANGUAGES
    years: str = ""
    findings: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    front: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)

    def texts(self) -> str:
        """Return all its words, to see whether they can be printed."""
        found = [text for row in self.findings.values() for one in row for text in one.values()]
        lines = [text for own in self.front.values() for line in own for text in line]
        return "".join([*self.titles.values(), *self.headlines.values(), *found, *lines])


def write_index(studies: Sequence[StudyCard], out: Path) -> Path:
    """Write the landing page, with relative links to those files of each study that exist.

    Parameters
    ----------
    studies : Sequence of StudyCard
        The studies, in the order shown.
    out : Path
        The page; the files are ``<study>/<language>/report.html`` and so on, beside it.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ZgzxError
        A text holds a character that the report fonts lack.
    """
    for card in studies:
        fonts.require(card.texts(), where=f"landing page, {card.name}")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    synthetic = any(card.synthetic for card in studies)
    page = environment.get_template("index.html.j2").render(
        studies=studies,
        links={card.name: _links_by_language(card, out.parent) for card in studies},
        languages=LANGUAGES,
        tags=LANGUAGE_TAG,
        label=label,
        synthetic=synthetic,
    )
    style = style_sheet(html.unescape(page), synthetic=synthetic)
    return write_whole(out, page.replace("<style></style>", style, 1).encode("utf-8"))


def _links_by_language(card: StudyCard, folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    return {
        language: _links(card.name, language, folder) if language in card.languages else {}
        for language in LANGUAGES
    }


def _links(study: str, language: str, folder: Path) -> dict[str, dict[str, str]]:
    """Kind of document -> suffix -> relative address, of files that exist."""
    return {
        kind: {
            suffix: path
            for suffix in suffixes
            if (folder / (path := f"{study}/{language}/{kind}.{suffix}")).exists()
        }
        for kind, suffixes in FILES.items()
    }
