"""An attack on published numbers: what a blank count can be, given all that is shown.

Written apart from the code that leaves counts blank, from the definition in
docs/methodology/disclosure.md alone: one variable per count, one integer programme per end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

FAR = 100_000  # no count is larger


@dataclass
class Published:
    """What is shown.

    Attributes
    ----------
    counts : dict
        Name of a count to its value; None where it is blank.
    rules : list
        What holds among them: factor of each count, and the two ends of the sum.
    can_be_zero : set of str
        Counts that are blank beside another one whatever they are; other zeros are always shown.
    """

    counts: dict[str, int | None] = field(default_factory=dict)
    rules: list[tuple[Mapping[str, float], float, float]] = field(default_factory=list)
    can_be_zero: set[str] = field(default_factory=set)

    def add_sum(self, total: str, parts: Sequence[str]) -> None:
        """The parts add up to a total."""
        self.rules.append(({**dict.fromkeys(parts, 1.0), total: -1.0}, 0.0, 0.0))

    def add_share(self, part: str, whole: str, low: float, high: float) -> None:
        """A part is between two shares of a whole: a rounded share that is shown."""
        self.rules.append(({part: 1.0, whole: -low}, 0.0, np.inf))
        self.rules.append(({part: 1.0, whole: -high}, -np.inf, 0.0))

    def range_of(self, name: str) -> tuple[int, int]:
        """Return the smallest and the largest value that a count can have."""
        names = list(self.counts)
        least = {name: 0 if name in self.can_be_zero else 1 for name in self.counts}
        low = [least[name] if value is None else value for name, value in self.counts.items()]
        high = [FAR if value is None else value for value in self.counts.values()]
        target = np.array([float(other == name) for other in names])
        held = [
            LinearConstraint(
                np.array([[factors.get(other, 0.0) for other in names]]), low_end, high_end
            )
            for factors, low_end, high_end in self.rules
        ]
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * target,
                constraints=held,
                bounds=Bounds(low, high),
                integrality=np.ones(len(names)),
            )
            assert found.success, f"what is shown contradicts itself: {found.message}"
            ends.append(round(float(target @ found.x)))
        return ends[0], ends[1]

    def narrow(self, minimum: int) -> dict[str, tuple[int, int]]:
        """Return the blank counts that are known more closely than they may be, with their ends."""
        ranges = {name: self.range_of(name) for name, value in self.counts.items() if value is None}
        return {name: ends for name, ends in ranges.items() if ends[1] - ends[0] < minimum}


def of_table(shown: pd.DataFrame, total: str = "total") -> Published:
    """Read a table with totals in the row and the column of that name, where it has them."""
    published = Published()
    for row in shown.index:
        for column in shown.columns:
            value = shown.loc[row, column]
            published.counts[f"{row}|{column}"] = None if pd.isna(value) else int(value)
    rows = [row for row in shown.index if row != total]
    columns = [column for column in shown.columns if column != total]
    if total in shown.columns:
        for row in shown.index:
            published.add_sum(f"{row}|{total}", [f"{row}|{column}" for column in columns])
    if total in shown.index:
        for column in shown.columns:
            published.add_sum(f"{total}|{column}", [f"{row}|{column}" for row in rows])
    return published
