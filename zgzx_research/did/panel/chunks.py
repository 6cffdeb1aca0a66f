"""A pass over the units.

One kernel, chunk by chunk, a thread per core, results in the order of the chunks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

CHUNK = 8192  # units: a chunk's arrays stay in the processor's cache
RUNS = 8  # each thread is given its pieces in so many runs
WORTH_THREADS = 32  # pieces: of fewer, handing over costs what a second thread gains

Piece = TypeVar("Piece")
Sums = TypeVar("Sums")


@cache
def _controller() -> ThreadpoolController:
    """Return the BLAS libraries in use; finding them takes milliseconds, so once."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """BLAS with one thread.

    Two that wait for each other on a busy machine take several times as long.
    """
    return _controller().limit(limits=1)


def chunk_bounds(groups: np.ndarray) -> list[tuple[int, int, int]]:
    """(group, start, stop) of pieces of at most CHUNK units that never straddle two groups.

    Parameters
    ----------
    groups : (groups,) int
        Units per group, in the order they are stored.
    """
    ends = np.cumsum(groups)
    return [
        (group, start, min(start + CHUNK, int(end)))
        for group, end in enumerate(ends)
        for start in range(int(end - groups[group]), int(end), CHUNK)
    ]


def in_chunks(kernel: Callable[[Piece], Sums], pieces: Sequence[Piece]) -> Iterator[Sums]:
    """Return the kernel's result for each piece, in order, whatever thread was first.

    So sums are the same every time. Kernels multiply matrices with `np.dot`: where the result is
    small, `@` lets no other thread run.
    """
    if len(pieces) < WORTH_THREADS:
        with one_thread():
            yield from map(kernel, pieces)
        return
    threads = os.cpu_count() or 1
    # several at once: to hand over a piece costs as much as a short one takes
    several = -(-len(pieces) // (RUNS * threads))
    runs = [pieces[start : start + several] for start in range(0, len(pieces), several)]

    def run(some: Sequence[Piece]) -> list[Sums]:
        return [kernel(piece) for piece in some]

    with one_thread(), ThreadPoolExecutor(threads) as pool:
        for results in pool.map(run, runs):
            yield from results
