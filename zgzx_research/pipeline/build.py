"""Run the steps whose inputs, code or settings changed; pytask decides which."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from zgzx_research.atomic import disk_error, disk_problem, writing
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store
from zgzx_research.pipeline.code_digest import code_digest
from zgzx_research.pipeline.live_steps import Watch

GC_THRESHOLD = 200_000  # objects between two garbage collections: rows hold no reference cycles
WORKERS = 2  # steps at a time; notebooks run in kernels, which are processes of their own


@dataclass(frozen=True)
class Step:
    """One task of the graph.

    Attributes
    ----------
    name : str
        For example "clean.patents".
    run : callable
        Does the work; reads `inputs`, writes `outputs`, each atomically. It runs again when its
        code or anything it imports has changed.
    inputs, outputs : tuple of Path
        Files read and written.
    settings : object
        JSON-able values whose change makes the step run again.
    modules : tuple of str
        Further modules of the package that the work runs, e.g. in a notebook.
    numbers : mapping
        Inputs whose names must not be written anywhere, to their numbers. pytask writes the paths
        of inputs into its lock file; for these it gets number and digest only.
    """

    name: str
    run: Callable[[], None]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    settings: Any = None
    modules: tuple[str, ...] = ()
    numbers: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """Names of steps after a run.

    Attributes
    ----------
    ran : tuple of str
        Steps that ran.
    skipped : tuple of str
        Steps that were up to date.
    """

    ran: tuple[str, ...]
    skipped: tuple[str, ...]


def build(
    steps: Sequence[Step],
    work: Path,
    say: Callable[[str], None] = print,
    *,
    lock_digest: str = "",
    only: str = "",
    watch: Watch = nullcontext,
) -> Result:
    """Bring all outputs up to date.

    Parameters
    ----------
    steps : sequence of Step
        The whole graph.
    work : Path
        The study's work folder; pytask's database lives there.
    say : callable
        Prints a line.
    lock_digest : str
        Digest of the dependency lock; another lock means every step runs again.
    only : str
        Keep steps whose name starts with one of these comma-separated words.
    watch : callable
        Makes, from the name of a step, the context in which it runs.

    Returns
    -------
    Result
        Steps that ran and steps that were up to date.

    Raises
    ------
    ZgzxError
        The first error a step raised for the user; other exceptions pass through unchanged.
    KeyboardInterrupt
        The run was interrupted; what was done stays done.
    """
    import pytask

    with writing(work):
        work.mkdir(parents=True, exist_ok=True)
    config = work / "pytask.toml"
    if not config.exists():
        store.write_text(config, "[tool.pytask.ini_options]\n")

    wanted = [step for step in steps if not only or step.name.startswith(tuple(only.split(",")))]
    ran: list[str] = []
    pytask.console.quiet = True
    with _few_collections():
        session = pytask.build(
            tasks=[_task(step, len(wanted), lock_digest, ran, say, watch) for step in wanted],
            config=config,
            capture="no",
            verbose=0,
            disable_warnings=True,
            stop_after_first_failure=True,
            n_workers=WORKERS,
            parallel_backend="threads",
        )
    _raise_first(session, work)
    if len(session.execution_reports) < len(wanted):  # pytask ends quietly when it is interrupted
        raise KeyboardInterrupt
    return Result(tuple(ran), tuple(step.name for step in wanted if step.name not in ran))


@contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage rarely while the steps run."""
    usual = gc.get_threshold()
    gc.set_threshold(GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _task(
    step: Step,
    total: int,
    lock_digest: str,
    ran: list[str],
    say: Callable[[str], None],
    watch: Watch,
) -> Any:
    """Make a task of pytask from a step."""
    import pytask

    def run(inputs: object, code: str, settings: str, produces: object) -> None:
        begin = time.perf_counter()
        with watch(step.name):
            step.run()
        ran.append(step.name)
        seconds = time.perf_counter() - begin
        say(f"[{len(ran):>2}/{total}] {step.name:<38} {seconds:5.1f} s")

    run.__annotations__ = {"produces": Annotated[Any, pytask.Product]}
    code = f"{code_digest(step.run, modules=step.modules)} {lock_digest}"
    paths = tuple(path for path in step.inputs if path not in step.numbers)
    kwargs = {
        # tasks without paths must not share one empty tuple: pytask would take it for one node,
        # known by the name of any of them, and run the others again
        "inputs": paths or pytask.PythonNode(value="none", hash=True),
        "code": pytask.PythonNode(value=code, hash=True),
        "settings": pytask.PythonNode(value=_settings(step), hash=True),
        "produces": step.outputs,
    }
    return pytask.task(name=step.name, kwargs=kwargs)(run)


def _settings(step: Step) -> str:
    """Return settings and the list of inputs: pytask does not notice a removed input."""
    named = [path.name for path in step.inputs if path not in step.numbers]
    numbered = [
        f"{step.numbers[path]} {store.file_digest(path)}"
        for path in step.inputs
        if path in step.numbers
    ]
    return json.dumps([step.settings, named, numbered], sort_keys=True, default=str)


def _raise_first(session: Any, work: Path) -> None:
    """Raise the first error of a session, if there is one.

    Without a step that failed, what pytask keeps of earlier runs cannot be read.
    """
    reports = [*session.collection_reports, *session.execution_reports]
    for report in reports:
        if report.outcome.name == "FAIL" and report.exc_info:
            problem = disk_problem(report.exc_info[1])
            if problem:
                raise disk_error(problem, str(problem.filename or ""))
            raise report.exc_info[1]
    if session.exit_code != 0:
        failed = [report for report in (session.dag_report, *reports) if report and report.exc_info]
        damaged = (
            "Make sure that the disk has room. If it has, the records of earlier runs may be "
            f"damaged: delete {work}, then run again."
        )
        raise ZgzxError(
            "the task graph could not be built",
            where="pipeline",
            examples=[str(report.exc_info[1]) for report in failed],
            remedy="" if failed else damaged,
        )
