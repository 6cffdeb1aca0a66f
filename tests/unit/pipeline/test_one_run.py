"""One run of a study at a time, and what a killed run leaves is removed by the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.one_run import only_run
from zgzx_research.pipeline.place import raw_files


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    work = tmp_path / "work/year2026"
    with only_run(work):
        with (
            pytest.raises(ZgzxError, match=r"year2026: another run of this study is at work"),
            only_run(work),
        ):
            pytest.fail("two runs at once")
        with only_run(tmp_path / "work/year2025"):
            pass
    with only_run(work):
        pass


def test_a_run_that_failed_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_run(tmp_path):
        raise ZeroDivisionError
    with only_run(tmp_path):
        pass


def test_only_unfinished_files_of_the_study_are_removed(tmp_path: Path) -> None:
    work, reports = tmp_path / "work", tmp_path / "reports"
    kept = [work / "facts.json", work / "half.part", reports / "en/.hidden", tmp_path / ".x.1.part"]
    unfinished = [work / "clean/.a.parquet.x1.part", reports / "en/.report.html.y2.part"]
    for path in (*kept, *unfinished):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    with only_run(work, reports, tmp_path / "nothing"):
        assert [path for path in kept if not path.exists()] == []
        assert [path for path in unfinished if path.exists()] == []


def test_raw_files_are_found_at_any_depth_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("roster/b.xlsx", "roster/old/a.xlsx", "roster/.c", "roster/~$b.xlsx", "other/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    found = [path.relative_to(tmp_path).as_posix() for path in raw_files(tmp_path, "roster")]
    assert found == ["roster/b.xlsx", "roster/old/a.xlsx"]
    assert raw_files(tmp_path, "patents") == []


def test_a_folder_of_raw_files_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files would silently be missing. The rights of a folder do not bind root."""
    (tmp_path / "scores/old").mkdir(parents=True)

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(ZgzxError, match=r"scores: a file cannot be read .*ask for the right"):
        raw_files(tmp_path, "scores")
