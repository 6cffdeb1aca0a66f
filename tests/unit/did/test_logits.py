"""Propensity scores: where Newton's method starts from, and that it ends where others do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import zgzx_research as zr
from zgzx_research.did.core.comparisons import plan_comparisons
from zgzx_research.did.methods.group_time import nuisances
from zgzx_research.did.methods.group_time.model_groups import model_groups
from zgzx_research.did.methods.group_time.newton import is_singular, newton
from zgzx_research.did.methods.group_time.passes import passes_by_cohort

ROLES = {"outcome": "y", "unit": "unit", "period": "t", "first_treated": "start"}
SHAPES = {
    "normal": lambda z: z,
    "one in twenty": lambda z: (z > 1.6).astype(float),
    "skewed": lambda z: np.exp(1.5 * z),
    "heavy tails": lambda z: z**3,
}


def squares(treated: list[float], compared: list[float]) -> np.ndarray:
    """(2, 1, 2, 2) cross products of a constant and one covariate."""
    both = [np.column_stack([np.ones(len(x)), x]) for x in (treated, compared)]
    return np.stack([x.T @ x for x in both])[:, None]


def panel_of(x: np.ndarray, treated: np.ndarray, weight: np.ndarray | None = None) -> pd.DataFrame:
    """Two periods; units treated in the second, or never."""
    rng = np.random.default_rng(7)
    units = np.arange(len(x))
    table = pd.DataFrame({"unit": np.repeat(units, 2), "t": np.tile([1, 2], len(x))})
    table["start"] = np.repeat(np.where(treated, 2.0, np.nan), 2)
    table["y"] = rng.normal(size=2 * len(x))
    table["x"] = np.repeat(x, 2)
    table["w"] = np.repeat(np.ones(len(x)) if weight is None else weight, 2)
    return table


def logit_of(table: pd.DataFrame, **roles: str) -> np.ndarray:
    """Coefficients on the constant and on the covariate as it is."""
    panel = zr.prepare_panel(table, **ROLES, covariates=("x",), **roles)
    plan = plan_comparisons(
        panel.cohorts,
        panel.periods,
        controls="never_treated",
        base_period="universal",
        anticipation=0,
        leave_out=0,
    )
    passes = passes_by_cohort(panel)
    groups = model_groups(panel, plan, complete=True)
    square = nuisances.cross_products(passes, groups).square
    ((value, _, failed),) = nuisances.fit_logits(passes, groups, square)
    assert not failed
    slope = value[1] / passes.scaling.scale[0]
    return np.array([value[0] - slope * passes.scaling.centre[0], slope])


def test_fishers_discriminant_by_hand() -> None:
    """Means 2 and 1, variance 1 within: slope 1, and the odds are even half way between them."""
    (start,) = nuisances.discriminant(squares([1.0, 3.0], [0.0, 2.0]))
    assert start == pytest.approx([-1.5, 1.0], abs=1e-14)


def test_of_shares_alone_it_is_their_odds() -> None:
    (start,) = nuisances.discriminant(squares([1.0, 3.0], [0.0, 2.0])[..., :1, :1])
    assert start == pytest.approx([0.0])
    (start,) = nuisances.discriminant(squares([1.0, 3.0], [0.0, 2.0, 4.0])[..., :1, :1])
    assert start == pytest.approx([np.log(2 / 3)])


@pytest.mark.parametrize("compared", [[], [2.0, 2.0]])
def test_without_a_discriminant_it_starts_from_nothing(compared: list[float]) -> None:
    (start,) = nuisances.discriminant(squares([2.0, 2.0], compared))
    assert (start == 0).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_coefficients_are_those_of_statsmodels(shape: str, weighted: bool) -> None:
    rng = np.random.default_rng(3)
    x = SHAPES[shape](rng.normal(size=400))
    index = 0.8 * (x - x.mean()) / x.std() - 0.5
    treated = rng.random(400) < 1 / (1 + np.exp(-index))
    weight = rng.integers(1, 4, size=400).astype(float)
    ours = logit_of(panel_of(x, treated, weight), **({"weights": "w"} if weighted else {}))
    model = sm.GLM(
        treated.astype(float),
        sm.add_constant(x),
        family=sm.families.Binomial(),
        freq_weights=weight if weighted else None,
    )
    theirs = model.fit(tol=1e-14, maxiter=100).params
    assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-10)


def test_of_normal_covariates_few_passes_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []
    make = nuisances._logit_sums

    def counted(*about: Any) -> Any:
        sums = make(*about)

        def one_pass(value: np.ndarray, active: np.ndarray) -> Any:
            asked.append(value)
            return sums(value, active)

        return one_pass

    monkeypatch.setattr(nuisances, "_logit_sums", counted)
    rng = np.random.default_rng(5)
    treated = rng.random(20_000) < 0.3
    logit_of(panel_of(rng.normal(size=20_000) + treated, treated))
    assert 1 <= len(asked) <= 3


def test_where_the_start_is_no_good_it_begins_again() -> None:
    """The discriminant of a problem may lie where the likelihood is flat to the last digit."""

    def sums(value: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        flat = np.abs(value[:, :1]) > 10
        hessian = np.where(flat[..., None], 0.0, 1.0) * np.eye(1)
        return value[:, 0] ** 2, -value, hessian

    far = np.array([[20.0], [1.0]])
    value, _, failed = newton(sums, far)
    assert failed.tolist() == [True, False] and value[1] == pytest.approx([0.0], abs=1e-12)
    value, _, failed = newton(sums, np.zeros((2, 1)), np.array([True, False]))
    assert not failed.any() and value[0] == pytest.approx([0.0], abs=1e-12)


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 4096])
def test_one_logarithm_of_four_rows_is_four_of_one(rows: int) -> None:
    odds = 1 + np.random.default_rng(rows).lognormal(sigma=4, size=(3, rows))
    odds[0, 0] = nuisances.HUGE
    expected = 2.5 * np.log(odds).sum(axis=1)
    equal = nuisances._weighted_logs(odds.copy(), np.full((1, rows), 2.5))
    by_group = nuisances._weighted_logs(odds.copy(), np.full((3, rows), 2.5))
    assert equal == pytest.approx(expected, rel=1e-12)
    assert by_group == pytest.approx(expected, rel=1e-12)


def test_matrices_without_a_direction_are_found_one_by_one() -> None:
    full = np.array([[4.0, 1.0], [1.0, 9.0]])
    grams = np.stack([full, np.ones((2, 2)), full * 1e-200, np.diag([1.0, 0.0]), full * np.nan])
    assert is_singular(grams).tolist() == [False, True, False, True, True]
    assert not is_singular(full)
