"""Standard errors near zero: rounding, and perfect fits, which say nothing of precision.

Variances come from sums of squares, so what is left of large unit effects is the root of the
rounding error of one number. And with many effects and few rows a regression may have as many
coefficients as observations behind an estimate: its residuals then are rounding only. Both grow
with the level of the outcomes. So small errors are computed again from outcomes about the means of
their units, and perfect fits are recognised by structure: the same rows are fitted to random
outcomes, and where residuals vanish again the variance is unknown.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from scipy import special

from zgzx_research.did.core.method_result import MethodResult, row_labels
from zgzx_research.did.panel.panel_in_parts import Panel, PanelInParts
from zgzx_research.did.panel.parts import changed, over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

# a standard error of one unit this small beside weights times outcomes is worth a second fit
SUSPECT = 1e-5
# the same with random outcomes of variance 1: rounding is below (1e-8), errors are above
NOTHING = 1e-6
SAME = 1e-6  # estimates without unit effects must agree to this share of weights times outcomes
ENOUGH = 4096  # units whose outcomes say how large outcomes are
P = TypeVar("P", PreparedPanel, PanelInParts, Panel)

SEED = 20_120_521  # of the random outcomes; which rows are fitted perfectly does not depend on it


def with_small_errors_checked(
    panel: P,
    fit: MethodResult,
    refit: Callable[[P], MethodResult],
    *,
    absorbed: bool,
) -> MethodResult:
    """Return the result with its small standard errors computed precisely.

    They are NaN, with a note, where any outcomes would fit perfectly.

    Parameters
    ----------
    panel : Panel
        What was fitted.
    refit : Callable[[Panel], MethodResult]
        The same estimation of another panel.
    absorbed : bool
        Constants added to all outcomes of a unit change nothing.
    """
    sampled = over_parts(panel, _sampled, max)
    suspect = (fit.rows.role != "reference") & (_relative_error(fit, sampled) < SUSPECT)
    if not suspect.any():
        return fit
    nonlinear = fit.numbers.scale == "ratio" or fit.weights.kind == "linearised"
    if absorbed and not nonlinear:
        fit = _about_units(panel, fit, refit, sampled)
    size = over_parts(panel, _size, OutcomeSize.__add__)
    noise = partial(_with_noise, positive=nonlinear, size=size)
    other = changed(panel, noise)
    try:
        again = refit(other)
    except ZgzxError:  # a nonlinear fit may not exist for these outcomes: then nothing is known
        return fit
    if not np.array_equal(row_labels(again.rows), row_labels(fit.rows)):
        return fit
    perfect = suspect & (
        _relative_error(again, over_parts(other, _sampled, max)) <= NOTHING
    )  # NaN there: changes that contradict each other
    return _unknown(fit, perfect) if perfect.any() else fit


def about_units(y: np.ndarray) -> np.ndarray:
    """(units, periods) outcomes less the mean of their unit, NaN where unobserved."""
    seen = ~np.isnan(y)
    mean = np.where(seen, y, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.asarray(y - mean[:, None])


def _about_units(
    panel: P, fit: MethodResult, refit: Callable[[P], MethodResult], largest: float
) -> MethodResult:
    """Return the fit with the covariance that outcomes about the means of their units have.

    The same, but for rounding.
    """
    about = refit(changed(panel, _with_outcomes_about_units))
    one, other = fit.numbers.statistics, about.numbers.statistics
    size = np.abs(fit.weights.weights).sum(axis=(1, 2)) * largest
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


def _relative_error(fit: MethodResult, largest: float) -> np.ndarray:
    """(rows,) standard error of one unit, relative to weights times the largest outcome.

    An error falls with the root of the number of units, and so does its rounding: both are
    compared as those of one unit, so that many units are no reason for a second fit.
    """
    units = np.maximum(fit.rows.n_treated, 1)
    return _relative_to_outcomes(fit, largest) * np.sqrt(units)


def _relative_to_outcomes(fit: MethodResult, largest: float) -> np.ndarray:
    """(rows,) standard error; that of a ratio is relative by itself."""
    variance, count = np.diag(fit.numbers.covariance), len(fit.rows.role)
    with np.errstate(divide="ignore", invalid="ignore"):
        if fit.numbers.scale == "ratio":
            treated, without = fit.numbers.statistics
            both = np.diag(fit.numbers.covariance, count)[:count] / (treated * without)
            spread = (
                variance[:count] / treated**2 + variance[count : 2 * count] / without**2 - 2 * both
            )
            return np.sqrt(np.maximum(spread, 0))
        size = np.abs(fit.weights.weights).sum(axis=(1, 2)) * largest
        return np.where(size > 0, np.sqrt(np.maximum(variance[:count], 0)) / size, np.nan)


@dataclass(frozen=True, slots=True)
class OutcomeSize:
    """How large outcomes are.

    Attributes
    ----------
    largest, total : float
        Largest outcome, and the sum of all.
    rows : int
    """

    largest: float
    total: float
    rows: int

    def __add__(self, other: OutcomeSize) -> OutcomeSize:
        return OutcomeSize(
            max(self.largest, other.largest),
            self.total + other.total,
            self.rows + other.rows,
        )


def _sampled(panel: PreparedPanel) -> float:
    """Return the largest size of an outcome among some thousand units.

    Near enough to say whether an error is small beside them.
    """
    y = panel.y
    return float(np.nanmax(np.abs(y[:: max(1, len(y) // ENOUGH)]), initial=0.0))


def _size(panel: PreparedPanel) -> OutcomeSize:
    y = panel.y
    seen = ~np.isnan(y)
    return OutcomeSize(
        float(np.nanmax(y, initial=-np.inf)),
        float(np.nansum(y)),
        int(seen.sum()),
    )


def random_outcomes(y: np.ndarray) -> np.ndarray:
    """Outcomes of variance 1, NaN where these are."""
    return _noise(y, SEED)


def _noise(y: np.ndarray, *seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed if len(seed) > 1 else seed[0]).normal(size=y.shape)
    return np.where(np.isnan(y), np.nan, noise)


def _with_outcomes_about_units(panel: PreparedPanel) -> PreparedPanel:
    return replace(panel, y=about_units(panel.y))


def _with_noise(panel: PreparedPanel, *, positive: bool, size: OutcomeSize) -> PreparedPanel:
    """Return the panel with random outcomes.

    Where a fit depends on them zeros (and ones of shares) stay.
    """
    y, first = panel.y, None if panel.units is None or not len(panel.units) else panel.units[0]
    # parts hold different units, and must not have the same random numbers
    noise = _noise(y, SEED, zlib.crc32(str(first).encode()))
    if not positive:
        return replace(panel, y=noise)
    if size.largest <= 1:
        with np.errstate(divide="ignore"):
            return replace(panel, y=np.asarray(special.expit(special.logit(y) + noise)))
    return replace(panel, y=y / (size.total / size.rows) * np.exp(noise / 2))


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
