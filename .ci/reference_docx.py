"""Make templates/reference.docx, the style of the Word reports, from pandoc's own.

Run it by hand when the style changes: .venv/bin/python .ci/reference_docx.py
"""

from __future__ import annotations

import re
import subprocess

from zgzx_research.atomic import write_whole
from zgzx_research.report.page_style import TEMPLATES
from zgzx_research.report.render import PANDOC
from zgzx_research.report.zip_archives import unzip, zip_members

BRAND, INK, MUTED, HAIR, SOFT, AMBER = "1F4E79", "1C2530", "5B6774", "CFD7DF", "EAF1F8", "8A3B12"
FONT = "Noto Sans SC"
NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w10="urn:schemas-microsoft-com:office:word"'
)
FONTS = f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>'
# Where Noto Sans SC is not installed, Word takes the first of these that is.
FALLBACK = (
    f'<w:font w:name="{FONT}"><w:altName w:val="Microsoft YaHei,SimSun"/><w:charset w:val="86"/>'
    '<w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font>'
)


def size(points: float) -> str:
    return f'<w:sz w:val="{round(points * 2)}"/><w:szCs w:val="{round(points * 2)}"/>'


def colour(value: str) -> str:
    return f'<w:color w:val="{value}"/>'


def spacing(before: int, after: int, line: int = 340) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="auto"/>'


def box(rule: int, edge: str, fill: str) -> str:
    """Borders of a shaded paragraph; those above and below have its colour and only make room."""
    room = f'w:val="single" w:sz="4" w:space="9" w:color="{fill}"'
    left = f'<w:left w:val="single" w:sz="{rule}" w:space="12" w:color="{edge}"/>'
    border = f"<w:pBdr><w:top {room}/>{left}<w:bottom {room}/></w:pBdr>"
    return f'{border}<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'


def inset(before: int, after: int, line: int) -> str:
    return spacing(before, after, line) + '<w:ind w:left="300" w:right="120"/>'


BOLD = "<w:b/><w:bCs/>"
KEEP = "<w:keepNext/><w:keepLines/>"
TOP_RULE = f'<w:pBdr><w:top w:val="single" w:sz="6" w:space="8" w:color="{BRAND}"/></w:pBdr>'
BOTTOM_RULE = (
    f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="10" w:color="{BRAND}"/></w:pBdr>'
)
# style id: name, based on, paragraph properties, run properties
STYLES: dict[str, tuple[str, str, str, str]] = {
    "BodyText": ("Body Text", "Normal", spacing(0, 160), ""),
    "Compact": ("Compact", "Normal", spacing(40, 40, 300), ""),
    "Title": ("Title", "Normal", KEEP + spacing(240, 120, 280), BOLD + colour(BRAND) + size(24)),
    "Subtitle": (
        "Subtitle",
        "Normal",
        KEEP + BOTTOM_RULE + spacing(0, 360),
        colour(MUTED) + size(12),
    ),
    "Heading1": (
        "heading 1",
        "Normal",
        KEEP + spacing(480, 160, 300),
        BOLD + colour(BRAND) + size(16),
    ),
    "Heading2": (
        "heading 2",
        "Normal",
        KEEP + spacing(360, 120, 300),
        BOLD + colour(BRAND) + size(13),
    ),
    "Heading3": (
        "heading 3",
        "Normal",
        KEEP + spacing(280, 100, 300),
        BOLD + colour(BRAND) + size(11),
    ),
    "Heading4": (
        "heading 4",
        "Normal",
        KEEP + spacing(240, 80, 300),
        BOLD + colour(INK) + size(10.5),
    ),
    "FrontMatter": ("Front Matter", "Normal", KEEP + spacing(0, 320, 300), colour(MUTED) + size(9)),
    "ContentsTitle": (
        "Contents Title",
        "Normal",
        KEEP + spacing(120, 80, 280),
        BOLD + colour(BRAND) + size(12),
    ),
    "Contents1": ("Contents 1", "Normal", spacing(50, 20, 270), size(9.5)),
    "Contents2": (
        "Contents 2",
        "Normal",
        spacing(0, 10, 260) + '<w:ind w:left="360"/>',
        colour(MUTED) + size(9),
    ),
    "Headline": (
        "Headline",
        "Normal",
        KEEP + box(36, BRAND, SOFT) + inset(240, 400, 370),
        size(12.5),
    ),
    "Note": ("Note", "Normal", box(18, MUTED, "F5F6F8") + inset(200, 360, 320), size(9.5)),
    "Stamp": ("Stamp", "Normal", KEEP + TOP_RULE + spacing(0, 0, 280), colour(MUTED) + size(8)),
    "TableNote": ("Table Note", "Normal", spacing(80, 280, 280), colour(MUTED) + size(8.5)),
    "TableCaption": ("Table Caption", "Normal", KEEP + spacing(280, 100, 280), BOLD + size(9.5)),
    "ImageCaption": ("Image Caption", "Normal", spacing(80, 320, 280), BOLD + size(9.5)),
    "CaptionedFigure": ("Captioned Figure", "Normal", "<w:keepNext/>" + spacing(280, 0, 240), ""),
    "FootnoteText": ("footnote text", "Normal", spacing(0, 40, 280), colour(MUTED) + size(8.5)),
}
for points in (9, 8.4, 7.6, 6.8):  # as in filter.lua; Word knows halves of a point
    STYLES[f"Table{points}"] = (f"Table {points}", "Normal", spacing(30, 30, 280), size(points))
OUTLINE = {"Heading1": 0, "Heading2": 1, "Heading3": 2, "Heading4": 3}
TABLE = f"""<w:style w:type="table" w:customStyle="1" w:styleId="Table"><w:name w:val="Table"/>
<w:basedOn w:val="TableNormal"/><w:qFormat/><w:rPr>{size(9)}</w:rPr>\
<w:tblPr><w:tblInd w:w="0" w:type="dxa"/>
<w:tblBorders><w:top w:val="single" w:sz="12" w:color="{BRAND}"/>\
<w:bottom w:val="single" w:sz="6" w:color="{HAIR}"/>
<w:insideH w:val="single" w:sz="4" w:color="{HAIR}"/></w:tblBorders>
<w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>\
</w:tblPr>
<w:tblStylePr w:type="firstRow"><w:rPr>{BOLD}{colour(BRAND)}</w:rPr>
<w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="8" w:color="{BRAND}"/></w:tcBorders>
<w:vAlign w:val="bottom"/></w:tcPr>
</w:tblStylePr></w:style>"""
FORMULAS = (
    "sum #0 0 10800",
    "prod #0 2 1",
    "sum 21600 0 @1",
    "sum 0 0 @2",
    "sum 21600 0 @3",
    "if @0 @3 0",
    "if @0 21600 @1",
    "if @0 0 @2",
    "if @0 @4 21600",
    "mid @5 @6",
    "mid @8 @5",
    "mid @7 @8",
    "mid @6 @7",
    "sum @6 0 @5",
)
PLACE = (
    "position:absolute;margin-left:0;margin-top:0;width:440pt;height:54pt;rotation:330;"
    "z-index:-251658752;mso-position-horizontal:center;"
    "mso-position-horizontal-relative:margin;mso-position-vertical:center;"
    "mso-position-vertical-relative:margin"
)
WATERMARK = (
    '<w:r><w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
    'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas>'
    + "".join(f'<v:f eqn="{formula}"/>' for formula in FORMULAS)
    + '</v:formulas><v:path textpathok="t" o:connecttype="rect"/>'
    '<v:textpath on="t" fitshape="t"/></v:shapetype>'
    f'<v:shape id="Watermark" type="#_x0000_t136" alt="{{{{mark}}}}" style="{PLACE}" '
    f'fillcolor="#{AMBER}" stroked="f"><v:fill opacity="0.1"/>'
    f'<v:textpath style="font-family:&quot;{FONT}&quot;;font-weight:bold" '
    'string="{{mark}}"/></v:shape>'
    "</w:pict></w:r>"
)
HEADER = (
    f'<?xml version="1.0" encoding="UTF-8"?><w:hdr {NAMESPACES}><w:p><w:pPr>'
    f'<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="4" w:color="{HAIR}"/></w:pBdr>'
    '<w:tabs><w:tab w:val="right" w:pos="9298"/></w:tabs></w:pPr>'
    f"<w:r><w:rPr>{colour(MUTED)}{size(8)}</w:rPr><w:t>{{{{title}}}}</w:t></w:r>"
    f"<!--mark--><w:r><w:rPr>{BOLD}{colour(AMBER)}{size(8)}</w:rPr><w:tab/>"
    "<w:t>{{mark}}</w:t></w:r>"
    f"{WATERMARK}<!--/mark--></w:p></w:hdr>"
)


def field(code: str) -> str:
    """A Word field such as PAGE, in the style of the footer."""
    grey = f"<w:rPr>{colour(MUTED)}{size(8)}</w:rPr>"
    parts = ['<w:fldChar w:fldCharType="begin"/>', f"<w:instrText>{code}</w:instrText>"]
    parts += [
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>1</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    ]
    return "".join(f"<w:r>{grey}{part}</w:r>" for part in parts)


def footer() -> str:
    slash = f'<w:r><w:rPr>{colour(MUTED)}{size(8)}</w:rPr><w:t xml:space="preserve"> / </w:t></w:r>'
    paragraph = (
        f'<w:p><w:pPr><w:jc w:val="right"/></w:pPr>{field("PAGE")}{slash}{field("NUMPAGES")}</w:p>'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><w:ftr {NAMESPACES}>{paragraph}</w:ftr>'


SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rId91"/>'
    '<w:footerReference w:type="default" r:id="rId92"/><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1474" w:right="1304" w:bottom="1304" w:left="1304" '
    'w:header="680" w:footer="567" w:gutter="0"/></w:sectPr>'
)
RELATION = (
    '<Relationship Id="{}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
)
CONTENT = (
    '<Override PartName="/word/{0}1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.{0}+xml"/>'
)


def style(style_id: str) -> str:
    name, parent, paragraph, run = STYLES[style_id]
    if style_id in OUTLINE:
        paragraph += f'<w:outlineLvl w:val="{OUTLINE[style_id]}"/>'
    following = '<w:next w:val="BodyText"/>' if "keepNext" in paragraph else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="{parent}"/>{following}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def restyle(text: str) -> str:
    """pandoc's styles.xml with ours in place of those of the same id."""
    for style_id in [*STYLES, "Table"]:
        text = re.sub(
            rf'<w:style [^>]*w:styleId="{style_id}">.*?</w:style>', "", text, flags=re.DOTALL
        )
    text = re.sub(r"<w:rFonts[^>]*/>", FONTS, text)
    defaults = f"<w:rPr>{FONTS}{colour(INK)}{size(10.5)}"
    text = re.sub(
        r"(<w:rPrDefault>\s*)<w:rPr>.*?(<w:lang)",
        rf"\1{defaults}\2",
        text,
        count=1,
        flags=re.DOTALL,
    )
    ours = "".join(style(style_id) for style_id in STYLES) + TABLE
    return text.replace("</w:styles>", ours + "</w:styles>")


def main() -> None:
    default = subprocess.run(
        [PANDOC, "--print-default-data-file=reference.docx"], capture_output=True, check=True
    )
    parts = {name: data.decode("utf-8") for name, data in unzip(default.stdout).items()}
    parts["word/styles.xml"] = restyle(parts["word/styles.xml"])
    parts["word/fontTable.xml"] = parts["word/fontTable.xml"].replace(
        "</w:fonts>", FALLBACK + "</w:fonts>"
    )
    document = re.sub(
        r"<w:sectPr\s*/>|<w:sectPr.*?</w:sectPr>", "", parts["word/document.xml"], flags=re.DOTALL
    )
    parts["word/document.xml"] = document.replace("</w:body>", SECTION + "</w:body>")
    links = RELATION.format("rId91", "header", "header1.xml") + RELATION.format(
        "rId92", "footer", "footer1.xml"
    )
    relations = parts["word/_rels/document.xml.rels"]
    parts["word/_rels/document.xml.rels"] = relations.replace(
        "</Relationships>", links + "</Relationships>"
    )
    types = CONTENT.format("header") + CONTENT.format("footer")
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        "</Types>", types + "</Types>"
    )
    parts |= {"word/header1.xml": HEADER, "word/footer1.xml": footer()}
    write_whole(
        TEMPLATES / "reference.docx",
        zip_members({name: text.encode() for name, text in parts.items()}),
    )


if __name__ == "__main__":
    main()
