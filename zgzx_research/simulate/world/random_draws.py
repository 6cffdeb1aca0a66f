"""Random numbers of the synthetic world, and exact shares drawn with them."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """Return random numbers of one part of the world of a seed."""
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),))
    )


def exact_share(rng: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """Draw a mask with exactly ceil(share x rows) True values.

    So a small world, too, has every kind of dirt.
    """
    return exact_kinds(rng, rows, [share]) == 1


def exact_kinds(rng: np.random.Generator, rows: int, shares: list[float]) -> np.ndarray:
    """Draw a kind for each row: kind k for exactly ceil(share k x rows) rows.

    Kinds count from 1; the other rows have 0, and no row has two kinds.
    """
    kinds = np.zeros(rows, dtype=np.int64)
    hits = [int(np.ceil(round(share * rows, 6))) for share in shares]
    kinds[rng.permutation(rows)[: sum(hits)]] = np.repeat(np.arange(1, len(hits) + 1), hits)[:rows]
    return kinds


def exact_kinds_among(
    rng: np.random.Generator, shares: list[float], among: list[np.ndarray]
) -> np.ndarray:
    """Draw a kind for each row as `exact_kinds` does, among the rows where the kind is allowed.

    If these are too few, all of them have the kind.
    """
    rows = len(among[0])
    kinds, order = np.zeros(rows, dtype=np.int64), rng.permutation(rows)
    for kind, (share, allowed) in enumerate(zip(shares, among, strict=True), start=1):
        free = order[(allowed & (kinds == 0))[order]]
        kinds[free[: int(np.ceil(round(share * rows, 6)))]] = kind
    return kinds
