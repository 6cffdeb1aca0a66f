"""Run steps whose inputs, code or settings changed.

Pytask knows which, we show progress and errors.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

from zgzx_research.atomic import disk_error, disk_problem, writing
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store

# objects between two looks for garbage: rows by the million are short-lived, and none is a cycle
RARELY = 200_000
PACKED = {
    ".xlsx": 8,
    ".xlsm": 8,
    ".et": 8,
    ".ods": 8,
}  # a byte of a packed workbook takes as long as so many of text
LARGE = 100_000_000  # bytes of input; much below that a process takes as long to start as to work


@dataclass(frozen=True)
class Step:
    """One task of the graph.

    Attributes
    ----------
    name : e.g. "clean.patents".
    run : does the work; reads `inputs`, writes `outputs`, each atomically.
    rooms : sources (folders or files of the package) whose change makes the step run again.
    settings : JSON-able values whose change makes the step run again.
    apart : `run` can be pickled and may run in a process of its own; other steps that make its
        inputs stand apart too.
    last : nobody waits for it: what else can run goes first.
    numbers : inputs whose names may be written nowhere -> their numbers. pytask writes the paths of
        inputs into its lock file; of these it is given number and digest only.
    """

    name: str
    run: Callable[[], None]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    rooms: tuple[str, ...]
    settings: Any = field(default_factory=dict)
    apart: bool = False
    last: bool = False
    numbers: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """Names of the steps that ran and of those that were up to date."""

    ran: tuple[str, ...]
    skipped: tuple[str, ...]


def build(
    steps: Sequence[Step],
    work: Path,
    say: Callable[[str], None] = print,
    *,
    lock_digest: str = "",
    only: str = "",
) -> Result:
    """Bring all outputs up to date; large steps that stand apart run side by side.

    Parameters
    ----------
    steps : the whole graph. work : the study's work folder; pytask's database lives there.
    lock_digest : of the dependency lock; another lock means every step runs again.
    only : keep steps whose name starts with one of these comma-separated words.

    Raises
    ------
    ZgzxError : the first error a step raised for the user; other exceptions pass through unchanged.
    """
    with writing(work):
        work.mkdir(parents=True, exist_ok=True)
    config = work / "pytask.toml"
    if not config.exists():
        store.write_text(config, "[tool.pytask.ini_options]\n")
    wanted = [step for step in steps if not only or step.name.startswith(tuple(only.split(",")))]
    ran: list[str] = []

    def session(early: dict[str, Future[float]], dry_run: bool) -> Any:
        import pytask

        pytask.console.quiet = True
        tasks = [_task(step, len(wanted), lock_digest, ran, say, early) for step in wanted]
        return pytask.build(
            tasks=tasks,
            config=config,
            capture="no",
            verbose=0,
            disable_warnings=True,
            stop_after_first_failure=True,
            dry_run=dry_run,
        )

    with _side_by_side(_certain(wanted, lambda: _stale(session({}, dry_run=True)))) as early:
        _raise_first(session(early, dry_run=False))
    # a lost output that was made again, byte for byte, before pytask looked is nothing new to it
    ran += [name for name in early if name not in ran]
    return Result(tuple(ran), tuple(step.name for step in wanted if step.name not in ran))


def _certain(steps: Sequence[Step], stale: Callable[[], set[str]]) -> list[Step]:
    """The steps that may run apart and are sure to run; none where they are small.

    `stale` is asked where files are.
    """
    apart = [step for step in steps if step.apart]
    if sum(map(_size, apart)) < LARGE or (os.cpu_count() or 1) < 2:
        return []
    lacking = [step for step in apart if not all(path.exists() for path in step.outputs)]
    if len(lacking) == len(apart):
        return lacking
    names = stale()
    # one that reads what another makes may have nothing to do: equal outputs stop the chain
    return [
        step
        for step in apart
        if step.name in names and (step in lacking or not _makers(step, apart))
    ]


def _size(step: Step) -> int:
    """Bytes of text in the inputs, about."""
    files = (path for path in step.inputs if path.is_file())
    return sum(path.stat().st_size * PACKED.get(path.suffix.lower(), 1) for path in files)


def _stale(session: Any) -> set[str]:
    """Names of the steps that would run."""
    would = (
        report for report in session.execution_reports if report.outcome.name == "WOULD_BE_EXECUTED"
    )
    return {report.task.name.rsplit("::", 1)[-1] for report in would}


@contextmanager
def _side_by_side(steps: Sequence[Step]) -> Iterator[dict[str, Future[float]]]:
    """The steps at work, two at a time and the largest first; nothing where one would be alone."""
    if len(steps) < 2:
        yield {}
        return
    early: dict[str, Future[float]] = {}
    workers = ProcessPoolExecutor(2, get_context("spawn"), gc.set_threshold, (RARELY,))
    with workers as pool, ThreadPoolExecutor(len(steps)) as threads:
        for step in sorted(steps, key=lambda step: (len(_makers(step, steps)), -_size(step))):
            needed = [early[other.name] for other in _makers(step, steps)]
            start = (
                threads.submit(_after, needed, pool, step.run)
                if needed
                else pool.submit(_seconds, step.run)
            )
            early[step.name] = start
        try:
            yield early
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _makers(step: Step, steps: Sequence[Step]) -> list[Step]:
    """Those of `steps` that make an input of the step."""
    return [other for other in steps if not set(other.outputs).isdisjoint(step.inputs)]


def _after(
    needed: Sequence[Future[float]], pool: ProcessPoolExecutor, run: Callable[[], None]
) -> float:
    for future in needed:
        future.result()
    return pool.submit(_seconds, run).result()


def _seconds(run: Callable[[], None]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _task(
    step: Step,
    total: int,
    lock_digest: str,
    ran: list[str],
    say: Callable[[str], None],
    early: dict[str, Future[float]],
) -> Any:
    import pytask

    def run(inputs: Any, code: str, settings: str, produces: Any) -> None:
        seconds = early[step.name].result() if step.name in early else _seconds(step.run)
        ran.append(step.name)
        say(f"[{len(ran):>2}/{total}] {step.name:<38} {seconds:5.1f} s")

    run.__annotations__ = {"produces": Annotated[Any, pytask.Product]}
    code = f"{store.code_digest(step.rooms)} {lock_digest}"
    # the list of inputs is a setting too: pytask alone would not notice a file that is gone
    named = tuple(path for path in step.inputs if path not in step.numbers)
    numbered = [
        f"{step.numbers[path]} {store.file_digest(path)}"
        for path in step.inputs
        if path in step.numbers
    ]
    settings = json.dumps(
        [step.settings, [path.name for path in named], numbered], sort_keys=True, default=str
    )
    kwargs = {
        "inputs": named,
        "code": pytask.PythonNode(value=code, hash=True),
        "settings": pytask.PythonNode(value=settings, hash=True),
        "produces": step.outputs,
    }
    task = pytask.task(name=step.name, kwargs=kwargs)(run)
    if step.name == next(
        iter(early), None
    ):  # pytask reads the inputs of the largest step while that runs
        return pytask.mark.try_first(task)
    return pytask.mark.try_last(task) if step.last else task


def _raise_first(session: Any) -> None:
    reports = [*session.collection_reports, *session.execution_reports]
    for report in reports:
        if report.outcome.name in {"FAIL"} and report.exc_info:
            problem = disk_problem(report.exc_info[1])
            raise (
                disk_error(problem, str(problem.filename or "")) if problem else report.exc_info[1]
            )
    if session.exit_code != 0:
        raise ZgzxError(
            "the task graph could not be built", where="pipeline", examples=_reasons(reports)
        )


def _reasons(reports: Iterable[Any]) -> list[str]:
    return [f"{report.outcome.name}: {report.exc_info[1]}" for report in reports if report.exc_info]
