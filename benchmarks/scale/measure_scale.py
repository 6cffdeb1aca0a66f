"""One measurement of the scale benchmark, in a process of its own.

`python measure_scale.py '{"job": …, "engine": …, "size": …, "data": …, "cores": 2}'` -> JSON.

Seconds after one call on 1,000 units that loads what is loaded late; highest memory and bytes read
of the process and of all it starts (Spark is a Java process with Python workers).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from data_files import FIRMS
from panels import staggered

SAMPLE = 0.1  # seconds between two looks at the processes
COVARIATES = ["x1", "x2", "x3", "x4"]
YEARS = range(2012, 2026)


class Watch:
    """Highest memory (proportional share, MB) and bytes read of this process and its children."""

    def __init__(self) -> None:
        self.peak, self.read = 0.0, dict[int, int]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self.start_memory, self.start_read = self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._stop.set()
        self._thread.join()

    def bytes_read(self) -> int:
        """Bytes asked of files since the start, also of processes that have ended."""
        return sum(self.read.values()) - self.start_read

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE):
            self._look()

    def _look(self) -> tuple[float, int]:
        memory = 0.0
        for process in processes(os.getpid()):
            try:
                memory += field(process, "smaps_rollup", "Pss:") / 1024
                self.read[process] = field(process, "io", "rchar:")
            except (FileNotFoundError, ProcessLookupError, PermissionError, StopIteration):
                continue  # it has just ended
        self.peak = max(self.peak, memory)
        return memory, sum(self.read.values())


def processes(root: int) -> Iterator[int]:
    """A process and all that it started."""
    yield root
    try:
        tasks = list(Path(f"/proc/{root}/task").iterdir())
        children = [(task / "children").read_text(encoding="utf-8").split() for task in tasks]
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in {int(number) for some in children for number in some}:
        yield from processes(child)


def field(process: int, file: str, name: str) -> int:
    """A number the system keeps on a process."""
    text = Path(f"/proc/{process}/{file}").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def panel_job(adjustment: str) -> Callable[[Any], dict[str, Any]]:
    """Effects of a panel of 10 periods."""

    def job(data: Any) -> dict[str, Any]:
        import zgzx_research as zr

        covariates = COVARIATES if adjustment != "none" else ()
        roles = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}
        panel = zr.prepare_panel(data, **roles, covariates=covariates)
        event = zr.estimate_effects(panel, adjustment=adjustment).aggregate("event_time")
        shown = event.to_frame()
        return {name: shown[name].tolist() for name in ("event_time", "estimate", "std_error")}

    return job


def months_job(engine: str) -> Callable[[Any], dict[str, Any]]:
    """Insured months to spells to staff and stays by firm and year."""

    def job(data: Any) -> dict[str, Any]:
        from zgzx_research.engine import Engine
        from zgzx_research.panels.retention import count_staff

        firm = pd.DataFrame({"firm_id": [f"F{n:06d}" for n in range(FIRMS)]})
        staff = count_staff(firm, Path(data), years=YEARS, engine=Engine(engine))
        return {"rows": len(staff), "staff": int(staff["staff_start"].sum())}

    return job


JOBS = {
    "group_time": lambda engine: panel_job("none"),
    "doubly_robust": lambda engine: panel_job("doubly_robust"),
    "months": months_job,
}


def opened(engine: str, data: str, cores: int, folder: Path) -> Any:
    """The data as the engine gives it: a path, or a Spark data frame."""
    if engine != "spark":
        return data
    from zgzx_research import Engine
    from zgzx_research.spark_tables import session

    settings = {"spark.driver.memory": "3g", "spark.local.dir": str(folder)}
    spark = session(Engine("spark", master=f"local[{cores}]", options=settings))
    return spark.read.parquet(data)


def main() -> None:
    """Print the measurement."""
    asked = json.loads(sys.argv[1])
    job, engine = asked["job"], asked["engine"]
    run = JOBS[job](engine)
    if job != "months":
        warm = staggered(1_000, covariates=True)
        run(warm.assign(start=warm["start"].where(warm["start"] > 0)))
    with tempfile.TemporaryDirectory() as folder:
        data = (
            asked["data"]
            if job == "months"
            else opened(engine, asked["data"], asked["cores"], Path(folder))
        )
        with Watch() as watch:
            started = time.perf_counter()
            found = run(data)
            seconds = time.perf_counter() - started
    result = {
        "seconds": round(seconds, 2),
        "peak_mb": round(watch.peak),
        "before_mb": round(watch.start_memory),
        "read_mb": round(watch.bytes_read() / 2**20),
    }
    sys.stdout.write(json.dumps(asked | result | {"found": found}) + "\n")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
