"""Write a synthetic world as agencies would deliver it, and its truth apart."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.constants import Order
from zgzx_research.simulate.patent_files import write_patents
from zgzx_research.simulate.programme_files import write_programmes
from zgzx_research.simulate.rosters import write_rosters
from zgzx_research.simulate.score_files import write_scores
from zgzx_research.simulate.tables import employment_table, registry_table
from zgzx_research.simulate.world import World, simulate_world

NOTICE = "合成数据：人物、企业与号码均为虚构。SYNTHETIC data: every person, firm and number is invented."
WITH_MARK, CHINESE = "utf-8-sig", "gb18030"


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
    """Write `folder`/raw/{roster,scores,programmes,registry,employment,patents}, raw/SYNTHETIC.json and `folder`/truth.

    The same arguments give the same bytes. The folder is there complete or not at all.
    truth/firm_year: firm_id, year, outcome, mu0, mu1 (expected without and with the awards; patents as filed),
    observed (what perfect cleaning of the raw files gives; NaN where the panel has no value).
    truth/firm, award, entry, programme, spell, patent (published by the day of the export): clean tables by true id.
    truth/record: whom each row of the raw files is about and what is wrong with it (`records.record_rows`).

    Raises
    ------
    ZgzxError : the folder holds something or is a file, an unknown scenario, size or trap, a negative seed.
    """
    order = Order(scenario, size, seed, tuple(without), tuple(also))
    folder = Path(folder)
    _refuse_used(folder)
    say = progress or (lambda _: None)
    say(f"drawing the world: {scenario}, {size}, seed {seed}")
    world = simulate_world(order)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        draft.chmod(0o755)
        records = _write_raw(draft / "raw", world, say)
        _write_truth(draft / "truth", world, records)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ZgzxError("the folder is not empty", where=str(folder), remedy="Name a new or an empty folder.")


def _write_raw(raw: Path, world: World, say: Callable[[str], None]) -> list[pd.DataFrame]:
    for source in ("roster", "scores", "programmes", "registry", "employment", "patents"):
        (raw / source).mkdir(parents=True)
    say("rosters")
    records = write_rosters(world, raw)
    say("scores")
    records += write_scores(world, raw)
    say("programmes")
    records += write_programmes(world, raw)
    say("registry")
    _write_csv(raw / "registry/registry.csv", registry_table(world, world.order.stream("registry dirt")), CHINESE)
    say("employment")
    spells = employment_table(world, world.order.stream("employment dirt"))
    begun = spells["参保起始年月"].str[:4].astype(int)
    since = world.rules["time"]["spells_from"]
    for first, last in world.rules["dirt"]["employment_files"]:
        name = f"employment/spells_{max(first, since)}_{last}.csv"
        _write_csv(raw / name, spells[begun.between(first, last)], WITH_MARK)
    say("patents")
    records += write_patents(world, raw)
    files = sorted(path for path in raw.rglob("*") if path.is_file())
    digests = {path.relative_to(raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    _write_json(raw / "SYNTHETIC.json", {"notice": NOTICE, "files": digests})
    return records


def _write_truth(truth: Path, world: World, records: list[pd.DataFrame]) -> None:
    truth.mkdir()
    for name, table in (world.truth | {"record": pd.concat(records, ignore_index=True)}).items():
        table.to_parquet(truth / f"{name}.parquet", index=False)
    _write_json(truth / "world.json", dataclasses.asdict(world.order))


def _write_csv(path: Path, table: pd.DataFrame, encoding: str) -> None:
    table.to_csv(path, index=False, encoding=encoding, lineterminator="\r\n")


def _write_json(path: Path, content: dict) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_bytes(text.encode("utf-8"))
