"""Event paths from the numbers of any package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from zgzx_research.did.core.windows import named_events, possible_events
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.honest_bounds.event_path import EventPath, path_of_estimates
from zgzx_research.robustness.honest_bounds.result import Target

WHERE = "honest_bounds"


def raw_path(
    estimates: ArrayLike | None,
    covariance: ArrayLike | None,
    event_times: Sequence[int] | None,
    base_time: int,
    target: Target,
) -> EventPath:
    """Event path of estimates from anywhere.

    Parameters
    ----------
    estimates, covariance, event_times, base_time, target
        As in `honest_bounds`.

    Returns
    -------
    EventPath
        Not yet checked.

    Raises
    ------
    ZgzxError
        Shapes that do not fit, event times that are no different whole numbers, or no estimate of
        the target.
    """
    if estimates is None or covariance is None or event_times is None:
        remedy = "Pass an event study, or estimates, covariance and event_times."
        refuse("there is nothing to bound", remedy)
    value, spread = np.asarray(estimates, dtype=float), np.asarray(covariance, dtype=float)
    times = np.asarray(event_times)
    rows = len(times)
    if value.shape != (rows,) or spread.shape != (rows, rows):
        refuse(
            f"estimates have shape {value.shape}, covariance {spread.shape}, event_times ({rows},)",
            "Pass one estimate per event time and their joint covariance.",
        )
    if times.dtype.kind not in "iu" or len(np.unique(times)) < rows or base_time >= 0:
        refuse(
            "event times are not different whole numbers, or the base is not before 0",
            "Pass each event time once, e.g. event_times=(-3, -2, 0, 1) with base_time=-1.",
            times,
        )
    if not np.allclose(spread, spread.T, rtol=1e-8, atol=0):
        refuse("the covariance is not symmetric", "Pass the joint covariance of the estimates.")
    wanted = _raw_target(times, base_time, target)
    return path_of_estimates(value, spread, times, wanted / wanted.sum(), base_time)


def _raw_target(times: np.ndarray, base_time: int, target: Target) -> np.ndarray:
    """(rows,) 1.0 for each event time of the target."""
    if isinstance(target, str):
        needed = times[times >= 0]
    elif isinstance(target, int):
        needed = np.array([target])
    else:
        clock = np.sort(np.append(times, base_time))
        needed = possible_events(times.astype(float), clock, *target)
    missing = [int(e) for e in needed if e not in times or e < 0]
    if len(missing) or not len(needed):
        named = named_events(times.astype(float))
        refuse(f"target={target!r} has no estimate", f"{named} Choose from 0 on.", missing)
    return np.isin(times, needed).astype(float)


def refuse(what: str, remedy: str, examples: object = ()) -> NoReturn:
    """Raise the error of this function, with the count and the first of the examples."""
    shown = list(np.ravel(np.asarray(examples)))
    raise ZgzxError(what, where=WHERE, count=len(shown) or None, examples=shown, remedy=remedy)
