"""One function called for many worlds, on all cores."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from zgzx_research.did.core import inference

DRAWS = (
    10_000  # for simultaneous bands; an error of .03 in a critical value averages out over worlds
)
Item = TypeVar("Item")
Result = TypeVar("Result")


def over_worlds(
    one: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int | None = None,
    *,
    progress: bool = True,
) -> Iterator[Result]:
    """Yield `one(item)` for every item, in their order.

    Parameters
    ----------
    one : callable
        A function of one item; it must be importable, for it is sent to other processes.
    items : sequence
        One item for each world.
    processes : int, optional
        How many processes; default all cores. With 1 everything runs in this process.
    progress : bool, default True
        Whether the time left is written to standard error.

    Yields
    ------
    Result
        What `one` returned.
    """
    if processes == 1:
        fewer_draws()
        yield from map(one, items)
        return

    start = time.monotonic()
    with ProcessPoolExecutor(processes, initializer=_start_worker) as pool:
        for done, result in enumerate(pool.map(one, items, chunksize=4), 1):
            if progress and (done % 20 == 0 or done == len(items)):
                left = (time.monotonic() - start) * (len(items) / done - 1)
                sys.stderr.write(f"\r{done} of {len(items)} worlds, {left:.0f} s left   ")
            yield result
    if progress:
        sys.stderr.write(f"\n{len(items)} worlds in {time.monotonic() - start:.0f} s\n")


def fewer_draws() -> None:
    """Let simultaneous bands of this process use `DRAWS` random draws."""
    inference.DRAWS = DRAWS


def _start_worker() -> None:
    threadpool_limits(1)
    fewer_draws()
