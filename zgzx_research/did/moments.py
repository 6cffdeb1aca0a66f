"""The one pass over units: sums per stratum, a stratum being a cohort with one pattern of observed periods.

With w a unit's weight and m the weighted mean of its stratum, the sums are Σw, Σwy (kept as m), Σw², Σw²(y-m) and
Σw²(y-m)(y-m)'. Sums about the mean lose no digits however large the mean is. Everything after works on these alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums per stratum.

    Attributes
    ----------
    cohort : (strata,) int, index of the cohort.
    observed : (strata, periods) bool.
    units : (strata,) int. weight : (strata,) Σw. mean : (strata, periods), 0 where unobserved.
    zeroth : (strata,) Σw². first : (strata, periods) Σw²(y-m). second : (strata, periods, periods) Σw²(y-m)(y-m)'.
    """

    cohort: np.ndarray
    observed: np.ndarray
    units: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    zeroth: np.ndarray
    first: np.ndarray
    second: np.ndarray


def cohort_moments(y: np.ndarray, cohort: np.ndarray, weights: np.ndarray) -> Moments:
    """Sums per stratum of a panel.

    Parameters
    ----------
    y : (units, periods) float, NaN where unobserved. cohort : (units,) int. weights : (units,) positive.
    """
    seen = ~np.isnan(y)
    key = np.column_stack([cohort, np.packbits(seen, axis=1)])
    strata, member = np.unique(key, axis=0, return_inverse=True)
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(np.bincount(member, minlength=len(strata)))
    sums = [_stratum_sums(y[rows], weights[rows]) for rows in np.split(order, ends[:-1])]
    columns = [np.array(column) for column in zip(*sums, strict=True)]
    return Moments(strata[:, 0].astype(np.int64), *columns)


def _stratum_sums(y: np.ndarray, weights: np.ndarray) -> tuple:
    observed = ~np.isnan(y[0])
    filled = np.where(observed, y, 0.0)
    total = weights.sum()
    shift = filled[0]
    mean = shift + weights @ (filled - shift) / total
    centred = weights[:, None] * (filled - mean)
    return observed, len(y), total, mean, weights @ weights, weights @ centred, centred.T @ centred
