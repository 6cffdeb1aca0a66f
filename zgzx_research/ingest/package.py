"""What the container of a workbook says before its cells are read.

Password, size, marks of cells.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import old_workbook, opendocument, sheet_xml
from zgzx_research.ingest.marks import Marks, check_reach

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A full sheet of 1,048,576 rows and 16 columns is about 0.7 GB of XML; anything beyond is no
# clerk's list.
MOST_EXPANDED = 1 << 30  # bytes of all parts of a workbook, unpacked
# Tables pack to a twentieth at best; what packs to a hundredth (Apache POI's limit as well) is the
# same text again and again, made to fill the memory.
LARGE = 100_000_000  # bytes; smaller parts may pack as they like
MOST_PACKED = 100
MOST_PARTS = 65_535
MOST_SHEETS = 5_000
MOST_DIRECTORY = (
    1 << 24
)  # bytes of the list of sheets, of the links, and of the directory of the ZIP
MOST_UNUSED_STRINGS = 1_000_000  # texts in the common list beyond the number of cells
BLOCK = 1 << 22

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
# BIFF: the begin-of-file record of the workbook (16 bytes of content), then FILEPASS.
_FILEPASS = re.compile(rb"\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
_END_OF_DIRECTORY = b"PK\x05\x06"
_STRINGS, _STYLES, _CONTENT = "xl/sharedStrings.xml", "xl/styles.xml", "content.xml"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ElementTree.ParseError,
    ExpatError,
    KeyError,
    UnicodeDecodeError,
)


def signature(path: Path) -> bytes:
    """ZIP or OLE for a workbook, b"" for anything else; the extension of a file is not asked."""
    with path.open("rb") as handle:
        head = handle.read(len(OLE))
    return next((known for known in (ZIP, OLE) if head.startswith(known)), b"")


def check_package(path: Path, file: str) -> dict[str, Marks]:
    """Per sheet what the file says of its cells beyond their text; nothing for .xlsb.

    Raises
    ------
    ZgzxError
        A password, a part that is damaged, more of anything than a table can have.
    """
    if signature(path) == OLE:
        content = path.read_bytes()
        if _ENCRYPTED_PACKAGE in content or _FILEPASS.search(content):
            raise protected(file)
        found = old_workbook.scan(content)
        for number, marks in enumerate(found.values(), start=1):
            check_reach(marks, file, number)
        return found
    try:
        _check_directory(path, file)
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, file)
            if _CONTENT in archive.namelist():
                return _scan_opendocument(archive, file)
            return _check_parts(archive, file)
    except _DAMAGE as error:
        raise damaged(file) from error
    except RuntimeError as error:  # zipfile's way of asking for a password
        raise protected(file) from error


def damaged(file: str) -> ZgzxError:
    """Make the error for a damaged workbook."""
    return ZgzxError(
        "not a readable workbook (damaged, or another format under this extension)",
        where=file,
        remedy="Open it in Excel or WPS and save it as .xlsx, or export it as .csv.",
    )


def protected(file: str) -> ZgzxError:
    """Make the error for a workbook with a password."""
    return ZgzxError(
        "the workbook is protected by a password", where=file, remedy="Save it without one."
    )


def _too_large(what: str, file: str) -> ZgzxError:
    return ZgzxError(what, where=file, remedy="Ask for the table in parts, or as .csv.")


def _check_directory(path: Path, file: str) -> None:
    """Look at the last bytes only.

    Reading a directory of millions of parts would take the memory itself.
    """
    with path.open("rb") as handle:
        handle.seek(max(path.stat().st_size - (1 << 16) - 22, 0))
        tail = handle.read()
    end = tail.rfind(_END_OF_DIRECTORY)
    if end < 0 or len(tail) < end + 22:
        raise zipfile.BadZipFile
    parts, size = struct.unpack_from("<HI", tail, end + 10)
    if parts >= MOST_PARTS or size > MOST_DIRECTORY:
        raise _too_large(f"the workbook has {MOST_PARTS:,} parts or more", file)


def _check_sizes(archive: zipfile.ZipFile, file: str) -> None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    if size > MOST_EXPANDED:
        raise _too_large(
            f"the workbook unpacks to {size:,} bytes, more than {MOST_EXPANDED:,}", file
        )
    packed = sum(part.compress_size for part in parts)
    if size > LARGE and size > MOST_PACKED * packed:
        raise _too_large(
            f"the workbook unpacks to {size:,} bytes, {size // max(packed, 1):,} times its size: "
            "no table does",
            file,
        )


def _check_parts(archive: zipfile.ZipFile, file: str) -> dict[str, Marks]:
    sheets = _sheet_parts(archive, file)
    parts = {part.filename for part in archive.infolist()}
    styles = (
        sheet_xml.struck_styles(archive.read(_STYLES))
        if sheets and _STYLES in parts
        else frozenset()
    )
    strings, count = _shared_strings(archive) if sheets and _STRINGS in parts else (frozenset(), 0)
    found = {}
    for part in (
        archive.infolist()
    ):  # a part that unpacks to another size than it says fails its checksum here
        with archive.open(part) as handle:
            if part.filename in sheets:
                name = sheets[part.filename]
                found[name] = sheet_xml.scan_sheet(handle, styles, strings)
                check_reach(found[name], file, [*sheets.values()].index(name) + 1)
            elif part.filename not in (_STYLES, _STRINGS):
                while handle.read(BLOCK):
                    pass
    if count > sum(marks.filled for marks in found.values()) + MOST_UNUSED_STRINGS:
        raise _too_large(f"the workbook lists {count:,} texts that no cell shows", file)
    return found


def _shared_strings(archive: zipfile.ZipFile) -> tuple[frozenset[int], int]:
    """Those struck through, and how many there are."""
    count, struck = 0, False
    with archive.open(_STRINGS) as handle:
        while block := handle.read(BLOCK):
            count += (
                block.count(b"<si>")
                + block.count(b"<si ")
                + block.count(b"<si/")
                + block.count(b":si>")
            )
            struck = struck or b"strike" in block
    return (sheet_xml.struck_strings(archive.read(_STRINGS)) if struck else frozenset()), count


def _scan_opendocument(archive: zipfile.ZipFile, file: str) -> dict[str, Marks]:
    for part in archive.infolist():
        if part.filename != _CONTENT:
            with archive.open(part) as handle:
                while handle.read(BLOCK):
                    pass
    with archive.open(_CONTENT) as handle:
        return opendocument.scan(handle, file)


def _small_part(archive: zipfile.ZipFile, name: str, file: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_DIRECTORY:
        raise _too_large(f"the list of sheets is longer than {MOST_DIRECTORY:,} bytes", file)
    return archive.read(name)


def _sheet_parts(archive: zipfile.ZipFile, file: str) -> dict[str, str]:
    """Part -> sheet name of an .xlsx."""
    if "xl/workbook.xml" not in archive.namelist():
        return {}
    book = _small_part(archive, "xl/workbook.xml", file)
    if (
        b"<!DOCTYPE" in book
    ):  # it could define words that unfold to gigabytes; no office program writes one
        raise zipfile.BadZipFile
    relations = ElementTree.fromstring(_small_part(archive, "xl/_rels/workbook.xml.rels", file))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    found = [entry for entry in ElementTree.fromstring(book).iter() if entry.tag.endswith("}sheet")]
    if len(found) > MOST_SHEETS:
        raise _too_large(f"the workbook has {len(found):,} sheets, more than {MOST_SHEETS:,}", file)
    parts = {}
    for entry in found:
        relation = next((value for key, value in entry.items() if key.endswith("}id")), "")
        parts[posixpath.join("/xl", targets.get(relation, "")).lstrip("/")] = entry.get("name", "")
    if len(parts) < len(found):
        raise zipfile.BadZipFile  # two sheets in one part
    return parts
