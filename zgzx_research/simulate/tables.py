"""Cells that several files share: addresses, names with blanks, positions of firms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import words
from zgzx_research.simulate.identities import joined


def spaced_names(names: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Names with a full-width blank before the given name in these rows."""
    return np.where(rows, [name.replace("拟", "\u3000拟") for name in names], names)


def addresses(firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Addresses on invented roads."""
    road = rng.choice(np.asarray(words()["place"]["roads"], dtype=object), len(firm))
    return joined("广东省深圳市龙岗区", firm["street"], "街道", road, rng.integers(1, 300, len(firm)).astype(str), "号")


def ranks(firm: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    return pd.Index(firm["firm_id"]).get_indexer(pd.Index(ids))
