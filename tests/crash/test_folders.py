"""Folders and files without permission, a disk that is read-only, records that are damaged."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.crash.conftest import Copy, Reference, Tried
from tests.crash.small_project import NAME, assert_same, outputs, refused, succeed, zgzx

pytestmark = pytest.mark.crash
RAW = f"data/raw/{NAME}"
# root may do everything: without these rights it is a user like any other
RIGHTS = "-dac_override,-dac_read_search"
AS_USER = ("setpriv", "--bounding-set", RIGHTS) if os.getuid() == 0 else ()
FORBIDDEN = [
    ("studies", 0o500, ("freeze", NAME)),
    ("reports", 0o500, ("run", NAME)),
    (f"data/work/{NAME}", 0o500, ("run", NAME)),
    (f"data/work/{NAME}/panels", 0o500, ("run", NAME)),
    (f"{RAW}/registry/firms.xlsx", 0o000, ("run", NAME)),
    (f"{RAW}/roster", 0o000, ("run", NAME)),
    (f"studies/{NAME}.toml", 0o000, ("check", NAME)),
]


@pytest.mark.parametrize(("name", "mode", "words"), FORBIDDEN, ids=[row[0] for row in FORBIDDEN])
def test_without_permission(
    name: str, mode: int, words: tuple[str, ...], fresh: Copy, reference: Reference, tried: Tried
) -> None:
    tried("a file or folder without permission", "one line with a remedy; nothing else changed")
    project = fresh()
    path = project / name
    if not path.exists():
        path.mkdir(parents=True)
    usual = path.stat().st_mode
    path.chmod(mode)
    try:
        said = refused(zgzx(project, *words, prefix=AS_USER))
    finally:
        path.chmod(usual)
    assert "Permission denied" in said
    assert "right" in said


def test_raw_files_that_may_only_be_read(fresh: Copy, reference: Reference, tried: Tried) -> None:
    tried("raw files in a folder that may only be read (an archive)", "a run, with a warning")
    project = fresh()
    folder = project / RAW
    folder.chmod(0o500)
    try:
        done = zgzx(project, "run", NAME, prefix=AS_USER)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    expected = {name: made for name, made in reference.outputs.items() if "numbers" not in name}
    assert_same(outputs(project), expected)


def test_a_disk_that_is_read_only(built: Copy, tried: Tried) -> None:
    project = built()
    if os.getuid() or subprocess.run(["mount", "--bind", project, project], check=False).returncode:
        pytest.skip("mounting needs root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", project], check=True)
        for words in (("run", NAME), ("freeze", NAME, "--after-data"), ("publish", NAME)):
            tried("a disk that is read-only", "one line with a remedy")
            assert "read-only" in refused(zgzx(project, *words))
        tried("`zgzx verify` on a disk that is read-only", "it works")
        succeed(project, "verify", NAME)
    finally:
        subprocess.run(["umount", project], check=True)


RECORDS = ("pytask.lock", "pytask.toml", ".pytask/pytask.sqlite3", ".pytask/file_hashes.json")


@pytest.mark.parametrize("record", RECORDS)
def test_records_of_earlier_runs_cut_in_half(
    record: str, built: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    tried("records of earlier runs cut short", "a run, or one line that says what to delete")
    project = built()
    work = project / f"data/work/{NAME}"
    size = (work / record).stat().st_size
    os.truncate(work / record, rng.randint(1, size - 1))
    done = zgzx(project, "run", NAME)
    if done.returncode:
        said = refused(done)
        assert f"delete {work}" in said
        shutil.rmtree(work)
        succeed(project, "run", NAME)
    assert_same(outputs(project), reference.outputs)


MADE = ("facts.json", "clean/ledger.json", "panels/firm_year.parquet")


@pytest.mark.parametrize("name", MADE)
def test_a_file_of_the_work_folder_cut_in_half(
    name: str, built: Copy, reference: Reference, rng: random.Random, tried: Tried
) -> None:
    tried("a file of the work folder cut short", "the next run makes it again")
    project = built()
    path: Path = project / f"data/work/{NAME}" / name
    os.truncate(path, rng.randint(0, path.stat().st_size - 1))
    succeed(project, "run", NAME)
    assert_same(outputs(project), reference.outputs)
