"""The records of an .xls (BIFF in an OLE container).

Error values, formulas without a result, struck-through cells.

python-calamine gives a blank for an error and says nothing of fonts; what it cannot read is left to
its own error. Records: [MS-XLS], container: [MS-CFB], both published by Microsoft.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from zgzx_research.ingest.marks import Marks
from zgzx_research.ingest.sheet_xml import UNNAMED_ERROR

END_OF_CHAIN = 0xFFFFFFFA  # this and above are no sectors
SMALL = 4_096  # bytes; shorter streams stand in the mini stream
_BOF, _EOF, _SHEET, _FONT, _XF = 0x809, 0x0A, 0x85, 0x31, 0xE0
_FORMULA, _BOOL_OR_ERROR, _BLANK, _MANY_BLANK, _MANY_NUMBERS = 0x06, 0x205, 0x201, 0xBE, 0xBD
_ONE_CELL = {_FORMULA, _BOOL_OR_ERROR, _BLANK, 0x203, 0x204, 0xFD, 0x27E, 0xD6}
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_WRITER = 0x5C
_NO_WRITER = b"None "  # xlwt: it computes nothing, and stores an empty text for every formula
_STRUCK = 0x08  # bit of the options of a font


@dataclass
class _Book:
    sheets: list[tuple[int, str]] = field(default_factory=list)  # offset and name
    fonts: list[bool] = field(default_factory=list)  # whether struck through
    formats: list[bool] = field(default_factory=list)
    never_computed: bool = False  # written by a program that computes no formula


def scan(content: bytes) -> dict[str, Marks]:
    """Per sheet the marks of its cells; none where the file is no .xls or is damaged."""
    try:
        stream = _workbook_stream(content)
        book = _globals(stream)
        return {name: _sheet(stream, offset, book) for offset, name in book.sheets}
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        return {}


def _workbook_stream(content: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    first_directory, _, cutoff, first_small = struct.unpack_from("<4I", content, 48)
    table = _sector_table(content, size)
    directory = _chain(content, table, first_directory, size, size)
    entries = {name: entry for name, *entry in _entries(directory)}
    start, length = entries["Workbook"] if "Workbook" in entries else entries["Book"]
    if length >= cutoff:
        return _chain(content, table, start, size, size)[:length]
    root = entries["Root Entry"]
    small = _chain(content, table, root[0], size, size)
    sectors = _chain(content, table, first_small, size, size)
    small_table = list(struct.unpack(f"<{len(sectors) // 4}I", sectors))
    return _chain(small, small_table, start, 64, 0)[:length]


def _sector_table(content: bytes, size: int) -> list[int]:
    """Which sector follows which.

    Its own sectors stand in the header and, in a large file, in a chain of them.
    """
    numbers = [
        number for number in struct.unpack_from("<109I", content, 76) if number < END_OF_CHAIN
    ]
    following = struct.unpack_from("<I", content, 68)[0]
    while following < END_OF_CHAIN and len(numbers) * size < len(content):
        more = struct.unpack_from(f"<{size // 4}I", content, (following + 1) * size)
        numbers += [number for number in more[:-1] if number < END_OF_CHAIN]
        following = more[-1]
    table: list[int] = []
    for number in numbers:
        table += struct.unpack_from(f"<{size // 4}I", content, (number + 1) * size)
    return table


def _chain(content: bytes, table: list[int], sector: int, size: int, before: int) -> bytes:
    """Join the sectors of a stream; `before` bytes stand before sector 0."""
    parts: list[bytes] = []
    while sector < END_OF_CHAIN and len(parts) <= len(table):
        parts.append(content[before + sector * size : before + (sector + 1) * size])
        sector = table[sector]
    return b"".join(parts)


def _entries(directory: bytes) -> Iterator[tuple[str, int, int]]:
    for place in range(0, len(directory), 128):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(length - 2, 0)].decode("utf-16-le")
        start, size = struct.unpack_from("<II", directory, place + 116)
        yield name, start, size


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place of the content and its length, to the end of this part of the stream."""
    while True:
        kind, length = struct.unpack_from("<HH", stream, offset)
        yield kind, offset + 4, length
        if kind == _EOF:
            return
        offset += 4 + length


def _globals(stream: bytes) -> _Book:
    book = _Book()
    new = struct.unpack_from("<H", stream, 4)[0] >= 0x600  # BIFF8: names in Unicode
    for kind, place, length in _records(stream, 0):
        if kind == _SHEET:
            book.sheets.append(
                (
                    struct.unpack_from("<I", stream, place)[0],
                    _name(stream[place + 6 : place + length], new),
                )
            )
        elif kind == _FONT:
            book.fonts.append(bool(struct.unpack_from("<H", stream, place + 2)[0] & _STRUCK))
            if len(book.fonts) == 4:
                book.fonts.append(False)  # there is no font 4
        elif kind == _WRITER:
            book.never_computed = stream[place : place + length].startswith(_NO_WRITER)
        elif kind == _XF:
            font = struct.unpack_from("<H", stream, place)[0]
            book.formats.append(font < len(book.fonts) and book.fonts[font])
    return book


def _name(content: bytes, new: bool) -> str:
    if not new:
        return content[1:].decode("gb18030")
    return content[2:].decode("utf-16-le" if content[1] & 1 else "latin-1")


def _sheet(stream: bytes, offset: int, book: _Book) -> Marks:
    marks, formats = Marks(), book.formats
    any_struck = any(formats)
    for kind, place, length in _records(stream, offset):
        if kind in _ONE_CELL:
            row, column, style = struct.unpack_from("<HHH", stream, place)
            if kind != _BLANK:
                marks.reach(row + 1, column + 1)
                marks.filled += 1
                if any_struck and style < len(formats) and formats[style]:
                    marks.struck.add((row, column))
            _note_value(
                marks, (row, column), kind, stream[place + 6 : place + length], book.never_computed
            )
        elif kind == _MANY_NUMBERS:
            row, column = struct.unpack_from("<HH", stream, place)
            styles = [
                struct.unpack_from("<H", stream, at)[0]
                for at in range(place + 4, place + length - 2, 6)
            ]
            marks.reach(row + 1, column + len(styles))
            marks.filled += len(styles)
            hit = [
                number
                for number, style in enumerate(styles)
                if style < len(formats) and formats[style]
            ]
            marks.struck |= {(row, column + number) for number in hit}
    return marks


def _note_value(marks: Marks, cell: tuple[int, int], kind: int, value: bytes, never: bool) -> None:
    if kind == _BOOL_OR_ERROR and value[1]:
        marks.errors[cell] = _ERRORS.get(value[0], UNNAMED_ERROR)
    elif kind == _FORMULA and value[6:8] == b"\xff\xff":
        if value[0] == 2:
            marks.errors[cell] = _ERRORS.get(value[2], UNNAMED_ERROR)
        elif value[0] == 3 and (
            never or value[8] & 2
        ):  # no text, and to be computed when the file is opened
            marks.uncomputed.add(cell)
