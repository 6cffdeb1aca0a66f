"""The landing page of all reports, in both languages."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from zgzx_research.atomic import write_whole
from zgzx_research.report import fonts
from zgzx_research.report.page_style import LANGUAGE_TAG, TEMPLATES, label, style_sheet
from zgzx_research.report.wording import LANGUAGES

FILES = {"brief": ("html", "pdf", "docx"), "report": ("html", "pdf", "docx", "xlsx")}


@dataclass(frozen=True)
class StudyCard:
    """What the landing page says of a study.

    Attributes
    ----------
    name : the study's folder beside the page. titles, headlines : language -> plain text.
    synthetic : whether its data are. languages : those it has reports in.
    """

    name: str
    titles: Mapping[str, str]
    headlines: Mapping[str, str]
    synthetic: bool
    languages: Sequence[str] = LANGUAGES


def write_index(studies: Sequence[StudyCard], out: Path) -> Path:
    """Write the page; it links, relatively, those files of each study that are there.

    The layout is ``<study>/<language>/report.html`` and so on, beside `out`.
    """
    for card in studies:
        for text in (*card.titles.values(), *card.headlines.values()):
            fonts.require(text, where=f"landing page, {card.name}")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("index.html.j2").render(
        studies=studies,
        links={
            card.name: {
                language: _links(card.name, language, out.parent)
                if language in card.languages
                else {}
                for language in LANGUAGES
            }
            for card in studies
        },
        languages=LANGUAGES,
        tags=LANGUAGE_TAG,
        label=label,
        synthetic=any(card.synthetic for card in studies),
    )
    style = style_sheet(html.unescape(page), synthetic=any(card.synthetic for card in studies))
    return write_whole(out, page.replace("<style></style>", style, 1).encode("utf-8"))


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
