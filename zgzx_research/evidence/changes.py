"""Split the change of a headline since an earlier report into steps that add up.

Four levels of one estimate: as it was reported then; the same data by the method of today; the
data of today about the same years and editions; all data of today. Each level is named by the step
that leads to it. The difference of two neighbouring levels is the part of that step, in the unit of
the effect (percent, or percentage points), so that the parts add up to the whole change.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

REPORTED = "reported"
STEPS = ("method", "data", "edition")  # in the order in which they are taken
LEVELS = (REPORTED, *STEPS)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole change.

    Attributes
    ----------
    steps : tuple of str
        The step, or several where a level between them is not known: they cannot be told apart.
    difference : float
        The level after them less the level before them.
    """

    steps: tuple[str, ...]
    difference: float


def split(levels: Mapping[str, float]) -> list[Part]:
    """Split the change between the first and the last level that are known.

    Parameters
    ----------
    levels : mapping of str to float
        Name in `LEVELS` to estimate; a level that is missing or NaN could not be computed.

    Returns
    -------
    list of Part
        In the order of the steps. A step whose level is not known is joined with the next one.
        Steps before the first known level, and after the last, are in no part.

    Examples
    --------
    >>> found = split({"reported": 12.0, "method": 10.5, "data": float("nan"), "edition": 15.0})
    >>> [(part.steps, part.difference) for part in found]
    [(('method',), -1.5), (('data', 'edition'), 4.5)]
    """
    values = [levels.get(name, math.nan) for name in LEVELS]
    known = [place for place, value in enumerate(values) if not math.isnan(value)]
    return [
        Part(LEVELS[before + 1 : after + 1], values[after] - values[before])
        for before, after in itertools.pairwise(known)
    ]
