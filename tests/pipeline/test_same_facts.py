"""The rebuild changed no number: facts of the small demo as the code before it gave them.

`facts_before.csv` was written by commit 604fad7 for the world of seed 1, without the stamp. Changed
on purpose since: `*.pretest.*` (score form, two bins, the slope it could have seen), and what hangs
on the effective number of treated firms: `*.headline.effective_number`, `.largest_share`, `.few`,
`.verdict`, `.mde_reason`, `*.without_largest.*`, `*.grade_rule.effective_treated.*` and the steps
after it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.pipeline.conftest import facts

BEFORE = Path(__file__).with_name("facts_before.csv")


def test_every_fact_is_as_before(built: Path) -> None:
    with BEFORE.open(encoding="utf-8", newline="") as file:
        before = {row["key"]: row for row in csv.DictReader(file)}
    now = {key: fact for key, fact in facts(built).items() if not key.startswith("stamp.")}
    assert now.keys() == before.keys()
    for key, fact in now.items():
        assert fact["unit"] == before[key]["unit"], key
        expected = json.loads(before[key]["value"])
        if isinstance(expected, float):
            assert fact["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), key
        else:
            assert fact["value"] == expected, key
