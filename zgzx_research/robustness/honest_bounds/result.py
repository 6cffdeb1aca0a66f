"""What `honest_bounds` gives back."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

WORDS = {
    "increments": "From one period to the next, the two groups would have drifted apart after "
    "treatment by at most M times the largest such change seen before treatment.",
    "levels": "After treatment, the two groups would have drifted apart from the base by at most "
    "M times the largest departure seen in any single earlier period.",
    "smoothness": "Without treatment, the change of the difference between the two groups would "
    "have varied by at most M from one period to the next; M = 0 extends a straight line.",
}
IN_PROPORTION = " Departures are proportions of what is expected without treatment."

Target = tuple[int, int] | int | str


@dataclass(frozen=True, slots=True)
class HonestBounds:
    """Intervals of one effect for several bounds M on violations of parallel trends.

    Attributes
    ----------
    estimate : float
        The effect under parallel trends; on the ratio scale a proportion (.12 = 12 % more).
    original_low, original_high : float
        Its interval under parallel trends. For relative magnitudes M = 0 gives the same.
    bounds : tuple of float
        M.
    ci_low, ci_high : tuple of float
        Ends of the interval for each M; infinite (ratios: -1 below) where data exclude nothing.
    breakdown : float
        The largest M at which the interval still excludes zero; 0 if none does.
    restriction_in_words : str
        What M means.
    restriction, departures, method : str
        The arguments, or what they were by default; departures is "" for smoothness.
    target : (int, int), int or "average"
        Whose effect.
    scale : str
        "difference" or "ratio".
    level : float
        Coverage of the intervals.
    n_treated, n_comparison : int or None
        Units behind the estimate; None where only numbers were given.
    """

    estimate: float
    original_low: float
    original_high: float
    bounds: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    breakdown: float
    restriction_in_words: str
    restriction: str
    departures: str
    method: str
    target: Target
    scale: str
    level: float
    n_treated: int | None = None
    n_comparison: int | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row per bound: bound ci_low ci_high."""
        columns = {"bound": self.bounds, "ci_low": self.ci_low, "ci_high": self.ci_high}
        return pd.DataFrame(columns)
