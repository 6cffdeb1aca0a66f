"""The run log of a study: `data/work/NAME/run_log.jsonl`, one line for each run.

A line holds only what the program itself names: the command, steps, classes of warnings and errors,
counts and times. Messages are left out, because a message may quote a cell of a raw file.
"""

from __future__ import annotations

import datetime as dt
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError

LOG = "run_log.jsonl"
SAID = "warning: "  # a line that begins so is a warning of the run itself


@dataclass
class Entry:
    """What one run did.

    Attributes
    ----------
    command : str
        For example "run all".
    version : str
        Version of the project.
    commit : str
        Commit whose code ran; "" where the code is not that of a commit.
    done : list of str
        Steps that ran to their end, in this order.
    skipped : int
        Number of steps that were up to date.
    failed : list of str
        Steps that raised an error.
    warnings : Counter
        Kind of warning to how often: the class of a Python warning, or the run's own word.
    """

    command: str
    version: str = ""
    commit: str = ""
    done: list[str] = field(default_factory=list)
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note whether the step inside the block ran to its end."""
        try:
            yield
        except BaseException:
            self.failed.append(name)
            raise
        self.done.append(name)

    def counting(self, kind: str, say: Callable[[str], None]) -> Callable[[str], None]:
        """Return `say`, which also counts the warnings it says as warnings of this kind."""

        def count_and_say(line: str) -> None:
            self.warnings[kind] += line.startswith(SAID)
            say(line)

        return count_and_say


@contextmanager
def logged(work: Path, entry: Entry) -> Iterator[Entry]:
    """Add a line to the log of a study when the block ends, with an error or without.

    Parameters
    ----------
    work : Path
        The study's work folder.
    entry : Entry
        What the block notes about itself.

    Yields
    ------
    Entry
        The same.

    Raises
    ------
    ZgzxError
        The log cannot be written. An error of the block itself comes first.
    """
    started, begin = dt.datetime.now(dt.UTC), time.perf_counter()

    def write(result: str, error: str) -> None:
        seconds = round(time.perf_counter() - begin, 1)
        _append(work / LOG, _line(entry, started, seconds, result, error))

    try:
        with _counting_python_warnings(entry.warnings):
            yield entry
    except BaseException as problem:
        with suppress(ZgzxError):
            write(_result_of(problem), type(problem).__name__)
        raise
    write("done", "")


def _result_of(problem: BaseException) -> str:
    """Return how a run ended: by a problem of the user, stopped by hand, or by a fault of ours."""
    if isinstance(problem, ZgzxError):
        return "refused"
    return "failed" if isinstance(problem, Exception) else "stopped"


def _line(
    entry: Entry, started: dt.datetime, seconds: float, result: str, error: str
) -> dict[str, Any]:
    """Return one line of the log."""
    return {
        "time": started.isoformat(timespec="seconds"),
        "command": entry.command,
        "version": entry.version,
        "commit": entry.commit,
        "done": entry.done,
        "skipped": entry.skipped,
        "failed": entry.failed,
        "seconds": seconds,
        "warnings": {kind: count for kind, count in sorted(entry.warnings.items()) if count},
        "result": result,
        "error": error,
    }


def _append(path: Path, line: dict[str, Any]) -> None:
    """Add a line: the whole file is written anew, so no line is ever cut."""
    before = path.read_bytes() if path.is_file() else b""
    write_whole(path, before + json.dumps(line, ensure_ascii=False).encode() + b"\n")


@contextmanager
def _counting_python_warnings(counts: Counter[str]) -> Iterator[None]:
    """Count the Python warnings of the block by class; each is shown as before."""
    shown = warnings.showwarning

    def count_and_show(message: Any, category: type[Warning], *about: Any, **more: Any) -> None:
        counts[category.__name__] += 1
        shown(message, category, *about, **more)

    warnings.showwarning = count_and_show
    try:
        yield
    finally:
        warnings.showwarning = shown
