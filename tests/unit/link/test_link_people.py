"""Spells and their workers."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.link.people import link_people


def spell(*rows: tuple[str, int, str | None, str | None, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["file", "row", "person_key", "id_key", "name_key"])
    return table.astype({"person_key": "str", "id_key": "str", "name_key": "str"}).assign(sheet="", part=1)


SPELLS = spell(
    ("a.csv", 2, "n1", "i1", None),
    ("a.csv", 3, "n2", None, "m2"),
    ("a.csv", 10, "n1", "i1", "m1"),
    ("b.csv", 2, "n2", "i2", "m2"),
    ("b.csv", 3, "i2", "i2", "m2"),  # number missing, clean put the ID: it belongs to n2
    ("b.csv", 4, None, "i3", "m3"),  # number missing, ID unknown elsewhere
    ("b.csv", 5, "i3", "i3", "m3"),
    ("b.csv", 6, None, None, "m4"),  # nobody
    ("b.csv", 7, "n5", "i5", "m5"),
    ("b.csv", 8, "n6", "i5", "m5"),  # one ID under two numbers: two workers for now
    ("b.csv", 9, "i5", "i5", "m5"),  # so this one stays with the ID
)
EXPECTED = [1, 2, 1, 2, 2, 3, 3, None, 4, 5, 6]


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_workers_by_number_then_by_id_in_order_of_appearance(seed: int | None) -> None:
    given = SPELLS if seed is None else SPELLS.sample(frac=1, random_state=seed)
    links = link_people(given)
    ids = [None if pd.isna(worker) else worker for worker in links.spell_worker["worker_id"]]
    assert ids == [n and f"W{n:07d}" for n in EXPECTED]
    assert links.spell_worker.columns.tolist() == ["file", "sheet", "row", "part", "worker_id"]
    assert links.spell_worker["row"].tolist() == [2, 3, 10, 2, 3, 4, 5, 6, 7, 8, 9]
    assert links.worker.columns.tolist() == ["worker_id", "name_key", "id_key"]
    assert links.worker["name_key"].tolist() == ["m1", "m2", "m3", "m5", "m5", "m5"]
    assert links.worker["id_key"].tolist() == ["i1", "i2", "i3", "i5", "i5", "i5"]
