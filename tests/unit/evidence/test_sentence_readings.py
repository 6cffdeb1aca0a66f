"""Which sentence a result calls for, at and beside every limit."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from zgzx_research.evidence import sentence_readings as readings

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [
        (0.1, 2, "above"),
        (0.1, INF, "above"),
        (-2, -0.1, "below"),
        (-1, 1, "zero"),
        (0, 1, "zero"),
        (-1, 0, "zero"),
        (-1, INF, "open"),
        (-1, NAN, "open"),
        (NAN, NAN, "unknown"),
        (-INF, INF, "unknown"),
    ],
)
def test_side_of_zero(low: float, high: float, side: str) -> None:
    assert readings.side_of_zero(low, high) == side


@pytest.mark.parametrize(
    ("side", "role", "p_value", "finding"),
    [
        ("above", "primary", 0.016, "above"),  # .05 / 3 = .0167
        ("above", "primary", 0.017, "open_above"),
        ("below", "primary", 0.017, "open_below"),
        ("below", "primary", NAN, "open_below"),
        ("below", "exploratory", 1e-9, "exploratory_below"),
        ("above", "single", 0.04, "above"),
        ("zero", "primary", 0.2, "zero"),
        ("unknown", "exploratory", NAN, "unknown"),
    ],
)
def test_an_effect_is_told_of_primary_claims_tested_together(
    side: str, role: str, p_value: float, finding: str
) -> None:
    assert readings.finding(side, role, p_value, 3) == finding


def test_strong_is_an_estimate_as_large_as_what_is_found_with_80_percent_power() -> None:
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert pytest.approx(2 * stats.norm.sf(z), abs=5e-5) == readings.STRONG


@pytest.mark.parametrize(
    ("side", "estimate", "p_value", "high", "mde", "detection"),
    [
        ("zero", 0.0, 1.0, 1.96, 2.80, "ruled_out"),
        ("zero", 0.9, 0.37, 2.86, 2.80, "inside"),
        ("zero", 0.0, 1.0, 0.39, INF, "no_size_ruled_out"),
        ("open", 0.0, 1.0, NAN, INF, "no_size"),
        ("open", 0.0, 1.0, NAN, 6.08, "inside"),
        ("zero", 0.0, 1.0, 1.96, NAN, "unknown"),
        ("above", 2.9, 0.004, 4.86, 2.80, "strong"),
        ("above", 2.5, 0.012, 4.46, 2.80, "weak"),
        ("above", 2.5, 0.012, 4.46, INF, "weak"),
        ("below", -2.9, 0.004, -0.94, 2.80, "strong_below"),
        ("below", -2.5, 0.012, -0.54, 2.80, "weak"),
        ("unknown", NAN, NAN, NAN, NAN, "unknown"),
    ],
)
def test_detectable_effect_beside_the_interval(
    side: str, estimate: float, p_value: float, high: float, mde: float, detection: str
) -> None:
    assert readings.detection(side, estimate, p_value, high, mde) == detection


@pytest.mark.parametrize(
    ("low", "high", "reading"),
    [
        (10, 12, "reached"),
        (9, 10, "inside"),
        (-5, INF, "inside"),
        (1, 9, "smaller"),
        (-1, 9, "ruled_out"),
        (-9, -1, "opposite"),
        (NAN, NAN, "unknown"),
    ],
)
def test_claimed_effect_of_ten(low: float, high: float, reading: str) -> None:
    assert readings.claimed_reading(low, high, 10.0) == reading
    assert readings.claimed_reading(low, high, NAN) == "unknown"


@pytest.mark.parametrize(
    ("p_value", "df", "reading"),
    [
        (0.009, 4, "clear"),
        (0.01, 4, "found"),
        (0.049, 4, "found"),
        (0.05, 4, "close"),
        (0.053, 4, "close"),
        (0.1, 4, "nothing"),
        (NAN, 0, "no_period"),
        (NAN, 3, "not_testable"),
    ],
)
def test_pretest(p_value: float, df: int, reading: str) -> None:
    assert readings.pretest_reading(p_value, df) == reading


def test_pretest_power_pairs_and_signs() -> None:
    assert readings.pretest_power(11.0, 10.0) == "blind"
    assert readings.pretest_power(10.0, 10.0) == "enough"
    assert readings.pretest_power(10.0, NAN) == "unknown"
    assert readings.paired_reading(-1.0, 0.049) == "lower"
    assert readings.paired_reading(1.0, 0.049) == "higher"
    assert readings.paired_reading(-1.0, 0.05) == "chance"
    assert readings.paired_reading(-1.0, NAN) == "unknown"
    assert readings.sign_reading(0.0, 0.2) == "none"
    assert readings.sign_reading(0.2, 0.2) == "some"
    assert readings.sign_reading(0.25, 0.2) == "many"
    assert readings.sign_reading(NAN, 0.2) == "unknown"
