"""Options that several methods take: their words, and when a panel does not go with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np

from zgzx_research.did.core.method import Conflict
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import once, over_parts
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

Controls = Literal["never_treated", "not_yet_treated"]
Adjustment = Literal["none", "doubly_robust", "outcome_regression", "inverse_probability"]
Scale = Literal["difference", "ratio"]
EventWindow = tuple[int, int]


def controls_conflicts(panel: Panel, controls: Controls) -> Iterator[Conflict]:
    """Nobody is left to compare with."""
    if controls != "never_treated":
        return
    yield (
        panel.never_treated_lost,
        "every unit that was never treated left the panel for another reason "
        "(see panel.ledger), so nobody is left to compare with",
        "Keep them: complete what they lack, or prepare the panel without the columns or "
        "the gaps='balance' that leave them out.",
    )
    all_treated = not np.isinf(panel.cohorts).any()
    yield (
        all_treated and bool((panel.cohorts == 0).any()),
        "no value of first_treated is missing, and 0 counts as a period: "
        "nobody is left to compare with",
        "Set 0 to missing if it codes 'never treated'; else pass controls='not_yet_treated'.",
    )
    yield (
        all_treated,
        "every unit is treated in the end, so nobody is left to compare with",
        "Pass controls='not_yet_treated'.",
    )


def adjustment_conflicts(panel: Panel, adjustment: Adjustment) -> Iterator[Conflict]:
    """Covariates without adjustment, or adjustment without covariates."""
    adjusted, without = adjustment != "none", not panel.has_covariates
    yield (
        not adjusted and not without,
        "the panel has covariates, but adjustment='none' does not use them",
        "Pass adjustment='doubly_robust', or prepare the panel without covariates.",
    )
    yield (
        adjusted and without and any(role.startswith("covariate") for role in panel.roles),
        "every covariate was dropped: constant, or a combination of the others (see panel.ledger)",
        "Name covariates that differ between units, or pass adjustment='none'.",
    )
    yield (
        adjusted and without,
        "there are no covariates to adjust for",
        "Name covariates in prepare_panel, or pass adjustment='none'.",
    )


def ratio_adjustment_conflict(
    panel: Panel, scale: Scale, adjustment: Adjustment = "none"
) -> Conflict:
    """Return the conflict of the ratio scale with an adjustment that it does not have."""
    by_rows = panel.has_covariates and panel.gaps == "cross_section"
    return (
        scale == "ratio" and (adjustment == "doubly_robust" or by_rows),
        "the ratio scale has no such adjustment",
        "Pass adjustment='outcome_regression' (Poisson) or 'inverse_probability', "
        "with gaps='pairwise'.",
    )


def ratio_conflicts(panel: Panel, scale: Scale) -> Iterator[Conflict]:
    """Yield what is wrong with the ratio scale: weights that change, outcomes below zero."""
    if scale != "ratio":
        return
    yield (
        panel.weights_vary,
        "the ratio scale needs weights that are constant within units",
        "Take the weight of one year, or pass scale='difference'.",
    )
    below, least = once(panel, _below_zero, _add_outside)
    if below:
        raise ZgzxError(
            "the ratio scale needs outcomes of zero or more",
            where=f"column {panel.roles['outcome']!r}",
            count=below,
            examples=(f"{value:g}" for value in least),
            remedy="Pass scale='difference'.",
        )


Outside = tuple[int, np.ndarray]
"""Outcomes that are out of bounds: how many, and the three lowest."""


def outcomes_outside(panel: Panel, low: float, high: float) -> Outside:
    """Count the outcomes below `low` or above `high`."""
    return over_parts(panel, partial(_outside, low=low, high=high), _add_outside)


def _below_zero(panel: PreparedPanel) -> Outside:
    return _outside(panel, low=0.0, high=np.inf)


def _outside(panel: PreparedPanel, *, low: float, high: float) -> Outside:
    outside = (panel.y < low) | (panel.y > high)
    return int(outside.sum()), np.unique(panel.y[outside])[:3]


def _add_outside(one: Outside, other: Outside) -> Outside:
    return one[0] + other[0], np.union1d(one[1], other[1])[:3]
