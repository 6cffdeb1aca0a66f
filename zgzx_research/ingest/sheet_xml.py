"""The XML of an .xlsx sheet, read as bytes.

How far it reaches, error values, formulas, struck-through cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import numpy as np

from zgzx_research.ingest.marks import MOST_CELLS, Cell, Marks

BLOCK = 1 << 22
_TAG = rb"<(?:\w+:)?"
_ROW = re.compile(_TAG + rb'row\s(?:[^>]*?\s)?r="(\d+)"')
_CELL = re.compile(_TAG + rb'c\s(?:[^>]*?\s)?r="([A-Z]+)(\d+)"')
_ANY_ROW = re.compile(_TAG + rb"row[\s>]")
_ANY_CELL = re.compile(_TAG + rb"c[\s/>]")
_FORMULA = rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)"
_UNCOMPUTED = re.compile(
    _TAG
    + rb'c\s(?![^>]*\bt="str")(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*>\s*'
    + _FORMULA
    + rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(
    _TAG
    + rb'c\s(?=[^>]*\bt="e")(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*>\s*(?:'
    + _FORMULA
    + rb")?\s*(?:<(?:\w+:)?v[^>]*>([^<]*)<)?"
)
_STYLED = re.compile(_TAG + rb'c\s(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*?\ss="(\d+)"')
_STRING = re.compile(
    _TAG + rb'c\s(?=[^>]*\bt="s")(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?v>(\d+)<'
)
_STRIKE = re.compile(rb'<(?:\w+:)?strike(?:\s*/>|\s+val="(?:1|true|on)")')
_LONGEST_NAME = 11  # XFD1048576 and the quotation mark behind it
UNNAMED_ERROR = "#ERROR"


def scan_sheet(handle: IO[bytes], styles: frozenset[int], strings: frozenset[int]) -> Marks:
    """Return the marks of one sheet; `styles` and `strings` are those that are struck through."""
    marks = Marks()
    for text in _whole_rows(handle):
        _measure(text, marks)
        if marks.rows * marks.columns > MOST_CELLS:
            return marks  # it is refused
        if b"<f" in text or b":f" in text:
            marks.uncomputed |= {_place(*found) for found in _UNCOMPUTED.findall(text)}
        if b't="e"' in text:
            for column, row, error in _ERROR.findall(text):
                marks.errors[_place(column, row)] = (
                    error.decode("utf-8", "replace") or UNNAMED_ERROR
                )
        if styles:
            marks.struck |= _among(_STYLED, text, styles)
        if strings:
            marks.struck |= _among(_STRING, text, strings)
    return marks


def struck_styles(styles: bytes) -> frozenset[int]:
    """Return the numbers of the cell formats whose font is struck through."""
    if b"strike" not in styles:
        return frozenset()
    fonts = re.findall(_TAG + rb"font(?:\s*/>|[\s>].*?</(?:\w+:)?font>)", styles, re.DOTALL)
    struck = {number for number, font in enumerate(fonts) if _STRIKE.search(font)}
    formats = re.search(_TAG + rb"cellXfs[\s>].*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    found = re.findall(_TAG + rb"xf\s[^>]*", formats[0]) if formats else []
    used = [re.search(rb'fontId="(\d+)"', text) for text in found]
    return frozenset(number for number, font in enumerate(used) if font and int(font[1]) in struck)


def struck_strings(strings: bytes) -> frozenset[int]:
    """Return the shared strings (numbers) of which every part is struck through."""
    if b"strike" not in strings:
        return frozenset()
    items = re.split(_TAG + rb"si[\s/>]", strings)[1:]
    return frozenset(number for number, item in enumerate(items) if _is_struck(item))


def _is_struck(item: bytes) -> bool:
    parts = re.split(_TAG + rb"r>", item)
    return len(parts) > 1 and all(_STRIKE.search(part) for part in parts[1:])


def _among(pattern: re.Pattern[bytes], text: bytes, wanted: frozenset[int]) -> set[Cell]:
    return {
        _place(column, row)
        for column, row, number in pattern.findall(text)
        if int(number) in wanted
    }


def _place(column: bytes, row: bytes) -> Cell:
    return int(row) - 1, _column(column) - 1


def _whole_rows(handle: IO[bytes]) -> Iterator[bytes]:
    """Return the text in blocks; none ends within a cell."""
    rest = b""
    while block := handle.read(BLOCK):
        text = rest + block
        # where no row ends, it is one row longer than a block, and the cut is behind a cell or
        # before a tag
        cut = text.rfind(b"row>") + len(b"row>")
        if cut < len(b"row>"):
            cut = max(text.rfind(b"c>") + len(b"c>"), text.rfind(b"<c "), text.rfind(b"<"), 0)
        cut = cut or len(text)
        yield text[:cut]
        rest = text[cut:]
    yield rest


def _measure(text: bytes, marks: Marks) -> None:
    """Rows, columns and cells of a block.

    By NumPy where every cell names its place, as nearly all files do.
    """
    letters = np.frombuffer(text + b" " * (_LONGEST_NAME + 6), dtype=np.uint8)
    tags = np.flatnonzero(letters == ord("<"))
    cells = tags[letters[tags + 1] == ord("c")]
    cells = cells[np.isin(letters[cells + 2], np.frombuffer(b" \t\r\n/>", dtype=np.uint8))]
    named = (
        (letters[cells + 3] == ord("r"))
        & (letters[cells + 4] == ord("="))
        & (letters[cells + 5] == ord('"'))
    )
    if not named.all() or not len(cells):
        _measure_tag_by_tag(text, marks)
        return
    row, column = np.zeros((2, len(cells)), dtype=np.int64)
    for offset in range(_LONGEST_NAME):
        letter = letters[cells + 6 + offset].astype(np.int64)
        column = np.where(
            (letter >= ord("A")) & (letter <= ord("Z")), column * 26 + letter - ord("A") + 1, column
        )
        row = np.where(
            (letter >= ord("0")) & (letter <= ord("9")), row * 10 + letter - ord("0"), row
        )
        cells = np.where(letter == ord('"'), len(text), cells)  # beyond the name: blanks only
    marks.reach(int(row.max()), int(column.max()))
    marks.filled += len(cells)


def _measure_tag_by_tag(text: bytes, marks: Marks) -> None:
    """Return the cells also for prefixed tags, attributes in another order, cells without a place.

    Each is the next one.
    """
    cells = [(int(row), _column(name)) for name, row in _CELL.findall(text)]
    count = len(_ANY_CELL.findall(text))
    if count > len(cells):
        rows = [int(row) for row in _ROW.findall(text)]
        started = marks.rows + len(_ANY_ROW.findall(text))
        widest = max(len(_ANY_CELL.findall(part)) for part in _ANY_ROW.split(text))
        marks.reach(max([started, *rows]), widest)
    for row, column in cells:
        marks.reach(row, column)
    marks.filled += count


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - ord("A") + 1
    return number
