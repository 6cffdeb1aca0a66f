"""Random numbers of the synthetic world, and exact shares drawn with them."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """Random numbers of one part of the world of a seed."""
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),))
    )


def exact_share(rng: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """Boolean mask with ceil(share x rows) hits, so that a small world has every kind of dirt too."""
    return exact_kinds(rng, rows, [share]) == 1


def exact_kinds(rng: np.random.Generator, rows: int, shares: list[float]) -> np.ndarray:
    """Kind per row: 1, 2, … for ceil(share x rows) rows each, no row twice, and 0 for the others."""
    kinds = np.zeros(rows, dtype=np.int64)
    hits = [int(np.ceil(round(share * rows, 6))) for share in shares]
    kinds[rng.permutation(rows)[: sum(hits)]] = np.repeat(np.arange(1, len(hits) + 1), hits)[:rows]
    return kinds


def exact_kinds_among(
    rng: np.random.Generator, shares: list[float], among: list[np.ndarray]
) -> np.ndarray:
    """Kind per row as `exact_kinds`, drawn where the mask of the kind is True.

    All of these if they are too few.
    """
    rows = len(among[0])
    kinds, order = np.zeros(rows, dtype=np.int64), rng.permutation(rows)
    for kind, (share, allowed) in enumerate(zip(shares, among, strict=True), start=1):
        free = order[(allowed & (kinds == 0))[order]]
        kinds[free[: int(np.ceil(round(share * rows, 6)))]] = kind
    return kinds
