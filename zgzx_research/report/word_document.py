"""Word files after pandoc: page header, column widths, mark of synthetic data, equal bytes."""

from __future__ import annotations

import re
from html import escape

from zgzx_research.report.zip_archives import unzip, zip_members

TITLE, MARK = "{{title}}", "{{mark}}"  # placeholders in the header of reference.docx
NOBODY = "<dc:creator></dc:creator>"  # as pandoc writes it
TEXT_WIDTH = 9298  # of reference.docx's page, in twentieths of a point
FULL_SHARE = 5000  # Word's unit of a table's width is a fiftieth of a per cent
TABLE = re.compile(
    r'(?P<start><w:tblW w:type="pct" w:w="(?P<share>\d+)" />(?:(?!<w:tblGrid>).)*)'
    r"<w:tblGrid>(?P<grid>.*?)</w:tblGrid>",
    flags=re.DOTALL,
)
REPLACEMENTS = {
    # else LibreOffice shifts pictures to the right
    "<wp:inline>": '<wp:inline distT="0" distB="0" distL="0" distR="0">',
    # no row is split over two pages
    "<w:tr><w:tc>": "<w:tr><w:trPr><w:cantSplit /></w:trPr><w:tc>",
    "<w:trPr><w:tblHeader": "<w:trPr><w:cantSplit /><w:tblHeader",
}

# of reference.docx's styles and page, what a document that must be short takes
SHORT = {"line": 0.7, "before": 0.35, "after": 0.35, "val": 0.84, "top": 0.66, "bottom": 0.6}
SINGLE = 240  # Word's unit of a line's height is a 240th of a line


def finish_docx(
    data: bytes, *, title: str, mark: str, author: str = "", compact: bool = False
) -> bytes:
    """Fill the page header and correct the body of a file that pandoc made.

    The header of reference.docx holds the mark's words and its watermark between ``<!--mark-->``
    and ``<!--/mark-->``.

    Parameters
    ----------
    data : bytes
        A Word file made from reference.docx.
    title : str
        Title for the header.
    mark : str
        Words of the mark of synthetic data; empty where there is none.
    author : str, default ""
        For the properties of the file.
    compact : bool, default False
        Whether letters, lines and margins are smaller, as in a brief of two pages.

    Returns
    -------
    bytes
        The Word file.
    """
    members = unzip(data)
    for name in [name for name in members if re.fullmatch(r"word/header\d+\.xml", name)]:
        text = members[name].decode("utf-8")
        if not mark:
            text = re.sub(r"<!--mark-->.*?<!--/mark-->", "", text, flags=re.DOTALL)
        members[name] = (
            text.replace(TITLE, escape(title)).replace(MARK, escape(mark)).encode("utf-8")
        )
    core = members["docProps/core.xml"].decode("utf-8")
    named = f"<dc:creator>{escape(author)}</dc:creator>"
    members["docProps/core.xml"] = core.replace(NOBODY, named).encode("utf-8")
    body = members["word/document.xml"].decode("utf-8")
    for found, put in REPLACEMENTS.items():
        body = body.replace(found, put)
    members["word/document.xml"] = TABLE.sub(_widened, body).encode("utf-8")
    for name in ("word/styles.xml", "word/document.xml") if compact else ():
        members[name] = _shortened(members[name].decode("utf-8")).encode("utf-8")
    return zip_members(members)


def _shortened(markup: str) -> str:
    """Make letters, lines, distances between paragraphs and upper and lower margins smaller."""
    for tag in ("spacing", "sz", "szCs", "pgMar"):
        markup = re.sub(rf"<w:{tag} [^>]*>", _scaled, markup)
    return markup


def _scaled(tag: re.Match[str]) -> str:
    """Scale the numbers of one tag that `SHORT` names."""
    return re.sub(r'w:(?P<name>\w+)="(?P<number>\d+)"', _smaller, tag[0])


def _smaller(found: re.Match[str]) -> str:
    """Scale one number, if `SHORT` names it; a line stays as high as its letters."""
    name = found["name"]
    number = round(SHORT.get(name, 1.0) * int(found["number"]))
    return f'w:{name}="{max(SINGLE, number) if name == "line" else number}"'


def _widened(table: re.Match[str]) -> str:
    """Widen the columns of one table in proportion; pandoc assumes a narrower page."""
    widths = [int(width) for width in re.findall(r'w:w="(\d+)"', table["grid"])]
    scale = TEXT_WIDTH * int(table["share"]) / FULL_SHARE / sum(widths)
    columns = "".join(f'<w:gridCol w:w="{round(scale * width)}" />' for width in widths)
    return f"{table['start']}<w:tblGrid>{columns}</w:tblGrid>"
