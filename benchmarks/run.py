"""Side by side with peers.

`make benchmark`, or `python benchmarks/run.py --jobs band --units 1000 --print`.

Every measurement runs in a fresh process. Raw numbers go to results/<date>.json, the table to
results.md. No ratio is printed before the estimates of both sides agree.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contestants import CALLS, OURS
from table import to_markdown

HERE = Path(__file__).parent
PEERS = HERE / ".venv/bin/python"
SLACK = 300  # seconds for imports and for making the data, beside the limit on the call itself


@dataclass(frozen=True, slots=True)
class Job:
    """One job at its sizes.

    Attributes
    ----------
    label : what the table says. sizes : numbers of units. largest : of packages that are not run at
        every size.
    asks : size -> how many times faster than the fastest peer. memory_asks : sizes at which memory
        must be a tenth.
    gigabytes : what the job may use in all, where no peer can run it. shuffle : rows in random
        order.
    """

    name: str
    label: str
    sizes: tuple[int, ...]
    asks: dict[int, float]
    largest: dict[str, int]
    memory_asks: tuple[int, ...] = ()
    gigabytes: float | None = None
    shuffle: bool = False


SLOW = {
    "csdid": 100_000,
    "moderndid": 100_000,
    "differences": 100_000,
}  # ten times slower or more: larger takes minutes
PAIR = {"csdid": 0, "moderndid": 0, "differences": 0}
BIG = (100_000, 1_000_000)
JOBS = (
    Job("group_time", "group-time, no covariates", (1_000, *BIG), {1_000_000: 20}, SLOW, BIG),
    Job("group_time", "group-time, no covariates, shuffled rows", BIG, {}, PAIR, shuffle=True),
    Job(
        "doubly_robust",
        "doubly robust, 4 covariates",
        BIG,
        {100_000: 10, 1_000_000: 15},
        SLOW,
        BIG,
    ),
    Job("band", "simultaneous band (peers: 999 draws)", BIG, dict.fromkeys(BIG, 10), SLOW, BIG),
    Job("imputation", "imputation", BIG, dict.fromkeys(BIG, 10), {}, BIG),
    Job(
        "poisson_etwfe",
        "Poisson ETWFE, 12 cohorts, 15 periods",
        (11_900,),
        {11_900: 100},
        {},
        (11_900,),
    ),
    Job("parquet", "group-time from Parquet", (10_000_000,), {}, {}, gigabytes=4.0),
)


def measure(job: Job, package: str, units: int, limit: int) -> dict[str, Any]:
    """What `measure.py` says of one contestant."""
    asked = {
        "job": job.name,
        "package": package,
        "units": units,
        "shuffle": job.shuffle,
        "limit": limit,
    }
    python = sys.executable if package == OURS else str(PEERS)
    try:
        done = subprocess.run(
            [python, str(HERE / "measure.py"), json.dumps(asked)],
            capture_output=True,
            text=True,
            timeout=limit + SLACK,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return asked | {"failed": f"over {limit} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return asked | {"failed": f"exit {done.returncode}: {last}"[:300]}
    return asked | json.loads(done.stdout)


def run(jobs: list[Job], limit: int) -> list[dict[str, Any]]:
    """All measurements, ours first in each row."""
    found = []
    for job in jobs:
        for units in job.sizes:
            for package in CALLS[job.name]:
                if units <= job.largest.get(package, units):
                    result = measure(job, package, units, limit) | {"label": job.label}
                    said = (
                        result.get("failed")
                        or f"{min(result['seconds']):.3f} s, {result['peak_mb']:.0f} MB"
                    )
                    sys.stderr.write(f"{job.label}, {units:,} units, {package}: {said}\n")
                    found.append(result)
    return found


def machine() -> dict[str, Any]:
    """Where it ran, without the machine's name."""
    cpu = next(
        (
            x
            for x in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if "model name" in x
        ),
        "",
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "processor": cpu.partition(":")[2].strip(),
        "memory_gb": round(pages / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", default=sorted({job.name for job in JOBS}))
    parser.add_argument(
        "--units", type=int, nargs="+", help="sizes to run instead of each job's own"
    )
    parser.add_argument("--limit", type=int, default=300, help="seconds a call may take")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    asked = parser.parse_args()
    chosen = (job for job in JOBS if job.name in asked.jobs)
    jobs = [replace(job, sizes=tuple(asked.units or job.sizes)) for job in chosen]
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "limit": asked.limit,
    }
    results["measurements"] = run(jobs, asked.limit)
    text = to_markdown(results, jobs)
    if not asked.print:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / f"results/{results['date']}.json").write_text(
            json.dumps(results, indent=1) + "\n", encoding="utf-8"
        )
        (HERE / "results.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
