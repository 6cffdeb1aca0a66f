"""Treated less comparison within strata: weighted least squares with errors by cluster.

The regression of an outcome on treatment, one constant per stratum and covariates. The comparison
rows of a stratum are weighted up to the weight of its treated rows. Without covariates the
coefficient is then exactly the mean over treated rows of "own outcome less the comparison mean of
the own stratum" (Hirano, Imbens & Ridder 2003, Econometrica 71, on weighting by the odds).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.inference import power_factor, t_quantile
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimate with its error by cluster.

    Attributes
    ----------
    estimate : float
        In units of the outcome.
    std_error : float
        CR1: clustered, times the square root of G/(G-1) · (N-1)/(N-K).
    df : int
        Degrees of freedom of the t distribution, clusters - 1.
    rows : int
        Rows in strata with both arms (N).
    clusters : int
        Clusters among them (G).
    """

    estimate: float
    std_error: float
    df: int
    rows: int
    clusters: int

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the ends of the confidence interval."""
        half = t_quantile(level, self.df) * self.std_error
        return self.estimate - half, self.estimate + half

    def detectable(self, level: float = 0.95, power: float = 0.8) -> float:
        """Return the smallest effect that leaves zero outside the interval with this power."""
        return power_factor(1 - level, power, self.df) * self.std_error


def stratified_contrast(
    outcome: np.ndarray,
    treated: np.ndarray,
    stratum: np.ndarray,
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    covariates: np.ndarray | None = None,
) -> Contrast:
    """Compare treated with comparison rows within strata.

    Parameters
    ----------
    outcome : (rows,)
        Finite numbers.
    treated : (rows,) of bool
        Treated or comparison.
    stratum, cluster : (rows,) of int
        Codes from 0 on. Rows of strata without both arms take no part.
    weight : (rows,), optional
        Positive; default 1.
    covariates : (rows, covariates), optional
        Adjusted for linearly, with one slope in all strata.

    Returns
    -------
    Contrast
        The mean over treated rows, by weight.

    Raises
    ------
    ZgzxError
        No stratum has both arms, only one cluster, or fewer rows than parameters.

    Examples
    --------
    >>> y, won = np.array([1.0, 0, 1, 1]), np.array([True, False, True, False])
    >>> stratified_contrast(y, won, np.array([0, 0, 1, 1]), np.arange(4)).estimate
    0.5
    """
    own = np.ones(len(outcome)) if weight is None else weight
    odds = odds_weights(treated, stratum, own)
    used = odds > 0
    y, x = outcome[used], treated[used].astype(float)
    others = np.zeros((len(y), 0)) if covariates is None else covariates[used]
    strata = np.unique(stratum[used], return_inverse=True)[1]
    firms = np.unique(cluster[used], return_inverse=True)[1]
    _refuse_few(len(y), strata, firms, others.shape[1])

    columns = np.column_stack([y, x, others])
    within = columns - _means(columns, odds[used], strata)[strata]
    return _coefficient(within, odds[used], firms, int(strata.max()) + 1)


def odds_weights(treated: np.ndarray, stratum: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(rows,) weights that give both arms of a stratum the weight of its treated; 0 without both.

    Parameters
    ----------
    treated : (rows,) of bool
        Treated or comparison.
    stratum : (rows,) of int
        Codes from 0 on.
    weight : (rows,)
        Positive.
    """
    if len(stratum) == 0:
        return np.zeros(0)
    size = int(stratum.max()) + 1
    won = np.bincount(stratum[treated], weight[treated], size)
    lost = np.bincount(stratum[~treated], weight[~treated], size)
    both = (won > 0) & (lost > 0)
    ratio = np.divide(won, lost, out=np.zeros(size), where=both)
    factor: np.ndarray = np.where(treated, both[stratum], ratio[stratum])
    return weight * factor


def _refuse_few(rows: int, strata: np.ndarray, clusters: np.ndarray, covariates: int) -> None:
    """Refuse what has no estimate or no error."""
    if rows == 0:
        raise ZgzxError(
            "no edition and category has both arms",
            where="stratified_contrast",
            remedy="Pass rows of winners and of other finalists of the same contests.",
        )
    if clusters.max() == 0:
        raise ZgzxError(
            "all rows are of one firm, so there is no error by firm",
            where="stratified_contrast",
            count=rows,
        )
    parameters = int(strata.max()) + 2 + covariates
    if rows <= parameters:
        raise ZgzxError(
            f"{rows} rows cannot carry {parameters} parameters",
            where="stratified_contrast",
            remedy="Pass more editions or fewer covariates.",
        )


def _means(columns: np.ndarray, weight: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """(strata, columns) weighted means."""
    total = np.bincount(strata, weight)
    sums = [np.bincount(strata, weight * column) for column in columns.T]
    return np.column_stack(sums) / total[:, None]


def _coefficient(
    within: np.ndarray, weight: np.ndarray, clusters: np.ndarray, strata: int
) -> Contrast:
    """Return the coefficient of column 1 for column 0, given the others; all are demeaned."""
    y, regressors = within[:, 0], within[:, 1:]
    root = np.sqrt(weight)[:, None]
    beta, _, rank, _ = np.linalg.lstsq(root * regressors, root[:, 0] * y, rcond=None)
    own = regressors[:, 0]
    if regressors.shape[1] > 1:
        others = regressors[:, 1:]
        own = own - others @ np.linalg.lstsq(root * others, root[:, 0] * own, rcond=None)[0]

    residual = y - regressors @ beta
    score = np.bincount(clusters, weight * own * residual)
    rows, groups = len(y), int(clusters.max()) + 1
    factor = groups / (groups - 1) * (rows - 1) / (rows - strata - int(rank))
    error = np.sqrt(factor * (score**2).sum()) / (weight * own**2).sum()
    return Contrast(float(beta[0]), float(error), groups - 1, rows, groups)
