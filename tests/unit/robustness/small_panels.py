"""Small panels for the checks of robustness; every one is drawn from a seed, none is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel

ROLES = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "start"}


def rows(
    seed: int = 0,
    units: int = 60,
    starts: tuple[float, ...] = (4, 6, np.nan, np.nan),
    *,
    years: int = 8,
    effect: float = 0.0,
    counts: bool = False,
    missing: float = 0.0,
) -> pd.DataFrame:
    """A panel of firms F000, F001, ...; the firms take the starts in turn."""
    rng = np.random.default_rng(seed)
    start = np.resize(np.array(starts, dtype=float), units)
    level = rng.gamma(2.0, 2.0, units)
    y = level[:, None] + rng.normal(0, 1, (units, years)) + np.arange(years)
    if counts:
        y = rng.poisson(level[:, None] * np.ones(years)).astype(float)
    year = np.arange(1, years + 1)
    y = y + effect * (year >= start[:, None])
    table = pd.DataFrame(
        {
            "firm": np.repeat([f"F{u:03d}" for u in range(units)], years),
            "year": np.tile(year, units),
            "y": y.ravel(),
            "start": np.repeat(start, years),
            "size": np.repeat(np.where(rng.random(units) < 0.5, "large", "small"), years),
            "w": np.repeat(rng.uniform(0.5, 2.0, units), years),
        }
    )
    return table[rng.random(len(table)) >= missing]


def panel_of(table: pd.DataFrame, **more: Any) -> PreparedPanel:
    return prepare_panel(table, **ROLES, **more)


def by_firm(table: pd.DataFrame, column: str) -> pd.Series:
    return table.groupby("firm")[column].first()
