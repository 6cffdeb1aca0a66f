"""The rebuild changed no estimate: the small demo as the code before it gave it.

`facts_before.csv` was written by commit 604fad7 for the world of seed 1: estimates with errors and
intervals, numbers of units, and the facts of the data. Ends of simultaneous bands are not among
them: their quantile is drawn, in another way since; tests/unit/did/test_effects.py holds it
to exact integrals.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.pipeline.conftest import facts

BEFORE = Path(__file__).with_name("facts_before.csv")


def test_every_estimate_and_count_is_as_before(built: Path) -> None:
    with BEFORE.open(encoding="utf-8", newline="") as file:
        before = {row["key"]: row for row in csv.DictReader(file)}
    now = facts(built)
    assert before.keys() <= now.keys()
    for key, row in before.items():
        assert now[key]["unit"] == row["unit"], key
        if now[key].get("withheld") and key.endswith((".n_treated", ".base_mean")):
            continue  # since then blank where a difference would tell of one or two firms
        expected = json.loads(row["value"])
        if isinstance(expected, float):
            assert now[key]["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), key
        else:
            assert now[key]["value"] == expected, key
