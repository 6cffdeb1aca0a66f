"""Which sentence a result calls for: one word for each, by limits that are written here.

The texts of the reports hold one sentence for each word, so a sentence cannot say more than the
numbers do, and no template compares numbers with limits of its own.
"""

from __future__ import annotations

import math

SIZE = 0.05  # of every test
CLEAR = 0.01  # a p value below it is told as a clear departure
CLOSE = 0.1  # a p value between SIZE and this one is told as close to the limit
# Two-sided p value of an estimate as large as the smallest effect found with 80 % power: an
# estimate of 2.80 standard errors, 1.96 and .84 for the power.
STRONG = 0.0051


def side_of_zero(ci_low: float, ci_high: float) -> str:
    """Say on which side of zero an interval lies, also where it has no upper end.

    Parameters
    ----------
    ci_low, ci_high : float
        The interval; NaN or infinite where it has no end.

    Returns
    -------
    str
        "above", "below", "zero" (inside), "open" (inside, and without upper end), or "unknown".
    """
    if not math.isfinite(ci_low):
        return "unknown"
    if ci_low > 0:
        return "above"
    if not math.isfinite(ci_high):
        return "open"
    return "below" if ci_high < 0 else "zero"


def finding(side: str, role: str, p_value: float, family: int) -> str:
    """Say how a result may be told: as an effect, with reserve, as exploratory, or not at all.

    Parameters
    ----------
    side : str
        From `side_of_zero`.
    role : str
        "primary" (the estimate that answers a primary claim), "exploratory" (any other estimate of
        a study) or "single" (a panel with one question).
    p_value : float
        Of the test that there is no effect.
    family : int
        Number of primary claims, which are tested together.

    Returns
    -------
    str
        "above" or "below": an effect; the p value of a primary claim is below 5 % divided by the
        number of claims, so it is also found when they are tested together (Bonferroni).
        "open_above", "open_below": a primary claim whose own interval leaves out zero and whose
        p value is not so small; the verdict on the claims decides.
        "exploratory_above", "exploratory_below": no effect is claimed.
        "zero", "open", "unknown": as `side_of_zero`.
    """
    if side not in ("above", "below"):
        return side
    if role == "exploratory":
        return f"exploratory_{side}"
    if role == "primary" and not p_value < SIZE / family:
        return f"open_{side}"
    return side


def detection(side: str, estimate: float, p_value: float, ci_high: float, detectable: float) -> str:
    """Say how the smallest effect that the test finds with 80 % power relates to the interval.

    Parameters
    ----------
    side : str
        From `side_of_zero`.
    estimate, p_value : float
        The estimate, and the p value of the test that there is no effect.
    ci_high : float
        Upper end of the 95 % interval.
    detectable : float
        Minimum detectable effect: infinite where no effect of any size is found so often, NaN where
        nothing is known.

    Returns
    -------
    str
        "strong": the interval is above zero, and the detectable effect at most the estimate.
        "strong_below": the interval is below zero, and so far that a fall of this size is found at
        least four times in five; the detectable effect itself is a rise. "weak": zero is left out,
        and an effect as large as the estimate is found less than four times in five.
        "inside": the detectable effect lies within the interval.
        "ruled_out": it lies above the interval, which rules out less than that already; only the
        end of the interval is then told. For a normal estimate of zero the interval ends at 1.96
        standard errors and the detectable effect is 2.80.
        "no_size": neither is finite. "no_size_ruled_out": only the interval is.
        "unknown": there is no standard error.
    """
    if side == "unknown":
        return "unknown"
    if side == "above":
        return "strong" if detectable <= estimate else "weak"
    if side == "below":
        return "strong_below" if p_value <= STRONG else "weak"
    if math.isnan(detectable):
        return "unknown"
    if not math.isfinite(detectable):
        return "no_size" if side == "open" else "no_size_ruled_out"
    return "inside" if side == "open" or detectable <= ci_high else "ruled_out"


def claimed_reading(ci_low: float, ci_high: float, claimed: float) -> str:
    """Say where the claimed effect lies beside the 95 % interval.

    Parameters
    ----------
    ci_low, ci_high : float
        The interval; NaN or infinite where it has no end.
    claimed : float
        Size of the claimed effect, above zero.

    Returns
    -------
    str
        "reached" (the whole interval at or above it), "inside", "smaller" (the interval above zero
        and below it), "ruled_out" (the interval below it and not above zero), "opposite" (the
        interval below zero) or "unknown".
    """
    side = side_of_zero(ci_low, ci_high)
    if side == "unknown" or not claimed > 0:
        return "unknown"
    if side == "below":
        return "opposite"
    if ci_low >= claimed:
        return "reached"
    if not math.isfinite(ci_high) or ci_high >= claimed:
        return "inside"
    return "smaller" if side == "above" else "ruled_out"


def pretest_reading(p_value: float, df: float) -> str:
    """Grade the words about the joint test before treatment by its p value.

    Parameters
    ----------
    p_value : float
        NaN where the test cannot be made.
    df : float
        Number of estimates tested together.

    Returns
    -------
    str
        "clear" (p < .01), "found" (p < .05), "close" (p < .10), "nothing", "no_period" (none before
        treatment but the base) or "not_testable".
    """
    if math.isnan(p_value):
        return "no_period" if df == 0 else "not_testable"
    if p_value < CLEAR:
        return "clear"
    if p_value < SIZE:
        return "found"
    return "close" if p_value < CLOSE else "nothing"


def pretest_power(drift: float, claimed: float) -> str:
    """Say whether the test before treatment could have missed a drift as large as the claim.

    Parameters
    ----------
    drift : float
        Smallest drift found with 80 % power, carried to the middle of the headline's years.
    claimed : float
        Size of the claimed effect.

    Returns
    -------
    str
        "blind" (the drift exceeds the claimed effect), "enough", or "unknown".
    """
    if math.isnan(drift) or math.isnan(claimed):
        return "unknown"
    return "blind" if drift > claimed else "enough"


def paired_reading(difference: float, p_value: float) -> str:
    """Say whether another choice changes the estimate by more than chance, and in which direction.

    Parameters
    ----------
    difference : float
        The other estimate less the main one.
    p_value : float
        Of the paired test that both estimate the same.

    Returns
    -------
    str
        "chance", "lower", "higher" (the other estimate, by more than chance) or "unknown".
    """
    if math.isnan(p_value):
        return "unknown"
    if p_value >= SIZE:
        return "chance"
    return "lower" if difference < 0 else "higher"


def sign_reading(sign_flips: float, limit: float) -> str:
    """Say how many declared specifications have another sign than the main one.

    Parameters
    ----------
    sign_flips : float
        Their share.
    limit : float
        Share above which the written rule lowers the grade.

    Returns
    -------
    str
        "none", "some" (at most the limit), "many" or "unknown".
    """
    if math.isnan(sign_flips):
        return "unknown"
    if sign_flips == 0:
        return "none"
    return "some" if sign_flips <= limit else "many"
