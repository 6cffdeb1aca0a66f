"""Standard errors near zero: rounding, and perfect fits, which say nothing of precision.

Variances come from sums of squares, so what is left of large unit effects is the root of the
rounding error of one number. And with many effects and few rows a regression may have as many
coefficients as observations behind an estimate: its residuals then are rounding only. Both grow
with the level of the outcomes. So small errors are computed again from outcomes about the means of
their units, and perfect fits are recognised by structure: the same rows are fitted to random
outcomes, and where residuals vanish again the variance is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import special

from zgzx_research.did.core.method_result import MethodResult, row_labels
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

SUSPECT = 1e-5  # a standard error this small beside weights times outcomes is worth a second fit
NOTHING = (
    1e-6  # the same with random outcomes of variance 1: rounding is below (1e-8), errors are above
)
SAME = 1e-6  # estimates without unit effects must agree to this share of weights times outcomes
ENOUGH = 4096  # units whose outcomes say how large outcomes are
SEED = 20_120_521  # of the random outcomes; which rows are fitted perfectly does not depend on it


def with_small_errors_checked(
    panel: PreparedPanel,
    fit: MethodResult,
    refit: Callable[[PreparedPanel], MethodResult],
    *,
    absorbed: bool,
) -> MethodResult:
    """Return the result with its small standard errors computed precisely.

    They are NaN, with a note, where any outcomes would fit perfectly.

    Parameters
    ----------
    panel : PreparedPanel
        What was fitted.
    refit : Callable[[PreparedPanel], MethodResult]
        The same estimation of another panel.
    absorbed : bool
        Constants added to all outcomes of a unit change nothing.
    """
    suspect = (fit.rows.role != "reference") & (_relative_error(fit, panel.y) < SUSPECT)
    if not suspect.any():
        return fit
    nonlinear = fit.numbers.scale == "ratio" or fit.weights.kind == "linearised"
    if absorbed and not nonlinear:
        fit = _about_units(panel, fit, refit)
    other = random_outcomes(panel.y, positive=nonlinear)
    try:
        again = refit(replace(panel, y=other))
    except ZgzxError:  # a nonlinear fit may not exist for these outcomes: then nothing is known
        return fit
    if not np.array_equal(row_labels(again.rows), row_labels(fit.rows)):
        return fit
    perfect = suspect & (
        _relative_error(again, other) <= NOTHING
    )  # NaN there: changes that contradict each other
    return _unknown(fit, perfect) if perfect.any() else fit


def about_units(y: np.ndarray) -> np.ndarray:
    """(units, periods) outcomes less the mean of their unit, NaN where unobserved."""
    seen = ~np.isnan(y)
    mean = np.where(seen, y, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.asarray(y - mean[:, None])


def _about_units(
    panel: PreparedPanel, fit: MethodResult, refit: Callable[[PreparedPanel], MethodResult]
) -> MethodResult:
    """Return the fit with the covariance that outcomes about the means of their units have.

    The same, but for rounding.
    """
    about = refit(replace(panel, y=about_units(panel.y)))
    one, other = fit.numbers.statistics, about.numbers.statistics
    size = np.abs(fit.weights.weights).sum(axis=(1, 2)) * _largest(panel.y)
    if one.shape != other.shape or not (np.abs(one - other) <= SAME * size).all():
        return fit
    return replace(
        fit,
        numbers=replace(
            fit.numbers,
            covariance=about.numbers.covariance,
            null_covariance=about.numbers.null_covariance,
        ),
        influence=about.influence,
    )


def _relative_error(fit: MethodResult, y: np.ndarray) -> np.ndarray:
    """(rows,) standard error, for differences relative to weights times the largest outcome."""
    variance, count = np.diag(fit.numbers.covariance), len(fit.rows.role)
    with np.errstate(divide="ignore", invalid="ignore"):
        if fit.numbers.scale == "ratio":
            treated, without = fit.numbers.statistics
            both = np.diag(fit.numbers.covariance, count)[:count] / (treated * without)
            spread = (
                variance[:count] / treated**2 + variance[count : 2 * count] / without**2 - 2 * both
            )
            return np.sqrt(np.maximum(spread, 0))
        size = np.abs(fit.weights.weights).sum(axis=(1, 2)) * _largest(y)
        return np.where(size > 0, np.sqrt(np.maximum(variance[:count], 0)) / size, np.nan)


def _largest(y: np.ndarray) -> float:
    """Return the size of the outcomes of some thousand units.

    Near enough to say whether an error is small beside them.
    """
    return float(np.nanmax(np.abs(y[:: max(1, len(y) // ENOUGH)]), initial=0.0))


def random_outcomes(y: np.ndarray, *, positive: bool = False) -> np.ndarray:
    """Outcomes like these, NaN where these are.

    Zeros (and ones of shares) stay where a fit depends on them.
    """
    noise = np.random.default_rng(SEED).normal(size=y.shape)
    if not positive:
        return np.where(np.isnan(y), np.nan, noise)
    if np.nanmax(y) <= 1:
        with np.errstate(divide="ignore"):
            return np.asarray(special.expit(special.logit(y) + noise))
    return y / np.nanmean(y) * np.exp(noise / 2)


def _unknown(fit: MethodResult, perfect: np.ndarray) -> MethodResult:
    """Return the fit with NaN for all covariances of these rows."""
    covariance = fit.numbers.covariance.copy()
    statistics = np.tile(perfect, len(fit.numbers.statistics))
    at = np.flatnonzero(statistics)
    covariance[at] = covariance[:, at] = np.nan
    null = fit.numbers.null_covariance
    if null is not None:
        null = np.where(perfect | perfect[:, None], np.nan, null)
    numbers = replace(fit.numbers, covariance=covariance, null_covariance=null)
    reason = "fitted perfectly whatever the outcomes are: no standard error"
    note = ("note", reason, 0, int(perfect.sum()), tuple(row_labels(fit.rows)[perfect][:3]))
    return replace(fit, numbers=numbers, notes=[*fit.notes, note])
