"""Small tables of the people of finals, drawn for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd


def people(seed: int = 1, editions: int = 4, entries: int = 24, firms: int = 30) -> pd.DataFrame:
    """Draw editions with two categories; a third of the entries win, teams have three persons."""
    rng = np.random.default_rng(seed)
    rows = []
    for edition in range(1, editions + 1):
        for entry in range(entries):
            category = "team" if entry % 2 else "skill"
            place = entry // 2 + 1
            won = place <= entries // 6
            for _ in range(3 if category == "team" else 1):
                rows.append((edition, category, 100 * edition + entry, place, won))
    table = pd.DataFrame(rows, columns=["edition", "category", "entry_id", "place", "won"])
    last = entries // 6
    table["cut_distance"] = np.where(table["won"], last - table["place"] + 1, last - table["place"])
    firm = dict(zip(table["entry_id"].unique(), rng.integers(0, firms, 10_000), strict=False))
    return table.assign(
        arm=table["won"].map({True: "winner", False: "finalist"}),
        firm_id=[f"F{firm[entry]}" for entry in table["entry_id"]],
        worker_id=[f"P{n}" for n in range(len(table))],
        employed=True,
        tenure_months=rng.integers(0, 200, len(table)).astype(float),
        retention_24_group=(rng.random(len(table)) < 0.7).astype(float),
    ).drop(columns=["place", "won"])
