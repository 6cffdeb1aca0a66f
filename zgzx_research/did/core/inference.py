"""Normal and t inference from an estimate and its covariance."""

from __future__ import annotations

import numpy as np
from scipy import special

from zgzx_research.did.panel.chunks import one_thread

DRAWS = 32_768  # Monte-Carlo error of a 95 % critical value is then about .01
SMALL = 1e-10  # relative size below which an eigenvalue of a covariance counts as zero


def t_quantile(level: float, df: float = np.inf) -> float:
    """Two-sided quantile of the t distribution, e.g. 1.96 for level .95; infinite df = normal."""
    upper = 0.5 + level / 2
    return float(special.ndtri(upper) if np.isinf(df) else special.stdtrit(df, upper))


def power_factor(size: float = 0.05, power: float = 0.8, df: float = np.inf) -> float:
    """Return the smallest effect, in standard errors, that a test finds with this power."""
    return t_quantile(1 - size, df) + t_quantile(2 * power - 1, df)


def detectable_noncentrality(
    df: int, freedom: float = np.inf, size: float = 0.05, power: float = 0.8
) -> float:
    """Noncentrality at which a joint test of this size rejects with this power.

    Of chi-square with `df` degrees of freedom, or of F(df, freedom). With df = 1 it is the square
    of `power_factor`, but for the rejections on the far side.
    """
    if np.isinf(freedom):
        return float(special.chndtrinc(special.chdtri(df, size), df, 1 - power))
    critical = special.fdtri(df, freedom, 1 - size)
    return float(special.ncfdtrinc(df, freedom, 1 - power, critical))


def simultaneous_quantile(
    covariance: np.ndarray, level: float, seed: int, df: float = np.inf
) -> float:
    """Quantile of max |Z| for Z normal (multivariate t for finite df) with this correlation.

    Rows of zero variance take no part. Never below the pointwise quantile. Where a covariance is
    not known (NaN), that of independent rows: no correlation gives a larger one (Šidák 1967).
    """
    sd = np.sqrt(np.diag(covariance))
    used = sd > 0
    if used.sum() <= 1:
        return t_quantile(level, df)
    correlation = covariance[np.ix_(used, used)] / np.outer(sd[used], sd[used])
    correlation = np.eye(len(correlation)) if np.isnan(correlation).any() else correlation
    with one_thread():
        largest = _largest(correlation, seed, df)
    return max(float(np.quantile(largest, level)), t_quantile(level, df))


def _largest(correlation: np.ndarray, seed: int, df: float) -> np.ndarray:
    """(DRAWS,) draws of max |Z|."""
    values, vectors = np.linalg.eigh(correlation)
    large = values > SMALL * values[-1]
    root = (vectors[:, large] * np.sqrt(values[large])).astype(
        np.float32
    )  # digits enough for a quantile of draws
    generator = np.random.default_rng(seed)
    z = root @ generator.standard_normal((root.shape[1], DRAWS), dtype=np.float32)
    largest = np.maximum(z.max(axis=0), -z.min(axis=0)).astype(float)
    if np.isfinite(df):
        largest /= np.sqrt(generator.chisquare(df, DRAWS) / df)
    return largest


def ratio_interval(
    treated: np.ndarray, counterfactual: np.ndarray, covariance: np.ndarray, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fieller's interval for treated / counterfactual.

    The ratios r at which treated - r counterfactual may be zero.

    Parameters
    ----------
    treated, counterfactual : (rows,)
        Totals.
    covariance : (2, 2, rows)
        Of the two.
    critical : float
        Normal quantile.

    Returns
    -------
    low, high : (rows,)
        Within [0, inf]; high is infinite where the counterfactual itself may be zero.

    Notes
    -----
    A few firms file most patents, so totals are skewed and intervals symmetric on the log scale
    cover too seldom: see docs/decisions/0001. Fieller, E. (1954), Journal of the Royal Statistical
    Society B 16(2).
    """
    square = critical**2
    a = counterfactual**2 - square * covariance[1, 1]
    b = treated * counterfactual - square * covariance[0, 1]
    c = treated**2 - square * covariance[0, 0]
    root = np.sqrt(np.maximum(b**2 - a * c, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (b - root) / a, (b + root) / a
    bounded = a > 0
    # a < 0: every r beyond the larger root is possible, and those below the smaller one, which is
    # negative when c > 0
    low = np.where(bounded, one, np.where(c > 0, np.maximum(one, other), 0.0))
    return np.maximum(low, 0.0), np.where(bounded, other, np.inf)


def wald_test(
    estimate: np.ndarray, covariance: np.ndarray, freedom: float = np.inf
) -> dict[str, float | int | str]:
    """Joint test that all estimates are zero: statistic, df, p_value, note.

    Chi-square, or with finite `freedom` F: statistic / df against F(df, freedom). A singular
    covariance is refused: p_value is NaN and the note gives the reason.
    """
    df = len(estimate)
    if df == 0:
        return {
            "statistic": np.nan,
            "df": 0,
            "p_value": np.nan,
            "note": "no estimate before treatment to test",
        }
    for known, note in (
        (np.isfinite(estimate).all(), "an estimate before treatment is unknown"),
        (
            np.isfinite(covariance).all(),
            "the covariance of the estimates before treatment is unknown",
        ),
    ):
        if not known:
            return {"statistic": np.nan, "df": df, "p_value": np.nan, "note": note}
    sd = np.sqrt(np.diag(covariance))
    scale = np.where(sd > 0, sd, 1.0)
    correlation = covariance / np.outer(scale, scale)
    rank = int((np.linalg.eigvalsh(correlation) > SMALL * df).sum())
    if rank < df:
        note = (
            f"the covariance of the {df} estimates has rank {rank}: "
            "too few treated units for a joint test"
        )
        return {"statistic": np.nan, "df": df, "p_value": np.nan, "note": note}
    z = estimate / scale
    statistic = float(z @ np.linalg.solve(correlation, z))
    p = (
        special.chdtrc(df, statistic)
        if np.isinf(freedom)
        else special.fdtrc(df, freedom, statistic / df)
    )
    return {"statistic": statistic, "df": df, "p_value": float(p), "note": ""}
