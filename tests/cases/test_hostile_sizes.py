"""Files of hostile size end in one clear error within 10 seconds and 1 GB.

A full disk and a closed folder likewise.
"""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_files import HOSTILE, Measured, measure

from zgzx_research.atomic import disk_problem, write_whole
from zgzx_research.cli import main
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw

MOST_SECONDS = 10
MOST_BYTES = 1 << 30
# file -> what the error says; None: a good file, which is read
SAID = {
    "million_commas": "a row of 1,000,001 cells, more than the 16,384 columns of a spreadsheet",
    "header_of_commas": "a row of 1,000,004 cells",
    "million_labels": "a row of 1,000,001 cells",
    "quoted_commas": "a row of 1,000,000 cells",
    "long_line": "a row of more than 16,777,216 characters",
    "long_quoted_line": "a row of more than 16,777,216 characters",
    "long_first_line": "a row of more than 16,777,216 characters",
    "far_cell_in_row_one": "the sheet reaches to XFD1048576, far beyond any table",
    "far_row": "the sheet reaches to Z1048575",
    "far_row_and_column": "the sheet reaches to XFD3000",
    "cells_without_place": "far beyond any table",
    "far_cell_with_prefix": "the sheet reaches to XFD1048576",
    "many_sheets": "the list of sheets is longer than 16,777,216 bytes",
    "many_parts": "the workbook has 65,535 parts or more",
    "huge_shared_strings": "no table does",
    "many_shared_strings": "no table does",
    "long_shared_string": "no table does",
    "deep_zip": None,
    "zip_bomb": "no table does",
    "deep_xml": "not a readable workbook",
    "entities": "not a readable workbook",
    "ods_repeated_cell": "far beyond any table",
    "ods_repeated_row": "far beyond any table",
    "ods_repeated_both": "far beyond any table",
    "ods_far_cell": "the sheet reaches to WQK1048003",
    "ods_spaces": "a cell of 2,000,000,000 blanks",
    "ods_blank_to_the_end": None,
    "xls_far_cell": "the sheet reaches to IV65535",
}
# quick ones are read here, without a process of their own: none of them needs memory worth
# measuring
QUICK = (
    "million_commas",
    "header_of_commas",
    "million_labels",
    "quoted_commas",
    "far_cell_in_row_one",
    "far_row",
    "far_row_and_column",
    "far_cell_with_prefix",
    "entities",
    "ods_repeated_cell",
    "ods_repeated_row",
    "ods_repeated_both",
    "ods_far_cell",
    "ods_spaces",
    "ods_blank_to_the_end",
    "xls_far_cell",
)


def made(tmp_path: Path, name: str) -> Path:
    ending, make = HOSTILE[name]
    (tmp_path / "registry").mkdir()
    make(tmp_path / "registry" / f"a.{ending}")
    return tmp_path


def test_every_hostile_file_has_its_answer() -> None:
    assert set(SAID) == set(HOSTILE)


@pytest.mark.parametrize("name", QUICK)
def test_what_is_said(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path, name)
    said = SAID[name]
    if said is None:
        (table,) = read_raw(folder, "registry")
        assert len(table.numbers) == 1
        return
    with pytest.raises(ZgzxError) as caught:
        read_raw(folder, "registry")
    assert said in str(caught.value)
    assert str(caught.value).startswith("registry/001")


@pytest.mark.proof
@pytest.mark.parametrize("name", SAID)
def test_time_and_memory(tmp_path: Path, name: str) -> None:
    found = measure(made(tmp_path, name))
    assert isinstance(found, Measured)
    assert (SAID[name] or "read 1") in found.said
    assert found.seconds < MOST_SECONDS
    assert found.peak < MOST_BYTES


# disks


def test_a_folder_that_cannot_be_made_is_one_line(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["zgzx", "simulate", "/proc/zgzx", "--size", "tiny"])
    monkeypatch.setattr("zgzx_research.simulate.write.simulate_world", lambda order: order)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err == (
        "zgzx: /proc/zgzx: a file cannot be read or written (No such file or directory). "
        "Name a folder in which a file can be made.\n"
    )


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "Make room on the disk"),
        (errno.EROFS, "The disk is read-only"),
        (errno.EACCES, "may write to"),
    ],
)
def test_a_disk_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(ZgzxError, match=remedy) as caught:
        write_whole(tmp_path / "a.json", b"{}")
    assert "a.json" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_the_steps_and_wrapped_errors_are_known() -> None:
    import sqlite3

    assert disk_problem(sqlite3.OperationalError("database or disk is full")).errno == errno.ENOSPC
    wrapped = RuntimeError("no")
    wrapped.__cause__ = PermissionError(errno.EACCES, "no", "x.xlsx")
    assert disk_problem(wrapped).filename == "x.xlsx"
    assert disk_problem(FileNotFoundError(errno.ENOENT, "no")) is None
    assert disk_problem(KeyError("disk is full")) is None


@pytest.mark.slow
def test_a_full_disk_while_a_world_is_written(tmp_path: Path) -> None:
    """A limit on the size of files, which the system enforces as it does a full disk."""
    script = "from zgzx_research.cli import main; main()"
    command = [sys.executable, "-c", script, "simulate", str(tmp_path / "w"), "--size", "tiny"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "File too large" in result.stderr
    assert list(tmp_path.iterdir()) == []
