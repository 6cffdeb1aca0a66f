"""`honest_bounds` against HonestDiD 0.2.7 on the two event studies it is shipped with.

R tests a grid of 1,000 points within 20 standard errors of zero and takes its least favourable
values from 1,000 draws, so tolerances are in standard errors of the target. Ends that its grid cuts
off have a row in `exceptions.csv` with an infinite bound: ours must lie farther out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from golden import exceptions, load

import zgzx_research as zr

METHODS = {"C-LF": "hybrid", "Conditional": "conditional", "FLCI": "fixed_length"}
RESTRICTIONS = {"rm": "relative_magnitude", "sd": "smoothness"}
STANDARD_ERRORS = {
    ("rm", "C-LF"): 0.065,
    ("rm", "Conditional"): 0.04,
    ("sd", "C-LF"): 0.06,
    ("sd", "Conditional"): 0.06,
}
UNITS = 3.4e-4  # of the outcome, for intervals of fixed length (3.3e-4 is the largest difference)


def stored() -> Iterator[tuple[str, str, str]]:
    """Specification, restriction and method of every stored set of intervals that we offer."""
    for name, spec in load("honestdid")["specs"].items():
        for restriction in RESTRICTIONS:
            for method in METHODS.keys() & spec[restriction].keys():
                yield name, restriction, method


def target_of(weights: list[float]) -> int | str:
    """The target with these weights on event times 0, 1, 2, 3."""
    return "average" if min(weights) > 0 else int(np.argmax(weights))


def ours(spec: dict[str, Any], restriction: str, method: str, bounds: list[float]) -> Any:
    before, after = spec["numPrePeriods"], spec["numPostPeriods"]
    return zr.honest_bounds(
        estimates=spec["betahat"],
        covariance=spec["sigma"],
        event_times=[*range(-before - 1, -1), *range(after)],
        target=target_of(list(np.ravel(spec["l_vec"]))),
        restriction=RESTRICTIONS[restriction],
        method=METHODS[method],
        bounds=bounds,
    )


@pytest.mark.parametrize(("name", "restriction", "method"), sorted(stored()))
def test_ends_agree_with_r(name: str, restriction: str, method: str) -> None:
    spec = load("honestdid")["specs"][name]
    theirs = spec[restriction][method]
    bounds = theirs["Mbar" if restriction == "rm" else "M"]
    found = ours(spec, restriction, method, bounds)
    half = (found.original_high - found.original_low) / 2
    unit = 1.0 if method == "FLCI" else half / 1.959964
    usual = UNITS if method == "FLCI" else STANDARD_ERRORS[restriction, method]
    for end, side, values in (("low", "lb", found.ci_low), ("high", "ub", found.ci_high)):
        outwards = -1 if end == "low" else 1
        for bound, value, reference in zip(bounds, values, theirs[side], strict=True):
            key = ("honestdid", name, f"{restriction} {method} M={bound:g} {end}")
            tolerance = exceptions().get(key, usual)
            away = outwards * (value - reference) / unit
            assert away > 0.5 if np.isinf(tolerance) else abs(away) <= tolerance, key


@pytest.mark.parametrize("name", ["BC", "BC_avg", "mpdta", "mpdta_e1"])
def test_the_original_interval_agrees_with_r(name: str) -> None:
    spec = load("honestdid")["specs"][name]
    found = ours(spec, "rm", "C-LF", [0.0])
    expected = [spec["original"]["lb"][0][0], spec["original"]["ub"][0][0]]
    np.testing.assert_allclose([found.original_low, found.original_high], expected, rtol=1e-9)
    np.testing.assert_allclose([found.ci_low[0], found.ci_high[0]], expected, atol=1e-7)
