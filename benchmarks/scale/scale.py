"""Ten times the data on each engine: time, memory, bytes read.

`python benchmarks/scale/scale.py --folder DIR` makes the files in DIR (12 GB for all) and measures
each job on each engine and size in a process of its own; `--jobs`, `--engines` and `--sizes` choose
some of them. results.json keeps the newest measurement of each with its date, results.md shows
them, docs/scale.md quotes them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from data_files import write_months, write_panel  # noqa: E402
from run import machine  # noqa: E402

MILLION = 1_000_000
LIMIT = 3600  # seconds a measurement may take


@dataclass(frozen=True, slots=True)
class Job:
    """A job, its engines and sizes."""

    name: str
    label: str
    engines: tuple[str, ...]
    sizes: tuple[int, ...]
    write: Callable[[int, Path], None]


# MB that an engine may use at any size, printed beside what it used. Spark's Java process has 3 GB,
# its Python workers and this process take the rest
BOUND = {"stream": 1024, "duckdb": 1024, "spark": 6144}
PANEL = (MILLION, 10 * MILLION, 30 * MILLION)
INSURED = (MILLION, 10 * MILLION, 100 * MILLION)
ENGINES = ("stream", "spark")
JOBS = (
    Job("group_time", "group-time, no covariates", ENGINES, PANEL, write_panel),
    Job("doubly_robust", "doubly robust, 4 covariates", ENGINES, PANEL, write_panel),
    Job(
        "months",
        "months to staff by firm and year",
        ("duckdb", "spark"),
        INSURED,
        write_months,
    ),
)


def measure(job: Job, engine: str, size: int, folder: Path) -> dict[str, Any]:
    """One row of the results."""
    data = folder / f"{job.write.__name__}_{size}.parquet"
    if not data.exists():
        sys.stderr.write(f"writing {data.name}\n")
        job.write(size, data)
    asked = {"job": job.name, "engine": engine, "size": size, "cores": os.cpu_count()}
    command = [
        sys.executable,
        str(HERE / "measure_scale.py"),
        json.dumps(asked | {"data": str(data)}),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return asked | {"failed": f"over {LIMIT} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return asked | {"failed": last[:300]}
    result = json.loads(done.stdout.strip().splitlines()[-1])
    del result["data"]
    return result | {"file_mb": round(data.stat().st_size / 2**20)}


def table(rows: list[dict[str, Any]], labels: dict[str, Job]) -> str:
    """The results in Markdown; the growth is the time beside that of the size before."""
    lines = [
        "# Ten times the data",
        "",
        "Written by `python benchmarks/scale/scale.py --folder DIR`; when and where: results.json.",
        "",
        "| job | engine | size | seconds | growth of the data | growth of the time "
        "| highest memory, MB | bound, MB | read, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    before: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        job, key = labels[row["job"]], (row["job"], row["engine"])
        start = [job.label, row["engine"], f"{row['size']:,}"]
        if "failed" in row:
            lines.append("| " + " | ".join([*start, row["failed"], *[""] * 5]) + " |")
            continue
        last = before.get(key)
        grown = [f"{row[k] / last[k]:.1f}" if last else "" for k in ("size", "seconds")]
        memory = [f"{row['peak_mb']:,}", f"{BOUND[row['engine']]:,}", f"{row['read_mb']:,}"]
        lines.append("| " + " | ".join([*start, f"{row['seconds']:.1f}", *grown, *memory]) + " |")
        before[key] = row
    return "\n".join(lines) + "\n"


def same_numbers(rows: list[dict[str, Any]]) -> str:
    """The largest difference between two engines on the same data."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        if "failed" not in row:
            found.setdefault((row["job"], row["size"]), []).append(row["found"])
    lines = []
    for (job, size), results in found.items():
        for other in results[1:]:
            worst = max(
                abs(a - b)
                for name, values in results[0].items()
                for a, b in zip(_list(values), _list(other[name]), strict=True)
                if a is not None and b is not None
            )
            lines.append(f"- {job}, {size:,}: engines differ by {worst:.1e} at most")
    return "\n".join(lines) + "\n"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", default=[job.name for job in JOBS])
    parser.add_argument("--engines", nargs="+", default=["stream", "duckdb", "spark"])
    parser.add_argument("--sizes", nargs="+", type=int)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for job in (job for job in JOBS if job.name in asked.jobs):
        for engine in (engine for engine in job.engines if engine in asked.engines):
            for size in asked.sizes or job.sizes:
                row = measure(job, engine, size, asked.folder)
                shown = {k: v for k, v in row.items() if k != "found"}
                sys.stderr.write(json.dumps(shown) + "\n")
                rows = keep(row)
                text = table(rows, {job.name: job for job in JOBS}) + "\n" + same_numbers(rows)
                (HERE / "results.md").write_text(text, encoding="utf-8")


def keep(row: dict[str, Any]) -> list[dict[str, Any]]:
    """All measurements, this one in place of an older one of the same job, engine and size."""
    file = HERE / "results.json"
    rows = json.loads(file.read_text("utf-8")) if file.exists() else []
    rows = [old for old in rows if _key(old) != _key(row)]
    rows.append(row | {"date": datetime.date.today().isoformat(), "machine": machine()})
    rows.sort(key=_key)
    file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return rows


def _key(row: dict[str, Any]) -> tuple[int, int, int]:
    """Its place in the table."""
    place = [job.name for job in JOBS].index(row["job"])
    return place, JOBS[place].engines.index(row["engine"]), row["size"]


if __name__ == "__main__":
    main()
