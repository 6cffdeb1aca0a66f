"""The rebuild changed no estimate: the small demo as the code before it gave it.

`facts_before.csv` was written by commit 604fad7 for the world of seed 1: estimates with errors and
intervals, numbers of units, and the facts of the data. Ends of simultaneous bands were drawn: the
critical value of that commit had a standard error of about .01.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.pipeline.conftest import facts

BEFORE = Path(__file__).with_name("facts_before.csv")
# of the distance from the interval to the band: three standard errors of the old critical value,
# about 2.8, against 1.96
DRAWN = 0.04


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
        if ".band_" in key and expected is not None:
            interval = json.loads(before[key.replace(".band_", ".ci_")]["value"])
            drawn = DRAWN * abs(expected - interval)
            assert now[key]["value"] == pytest.approx(expected, rel=1e-9, abs=drawn), key
        elif isinstance(expected, float):
            assert now[key]["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), key
        else:
            assert now[key]["value"] == expected, key
