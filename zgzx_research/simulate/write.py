"""Write a synthetic world to a folder: raw files as agencies deliver them, and the truth."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from zgzx_research.atomic import writing
from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.files.employment_files import write_employment
from zgzx_research.simulate.files.patent_files import write_patents
from zgzx_research.simulate.files.programme_files import write_programmes
from zgzx_research.simulate.files.registry_files import write_registry
from zgzx_research.simulate.files.roster_files import write_rosters
from zgzx_research.simulate.files.score_files import write_scores
from zgzx_research.simulate.world.calibration import calibration_lines
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World, simulate_world

NOTICE = (
    "合成数据：人物、企业与号码均为虚构。SYNTHETIC data: every person, firm and number is invented."
)
# source (a folder below raw/) -> the function that writes its files and returns the true records
WRITERS: dict[str, Callable[[World, Path], list[pd.DataFrame]]] = {
    "roster": write_rosters,
    "scores": write_scores,
    "programmes": write_programmes,
    "registry": write_registry,
    "employment": write_employment,
    "patents": write_patents,
}


def write_world(
    folder: Path,
    *,
    scenario: str = "calibrated",
    size: str = "tiny",
    seed: int = 1,
    without: Sequence[str] = (),
    also: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write a synthetic world: raw files in `folder`/raw, what is true of them in `folder`/truth.

    The same arguments give the same bytes. The folder is complete or does not exist.

    Parameters
    ----------
    folder : Path
        A new or an empty folder.
    scenario : {"calibrated", "null", "teaching", "harm"}
        The size and sign of the true effects (a row of [scenario] in world.toml).
    size : {"tiny", "default", "large"}
        How many firms, workers and awards (a row of [size]).
    seed : int, default 1
        For the random numbers; 0 or more.
    without : sequence of str
        Traps of [trap] to switch off.
    also : sequence of str
        Traps of [optional_trap] to switch on.
    progress : callable, optional
        Called with one line of text for each step.

    Raises
    ------
    ZgzxError
        If the folder holds something or is a file, if the scenario, the size or a trap is unknown,
        or if the seed is negative.

    Notes ----- raw/ has a folder for each source (roster, scores, programmes, registry, employment,
    patents) and SYNTHETIC.json with the digests of all files. truth/ has these Parquet files:

    firm, award, spell, patent, entry, member, programme
        The clean tables by true identifiers; patents as published by the day of the export.
    firm_name, firm_event
        All names of the firms with the days on which they were valid; renames, mergers and moves.
    firm_year
        firm_id, year, outcome; mu0 and mu1 (expected without and with the awards; patents as
        filed); observed (what perfect cleaning of the raw files gives; NaN where the panel has no
        value).
    worker_final
        The people of the finals: whether they stayed 12 and 24 months, and the probabilities with
        and without the final; missing where that month is not recorded yet.
    record
        Which firm and person each row of the raw files is about: file, sheet, row as a clerk
        counts, firm_id, worker_id, dirt, recoverable. For files of months one line per person and
        spell, at its first row.
    """
    order = Order(scenario, size, seed, tuple(without), tuple(also))
    folder = Path(folder)
    _refuse_used(folder)
    say = progress or (lambda _: None)
    say(f"drawing the world: {scenario}, {size}, seed {seed}")
    world = simulate_world(order)
    with writing(folder):
        _write_draft(folder, world, say)
    for line in calibration_lines(world):
        say(line)


def _write_draft(folder: Path, world: World, say: Callable[[str], None]) -> None:
    """Write under a temporary name beside the folder, then rename it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        draft.chmod(0o755)
        record = _write_raw(draft / "raw", world, say)
        _write_truth(draft / "truth", world, record)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ZgzxError(
            "the folder is not empty", where=str(folder), remedy="Name a new or an empty folder."
        )


def _write_raw(raw: Path, world: World, say: Callable[[str], None]) -> pd.DataFrame:
    """Write the raw files; return the true record of every row."""
    records = []
    for source, write in WRITERS.items():
        say(source)
        (raw / source).mkdir(parents=True)
        records += write(world, raw)

    files = sorted(path for path in raw.rglob("*") if path.is_file())
    digests = {
        path.relative_to(raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    _write_json(raw / "SYNTHETIC.json", {"notice": NOTICE, "files": digests})
    return pd.concat(records, ignore_index=True)


def _write_truth(truth: Path, world: World, record: pd.DataFrame) -> None:
    truth.mkdir()
    for name, table in (world.truth | {"record": record}).items():
        table.to_parquet(truth / f"{name}.parquet", index=False)
    _write_json(truth / "world.json", dataclasses.asdict(world.order))


def _write_json(path: Path, content: dict[str, object]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_bytes(text.encode("utf-8"))
