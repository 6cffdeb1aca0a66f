"""The run log: a line for each run, whatever its end, and nothing of the raw files in it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.conftest import run
from tests.pipeline.test_privacy import KEY, PLANTED, SECRETS
from zgzx_research.errors import ZgzxError, ZgzxWarning
from zgzx_research.pipeline.personal_data import collect_secrets
from zgzx_research.pipeline.privacy import scan
from zgzx_research.pipeline.run_log import LOG, Entry, logged

NAME = PLANTED["name"]


def lines(work: Path) -> list[dict]:
    """The runs in a log, the oldest first."""
    return [json.loads(line) for line in (work / LOG).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("problem", "result"),
    [
        (ZgzxError(f"no date: {NAME}", examples=[NAME]), "refused"),
        (KeyError(NAME), "failed"),
        (KeyboardInterrupt(NAME), "stopped"),
    ],
)
def test_a_run_that_ends_with_an_error_leaves_its_kind_and_no_message(
    tmp_path: Path, problem: BaseException, result: str
) -> None:
    entry = Entry("run all", "1.0")
    with pytest.raises(type(problem)), logged(tmp_path, entry):
        with entry.step("clean.roster"):
            pass
        with entry.step("link"):
            raise problem
    (line,) = lines(tmp_path)
    assert (line["result"], line["error"]) == (result, type(problem).__name__)
    assert (line["done"], line["failed"]) == (["clean.roster"], ["link"])
    assert NAME not in (tmp_path / LOG).read_text(encoding="utf-8")


def test_warnings_are_counted_by_kind_and_still_shown(tmp_path: Path) -> None:
    entry, said = Entry("run all"), []
    say = entry.counting("public key", said.append)
    with pytest.warns(ZgzxWarning, match=NAME), logged(tmp_path, entry):
        warnings.warn(f"a date of {NAME}", ZgzxWarning, stacklevel=1)
        say(f"warning: {NAME}")
        say("[1/2] link")
    assert lines(tmp_path)[0]["warnings"] == {"ZgzxWarning": 1, "public key": 1}
    assert said == [f"warning: {NAME}", "[1/2] link"]
    assert NAME not in (tmp_path / LOG).read_text(encoding="utf-8")


def test_runs_stand_in_their_order(tmp_path: Path) -> None:
    for command in ("run build", "run all"):
        with logged(tmp_path, Entry(command)):
            pass
    assert [line["command"] for line in lines(tmp_path)] == ["run build", "run all"]


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_in_a_log_would_be_found(tmp_path: Path, kind: str) -> None:
    with logged(tmp_path, Entry(f"由 {PLANTED[kind]} 填写")):
        pass
    assert {finding.kind for finding in scan([tmp_path], SECRETS).findings} == {kind}


@pytest.mark.study
@pytest.mark.usefixtures("sketched")
def test_the_log_of_a_study_says_what_was_done_and_names_nobody(
    built: Path, copy_of: Callable[[Path], Path]
) -> None:
    project = copy_of(built)
    work = project / "data/work/demo"
    first = lines(work)[0]
    assert (first["command"], first["result"], first["skipped"]) == ("run all", "done", 0)
    assert {"clean.roster", "link", "panels", "manifest"} <= set(first["done"])

    run(project)
    again = lines(work)[-1]
    assert (again["done"], again["skipped"]) == ([], len(first["done"]))

    secrets = collect_secrets(project, project / "data/raw/demo/raw", KEY)
    unread = project / "data/raw/demo/raw/scores" / f"{min(secrets.names)}.csv"
    unread.write_text(f"{min(secrets.names)},{min(secrets.numbers)}\n1,2\n", encoding="utf-8")
    with pytest.raises(ZgzxError):
        run(project)
    refused = lines(work)[-1]
    assert (refused["result"], refused["failed"]) == ("refused", ["clean.scores"])
    found = scan([work], secrets)
    assert [one for one in found.findings if one.file == LOG] == []
