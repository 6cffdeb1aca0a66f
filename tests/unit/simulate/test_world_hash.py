"""The constants and the tiny world are those a decision record allowed.

Run as a program, it prints their digest.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.model import World, simulate_world

COMMITTED = Path(__file__).with_name("world_digest.txt")
REMEDY = (
    "The synthetic world is not the one that was decided on. Did you mean to change it? Then write "
    "a decision record in docs/decisions (or amend the one named in "
    "tests/unit/simulate/world_digest.txt), and print the new digest with `python "
    "tests/unit/simulate/test_world_hash.py RECORD > tests/unit/simulate/world_digest.txt`."
)


def constants_digest() -> str:
    """Digest the values of world.toml; units, reasons and sources may be worded better."""
    text = json.dumps(switched(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def table_digest(table: pd.DataFrame) -> str:
    """Column by column as text, the same on every platform.

    Floats at two decimals, dates as days.
    """
    digest = hashlib.sha256()
    for name in table:
        column = table[name]
        if pd.api.types.is_float_dtype(column):
            texts = (column.round(2) + 0.0).map("{:.2f}".format)
        elif pd.api.types.is_datetime64_any_dtype(column):
            texts = column.dt.strftime("%Y-%m-%d")
        else:
            texts = column.astype("string")
        digest.update(
            "\n".join([str(name), *texts.where(column.notna(), "")]).encode("utf-8") + b"\0"
        )
    return digest.hexdigest()


def tables(world: World) -> dict[str, pd.DataFrame]:
    """Return every table of a world and of its truth by name."""
    own = {name: getattr(world, name) for name in world.__dataclass_fields__}
    found = {name: table for name, table in own.items() if isinstance(table, pd.DataFrame)}
    found |= {"event": world.events.event, "name": world.events.name}
    found |= {f"programmes/{name}": table for name, table in world.programmes.items()}
    return found | {f"truth/{name}": table for name, table in world.truth.items()}


def digests() -> dict[str, str]:
    """Digest of the constants, and of each table of the tiny world of seed 1."""
    world = simulate_world(Order("calibrated", "tiny", 1))
    return {"constants": constants_digest()} | {
        name: table_digest(table) for name, table in tables(world).items()
    }


@pytest.fixture(scope="module")
def committed() -> dict[str, str]:
    return dict(line.split() for line in COMMITTED.read_text(encoding="utf-8").splitlines())


def test_a_decision_record_is_named(committed: dict[str, str]) -> None:
    assert re.fullmatch(r"docs/decisions/\d{4}-[a-z0-9-]+\.md", committed["record"])


def test_constants_are_those_decided_on(committed: dict[str, str]) -> None:
    assert constants_digest() == committed["constants"], REMEDY


@pytest.mark.slow
def test_tables_are_those_decided_on(committed: dict[str, str]) -> None:
    found = digests()
    assert set(found) == set(committed) - {"record"}, REMEDY
    changed = [name for name, digest in found.items() if digest != committed[name]]
    assert not changed, REMEDY


def test_a_digest_changes_with_values_order_and_names_but_not_with_noise() -> None:
    table = pd.DataFrame(
        {
            "a": [1, 2],
            "b": [0.1, float("nan")],
            "c": ["x", None],
            "d": pd.to_datetime(["2020-01-02"] * 2),
        }
    )
    digest = table_digest(table)
    assert table_digest(table.assign(b=table["b"] + 1e-9)) == digest
    assert table_digest(table.assign(b=table["b"] - 0.1)) == table_digest(
        table.assign(b=-(table["b"] - 0.1))
    )
    others = [
        table.assign(a=[2, 1]),
        table.assign(b=0.1),
        table.assign(b=table["b"] + 0.01),
        table.assign(c="x"),
        table.assign(d=pd.Timestamp("2020-01-03")),
        table.rename(columns={"a": "e"}),
        table[["b", "a", "c", "d"]],
    ]
    assert digest not in {table_digest(other) for other in others}
    assert len({table_digest(other) for other in others}) == len(others)


if __name__ == "__main__":
    lines = {"record": sys.argv[1]} | digests()
    sys.stdout.writelines(f"{name} {digest}\n" for name, digest in lines.items())
