"""Normal and t inference from an estimate and its covariance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special
from scipy.linalg import lapack

from zgzx_research.did.panel.chunks import one_thread

DRAWS, FEWEST = 8192, 2048  # Monte-Carlo error of a 95 % critical value is then about .01 at most
NUMBERS = 2**23  # of a matrix of draws: about so many at most, with many rows
PRECISION, STEPS = 1e-3, 20  # relative, of the probability beyond a critical value
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
    np.fill_diagonal(correlation, 1.0)  # else rounding would decide which row comes first
    with one_thread():
        exceeds = _joint_tail(correlation, seed, df)
    # between that of rows that are one and the same, and of rows that never exceed together
    ends = t_quantile(level, df), t_quantile(1 - (1 - level) / len(correlation), df)
    return max(_root_between(lambda c: float(np.log(exceeds(c) / (1 - level))), ends), ends[0])


def _root_between(falling: Callable[[float], float], ends: tuple[float, float]) -> float:
    """Return where a nearly straight function that falls is zero, by the Illinois method."""
    (low, high), (above, below) = ends, map(falling, ends)
    if above <= 0 or below >= 0:
        return low if above <= 0 else high
    for _ in range(STEPS):
        middle = low + (high - low) * above / (above - below)
        value = falling(middle)
        if abs(value) < PRECISION:
            break
        if value > 0:
            low, above, below = middle, value, below / 2
        else:
            high, below, above = middle, value, above / 2
    return middle


def _joint_tail(correlation: np.ndarray, seed: int, df: float) -> Callable[[float], float]:
    """Return P(max |Z| > c) as a function of c.

    It is Σ_i P(|Z_i| > c) E[1/N | |Z_i| > c] with N the number of rows beyond c (Naiman & Priebe
    2001, Journal of Computational and Graphical Statistics 10(2)): where 1/N is near 1 few draws
    tell much. Draws are the same for every c, so the function falls with c.
    """
    rows, generator = len(correlation), np.random.default_rng(seed)
    draws = min(max(FEWEST, 128 * rows), DRAWS, max(FEWEST, NUMBERS // rows))
    root = _root(correlation)
    chosen = ((np.arange(draws) + generator.random()) * rows / draws).astype(np.int64)
    share = (generator.permutation(draws) + generator.random(draws)) / draws
    spread = generator.chisquare(df + 1, draws) if np.isfinite(df) else None
    by_row = correlation.astype(np.float32)[:, chosen]  # digits enough for a quantile of draws
    rest = root @ generator.standard_normal((root.shape[1], draws), dtype=np.float32)
    rest -= by_row * rest[chosen, np.arange(draws)]  # given that row is zero

    def exceeds(c: float) -> float:
        if spread is None:
            one = 2 * special.ndtr(-c)
            first, scale = -special.ndtri(share * one / 2), np.ones(1)
        else:
            one = 2 * special.stdtr(df, -c)
            first = -special.stdtrit(df, share * one / 2)
            scale = np.sqrt(spread / (df + first**2))  # of all rows, given the chosen one
        z = rest / scale.astype(np.float32) + by_row * first.astype(np.float32)
        beyond = np.count_nonzero(np.abs(z) > c, axis=0)
        return float(rows * one * np.mean(1 / np.maximum(beyond, 1)))

    return exceeds


def _root(correlation: np.ndarray) -> np.ndarray:
    """(rows, rank) R with RR' the correlation, by Cholesky's method with pivots."""
    factor, pivot, rank, _ = lapack.dpstrf(correlation, tol=SMALL, lower=1)
    root = np.zeros((len(correlation), rank), dtype=np.float32)
    root[pivot - 1] = np.tril(factor)[:, :rank]
    return root


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
