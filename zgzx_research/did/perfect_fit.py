"""Estimates that are fitted perfectly: their residuals are zero whatever the outcomes are, and say nothing of precision.

With many effects and few rows a regression may have as many coefficients as observations behind an estimate. Sums of
squared residuals then hold rounding errors only, and their size grows with the level of the outcomes. So it is asked of
the structure: the same rows are fitted to random outcomes, and where residuals vanish again the variance is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special

from zgzx_research.did.aggregate import over_cells
from zgzx_research.did.fit import Fit, row_labels
from zgzx_research.errors import ZgzxError

SUSPECT = 1e-8  # a standard error this small beside weights times outcomes is worth a second fit
NOTHING = 1e-7  # the same with random outcomes of variance 1 near zero: rounding is far below, errors are far above
SEED = 20_120_521  # of the random outcomes; which rows are fitted perfectly does not depend on it


def without_perfect_fits(panel: Any, fit: Fit, refit: Callable[[Any], Fit]) -> Fit:
    """The fit, with NaN for the variance of estimates that any outcomes would fit perfectly, and a note of them.

    Parameters
    ----------
    panel : what was fitted. refit : the same estimation of another panel.
    """
    suspect = (fit.rows.role != "reference") & (_relative_error(fit, panel.y) < SUSPECT)
    if not suspect.any():
        return fit
    other = _random_outcomes(panel.y, positive=fit.numbers.scale == "ratio" or fit.weights.kind == "linearised")
    try:
        again = refit(replace(panel, y=other))
    except ZgzxError:  # a nonlinear fit may not exist for these outcomes: then nothing is known
        return fit
    if not np.array_equal(row_labels(again.rows), row_labels(fit.rows)):
        return fit
    perfect = suspect & ~(_relative_error(again, other) > NOTHING)
    return _unknown(fit, perfect) if perfect.any() else fit


def _relative_error(fit: Fit, y: np.ndarray) -> np.ndarray:
    """(rows,) standard error, on the difference scale relative to weights on means times the largest outcome."""
    rows = np.eye(len(fit.rows.role))
    with np.errstate(invalid="ignore"):
        error = np.sqrt(np.maximum(np.diag(over_cells(fit.numbers, rows).covariance(fit.numbers)), 0))
    if fit.numbers.scale == "ratio":
        return error
    size = np.abs(fit.weights.weights).sum(axis=(1, 2)) * np.nanmax(np.abs(y))
    return np.divide(error, size, out=np.full_like(error, np.nan), where=size > 0)


def _random_outcomes(y: np.ndarray, *, positive: bool) -> np.ndarray:
    """Outcomes like these, NaN where these are; zeros (and ones of shares) stay where a fit depends on them."""
    noise = np.random.default_rng(SEED).normal(size=y.shape)
    if not positive:
        return np.where(np.isnan(y), np.nan, noise)
    if np.nanmax(y) <= 1:
        with np.errstate(divide="ignore"):
            return np.asarray(special.expit(special.logit(y) + noise))
    return y / np.nanmean(y) * np.exp(noise / 2)


def _unknown(fit: Fit, perfect: np.ndarray) -> Fit:
    """The fit with NaN for all covariances of these rows."""
    covariance = fit.numbers.covariance.copy()
    statistics = np.tile(perfect, len(fit.numbers.statistics))
    at = np.flatnonzero(statistics)
    covariance[at] = covariance[:, at] = np.nan
    reason = "fitted perfectly whatever the outcomes are: no standard error"
    note = ("note", reason, 0, int(perfect.sum()), tuple(row_labels(fit.rows)[perfect][:3]))
    return replace(fit, numbers=replace(fit.numbers, covariance=covariance), notes=[*fit.notes, note])
