"""Several tests at once: Holm and Benjamini-Hochberg from p-values, Romano-Wolf from a joint law.

Holm keeps the chance of any false rejection below the level whatever the dependence. Romano-Wolf
does so too and rejects more often, because it uses how the statistics move together. Benjamini-
Hochberg keeps the expected share of false rejections among all rejections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.randomisation import TIE, RandomisationTest
from zgzx_research.robustness.summaries import SummaryInfluence

DRAWS = 19_999  # Monte-Carlo error of an adjusted p-value near .05 is then .0015
SINGULAR = 1e-10  # relative size below which an eigenvalue of a correlation counts as zero

PValues: TypeAlias = Mapping[str, float] | pd.Series | Sequence[float]


def holm(p_values: PValues, *, level: float = 0.05) -> pd.DataFrame:
    """p-values adjusted by Holm's step-down method.

    Parameters
    ----------
    p_values : mapping, Series or sequence
        p-value of each test, by its name.
    level : float, default 0.05
        Largest chance of any false rejection.

    Returns
    -------
    pandas.DataFrame
        One row per test, in the order given: name, p_value, p_adjusted, rejected.

    Raises
    ------
    ZgzxError
        A p-value that is missing or outside [0, 1], or none at all.

    References
    ----------
    Holm, S. (1979), Scandinavian Journal of Statistics 6(2).

    Examples
    --------
    >>> holm({"inventions": 0.01, "retention": 0.04, "stay": 0.03})["p_adjusted"].tolist()
    [0.03, 0.06, 0.06]
    """
    return _from_p_values(p_values, "holm", level)


def benjamini_hochberg(p_values: PValues, *, level: float = 0.05) -> pd.DataFrame:
    """p-values adjusted by Benjamini and Hochberg's step-up method.

    Parameters
    ----------
    p_values : mapping, Series or sequence
        p-value of each test, by its name.
    level : float, default 0.05
        Largest expected share of false rejections among the rejections.

    Returns
    -------
    pandas.DataFrame
        As in `holm`.

    Raises
    ------
    ZgzxError
        A p-value that is missing or outside [0, 1], or none at all.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995), Journal of the Royal Statistical Society B 57(1).

    Examples
    --------
    >>> benjamini_hochberg({"a": 0.01, "b": 0.04, "c": 0.03})["p_adjusted"].round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    return _from_p_values(p_values, "fdr_bh", level)


def _from_p_values(p_values: PValues, method: str, level: float) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    series = p_values if isinstance(p_values, pd.Series) else pd.Series(p_values, dtype=float)
    _check_level(level)
    outside = ~series.between(0, 1)
    if series.empty or outside.any():
        raise ZgzxError(
            "every test needs a p-value between 0 and 1",
            where=method,
            count=int(outside.sum()),
            examples=series.index[outside],
            remedy="Leave out tests that could not be made before adjusting, and say which.",
        )
    rejected, adjusted, _, _ = multipletests(series.to_numpy(float), alpha=level, method=method)
    columns = {"name": series.index, "p_value": series.to_numpy(float), "p_adjusted": adjusted}
    return pd.DataFrame(columns | {"rejected": rejected})


def romano_wolf(
    tests: Mapping[str, SummaryInfluence] | Mapping[str, RandomisationTest] | Mapping[str, float],
    *,
    covariance: np.ndarray | None = None,
    df: float = np.inf,
    level: float = 0.05,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """p-values adjusted by Romano and Wolf's step-down method, from the joint law of the tests.

    Parameters
    ----------
    tests : mapping
        By name: `SummaryInfluence` of several outcomes (their joint covariance is the sum of
        products of influence by unit or cluster, matched by name), `RandomisationTest` with the
        same seed and strata (their draws are joint), or estimates together with `covariance`.
    covariance : (tests, tests), optional
        Joint covariance, when `tests` are estimates.
    df : float, default infinity
        Degrees of freedom of the joint t distribution of the draws; infinite = normal.
    level : float, default 0.05
        Largest chance of any false rejection.
    draws : int, default 19,999
        Draws from the joint law (not of randomisation tests, which have theirs).
    seed : int, default 0
        Of these draws.

    Returns
    -------
    pandas.DataFrame
        One row per test, in the order given: name, t, p_value (of the test alone, by the same
        draws), p_adjusted, rejected.

    Raises
    ------
    ZgzxError
        Tests of different kinds, tests whose draws are not joint, an unknown standard error.

    References
    ----------
    Romano, J. & Wolf, M. (2005), Econometrica 73(4), algorithm 3.1; p-values: (2016), Statistics &
    Probability Letters 113, eq. 3.

    Examples
    --------
    >>> estimates = {"inventions": 3.0, "utility models": 2.9, "designs": 0.1}
    >>> together = np.array([[1, 0.99, 0.99], [0.99, 1, 0.99], [0.99, 0.99, 1]])
    >>> romano_wolf(estimates, covariance=together)["rejected"].tolist()
    [True, True, False]
    """
    _check_level(level)
    permuted = [one for one in tests.values() if isinstance(one, RandomisationTest)]
    if permuted and len(permuted) == len(tests):
        t, joint = _permuted(permuted)
    else:
        estimate, spread = _estimates(tests, covariance)
        error = np.sqrt(np.diag(spread))
        t = estimate / error
        joint = _drawn(spread / np.outer(error, error), df, draws, seed)
    own, adjusted = step_down(np.abs(t), np.abs(joint))
    columns = {"name": list(tests), "t": t, "p_value": own, "p_adjusted": adjusted}
    return pd.DataFrame(columns | {"rejected": adjusted <= level})


def step_down(sizes: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(tests,) p-values of each test alone, and those adjusted step by step.

    Parameters
    ----------
    sizes : (tests,) float
        |t| of each test.
    draws : (draws, tests) float
        |t| of each test under the null, jointly; NaN counts as extreme.
    """
    draws = np.where(np.isnan(draws), np.inf, draws)
    least = sizes * (1 - TIE)
    own = (1 + (draws >= least).sum(axis=0)) / (1 + len(draws))
    order = np.argsort(-sizes, kind="stable")
    # largest |t*| among the tests that are not yet rejected: this one and all smaller ones
    largest = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    raw = (1 + (largest >= least[order]).sum(axis=0)) / (1 + len(draws))
    adjusted = np.empty(len(sizes))
    adjusted[order] = np.maximum.accumulate(raw)
    return own, adjusted


def joint_covariance(
    tests: Mapping[str, SummaryInfluence], *, same_clusters: bool = False
) -> np.ndarray:
    """(tests, tests) covariance of several summaries, matched by the names of their units.

    Parameters
    ----------
    tests : mapping
        `SummaryInfluence` by name.
    same_clusters : bool, default False
        Whether equal labels of clusters mean the same cluster in all of them, as in parts of one
        panel. Else units are in one cluster if they are so in any of the panels.
    """
    if same_clusters:
        sums = {name: one.by_cluster for name, one in tests.items()}
    else:
        whole = _joined_clusters(list(tests.values()))
        sums = {
            name: pd.Series(one.influence).groupby(whole.loc[one.units].to_numpy()).sum()
            for name, one in tests.items()
        }
    values = pd.concat(sums, axis=1).fillna(0.0)[list(tests)].to_numpy()
    return values.T @ values + np.diag([one.unexplained for one in tests.values()])


def _joined_clusters(tests: Sequence[SummaryInfluence]) -> pd.Series:
    """Cluster of each unit, by its name, joined over panels that number clusters differently."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    unit, names = pd.factorize(np.concatenate([one.units for one in tests]))
    labels = [f"{k}|{c}" for k, one in enumerate(tests) for c in one.cluster]
    cluster, found = pd.factorize(np.array(labels, dtype=object))
    nodes = len(names) + len(found)
    edges = coo_array((np.ones(len(unit)), (unit, len(names) + cluster)), shape=(nodes, nodes))
    component = connected_components(edges, directed=False)[1]
    return pd.Series(component[: len(names)], index=names)


def _estimates(
    tests: Mapping[str, Any], covariance: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and their joint covariance."""
    values = list(tests.values())
    by_unit = bool(values) and all(isinstance(one, SummaryInfluence) for one in values)
    if by_unit:
        estimate, spread = np.array([one.value for one in values]), joint_covariance(tests)
    elif covariance is None or np.shape(covariance) != (len(values), len(values)) or not values:
        raise ZgzxError(
            "there is no joint law of these tests",
            where="romano_wolf",
            count=len(values),
            remedy="Pass summary_influence(...) or randomisation_inference(...) of each, or "
            "estimates with their joint covariance.",
        )
    else:
        estimate, spread = np.array(values, dtype=float), np.asarray(covariance, dtype=float)
    bad = ~(np.isfinite(estimate) & (np.diag(spread) > 0))
    if bad.any():
        raise ZgzxError(
            "tests without estimate or standard error",
            where="romano_wolf",
            count=int(bad.sum()),
            examples=np.array(list(tests))[bad],
            remedy="Leave them out of the family, and say which.",
        )
    return estimate, spread


def _permuted(tests: Sequence[RandomisationTest]) -> tuple[np.ndarray, np.ndarray]:
    """Return t of the tests and their joint draws."""
    if len({(one.seed, one.permutations, one.strata, one.exchanged) for one in tests}) > 1:
        raise ZgzxError(
            "these randomisation tests did not use the same permutations",
            where="romano_wolf",
            count=len(tests),
            remedy="Use one seed, one number of permutations and the same strata and units.",
        )
    return np.array([one.t for one in tests]), np.column_stack([one.draws for one in tests])


def _drawn(correlation: np.ndarray, df: float, draws: int, seed: int) -> np.ndarray:
    """(draws, tests) normal or t draws with this correlation, which may be singular."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.where(values > SINGULAR * values[-1], values, 0.0))
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((draws, len(values))) @ root.T
    if np.isfinite(df):
        z = z / np.sqrt(generator.chisquare(df, draws) / df)[:, None]
    return z


def _check_level(level: float) -> None:
    if isinstance(level, bool) or not isinstance(level, float | int) or not 0 < level < 1:
        raise ZgzxError(
            f"level={level!r} lies not between 0 and 1",
            where="multiple testing",
            remedy="Pass e.g. level=0.05.",
        )
