"""The data layer at full size.

`python benchmarks/data_layer.py layer|link|spells`, one measurement a process.

layer : raw files of a world of default size to panels (ingest, clean, link, panels), as `zgzx run
    STUDY build` does it, start of the command and digests of the files included; seconds in all and
    by step.
link : firms and persons of a district (12,000 firms, 40,000 workers, a million insured months),
    seconds.
spells : staff and retention from a Parquet file of 10 million spells, seconds and the highest
    resident size.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/unit/link")]
SPELLS, FIRMS, BLOCK = 10_000_000, 60_000, 500_000


def layer() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("studies", "data/published", "requirements.lock", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, root / name)
        zgzx = [sys.executable, "-m", "zgzx_research"]
        world = ["simulate", "data/raw/demo", "--size", "default", "--seed", "1"]
        subprocess.run([*zgzx, *world], cwd=root, check=True, stdout=subprocess.DEVNULL)
        started = time.perf_counter()
        said = subprocess.run(
            [*zgzx, "run", "demo", "build"], cwd=root, check=True, capture_output=True, text=True
        ).stdout
        seconds = time.perf_counter() - started
        steps = {name: float(told) for name, told in re.findall(r"\] (\S+) +([\d.]+) s", said)}
        months = len(
            pd.read_parquet(root / "data/work/demo/clean/si_month.parquet", columns=["row"])
        )
    return {"months": months, **steps, "seconds": seconds}


def link() -> dict[str, float]:
    from clean_world import make_world

    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.link.link_people import link_people

    world = make_world(12_000, 40_000, 24_000, 80_000, seed=0)
    started, cpu = time.perf_counter(), time.process_time()
    firms = link_firms(world.clean, world.calendar)
    half = time.perf_counter()
    people = link_people(world.clean, firms, world.calendar)
    ended = time.perf_counter()
    cpu = time.process_time() - cpu
    return {
        "months": len(world.clean["si_month"]),
        "records": len(firms.link_audit) + len(people.link_audit),
        "firms_seconds": half - started,
        "people_seconds": ended - half,
        "seconds": ended - started,
        "cpu_seconds": cpu,
    }


def spells() -> dict[str, float]:
    from zgzx_research.panels.retention import count_staff

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "employment.parquet"
        _write_spells(path)
        firm = pd.DataFrame({"firm_id": [f"F{n:06d}" for n in range(FIRMS)]})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started = time.perf_counter()
        staff = count_staff(firm, path, years=range(2012, 2026))
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "spells": SPELLS,
        "rows": len(staff),
        "seconds": seconds,
        "peak_mb": peak,
        "before_mb": before,
    }


def _write_spells(path: Path) -> None:
    """Three spells a worker, in blocks, so that making them takes no memory."""
    rng = np.random.default_rng(0)
    writer = None
    for first in range(0, SPELLS, BLOCK):
        start = rng.integers(2010 * 12, 2025 * 12, BLOCK)
        end = np.minimum(start + rng.geometric(0.03, BLOCK), 2025 * 12 + 11)
        worker = (first + np.arange(BLOCK)) // 3
        columns = {
            "worker_id": pa.array(np.char.add("W", np.char.zfill(worker.astype(str), 7))),
            "firm_id": pa.array(
                np.char.add("F", np.char.zfill(rng.integers(0, FIRMS, BLOCK).astype(str), 6))
            ),
            "start_ym": pa.array(start // 12 * 100 + start % 12 + 1),
            "end_ym": pa.array(end // 12 * 100 + end % 12 + 1),
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    result = {"layer": layer, "link": link, "spells": spells}[sys.argv[1]]()
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in result.items()}) + "\n")
