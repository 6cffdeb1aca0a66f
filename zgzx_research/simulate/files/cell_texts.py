"""Texts of cells that several files share: addresses, spaced names, lists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import words
from zgzx_research.simulate.world.identities import joined


def spaced_names(names: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put a full-width blank before the given name in these rows."""
    return np.where(rows, [name.replace("拟", "\u3000拟") for name in names], names)


def lists(keys: pd.Series, texts: pd.Series, mark: str) -> pd.Series:
    """Join the texts of each key, with `mark` between them; rows of one key keep their order."""
    order = np.argsort(pd.factorize(keys)[0], kind="stable")
    key = keys.to_numpy(dtype=object)[order]
    marked = joined(mark, texts.to_numpy(dtype=object)[order])
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))[: len(key)]
    together = np.add.reduceat(marked, first) if len(key) else marked
    return pd.Series([text[len(mark) :] for text in together], index=key[first], dtype="object")


def addresses(firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw addresses on invented roads."""
    road = rng.choice(np.asarray(words()["place"]["roads"], dtype=object), len(firm))
    return joined(
        "广东省深圳市龙岗区",
        firm["street"],
        "街道",
        road,
        rng.integers(1, 300, len(firm)).astype(str),
        "号",
    )


def ranks(firm: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    """Return the positions of firm ids in `firm`."""
    return pd.Index(firm["firm_id"]).get_indexer(pd.Index(ids))
