"""One measurement in a process of its own.

`python measure.py '{"job": ..., "package": ..., "units": ...}'` -> JSON.

The clock runs from the frame to the event study. Memory is the highest resident size during the
first call above the size right before it, when the input is there and the package is imported and
warm.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.metadata
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import panels
from contestants import FORMS, OURS, call

MAKE = {
    "doubly_robust": lambda units: panels.staggered(units, covariates=True),
    "poisson_etwfe": panels.counts,
}
WARM_UP = 1_000  # units
REPEAT_FOR, REPEATS = 10.0, 7  # seconds and runs at most, for short jobs


def memory(field: str) -> float:
    """MB of this process: "VmRSS" now, "VmHWM" the highest since it was reset."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(field)) / 1024


def settle() -> float:
    """Hand freed memory back, forget the peak so far, and say how much is in use."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return memory("VmRSS")


def frame_of(job: str, package: str, units: int, shuffle: bool) -> Any:
    """The input as its package wants it."""
    frame = MAKE.get(job, panels.staggered)(units)
    return FORMS[package](panels.shuffled(frame) if shuffle else frame)


def measure(job: str, package: str, units: int, shuffle: bool, limit: int) -> dict[str, Any]:
    """Seconds of every run, MB above the input, and the estimates."""
    signal.signal(signal.SIGALRM, _too_long)
    call(
        "group_time" if job == "parquet" else job, package, frame_of(job, package, WARM_UP, shuffle)
    )
    with tempfile.TemporaryDirectory() as folder:
        data: Any = Path(folder) / "panel.parquet"
        if job == "parquet":
            panels.write_parquet(units, data)
        else:
            data = frame_of(job, package, units, shuffle)
        before = settle()
        signal.alarm(limit)
        seconds: list[float] = []
        while not seconds or (
            sum(seconds) < REPEAT_FOR and len(seconds) < REPEATS and seconds[0] < REPEAT_FOR / 2
        ):
            start = time.perf_counter()
            found, critical = call(job, package, data)
            seconds.append(time.perf_counter() - start)
            if len(seconds) == 1:
                peak = memory("VmHWM")
        signal.alarm(0)
    return {
        "seconds": [round(s, 4) for s in seconds],
        "peak_mb": round(peak - before, 1),
        "input_mb": round(before, 1),
        "event_time": [int(e) for e in found["event_time"]],
        "estimate": found["estimate"].tolist(),
        "std_error": found["std_error"].tolist(),
        "critical": critical,
    }


def _too_long(*_: Any) -> None:
    raise TimeoutError


def main() -> None:
    """Print the measurement, or why there is none."""
    asked = json.loads(sys.argv[1])
    version = importlib.metadata.version(
        "zgzx-research" if asked["package"] == OURS else asked["package"]
    )
    try:
        result = measure(**asked)
    except TimeoutError:
        result = {"failed": f"over {asked['limit']} s"}
    except MemoryError:
        result = {"failed": "out of memory"}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"[:300]}
    sys.stdout.write(json.dumps({"version": version} | result))


if __name__ == "__main__":
    main()
