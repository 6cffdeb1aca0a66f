"""Every method with covariates gives the same in memory and from random parts of a panel."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.panel_in_parts import PanelInParts
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

pytestmark = pytest.mark.slow  # together more than five seconds

cloudpickle = pytest.importorskip("cloudpickle")

T = TypeVar("T")
SCALE = 1e-12  # of what is compared
SMALL = 500_000  # bytes of a kernel: it goes to every executor with every pass

PANELS: dict[str, dict[str, Any]] = {
    "constant": {},
    "gaps": {"holes": 0.08},
    "balanced": {"holes": 0.04, "gaps": "balance"},
    "weights": {"weights": "w", "holes": 0.05},
    "clusters": {"cluster": "town", "holes": 0.05},
    "changing": {"covariates": ("x1_now", "x2"), "holes": 0.05},
    "changing weights": {"weights": "w_now", "covariates": ("x1_now", "x2"), "cluster": "town"},
    "earlier": {"weights": "w_now", "covariates": ("x1_now", "x2"), "covariates_at": "earlier"},
    "unknown at some bases": {"covariates": ("x1_gaps", "x2")},
    "late": {"late": True, "holes": 0.03},
    "cross-sections": {"gaps": "cross_section", "holes": 0.3},
    "weighted cross-sections": {
        "gaps": "cross_section",
        "covariates": ("x1_now", "x2"),
        "weights": "w_now",
        "cluster": "town",
        "holes": 0.2,
    },
}
GROUP_TIME = [
    {"adjustment": "doubly_robust"},
    {"adjustment": "doubly_robust", "controls": "not_yet_treated", "base_period": "varying"},
    {"adjustment": "doubly_robust", "base_period": "pooled", "anticipation": 1},
    {"adjustment": "outcome_regression"},
    {"adjustment": "inverse_probability", "controls": "not_yet_treated"},
    {"adjustment": "outcome_regression", "scale": "ratio"},
    {"adjustment": "inverse_probability", "scale": "ratio", "base_period": "varying"},
]
OTHERS = [
    {"method": "imputation", "adjustment": "outcome_regression"},
    {"method": "imputation", "adjustment": "outcome_regression", "leave_one_out": True},
    {"method": "extended_two_way"},
    {"method": "extended_two_way", "family": "poisson", "controls": "not_yet_treated"},
    {"method": "extended_two_way", "scale": "ratio"},
    {"method": "two_way_fixed_effects"},
    {"method": "interaction_weighted"},
]
# what the options of a method refuse, whatever the panel's size
REFUSED = ("ratio scale", "pooled base", "constant within units")


@dataclass(frozen=True)
class InProcess:
    """Parts held in memory; kernels go through cloudpickle, as they do on the way to Spark."""

    parts: list[PreparedPanel]

    def reduce(
        self, kernel: Callable[[PreparedPanel], T | None], add: Callable[[T, T], T]
    ) -> T | None:
        """Return the sum of the kernel's results."""
        text = cloudpickle.dumps((kernel, add))
        assert len(text) < SMALL
        kernel, add = pickle.loads(text)
        total = None
        for part in self.parts:
            own = kernel(part)
            if own is not None:
                total = own if total is None else add(total, own)
        return total


def some_units(panel: PreparedPanel, units: np.ndarray) -> PreparedPanel:
    """Some units; clusters keep the numbers of the whole panel."""
    names = ("y", "cohort", "weights", "cluster", "covariates", "late")
    arrays = {name: getattr(panel, name) for name in names}
    taken = {name: None if a is None else a[units] for name, a in arrays.items()}
    return replace(panel, units=None, **taken)


def in_parts(panel: PreparedPanel, count: int) -> PanelInParts:
    """So many parts of units at random; clusters straddle them."""
    part = np.random.default_rng(count).integers(0, count, len(panel.y))
    parts = [some_units(panel, np.flatnonzero(part == k)) for k in range(count)]
    return PanelInParts(some_units(panel, np.zeros(0, dtype=int)), InProcess(parts))


def panel(name: str, *, counts: bool = False) -> PreparedPanel:
    """One of PANELS: 240 units, 5 periods, treated from 3 or 4 on, or never."""
    roles = {"covariates": ("x1", "x2"), **PANELS[name]}
    holes, late = roles.pop("holes", 0.0), roles.pop("late", False)
    rng, units, t = np.random.default_rng(7), 240, np.arange(1, 6)
    x = rng.normal((30.0, -2.0), size=(units, 2))
    score = 0.4 * (x[:, 0] - 30) + rng.normal(size=units)
    start = np.select([score > 0.6, score > 0], [3.0, 4.0], np.nan)
    if late:
        start[np.isnan(start) & (rng.random(units) < 0.4)] = 6.0
    after = t >= np.nan_to_num(start, nan=99)[:, None]
    mean = 0.2 * t * (x[:, :1] - 30) + 0.3 * after + rng.normal(size=(units, 1))
    frame = pd.DataFrame({"u": np.repeat(np.arange(units), 5), "t": np.tile(t, units)})
    frame["y"] = (mean + rng.normal(size=mean.shape)).ravel()
    if counts:
        frame["y"] = rng.poisson(np.exp(0.4 * mean + 0.5)).ravel()
    frame["g"], frame["town"] = start[frame["u"]], frame["u"] // 7
    frame[["x1", "x2"]] = x[frame["u"]]
    frame["x1_now"] = frame["x1"] + rng.normal(scale=0.3, size=len(frame))
    frame["x1_gaps"] = frame["x1_now"].where(rng.random(len(frame)) > 0.03)
    frame["w"] = rng.uniform(0.5, 2, units)[frame["u"]]
    frame["w_now"] = frame["w"] * rng.uniform(0.8, 1.2, len(frame))
    frame = frame[rng.random(len(frame)) >= holes]
    return prepare_panel(frame, outcome="y", unit="u", period="t", first_treated="g", **roles)


def same(one: Any, other: Any) -> None:
    """Equal to rounding of the largest number, NaN in the same places."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    scale = max(np.nanmax(np.abs(one), initial=0.0), 1e-300)
    np.testing.assert_allclose(other, one, rtol=0, atol=SCALE * scale)


def cases(methods: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(name, options, id=f"{name}: {'-'.join(map(str, options.values()))}")
        for options in methods
        for name in PANELS
    ]


def compare(whole: PreparedPanel, options: dict[str, Any], parts: tuple[int, ...]) -> None:
    try:
        want = estimate_effects(whole, **options)
    except ZgzxError as error:
        assert any(text in str(error) for text in REFUSED), str(error)
        with pytest.raises(ZgzxError) as found:
            estimate_effects(in_parts(whole, 2), **options)
        assert str(found.value) == str(error)
        return
    assert len(want.estimates)
    for count in parts:
        found = estimate_effects(in_parts(whole, count), **options)
        same(want.estimates, found.estimates)
        same(want.covariance, found.covariance)
        pd.testing.assert_frame_equal(found.ledger, want.ledger)
        one, other = (effects.aggregate("event_time").to_frame() for effects in (want, found))
        for column in one.select_dtypes("number"):
            same(one[column], other[column])


@pytest.mark.parametrize(("name", "options"), cases(GROUP_TIME))
def test_group_time(name: str, options: dict[str, Any]) -> None:
    parts = (2, 3, 7) if options == GROUP_TIME[0] else (3,)
    compare(panel(name, counts=options.get("scale") == "ratio"), options, parts)


@pytest.mark.parametrize(("name", "options"), cases(OTHERS))
def test_other_methods(name: str, options: dict[str, Any]) -> None:
    counts = options.get("scale") == "ratio" or options.get("family") == "poisson"
    compare(panel(name, counts=counts), options, (3,))


def test_weights_that_change_without_covariates() -> None:
    whole = replace(panel("changing weights"), covariates=None, covariate_names=())
    for options in ({}, {"method": "two_way_fixed_effects"}, {"method": "extended_two_way"}):
        compare(whole, options, (2, 5))


def test_leave_one_out_without_covariates() -> None:
    for name in ("gaps", "clusters"):
        whole = replace(panel(name), covariates=None, covariate_names=())
        compare(whole, {"method": "imputation", "leave_one_out": True}, (2, 5))


def test_learners_need_all_units() -> None:
    model = LinearRegression()
    options = {"adjustment": "doubly_robust", "outcome_model": model, "propensity_model": model}
    with pytest.raises(ZgzxError, match="learners need a panel in memory"):
        estimate_effects(in_parts(panel("constant"), 2), **options)


def test_a_part_of_one_unit_and_a_part_of_one_cohort() -> None:
    """Parts need not look like the whole: here one unit, one cohort, and the rest."""
    whole = panel("clusters")
    part = np.where(whole.cohort == 1, 1, 2)
    part[0] = 0
    parts = [some_units(whole, np.flatnonzero(part == k)) for k in range(3)]
    split = PanelInParts(some_units(whole, np.zeros(0, dtype=int)), InProcess(parts))
    want = estimate_effects(whole, adjustment="doubly_robust")
    found = estimate_effects(split, adjustment="doubly_robust")
    same(want.estimates, found.estimates)
    same(want.covariance, found.covariance)
