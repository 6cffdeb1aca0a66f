"""The constants of the synthetic world, its invented words, and its random numbers."""

from __future__ import annotations

import tomllib
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent


@cache
def constants() -> dict[str, Any]:
    """`world.toml` without unit, reason and source: section -> constant -> value."""
    return _values(_read("world.toml"))


@cache
def words() -> dict[str, Any]:
    """`names.toml`."""
    return _read("names.toml")


def stream(seed: int, part: str) -> np.random.Generator:
    """Random numbers of one part of the world: a part drawn otherwise leaves the others as they are."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),)))


def exact_share(rng: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """Boolean mask with ceil(share x rows) hits, so that a small world has every kind of dirt too."""
    return exact_kinds(rng, rows, [share]) == 1


def exact_kinds(rng: np.random.Generator, rows: int, shares: list[float]) -> np.ndarray:
    """Kind per row: 1, 2, … for ceil(share x rows) rows each, no row twice, and 0 for the others."""
    kinds = np.zeros(rows, dtype=np.int64)
    hits = [int(np.ceil(round(share * rows, 6))) for share in shares]
    kinds[rng.permutation(rows)[: sum(hits)]] = np.repeat(np.arange(1, len(hits) + 1), hits)[:rows]
    return kinds


def by_event_year(profile: list[float], event_year: np.ndarray) -> np.ndarray:
    """Value of a profile over years 0, 1, 2, … since the first award; the last entry goes on, before the award 0."""
    since = np.clip(event_year, 0, len(profile) - 1)
    return np.where(event_year >= 0, np.asarray(profile)[since], 0.0)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _values(node: dict[str, Any]) -> Any:
    if "value" in node:
        return node["value"]
    return {name: _values(below) for name, below in node.items()}
