"""The public entry: from a prepared panel and a few words to effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did import counts, group_time
from zgzx_research.did.effects import Effects
from zgzx_research.did.fit import Fit
from zgzx_research.did.prepare import PreparedPanel
from zgzx_research.errors import ZgzxError

METHODS: dict[str, Callable[[PreparedPanel, dict[str, Any]], Fit]] = {
    "group_time": group_time.fit,
}
OPTIONS = {
    "method": tuple(METHODS),
    "adjustment": ("none", "doubly_robust", "outcome_regression", "inverse_probability"),
    "controls": group_time.CONTROLS,
    "base_period": group_time.BASE_PERIODS,
    "scale": tuple(counts.SCALES),
    "family": (None, "linear", "poisson", "logit"),
}
# what each method listens to; any other option must keep its default, so that nothing asked for is silently ignored
HEEDS = {
    "group_time": (
        "adjustment", "controls", "base_period", "anticipation", "leave_out", "scale",
        "outcome_model", "propensity_model", "folds", "seed",
    ),
}  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "adjustment": "none", "controls": "never_treated", "base_period": "universal", "anticipation": 0, "leave_out": 0,
    "scale": "difference", "outcome_model": None, "propensity_model": None, "folds": 5, "seed": 0, "family": None,
    "event_window": None, "leave_one_out": False,
}  # fmt: skip


def estimate_effects(
    panel: PreparedPanel,
    *,
    method: str = "group_time",
    adjustment: str = "none",
    controls: str = "never_treated",
    base_period: str = "universal",
    anticipation: int = 0,
    leave_out: int = 0,
    scale: str = "difference",
    outcome_model: Any = None,
    propensity_model: Any = None,
    folds: int = 5,
    seed: int = 0,
    family: str | None = None,
    event_window: tuple[int, int] | None = None,
    leave_one_out: bool = False,
) -> Effects:
    """Staggered difference-in-differences on a prepared panel.

    Parameters
    ----------
    controls : "never_treated" or "not_yet_treated" (not treated by the later of the two periods compared).
    base_period : "universal" (last period before treatment), "varying" (the period before, in pre-treatment cells) or
        "pooled" (the mean of all periods before treatment).
    anticipation : periods before treatment in which units may already react; the base lies before them.
    leave_out : periods before treatment that take no part (the donut): no base, no pre-test, no aggregate.
    scale : "difference", or "ratio" for counts (proportional effect).

    Raises
    ------
    ZgzxError : unknown option; no comparison group; no cohort with a base period.

    References
    ----------
    Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
    Wooldridge, J. (2023), Econometrics Journal 26(3).
    """
    options: dict[str, Any] = {
        "adjustment": adjustment, "controls": controls, "base_period": base_period,
        "anticipation": anticipation, "leave_out": leave_out, "scale": scale, "outcome_model": outcome_model,
        "propensity_model": propensity_model, "folds": folds, "seed": seed, "family": family,
        "event_window": event_window, "leave_one_out": leave_one_out,
    }  # fmt: skip
    _check_options(method, options)
    _check_panel(panel, method, options)
    fit = METHODS[method](panel, options)
    span = {"first_period": int(panel.periods[0]), "last_period": int(panel.periods[-1])}
    heeded = {name: options[name] for name in HEEDS[method]}
    return Effects.from_fit(fit, panel.ledger, {"method": method} | heeded | span)


def _check_options(method: str, options: dict[str, Any]) -> None:
    for name, value in {"method": method, **options}.items():
        allowed = OPTIONS.get(name)
        if allowed and value not in allowed:
            remedy = f"Choose one of {', '.join(allowed)}."
            raise ZgzxError(f"{name}={value!r} is unknown", where="estimate_effects", remedy=remedy)
    for name in ("anticipation", "leave_out"):
        if not isinstance(options[name], int) or options[name] < 0:
            raise ZgzxError(f"{name}={options[name]!r} must be 0 or a positive whole number", where="estimate_effects")
    ignored = [name for name, value in options.items() if name not in HEEDS[method] and value != DEFAULTS[name]]
    if ignored:
        raise ZgzxError(
            f"method={method!r} has no such option", where="estimate_effects", count=len(ignored), examples=ignored,
            remedy=f"It listens to {', '.join(HEEDS[method])}.",
        )  # fmt: skip


def _check_panel(panel: PreparedPanel, method: str, options: dict[str, Any]) -> None:
    if options["controls"] == "never_treated" and method == "group_time" and not np.isinf(panel.cohorts).any():
        raise ZgzxError(
            "every unit is treated in the end, so nobody is left to compare with", where="estimate_effects",
            count=len(panel.cohort), remedy="Pass controls='not_yet_treated'.",
        )  # fmt: skip
    if options["scale"] == "ratio" and np.nanmin(panel.y) < 0:
        below = int((panel.y < 0).sum())
        raise ZgzxError(
            "the ratio scale needs outcomes of zero or more", where=f"column {panel.roles['outcome']!r}", count=below,
            examples=(f"{value:g}" for value in np.unique(panel.y[panel.y < 0])[:3]), remedy="Pass scale='difference'.",
        )  # fmt: skip
