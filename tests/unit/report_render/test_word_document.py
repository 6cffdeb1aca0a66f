"""A Word file that must be short: smaller letters, lines, distances and margins, nothing else."""

from __future__ import annotations

import io
import re
import zipfile

from zgzx_research.report.word_document import finish_docx
from zgzx_research.report.zip_archives import zip_members

STYLES = (
    '<w:styles><w:style w:styleId="A"><w:spacing w:before="100" w:after="200" w:line="340" '
    'w:lineRule="auto"/><w:sz w:val="20"/><w:szCs w:val="20"/><w:top w:val="single" w:sz="12"/>'
    '<w:ind w:left="300"/></w:style><w:style w:styleId="B"><w:spacing w:line="260"/></w:style>'
    "</w:styles>"
)
BODY = '<w:body><w:p/><w:pgMar w:top="1000" w:bottom="1000" w:left="1304" w:right="1304"/></w:body>'


def made() -> bytes:
    return zip_members(
        {
            "docProps/core.xml": b"<dc:creator></dc:creator>",
            "word/document.xml": BODY.encode(),
            "word/header1.xml": b"<w:t>{{title}}</w:t>",
            "word/styles.xml": STYLES.encode(),
        }
    )


def member(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


def numbers(markup: str, name: str) -> list[int]:
    return [int(one) for one in re.findall(rf'w:{name}="(\d+)"', markup)]


def test_a_long_document_keeps_its_styles() -> None:
    done = finish_docx(made(), title="T", mark="")
    assert member(done, "word/styles.xml") == STYLES
    assert member(done, "word/document.xml") == BODY


def test_a_short_one_is_smaller_where_it_takes_room_and_nowhere_else() -> None:
    done = finish_docx(made(), title="T", mark="", compact=True)
    styles, body = member(done, "word/styles.xml"), member(done, "word/document.xml")
    for name, before in (("before", [100]), ("after", [200]), ("val", [20, 20])):
        now = numbers(styles, name)
        assert len(now) == len(before)
        assert all(0 < small < large for small, large in zip(now, before, strict=True))
    assert numbers(styles, "line") == [240, 240]  # never less than one line
    assert numbers(styles, "sz") == [12]  # of a border
    assert numbers(styles, "left") == [300]
    assert numbers(body, "top")[0] < 1000 and numbers(body, "bottom")[0] < 1000
    assert numbers(body, "left") == numbers(body, "right") == [1304]
