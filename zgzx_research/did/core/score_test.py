"""The covariance behind the pre-test in score form: second moments about zero.

Where nothing differs before treatment, the change of a treated unit less the change of its
comparison has mean zero. So its square is taken about zero, and not about the mean of its cohort:
for a cohort s of n_s units with mean m_s and spread V_s, V_s + n_s m_s m_s'. The mean is what is
tested; taken out of the variance it would make the variance small exactly where the statistic is
large, and with few or skewed units the test would reject too often. No factor n / (n - 1), no
variance of other cohorts for a cohort of one unit, and no random draws are needed. The statistic is
compared with chi-square(q).

Rao, C. R. (1948), Mathematical Proceedings of the Cambridge Philosophical Society 44(1);
Cameron, A. C. & Miller, D. L. (2015), Journal of Human Resources 50(2), section VI.
"""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.comparisons import (
    ComparisonMeans,
    Comparisons,
    comparison_influence,
)
from zgzx_research.did.core.moments import Influence, Moments, covariance_by_stratum

Statistics = tuple[np.ndarray, np.ndarray]
"""Statistics (1 or 2, comparisons), and their derivatives by the four means of each comparison."""


def score_covariance(
    moments: Moments, comparisons: Comparisons, means: ComparisonMeans, found: Statistics
) -> np.ndarray:
    """(comparisons, comparisons) covariance of the departures before treatment, about zero.

    A departure is a difference, or on the ratio scale the treated total less the counterfactual
    one. Rows and columns of other comparisons are zero.

    Parameters
    ----------
    moments : Moments
        Of the panel, without any correction.
    comparisons : Comparisons
        All of them; those with the role "pre" are tested.
    means : ComparisonMeans
        Of these comparisons.
    found : Statistics
        Of these comparisons.
    """
    before = np.flatnonzero(comparisons.role == "pre")
    departures, gradient = (departure(part)[before] for part in found)
    tested = comparisons.take(before)
    own = ComparisonMeans(
        means.value[before], means.weight[before], means.mask[:, before], means.units[before]
    )
    influence = _about_zero(moments, tested, own, departures, gradient)
    covariance = np.zeros((len(comparisons.role), len(comparisons.role)))
    if len(before):
        covariance[np.ix_(before, before)] = covariance_by_stratum(moments, influence)
    return covariance


def departure(parts: np.ndarray) -> np.ndarray:
    """Differences as they are; of treated and counterfactual totals, the first less the second."""
    return np.asarray(parts[0] if len(parts) == 1 else parts[0] - parts[1])


def _about_zero(
    moments: Moments,
    comparisons: Comparisons,
    means: ComparisonMeans,
    departures: np.ndarray,
    gradient: np.ndarray,
) -> Influence:
    """Influence of the departures; that of treated units is not centred in their cohort."""
    cohorts, count = comparisons.controls.shape[1], len(comparisons.cohort)
    nobody = np.zeros(cohorts, dtype=bool)
    centred = comparison_influence(
        moments, comparisons, means, gradient[None], np.zeros(cohorts), nobody
    )
    per_weight = departures / means.weight[:, 0]

    def influence(strata: slice) -> tuple[np.ndarray, np.ndarray]:
        slope, level = centred(strata)
        own = comparisons.cohort == moments.cohort[strata, None]
        own &= means.mask[strata, :, 0]
        return slope[:, :count], level[:, :count] + np.where(own, per_weight, 0.0)

    return influence
