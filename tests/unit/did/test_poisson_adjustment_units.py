"""The Poisson regression behind the ratio scale does not depend on the unit of the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr

NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]
# first treated period (- never), covariate, outcomes of periods 1 to 5; found by `make fuzz`. Two
# comparison units and two coefficients: the fit is exact, its deviance is zero, and what is seen
# of it is rounding.
UNITS = """
- 0.422080 0.739928 2.607885 1.016525 0.145542 3.892004
- 0.834631 2.215627 2.887357 2.891329 3.329073 3.110253
2 -0.413635 3.865508 4.383247 3.371329 3.779964 3.192916
2 -0.333273 2.163813 2.177932 1.149150 0.329166 1.035058
3 -2.599888 7.175170 5.247963 4.992432 2.020576 3.389151
3 0.665530 4.765523 2.319974 5.049067 2.695705 3.254366
5 2.310483 3.163566 3.830081 0.822180 0.752585 0.959050
3 -0.013966 1.407126 2.698121 5.834770 2.113393 4.233414
2 -1.477784 4.674258 4.918719 6.158774 3.998492 3.329396
"""


def table() -> pd.DataFrame:
    rows = []
    for unit, line in enumerate(UNITS.split("\n")[1:-1]):
        first, covariate, *outcomes = line.split()
        start = np.nan if first == "-" else float(first)
        for period, outcome in enumerate(outcomes, start=1):
            rows.append((unit, period, float(outcome), start, float(covariate)))
    return pd.DataFrame(rows, columns=["u", "t", "y", "g", "x"])


def effects(factor: float) -> pd.DataFrame:
    panel = zr.prepare_panel(
        table().assign(y=lambda rows: rows["y"] * factor),
        outcome="y",
        unit="u",
        period="t",
        first_treated="g",
        covariates=["x"],
    )
    fitted = zr.estimate_effects(panel, scale="ratio", adjustment="outcome_regression")
    return fitted.to_frame()


@pytest.mark.parametrize("factor", [1e-9, 1e-3, 7.0, 1e12])
def test_a_perfect_fit_is_found_in_every_unit(factor: float) -> None:
    one, other = effects(1.0), effects(factor)
    assert len(one) == len(other) == 15  # three cohorts, five periods
    np.testing.assert_allclose(
        other[NUMBERS].to_numpy(float), one[NUMBERS].to_numpy(float), rtol=1e-9, atol=1e-12
    )
