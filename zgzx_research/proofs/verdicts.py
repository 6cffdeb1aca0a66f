"""The verdict on a method after many worlds: bias, spread, coverage, size and power.

This module knows no estimator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TypedDict

import numpy as np

LEVEL, SIZE = 0.95, 0.05
TOLERANCE = 3  # Monte-Carlo standard errors


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a method in one world; NaN where the method gives no such number.

    Attributes
    ----------
    error : float
        Estimate minus truth, or the error of the estimating equation, in units of `unit`.
    std_error : float
        Its standard error as the method reports it, in the same units.
    low, high : float
        The 95 % interval of the effect.
    true : float
        The true effect, which the interval should cover.
    rejected : float
        Whether the test of the years before the award rejects at 5 % (0 or 1).
    in_band : float
        Whether the simultaneous band covers the truth at every event time (0 or 1).
    unit : float
        The counterfactual total on the ratio scale, else 1.
    mde : float
        The minimum detectable effect.
    two_bins : float
        Whether the test of two bins before the award rejects at 5 % (0 or 1).
    p_value : float
        Of the test that there is no effect.
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
    two_bins: float = np.nan
    p_value: float = np.nan


class Performance(TypedDict, total=False):
    """The performance of a method over many worlds.

    Only `verdict` is there if fewer than two worlds gave an answer.

    Attributes
    ----------
    worlds : int
        How many worlds gave an answer.
    bias : float
        Mean error.
    sd : float
        Standard deviation of the error between worlds.
    bias_error : float
        Monte-Carlo standard error of the bias.
    std_error : float
        Mean of the standard errors that the method reports.
    coverage : float
        Share of intervals that cover the truth.
    rejects : float
        Share of intervals that leave out zero: the power, or the size where nothing is true.
    pretest : float
        Share of worlds whose test of the years before the award rejects.
    two_bins : float
        Share of worlds whose test of two bins before the award rejects.
    band : float
        Share of simultaneous bands that cover the truth everywhere.
    true : float
        Mean true effect.
    mde : float
        Median minimum detectable effect.
    errors : int
        How many worlds gave no answer.
    verdict : str
        "holds", or "fails" with the reason.
    """

    worlds: int
    bias: float
    sd: float
    bias_error: float
    std_error: float
    coverage: float
    rejects: float
    pretest: float
    two_bins: float
    band: float
    true: float
    mde: float
    errors: int
    verdict: str


def judge(
    answers: Sequence[Answer | str], *, fails: str = "", conservative: Iterable[str] = ()
) -> Performance:
    """Compute the performance of a method over many worlds, and the verdict on it.

    Parameters
    ----------
    answers : sequence of Answer or str
        One per world; a text is the error message of a world without an answer.
    fails : str, default ""
        Why the method cannot hold here; empty if it must hold.
    conservative : iterable of {"coverage", "pre-test", "band"}
        Shares that may be on the cautious side of their nominal value.

    Returns
    -------
    Performance
        The numbers and the verdict.
    """
    good = [
        answer
        for answer in answers
        if isinstance(answer, Answer) and np.isfinite([answer.error, answer.std_error]).all()
    ]
    if len(good) < 2:
        reason = next((answer for answer in answers if isinstance(answer, str)), "all missing")
        return {"verdict": f"fails: no answer ({reason})"}

    error, std_error, low, high, true, rejected, in_band, unit, mde, two_bins, _ = np.array(
        [astuple(answer) for answer in good]
    ).T
    scale = unit.mean()
    found: Performance = {
        "worlds": len(good),
        "bias": error.mean() / scale,
        "sd": error.std(ddof=1) / scale,
        "bias_error": error.std(ddof=1) / scale / np.sqrt(len(good)),
        "std_error": std_error.mean() / scale,
        "coverage": ((low <= true) & (true <= high)).mean(),
        "rejects": ((low > 0) | (high < 0)).mean(),
        "pretest": _mean(rejected),
        "two_bins": _mean(two_bins),
        "band": _mean(in_band),
        "true": true.mean(),
        "mde": _median(mde),
        "errors": len(answers) - len(good),
    }
    kinds = {"pretest": rejected, "two_bins": two_bins, "band": in_band}
    counts = {name: int(np.isfinite(values).sum()) for name, values in kinds.items()}
    missed = ", ".join(_misses(found, counts, set(conservative)))
    return found | {"verdict": _verdict(missed, fails)}


def _misses(found: Performance, counts: dict[str, int], conservative: set[str]) -> list[str]:
    """List what is more than `TOLERANCE` Monte-Carlo errors away from its nominal value."""
    checks = {
        "coverage": (found["coverage"], LEVEL, found["worlds"], -1),
        "pre-test": (found["pretest"], SIZE, counts["pretest"], 1),
        "two bins": (found["two_bins"], SIZE, counts["two_bins"], 1),
        "band": (found["band"], LEVEL, counts["band"], -1),
    }
    missed = ["bias"] if abs(found["bias"]) >= TOLERANCE * found["bias_error"] else []
    for name, (share, nominal, count, bad_side) in checks.items():
        away = (share - nominal) / np.sqrt(nominal * (1 - nominal) / max(count, 1))
        too_bold = away * bad_side >= TOLERANCE
        too_careful = away * bad_side <= -TOLERANCE
        if too_bold or (too_careful and name not in conservative):
            missed.append(name)
    return missed + (["errors"] if found["errors"] else [])


def _verdict(missed: str, fails: str) -> str:
    if fails and missed:
        return f"fails as it should ({missed}): {fails}"
    if fails:
        return f"holds, and should fail: {fails}"
    return f"fails: {missed}" if missed else "holds"


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if not np.isnan(values).all() else np.nan
