"""What many worlds say of a method: bias, spread, coverage, size and power, and the verdict.

Knows no estimator.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

LEVEL, SIZE = 0.95, 0.05
TOLERANCE = 3  # Monte-Carlo standard errors
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says of one world; NaN where it says nothing.

    Attributes
    ----------
    error, std_error : of the estimate (or of the estimating equation), in units of `unit`. low,
        high : 95 % interval.
    true : what the interval should cover. rejected : the pre-test at 5 %. in_band : the
        simultaneous band holds the truth everywhere. unit : the counterfactual total on the ratio
        scale, else 1. mde : minimum detectable effect.
    """

    error: float
    std_error: float
    low: float
    high: float
    true: float
    rejected: float = np.nan
    in_band: float = np.nan
    unit: float = 1.0
    mde: float = np.nan


def judge(
    answers: Sequence[Answer | str], *, fails: str = "", conservative: Iterable[str] = ()
) -> dict[str, Any]:
    """The numbers of many worlds and the verdict on them.

    Parameters
    ----------
    answers : one per world, or what the package objected to.
    fails : why the method cannot hold here; "" = it must.
    conservative : of "coverage", "pre-test", "band": those that may err on the careful side.

    Returns
    -------
    worlds, bias, bias_error (Monte-Carlo), sd, std_error, coverage, rejects (the interval leaves
    zero out: the power; where nothing is true, the size), pretest, band (shares), true (mean), mde
    (median), errors, verdict.
    """
    good = [
        a
        for a in answers
        if isinstance(a, Answer) and np.isfinite(a.error) and np.isfinite(a.std_error)
    ]
    if len(good) < 2:
        return {
            "verdict": f"fails: no answer ({next((a for a in answers if isinstance(a, str)), 'all missing')})"
        }
    error, std_error, low, high, true, rejected, in_band, unit, mde = np.array(
        [astuple(a) for a in good]
    ).T
    scale = unit.mean()
    result = {
        "worlds": len(good),
        "bias": error.mean() / scale,
        "sd": error.std(ddof=1) / scale,
        "bias_error": error.std(ddof=1) / scale / np.sqrt(len(good)),
        "std_error": std_error.mean() / scale,
        "coverage": ((low <= true) & (true <= high)).mean(),
        "rejects": ((low > 0) | (high < 0)).mean(),
        "pretest": _mean(rejected),
        "band": _mean(in_band),
        "true": true.mean(),
        "mde": _median(mde),
        "errors": len(answers) - len(good),
    }
    counts = {"pretest": np.isfinite(rejected).sum(), "band": np.isfinite(in_band).sum()}
    missed = ", ".join(_misses(result, counts, set(conservative)))
    if fails:
        verdict = (
            f"fails as it should ({missed}): {fails}"
            if missed
            else f"holds, and should fail: {fails}"
        )
    else:
        verdict = f"fails: {missed}" if missed else "holds"
    return result | {"verdict": verdict}


def _misses(result: dict[str, Any], counts: dict[str, int], conservative: set[str]) -> list[str]:
    """What lies more than `TOLERANCE` Monte-Carlo errors from where it should."""
    asked = {
        "coverage": (result["coverage"], LEVEL, result["worlds"], -1),
        "pre-test": (result["pretest"], SIZE, counts["pretest"], 1),
        "band": (result["band"], LEVEL, counts["band"], -1),
    }
    missed = ["bias"] if abs(result["bias"]) >= TOLERANCE * result["bias_error"] else []
    for name, (share, expected, count, bad) in asked.items():
        away = (share - expected) / np.sqrt(expected * (1 - expected) / max(count, 1))
        if away * bad >= TOLERANCE or (away * bad <= -TOLERANCE and name not in conservative):
            missed.append(name)
    return missed + (["errors"] if result["errors"] else [])


def over_worlds(
    one: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int | None = None,
    prepare: Callable[[], None] = lambda: None,
    progress: bool = True,
) -> Iterator[Result]:
    """`one` of every item in their order, on all cores, in this process alone if 1.

    `prepare` is called first in every process. `progress` is written to standard error.
    """
    if processes == 1:
        prepare()
        yield from map(one, items)
        return
    start = time.monotonic()
    with ProcessPoolExecutor(processes, initializer=_start_worker, initargs=(prepare,)) as pool:
        for done, result in enumerate(pool.map(one, items, chunksize=4), 1):
            if progress and (done % 20 == 0 or done == len(items)):
                left = (time.monotonic() - start) * (len(items) / done - 1)
                sys.stderr.write(f"\r{done} of {len(items)} worlds, {left:.0f} s left   ")
            yield result
    if progress:
        sys.stderr.write(f"\n{len(items)} worlds in {time.monotonic() - start:.0f} s\n")


def _start_worker(prepare: Callable[[], None]) -> None:
    threadpool_limits(1)
    prepare()


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if not np.isnan(values).all() else np.nan
