"""Weights by the precision of the change of a share: by hand, properties, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError

YEARS = range(2010, 2020)


def draw(seed: int, firms: int = 400, tau: float = 0.0, effect: float = 0.0) -> pd.DataFrame:
    """Draw firms with 1 to 60 staff, a stay of .8 and true changes of standard deviation tau."""
    rng = np.random.default_rng(seed)
    staff = np.round(np.exp(rng.uniform(0, 4.1, firms))).astype(int)
    first = np.where(rng.random(firms) < 0.15, rng.integers(2014, 2017, firms), np.nan)
    panel = pd.DataFrame(itertools.product(range(firms), YEARS), columns=["firm_id", "year"])
    firm = panel["firm_id"].to_numpy()
    panel["first_award"], panel["staff_start"] = first[firm], staff[firm]
    treated = effect * (panel["year"] >= panel["first_award"])
    p = np.clip(0.8 + treated + rng.normal(0, tau, len(panel)), 0.01, 0.99)
    panel["retention"] = rng.binomial(panel["staff_start"], p) / panel["staff_start"]
    return panel


def test_weights_by_hand() -> None:
    """τ² is 0 here, so 1 / V is k n N / (p (1 - p) (k n + N)), N the staff-years of the base."""
    start = {"A": 2013.0, "B": np.nan, "C": np.nan}
    staff, shares = {"A": 10, "B": 20, "C": 2}, [0.5, 0.5, 0.5, 0.5, 0.5]
    rows = [
        (f, 2009 + k, share, staff[f], start[f]) for f in "ABC" for k, share in enumerate(shares)
    ]
    columns = ["firm_id", "year", "retention", "staff_start", "first_award"]
    panel = pd.DataFrame(rows, columns=columns)
    found = zr.precision_weights(panel, window_years=2)
    assert found.change_variance == 0
    assert found.binomial == pytest.approx(0.25, abs=1e-12)
    # the base of A, and of the others for A's cohort, is 2009 to 2011; B is seen two years
    years = {"A": 3, "B": 2, "C": 3}
    panel = panel[(panel["firm_id"] != "B") | (panel["year"] >= 2010)]
    found = zr.precision_weights(panel, window_years=2)
    raw = np.array([2 * staff[f] * years[f] / (0.25 * (2 + years[f])) for f in "ABC"])
    expected = raw / raw.mean()
    assert found.weight.to_numpy() == pytest.approx(np.repeat(expected, [5, 4, 5]), rel=1e-10)
    assert (found.n_treated, found.n_firms, found.effective_number) == (1, 3, 1.0)


@pytest.mark.parametrize("tau", [0.0, 0.06, 0.12])
def test_the_variance_of_true_changes_is_found(tau: float) -> None:
    """A year's change has variance tau²; that from a mean of five years tau² (1 + 1/5) and less."""
    found = [zr.precision_weights(draw(seed, tau=tau)) for seed in range(6)]
    mean = np.mean([one.change_variance for one in found])
    assert mean == pytest.approx(1.2 * tau**2, abs=0.0005 + 0.15 * tau**2)
    assert np.mean([one.binomial for one in found]) == pytest.approx(0.16, abs=0.003)


def test_what_happens_after_treatment_does_not_move_weights() -> None:
    panel = draw(1)
    late = panel["year"] >= panel["first_award"] - 1
    other = panel.assign(
        retention=panel["retention"].where(~late, 0.3),
        staff_start=panel["staff_start"].where(~late, 7),
    )
    one, two = zr.precision_weights(panel), zr.precision_weights(other)
    pd.testing.assert_series_equal(one.weight, two.weight)


def test_order_and_names_do_not_matter_and_nothing_is_changed() -> None:
    panel = draw(2)
    before = panel.copy()
    found = zr.precision_weights(panel)
    mixed = panel.assign(firm_id="f" + panel["firm_id"].astype(str)).sample(frac=1, random_state=3)
    other = zr.precision_weights(mixed).weight.reindex(panel.index)
    assert other.to_numpy() == pytest.approx(found.weight.to_numpy(), rel=1e-9)
    pd.testing.assert_frame_equal(panel, before)


def test_the_weight_is_a_column_for_the_panel() -> None:
    panel = draw(3, effect=0.05)
    panel = panel.assign(weight=zr.precision_weights(panel).weight)
    roles = {"outcome": "retention", "unit": "firm_id", "period": "year"}
    prepared = zr.prepare_panel(panel, **roles, first_treated="first_award", weights="weight")
    effects = zr.estimate_effects(
        prepared, base_period="pooled", leave_out=1, cohort_correction=True
    )
    assert effects.aggregate("event_time").window(1, 3)["std_error"][0] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop(columns="staff_start"), "a column is missing, 1 affected, e.g. staff"),
        (lambda p: p.assign(retention=2.0), "a share lies outside 0 to 1"),
        (lambda p: p.assign(staff_start=0), "a share of no staff"),
        (lambda p: p[p["year"] == 2010], "too few firms with two years before treatment"),
    ],
)
def test_refusals(change, message: str) -> None:
    with pytest.raises(ZgzxError, match=message):
        zr.precision_weights(change(draw(4, firms=20)))
    with pytest.raises(ZgzxError, match="window_years=0 is no number of years"):
        zr.precision_weights(draw(4, firms=20), window_years=0)


@pytest.mark.slow
def test_weights_narrow_the_estimate_and_keep_it_right() -> None:
    """Pooled base, no effect: no bias, and a smaller spread than with one weight for all firms."""
    estimates, covered = [], []
    for seed in range(40):
        panel = draw(seed, firms=300)
        panel = panel.assign(weight=zr.precision_weights(panel).weight, one=1.0)
        pair = []
        for weights in ("weight", "one"):
            prepared = zr.prepare_panel(
                panel,
                outcome="retention",
                unit="firm_id",
                period="year",
                first_treated="first_award",
                weights=weights,
            )
            effects = zr.estimate_effects(
                prepared, base_period="pooled", leave_out=1, cohort_correction=True
            )
            row = effects.aggregate("event_time").window(1, 3).iloc[0]
            pair.append(row["estimate"])
            if weights == "weight":
                covered.append(row["ci_low"] <= 0 <= row["ci_high"])
        estimates.append(pair)
    precise, plain = np.array(estimates).T
    assert abs(precise.mean()) < 3 * precise.std() / np.sqrt(len(precise))
    assert precise.std() < 0.7 * plain.std()
    assert np.mean(covered) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(covered))
