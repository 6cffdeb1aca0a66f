"""Which encoding a text file is in, and where its bytes are damaged.

Read in blocks, so its size does not matter.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.errors import ZgzxError

BLOCK = 1 << 22  # bytes read at a time
LONGEST_LINE = 1 << 24  # characters; a longer one is no row of a list
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BYTE_ORDER_MARK = "\ufeff"
# Digits, delimiters and line ends are half zeros in UTF-16; a file with fewer zeros is a damaged
# one.
LEAST_UTF16_ZEROS = 0.05


@dataclass(frozen=True)
class TextFile:
    """What one pass over a file finds.

    Attributes
    ----------
    encoding : str
        The encoding of the file.
    quoted : bool
        Whether a quotation mark stands in it.
    start : str
        Its first text.
    lines : int
        Number of line ends, about.
    ended : bool
        Whether the last line has a line end.
    """

    encoding: str
    quoted: bool
    start: str
    lines: int
    ended: bool


class _Damage(Exception):
    """A byte that cannot be text of this encoding."""

    def __init__(self, offset: int, byte: int) -> None:
        super().__init__(offset, byte)
        self.offset, self.byte = offset, byte


def examine(path: Path, file: str) -> TextFile:
    """Read the whole file once to find its encoding.

    A byte-order mark decides, else zeros (UTF-16), else UTF-8, else GB18030. A file whose first
    Chinese line is good UTF-8 is UTF-8: a bad byte further on is damage, and reading the rest as
    GB18030 would turn it into nonsense without an error.

    Parameters
    ----------
    path : Path
        The file.
    file : str
        Its number, for messages.

    Raises
    ------
    ZgzxError
        Bytes that are no text of the encoding, with the offset of the first.
    """
    with path.open("rb") as handle:
        head = handle.read(BLOCK)
    encoding = _marked(head) or _utf16_without_mark(head) or "utf-8"
    try:
        return _pass_over(path, encoding, file)
    except _Damage as damage:
        if (
            encoding != "utf-8"
            or not damage.byte
            or _marked(head)
            or _has_chinese_line(head[: damage.offset])
        ):
            raise _undecodable(damage, encoding, file) from None
    try:
        return _pass_over(path, "gb18030", file)
    except _Damage as damage:
        raise _undecodable(damage, "gb18030", file) from None


def _marked(head: bytes) -> str | None:
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def _utf16_without_mark(head: bytes) -> str | None:
    """Return the byte order in which line ends stand and nothing is zero.

    None when both or neither would do.
    """
    if head.count(0) < LEAST_UTF16_ZEROS * len(head) or len(head) % 2:
        return None
    texts = {
        encoding: head.decode(encoding, errors="replace") for encoding in ("utf-16-le", "utf-16-be")
    }
    fitting = [
        name for name, text in texts.items() if ("\n" in text or "\r" in text) and "\0" not in text
    ]
    return fitting[0] if len(fitting) == 1 else None


def _has_chinese_line(good: bytes) -> bool:
    return any(not line.isascii() for line in good.split(b"\n")[:-1])


def _pass_over(path: Path, encoding: str, file: str) -> TextFile:
    quoted, start, lines, run, last = False, "", 0, 0, ""
    for text in _decoded(path, encoding):
        quoted = quoted or '"' in text
        start = start or text.removeprefix(BYTE_ORDER_MARK).strip()[:100]
        end = "\n" if "\n" in text else "\r"
        lines += text.count(end)
        run = len(text) - text.rfind(end) - 1 if end in text else run + len(text)
        last = text[-1:] or last
        if run > LONGEST_LINE:
            raise no_line_ends(file)
    return TextFile(encoding, quoted, start, lines, last in "\r\n")


def no_line_ends(file: str) -> ZgzxError:
    """Make the error for a file without line ends."""
    return ZgzxError(
        f"a row of more than {LONGEST_LINE:,} characters: no list, or the line ends are gone",
        where=file,
        remedy="Export the file again.",
    )


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    position, final = 0, False
    with path.open("rb") as handle:
        while not final:
            block = handle.read(BLOCK)
            final = not block
            begin = position - len(
                decoder.getstate()[0]
            )  # the last bytes of a block may be half a character
            try:
                text = decoder.decode(block, final)
            except UnicodeDecodeError as error:
                raise _Damage(begin + error.start, error.object[error.start]) from None
            if "\0" in text:
                raise _Damage(begin + len(text[: text.index("\0")].encode(encoding)), 0)
            position += len(block)
            yield text


def _undecodable(damage: _Damage, encoding: str, file: str) -> ZgzxError:
    return ZgzxError(
        f"the bytes are not {encoding} text from offset {damage.offset:,} on",
        where=file,
        examples=[f"byte 0x{damage.byte:02X} at offset {damage.offset:,}"],
        remedy="Export the file again as UTF-8 or GB18030 (Excel: CSV UTF-8).",
    )
