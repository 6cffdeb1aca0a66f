"""Run steps whose inputs, code or settings changed; pytask knows which, we show progress and errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store


@dataclass(frozen=True)
class Step:
    """One task of the graph.

    Attributes
    ----------
    name : e.g. "clean.patents".
    run : does the work; reads `inputs`, writes `outputs`, each atomically.
    rooms : sources (folders or files of the package) whose change makes the step run again.
    settings : JSON-able values whose change makes the step run again.
    """

    name: str
    run: Callable[[], None]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    rooms: tuple[str, ...]
    settings: Any = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """Names of the steps that ran and of those that were up to date."""

    ran: tuple[str, ...]
    skipped: tuple[str, ...]


def build(
    steps: Sequence[Step], work: Path, say: Callable[[str], None] = print, *, lock_digest: str = "", only: str = ""
) -> Result:
    """Bring all outputs up to date.

    Parameters
    ----------
    steps : the whole graph. work : the study's work folder; pytask's database lives there.
    lock_digest : of the dependency lock; another lock means every step runs again.
    only : keep steps whose name starts with one of these comma-separated words.

    Raises
    ------
    ZgzxError : the first error a step raised for the user; other exceptions pass through unchanged.
    """
    import pytask

    work.mkdir(parents=True, exist_ok=True)
    config = work / "pytask.toml"
    if not config.exists():
        store.write_text(config, "[tool.pytask.ini_options]\n")
    wanted = [step for step in steps if not only or step.name.startswith(tuple(only.split(",")))]
    ran: list[str] = []
    tasks = [_task(step, len(wanted), lock_digest, ran, say) for step in wanted]
    pytask.console.quiet = True
    session = pytask.build(
        tasks=tasks, config=config, capture="no", verbose=0, disable_warnings=True, stop_after_first_failure=True
    )
    _raise_first(session)
    return Result(tuple(ran), tuple(step.name for step in wanted if step.name not in ran))


def _task(step: Step, total: int, lock_digest: str, ran: list[str], say: Callable[[str], None]) -> Any:
    import pytask

    def run(inputs: Any, code: str, settings: str, produces: Any) -> None:
        begin = time.perf_counter()
        step.run()
        ran.append(step.name)
        say(f"[{len(ran):>2}/{total}] {step.name:<38} {time.perf_counter() - begin:5.1f} s")

    run.__annotations__ = {"produces": Annotated[Any, pytask.Product]}
    code = f"{store.code_digest(step.rooms)} {lock_digest}"
    # the list of inputs is a setting too: pytask alone would not notice a file that is gone
    settings = json.dumps([step.settings, [path.name for path in step.inputs]], sort_keys=True, default=str)
    kwargs = {
        "inputs": step.inputs,
        "code": pytask.PythonNode(value=code, hash=True),
        "settings": pytask.PythonNode(value=settings, hash=True),
        "produces": step.outputs,
    }
    return pytask.task(name=step.name, kwargs=kwargs)(run)


def _raise_first(session: Any) -> None:
    reports = [*session.collection_reports, *session.execution_reports]
    for report in reports:
        if report.outcome.name in {"FAIL"} and report.exc_info:
            raise report.exc_info[1]
    if session.exit_code != 0:
        raise ZgzxError("the task graph could not be built", where="pipeline", examples=_reasons(reports))


def _reasons(reports: Iterable[Any]) -> list[str]:
    return [f"{report.outcome.name}: {report.exc_info[1]}" for report in reports if report.exc_info]
