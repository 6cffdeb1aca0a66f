"""Delimited text: the encoding and the delimiter by trial, quotes by the csv module."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.sheet import Sheet

EXTENSIONS = (".csv", ".tsv", ".txt")
DELIMITERS = (",", "\t", ";", "|")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
BYTE_ORDER_MARK = "\ufeff"


def read_delimited(path: Path, file: str) -> list[Sheet]:
    """The file as one sheet named ""; `file` names it in messages."""
    text, encoding = decode(path.read_bytes(), file)
    return [Sheet("", _records(text, file), reading=encoding)]


def decode(data: bytes, file: str) -> tuple[str, str]:
    """Text and encoding: a byte-order mark decides, else UTF-8, else GB18030.

    A file whose first Chinese line is good UTF-8 is UTF-8: a bad byte further on is damage, and reading the rest as
    GB18030 would turn it into nonsense without an error.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, file).removeprefix(BYTE_ORDER_MARK), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_chinese_line(data[: error.start]):
            raise _undecodable(error, "utf-8", file) from None
    return _strict(data, "gb18030", file), "gb18030"


def _is_chinese_line(good: bytes) -> bool:
    line = next((line for line in good.split(b"\n")[:-1] if not line.isascii()), b"")
    return bool(line)


def _strict(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(error, encoding, file) from None


def _undecodable(error: UnicodeDecodeError, encoding: str, file: str) -> ZgzxError:
    return ZgzxError(
        f"the bytes are not {encoding} text from offset {error.start:,} on",
        where=file,
        examples=[f"byte 0x{error.object[error.start]:02X} at offset {error.start:,}"],
        remedy="Export the file again as UTF-8 or GB18030 (Excel: CSV UTF-8).",
    )


def _records(text: str, file: str) -> list[list[str]]:
    """Rows as the clerk counts them in a spreadsheet: one per record, blank ones included."""
    lines = (line for line in io.StringIO(text) if any(mark in line for mark in DELIMITERS))
    delimiter = max(DELIMITERS, key=next(lines, ",").count)  # a title line above the header has none of them
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [[cell.strip() for cell in record] for record in reader]
    except csv.Error:
        raise ZgzxError(
            f"a quotation mark is not closed, or stands inside a cell, before line {reader.line_num + 1:,}",
            where=file,
            remedy="Open the file at that line; a cell in quotes ends with a quote, a quote inside it is doubled.",
        ) from None
