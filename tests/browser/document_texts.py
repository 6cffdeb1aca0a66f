"""The words of a document as a reader of each format sees them."""

from __future__ import annotations

import html
import re
import subprocess
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

NUMBER = re.compile(r"[−+]?\d[\d,]*\.\d+(?:E[−+]?\d+)?|[−+]?\d[\d,]*(?=%)")
# In Word's XML: sections have numbers, and equations are no text.
SECTION = re.compile(r'<w:rStyle w:val="SectionNumber" ?/></w:rPr><w:t[^>]*>[\d.]+</w:t>')
TITLE_PAGE = re.compile(
    r'<w:p>(?:(?!</w:p>).)*w:val="(?:FrontMatter|Contents\d)"(?:(?!</w:p>).)*</w:p>', re.DOTALL
)
EQUATION = re.compile(r"<m:oMath>.*?</m:oMath>", re.DOTALL)


def text_of(path: Path) -> str:
    """The text of an .html, .docx or .pdf file, without title page, section numbers, equations."""
    return {".html": _html, ".docx": _docx, ".pdf": _pdf}[path.suffix](path)


def _html(path: Path) -> str:
    main = path.read_text(encoding="utf-8").partition("<main")[2].partition("</main>")[0]
    main = re.sub(r"<math.*?</math>", " ", main, flags=re.DOTALL)
    main = re.sub(r'<span[^>]*class="header-section-number">.*?</span>', " ", main, flags=re.DOTALL)
    main = re.sub(r'<img [^>]*src="data:[^"]*"[^>]*>', " ", main)
    return html.unescape(re.sub(r"<(?!/?(?:strong|em|sup|a|span)\b)[^>]*>", "\n", _plain(main)))


def _plain(markup: str) -> str:
    """Marks inside a line leave no space."""
    return re.sub(r"</?(?:strong|em|sup|a|span)\b[^>]*>", "", markup)


def _docx(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        body = archive.read("word/document.xml").decode("utf-8")
        notes = archive.read("word/footnotes.xml").decode("utf-8")
    for pattern in (TITLE_PAGE, SECTION, EQUATION):
        body = pattern.sub(" ", body)
    lines = re.sub(r"<wp:docPr[^>]*>|</w:p>|<w:br ?/>", "\n", body + notes)
    return html.unescape(re.sub(r"<[^>]+>", "", lines))


def _pdf(path: Path) -> str:
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout


def squeezed(text: str) -> str:
    """Without spaces, in one width, in small letters: lines break elsewhere in each format."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


# large amounts of money, which the languages count in other units
MONEY = re.compile(r"[\d,.]+\s?(亿元|万元|million yuan)")


def numbers(text: str, *, signs: bool = True) -> Counter[str]:
    """All numbers with a decimal point or a per cent sign, and how often they occur."""
    plain = unicodedata.normalize("NFKC", text).replace("-", "−")
    found = NUMBER.findall(MONEY.sub("", plain))
    return Counter(one if signs else one.lstrip("−+") for one in found)
