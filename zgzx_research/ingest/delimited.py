"""Delimited text into columns.

Two ways, one result: Arrow for files without quotation marks, the csv module else.

Arrow reads a million lines in half a second but forgives a quote that is never closed, which takes
whole rows for one cell; the csv module is ten times slower and does not. Both work in blocks:
neither holds the text of the file.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.encoding import BYTE_ORDER_MARK, TextFile, examine, no_line_ends
from zgzx_research.ingest.marks import MOST_CELLS
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Columns, Texts

EXTENSIONS = (".csv", ".tsv", ".txt")
DELIMITERS = (",", "\t", ";", "|")
SAMPLED_LINES = 20
MOST_COLUMNS = 16_384  # as in Excel
WIDE = 1_000  # columns; a table of so many has few rows
# Cells of a row beyond the widest of the first lines and so many more are held as one: they are
# counted and shown, but a row of a million cells does not make a million columns.
SURPLUS_CELLS = 16
RECORDS = 5_000  # records the careful way holds as Python lists
LEAST_SWALLOWED = 3  # in a narrow table an address may hold a line break and a comma
LONGEST_ROW = 1 << 24  # bytes of the longest row Arrow takes
LONGEST_CELL = 1 << 20  # characters of a cell in a file with quotation marks


@dataclass(frozen=True)
class Layout:
    """How a file is divided into columns.

    Attributes
    ----------
    delimiter : str
        The character between two cells.
    width : int
        Number of columns of most of the first lines.
    most : int
        Number of cells of a row that are kept apart; those beyond are joined.
    """

    delimiter: str
    width: int
    most: int


@dataclass(frozen=True)
class Cells:
    """Columns, number of rows, and the rows with fewer cells than most: row -> number of cells."""

    columns: dict[int, Texts]
    height: int
    short: dict[int, int]


def read_delimited(path: Path, file: str) -> list[Sheet]:
    """Read the file as one sheet named ""; `file` names it in messages.

    A row is what a spreadsheet shows as one: a record, which may hold line breaks in quotes; blank
    ones count.
    """
    text = examine(path, file)
    if text.start.startswith("<"):
        raise ZgzxError(
            "a web page or XML under this extension",
            where=file,
            remedy="Open it in Excel or WPS and save it as .xlsx.",
        )
    if not text.start:
        return []
    layout = _layout(path, file, text)
    read = read_quoted if text.quoted else read_plain
    cells = read(path, file, text.encoding, layout)
    return [
        Sheet(
            "",
            cells.columns,
            cells.height,
            reading=text.encoding,
            short=cells.short,
            cut_off=not text.ended,
        )
    ]


def _open(path: Path, encoding: str) -> io.TextIOWrapper:
    handle = path.open(encoding=encoding, newline="")
    if handle.read(1) != BYTE_ORDER_MARK:
        handle.seek(0)
    return handle


def _layout(path: Path, file: str, text: TextFile) -> Layout:
    """Find the delimiter with the most regular count in the first lines, and the number of columns.

    A title line above the header, or a list inside a cell, has delimiters too, but not so
    regularly.

    Raises
    ------
    ZgzxError
        More columns than a spreadsheet has, or a wide line above a long list.
    """
    with _open(path, text.encoding) as handle:
        lines = list(islice((line for line in handle if line.strip()), SAMPLED_LINES))
    best, delimiter, width = 0, DELIMITERS[0], 1
    for mark in DELIMITERS:
        for times, count in Counter(line.count(mark) for line in lines).items():
            if times * count > best:
                best, delimiter, width = times * count, mark, times + 1
    widths = [line.count(delimiter) + 1 for line in lines]
    widest = max(widths, default=1)
    if widest > MOST_COLUMNS:
        raise ZgzxError(
            f"a row of {widest:,} cells, more than the {MOST_COLUMNS:,} columns of a spreadsheet",
            where=f"{file}, row {widths.index(widest) + 1} of those filled",
            remedy="Ask for the file again, a row per record, or for the needed columns only.",
        )
    if widest > WIDE and widest * text.lines > MOST_CELLS:
        raise ZgzxError(
            f"{text.lines:,} rows under {widest:,} columns: far beyond any table",
            where=file,
            remedy="Delete the cells beside the table, or ask for the needed columns only.",
        )
    return Layout(delimiter, width, widest + SURPLUS_CELLS)


def _narrow(record: list[str], most: int) -> list[str]:
    """Return the record with everything beyond the last column held apart in that column."""
    if len(record) <= most:
        return record
    return [*record[: most - 1], " ".join(filter(None, map(str.strip, record[most - 1 :])))]


def read_plain(path: Path, file: str, encoding: str, layout: Layout) -> Cells:
    """Arrow; rows with more or fewer cells than the others are put back where they stood."""
    ragged: dict[int, list[str]] = {}
    short: dict[int, int] = {}

    def keep(row: pa.csv.InvalidRow) -> str:
        record = row.text.split(layout.delimiter)
        ragged[row.number - 1] = _narrow(record, layout.most)
        if len(record) < layout.width and any(map(str.strip, record)):
            short[row.number - 1] = len(record)
        return "skip"

    names = [str(place) for place in range(layout.width)]
    types = dict.fromkeys(names, pa.dictionary(pa.int32(), pa.large_string()))
    try:
        table = pa.csv.read_csv(
            path,
            pa.csv.ReadOptions(
                column_names=names, encoding=encoding, use_threads=False, block_size=LONGEST_ROW
            ),
            pa.csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char=False,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        raise no_line_ends(file) from None
    columns = Columns()
    columns.add_table(table)
    if not ragged:
        return Cells(columns.filled(), columns.height, short)
    records = list(ragged.values())
    for first in range(0, len(records), RECORDS):
        columns.add_rows(records[first : first + RECORDS])
    places = np.concatenate([np.delete(np.arange(columns.height), list(ragged)), list(ragged)])
    return Cells(columns.filled(np.argsort(places)), columns.height, short)


def read_quoted(path: Path, file: str, encoding: str, layout: Layout) -> Cells:
    """Read by the csv module, strict about quotes."""
    csv.field_size_limit(LONGEST_CELL)
    with _open(path, encoding) as handle:
        reader = csv.reader(handle, delimiter=layout.delimiter, strict=True)
        columns = Columns()
        short: dict[int, int] = {}
        try:
            for records in _blocks(reader, layout.delimiter, layout.width):
                few = {
                    n: len(row)
                    for n, row in enumerate(records)
                    if len(row) < layout.width and any(map(str.strip, row))
                }
                short |= {columns.height + n: count for n, count in few.items()}
                columns.add_rows([_narrow(record, layout.most) for record in records])
        except csv.Error:
            raise ZgzxError(
                "a quotation mark is not closed, or stands inside a cell, "
                f"before line {reader.line_num + 1:,}",
                where=file,
                remedy="Open the file at that line; a cell in quotes ends with a quote, "
                "a quote inside it is doubled.",
            ) from None
    return Cells(columns.filled(), columns.height, short)


def _blocks(reader: Iterator[list[str]], delimiter: str, width: int) -> Iterator[list[list[str]]]:
    """Yield records in blocks; refuse a cell that holds whole rows."""
    line = 0
    while records := [record or [""] for record in islice(reader, RECORDS)]:
        lines, line = reader.line_num - line, reader.line_num  # type: ignore[attr-defined]
        if lines > len(records):
            cells = (cell for record in records for cell in record if "\n" in cell or "\r" in cell)
            if any(cell.count(delimiter) >= max(width - 1, LEAST_SWALLOWED) for cell in cells):
                raise csv.Error("a cell that holds whole rows")
        yield records
