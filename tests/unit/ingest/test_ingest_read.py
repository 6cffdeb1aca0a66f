"""Reading a folder: order, keys, missing and empty files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw

PERSON = ["990000001", "甄试样", "990000199003071235", "44990001", "样例五金", "", "201001", ""]


def test_files_come_by_number_and_numbers_follow_the_names(
    write: Callable, lines: Callable
) -> None:
    for name in ("b.csv", "A.CSV", "part/c.csv", ".hidden.csv", "~$b.csv"):
        folder = write(f"employment/{name}", lines(PERSON))
    assert [(table.file, table.file_name) for table in read_raw(folder, "employment")] == [
        ("employment/001", "employment/A.CSV"),
        ("employment/002", "employment/b.csv"),
        ("employment/003", "employment/part/c.csv"),
    ]


def test_columns_are_text_and_missing_is_null(write: Callable, lines: Callable) -> None:
    (table,) = read_raw(write("employment/a.csv", lines(PERSON)), "employment")
    assert table.rows["person_no"].tolist() == ["990000001"]
    assert table.rows["employer_uscc"].isna().all()
    text = table.rows.columns.difference(["row", "surplus"])
    assert (table.rows[text].dtypes == "str").all()


def test_optional_columns_that_are_not_there_are_null(write: Callable) -> None:
    folder = write("registry/a.csv", "统一社会信用代码,企业名称,成立日期\n1,2,3\n")
    (table,) = read_raw(folder, "registry")
    assert table.rows["staff"].isna().all()


def test_title_lines_above_the_header_of_a_csv_file(write: Callable, lines: Callable) -> None:
    (table,) = read_raw(
        write("employment/a.csv", "导出时间：2025年\r\n\r\n" + lines(PERSON)), "employment"
    )
    assert table.non_data_rows == [(1, "title"), (3, "header")]
    assert table.rows["row"].tolist() == [4]


@pytest.mark.parametrize("folder_exists", [True, False])
def test_missing_raw_file(tmp_path: Path, folder_exists: bool) -> None:
    if folder_exists:
        (tmp_path / "patents").mkdir()
    with pytest.raises(
        ZgzxError, match=r"missing raw file: no file of the source patents.*zgzx simulate"
    ) as caught:
        read_raw(tmp_path, "patents")
    assert str(tmp_path / "patents") in str(caught.value)


def test_unknown_source(tmp_path: Path) -> None:
    with pytest.raises(
        ZgzxError,
        match=r"no profile for the source patent.*"
        r"employment, patents, programmes, registry, roster, scores",
    ):
        read_raw(tmp_path, "patent")


def test_a_file_type_that_cannot_be_read(write: Callable) -> None:
    with pytest.raises(ZgzxError, match=r"1 affected, e.g. patents/001 \(.pdf\). Readable: .xlsx"):
        read_raw(write("patents/a.pdf", "x"), "patents")


@pytest.mark.parametrize("text", ["", "\r\n,,,\r\n"])
def test_an_empty_file(write: Callable, text: str) -> None:
    with pytest.raises(ZgzxError, match=r"employment/001: the file is empty. Ask for it again"):
        read_raw(write("employment/a.csv", text), "employment")


def test_a_workbook_with_nothing_but_hidden_sheets(book: Callable) -> None:
    with pytest.raises(ZgzxError, match=r"roster/001: the file is empty \(1 hidden sheets\)"):
        read_raw(book([], second=[["甄旧稿"]], hidden=True), "roster")


def test_a_header_and_nothing_below(write: Callable, lines: Callable) -> None:
    with pytest.raises(ZgzxError, match=r"employment/001: a header but no data rows"):
        read_raw(write("employment/a.csv", lines()), "employment")
