"""Large, wide, split, hostile and damaged files."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import delimited, encoding, package, spreadsheet
from zgzx_research.ingest.marks import Marks
from zgzx_research.ingest.read import read_raw

pytestmark = pytest.mark.slow  # together more than five seconds

MONTHS = "AAC001,AAC002,AAC003,AAC004,AAB001,AAB004,AAE003,AAE002,AAE180,AAE079,AAE140\n"
MONTH = (
    "990000001,990000199003071235,拟安,2,44990001,深圳市鸿拟精密有限公司,"
    "201901,201901,3500,正常,养老\n"
)
HEADER = ["序号", "姓名", "身份证号码", "工作单位", "奖项类别"]
MEASURE = """
import json, resource, sys
from pathlib import Path
from zgzx_research.ingest.marks import Marks
from zgzx_research.ingest.read import read_raw
import pyarrow.csv
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(table,) = read_raw(Path(sys.argv[1]), "employment")
peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
size = int(table.rows.memory_usage(deep=True).sum())
print(json.dumps([len(table.rows), table.rows_in, peak, size]))
"""


def message(folder: Path, source: str) -> str:
    with pytest.raises(ZgzxError) as caught:
        read_raw(folder, source)
    return str(caught.value)


def peak_and_size(folder: Path) -> tuple[int, int, int, int]:
    """Rows, rows in, peak memory of reading (bytes), size of the table; in a process of its own."""
    command = [sys.executable, "-c", MEASURE, str(folder)]
    result = subprocess.run(command, capture_output=True, check=True, text=True)
    rows, rows_in, peak, size = map(int, result.stdout.strip("[] \n").split(","))
    return rows, rows_in, peak, size


@pytest.mark.proof
@pytest.mark.parametrize("text_encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("quoted", [False, True])
def test_two_hundred_megabytes_take_little_more_memory_than_the_table(
    tmp_path: Path, text_encoding: str, quoted: bool
) -> None:
    """At most the grid and the table at a time, twice over for what the allocator keeps.

    Never lists of strings.
    """
    (tmp_path / "employment").mkdir()
    line = MONTH.replace("养老", '"养老"') if quoted else MONTH
    block = (line * 10_000).encode(text_encoding)
    blocks = 200_000_000 // len(block) + 1
    with (tmp_path / "employment" / "a.csv").open("wb") as handle:
        handle.write(MONTHS.encode(text_encoding))
        for _ in range(blocks):
            handle.write(block)
    rows, rows_in, peak, size = peak_and_size(tmp_path)
    assert rows == rows_in - 1 == blocks * 10_000
    assert peak < 4 * size


@pytest.mark.slow
@pytest.mark.parametrize("quoted", [False, True])
def test_python_never_holds_the_text_of_a_large_file(write: Callable, quoted: bool) -> None:
    """The stand-in for the proof above: 10 MB.

    Arrow's memory is not Python's, so hardly anything must show here.
    """
    line = MONTH.replace("养老", '"养老"') if quoted else MONTH
    folder = write("employment/a.csv", MONTHS + line * 80_000)
    tracemalloc.start()
    (table,) = read_raw(folder, "employment")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.rows) == 80_000
    assert table.rows["row"].tolist() == list(range(2, 80_002))
    # blocks of 4 MB of bytes, their text at two bytes a character, 5,000 records; a list of lists
    # would take 60 MB
    assert peak < 30_000_000


@pytest.mark.parametrize("text_encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16"])
def test_characters_across_block_borders(
    write: Callable, monkeypatch: pytest.MonkeyPatch, text_encoding: str
) -> None:
    monkeypatch.setattr(encoding, "BLOCK", 1_022)
    folder = write("employment/a.csv", MONTHS + MONTH * 200, text_encoding)
    (table,) = read_raw(folder, "employment")
    assert table.rows["person_name"].tolist() == ["拟安"] * 200


def test_damage_beyond_the_first_block_has_its_offset(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "BLOCK", 1_021)
    good = (MONTHS + MONTH * 100).encode("utf-8")
    text = message(
        write("employment/a.csv", good + b"\xe6\x8b," + MONTH.encode("utf-8")), "employment"
    )
    assert f"byte 0xE6 at offset {len(good):,}" in text


@pytest.mark.parametrize("tail", [b"\xe6\x8b", b"\0"])
def test_a_file_that_breaks_off_within_a_character(write: Callable, tail: bytes) -> None:
    good = (MONTHS + MONTH).encode("utf-8")
    assert f"offset {len(good):,}" in message(write("employment/a.csv", good + tail), "employment")


def test_exports_split_into_files_and_sheets(tmp_path: Path) -> None:
    """60,000 rows a file or sheet: each keeps its own row numbers, none is lost."""
    (tmp_path / "employment").mkdir()
    for part in ("a", "b"):
        (tmp_path / "employment" / f"{part}.csv").write_text(
            MONTHS + MONTH * 60_000, encoding="utf-8"
        )
    book = openpyxl.Workbook(write_only=True)
    for name in ("1", "2"):
        sheet = book.create_sheet(name)
        sheet.append(MONTHS.strip().split(","))
        for _ in range(300):
            sheet.append(MONTH.strip().split(","))
    book.save(tmp_path / "employment" / "c.xlsx")
    tables = read_raw(tmp_path, "employment")
    assert [(table.file, table.sheet, len(table.rows), table.rows_in) for table in tables] == [
        ("employment/001", "", 60_000, 60_001),
        ("employment/002", "", 60_000, 60_001),
        ("employment/003", "1", 300, 301),
        ("employment/003", "2", 300, 301),
    ]


def test_a_continued_sheet_without_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "employment").mkdir()
    book = openpyxl.Workbook()
    book.active.title = "1"
    book.active.append(MONTHS.strip().split(","))
    book.active.append(MONTH.strip().split(","))
    book.create_sheet("2").append(MONTH.strip().split(","))
    book.save(tmp_path / "employment" / "a.xlsx")
    text = message(tmp_path, "employment")
    assert "employment/001, sheet 2, row 1: unknown header" in text
    assert "拟" not in text


def test_a_sheet_full_to_its_last_row(book: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spreadsheet.ROW_LIMITS == (65_536, 1_048_576)
    monkeypatch.setattr(spreadsheet, "ROW_LIMITS", (3,))
    text = message(
        book([HEADER, [1, "拟一", None, "甲厂", "创新"], [2, "拟二", None, "甲厂", "创新"]]),
        "roster",
    )
    assert "roster/001, sheet 1: the sheet is full to its last row (3)" in text
    assert "at most 60,000 rows" in text


def test_a_zip_bomb_is_refused_by_what_it_says(tmp_path: Path) -> None:
    """100 bytes that say they are 3 GB: refused from the directory, nothing is unpacked."""
    (tmp_path / "roster").mkdir()
    path = tmp_path / "roster" / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"x" * 100)
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24  # uncompressed size in the central directory
    data[place : place + 4] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(data)
    text = message(tmp_path, "roster")
    assert f"unpacks to 3,000,000,000 bytes, more than {package.MOST_EXPANDED:,}" in text


def test_a_zip_bomb_of_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_EXPANDED", 1_000_000)
    (tmp_path / "roster").mkdir()
    with zipfile.ZipFile(tmp_path / "roster" / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(11):
            archive.writestr(f"xl/media/{part}", bytes(100_000))
    assert "unpacks to 1,100,000 bytes, more than 1,000,000" in message(tmp_path, "roster")


def test_a_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    (tmp_path / "roster").mkdir()
    path = tmp_path / "roster" / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(10_000_000))
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 100)
    path.write_bytes(data)
    assert "not a readable workbook" in message(tmp_path, "roster")


def test_a_damaged_part_of_a_workbook(book: Callable) -> None:
    folder = book([HEADER, [1, "拟一", None, "甲厂", "创新"]])
    path = folder / "roster" / "a.xlsx"
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    data[info.header_offset + 30 + len(info.filename) + 40] ^= 0xFF
    path.write_bytes(data)
    assert "not a readable workbook (damaged" in message(folder, "roster")


def test_a_stray_cell_at_the_far_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """Two cells, A1 and XFD1048576: read as a full grid they would take 500 GB."""
    (tmp_path / "roster").mkdir()
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "roster" / "a.xlsx")
    text = message(tmp_path, "roster")
    assert "roster/001, sheet 1: the sheet reaches to XFD1048576, far beyond any table" in text
    assert "17,179,869,184 affected" in text


@pytest.mark.parametrize("far", [False, True])
def test_what_a_cell_says_is_no_place_in_the_sheet(tmp_path: Path, far: bool) -> None:
    """Text kept in the cells themselves: it may look like the name of a far cell, or like a row."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        for row in range(4_000):
            sheet.write_string(row, 0, 'see r="XFD9"')
        if far:
            sheet.write_string(1_048_575, 16_383, "the last row of all")
    if not far:
        assert package.check_package(tmp_path / "a.xlsx", "a.xlsx") == {
            "名单": Marks(rows=4_000, columns=1, filled=4_000)
        }
        return
    with pytest.raises(ZgzxError, match="the sheet reaches to XFD1048576"):
        package.check_package(tmp_path / "a.xlsx", "a.xlsx")


@pytest.mark.slow
def test_sixteen_thousand_columns_of_headers(book: Callable) -> None:
    text = message(
        book([[*HEADER, *(f"栏{n}" for n in range(6, 16_385))], [1, "拟一", None, "甲厂"]]),
        "roster",
    )
    assert "closest known profile is roster" in text
    assert "unknown columns: 栏6, 栏7" in text
    assert "栏25 and 16,359 more" in text
    assert len(text) < 1_000


@pytest.mark.slow
def test_sixteen_thousand_columns_of_delimited_text(write: Callable) -> None:
    folder = write("employment/a.csv", MONTHS + MONTH.strip() + "," * 16_000 + "x\n" + MONTH)
    (table,) = read_raw(folder, "employment")
    assert table.rows["surplus"].tolist() == [1, 0]
    assert table.rows["insurance"].tolist() == ["养老", "养老"]


def test_two_header_candidates_the_fuller_one_is_taken(book: Callable) -> None:
    """Codes above labels, the labels known in part.

    No record stands between them, so nothing is lost.
    """
    table = read_raw(book([["姓名", "单位"], HEADER, [1, "拟一", None, "甲厂", "创新"]]), "roster")[
        0
    ]
    assert table.non_data_rows == [(1, "title"), (2, "header")]
    assert table.rows["category"].tolist() == ["创新"]


def test_the_extension_is_not_believed(book: Callable, write: Callable) -> None:
    folder = book([HEADER, [1, "拟一", None, "甲厂", "创新"]])
    for name in ("a.xls", "b.et", "c.csv"):
        (folder / "roster" / name).write_bytes((folder / "roster" / "a.xlsx").read_bytes())
    assert [table.rows["person_name"].tolist() for table in read_raw(folder, "roster")] == [
        ["拟一"]
    ] * 4


def test_both_ways_of_reading_text_give_the_same_rows(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = MONTH.strip()
    lines = [
        "导出时间：2025",
        "",
        MONTHS.strip(),
        month,
        "",
        "拟短,1",
        month + ",多",
        " ,　, ",
        month,
        "",
        "",
    ]
    folder = write("employment/a.csv", "\r\n".join(lines))
    (fast,) = read_raw(folder, "employment")
    monkeypatch.setattr(delimited, "read_plain", delimited.read_quoted)
    (slow,) = read_raw(folder, "employment")
    assert fast.rows.equals(slow.rows)
    assert fast.non_data_rows == slow.non_data_rows == [(1, "title"), (3, "header")]
    assert fast.rows["row"].tolist() == [4, 6, 7, 9]
    assert fast.rows_in == slow.rows_in == 6


def test_a_text_without_line_ends(write: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST_ROW", 2_000)
    text = message(write("employment/a.csv", MONTHS + MONTH.strip() * 100), "employment")
    assert "employment/001: a row of more than 16,777,216 characters" in text
    assert "拟" not in text


def test_a_table_that_begins_somewhere_on_the_sheet_counts_from_row_one(book: Callable) -> None:
    rows = [[], [], [None, None, *HEADER], [None, None, 1, "拟一", None, "甲厂", "创新"]]
    table = read_raw(book(rows, merged=("G4:G5",)), "roster")[0]
    assert table.non_data_rows == [(3, "header")]
    assert table.rows.loc[0, ["row", "person_name", "category"]].tolist() == [4, "拟一", "创新"]


@pytest.mark.slow
def test_thousands_of_merged_cells_are_filled_each_by_its_own(book: Callable) -> None:
    rows = [HEADER]
    for pair in range(2_000):
        rows += [
            [2 * pair, f"拟{pair}a", None, "甲厂", f"类{pair}"],
            [2 * pair + 1, f"拟{pair}b", None, "甲厂", None],
        ]
    merged = tuple(f"E{row}:E{row + 1}" for row in range(2, 4_002, 2))
    table = read_raw(book(rows, merged=merged), "roster")[0]
    assert table.rows["category"].tolist() == [f"类{row // 2}" for row in range(4_000)]
