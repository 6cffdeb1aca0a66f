"""What the container of a workbook says before its cells are read: password, size, stray cells, formulas."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from zgzx_research.errors import ZgzxError

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A full sheet of 1,048,576 rows and 16 columns is about 0.7 GB of XML; anything beyond is no clerk's list.
MOST_EXPANDED = 1 << 30  # bytes of all parts of a workbook, unpacked
# Every cell up to the last takes memory, filled or not: a stray cell in column XFD makes 16,384 columns.
MOST_CELLS = 50_000_000
BLOCK = 1 << 22

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
# BIFF: the begin-of-file record of the workbook (16 bytes of content), then FILEPASS.
_FILEPASS = re.compile(rb"\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
_ROW = re.compile(rb'<(?:\w+:)?row\s(?:[^>]*?\s)?r="(\d+)"')
_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]+)\d+"')
_BEYOND_Z = re.compile(
    rb'r="[A-Z]{2}'
)  # most sheets have no such cell, and their cells need not be looked at one by one
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c\s(?![^>]*\bt="str")(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*>\s*'
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ElementTree.ParseError, KeyError)


@dataclass
class Extent:
    """How far a sheet reaches (to Z at least), and its formulas without a stored result."""

    rows: int = 0
    columns: int = 26
    uncomputed: set[tuple[int, int]] = field(default_factory=set)


def signature(path: Path) -> bytes:
    """ZIP or OLE for a workbook, b"" for anything else; the extension of a file is not asked."""
    with path.open("rb") as handle:
        head = handle.read(len(OLE))
    return next((known for known in (ZIP, OLE) if head.startswith(known)), b"")


def check_package(path: Path, file: str) -> dict[str, frozenset[tuple[int, int]]]:
    """Per sheet of an .xlsx the formulas without a stored result; nothing for other workbooks.

    Raises
    ------
    ZgzxError : a password, a part that is damaged, more than MOST_EXPANDED bytes or MOST_CELLS cells.
    """
    if signature(path) == OLE:
        content = path.read_bytes()
        if _ENCRYPTED_PACKAGE in content or _FILEPASS.search(content):
            raise protected(file)
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_parts(archive, file)
    except _DAMAGE as error:
        raise damaged(file) from error
    except RuntimeError as error:  # zipfile's way of asking for a password
        raise protected(file) from error


def damaged(file: str) -> ZgzxError:
    return ZgzxError(
        "not a readable workbook (damaged, or another format under this extension)",
        where=file,
        remedy="Open it in Excel or WPS and save it as .xlsx, or export it as .csv.",
    )


def protected(file: str) -> ZgzxError:
    return ZgzxError("the workbook is protected by a password", where=file, remedy="Save it without one.")


def cell_name(row: int, column: int) -> str:
    """A1 for (0, 0)."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _check_parts(archive: zipfile.ZipFile, file: str) -> dict[str, frozenset[tuple[int, int]]]:
    size = sum(part.file_size for part in archive.infolist())
    if size > MOST_EXPANDED:
        raise ZgzxError(
            f"the workbook unpacks to {size:,} bytes, more than {MOST_EXPANDED:,}", where=file,
            remedy="Ask for the table in parts, or as .csv.",
        )  # fmt: skip
    sheets = _sheet_parts(archive)
    found = {}
    for part in archive.infolist():  # a part that unpacks to another size than it says fails its checksum here
        with archive.open(part) as handle:
            extent = _extent(handle)
        if part.filename not in sheets:
            continue
        name = sheets[part.filename]
        if extent.rows * extent.columns > MOST_CELLS:
            raise ZgzxError(
                f"the sheet reaches to {cell_name(extent.rows - 1, extent.columns - 1)}, far beyond any table",
                where=f"{file}, sheet {[*sheets.values()].index(name) + 1}", count=extent.rows * extent.columns,
                remedy="Delete the columns and rows beside the table, or save the table alone as .csv.",
            )  # fmt: skip
        found[name] = frozenset(extent.uncomputed)
    return found


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part -> sheet name of an .xlsx."""
    if "xl/workbook.xml" not in archive.namelist():
        return {}
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    parts = {}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if sheet.tag.endswith("}sheet"):
            relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            part = posixpath.join("/xl", targets.get(relation, "")).lstrip("/")
            parts[part] = sheet.get("name", "")
    return parts


def _extent(handle: IO[bytes]) -> Extent:
    extent = Extent()
    for text in _whole_rows(handle):
        rows = _ROW.findall(text, max(text.rfind(b"<row "), 0)) or _ROW.findall(text)
        extent.rows = max([extent.rows, *map(int, rows[-1:])])
        if _BEYOND_Z.search(text):
            extent.columns = max([extent.columns, *map(_column, set(_CELL.findall(text)))])
        if b"<f" in text or b":f" in text:
            extent.uncomputed |= {(int(row) - 1, _column(name) - 1) for name, row in _UNCOMPUTED.findall(text)}
    return extent


def _whole_rows(handle: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := handle.read(BLOCK):
        text = rest + block
        cut = text.rfind(b"row>") + len(b"row>")
        if cut < len(b"row>"):
            cut = max(len(text) - BLOCK, 0)  # no row ends here: another part, or one row longer than a block
        yield text[:cut]
        rest = text[cut:]
    yield rest


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - ord("A") + 1
    return number
