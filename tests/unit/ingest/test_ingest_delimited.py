"""Delimited files: encodings, delimiters, quotes, and what is said when they are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable, read_raw

PERSON = ["990000001", "甄䶮", "990000199003071235", "44990001", "样例五金", "", "201001", ""]


def message(folder: Path) -> str:
    with pytest.raises(ZgzxError) as caught:
        read_raw(folder, "employment")
    return str(caught.value)


def one(folder: Path) -> RawTable:
    (table,) = read_raw(folder, "employment")
    return table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_gives_the_same_text(
    write: Callable, lines: Callable, encoding: str
) -> None:
    table = one(write("employment/a.csv", lines(PERSON), encoding))
    assert table.rows.loc[0, "person_name"] == "甄䶮"  # a character GBK does not have
    assert table.rows.loc[0, "row"] == 2


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_delimiter(write: Callable, lines: Callable, delimiter: str) -> None:
    table = one(write("employment/a.txt", lines(PERSON).replace(",", delimiter)))
    assert table.rows.loc[0, ["employer_name", "start_ym"]].tolist() == ["样例五金", "201001"]


def test_quotes_hold_separators_and_line_breaks_and_rows_count_records(
    write: Callable, lines: Callable
) -> None:
    first = [*PERSON[:4], '"样例,五金\n二厂"', *PERSON[5:]]
    table = one(write("employment/a.csv", lines(first, PERSON)))
    assert table.rows["employer_name"].tolist() == ["样例,五金\n二厂", "样例五金"]
    assert table.rows["row"].tolist() == [2, 3]


def test_cells_beyond_the_header_are_counted(write: Callable, lines: Callable) -> None:
    table = one(write("employment/a.csv", lines([*PERSON, "x", "", "y"], [*PERSON, ""])))
    assert table.rows["surplus"].tolist() == [2, 0]


def test_a_short_row_is_filled_with_nulls(write: Callable, lines: Callable) -> None:
    table = one(write("employment/a.csv", lines(PERSON[:5])))
    assert table.rows.loc[0, ["start_ym", "end_ym"]].isna().all()


def test_damage_inside_a_utf8_file_is_not_read_as_gb18030(write: Callable, lines: Callable) -> None:
    good = lines(PERSON).encode("utf-8")
    text = message(write("employment/a.csv", good + b"\xff,x"))
    assert "employment/001" in text
    assert f"byte 0xFF at offset {len(good):,}" in text
    assert "Export the file again" in text


def test_a_mark_decides_the_encoding(write: Callable) -> None:
    assert "not utf-8 text from offset 3 on" in message(
        write("employment/a.csv", b"\xef\xbb\xbf\xc9\xe7")
    )


def test_bytes_of_no_known_encoding(write: Callable) -> None:
    text = message(write("employment/a.csv", b"ab\xff\xff"))
    assert re.search(r"not gb18030 text from offset 2 on.*byte 0xFF", text)


def test_an_open_quote_does_not_swallow_rows(write: Callable, lines: Callable) -> None:
    broken = [*PERSON[:4], '"样例五金', *PERSON[5:]]
    folder = write("employment/a.csv", lines(PERSON, broken, PERSON, PERSON))
    with pytest.raises(
        ZgzxError, match=r"employment/001: a quotation mark is not closed.*before line \d"
    ) as caught:
        read_raw(folder, "employment")
    assert "甄" not in str(caught.value)
