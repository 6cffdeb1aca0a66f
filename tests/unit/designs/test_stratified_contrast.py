"""The comparison within strata against hand arithmetic, and its errors against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from zgzx_research.designs.stratified_contrast import odds_weights, stratified_contrast
from zgzx_research.errors import ZgzxError

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(seed: int = 3, rows: int = 120) -> Arrays:
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 6, rows)
    return rng.normal(size=rows), rng.random(rows) < 0.4, stratum, rng.integers(0, 25, rows)


def test_by_hand_two_strata_weighted_by_their_winners() -> None:
    y = np.array([5.0, 7.0, 1.0, 3.0, 10.0, 4.0, 6.0, 99.0])
    won = np.array([1, 1, 0, 0, 1, 0, 0, 1], dtype=bool)
    stratum = np.array([0, 0, 0, 0, 1, 1, 1, 2])  # the last has no comparison
    found = stratified_contrast(y, won, stratum, np.arange(8))
    assert found.estimate == pytest.approx((2 * (6 - 2) + 1 * (10 - 5)) / 3, abs=1e-12)
    assert (found.rows, found.clusters, found.df) == (7, 7, 6)


def test_by_hand_the_error_of_one_stratum() -> None:
    """Two clusters per arm: residuals -1, 1 and -2, 2, each mean of two."""
    y, won = np.array([4.0, 6.0, 0.0, 4.0]), np.array([True, True, False, False])
    found = stratified_contrast(y, won, np.zeros(4, dtype=int), np.arange(4))
    influence = np.array([-1, 1, 2, -2]) / 2
    factor = 4 / 3 * 3 / 2
    assert found.estimate == pytest.approx(3.0, abs=1e-12)
    assert found.std_error == pytest.approx(np.sqrt(factor * (influence**2).sum()), abs=1e-12)


def test_weights_give_both_arms_the_weight_of_the_winners() -> None:
    won = np.array([True, False, False, True])
    weight = odds_weights(won, np.array([0, 0, 0, 1]), np.array([2.0, 1.0, 3.0, 1.0]))
    np.testing.assert_allclose(weight, [2.0, 0.5, 1.5, 0.0])


@pytest.mark.slow
def test_covariates_and_clusters_as_in_statsmodels() -> None:
    import statsmodels.api as sm

    y, won, stratum, firm = drawn()
    x = np.random.default_rng(4).normal(size=(len(y), 2))
    weight = odds_weights(won, stratum, np.ones(len(y)))
    constants = (stratum[:, None] == np.arange(6)).astype(float)
    design = np.column_stack([won, x, constants])
    model = sm.WLS(y, design, weights=weight)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": firm})
    found = stratified_contrast(y, won, stratum, firm, covariates=x)
    assert found.estimate == pytest.approx(fit.params[0], rel=1e-10)
    assert found.std_error == pytest.approx(fit.bse[0], rel=1e-10)


def test_properties() -> None:
    y, won, stratum, firm = drawn()
    base = stratified_contrast(y, won, stratum, firm)
    order = np.random.default_rng(0).permutation(len(y))
    again = stratified_contrast(y[order], won[order], 5 - stratum[order], firm[order] * 7 + 1)
    scaled = stratified_contrast(10 * y + stratum, won, stratum, firm)
    heavier = stratified_contrast(y, won, stratum, firm, weight=np.full(len(y), 3.0))
    for other, factor in ((again, 1), (scaled, 10), (heavier, 1)):
        assert other.estimate == pytest.approx(factor * base.estimate, abs=1e-10)
        assert other.std_error == pytest.approx(factor * base.std_error, abs=1e-10)


def test_a_collinear_covariate_changes_nothing() -> None:
    y, won, stratum, firm = drawn()
    x = np.random.default_rng(4).normal(size=(len(y), 1))
    one = stratified_contrast(y, won, stratum, firm, covariates=x)
    both = stratified_contrast(y, won, stratum, firm, covariates=np.column_stack([x, 2 * x]))
    assert both.estimate == pytest.approx(one.estimate, abs=1e-10)
    assert both.std_error == pytest.approx(one.std_error, abs=1e-10)


def test_detectable_is_the_interval_inverted() -> None:
    """An effect of that size is found with 80 % power: t(.975) + t(.8) standard errors."""
    from scipy import stats

    found = stratified_contrast(*drawn())
    factor = stats.t.ppf(0.975, found.df) + stats.t.ppf(0.8, found.df)
    assert found.detectable() == pytest.approx(factor * found.std_error, rel=1e-9)
    low, high = found.interval()
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, found.df) * found.std_error)


@pytest.mark.parametrize(
    ("won", "firm", "message"),
    [
        ([1, 1, 1, 1], [0, 1, 2, 3], "no edition and category has both arms"),
        ([1, 0, 1, 0], [5, 5, 5, 5], "all rows are of one firm"),
        ([1, 0, 1, 0], [0, 1, 2, 3], "4 rows cannot carry 5 parameters"),
    ],
)
def test_refusals(won: list[int], firm: list[int], message: str) -> None:
    rows = np.arange(4.0)
    with pytest.raises(ZgzxError, match=message):
        stratified_contrast(
            rows,
            np.array(won, dtype=bool),
            np.zeros(4, dtype=int),
            np.array(firm),
            covariates=np.column_stack([rows, rows**2, rows**3]),
        )
