"""One function called for many worlds, on all cores."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

from threadpoolctl import threadpool_limits

from zgzx_research.did.core import inference

# for simultaneous bands; an error of .03 in a critical value averages out over worlds
DRAWS = 10_000
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


def by_row(
    one: Callable[[tuple[Item, ...], int], Sequence[Result]],
    rows: Sequence[Item],
    seeds: Iterable[int],
    processes: int | None = None,
    most: Sequence[float] | None = None,
) -> list[list[Result]]:
    """Call `one(rows, seed)` for every seed; return the results of each row over all seeds.

    Parameters
    ----------
    one : callable
        Gives one result per row; it must be importable, for it is sent to other processes.
    rows : sequence
        Rows of a table.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.
    most : sequence of float, optional
        For each row, at most so many worlds; default all.

    Returns
    -------
    list of list
        One list per row.
    """
    asked = [
        (seed, [k for k in range(len(rows)) if most is None or place < most[k]])
        for place, seed in enumerate(seeds)
    ]
    found: list[list[Result]] = [[] for _ in rows]
    worlds = over_worlds(partial(_some_rows, one, tuple(rows)), asked, processes)
    for (_, places), results in zip(asked, worlds, strict=True):
        for place, result in zip(places, results, strict=True):
            found[place].append(result)
    return found


def _some_rows(
    one: Callable[[tuple[Item, ...], int], Sequence[Result]],
    rows: tuple[Item, ...],
    item: tuple[int, Sequence[int]],
) -> Sequence[Result]:
    """Call `one` for some rows of one seed."""
    seed, places = item
    return one(tuple(rows[place] for place in places), seed)


def fewer_draws() -> None:
    """Let simultaneous bands of this process use `DRAWS` random draws."""
    inference.DRAWS = DRAWS


def _start_worker() -> None:
    threadpool_limits(1)
    fewer_draws()
