"""Delimited text into columns. Two ways, one result: Arrow for files without quotation marks, the csv module else.

Arrow reads a million lines in half a second but forgives a quote that is never closed, which swallows rows; the csv
module is ten times slower and does not. Both work in blocks: neither holds the text of the file.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.encoding import BYTE_ORDER_MARK, examine
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Columns, Texts

EXTENSIONS = (".csv", ".tsv", ".txt")
DELIMITERS = (",", "\t", ";", "|")
SAMPLED_LINES = 20
RECORDS = 5_000  # records the careful way holds as Python lists
LEAST_SWALLOWED = 3  # in a narrow table an address may hold a line break and a comma
LONGEST_ROW = 1 << 24  # bytes of the longest row Arrow takes
Cells = tuple[dict[int, Texts], int]  # columns and number of rows


def read_delimited(path: Path, file: str) -> list[Sheet]:
    """The file as one sheet named ""; `file` names it in messages.

    A row is what a spreadsheet shows as one: a record, which may hold line breaks in quotes; blank ones count.
    """
    text = examine(path, file)
    if text.start.startswith("<"):
        raise ZgzxError(
            "a web page or XML under this extension", where=file, remedy="Open it in Excel or WPS and save it as .xlsx."
        )
    if not text.start:
        return []
    delimiter, width = _layout(path, text.encoding)
    read = _quoted if text.quoted else _plain
    columns, height = read(path, file, text.encoding, delimiter, width)
    return [Sheet("", columns, height, reading=text.encoding)]


def _open(path: Path, encoding: str) -> io.TextIOWrapper:
    handle = path.open(encoding=encoding, newline="")
    if handle.read(1) != BYTE_ORDER_MARK:
        handle.seek(0)
    return handle


def _layout(path: Path, encoding: str) -> tuple[str, int]:
    """The delimiter that stands most often, equally often in most of the first lines; and the columns it makes.

    A title line above the header, or a list inside a cell, has marks too, but not so regularly.
    """
    with _open(path, encoding) as handle:
        lines = list(islice((line for line in handle if line.strip()), SAMPLED_LINES))
    best, delimiter, width = 0, DELIMITERS[0], 1
    for mark in DELIMITERS:
        for times, count in Counter(line.count(mark) for line in lines).items():
            if times * count > best:
                best, delimiter, width = times * count, mark, times + 1
    return delimiter, width


def _plain(path: Path, file: str, encoding: str, delimiter: str, width: int) -> Cells:
    """Arrow; rows with more or fewer cells than `width` are put back where they stood."""
    ragged: dict[int, list[str]] = {}

    def keep(row: pa.csv.InvalidRow) -> str:
        ragged[row.number - 1] = row.text.split(delimiter)
        return "skip"

    names = [str(place) for place in range(width)]
    types = dict.fromkeys(names, pa.dictionary(pa.int32(), pa.large_string()))
    try:
        table = pa.csv.read_csv(
            path,
            pa.csv.ReadOptions(column_names=names, encoding=encoding, use_threads=False, block_size=LONGEST_ROW),
            pa.csv.ParseOptions(
                delimiter=delimiter, quote_char=False, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )  # fmt: skip
    except pa.ArrowInvalid:
        raise ZgzxError(
            f"a row of more than {LONGEST_ROW:,} bytes: no list, or the line ends are gone",
            where=file,
            remedy="Export the file again.",
        ) from None
    columns = Columns()
    columns.add_table(table)
    if not ragged:
        return columns.filled(), columns.height
    columns.add_rows(list(ragged.values()))
    places = np.concatenate([np.delete(np.arange(columns.height), list(ragged)), list(ragged)])
    return columns.filled(np.argsort(places)), columns.height


def _quoted(path: Path, file: str, encoding: str, delimiter: str, width: int) -> Cells:
    """The csv module, strict about quotes."""
    with _open(path, encoding) as handle:
        reader = csv.reader(handle, delimiter=delimiter, strict=True)
        columns = Columns()
        try:
            for records in _blocks(reader, delimiter, width):
                columns.add_rows(records)
        except csv.Error:
            raise ZgzxError(
                f"a quotation mark is not closed, or stands inside a cell, before line {reader.line_num + 1:,}",
                where=file,
                remedy="Open the file at that line; a cell in quotes ends with a quote, a quote inside it is doubled.",
            ) from None
    return columns.filled(), columns.height


def _blocks(reader: Iterator[list[str]], delimiter: str, width: int) -> Iterator[list[list[str]]]:
    """Records in blocks; a cell that holds a line break and a row's worth of delimiters has swallowed rows."""
    line = 0
    while records := [record or [""] for record in islice(reader, RECORDS)]:
        lines, line = reader.line_num - line, reader.line_num  # type: ignore[attr-defined]
        if lines > len(records):
            cells = (cell for record in records for cell in record if "\n" in cell or "\r" in cell)
            if any(cell.count(delimiter) >= max(width - 1, LEAST_SWALLOWED) for cell in cells):
                raise csv.Error("a cell that holds whole rows")
        yield records
