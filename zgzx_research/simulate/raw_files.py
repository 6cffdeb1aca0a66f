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

from zgzx_research.atomic import writing
from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.calibration import calibration_lines
from zgzx_research.simulate.constants import Order
from zgzx_research.simulate.employment import employers, employment_lines, spell_table
from zgzx_research.simulate.insurance_books import agency_table, write_agencies, write_statements
from zgzx_research.simulate.monthly import registrant_lines, write_months
from zgzx_research.simulate.patent_files import write_patents
from zgzx_research.simulate.programme_files import write_programmes
from zgzx_research.simulate.registry import changes_table, registry_table
from zgzx_research.simulate.rosters import write_rosters
from zgzx_research.simulate.score_files import write_scores
from zgzx_research.simulate.world import World, simulate_world

NOTICE = (
    "合成数据：人物、企业与号码均为虚构。SYNTHETIC data: every person, firm and number is invented."
)
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
    truth/firm_year: firm_id, year, outcome, mu0, mu1 (expected without and with the awards; patents
    as filed), observed (what perfect cleaning of the raw files gives; NaN where the panel has no
    value). truth/firm, award, spell, patent (published by the day of the export): the clean tables
    by true id. truth/firm_name (all names, with the days they held), firm_event (rename, merger,
    move). truth/worker_final: the people of the finals: stays of 12 and 24 months observed,
    expected without and with the final; missing where that month is not recorded yet.
    truth/record: whom each row of the registry and employment files is about (file, sheet, row as
    the clerk counts, firm_id, worker_id, dirt, recoverable); for months files one line per person
    and employer spell, at its first row.

    Raises
    ------
    ZgzxError : the folder holds something or is a file, an unknown scenario, size or trap, a
        negative seed.
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
    """Write the raw files; the records of truth."""
    for source in ("roster", "scores", "programmes", "registry", "employment", "patents"):
        (raw / source).mkdir(parents=True)
    say("rosters")
    records = write_rosters(world, raw)
    say("scores")
    records += write_scores(world, raw)
    say("programmes")
    records += write_programmes(world, raw)
    say("registry")
    records += _write_registry(raw, world)
    say("employment")
    records += _write_employment(raw, world)
    say("patents")
    records += write_patents(world, raw)
    files = sorted(path for path in raw.rglob("*") if path.is_file())
    digests = {
        path.relative_to(raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    _write_json(raw / "SYNTHETIC.json", {"notice": NOTICE, "files": digests})
    return pd.concat(records, ignore_index=True)


def _write_registry(raw: Path, world: World) -> list[pd.DataFrame]:
    records = []
    for name, make in (("registry", registry_table), ("changes", changes_table)):
        table, record = make(world, f"registry/{name}.csv", world.order.stream(f"{name} dirt"))
        _write_csv(raw / f"registry/{name}.csv", table, CHINESE)
        records.append(record)
    return records


def _write_employment(raw: Path, world: World) -> list[pd.DataFrame]:
    """Spells of those who never entered, months of those who did, sheets of dispatch companies, statements."""
    employer = employers(world, world.order.stream("employers"))
    line = employment_lines(world, world.order.stream("employment dirt"))
    records, since = [], world.rules["time"]["spells_from"]
    begun = line["start"] // 12
    for first, last in world.rules["dirt"]["employment_files"]:
        name = f"employment/spells_{max(first, since)}_{last}.csv"
        own = line[begun.between(first, last) & ~line["registrant"]]
        table, record = spell_table(world, employer, own, name)
        _write_csv(raw / name, table, WITH_MARK)
        records.append(record)
    registrants = registrant_lines(world, line, world.order.stream("months dirt"))
    records += write_months(world, employer, raw, registrants)
    agency = agency_table(world, employer, line, world.order.stream("agency dirt"))
    records += write_agencies(world, raw, line, agency)
    return records + write_statements(
        world, employer, raw, registrants, world.order.stream("statements")
    )


def _write_truth(truth: Path, world: World, record: pd.DataFrame) -> None:
    truth.mkdir()
    for name, table in (world.truth | {"record": record}).items():
        table.to_parquet(truth / f"{name}.parquet", index=False)
    _write_json(truth / "world.json", dataclasses.asdict(world.order))


def _write_csv(path: Path, table: pd.DataFrame, encoding: str) -> None:
    table.to_csv(path, index=False, encoding=encoding, lineterminator="\r\n")


def _write_json(path: Path, content: dict) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_bytes(text.encode("utf-8"))
