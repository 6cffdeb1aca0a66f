"""One Markdown document to HTML, PDF (tagged, PDF/UA-1) and Word, equal bytes each time."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypandoc
import typst

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.report import fonts
from zgzx_research.report.assemble import Document
from zgzx_research.report.front_matter import FrontMatter
from zgzx_research.report.page_style import LANGUAGE_TAG, TEMPLATES, label, style_sheet
from zgzx_research.report.word_document import finish_docx
from zgzx_research.report.zip_archives import EPOCH

# The wheel's own pandoc, not whichever the machine has: another version writes other bytes.
PANDOC = Path(pypandoc.__file__).parent / "files" / ("pandoc.exe" if os.name == "nt" else "pandoc")
# Quotation marks are curled in English only: Chinese prose types its own. No raw HTML or TeX passes
# through.
MARKDOWN = {
    "zh": "markdown-smart-raw_html-raw_tex-raw_attribute-citations",
    "en": "markdown+smart-raw_html-raw_tex-raw_attribute-citations",
}
READING = (
    "--to=json",
    "--columns=100000",
)  # a table line longer than that would get columns of equal width
STAMP_SEPARATOR = " | "
CONTENTS_FROM = 6  # headings; a shorter document needs no table of contents
NO_FRONT = FrontMatter()
MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class _Page:
    """What the writers of all formats need.

    Attributes
    ----------
    tree : Mapping
        Pandoc's syntax tree.
    top : int
        Its lowest heading level.
    folder : Path
        Folder with the media.
    media : Mapping
        File name -> content.
    language : str
        "zh" or "en".
    title : str
        Plain text.
    author : str
        Plain text; "" where nobody is named.
    numbered : bool
        Whether sections carry numbers.
    synthetic : bool
        Whether the data are synthetic.
    """

    tree: Mapping[str, Any]
    top: int
    folder: Path
    media: Mapping[str, bytes]
    language: str
    title: str
    author: str
    numbered: bool
    synthetic: bool


def render_document(
    document: Document,
    *,
    language: str,
    title: str,
    subtitle: str,
    stamp: Mapping[str, str],
    synthetic: bool,
    out: Path,
    formats: Sequence[str] = ("html", "pdf", "docx"),
    compact: bool = False,
    front: FrontMatter = NO_FRONT,
) -> list[Path]:
    """Write `out` with each format's suffix and return the paths.

    Parameters
    ----------
    document : Document
        Body; its headings may start at any level. ``::: headline`` and ``::: note`` become boxes.
    language : str
        "zh" or "en".
    title, subtitle : str
        Plain text.
    stamp : Mapping
        What makes the run repeatable, at the end of the page: name -> value.
    synthetic : bool
        Whether to mark every page and screen as synthetic data.
    out : Path
        Path without suffix.
    formats : Sequence of str, default ("html", "pdf", "docx")
        Also "typ", the PDF's source.
    compact : bool, default False
        For a brief: no table of contents, no numbers of sections, and less space on paper.
    front : FrontMatter, optional
        Lines under the title.

    Returns
    -------
    list of Path
        The files, in the order of `formats`.

    Raises
    ------
    ZgzxError
        A character that the fonts lack, Markdown that refers to a file which does not exist, a PDF
        that would not be accessible.
    """
    unknown = [name for name in formats if name not in WRITERS]
    if unknown:
        raise ZgzxError(
            f"format {unknown[0]!r} is unknown", remedy=f"Choose from {', '.join(WRITERS)}."
        )
    with tempfile.TemporaryDirectory() as folder:
        tree = _read(document, Path(folder), language)
        tree["blocks"] += _geta_note(tree, stamp, language)
        tree["blocks"] += [_stamp(stamp, language)] if stamp else []
        texts = _texts(tree, language, title, subtitle, synthetic, compact)
        tree["meta"] = _meta(texts | {"maker": front.author}, front, language)
        fonts.require("".join(_strings(tree)), where=out.name)
        page = _Page(
            tree=tree,
            top=_top_level(tree),
            folder=Path(folder),
            media=document.media,
            language=language,
            title=title,
            author=front.author,
            numbered=not compact,
            synthetic=synthetic,
        )
        written = {suffix: WRITERS[suffix](page) for suffix in formats}
    # Appended, not with_suffix: a stem may hold a dot.
    return [
        write_whole(out.parent / f"{out.name}.{suffix}", data) for suffix, data in written.items()
    ]


def _read(document: Document, folder: Path, language: str) -> dict[str, Any]:
    """Put the media into `folder` and read the Markdown as pandoc's tree."""
    for file, data in document.media.items():
        (folder / file).write_bytes(data)
    return json.loads(
        _pandoc(document.markdown.encode(), folder, f"--from={MARKDOWN[language]}", *READING)
    )


def _pandoc(source: bytes, folder: Path, *options: str) -> bytes:
    command = [
        str(PANDOC),
        f"--data-dir={TEMPLATES}",
        "--fail-if-warnings",
        "--wrap=none",
        *options,
    ]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, input=source, capture_output=True, cwd=folder, env=environment, check=False
    )
    if done.returncode:
        message = " ".join(done.stderr.decode("utf-8", errors="replace").split())
        raise ZgzxError(f"pandoc refused the document: {message}", where="report")
    return done.stdout


def _from_tree(page: _Page, top: int, *options: str) -> bytes:
    shift = f"--shift-heading-level-by={top - page.top}"
    filters = f"--lua-filter={TEMPLATES / 'filter.lua'}"
    numbers = ["--number-sections"] if page.numbered else []
    source = json.dumps(page.tree).encode()
    return _pandoc(source, page.folder, "--from=json", shift, filters, *numbers, *options)


def _html(page: _Page) -> bytes:
    template = f"--template={TEMPLATES / 'report.html'}"
    text = _from_tree(
        page, 2, "--to=html5", "--mathml", "--toc", "--toc-depth=3", template
    ).decode()
    style = style_sheet(html.unescape(text), synthetic=page.synthetic)
    for name, data in page.media.items():
        uri = f"data:{MEDIA_TYPES[Path(name).suffix]};base64,{b64encode(data).decode()}"
        text = text.replace(f'src="{name}"', f'src="{uri}"')
    text = text.replace("<style></style>", style, 1)
    return _checked_html(text).encode()


def _checked_html(text: str) -> str:
    loads = re.findall(
        r"""(?:src|srcset|poster|data)=["'](?!data:)([^"']*)["']|url\(["']?(?!["']?data:)([^)]*)\)""",
        text,
    )
    if loads:
        raise ZgzxError(
            "the page would load other files", where="report", examples=[a or b for a, b in loads]
        )
    return text


def _docx(page: _Page) -> bytes:
    reference = f"--reference-doc={TEMPLATES / 'reference.docx'}"
    data = _from_tree(page, 1, "--to=docx", reference, "--output=-")
    mark = label("synthetic", page.language) if page.synthetic else ""
    return finish_docx(
        data, title=page.title, mark=mark, author=page.author, compact=not page.numbered
    )


def _typ(page: _Page) -> bytes:
    template = f"--template={TEMPLATES / 'report.typ'}"
    return _from_tree(page, 1, "--to=typst-smart", template)


def _pdf(page: _Page) -> bytes:
    source = page.folder / "report.typ"
    source.write_bytes(_typ(page))
    try:
        return typst.compile(
            source,
            root=page.folder,
            font_paths=[fonts.FOLDER],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=EPOCH,
        )
    except typst.TypstError as error:
        raise ZgzxError(f"typst refused the document: {error}", where="report") from error


WRITERS: Mapping[str, Callable[[_Page], bytes]] = {
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "typ": _typ,
}


def _texts(
    tree: Mapping[str, Any],
    language: str,
    title: str,
    subtitle: str,
    synthetic: bool,
    compact: bool,
) -> dict[str, str]:
    """Return the texts of the page itself."""
    headings = sum(node["t"] == "Header" for node in _nodes(tree))
    contents = headings >= CONTENTS_FROM and not compact
    return {
        "title": title,
        "subtitle": subtitle,
        "lang": LANGUAGE_TAG[language],
        "mark": label("synthetic", language) if synthetic else "",
        "notice": label("synthetic_notice", language) if synthetic else "",
        "skip": label("skip", language),
        "scroll": label("scroll", language),
        "contents": label("contents", language) if contents else "",
        "compact": "yes" if compact else "",
        "about": label("front", language),
    }


def _meta(texts: Mapping[str, str], front: FrontMatter, language: str) -> dict[str, Any]:
    """Make the metadata that the templates read; a template sees no empty text."""
    lines = [
        {
            "name": name,
            "value": value,
            "line": label("front_line", language, name=name, value=value),
        }
        for name, value in front.lines.items()
    ]
    listed = [{"t": "MetaMap", "c": _strings_of(line)} for line in lines]
    return _strings_of(texts) | ({"front": {"t": "MetaList", "c": listed}} if listed else {})


def _strings_of(texts: Mapping[str, str]) -> dict[str, Any]:
    return {key: {"t": "MetaString", "c": text} for key, text in texts.items() if text}


def _top_level(tree: Mapping[str, Any]) -> int:
    return min((node["c"][0] for node in _nodes(tree) if node["t"] == "Header"), default=1)


def _geta_note(
    tree: Mapping[str, Any], stamp: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """Explain 〓 where it occurs and the pages themselves do not."""
    note = label("geta_note", language)
    said = "".join(_strings(tree)) + "".join(stamp.values())
    if fonts.GETA not in said or note.replace(" ", "") in said.replace(" ", ""):
        return []
    return [{"t": "Para", "c": [{"t": "Str", "c": note}]}]


def _stamp(stamp: Mapping[str, str], language: str) -> dict[str, Any]:
    """Make a pandoc Div that holds all entries in one paragraph."""
    texts = [label("stamp_line", language, key=key, value=value) for key, value in stamp.items()]
    heading = {
        "t": "Para",
        "c": [{"t": "Strong", "c": [{"t": "Str", "c": label("stamp", language)}]}],
    }
    lines = {"t": "Para", "c": [{"t": "Str", "c": STAMP_SEPARATOR.join(texts)}]}
    return {"t": "Div", "c": [["", ["stamp"], []], [heading, lines]]}


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every element of a pandoc tree that has a type."""
    if isinstance(tree, dict):
        if "t" in tree:
            yield tree
        for child in tree.values():
            yield from _nodes(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _strings(tree: Any) -> Iterator[str]:
    """All words printed in our fonts; equations have a font of their own."""
    for node in _nodes(tree):
        if node["t"] in {"Str", "MetaString"}:
            yield node["c"]
        elif node["t"] in {"Code", "CodeBlock"}:
            yield node["c"][1]
