"""The content of an .ods: repeated cells and rows, error values, formulas, struck-through cells.

OpenDocument writes a cell that repeats once, with a number beside it: a few bytes may stand for a
million cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import IO
from xml.parsers import expat

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.marks import Cell, Marks, check_reach
from zgzx_research.ingest.sheet_xml import UNNAMED_ERROR

LONGEST_TEXT = 32_767  # characters of a cell, as in Excel
_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|NAME\?|VALUE!|NULL!|NUM!|SPILL!|CALC!)|Err:\d+")
_CELLS = ("table-cell", "covered-table-cell")


@dataclass
class _Table:
    """A table while it is read.

    Spans are (row, rows, column, columns), what is found in them is laid out later.
    """

    name: str
    marks: Marks = field(default_factory=Marks)
    row: int = 0
    rows: int = 1  # times the present row is repeated
    column: int = 0
    errors: list[tuple[Cell, Cell, str]] = field(default_factory=list)
    uncomputed: list[tuple[Cell, Cell]] = field(default_factory=list)
    struck: list[tuple[Cell, Cell]] = field(default_factory=list)


def scan(handle: IO[bytes], file: str) -> dict[str, Marks]:
    """Per sheet the marks of its cells.

    Raises
    ------
    ZgzxError
        A sheet that unfolds to more than any table, a cell longer than a cell can be.
    """
    reader = _Reader(file)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    parser.ParseFile(handle)
    return {table.name: _laid_out(table) for table in reader.tables}


def _laid_out(table: _Table) -> Marks:
    marks = table.marks
    marks.errors = {
        cell: text for first, times, text in table.errors for cell in _span(first, times)
    }
    marks.uncomputed = {cell for first, times in table.uncomputed for cell in _span(first, times)}
    marks.struck = {cell for first, times in table.struck for cell in _span(first, times)}
    return marks


def _span(first: Cell, times: Cell) -> Iterator[Cell]:
    return product(range(first[0], first[0] + times[0]), range(first[1], first[1] + times[1]))


class _Reader:
    """Handlers of the parser; tags and attributes are known by their local names."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.tables: list[_Table] = []
        self.struck: set[str] = set()  # names of cell styles that strike through
        self._style = self._row_style = ""
        self._cell: dict[str, str] = {}
        self._parts: list[str] = []
        self._in_cell = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "table" and not self._in_cell:
            self.tables.append(_Table(_local(attributes).get("name", "")))
        elif name == "table-row" and self.tables:
            self._begin_row(_local(attributes))
        elif name in _CELLS:
            self._cell, self._parts, self._in_cell = _local(attributes), [], True
        elif name == "s" and self._in_cell:
            self._blanks(int(_local(attributes).get("c", "1")))
        elif name == "style":
            self._style = _local(attributes).get("name", "")
        elif name == "text-properties" and self._style:
            values = _local(attributes)
            lines = {values.get("text-line-through-style"), values.get("text-line-through-type")}
            if lines - {None, "none"}:
                self.struck.add(self._style)

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name in _CELLS and self.tables:
            self._end_cell(self.tables[-1])
        elif name == "table-row" and self.tables:
            self.tables[-1].row += self.tables[-1].rows
        elif name == "table" and self.tables and not self._in_cell:
            check_reach(self.tables[-1].marks, self.file, len(self.tables))

    def text(self, text: str) -> None:
        if self._in_cell:
            self._parts.append(text)

    def entity(self, *_: object) -> None:
        raise expat.ExpatError(
            "entities"
        )  # they could unfold to gigabytes; no office program writes any

    def _begin_row(self, values: dict[str, str]) -> None:
        table = self.tables[-1]
        table.rows, table.column = int(values.get("number-rows-repeated", "1")), 0
        self._row_style = values.get("default-cell-style-name", "")

    def _blanks(self, count: int) -> None:
        if count > LONGEST_TEXT:
            raise ZgzxError(
                f"a cell of {count:,} blanks, more than the {LONGEST_TEXT:,} characters of a cell",
                where=self.file,
                remedy="Delete the text of that cell.",
            )
        self._parts.append(" " * count)

    def _end_cell(self, table: _Table) -> None:
        self._in_cell = False
        first, times = (
            (table.row, table.column),
            (table.rows, int(self._cell.get("number-columns-repeated", "1"))),
        )
        table.column += times[1]
        text = "".join(self._parts).strip()
        is_error = self._cell.get("calcext:value-type") == "error" or _ERROR.fullmatch(text)
        if (
            not text
            and "value-type" not in self._cell
            and "formula" not in self._cell
            and not is_error
        ):
            return
        table.marks.reach(first[0] + times[0], first[1] + times[1])
        table.marks.filled += times[0] * times[1]
        if times[0] * times[1] > 1:
            check_reach(table.marks, self.file, len(self.tables))
        if is_error:
            table.errors.append((first, times, text or UNNAMED_ERROR))
        elif "formula" in self._cell and "value-type" not in self._cell and not text:
            table.uncomputed.append((first, times))
        if text and self._cell.get("style-name", self._row_style) in self.struck:
            table.struck.append((first, times))


def _local(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name; the error type of LibreOffice keeps its prefix."""
    return {
        name if name == "calcext:value-type" else name.rpartition(":")[2]: value
        for name, value in attributes.items()
    }
